// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "find/scc.h"

#include <errno.h>
#include <string.h>

#include "lib/arena.h"

#define DONE UINT32_MAX	/* index of a task whose component is known */

int scc__init(struct scc *x, const struct snapshot *s, struct arena *arena)
{
	uint32_t **all[] = { &x->index, &x->low, &x->stack, &x->call,
			     &x->order, &x->cursor, &x->ends };
	size_t i;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		*all[i] = arena__array(arena, s->nr_tasks, sizeof(uint32_t));
		if (!*all[i])
			return -ENOMEM;
	}
	return 0;
}

/* State of one walk. */
struct walk {
	const struct snapshot *s;
	const bool *usable;
	const uint32_t *labels;
	uint32_t label;
	uint32_t next_index, nr_stack, nr_call, nr_order, nr_ends;
};

static void enter(struct scc *x, struct walk *w, uint32_t task)
{
	x->index[task] = x->low[task] = ++w->next_index;
	x->cursor[task] = w->s->first_edge[task];
	x->stack[w->nr_stack++] = task;
	x->call[w->nr_call++] = task;
}

/* Follows the edges of a task until one leads to a task not seen before; true
 * when that one was entered, false when no edge is left. */
static bool descend(struct scc *x, struct walk *w, uint32_t task)
{
	uint32_t end = w->s->first_edge[task + 1], k, b;

	while (x->cursor[task] < end) {
		k = x->cursor[task]++;
		b = w->s->edges[k].blocker;
		if (!w->usable[k] || w->labels[b] != w->label || x->index[b] == DONE)
			continue;
		if (!x->index[b]) {
			enter(x, w, b);
			return true;
		}
		if (x->index[b] < x->low[task])
			x->low[task] = x->index[b];
	}
	return false;
}

/* All edges of a task are followed: closes its component if it is the root. */
static void leave(struct scc *x, struct walk *w, uint32_t task)
{
	uint32_t t, parent;

	w->nr_call--;
	if (x->low[task] == x->index[task]) {
		do {
			t = x->stack[--w->nr_stack];
			x->index[t] = DONE;
			x->order[w->nr_order++] = t;
		} while (t != task);
		x->ends[w->nr_ends++] = w->nr_order;
	}
	if (w->nr_call) {
		parent = x->call[w->nr_call - 1];
		if (x->low[task] < x->low[parent])
			x->low[parent] = x->low[task];
	}
}

uint32_t scc__find(struct scc *x, const struct snapshot *s, const bool *usable,
		   const uint32_t *labels, uint32_t label, uint32_t *nodes, uint32_t nr)
{
	struct walk w = { .s = s, .usable = usable, .labels = labels, .label = label };
	uint32_t i, task;

	for (i = 0; i < nr; i++)
		x->index[nodes[i]] = 0;
	for (i = 0; i < nr; i++) {
		if (x->index[nodes[i]])
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
