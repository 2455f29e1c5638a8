// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#define _GNU_SOURCE	/* qsort_r */
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
	FILE *out;	/* a line is written here, then ended by end_line() */
	const struct view_input *in;
	const struct snapshot *s;
	const struct chains *c;
	text_chain_fn fn;	/* NULL: out is what the caller wants */
	void *ctx;
	char **line;		/* with fn: what out has written */
};

static void end_line(const struct walk *w, uint32_t task, uint32_t depth)
{
	if (!w->fn) {
		fputc('\n', w->out);
		return;
	}
	fputc('\0', w->out);	/* a longer line may have been there before */
	if (!fflush(w->out) && *w->line)
		w->fn(w->ctx, task, depth, *w->line);
	rewind(w->out);		/* the next line begins where this one did */
}

static enum certainty edge_certainty(const struct walk *w, uint32_t task)
{
	uint32_t edge = w->c->edge[task];

	return edge == SNAP_NONE ? SURE_CERTAIN : w->s->edges[edge].certainty;
}

/* holder: "" where the tree says who. */
static void put_holder(const struct walk *w, uint32_t task, const char *holder)
{
	static const char *const held[] = {
		[SURE_POSSIBLE] = "possibly held by", [SURE_LIKELY] = "likely held by",
		[SURE_CERTAIN] = "held by",
	};
	enum certainty sure = edge_certainty(w, task);

	if (*holder || sure != SURE_CERTAIN)
		fprintf(w->out, ", %s %s", held[sure], *holder ? holder : "it");
}

static void put_wait(const struct walk *w, uint32_t task, const char *holder)
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
			   text__lock_name(name, sizeof(name), l->name, l->name_guess,
					   l->object),
			   t->wait_mode, &w->in->style));
	if (edge != SNAP_NONE && w->s->edges[edge].rule == EDGE_QUEUE)
		fprintf(w->out, ", queued behind %s", *holder ? holder : "it");
	else
		put_holder(w, task, holder);
}

static void put_root(const struct walk *w, uint32_t task)
{
	const struct snap_task *t = &w->s->tasks[task];
	char who[TEXT_LEN], state[64], at[TEXT_LEN];

	fprintf(w->out, "%s%s%s", text__color(&w->in->style, TEXT_BOLD),
		text__task(who, sizeof(who), &t->who, &w->in->style), text__plain(&w->in->style));
	if (w->c->in_cycle[task]) {
		fprintf(w->out, " %s in a cycle:",
			edge_certainty(w, task) == SURE_POSSIBLE ? "may be" : "is");
		put_wait(w, task, text__task(who, sizeof(who), &w->s->tasks[w->c->parent[task]].who,
					     &w->in->style));
		end_line(w, task, 0);
		return;
	}
	if (t->wait_lock != SNAP_NONE) {
		put_wait(w, task, "");
		fprintf(w->out, ", holder not known");
		end_line(w, task, 0);
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
	fprintf(w->out, "%s%s", *at ? " at " : "", at);
	end_line(w, task, 0);
}

static void put_child(const struct walk *w, uint32_t task, uint32_t depth)
{
	char who[TEXT_LEN];

	fprintf(w->out, "%*s%s %s", (int)depth * 2, "", w->in->style.utf8 ? "└" : "`-",
		text__task(who, sizeof(who), &w->s->tasks[task].who, &w->in->style));
	put_wait(w, task, "");
	end_line(w, task, depth);
}

static uint32_t nr_siblings(const struct chains *c, uint32_t task)
{
	uint32_t nr = 0;

	for (; task != SNAP_NONE; task = c->next_sibling[task])
		nr++;
	return nr;
}

/* The children of a task that are not shown, from next on. */
static void put_more(const struct walk *w, uint32_t task, uint32_t depth, uint32_t next)
{
	if (depth < MAX_DEPTH)
		fprintf(w->out, "%*s(%u more)", (int)depth * 2 + 4, "", nr_siblings(w->c, next));
	else
		fprintf(w->out, "%*s(the chain goes on)", (int)depth * 2 + 4, "");
	end_line(w, task, depth + 1);
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
		if (next != SNAP_NONE)
			put_more(w, path[depth], depth, next);
		if (!depth)
			break;
		next = w->c->next_sibling[path[depth--]];
	}
	if (shown < w->c->below[root]) {
		fprintf(w->out, "  %u of the %u tasks below are shown", shown, w->c->below[root]);
		end_line(w, root, 1);
	}
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

static bool is_tree(const struct chains *c, const struct snapshot *s, uint32_t t)
{
	return c->root[t] == t &&
	       (c->first_child[t] != SNAP_NONE || s->tasks[t].wait_lock != SNAP_NONE);
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
		if (is_tree(&c, s, t) && pass[t])
			put_tree(&w, t);
	err = pass ? 0 : -ENOMEM;
	free(pass);
	chains__free(&c);
	return err;
}

/* Cycles, then by how many are below; else as the snapshot has them. */
static int heavier(const void *a, const void *b, void *ctx)
{
	const struct chains *c = ctx;
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	if (c->in_cycle[x] != c->in_cycle[y])
		return c->in_cycle[y] - c->in_cycle[x];
	if (c->below[x] != c->below[y])
		return c->below[x] < c->below[y] ? 1 : -1;
	return (x > y) - (x < y);
}

static int put_heaviest(struct walk *w)
{
	uint32_t *roots = calloc(w->s->nr_tasks + 1, sizeof(*roots));
	bool *pass = passing_roots(w);
	size_t nr = 0;

	for (uint32_t t = 0; roots && pass && t < w->s->nr_tasks; t++)
		if (is_tree(w->c, w->s, t) && pass[t])
			roots[nr++] = t;
	if (nr)
		qsort_r(roots, nr, sizeof(*roots), heavier, (void *)w->c);
	for (size_t i = 0; i < nr; i++)
		put_tree(w, roots[i]);
	free(roots);
	free(pass);
	return roots && pass ? 0 : -ENOMEM;
}

int text_chains__each(const struct view_input *in, text_chain_fn fn, void *ctx)
{
	char *line = NULL;
	size_t size;
	struct chains c;
	struct walk w = { .in = in, .s = in->snap, .c = &c, .fn = fn, .ctx = ctx, .line = &line };
	int err = chains__make(&c, in->snap);

	if (err)
		return err;
	w.out = open_memstream(&line, &size);
	err = w.out ? put_heaviest(&w) : -ENOMEM;
	if (w.out)
		fclose(w.out);
	free(line);
	chains__free(&c);
	return err;
}
