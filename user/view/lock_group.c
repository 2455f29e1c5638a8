// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#define _GNU_SOURCE	/* qsort_r */
#include "view/lock_group.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "lib/hash.h"
#include "lib/map.h"

struct making {
	struct lock_groups *out;
	const struct view_input *in;
	struct u64map *alone;	/* keys of locks in deadlocks */
	struct u64map *keys;	/* from a name's hash, or the next number after it, to a group */
	uint32_t *group;	/* of each lock; SNAP_NONE: not shown */
};

static int note_task(struct making *m, const struct find_task *t)
{
	int err = t->waits_for.key ? u64map__set(m->alone, t->waits_for.key, 1) : 0;

	return err || !t->holds.key ? err : u64map__set(m->alone, t->holds.key, 1);
}

static int note_deadlocks(struct making *m)
{
	int err = 0;

	for (size_t i = 0; i < m->in->nr_findings; i++) {
		const struct finding *f = m->in->findings[i];

		if (!f->open || f->kind != FIND_DEADLOCK)
			continue;
		for (uint32_t k = 0; k < f->nr_members && !err; k++)
			err = note_task(m, &f->members[k]);
		for (uint32_t k = 0; k < f->nr_cycle && !err; k++)
			err = note_task(m, &f->cycle[k]);
		for (uint32_t k = 0; k < f->nr_edges && !err; k++)
			err = u64map__set(m->alone, f->edges[k].lock.key, 1);
	}
	return err;
}

static bool same(const struct snap_lock *a, const struct snap_lock *b)
{
	return a->name && b->name && a->lock.kind == b->lock.kind &&
	       a->name_guess == b->name_guess && !strcmp(a->name, b->name);
}

static int add_lock(struct making *m, uint32_t lock)
{
	const struct snap_lock *l = &m->in->snap->locks[lock];
	bool alone = m->in->single || !l->name || u64map__get(m->alone, l->lock.key, NULL);
	uint64_t h = alone ? 0 : hash__add(hash__str(l->name), l->lock.kind), at;
	struct lock_group *g;

	for (; h && u64map__get(m->keys, h, &at); h++)
		if (same(&m->in->snap->locks[m->out->list[at].first], l))
			break;
	if (h && u64map__get(m->keys, h, &at)) {
		g = &m->out->list[at];
	} else {
		if (h && u64map__set(m->keys, h, m->out->nr))
			return -ENOMEM;
		at = m->out->nr++;
		g = &m->out->list[at];
		*g = (struct lock_group){ .first = lock, .complete = true };
	}
	m->group[lock] = (uint32_t)at;
	g->nr_locks++;
	g->complete &= l->complete && !l->nr_unknown;
	g->nr_holders += l->nr_holders;
	g->nr_waiters += l->nr_waiters;
	return 0;
}

static int by_age(const void *a, const void *b, void *snap)
{
	const struct snapshot *s = snap;
	const struct snap_task *x = &s->tasks[*(const uint32_t *)a];
	const struct snap_task *y = &s->tasks[*(const uint32_t *)b];

	if (x->since_ns != y->since_ns)
		return x->since_ns < y->since_ns ? -1 : 1;
	return (x > y) - (x < y);
}

static int by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static int make_room(struct lock_groups *out)
{
	for (size_t i = 0; i < out->nr; i++) {
		struct lock_group *g = &out->list[i];

		g->holders = calloc(g->nr_holders + 1, sizeof(*g->holders));
		g->waiters = calloc(g->nr_waiters + 1, sizeof(*g->waiters));
		if (!g->holders || !g->waiters)
			return -ENOMEM;
		g->nr_holders = g->nr_waiters = 0;
	}
	return 0;
}

/* A task may hold several of them. */
static void sort_tasks(struct lock_group *g, const struct snapshot *s)
{
	uint32_t nr = 0;

	qsort(g->holders, g->nr_holders, sizeof(*g->holders), by_number);
	for (uint32_t i = 0; i < g->nr_holders; i++)
		if (!i || g->holders[i] != g->holders[i - 1])
			g->holders[nr++] = g->holders[i];
	g->nr_holders = nr;
	qsort_r(g->waiters, g->nr_waiters, sizeof(*g->waiters), by_age, (void *)s);
}

static void add_tasks(struct making *m)
{
	const struct snapshot *s = m->in->snap;

	for (uint32_t i = 0; i < s->nr_locks; i++) {
		const struct snap_lock *l = &s->locks[i];
		struct lock_group *g;

		if (m->group[i] == SNAP_NONE)
			continue;
		g = &m->out->list[m->group[i]];
		for (uint32_t k = 0; k < l->nr_holders; k++)
			g->holders[g->nr_holders++] = s->holds[s->holders[l->first_holder + k]].task;
		for (uint32_t k = 0; k < l->nr_waiters; k++)
			g->waiters[g->nr_waiters++] = s->waiters[l->first_waiter + k];
	}
	for (size_t i = 0; i < m->out->nr; i++)
		sort_tasks(&m->out->list[i], s);
}

static int make(struct making *m)
{
	const struct snapshot *s = m->in->snap;
	int err = note_deadlocks(m);

	for (uint32_t i = 0; i < s->nr_locks && !err; i++) {
		m->group[i] = SNAP_NONE;
		if ((s->locks[i].nr_waiters || s->locks[i].nr_holders) &&
		    view_filter__snap_lock(m->in->filter, s, i))
			err = add_lock(m, i);
	}
	if (!err)
		err = make_room(m->out);
	if (!err)
		add_tasks(m);
	return err;
}

int lock_groups__make(struct lock_groups *out, const struct view_input *in)
{
	struct making m = { .out = out, .in = in };
	size_t nr = in->snap->nr_locks;
	int err = -ENOMEM;

	*out = (struct lock_groups){ .list = calloc(nr + 1, sizeof(*out->list)) };
	m.group = calloc(nr + 1, sizeof(*m.group));
	if (out->list && m.group && !u64map__new(&m.alone, 0) && !u64map__new(&m.keys, 0))
		err = make(&m);
	u64map__free(m.alone);
	u64map__free(m.keys);
	free(m.group);
	if (err)
		lock_groups__free(out);
	return err;
}

void lock_groups__free(struct lock_groups *g)
{
	for (size_t i = 0; i < g->nr; i++) {
		free(g->list[i].holders);
		free(g->list[i].waiters);
	}
	free(g->list);
	*g = (struct lock_groups){ 0 };
}
