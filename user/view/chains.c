// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include <errno.h>
#include <stdlib.h>
#include "view/chains.h"

static bool waits(const struct snapshot *s, const struct snap_edge *e)
{
	return s->tasks[e->blocker].wait_lock != SNAP_NONE;
}

static bool better(const struct snapshot *s, const struct snap_edge *a, const struct snap_edge *b)
{
	if ((a->rule == EDGE_QUEUE) != (b->rule == EDGE_QUEUE))
		return b->rule == EDGE_QUEUE;
	/* Any one holder will do, so it hangs below one that can still let go. */
	if (a->rule == EDGE_OR && waits(s, a) != waits(s, b))
		return waits(s, b);
	return a->certainty < b->certainty;
}

static void choose_parents(struct chains *c, const struct snapshot *s)
{
	for (uint32_t t = 0; t < c->nr; t++) {
		c->parent[t] = c->edge[t] = c->root[t] = SNAP_NONE;
		c->first_child[t] = c->next_sibling[t] = SNAP_NONE;
		for (uint32_t e = s->first_edge[t]; e < s->first_edge[t + 1]; e++)
			if (c->edge[t] == SNAP_NONE || better(s, &s->edges[e],
							       &s->edges[c->edge[t]]))
				c->edge[t] = e;
		if (c->edge[t] != SNAP_NONE)
			c->parent[t] = s->edges[c->edge[t]].blocker;
	}
}

/* The walk up from t met itself at `at`: its lowest task becomes the root. */
static uint32_t close_cycle(struct chains *c, uint32_t at)
{
	uint32_t root = at, t = at;

	do {
		c->in_cycle[t] = true;
		root = t < root ? t : root;
		t = c->parent[t];
	} while (t != at);
	return root;
}

/* seen[t] is the walk that came by; each task is walked over twice at most. */
static void find_roots(struct chains *c, uint32_t *seen)
{
	for (uint32_t t = 0; t < c->nr; t++) {
		uint32_t at = t, root;

		while (c->root[at] == SNAP_NONE && seen[at] != t + 1 &&
		       c->parent[at] != SNAP_NONE) {
			seen[at] = t + 1;
			at = c->parent[at];
		}
		if (c->root[at] != SNAP_NONE)
			root = c->root[at];
		else if (c->parent[at] == SNAP_NONE)
			root = at;
		else
			root = close_cycle(c, at);
		for (at = t; at != SNAP_NONE && c->root[at] == SNAP_NONE; at = c->parent[at])
			c->root[at] = root;
	}
}

static void hang_up(struct chains *c)
{
	/* Backwards, so that lists come out in the order of the snapshot. */
	for (uint32_t t = c->nr; t-- > 0;) {
		uint32_t p = c->parent[t];

		if (p == SNAP_NONE || c->root[t] == t)
			continue;
		c->next_sibling[t] = c->first_child[p];
		c->first_child[p] = t;
		c->below[c->root[t]]++;
	}
}

int chains__make(struct chains *c, const struct snapshot *s)
{
	uint32_t *seen = calloc(s->nr_tasks + 1, sizeof(*seen));
	uint32_t **arrays[] = { &c->parent, &c->edge, &c->root, &c->first_child,
				&c->next_sibling, &c->below };
	bool failed = !seen;

	*c = (struct chains){ .nr = s->nr_tasks };
	c->in_cycle = calloc(s->nr_tasks + 1, sizeof(*c->in_cycle));
	failed |= !c->in_cycle;
	for (size_t i = 0; i < sizeof(arrays) / sizeof(arrays[0]); i++) {
		*arrays[i] = calloc(s->nr_tasks + 1, sizeof(**arrays[i]));
		failed |= !*arrays[i];
	}
	if (failed) {
		free(seen);
		chains__free(c);
		return -ENOMEM;
	}
	choose_parents(c, s);
	find_roots(c, seen);
	hang_up(c);
	free(seen);
	return 0;
}

void chains__free(struct chains *c)
{
	free(c->parent);
	free(c->edge);
	free(c->root);
	free(c->in_cycle);
	free(c->first_child);
	free(c->next_sibling);
	free(c->below);
	*c = (struct chains){ 0 };
}
