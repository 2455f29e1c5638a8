// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Chains of waiting tasks, root first. */
#include <errno.h>
#include <stdlib.h>
#include "lib/fmt.h"
#include "view/chains.h"
#include "view/text_chains.h"
#include "view/text_parts.h"

#define MAX_DEPTH 24	/* a chain of thousands would be all indentation */
#define MAX_CHILDREN 20

struct walk {
	FILE *out;
	const struct view_input *in;
	const struct snapshot *s;
	const struct chains *c;
};

static void put_wait(const struct walk *w, uint32_t task)
{
	const struct snap_task *t = &w->s->tasks[task];
	char lock[TEXT_LEN * 2], age[FMT_LEN], name[TEXT_LEN];
	uint32_t edge = w->c->edge[task];
	const struct snap_lock *l;

	if (t->wait_lock == SNAP_NONE)
		return;
	l = &w->s->locks[t->wait_lock];
	fprintf(w->out, " %s %s%s for %s", t->wait_spin ? "spins" : "waits",
		t->since_at_least ? "at least " : "",
		fmt__age(age, sizeof(age), w->s->t_ns, t->since_ns),
		text__lock(lock, sizeof(lock), &l->lock,
			   text__lock_name(name, sizeof(name), l->name, l->name_guess),
			   t->wait_mode, &w->in->style));
	if (edge != SNAP_NONE && w->s->edges[edge].rule == EDGE_QUEUE)
		fprintf(w->out, ", queued behind it");
	else if (edge != SNAP_NONE && w->s->edges[edge].certainty != SURE_CERTAIN)
		fprintf(w->out, w->s->edges[edge].certainty == SURE_LIKELY ? ", likely held by it" :
								     ", possibly held by it");
}

static void put_root(const struct walk *w, uint32_t task)
{
	const struct snap_task *t = &w->s->tasks[task];
	char who[TEXT_LEN], state[64], at[TEXT_LEN];

	fprintf(w->out, "%s%s%s", text__color(&w->in->style, TEXT_BOLD),
		text__task(who, sizeof(who), &t->who, &w->in->style), text__plain(&w->in->style));
	if (w->c->in_cycle[task]) {
		fprintf(w->out, " is in a cycle:");
		put_wait(w, task);
		fprintf(w->out, ", held by %s\n",
			text__task(who, sizeof(who), &w->s->tasks[w->c->parent[task]].who,
				   &w->in->style));
		return;
	}
	if (t->wait_lock != SNAP_NONE) {
		put_wait(w, task);
		fprintf(w->out, ", holder not known\n");
		return;
	}
	if (t->exited)
		fprintf(w->out, " has exited and did not give it back");
	else if (!t->listed)
		fprintf(w->out, " holds it; nothing more is known of it");
	else
		fprintf(w->out, "%s", text__state(state, sizeof(state), t->state,
						  t->on_cpu ? t->cpu : -1, t->context));
	text__caller(at, sizeof(at), w->in, t->stack);
	fprintf(w->out, "%s%s\n", *at ? " at " : "", at);
}

static void put_child(const struct walk *w, uint32_t task, uint32_t depth)
{
	char who[TEXT_LEN];

	fprintf(w->out, "%*s%s %s", (int)depth * 2, "", w->in->style.utf8 ? "└" : "`-",
		text__task(who, sizeof(who), &w->s->tasks[task].who, &w->in->style));
	put_wait(w, task);
	fputc('\n', w->out);
}

static uint32_t nr_siblings(const struct chains *c, uint32_t task)
{
	uint32_t nr = 0;

	for (; task != SNAP_NONE; task = c->next_sibling[task])
		nr++;
	return nr;
}

/* Without recursion: a chain may be as long as there are tasks.  rank[d] is the
 * place of the task at depth d among its siblings. */
static void put_tree(const struct walk *w, uint32_t root)
{
	uint32_t path[MAX_DEPTH + 1] = { root }, rank[MAX_DEPTH + 1] = { 0 };
	uint32_t depth = 0, shown = 0, next = w->c->first_child[root];

	put_root(w, root);
	for (;;) {
		if (next != SNAP_NONE && depth < MAX_DEPTH && rank[depth + 1] < MAX_CHILDREN) {
			path[++depth] = next;
			rank[depth]++;
			shown++;
			put_child(w, next, depth);
			next = w->c->first_child[next];
			if (depth < MAX_DEPTH)
				rank[depth + 1] = 0;
			continue;
		}
		if (next != SNAP_NONE && depth < MAX_DEPTH)
			fprintf(w->out, "%*s(%u more)\n", (int)depth * 2 + 4, "",
				nr_siblings(w->c, next));
		else if (next != SNAP_NONE)
			fprintf(w->out, "%*s(the chain goes on)\n", (int)depth * 2 + 4, "");
		if (!depth)
			break;
		next = w->c->next_sibling[path[depth--]];
	}
	if (shown < w->c->below[root])
		fprintf(w->out, "  %u of the %u tasks below are shown\n", shown, w->c->below[root]);
}

/* A tree is shown whole when one of its tasks passes the filter. */
static bool *passing_roots(const struct walk *w)
{
	bool *pass = calloc(w->s->nr_tasks + 1, sizeof(*pass));

	for (uint32_t t = 0; pass && t < w->s->nr_tasks; t++)
		if (view_filter__snap_task(w->in->filter, w->s, t))
			pass[w->c->root[t]] = true;
	return pass;
}

int text_chains__put(FILE *out, const struct view_input *in)
{
	const struct snapshot *s = in->snap;
	struct chains c;
	struct walk w = { .out = out, .in = in, .s = s, .c = &c };
	bool *pass;
	int err = chains__make(&c, s);

	if (err)
		return err;
	pass = passing_roots(&w);
	for (uint32_t t = 0; pass && t < s->nr_tasks; t++)
		if (c.root[t] == t && pass[t] &&
		    (c.first_child[t] != SNAP_NONE || s->tasks[t].wait_lock != SNAP_NONE))
			put_tree(&w, t);
	err = pass ? 0 : -ENOMEM;
	free(pass);
	chains__free(&c);
	return err;
}
