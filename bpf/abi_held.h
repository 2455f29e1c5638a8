/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * abi_held.h - what tasks and CPUs hold (level held).  Part of abi.h.
 */
#ifndef LOCKSCOPE_ABI_HELD_H
#define LOCKSCOPE_ABI_HELD_H

#define LK_HELD_MAX 48		/* sleeping locks held by one task; more are counted */
#define LK_DROP_ALL 0xffffffffU	/* lk_slot.drop_id: see there */
#define LK_SPIN_HELD_MAX 16	/* spinning locks held by one context of one CPU */
#define LK_SLOT_PROBES 16	/* places a task's slot can be at; see held.bpf.h */
#define LK_BUCKETS 8192		/* of `buckets`: what is known of locks by a hash only */

/* lk_held.info: kind in bits 0-7, the flags below, the system call at the take
 * (cut to 16 bits; 0xffff: none) in bits 16-31. */
enum lk_held_flag {
	LK_HELD_READ = 0x100,	/* taken shared */
	LK_HELD_WRITE = 0x200,	/* the writer's side of a lock with readers */
	LK_HELD_WANTED = 0x400,	/* the function that takes it has not returned yet */
	LK_HELD_TRY = 0x800,	/* entered after the function had returned: surely taken */
	LK_HELD_DOWNGRADED = 0x1000,
};
#define LK_HELD_KIND(info) ((info) & 0xff)
#define LK_HELD_SYSCALL(info) ((info) >> 16)

/* A sleeping lock that a task holds, or, as the newest entry only, is about to take:
 * functions that cannot fail are hooked at their entry.  Only the task itself, in
 * task context, changes its entries. */
struct lk_held {
	__u64 lock;
	__u64 since_ns;		/* of the take, or of the end of its wait */
	__u64 site;		/* return address into the caller of the lock function; 0: unknown */
	__u32 info;
	__u32 id;		/* of this task's holds: counts up */
	__u32 free;		/* semaphore: its free count before the take */
	__u32 pad;
};

/* All that one task holds, in the order of taking. */
struct lk_slot {
	__u64 task;		/* task_struct; 0: free */
	__u64 seq;		/* counts changes, twice each: odd while one is made */
	__u32 tid;
	__u32 nr;
	__u32 next_id;
	__u32 over;		/* takes that found no room and were not given yet */
	__u32 drop_id;		/* the next take or give is to drop this entry: proven to be stale;
				 * LK_DROP_ALL: all, if tid is not the task's */
	__u32 pad[7];
	struct lk_held held[LK_HELD_MAX];
};
_Static_assert(sizeof(struct lk_slot) % 64 == 0, "slots must not share a cache line");

/* A spinning lock that a CPU holds in one context, or, as the newest entry, is about
 * to take. */
struct lk_spin_held {
	__u64 lock;
	__u64 task;		/* current then */
	__u64 since_ns;
	__u64 jiffies;		/* the kernel's clock tick then: tells cheaply what was long */
	__u64 site;
	__u32 info;		/* as in lk_held, without system call */
	__u32 tid;		/* written by the iterator */
	__u64 id;
};

struct lk_spin_stack {
	__u32 nr;
	__u32 over;		/* takes that found no room and were not given yet */
	struct lk_spin_held held[LK_SPIN_HELD_MAX];
};

/* A spinning lock that was held long, after it was given: kept here, since nothing may
 * be sent from where spinning locks are given. */
struct lk_spin_long {
	__u64 nr;		/* its number, 1 and up; 0 while it is written */
	__u64 end_ns;
	__u64 start_ns;		/* of the task */
	__u32 pid;
	__u32 context;
	struct lk_spin_held held;
	char comm[LK_COMM_LEN];
};
#define LK_SPIN_LONGS 16

/* What happened to any of the locks of one bucket (a hash of the address), and when:
 * entries older than that prove less.  Two locks in one bucket only make both
 * uncertain. */
struct lk_bucket {
	__u64 crossed_ns;	/* a release by a task that held no entry */
	__u64 leaked_ns;	/* a task exited with an entry */
};

/* Holds of one lock from one call site; level held.  A row is claimed by its key and
 * never given back, so user space reads it where it is. */
#define LK_HOLD_ANY_LOCK 1
struct lk_hold_row {
	__u64 key;		/* a hash of the next three; 0: free */
	__u64 lock;		/* written last: 0 while the row is being made; LK_HOLD_ANY_LOCK:
				 * all locks of the site that found no row of their own */
	__u64 site;
	__u32 info;		/* kind and mode bits only */
	__u32 pad;
	__u64 count;
	__u64 total_ns;
	__u64 max_ns;
	__u64 hist[LK_HIST_BUCKETS];
};

enum lk_hold_end {
	LK_HOLD_GIVEN = 0,
	LK_HOLD_EXITED = 1,	/* the task was freed with this entry left */
	LK_HOLD_SLEPT = 2,	/* a spinning lock: its task went to sleep; the hold goes on */
};

/* One hold that ended late, was left at exit, or slept. */
struct lk_hold_event {
	__u32 type;		/* LK_EVENT_HOLD */
	__u32 how;		/* enum lk_hold_end */
	__u64 lock, since_ns, end_ns, site, stack;
	__u64 task, start_ns, cgroup;
	__u64 id;
	__u64 owner;		/* exit: the task the lock word names then; 0: none */
	__u32 info;
	__u32 tid, pid, cpu;
	__u32 says;		/* exit: enum lk_word_says */
	__u32 free;		/* semaphore: as in lk_held */
	char comm[LK_COMM_LEN];
};

#endif
