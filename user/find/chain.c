// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "find/chain.h"

#include "lib/arena.h"

enum { UNKNOWN, ON_PATH, DONE };

struct walk {
	const struct snapshot *s;
	struct chain *chains;
	unsigned char *state;	/* per task */
	uint32_t *path;
};

/* The smallest is the edge to follow: the surest one; and of several tasks of which
 * any one can let go, one that is free to. */
static uint32_t weight(const struct snapshot *s, const struct snap_edge *e)
{
	bool waits = e->rule == EDGE_OR && s->tasks[e->blocker].wait_lock != SNAP_NONE;

	return (waits ? NR_CERTAINTY : 0) + e->certainty;
}

uint32_t chain__next_edge(const struct snapshot *s, uint32_t task)
{
	uint32_t k, best = SNAP_NONE;

	for (k = s->first_edge[task]; k < s->first_edge[task + 1]; k++)
		if (best == SNAP_NONE || weight(s, &s->edges[k]) < weight(s, &s->edges[best]))
			best = k;
	return best;
}

/* The chain of a task whose next task is done, or is the root itself. */
static void extend(struct walk *w, uint32_t task, uint32_t edge, bool closes_cycle)
{
	const struct snap_edge *e = &w->s->edges[edge];
	const struct chain *next = &w->chains[e->blocker];
	struct chain *c = &w->chains[task];

	c->certainty = e->certainty;
	if (closes_cycle || next->root == SNAP_NONE) {
		c->root = e->blocker;
		c->hold = e->hold;
		c->in_cycle = closes_cycle;
		return;
	}
	c->root = next->root;
	c->hold = next->hold;
	c->in_cycle = next->in_cycle;
	if (next->certainty > c->certainty)
		c->certainty = next->certainty;
}

/* Each task has one next edge, so a walk ends at a task that is done, at one
 * without an edge, or at one of its own path. */
static void follow(struct walk *w, uint32_t task)
{
	uint32_t n = 0, edge = SNAP_NONE, t = task;
	bool closes;

	while (w->state[t] == UNKNOWN) {
		w->state[t] = ON_PATH;
		w->path[n++] = t;
		edge = chain__next_edge(w->s, t);
		if (edge == SNAP_NONE)
			break;
		t = w->s->edges[edge].blocker;
	}
	closes = edge != SNAP_NONE && w->state[t] == ON_PATH;
	while (n--) {
		edge = chain__next_edge(w->s, w->path[n]);
		if (edge != SNAP_NONE)
			extend(w, w->path[n], edge, closes);
		closes = false;
		w->state[w->path[n]] = DONE;
	}
}

struct chain *chain__find_all(const struct snapshot *s, struct arena *arena)
{
	struct walk w = { .s = s };
	uint32_t i;

	w.chains = arena__array(arena, s->nr_tasks, sizeof(*w.chains));
	w.state = arena__array(arena, s->nr_tasks, 1);
	w.path = arena__array(arena, s->nr_tasks, sizeof(uint32_t));
	if (!w.chains || !w.state || !w.path)
		return NULL;
	for (i = 0; i < s->nr_tasks; i++)
		w.chains[i].root = w.chains[i].hold = SNAP_NONE;
	for (i = 0; i < s->nr_tasks; i++)
		if (s->first_edge[i] < s->first_edge[i + 1])
			follow(&w, i);
	return w.chains;
}
