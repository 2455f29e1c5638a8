// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "find/cycle.h"

#include <errno.h>

#include "lib/arena.h"

#define STARTS 64	/* members tried; a shorter cycle elsewhere may be missed */

int cycle__init(struct cycle *c, const struct snapshot *s, const uint32_t *core,
		struct arena *arena)
{
	uint32_t **all[] = { &c->via, &c->seen, &c->depth, &c->queue, &c->edges };
	size_t i;

	c->s = s;
	c->core = core;
	c->run = 0;
	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		*all[i] = arena__array(arena, s->nr_tasks, sizeof(uint32_t));
		if (!*all[i])
			return -ENOMEM;
	}
	return 0;
}

static bool is_inside(const struct cycle *c, const bool *usable, uint32_t edge)
{
	const struct snap_edge *e = &c->s->edges[edge];

	if (e->blocker == e->waiter && e->rule == EDGE_OR && c->skip_own)
		return false;
	return usable[edge] && c->core[e->blocker] == c->core[e->waiter];
}

/* Finds the edge that closes a shortest cycle through start; *length is then its
 * number of edges.  SNAP_NONE when none is shorter than *length. */
static uint32_t shortest_through(struct cycle *c, const bool *usable, uint32_t start,
				 uint32_t *length)
{
	uint32_t head = 0, tail = 0, k, t, to;

	c->run++;
	c->queue[tail++] = start;
	c->seen[start] = c->run;
	c->depth[start] = 0;
	while (head < tail) {
		t = c->queue[head++];
		if (c->depth[t] + 1 >= *length)
			return SNAP_NONE;
		for (k = c->s->first_edge[t]; k < c->s->first_edge[t + 1]; k++) {
			if (!is_inside(c, usable, k))
				continue;
			to = c->s->edges[k].blocker;
			if (to == start) {
				*length = c->depth[t] + 1;
				return k;
			}
			if (c->seen[to] == c->run)
				continue;
			c->seen[to] = c->run;
			c->via[to] = k;
			c->depth[to] = c->depth[t] + 1;
			c->queue[tail++] = to;
		}
	}
	return SNAP_NONE;
}

static void collect(struct cycle *c, uint32_t last, uint32_t length)
{
	uint32_t i = length;

	c->edges[--i] = last;
	while (i--)
		c->edges[i] = c->via[c->s->edges[c->edges[i + 1]].waiter];
}

/* Whether every member has one way on inside the core: then one start is enough. */
static bool is_ring(const struct cycle *c, const bool *usable, const uint32_t *tasks, uint32_t nr)
{
	uint32_t i, k, n;

	for (i = 0; i < nr; i++) {
		n = 0;
		for (k = c->s->first_edge[tasks[i]]; k < c->s->first_edge[tasks[i] + 1]; k++)
			n += is_inside(c, usable, k);
		if (n > 1)
			return false;
	}
	return true;
}

/* A thread of a process that holds a file lock is one of those who could release
 * it: that it does not while it waits is true but no witness, if there is a cycle
 * through others. */
static uint32_t search(struct cycle *c, const bool *usable, const uint32_t *tasks,
		       uint32_t nr_tasks)
{
	uint32_t length = SNAP_NONE, starts, i, last;

	starts = is_ring(c, usable, tasks, nr_tasks) ? 1 : nr_tasks;
	for (i = 0; i < starts && i < STARTS; i++) {
		last = shortest_through(c, usable, tasks[i], &length);
		if (last != SNAP_NONE)
			collect(c, last, length);
	}
	return length == SNAP_NONE ? 0 : length;
}

uint32_t cycle__find(struct cycle *c, const bool *usable, const uint32_t *tasks, uint32_t nr_tasks)
{
	uint32_t length;

	c->skip_own = nr_tasks > 1;
	length = search(c, usable, tasks, nr_tasks);
	if (length || !c->skip_own)
		return length;
	c->skip_own = false;
	return search(c, usable, tasks, nr_tasks);
}
