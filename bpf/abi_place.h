/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * abi_place.h - where a lock lies: what its name is made of.  Part of abi.h.
 */
#ifndef LOCKSCOPE_ABI_PLACE_H
#define LOCKSCOPE_ABI_PLACE_H

#define LK_OBJECT_NAME 32

/* What is known of the objects of a slab cache, and is cheap to read. */
enum lk_object {
	LK_OBJECT_OTHER,
	LK_OBJECT_INODE,	/* a: device, b: inode number; name: of one of its directory entries */
	LK_OBJECT_FILE,		/* the same of the file's inode */
	LK_OBJECT_TASK,		/* a: tgid, b: tid; name: comm */
	LK_OBJECT_MM,		/* the same of the task that owns it */
	LK_OBJECT_SIGHAND,	/* the same of the process that waits, if it is its own */
	LK_OBJECT_SOCKET,	/* a: family, ports (local, remote) above bit 16; b: inode number; name:
				 * addresses (local, remote), or of a unix socket its path */
	LK_OBJECT_QUEUE,	/* b: 1: known; name: of the disk */
};

/* What kind of memory a lock lies in. */
enum lk_where {
	LK_WHERE_UNKNOWN,	/* or static, or pages that are no slab's */
	LK_WHERE_SLAB,
	LK_WHERE_STACK,		/* of the task a, b, name as in LK_OBJECT_TASK */
	LK_WHERE_PAGE_STRUCT,	/* in a struct page: a page table's */
	LK_WHERE_VMALLOC,	/* no address of the direct map; may be a stack */
};

struct lk_cache_fact {
	__u32 what;		/* enum lk_object */
	__u32 off;		/* of the struct in the cache's object */
};

/* Where a lock lies, as it was when it was first waited for. */
struct lk_place {
	__u64 cache;		/* kmem_cache; 0: not in a slab */
	__u32 off;		/* of the lock in its object */
	__u32 object_bytes;
	__u32 what;		/* enum lk_object */
	__u32 where;		/* enum lk_where; off is also that in a struct page */
	__u64 a, b;
	char name[LK_OBJECT_NAME];
};

/* A slab cache, as found at the start. */
struct lk_cache {
	__u64 addr;
	__u64 slab;		/* one of its slabs: struct page; 0: none was found */
	__u64 object;		/* an address in that slab */
	__u32 order;		/* of its slabs, as it prefers them */
	__u32 size;		/* from one object to the next */
	__u32 object_bytes;
	__s32 refcount;		/* more than 1: several caches were merged */
	char name[48];
};
#define LK_CACHES 1024

/* Asked: of which cache is addr, by arithmetic from base, and as the kernel has it? */
struct lk_cache_check {
	__u64 base, addr;
	__u64 ours, kernels;	/* caches; 0: of none */
	__u32 known;		/* 1: this kernel can tell (6.14 and later) */
	__u32 pad;
};

/* A mounted file system. */
struct lk_super {
	__u64 addr;
	__u32 dev;
	__u32 pad;
	char id[LK_OBJECT_NAME];
};

/* Where a CPU's run queue is. */
struct lk_run_queue {
	__u64 rq;
	__u32 cpu;
	__u32 pad;
};

#endif
