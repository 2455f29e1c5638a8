// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* One finding for a person who was woken by it. */
#include <string.h>
#include "lib/fmt.h"
#include "view/finding_group.h"
#include "view/text_parts.h"

#define MAX_BEHIND 8

static const char *news(const struct finding *f)
{
	if (!f->open)
		return " is over";
	if (f->rev == 1)
		return "";
	return f->nr_times ? ", again" : ", changed";
}

static void put_group_headline(FILE *out, const struct view_input *in,
			       const struct finding_group *g)
{
	const struct finding *f = g->first;
	char kind[32], text[1024], summary[1024], more[32] = "";
	enum text_color color = f->kind == FIND_DEADLOCK ? TEXT_RED : TEXT_YELLOW;

	snprintf(kind, sizeof(kind), "%s", finding_kind__name(f->kind));
	for (char *c = kind; *c; c++)
		*c = *c == '_' ? ' ' : *c;
	if (g->nr > 1)
		snprintf(more, sizeof(more), " and %u more", g->nr - 1);
	fprintf(out, "%s%s #%llu%s%s (%s): %s%s\n",
		text__color(&in->style, f->open ? color : TEXT_GREEN), kind,
		(unsigned long long)f->id, more, g->nr > 1 && !f->open ? " are over" : news(f),
		certainty__name(g->confidence),
		fmt__safe(summary, sizeof(summary), finding_group__summary(text, sizeof(text), g),
			  in->style.utf8),
		text__plain(&in->style));
	if (g->nr > 1 && f->open)
		fprintf(out, "  --by instance shows each; the longest:\n");
}

static void put_headline(FILE *out, const struct view_input *in, const struct finding *f)
{
	put_group_headline(out, in, &(struct finding_group){ .first = f, .worst = f, .nr = 1,
							      .confidence = f->confidence });
}

/* Who holds what t waits for, as far as the finding says. */
static void put_holders(FILE *out, const struct view_input *in, const struct finding *f,
			const struct find_task *t)
{
	const struct find_task *lists[] = { f->members, f->cycle, f->tasks,
					    f->has_root ? &f->root : NULL };
	const uint32_t sizes[] = { f->nr_members, f->nr_cycle, f->nr_tasks, f->has_root };
	char who[TEXT_LEN];

	for (size_t l = 0; l < sizeof(lists) / sizeof(lists[0]); l++) {
		bool any = false;

		for (uint32_t i = 0; i < sizes[l]; i++) {
			if (!t->waits_for.key || lists[l][i].holds.key != t->waits_for.key)
				continue;
			fprintf(out, "%s%s", any ? ", " : ", held by ",
				text__task(who, sizeof(who), &lists[l][i].who, &in->style));
			any = true;
		}
		if (any)
			return;
	}
}

static const char *wait_verb(bool spin, bool over)
{
	if (over)
		return spin ? "spun" : "waited";
	return spin ? "spins" : "waits";
}

static void put_wait(FILE *out, const struct view_input *in, const struct finding *f,
		     const struct find_task *t)
{
	char lock[TEXT_LEN * 2], name[TEXT_LEN], age[FMT_LEN];

	if (!t->waits_for.key)
		return;
	fprintf(out, "    %s %s%s for %s", wait_verb(t->spin, f->over),
		t->since_at_least ? "at least " : "",
		fmt__age(age, sizeof(age), f->t_ns, t->since_ns),
		text__lock(lock, sizeof(lock), &t->waits_for,
			   text__lock_name(name, sizeof(name), t->waits_name, t->waits_name_guess,
					   t->waits_object), t->waits_mode, &in->style));
	put_holders(out, in, f, t);
	fputc('\n', out);
	text__stack(out, in, t->wait_stack, "        ");
}

/* "holds", or "held" when that is over; a lock that slept with its task still is. */
static const char *hold_verb(const struct finding *f)
{
	if (f->kind == FIND_LEAK)
		return "left behind";
	return f->over && f->kind == FIND_LONG_HOLD ? "held" : "holds";
}

