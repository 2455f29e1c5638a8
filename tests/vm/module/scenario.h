/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* A scenario: a row that says which tasks do what with which locks. */
#ifndef LK_SCENARIO_H
#define LK_SCENARIO_H

#include "lock.h"

#define LK_MAX_KINDS 8
#define LK_MAX_SCRIPTS 5

struct lk_task;

struct lk_scenario {
	const char *name;
	const char *tag;	/* tasks are named lk_TAG_a, lk_TAG_b, ... */
	/* what a perfect tracer says: deadlock, root (one task keeps the others
	 * waiting), waits (no more than that), long_spin, leak,
	 * sleep_in_atomic, quiet */
	const char *expect;
	/* what the lock words tell of the owners: word, hint, none */
	const char *owners;
	int (*body)(struct lk_task *t);	/* what every task runs */
	int nr_tasks;
	int nr_free;		/* the first tasks that do not end up waiting */
	int nr_locks;
	enum lk_kind kinds[LK_MAX_KINDS]; /* lock i is kinds[i % nr_kinds] */
	int nr_kinds;
	enum lk_mode hold[2];	/* task i holds in mode hold[i % 2] ... */
	enum lk_mode want[2];	/* ... and waits in mode want[i % 2] */
	enum lk_how how;
	int count;		/* places of a semaphore */
	long param;		/* when "start" gives none */
	const char *cycle;	/* letters of its tasks, each waits for the next */
	int nr_cycle;
	bool stuck;		/* nothing ends it once it has formed */
	bool users;		/* roles are run by user tasks ("run"), not kthreads */
	bool per_cpu;		/* task i is bound to the processor i + 1 */
	/* for lk_body__script; tasks past the last one run the last one */
	const char *script[LK_MAX_SCRIPTS];
};

/* The row of that name, or NULL. */
const struct lk_scenario *lk_scenario__find(const char *name);
/* Row i, or NULL past the end. */
const struct lk_scenario *lk_scenario__at(int i);

/* Bodies: 0 or -errno; every lock taken is given back before they return,
 * unless the row says it is left behind. */
int lk_body__cycle(struct lk_task *t);		/* cycle.c */
int lk_body__script(struct lk_task *t);		/* script.c: the language */
int lk_body__ww_backoff(struct lk_task *t);	/* ww.c */
int lk_body__long_spin(struct lk_task *t);	/* spin.c */
int lk_body__spin_abba(struct lk_task *t);
int lk_body__spin_irq(struct lk_task *t);

#endif
