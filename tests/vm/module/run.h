/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* A run: one scenario in progress, its locks, its tasks and their truth. */
#ifndef LK_RUN_H
#define LK_RUN_H

#include <linux/atomic.h>
#include <linux/completion.h>
#include <linux/hrtimer.h>
#include <linux/list.h>
#include <linux/sched.h>
#include <linux/wait.h>

#include "scenario.h"

#define LK_MAX_HOLDS 64

struct seq_file;

struct lk_hold {
	struct lk_lock *lock;
	enum lk_mode mode;
	const void *site;	/* the function that took it; not in wants */
};

struct lk_task {
	struct lk_run *run;
	struct task_struct *task;	/* referenced; NULL until the role is taken */
	int idx;
	int nr_holds;
	struct lk_hold holds[LK_MAX_HOLDS];
	struct lk_hold wants;
	unsigned long wants_since;	/* jiffies */
	bool waiting;			/* set right before the take, cleared after */
	bool at_last_take;		/* bodies say when the take meant to block comes */
	bool kthread;
	bool leaves_locks;		/* give_all leaves them taken */
	bool ended;
	int result;
	unsigned long loops;
};

struct lk_run {
	struct list_head node;
	const struct lk_scenario *scenario;
	long param;
	wait_queue_head_t wq;
	atomic_t arrived;
	struct completion done;		/* completed by a task, or by the stop */
	bool stop;
	bool go;			/* for tasks that wait to be told */
	bool formed_once;
	struct hrtimer breaker;		/* spin.c: frees a lock under its holder */
	ktime_t break_at;		/* 0 until all spin */
	bool broken;
	struct lk_lock *locks;
	struct lk_task tasks[];
};

/* All under the caller's lock, except lk_run__act.
 * 0 or -errno; *out is not yet running. */
int lk_run__new(struct lk_run **out, const struct lk_scenario *s, long param);
/* Starts every role as a kthread. 0 or -errno. */
int lk_run__start(struct lk_run *r);
/* Claims a role for the current task: -EINVAL no such role, -EBUSY taken. */
int lk_run__claim(struct lk_run *r, int role);
/* Runs the claimed role in the current task; its result. */
int lk_run__act(struct lk_run *r, int role);
/* Tells tasks that wait for it to go on. */
void lk_run__go(struct lk_run *r);
/* Tells all tasks to end. */
void lk_run__stop(struct lk_run *r);
/* All tasks that ever started have ended. */
bool lk_run__ended(const struct lk_run *r);
/* Every task that is to wait is really blocked, or (quiet) has looped. */
bool lk_run__formed(struct lk_run *r);
/* One line of JSON. */
void lk_run__show(struct lk_run *r, struct seq_file *m);
/* Only when it has ended. Takes NULL. */
void lk_run__free(struct lk_run *r);

/* The task is off the processor in a take, or has spun there for a while. */
bool lk_task__blocked(const struct lk_task *t);
/* The same, and in the take that is meant to block. */
bool lk_task__stuck(const struct lk_task *t);

/* For bodies. Take and give keep the truth. */
int lk_task__take(struct lk_task *t, struct lk_lock *l, enum lk_mode mode,
		  enum lk_how how);
bool lk_task__try(struct lk_task *t, struct lk_lock *l, enum lk_mode mode);
void lk_task__give(struct lk_task *t);		/* the last one taken */
void lk_task__give_all(struct lk_task *t);
/* Gives a lock that another task of the run took. -ENOENT when none has. */
int lk_task__give_foreign(struct lk_task *t, struct lk_lock *l);
/* Forgets the hold of a lock that somebody else freed. */
void lk_task__forget(struct lk_task *t, struct lk_lock *l);
/* Says that the wait of a take has begun and ended, for takes done by hand. */
void lk_task__begin_wait(struct lk_task *t, struct lk_lock *l, enum lk_mode mode);
void lk_task__end_wait(struct lk_task *t);
/* One more task has arrived. */
void lk_task__arrive(struct lk_task *t);
/* Waits for nr arrivals. -EINTR when stopped or killed. */
int lk_task__await(struct lk_task *t, int nr);
/* Waits until told to go on. -EINTR when stopped or killed. */
int lk_task__await_go(struct lk_task *t);
/* Sleeps, interruptibly, until the run is stopped. */
void lk_task__sleep_until_stop(struct lk_task *t);
bool lk_task__stopped(const struct lk_task *t);

#endif
