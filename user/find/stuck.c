// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "find/stuck.h"

#include <errno.h>
#include <string.h>

#include "find/scc.h"
#include "lib/arena.h"

/* Tasks that are looked at together: a part of search.nodes. */
struct set {
	uint32_t from, nr;
	uint32_t label;		/* what they carry in search.label */
};

/* An edge from its blocker's side. */
struct rev {
	uint32_t waiter;
	enum edge_rule rule;
};

/* In one piece: who waits for whom has no order in memory. */
struct node {
	uint32_t nr_and, nr_or;		/* usable edges into its set */
	uint32_t nr_rev;		/* edges that lead to it: one here, the others in rev */
	uint32_t rev_first;
	struct rev one;
};

/* One search.  Sets are disjoint; a task in none has label SNAP_NONE. */
struct search {
	const struct snapshot *s;
	const bool *usable;
	uint32_t *nodes;
	uint32_t *label;		/* per task */
	uint32_t next_label, next_core;
	struct set *sets;		/* still to be shrunk and split */
	uint32_t nr_sets;
	struct scc scc;
	/* of shrink() */
	struct node *node;		/* per task */
	struct rev *rev;
	uint32_t *todo;
};

static int init(struct search *x, const struct snapshot *s, const bool *usable, struct arena *a)
{
	uint32_t **per_task[] = { &x->nodes, &x->label, &x->todo };
	size_t i;

	memset(x, 0, sizeof(*x));
	x->s = s;
	x->usable = usable;
	for (i = 0; i < sizeof(per_task) / sizeof(per_task[0]); i++) {
		*per_task[i] = arena__array(a, s->nr_tasks, sizeof(uint32_t));
		if (!*per_task[i])
			return -ENOMEM;
	}
	x->sets = arena__array(a, s->nr_tasks, sizeof(*x->sets));
	x->node = arena__array(a, s->nr_tasks, sizeof(*x->node));
	x->rev = arena__array(a, s->nr_edges, sizeof(*x->rev));
	if (!x->sets || !x->node || !x->rev)
		return -ENOMEM;
	memset(x->label, 0xff, s->nr_tasks * sizeof(uint32_t));
	return 0;
}

/* The tasks that may be stuck at all: the first set. */
static uint32_t candidates(struct search *x)
{
	const struct snapshot *s = x->s;
	uint32_t i, n = 0;

	for (i = 0; i < s->nr_tasks; i++) {
		if (!s->tasks[i].asleep_or_spinning || s->first_edge[i] == s->first_edge[i + 1])
			continue;
		x->nodes[n++] = i;
		x->label[i] = 0;
	}
	return n;
}

static uint32_t nr_alternatives(const struct snapshot *s, uint32_t task)
{
	uint32_t i, n = 0;

	for (i = s->first_edge[task]; i < s->first_edge[task + 1]; i++)
		n += s->edges[i].rule == EDGE_OR;
	return n;
}

static bool is_kept(const struct search *x, uint32_t task)
{
	const struct node *node = &x->node[task];

	if (node->nr_and)
		return true;
	if (!node->nr_or || x->s->locks[x->s->tasks[task].wait_lock].blind)
		return false;
	return node->nr_or == nr_alternatives(x->s, task);
}

static struct rev *rev_at(const struct search *x, struct node *n, uint32_t i)
{
	return i ? &x->rev[n->rev_first + i - 1] : &n->one;
}

/* Counts edges inside the set and turns them round. */
static void link_back(struct search *x, const uint32_t *nodes, uint32_t nr, uint32_t label)
{
	const struct snapshot *s = x->s;
	struct node *n;
	uint32_t i, k, sum = 0;

	for (i = 0; i < nr; i++)
		x->node[nodes[i]] = (struct node){ 0 };
	for (i = 0; i < nr; i++) {
		n = &x->node[nodes[i]];
		for (k = s->first_edge[nodes[i]]; k < s->first_edge[nodes[i] + 1]; k++) {
			if (!x->usable[k] || x->label[s->edges[k].blocker] != label)
				continue;
			x->node[s->edges[k].blocker].nr_rev++;
			if (s->edges[k].rule == EDGE_OR)
				n->nr_or++;
			else
				n->nr_and++;
		}
	}
	for (i = 0; i < nr; i++) {
		n = &x->node[nodes[i]];
		n->rev_first = sum;
		sum += n->nr_rev ? n->nr_rev - 1 : 0;
		n->nr_rev = 0;
	}
	for (i = 0; i < nr; i++) {
		for (k = s->first_edge[nodes[i]]; k < s->first_edge[nodes[i] + 1]; k++) {
			const struct snap_edge *e = &s->edges[k];

			n = &x->node[e->blocker];
			if (x->usable[k] && x->label[e->blocker] == label)
				*rev_at(x, n, n->nr_rev++) = (struct rev){ e->waiter, e->rule };
		}
	}
}

/* Task t has left the set: takes out its waiters that are no longer kept. */
static uint32_t release(struct search *x, uint32_t t, uint32_t label, uint32_t nr_todo)
{
	struct node *n = &x->node[t];
	const struct rev *e;
	uint32_t k;

	for (k = 0; k < n->nr_rev; k++) {
		e = rev_at(x, n, k);
		if (e->rule == EDGE_OR)
			x->node[e->waiter].nr_or--;
		else
			x->node[e->waiter].nr_and--;
		if (x->label[e->waiter] != label || is_kept(x, e->waiter))
			continue;
		x->label[e->waiter] = SNAP_NONE;
		x->todo[nr_todo++] = e->waiter;
	}
	return nr_todo;
}

