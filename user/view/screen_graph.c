// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* The wait-for graph of the moment: an edge a row, those of cycles first. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "lib/fmt.h"
#include "view/chains.h"
#include "view/screen_int.h"
#include "view/text_parts.h"

#define MAX_SHOWN 5000	/* a lock that thousands want has millions of edges */

static const struct list_column columns[] = {
	{ "WAITER", 20, false, 0 },  { "FOR", 9, true, 60 },	{ "BLOCKED BY", 20, false, 0 },
	{ "HOW", 20, false, 100 },   { "LOCK", 0, false, 0 },
};

struct edge {
	const struct snap_edge *e;
	bool in_cycle;
	uint32_t below;		/* how many wait in the same tree: the worst first */
	uint64_t wait_ns;
};

static int compare(const void *a, const void *b)
{
	const struct edge *x = a, *y = b;

	if (x->in_cycle != y->in_cycle)
		return y->in_cycle - x->in_cycle;
	if (x->below != y->below)
		return x->below < y->below ? 1 : -1;
	if (x->wait_ns != y->wait_ns)
		return x->wait_ns < y->wait_ns ? 1 : -1;
	return (x->e > y->e) - (x->e < y->e);
}

/* A witness is enough to colour a cycle: the edges the trees were made of. */
static bool on_cycle(const struct chains *c, const struct snapshot *s, uint32_t e)
{
	uint32_t waiter = s->edges[e].waiter;

	return c->in_cycle[waiter] && c->edge[waiter] == e;
}

static const char *how(const struct snap_edge *e, char *buf, size_t size)
{
	if (e->rule == EDGE_QUEUE)
		return "queued ahead";
	snprintf(buf, size, "%s%s", e->rule == EDGE_OR ? "one of those, " : "holds, ",
		 certainty__name(e->certainty));
	return buf;
}

static void put_edge(struct screen *s, const struct view_input *in, const struct edge *edge)
{
	const struct snapshot *snap = in->snap;
	const struct snap_edge *e = edge->e;
	const struct snap_task *waiter = &snap->tasks[e->waiter];
	const struct snap_lock *l = &snap->locks[e->lock];
	const struct target target = { TARGET_TASK, waiter->who.tid, waiter->who.start_ns };
	char text[TEXT_LEN * 2], name[TEXT_LEN];

	list__row(&s->list, edge->in_cycle ? LOOK_BAD : LOOK_PLAIN, &target);
	list__cell(&s->list, 0, text__task(text, sizeof(text), &waiter->who, &in->style));
	list__cell(&s->list, 1, fmt__age(text, sizeof(text), snap->t_ns, waiter->since_ns));
	list__cell(&s->list, 2, text__task(text, sizeof(text), &snap->tasks[e->blocker].who,
					   &in->style));
	list__cell(&s->list, 3, how(e, text, sizeof(text)));
	list__cell(&s->list, 4, text__lock(text, sizeof(text), &l->lock,
					   text__lock_name(name, sizeof(name), l->name,
							   l->name_guess, l->object),
					   waiter->wait_mode, &in->style));
}

static int collect(const struct view_input *in, struct edge **out, size_t *nr)
{
	const struct snapshot *snap = in->snap;
	struct edge *list = calloc(snap->nr_edges + 1, sizeof(*list));
	struct chains c;
	int err = list ? chains__make(&c, snap) : -ENOMEM;

	if (err) {
		free(list);
		return err;
	}
	for (uint32_t e = 0; e < snap->nr_edges; e++) {
		uint32_t waiter = snap->edges[e].waiter;

		if (!view_filter__snap_task(in->filter, snap, waiter))
			continue;
		list[(*nr)++] = (struct edge){
			.e = &snap->edges[e],
			.in_cycle = on_cycle(&c, snap, e),
			.below = c.below[c.root[waiter]],
			.wait_ns = snapshot__wait_ns(snap, &snap->tasks[waiter]),
		};
	}
	chains__free(&c);
	*out = list;
	return 0;
}

int screen_graph__make(struct screen *s, const struct screen_input *input)
{
	struct edge *list = NULL;
	size_t nr = 0;
	int err;

	s->nothing = "no task waits for another";
	list__begin(&s->list, columns, sizeof(columns) / sizeof(*columns));
	if (!input->in->snap)
		return 0;
	err = collect(input->in, &list, &nr);
	if (err)
		return err;
	if (nr)
		qsort(list, nr, sizeof(*list), compare);
	for (size_t i = 0; i < nr && i < MAX_SHOWN; i++)
		put_edge(s, input->in, &list[i]);
	if (nr > MAX_SHOWN)
		list__line(&s->list, LOOK_DIM, NULL, "(%zu more)", nr - MAX_SHOWN);
	free(list);
	screen_rows__filter(s);
	return 0;
}
