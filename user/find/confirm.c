// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "find/confirm.h"

/* The same task in the read before, if it had the same wait there. */
static const struct snap_task *same_wait(const struct snapshot *prev, const struct snapshot *cur,
					 uint32_t task)
{
	const struct snap_task *now = &cur->tasks[task], *then;
	uint32_t i = snapshot__find_same(prev, now);

	if (i == SNAP_NONE || now->wait_lock == SNAP_NONE)
		return NULL;
	then = &prev->tasks[i];
	if (then->wait_lock == SNAP_NONE || then->wait_id != now->wait_id ||
	    then->wait_mode != now->wait_mode ||
	    prev->locks[then->wait_lock].lock.key != cur->locks[now->wait_lock].lock.key)
		return NULL;
	return then;
}

bool confirm__wait_is_known(const struct snapshot *prev, const struct snapshot *cur, uint32_t task)
{
	return same_wait(prev, cur, task) != NULL;
}

bool confirm__wait(const struct snapshot *prev, const struct snapshot *cur, uint32_t task)
{
	const struct snap_task *now = &cur->tasks[task], *then = same_wait(prev, cur, task);

	if (!then || !then->asleep_or_spinning || !now->asleep_or_spinning ||
	    then->wait_spin != now->wait_spin)
		return false;
	return now->wait_spin ? then->cpu == now->cpu : then->switches == now->switches;
}

/* A read that could not use the held stack knows the holder from the lock word only:
 * then there is no id to compare. */
static bool is_same_hold(const struct snap_hold *then, const struct snap_hold *now)
{
	return (!then->id || !now->id || then->id == now->id) && then->mode == now->mode &&
	       then->certainty == now->certainty;
}

/* Looks through the lock's holders or the task's holds, whichever are fewer. */
static bool had_hold(const struct snapshot *prev, uint32_t task, uint32_t lock,
		     const struct snap_hold *now)
{
	const struct snap_task *t = &prev->tasks[task];
	const struct snap_lock *l = &prev->locks[lock];
	const struct snap_hold *h;
	uint32_t i, n = t->nr_holds < l->nr_holders ? t->nr_holds : l->nr_holders;

	for (i = 0; i < n; i++) {
		if (n == t->nr_holds)
			h = &prev->holds[t->first_hold + i];
		else
			h = &prev->holds[prev->holders[l->first_holder + i]];
		if (h->task == task && h->lock == lock && is_same_hold(h, now))
			return true;
	}
	return false;
}

static uint32_t nr_alternatives(const struct snapshot *s, uint32_t task)
{
	uint32_t i, n = 0;

	for (i = s->first_edge[task]; i < s->first_edge[task + 1]; i++)
		n += s->edges[i].rule == EDGE_OR;
	return n;
}

/* QUEUE edges come last and lead to the writers in front, oldest first: a writer
 * was among them if it is no younger than the last one. */
static bool was_ahead(const struct snapshot *prev, uint32_t waiter, uint32_t writer)
{
	const struct snap_task *t = &prev->tasks[writer];
	const struct snap_edge *last;

	if (prev->first_edge[waiter] == prev->first_edge[waiter + 1])
		return false;
	last = &prev->edges[prev->first_edge[waiter + 1] - 1];
	return last->rule == EDGE_QUEUE && t->wait_lock == last->lock &&
	       !mode__shared(t->wait_mode) && t->since_ns <= prev->tasks[last->blocker].since_ns;
}

void confirm__edges(const struct snapshot *prev, const struct snapshot *cur, uint32_t waiter,
		    bool *stands)
{
	uint32_t first = cur->first_edge[waiter], end = cur->first_edge[waiter + 1], k;
	uint32_t was, blocker, lock;
	const struct snap_edge *e;
	bool or_stands;

	for (k = first; k < end; k++)
		stands[k] = false;
	if (!confirm__wait(prev, cur, waiter))
		return;
	was = snapshot__find_same(prev, &cur->tasks[waiter]);
	lock = prev->tasks[was].wait_lock;
	if (prev->locks[lock].rule != cur->locks[cur->tasks[waiter].wait_lock].rule)
		return;
	or_stands = !prev->locks[lock].blind &&
		    nr_alternatives(prev, was) == nr_alternatives(cur, waiter);
	for (k = first; k < end; k++) {
		e = &cur->edges[k];
		blocker = snapshot__find_same(prev, &cur->tasks[e->blocker]);
		if (blocker == SNAP_NONE)
			continue;
		if (e->rule == EDGE_QUEUE)
			stands[k] = was_ahead(prev, was, blocker);
		else if (e->rule != EDGE_OR || or_stands)
			stands[k] = had_hold(prev, blocker, lock, &cur->holds[e->hold]);
	}
}
