// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "run.h"

/*
 * Task i takes lock i, and when all have theirs, wants lock i + 1. With one
 * task and one lock that is a self-deadlock.
 */
int lk_body__cycle(struct lk_task *t)
{
	struct lk_run *r = t->run;
	const struct lk_scenario *s = r->scenario;
	struct lk_lock *own = &r->locks[t->idx];
	struct lk_lock *next = &r->locks[(t->idx + 1) % s->nr_locks];
	int err;

	err = lk_task__take(t, own, s->hold[t->idx % 2], LK_PLAIN);
	lk_task__arrive(t);
	if (!err)
		err = lk_task__await(t, s->nr_tasks);
	t->at_last_take = true;
	if (!err)
		err = lk_task__take(t, next, s->want[t->idx % 2], s->how);
	lk_task__give_all(t);
	return err;
}