/* Reduces a set to its stuck part, as if every task outside could run.  Returns
 * how many are left, at the front of the set. */
static uint32_t shrink(struct search *x, const struct set *set)
{
	uint32_t *nodes = x->nodes + set->from, i, nr_todo = 0, left = 0;

	link_back(x, nodes, set->nr, set->label);
	for (i = 0; i < set->nr; i++) {
		if (is_kept(x, nodes[i]))
			continue;
		x->label[nodes[i]] = SNAP_NONE;
		x->todo[nr_todo++] = nodes[i];
	}
	while (nr_todo) {
		nr_todo--;
		nr_todo = release(x, x->todo[nr_todo], set->label, nr_todo);
	}
	for (i = 0; i < set->nr; i++)
		if (x->label[nodes[i]] == set->label)
			nodes[left++] = nodes[i];
	return left;
}

/* A component of one task counts only when the task waits for itself. */
static bool is_cyclic(const struct search *x, const uint32_t *nodes, uint32_t nr)
{
	const struct snapshot *s = x->s;
	uint32_t k;

	if (nr > 1)
		return true;
	for (k = s->first_edge[nodes[0]]; k < s->first_edge[nodes[0] + 1]; k++)
		if (x->usable[k] && s->edges[k].blocker == nodes[0])
			return true;
	return false;
}

/* Every member of a cyclic component has an edge inside.  For an AND edge that
 * is enough; OR edges must all stay inside. */
static bool stands_alone(const struct search *x, const uint32_t *nodes, uint32_t nr, uint32_t label)
{
	const struct snapshot *s = x->s;
	uint32_t i, k, inside_and, outside_or;

	for (i = 0; i < nr; i++) {
		inside_and = outside_or = 0;
		for (k = s->first_edge[nodes[i]]; k < s->first_edge[nodes[i] + 1]; k++) {
			bool in = x->usable[k] && x->label[s->edges[k].blocker] == label;

			inside_and += in && s->edges[k].rule != EDGE_OR;
			outside_or += !in && s->edges[k].rule == EDGE_OR;
		}
		if (!inside_and && outside_or)
			return false;
	}
	return true;
}

/* Splits a set into cyclic components: those that stand alone are cores; the
 * others go to the list, to be shrunk and split again. */
static void split(struct search *x, const struct set *set, struct stuck *out)
{
	uint32_t *nodes = x->nodes + set->from, nr_scc, i, k, n, from = 0, label;

	nr_scc = scc__find(&x->scc, x->s, x->usable, x->label, set->label, nodes, set->nr);
	for (i = 0; i < nr_scc; from = x->scc.ends[i], i++) {
		n = x->scc.ends[i] - from;
		if (!is_cyclic(x, nodes + from, n))
			continue;
		label = x->next_label++;
		for (k = 0; k < n; k++)
			x->label[nodes[from + k]] = label;
		if (!stands_alone(x, nodes + from, n, label)) {
			x->sets[x->nr_sets++] = (struct set){ set->from + from, n, label };
			continue;
		}
		for (k = 0; k < n; k++)
			out->core[nodes[from + k]] = x->next_core;
		x->next_core++;
		out->nr_cores++;
	}
}

/* Leaves out the tasks of cores found before. */
static uint32_t drop_taken(struct search *x, const uint32_t *taken, uint32_t nr)
{
	uint32_t i, left = 0;

	for (i = 0; i < nr; i++) {
		if (taken && taken[x->nodes[i]] != SNAP_NONE)
			x->label[x->nodes[i]] = SNAP_NONE;
		else
			x->nodes[left++] = x->nodes[i];
	}
	return left;
}

static int new_result(struct stuck *out, const struct snapshot *s, struct arena *arena)
{
	memset(out, 0, sizeof(*out));
	out->is_stuck = arena__array(arena, s->nr_tasks, sizeof(bool));
	out->core = arena__array(arena, s->nr_tasks, sizeof(uint32_t));
	if (!out->is_stuck || !out->core)
		return -ENOMEM;
	memset(out->core, 0xff, s->nr_tasks * sizeof(uint32_t));
	return 0;
}

int stuck__find(const struct snapshot *s, const bool *usable, const uint32_t *taken,
		uint32_t first_core, struct arena *arena, struct stuck *out)
{
	struct search x;
	struct set set = { 0 };
	uint32_t i;

	if (new_result(out, s, arena) || init(&x, s, usable, arena))
		return -ENOMEM;
	x.next_core = first_core;
	set.nr = candidates(&x);
	set.label = x.next_label++;
	set.nr = out->nr = shrink(&x, &set);
	for (i = 0; i < set.nr; i++)
		out->is_stuck[x.nodes[i]] = true;
	set.nr = drop_taken(&x, taken, set.nr);
	if (!set.nr)
		return 0;
	if (scc__init(&x.scc, s, arena))
		return -ENOMEM;
	split(&x, &set, out);
	while (x.nr_sets) {
		set = x.sets[--x.nr_sets];
		set.nr = shrink(&x, &set);
		split(&x, &set, out);
	}
	return 0;
}
