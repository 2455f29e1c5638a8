/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * abi_found.h - sleepers whose wait was not traced, and what the search for it needs.
 * Part of abi.h.
 */
#ifndef LOCKSCOPE_ABI_FOUND_H
#define LOCKSCOPE_ABI_FOUND_H

#define LK_STACK_WORDS 256	/* of a sleeper's stack, from its saved stack pointer up */
#define LK_PEEK_BYTES 64	/* of kernel memory, read at once for user space */

/* Where the fields lie that tell what a sleeper waits for; in bytes. */
struct lk_queue {
	__s32 head;		/* in the lock: the list head, or the pointer to the first waiter */
	__u32 headless;		/* 1: the latter (7.2), and no list head is among the nodes */
	__s32 node;		/* in the waiter */
	__s32 task;		/* in the waiter */
};

enum lk_queue_of { LK_QUEUE_MUTEX, LK_QUEUE_RWSEM, LK_QUEUE_SEMAPHORE, LK_QUEUE_PERCPU, LK_NR_QUEUES };

struct lk_layout {
	struct lk_queue queue[LK_NR_QUEUES];	/* percpu: of wait_queue_entry, task is private */
	__s32 mutex_owner, rwsem_count, rwsem_owner, semaphore_count;
	__s32 rwsem_type;	/* in the waiter */
	__s32 entry_func, entry_flags;	/* in wait_queue_entry */
	__s32 percpu_writer, percpu_block;
	__s32 task_pid, task_stack;
	__u32 stack_bytes;	/* of a kernel stack */
	__u32 known;		/* 1: mutexes and rwsems have such queues; not on PREEMPT_RT */
};

/* What the search has seen of a task's sleep; by its task_struct. */
struct lk_seen {
	__u64 switches;
	__u32 tid;
	__u32 first;		/* 1: it slept when the first pass looked, and has since */
	__u32 tries;		/* failed ones, to be made again; 0: it was told once, that is all */
	__u32 pad;
};

/* One sleeper with its stack, for the search for waits that were not traced; nr_words
 * of 8 bytes follow, from sp up. */
struct lk_sleeper {
	__u32 len;
	__u32 tid;
	__u64 task;
	__u64 switches;
	__u64 t_ns;
	__u64 sp;
	__u64 mutex;		/* by task->blocked_on, 6.17 and later */
	__u64 blocker;		/* task->blocker: the lock; 6.16 and later */
	__u64 rt_lock;		/* by task->pi_blocked_on */
	__u64 clock_ns;		/* when it last went off its CPU, by the clock of its run queue */
	__u32 state;
	__u32 cpu;
	__u32 first;		/* as in lk_seen */
	__u32 tries;
	__u32 nr_words;
	__u32 pad;
};

/* Kernel memory that user space asks for, one run of before_peek() at a time. */
struct lk_peek {
	__u64 addr;
	__u32 len;
	__s32 err;		/* of the read; 0: bytes is what is there */
	__u8 bytes[LK_PEEK_BYTES];
};

#endif