static void put_hold(FILE *out, const struct view_input *in, const struct finding *f,
		     const struct find_task *t)
{
	char lock[TEXT_LEN * 2], name[TEXT_LEN], site[TEXT_LEN], age[FMT_LEN];

	if (!t->holds.key)
		return;
	fprintf(out, "    %s %s", hold_verb(f),
		text__lock(lock, sizeof(lock), &t->holds,
			   text__lock_name(name, sizeof(name), t->holds_name, t->holds_name_guess,
					   t->holds_object), t->holds_mode, &in->style));
	if (t->holds_since_ns != LK_NO_TIME)
		fprintf(out, " for %s", fmt__age(age, sizeof(age), f->t_ns, t->holds_since_ns));
	if (t->holds_cpu >= 0)
		fprintf(out, " on CPU %d%s%s", t->holds_cpu,
			t->holds_context == CONTEXT_TASK ? "" : " in ",
			t->holds_context == CONTEXT_TASK ? "" : context__name(t->holds_context));
	if (t->holds_site.addr)
		fprintf(out, ", taken at %s",
			text__frame(site, sizeof(site), &t->holds_site, &in->style));
	fputc('\n', out);
}

static const char *stack_intro(const struct finding *f)
{
	if (!f->over || !finding_kind__is_of_hold(f->kind))
		return "is now at";
	return f->kind == FIND_SLEEP_IN_ATOMIC ? "went to sleep at" : "ended at";
}

static void put_task(FILE *out, const struct view_input *in, const struct finding *f,
		     const struct find_task *t)
{
	char who[TEXT_LEN], state[64], name[64];

	fprintf(out, "  %s%s%s (pid %u)%s", text__color(&in->style, TEXT_BOLD),
		text__task(who, sizeof(who), &t->who, &in->style), text__plain(&in->style),
		t->who.pid, text__state(state, sizeof(state), t->state, t->cpu, t->context));
	if (t->syscall >= 0 && t->syscall_name && *t->syscall_name)
		fprintf(out, " in %s()",
			fmt__safe(name, sizeof(name), t->syscall_name, in->style.utf8));
	else if (t->syscall >= 0)
		fprintf(out, " in system call %d", t->syscall);
	fputc('\n', out);
	put_wait(out, in, f, t);
	put_hold(out, in, f, t);
	/* Where it is now, when the wait's stack did not show that already. */
	if (t->stack && (!t->waits_for.key || !t->wait_stack)) {
		fprintf(out, "    %s\n", stack_intro(f));
		text__stack(out, in, t->stack, "        ");
	}
	text__user_stack(out, in, t->user_stack, "    ");
}

static bool in_cycle(const struct finding *f, uint32_t tid)
{
	for (uint32_t i = 0; i < f->nr_cycle; i++)
		if (f->cycle[i].who.tid == tid)
			return true;
	return false;
}

static void put_names(FILE *out, const struct view_input *in, const struct find_task *tasks,
		      uint32_t nr, const char *intro)
{
	char who[TEXT_LEN];

	if (!nr)
		return;
	fprintf(out, "  %s: ", intro);
	for (uint32_t i = 0; i < nr && i < MAX_BEHIND; i++)
		fprintf(out, "%s%s", i ? ", " : "",
			text__task(who, sizeof(who), &tasks[i].who, &in->style));
	if (nr > MAX_BEHIND)
		fprintf(out, " and %u more", nr - MAX_BEHIND);
	fputc('\n', out);
}

/* What ends it: any one wait of the stuck set that can be broken. */
static void put_way_out(FILE *out, const struct view_input *in, const struct finding *f)
{
	static const char *const ways[NR_BREAKABLE] = {
		[BREAK_KILL] = "killing", [BREAK_SIGNAL] = "a signal to",
		[BREAK_TIMEOUT] = "the timeout of",
	};
	char who[TEXT_LEN];
	bool any = false;

	for (uint32_t i = 0; i < f->nr_members; i++) {
		const struct find_task *t = &f->members[i];

		for (uint32_t e = 0; e < f->nr_edges; e++) {
			if (f->edges[e].waiter_tid != t->who.tid ||
			    f->edges[e].breakable_by == BREAK_NONE)
				continue;
			fprintf(out, "%s%s %s", any ? ", " : "  can be broken by: ",
				ways[f->edges[e].breakable_by],
				text__task(who, sizeof(who), &t->who, &in->style));
			any = true;
			break;
		}
	}
	fputs(any ? "\n" : "  can be broken by: nothing; no wait in it has a timeout or "
			   "heeds a signal\n", out);
}

static void put_deadlock(FILE *out, const struct view_input *in, const struct finding *f)
{
	for (uint32_t i = 0; i < f->nr_cycle; i++)
		put_task(out, in, f, &f->cycle[i]);
	for (uint32_t i = 0; i < f->nr_members; i++)
		if (!in_cycle(f, f->members[i].who.tid))
			put_task(out, in, f, &f->members[i]);
	put_names(out, in, f->behind, f->nr_behind, "stuck behind it");
	put_way_out(out, in, f);
}

