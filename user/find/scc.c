// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "find/scc.h"

#include <errno.h>
#include <string.h>

#include "lib/arena.h"

/* Index of a task whose component is known; of all that are in no walk. */
#define DONE UINT32_MAX

int scc__init(struct scc *x, const struct snapshot *s, struct arena *arena)
{
	uint32_t **all[] = { &x->stack, &x->call, &x->order, &x->ends };
	size_t i;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		*all[i] = arena__array(arena, s->nr_tasks, sizeof(uint32_t));
		if (!*all[i])
			return -ENOMEM;
	}
	x->node = arena__array(arena, s->nr_tasks, sizeof(*x->node));
	x->blockers = arena__array(arena, s->nr_edges, sizeof(uint32_t));
	if (!x->node || !x->blockers)
		return -ENOMEM;
	memset(x->node, 0xff, s->nr_tasks * sizeof(*x->node));
	return 0;
}

/* State of one walk. */
struct walk {
	uint32_t next_index, nr_stack, nr_call, nr_order, nr_ends;
};

/* What the walk needs, small enough for the caches: the nodes, and the blockers among them. */
static void gather(struct scc *x, const struct snapshot *s, const bool *usable,
		   const uint32_t *labels, uint32_t label, const uint32_t *nodes, uint32_t nr)
{
	uint32_t i, k, n = 0;

	for (i = 0; i < nr; i++) {
		struct scc_node *node = &x->node[nodes[i]];

		*node = (struct scc_node){ .first = SNAP_NONE, .cursor = n };
		for (k = s->first_edge[nodes[i]]; k < s->first_edge[nodes[i] + 1]; k++) {
			if (!usable[k] || labels[s->edges[k].blocker] != label)
				continue;
			if (node->first == SNAP_NONE)
				node->first = s->edges[k].blocker;
			else
				x->blockers[n++] = s->edges[k].blocker;
		}
		node->end = n;
	}
}

static void enter(struct scc *x, struct walk *w, uint32_t task)
{
	x->node[task].index = x->node[task].low = ++w->next_index;
	x->stack[w->nr_stack++] = task;
	x->call[w->nr_call++] = task;
}

/* Follows the edges of a task until one leads to a task not seen before; true
 * when that one was entered, false when no edge is left. */
static bool descend(struct scc *x, struct walk *w, uint32_t task)
{
	struct scc_node *node = &x->node[task];

	while (node->first != SNAP_NONE || node->cursor < node->end) {
		uint32_t b = node->first != SNAP_NONE ? node->first : x->blockers[node->cursor++];
		uint32_t index = x->node[b].index;

		node->first = SNAP_NONE;
		if (!index) {
			enter(x, w, b);
			return true;
		}
		if (index < node->low)	/* DONE is not */
			node->low = index;
	}
	return false;
}

/* All edges of a task are followed: closes its component if it is the root. */
static void leave(struct scc *x, struct walk *w, uint32_t task)
{
	const struct scc_node *node = &x->node[task];
	struct scc_node *parent;
	uint32_t t;

	w->nr_call--;
	if (node->low == node->index) {
		do {
			t = x->stack[--w->nr_stack];
			x->node[t].index = DONE;
			x->order[w->nr_order++] = t;
		} while (t != task);
		x->ends[w->nr_ends++] = w->nr_order;
	}
	if (w->nr_call) {
		parent = &x->node[x->call[w->nr_call - 1]];
		if (node->low < parent->low)
			parent->low = node->low;
	}
}

uint32_t scc__find(struct scc *x, const struct snapshot *s, const bool *usable,
		   const uint32_t *labels, uint32_t label, uint32_t *nodes, uint32_t nr)
{
	struct walk w = { 0 };
	uint32_t i, task;

	gather(x, s, usable, labels, label, nodes, nr);
	for (i = 0; i < nr; i++) {
		if (x->node[nodes[i]].index)
			continue;
		enter(x, &w, nodes[i]);
		while (w.nr_call) {
			task = x->call[w.nr_call - 1];
			if (!descend(x, &w, task))
				leave(x, &w, task);
		}
	}
	memcpy(nodes, x->order, nr * sizeof(*nodes));
	return w.nr_ends;
}
