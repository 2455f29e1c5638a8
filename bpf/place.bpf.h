/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * place.bpf.h - where a lock lies: in which object of which slab cache, on a stack, ...
 *
 * Asked once for each lock, when its first wait is counted or seen: later the object may
 * be gone and its memory another's.  Only reads, and none of them takes a lock: an
 * address leads to its struct page by arithmetic (user space has proven it on many pairs
 * before it sets page_base), that to its slab and its cache.
 */
#ifndef LOCKSCOPE_PLACE_BPF_H
#define LOCKSCOPE_PLACE_BPF_H

#include "compat.bpf.h"
#include "guard.bpf.h"

#ifdef __TARGET_ARCH_arm64
#define PAGE_BITS cfg.page_bits
#else
#define PAGE_BITS 12
#endif
#define PAGE_STRUCT ((__u64)bpf_core_type_size(struct page___any))

static __always_inline __u64 page_of(__u64 base, __u64 addr)
{
	return base + (addr >> PAGE_BITS) * PAGE_STRUCT;
}

static __always_inline __u64 page_address(__u64 base, __u64 page)
{
	return (page - base) / PAGE_STRUCT << PAGE_BITS;
}

static __always_inline __u64 read_u64(__u64 addr)
{
	__u64 v = 0;

	bpf_probe_read_kernel(&v, sizeof(v), (void *)addr);
	return v;
}

static __always_inline __u64 head_page(__u64 page)
{
	__u64 info;

	if (bpf_core_field_exists(((struct page___info *)0)->compound_info))
		info = read_u64(page + bpf_core_field_offset(struct page___info, compound_info));
	else
		info = read_u64(page + bpf_core_field_offset(struct page___any, compound_head));
	if (!(info & 1))
		return page;
	/* A mask has all of its high bits set; no struct page lies up there. */
	return (__s64)info > -(1LL << 30) ? page & info & ~1ULL : info - 1;
}

static __always_inline int page_is_slab(__u64 page)
{
	__u32 type = 0;

	if (bpf_core_enum_value_exists(enum pagetype___any, PGTY_slab___any)) {
		bpf_probe_read_kernel(&type, sizeof(type), (void *)(page +
				      bpf_core_field_offset(struct page___any, page_type)));
		return type >> 24 == bpf_core_enum_value(enum pagetype___any, PGTY_slab___any);
	}
	if (bpf_core_enum_value_exists(enum pageflags___any, PG_slab___any))
		return read_u64(page + bpf_core_field_offset(struct page___any, flags)) >>
			       bpf_core_enum_value(enum pageflags___any, PG_slab___any) & 1;
	return 0;
}

static __always_inline void place_in_slab(__u64 base, __u64 lock, struct lk_place *p,
					  __u64 *object)
{
	struct slab___any *slab = (void *)head_page(page_of(base, lock));
	struct kmem_cache___any *cache;
	__u64 size, start;
	__u32 objects;

	if (!page_is_slab((__u64)slab))
		return;
	cache = BPF_CORE_READ(slab, slab_cache);
	size = BPF_CORE_READ(cache, size);
	start = page_address(base, (__u64)slab);
	objects = BPF_CORE_READ(slab, counters) >> 16 & 0x7fff;
	if (!size || lock < start || (lock - start) / size >= objects)
		return;
	/* KFENCE has slabs of one object, somewhere in its page. */
	if (objects == 1 && size <= 1ULL << PAGE_BITS >> 1)
		return;
	*object = start + (lock - start) / size * size + BPF_CORE_READ(cache, red_left_pad);
	p->off = (__u32)(lock - *object);
	p->object_bytes = BPF_CORE_READ(cache, object_size);
	if (lock < *object || p->off >= p->object_bytes)
		return;
	p->cache = (__u64)cache;
	p->where = LK_WHERE_SLAB;
}

static __always_inline void tell_task(struct task_struct *task, struct lk_place *p)
{
	p->a = BPF_CORE_READ(task, tgid);
	p->b = BPF_CORE_READ(task, pid);
	bpf_probe_read_kernel_str(p->name, LK_COMM_LEN, task->comm);
}

static __always_inline void tell_inode(struct inode___any *inode, struct lk_place *p)
{
	struct hlist_node___any *alias = BPF_CORE_READ(inode, i_dentry.first);
	struct dentry___any *d;

	p->a = BPF_CORE_READ(inode, i_sb, s_dev);
	p->b = BPF_CORE_READ(inode, i_ino);
	if (!alias)
		return;
	if (bpf_core_field_exists(((struct dentry___any *)0)->d_alias))
		d = (void *)alias - bpf_core_field_offset(struct dentry___any, d_alias);
	else if (bpf_core_field_exists(((struct dentry___union *)0)->d_u.d_alias))
		d = (void *)alias - bpf_core_field_offset(struct dentry___union, d_u.d_alias);
	else
		return;
	bpf_probe_read_kernel_str(p->name, sizeof(p->name), BPF_CORE_READ(d, d_name.name));
}

/* A sighand does not lead back to its process.  Who waits for its lock mostly is of it. */
static __always_inline void tell_sighand(__u64 sighand, struct task_struct *task,
					 struct lk_place *p)
{
	struct task_struct___sighand *t = (void *)task;

	if (bpf_core_field_exists(t->sighand) && (__u64)BPF_CORE_READ(t, sighand) == sighand)
		tell_task(BPF_CORE_READ(task, group_leader), p);
}

