// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* The wait-for graph for graphviz: tasks are boxes, locks ellipses. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "lib/fmt.h"
#include "view/text_parts.h"

/* Inside a quoted DOT string " and \ are special, and what is safe for a terminal
 * is safe there too.  HTML-like labels are not used. */
static void put_quoted(FILE *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			fputc('\\', out);
		fputc(*text, out);
	}
}

/* One flag a task: in an open deadlock.  Members are marked by look-up, so that a
 * large deadlock in a large snapshot takes no time squared. */
static void mark_dead(const struct view_input *in, bool *dead)
{
	for (size_t i = 0; i < in->nr_findings; i++) {
		const struct finding *f = in->findings[i];

		if (f->kind != FIND_DEADLOCK || !f->open)
			continue;
		for (uint32_t m = 0; m < f->nr_members; m++) {
			const struct snap_task like = { .who = f->members[m].who,
							.cpu = f->members[m].cpu };
			uint32_t t = snapshot__find_same(in->snap, &like);

			if (t != SNAP_NONE)
				dead[t] = true;
		}
	}
}

/* Which tasks are shown: those that pass, and what they are linked to. */
static void mark_shown(const struct view_input *in, bool *task_shown, bool *lock_shown)
{
	const struct snapshot *s = in->snap;

	for (uint32_t i = 0; i < s->nr_locks; i++)
		lock_shown[i] = view_filter__snap_lock(in->filter, s, i);
	for (uint32_t i = 0; i < s->nr_tasks; i++)
		task_shown[i] = view_filter__snap_task(in->filter, s, i) &&
				(s->tasks[i].wait_lock != SNAP_NONE || s->tasks[i].nr_holds ||
				 s->tasks[i].state == 'D');
	for (uint32_t i = 0; i < s->nr_tasks; i++) {
		const struct snap_task *t = &s->tasks[i];

		if (t->wait_lock != SNAP_NONE && task_shown[i])
			lock_shown[t->wait_lock] = true;
	}
	for (uint32_t i = 0; i < s->nr_holds; i++) {
		if (lock_shown[s->holds[i].lock])
			task_shown[s->holds[i].task] = true;
		if (task_shown[s->holds[i].task])
			lock_shown[s->holds[i].lock] = true;
	}
}

static void put_task(FILE *out, const struct view_input *in, uint32_t i, bool dead)
{
	const struct snap_task *t = &in->snap->tasks[i];
	char who[TEXT_LEN], at[TEXT_LEN];

	fprintf(out, "\tt%" PRIu32 " [shape=box, label=\"", i);
	put_quoted(out, text__task(who, sizeof(who), &t->who, &in->style));
	fprintf(out, "\\n%c", t->state > ' ' && t->state <= '~' && t->state != '"' &&
		t->state != '\\' ? t->state : '?');
	text__caller(at, sizeof(at), in, t->wait_lock != SNAP_NONE && t->wait_stack ?
		     t->wait_stack : t->stack);
	if (*at) {
		fputc(' ', out);
		put_quoted(out, at);
	}
	fprintf(out, "\"%s];\n", dead ? ", color=red, fontcolor=red, penwidth=2" : "");
}

static void put_lock(FILE *out, const struct view_input *in, uint32_t i)
{
	const struct snap_lock *l = &in->snap->locks[i];
	char name[TEXT_LEN], whole[TEXT_LEN], id[TEXT_LEN];

	fprintf(out, "\tl%" PRIu32 " [shape=ellipse, label=\"%s\\n", i, kind__name(l->lock.kind));
	if (l->name) {
		put_quoted(out, fmt__safe(name, sizeof(name),
					  text__lock_name(whole, sizeof(whole), l->name,
							  l->name_guess, l->object),
					  in->style.utf8));
		fprintf(out, "\\n");
	}
	put_quoted(out, text__lock_short(id, sizeof(id), &l->lock, NULL, &in->style));
	if (l->nr_unknown)
		fprintf(out, "\\nheld by %s", text__unknown(name, sizeof(name), l));
	fprintf(out, "\"];\n");
}

