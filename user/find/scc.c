// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "find/scc.h"

#include <errno.h>
#include <string.h>

#include "lib/arena.h"

/* Index of a task whose component is known; of all that are in no walk. */
#define DONE UINT32_MAX

int scc__init(struct scc *x, const struct snapshot *s, struct arena *arena)
{
	uint32_t **all[] = { &x->stack, &x->order, &x->ends };
	size_t i;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		*all[i] = arena__array(arena, s->nr_tasks, sizeof(uint32_t));
		if (!*all[i])
			return -ENOMEM;
	}
	x->node = arena__array(arena, s->nr_tasks, sizeof(*x->node));
	x->call = arena__array(arena, s->nr_tasks, sizeof(*x->call));
	x->blockers = arena__array(arena, s->nr_edges, sizeof(uint32_t));
	if (!x->node || !x->call || !x->blockers)
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

/* Goes to a task not seen before, and on along first blockers, up to one that was seen. */
static void enter(struct scc *x, struct walk *w, uint32_t task)
{
	while (task != SNAP_NONE) {
		struct scc_node *node = &x->node[task];

		if (node->index) {
			struct scc_frame *top = &x->call[w->nr_call - 1];

			if (node->index < top->low)	/* DONE is not */
				top->low = node->index;
			return;
		}
		node->index = ++w->next_index;
		x->stack[w->nr_stack++] = task;
		x->call[w->nr_call++] = (struct scc_frame){ task, node->index, node->index,
							    node->cursor, node->end };
		task = node->first;
	}
}

/* All edges of the last task on the way are followed: closes its component if it is the
 * root. */
static void leave(struct scc *x, struct walk *w)
{
	const struct scc_frame *f = &x->call[--w->nr_call];
	uint32_t t;

	if (f->low == f->index) {
		do {
			t = x->stack[--w->nr_stack];
			x->node[t].index = DONE;
			x->order[w->nr_order++] = t;
		} while (t != f->task);
		x->ends[w->nr_ends++] = w->nr_order;
	}
	if (w->nr_call && f->low < f[-1].low)
		x->call[w->nr_call - 1].low = f->low;
}

uint32_t scc__find(struct scc *x, const struct snapshot *s, const bool *usable,
		   const uint32_t *labels, uint32_t label, uint32_t *nodes, uint32_t nr)
{
	struct walk w = { 0 };
	uint32_t i;

	gather(x, s, usable, labels, label, nodes, nr);
	for (i = 0; i < nr; i++) {
		if (x->node[nodes[i]].index)
			continue;
		enter(x, &w, nodes[i]);
		while (w.nr_call) {
			struct scc_frame *f = &x->call[w.nr_call - 1];

			if (f->cursor < f->end)
				enter(x, &w, x->blockers[f->cursor++]);
			else
				leave(x, &w);
		}
	}
	memcpy(nodes, x->order, nr * sizeof(*nodes));
	return w.nr_ends;
}