static __always_inline void tell_socket(struct sock___any *sk, struct lk_place *p)
{
	struct sock_common___any *c = &sk->__sk_common;
	__u64 family = BPF_CORE_READ(sk, __sk_common.skc_family), socket;
	struct unix_address___any *path;

	p->a = family | (__u64)BPF_CORE_READ(sk, __sk_common.skc_num) << 16 |
	       (__u64)__builtin_bswap16(BPF_CORE_READ(sk, __sk_common.skc_dport)) << 32;
	socket = (__u64)BPF_CORE_READ(sk, sk_socket);
	if (socket && bpf_core_type_exists(struct socket_alloc___any))
		p->b = BPF_CORE_READ((struct inode___any *)(socket +
				bpf_core_field_offset(struct socket_alloc___any, vfs_inode)), i_ino);
	if (family == 2 /* AF_INET */) {
		bpf_core_read(p->name, 4, &sk->__sk_common.skc_rcv_saddr);
		bpf_core_read(p->name + 4, 4, &sk->__sk_common.skc_daddr);
	} else if (family == 10 /* AF_INET6 */ && bpf_core_field_exists(c->skc_v6_daddr)) {
		bpf_core_read(p->name, 16, &sk->__sk_common.skc_v6_rcv_saddr);
		bpf_core_read(p->name + 16, 16, &sk->__sk_common.skc_v6_daddr);
	} else if (family == 1 /* AF_UNIX */ && bpf_core_type_exists(struct unix_sock___any)) {
		path = BPF_CORE_READ((struct unix_sock___any *)sk, addr);
		/* Behind the family; one without a file begins with a zero. */
		if (path)
			bpf_probe_read_kernel_str(p->name, sizeof(p->name),
				(char *)path + bpf_core_field_offset(struct unix_address___any, len) + 6);
	}
}

/* Only a disk's queue has a name. */
static __always_inline void tell_queue(struct request_queue___any *queue, struct lk_place *p)
{
	struct gendisk___any *disk;

	if (!bpf_core_field_exists(queue->disk))
		return;
	disk = BPF_CORE_READ(queue, disk);
	if (disk)
		p->b = bpf_probe_read_kernel_str(p->name, sizeof(p->name), (char *)disk +
				bpf_core_field_offset(struct gendisk___any, disk_name)) > 1;
}

static __always_inline void tell_object(__u64 object, struct task_struct *task,
					struct lk_place *p)
{
	struct lk_cache_fact *fact = bpf_map_lookup_elem(&cache_facts, &p->cache);

	if (!fact)
		return;
	p->what = fact->what;
	object += fact->off;
	if (p->what == LK_OBJECT_INODE)
		tell_inode((void *)object, p);
	else if (p->what == LK_OBJECT_FILE)
		tell_inode(BPF_CORE_READ((struct file___any *)object, f_inode), p);
	else if (p->what == LK_OBJECT_TASK)
		tell_task((void *)object, p);
	else if (p->what == LK_OBJECT_SIGHAND)
		tell_sighand(object, task, p);
	else if (p->what == LK_OBJECT_SOCKET)
		tell_socket((void *)object, p);
	else if (p->what == LK_OBJECT_QUEUE)
		tell_queue((void *)object, p);
	else if (p->what == LK_OBJECT_MM &&
		 bpf_core_field_exists(((struct mm_struct___any *)0)->owner))
		tell_task(BPF_CORE_READ((struct mm_struct___any *)object, owner), p);
}

static __always_inline int place_on_stack(struct task_struct *task, __u64 lock,
					  struct lk_place *p)
{
	__u64 stack = (__u64)BPF_CORE_READ(task, stack);

	if (!stack || lock - stack >= THREAD_BYTES)
		return 0;
	p->where = LK_WHERE_STACK;
	tell_task(task, p);
	return 1;
}

/* No slab, and not on the stack of who waits (what a lock's words seem to point at is not followed:
 * it may be the registers of a device): what has no struct page is not in the direct map. */
static __always_inline void place_by_range(__u64 base, __u64 lock, struct lk_place *p)
{
	__u64 word;

	if (!bpf_probe_read_kernel(&word, sizeof(word), (void *)page_of(base, lock)))
		return;
	if (!bpf_probe_read_kernel(&word, sizeof(word), (void *)page_address(base, lock))) {
		p->where = LK_WHERE_PAGE_STRUCT;
		p->off = (__u32)((lock - base) % PAGE_STRUCT);
		return;
	}
	p->where = LK_WHERE_VMALLOC;
}

static __always_inline int is_image(__u64 addr)
{
#ifdef __TARGET_ARCH_arm64
	(void)addr;
	return 0;
#else
	return addr >= 0xffffffff80000000ULL;	/* the kernel's and its modules' */
#endif
}

/* Notes where a lock lies that the task at that address waits for.  Inside the guard: the
 * map locks.  A global function, which takes no typed pointer: verified once, not at each
 * call. */
__weak __noinline int place_note(__u64 lock, __u64 waiter)
{
	struct task_struct *task = (void *)waiter;
	struct lk_place p = {}, *known;
	__u64 base = page_base, object = 0;
	struct lk_cpu *c;

	if (!base || !task || is_image(lock))
		return 0;
	if (!place_on_stack(task, lock, &p))
		place_in_slab(base, lock, &p, &object);
	if (p.cache)
		tell_object(object, task, &p);
	else if (!p.where)
		place_by_range(base, lock, &p);
	known = bpf_map_lookup_elem(&places, &lock);
	if (known && known->cache == p.cache && known->off == p.off && known->a == p.a &&
	    known->b == p.b && known->where == p.where)
		return 0;
	if ((known || p.where) && bpf_map_update_elem(&places, &lock, &p, BPF_ANY)) {
		c = this_cpu();
		if (c)
			c->nr.lost_places++;
	}
	return 0;
}

#endif