static void put_wait(FILE *out, const struct snapshot *s, uint32_t i, const bool *dead)
{
	const struct snap_task *t = &s->tasks[i];
	char age[FMT_LEN];

	fprintf(out, "\tt%" PRIu32 " -> l%" PRIu32 " [label=\"%s %s%s\"%s];\n", i, t->wait_lock,
		t->wait_spin ? "spins" : "waits", t->since_at_least ? "at least " : "",
		fmt__age(age, sizeof(age), s->t_ns, t->since_ns), dead[i] ? ", color=red" : "");
}

/* A hold is red when its task is stuck and a stuck task waits for it. */
static bool is_dead_hold(const struct snapshot *s, const struct snap_hold *h, const bool *dead)
{
	const struct snap_lock *l = &s->locks[h->lock];

	for (uint32_t i = 0; dead[h->task] && i < l->nr_waiters; i++)
		if (dead[s->waiters[l->first_waiter + i]])
			return true;
	return false;
}

/* "held 1.234 s by", and below it where it was taken and where its holder is. */
static void put_hold(FILE *out, const struct view_input *in, uint32_t i, const bool *dead)
{
	const struct snapshot *s = in->snap;
	const struct snap_hold *h = &s->holds[i];
	char age[FMT_LEN], site[TEXT_LEN];
	bool timed = h->since_ns != LK_NO_TIME;

	fprintf(out, "\tl%" PRIu32 " -> t%" PRIu32 " [label=\"%s%s%s by", h->lock, h->task,
		h->mode == MODE_READ ? "read" : "held", timed ? " " : "",
		timed ? fmt__age(age, sizeof(age), s->t_ns, h->since_ns) : "");
	if (h->site.addr) {
		fprintf(out, "\\nat ");
		put_quoted(out, text__frame(site, sizeof(site), &h->site, &in->style));
	}
	if (h->spin && h->cpu >= 0)
		fprintf(out, "\\nCPU %" PRId32 ", %s", h->cpu, context__name(h->context));
	fprintf(out, "%s\"%s%s];\n", h->exited ? "\\nexited" : "",
		h->certainty == SURE_CERTAIN ? "" : ", style=dashed",
		is_dead_hold(s, h, dead) ? ", color=red" : "");
}

static void put_graph(FILE *out, const struct view_input *in, const bool *task_shown,
		      const bool *lock_shown, const bool *dead)
{
	const struct snapshot *s = in->snap;

	for (uint32_t i = 0; i < s->nr_tasks; i++)
		if (task_shown[i])
			put_task(out, in, i, dead[i]);
	for (uint32_t i = 0; i < s->nr_locks; i++)
		if (lock_shown[i])
			put_lock(out, in, i);
	for (uint32_t i = 0; i < s->nr_tasks; i++)
		if (task_shown[i] && s->tasks[i].wait_lock != SNAP_NONE &&
		    lock_shown[s->tasks[i].wait_lock])
			put_wait(out, s, i, dead);
	for (uint32_t i = 0; i < s->nr_holds; i++)
		if (task_shown[s->holds[i].task] && lock_shown[s->holds[i].lock])
			put_hold(out, in, i, dead);
	for (uint32_t i = 0; i < s->nr_edges; i++)
		if (s->edges[i].rule == EDGE_QUEUE && task_shown[s->edges[i].waiter] &&
		    task_shown[s->edges[i].blocker])
			fprintf(out, "\tt%" PRIu32 " -> t%" PRIu32
				" [label=\"queued behind\", style=dotted];\n",
				s->edges[i].waiter, s->edges[i].blocker);
}

int view_dot__snapshot(FILE *out, const struct view_input *in)
{
	const struct snapshot *s = in->snap;
	size_t nr_tasks = s ? s->nr_tasks : 0, nr_locks = s ? s->nr_locks : 0;
	bool *flags = calloc(2 * nr_tasks + nr_locks + 1, sizeof(*flags));
	bool *dead = flags, *task_shown = flags + nr_tasks, *lock_shown = task_shown + nr_tasks;

	if (!flags)
		return -ENOMEM;
	fprintf(out, "digraph lockscope {\n\trankdir=LR;\n\tnode [fontname=\"sans-serif\"];\n");
	if (s) {
		mark_dead(in, dead);
		mark_shown(in, task_shown, lock_shown);
		put_graph(out, in, task_shown, lock_shown, dead);
	}
	fprintf(out, "}\n");
	free(flags);
	return text__result(out);
}
