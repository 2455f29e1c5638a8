// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* The last read in a page: tasks, locks, and who is queued behind whom. */
#define _GNU_SOURCE	/* qsort_r */
#include <errno.h>
#include <stdlib.h>
#include "view/html_page.h"
#include "view/json_parts.h"

#define LEFT_OUT UINT32_MAX

static bool is_shown(const struct view_input *in, uint32_t i)
{
	const struct snap_task *t = &in->snap->tasks[i];

	return view_filter__snap_task(in->filter, in->snap, i) &&
	       (t->wait_lock != SNAP_NONE || t->nr_holds || t->state == 'D');
}

/* Who waits, the longest first; then who holds. */
static int by_weight(const void *a, const void *b, void *ctx)
{
	const struct snapshot *s = ctx;
	uint32_t i = *(const uint32_t *)a, k = *(const uint32_t *)b;
	uint64_t x = snapshot__wait_ns(s, &s->tasks[i]), y = snapshot__wait_ns(s, &s->tasks[k]);

	if (x != y)
		return x < y ? 1 : -1;
	if (s->tasks[i].nr_holds != s->tasks[k].nr_holds)
		return s->tasks[i].nr_holds < s->tasks[k].nr_holds ? 1 : -1;
	return (i > k) - (i < k);
}

/* The holders of what a task waits for. */
static uint32_t add_blockers(const struct snapshot *s, uint32_t task, uint32_t *place,
			     uint32_t *order, uint32_t nr)
{
	for (uint32_t e = s->first_edge[task]; e < s->first_edge[task + 1]; e++) {
		uint32_t blocker = s->edges[e].blocker;

		if (nr >= HTML_GRAPH_TASKS)
			break;
		if (place[blocker] != LEFT_OUT)
			continue;
		place[blocker] = nr;
		order[nr++] = blocker;
	}
	return nr;
}

/* Fills order with the tasks to show, and place with where each stands in it.  One
 * that is shown brings whom it waits for along. */
static uint32_t choose(const struct view_input *in, uint32_t *order, uint32_t *place,
		       uint32_t *nr_all)
{
	struct snapshot *s = (struct snapshot *)in->snap;
	uint32_t *wanted = calloc(s->nr_tasks + 1, sizeof(*wanted));
	uint32_t nr = 0;

	*nr_all = 0;
	if (!wanted)
		return LEFT_OUT;
	for (uint32_t i = 0; i < s->nr_tasks; i++) {
		place[i] = LEFT_OUT;
		if (is_shown(in, i))
			wanted[(*nr_all)++] = i;
	}
	qsort_r(wanted, *nr_all, sizeof(*wanted), by_weight, s);
	for (uint32_t i = 0; i < *nr_all && nr < HTML_GRAPH_TASKS; i++) {
		if (place[wanted[i]] == LEFT_OUT) {
			place[wanted[i]] = nr;
			order[nr++] = wanted[i];
		}
		nr = add_blockers(s, wanted[i], place, order, nr);
	}
	free(wanted);
	return nr;
}

static void put_tasks(struct html_page *p, const struct snapshot *s, const uint32_t *order,
		      uint32_t nr)
{
	json__array(&p->j, "tasks");
	for (uint32_t i = 0; i < nr; i++) {
		const struct snap_task *t = &s->tasks[order[i]];

		json_parts__snap_task(&p->j, s, t);
		if (stack_ids__add(&p->stacks, t->stack) || stack_ids__add(&p->stacks, t->user_stack) ||
		    (t->wait_lock != SNAP_NONE && stack_ids__add(&p->stacks, t->wait_stack)))
			p->error = -ENOMEM;
	}
	json__end_array(&p->j);
}

/* The locks that these tasks wait for or hold. */
static int put_locks(struct html_page *p, const struct snapshot *s, const uint32_t *order,
		     uint32_t nr)
{
	bool *named = calloc(s->nr_locks + 1, sizeof(*named));

	if (!named)
		return -ENOMEM;
	for (uint32_t i = 0; i < nr; i++) {
		const struct snap_task *t = &s->tasks[order[i]];

		if (t->wait_lock != SNAP_NONE)
			named[t->wait_lock] = true;
		for (uint32_t h = 0; h < t->nr_holds; h++)
			named[s->holds[t->first_hold + h].lock] = true;
	}
	json__array(&p->j, "locks");
	for (uint32_t i = 0; i < s->nr_locks; i++)
		if (named[i])
			json_parts__snap_lock(&p->j, s, &s->locks[i]);
	json__end_array(&p->j);
	free(named);
	return 0;
}

/* [waiter, who is ahead of it], places in "tasks". */
static void put_queue(struct json *j, const struct snapshot *s, const uint32_t *place)
{
	json__array(j, "queue");
	for (uint32_t i = 0; i < s->nr_edges; i++) {
		const struct snap_edge *e = &s->edges[i];

		if (e->rule != EDGE_QUEUE || place[e->waiter] == LEFT_OUT ||
		    place[e->blocker] == LEFT_OUT)
			continue;
		json__array(j, NULL);
		json__u64(j, NULL, place[e->waiter]);
		json__u64(j, NULL, place[e->blocker]);
		json__end_array(j);
	}
	json__end_array(j);
}

static int put_read(struct html_page *p, const struct snapshot *s, uint32_t *place)
{
	uint32_t order[HTML_GRAPH_TASKS], nr_all;
	uint32_t nr = choose(&p->in->view, order, place, &nr_all);
	int err;

	if (nr == LEFT_OUT)
		return -ENOMEM;
	json__object(&p->j, "graph");
	json_parts__time(&p->j, "t_ns", s->t_ns);
	json__u64(&p->j, "all_tasks", nr_all);
	put_tasks(p, s, order, nr);
	err = put_locks(p, s, order, nr);
	put_queue(&p->j, s, place);
	json__end_object(&p->j);
	return err;
}

void html_page__put_graph(struct html_page *p)
{
	const struct snapshot *s = p->in->view.snap;
	uint32_t *place;
	int err;

	if (!s) {
		json__null(&p->j, "graph");
		return;
	}
	place = calloc(s->nr_tasks + 1, sizeof(*place));
	err = place ? put_read(p, s, place) : -ENOMEM;
	if (err)
		p->error = err;
	free(place);
}