static const char *root_intro(const struct finding *f)
{
	if (f->root_in_cycle)
		return "the chain ends in a cycle, which it enters at";
	switch (f->root_confidence) {
	case SURE_LIKELY:
		return "likely at the root";
	case SURE_POSSIBLE:
		return "possibly at the root";
	default:
		return "at the root";
	}
}

static void put_root(FILE *out, const struct view_input *in, const struct finding *f)
{
	if (!f->has_root)
		return;
	fprintf(out, "  %s:\n", root_intro(f));
	put_task(out, in, f, &f->root);
}

/* The tasks from first on, as many as a person wants to see. */
static void put_waiters(FILE *out, const struct view_input *in, const struct finding *f,
			uint32_t first)
{
	uint32_t nr = f->nr_tasks - first;

	if (nr && (first || f->has_root))
		fprintf(out, "  waiting:\n");
	for (uint32_t i = 0; i < nr && (i < MAX_BEHIND || in->style.verbose); i++)
		put_task(out, in, f, &f->tasks[first + i]);
	if (nr > MAX_BEHIND && !in->style.verbose)
		fprintf(out, "  (%u more tasks; -v shows all)\n", nr - MAX_BEHIND);
}

static void put_other(FILE *out, const struct view_input *in, const struct finding *f)
{
	bool of_hold = finding_kind__is_of_hold(f->kind) && f->nr_tasks;
	char threshold[FMT_LEN];

	if (of_hold)
		put_task(out, in, f, &f->tasks[0]);
	if (of_hold && f->has_root && f->root.who.tid == f->tasks[0].who.tid)
		fprintf(out, "    waits in a cycle\n");
	else
		put_root(out, in, f);
	put_waiters(out, in, f, of_hold);
	if (f->nr_blocked)
		fprintf(out, "  blocks %u tasks, directly or through others\n", f->nr_blocked);
	if (f->nr_times > 1)
		fprintf(out, "  has happened %u times\n", f->nr_times);
	if (f->threshold_ns)
		fprintf(out, "  threshold: %s\n",
			fmt__ns(threshold, sizeof(threshold), f->threshold_ns));
}

/* Who is to blame: the holder, or the root; NULL when nobody is known. */
static const struct find_task *culprit(const struct finding *f)
{
	if (finding_kind__is_of_hold(f->kind))
		return f->nr_tasks ? &f->tasks[0] : NULL;
	return f->has_root ? &f->root : NULL;
}

/* Whether this task was shown already, in a deadlock or by an earlier finding. */
static bool is_told(const struct view_input *in, const struct finding *f,
		    const struct find_task *who)
{
	bool before = true;

	for (size_t i = 0; i < in->nr_findings; i++) {
		const struct finding *other = in->findings[i];

		if (other == f)
			before = false;
		else if (!other->open)
			continue;
		else if (other->kind == FIND_DEADLOCK && in_cycle(other, who->who.tid))
			return true;
		else if (before && culprit(other) && culprit(other)->who.tid == who->who.tid)
			return true;
	}
	return false;
}

void text_finding__brief(FILE *out, const struct view_input *in, const struct finding_group *g)
{
	const struct finding *f = g->worst;
	const struct find_task *who = culprit(f);

	if (g->nr > 1)
		put_group_headline(out, in, g);
	if (in->style.verbose) {
		view_text__finding(out, in, f);
		return;
	}
	put_headline(out, in, f);
	if (!who && f->nr_tasks)
		put_task(out, in, f, &f->tasks[0]);
	else if (!who || is_told(in, f, who))
		return;
	else if (who == &f->root)
		put_root(out, in, f);
	else
		put_task(out, in, f, who);
}

int view_text__finding(FILE *out, const struct view_input *in, const struct finding *f)
{
	char evidence[512];

	put_headline(out, in, f);
	if (!f->open)
		return text__result(out); /* the rest was told, and is true no more */
	if (f->kind == FIND_DEADLOCK)
		put_deadlock(out, in, f);
	else
		put_other(out, in, f);
	for (uint32_t i = 0; i < f->nr_evidence; i++)
		fprintf(out, "  %s %s\n", i ? "         " : "evidence:",
			fmt__safe(evidence, sizeof(evidence), f->evidence[i], in->style.utf8));
	return text__result(out);
}

int view_text__finding_group(FILE *out, const struct view_input *in,
			     const struct finding_group *g)
{
	if (g->nr > 1)
		put_group_headline(out, in, g);
	if (g->nr > 1 && !g->worst->open)
		return text__result(out);
	return view_text__finding(out, in, g->worst);
}
