/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * klog.h - what a line of the kernel's log says about locks, hangs and their causes.
 *
 * The words are the kernel's own, of 4.19 to 7.x: kernel/hung_task.c, watchdog.c,
 * rcu/tree_stall.h, locking/lockdep.c, workqueue.c, sched/core.c, mm/oom_kill.c.
 */
#ifndef LOCKSCOPE_RECORD_KLOG_H
#define LOCKSCOPE_RECORD_KLOG_H

#include <stdbool.h>
#include <stdint.h>

enum klog_kind {
	KLOG_HUNG_TASK,		/* a task blocked for more than N seconds */
	KLOG_BLOCKER,		/* whom such a task waits for, as the kernel thinks */
	KLOG_SOFT_LOCKUP,	/* a CPU that stays in the kernel */
	KLOG_HARD_LOCKUP,	/* and takes no interrupts */
	KLOG_RCU_STALL,
	KLOG_WORKQUEUE,		/* a pool of workers that gets nothing done */
	KLOG_HOG,		/* a work that takes the CPU for long */
	KLOG_LOCKDEP,		/* a report of lockdep */
	KLOG_LOCKS_HELD,	/* "N locks held by" */
	KLOG_ATOMIC_SLEEP,	/* slept where that is forbidden */
	KLOG_SPINLOCK,		/* a spinlock that is broken, or spun for too long */
	KLOG_RT_DEADLOCK,	/* an rt_mutex that waits for itself */
	KLOG_OOPS,		/* a task died in the kernel, maybe with locks */
	KLOG_STORAGE,		/* a disk or server that does not answer */
	KLOG_OOM,
	NR_KLOG_KINDS,
};
const char *klog_kind__name(enum klog_kind k);	/* "hung_task", for scripts */

#define KLOG_COMM_LEN 64

struct klog_line {
	enum klog_kind kind;
	uint32_t tid;		/* whom it is about; 0: nobody is named */
	char comm[KLOG_COMM_LEN];
	int32_t cpu;		/* -1: none is named */
	uint64_t ns;		/* for how long; 0: it does not say */
	uint32_t by_tid;	/* KLOG_BLOCKER: who is said to have the lock; 0: not known */
	char by_comm[KLOG_COMM_LEN];
};

/* Whether text begins something of interest, and what.  Lines that only go on with
 * a report begin nothing. */
bool klog__parse(const char *text, struct klog_line *out);
/* How many lines behind it belong to a report of that kind, at most. */
uint32_t klog_kind__lines(enum klog_kind k);

#endif
