/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * taskwait.bpf.h - the sleeping wait of each task, found by its task_struct's address.
 *
 * An array, probed at a fixed number of places from a hash of the address, and not a hash
 * map: the end of a wait looks it up while its task holds the lock, where a hash map's
 * lookup is a quarter of all it does, and an insertion there takes a lock.  A search stops
 * at a place that was never used; one that was freed is marked, so as not to break the
 * search of others.  Places are claimed by compare-and-swap, a task's own by that task alone.
 */
#ifndef LOCKSCOPE_TASKWAIT_BPF_H
#define LOCKSCOPE_TASKWAIT_BPF_H

#include "slot.bpf.h"

/* The i-th place of a task: double hashing. */
static __always_inline struct lk_task_wait *task_wait_at(__u64 task, __u32 i)
{
	__u64 hash = (task >> 6) * 0x9e3779b97f4a7c15ULL;
	__u32 at = (__u32)(hash >> 32) + i * ((__u32)(hash >> 8) | 1);

	at &= cfg.nr_task_waits - 1;
	return bpf_map_lookup_elem(&task_waits, &at);
}

#define TASK_WAIT_UNUSED 0
#define TASK_WAIT_FREED 1

struct task_wait_places {
	__u64 task;
	__u32 found;
};

static long task_wait_is_at(__u32 i, struct task_wait_places *p)
{
	struct lk_task_wait *t = task_wait_at(p->task, i + 1);

	if (!t || t->task == TASK_WAIT_UNUSED)
		return 1;
	if (t->task != p->task)
		return 0;
	p->found = i + 1;
	return 1;
}

/* Which of its further places the task's wait is at, or LK_WAIT_PROBES.  A loop and a global
 * function, as in slot.bpf.h. */
__weak __noinline int task_wait_search(__u64 task)
{
	struct task_wait_places p = { .task = task, .found = LK_WAIT_PROBES };

	bpf_loop(LK_WAIT_PROBES - 1, task_wait_is_at, &p, 0);
	return (int)p.found;
}

/* NULL: it has none.  Nearly always at its first place. */
static __always_inline struct lk_task_wait *task_wait_find(__u64 task)
{
	struct lk_task_wait *t = task_wait_at(task, 0);
	__u32 i;

	if (!t || t->task == task)
		return t;
	if (t->task == TASK_WAIT_UNUSED)
		return NULL;
	i = (__u32)task_wait_search(task);
	return i < LK_WAIT_PROBES ? task_wait_at(task, i) : NULL;
}

static long task_wait_claim_at(__u32 i, struct task_wait_places *p)
{
	struct lk_task_wait *t = task_wait_at(p->task, i);
	__u64 seen = t ? t->task : 0;

	if (!t)
		return 1;
	if (seen > TASK_WAIT_FREED || __sync_val_compare_and_swap(&t->task, seen, p->task) != seen)
		return 0;
	p->found = i;
	return 1;
}

/* Which of its places is the current task's from now on; LK_WAIT_PROBES: all are others'. */
__weak __noinline int task_wait_claim(__u64 task)
{
	struct task_wait_places p = { .task = task, .found = LK_WAIT_PROBES };

	bpf_loop(LK_WAIT_PROBES, task_wait_claim_at, &p, 0);
	return (int)p.found;
}

#endif
