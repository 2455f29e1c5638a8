// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* `snapshot` for people: what is wrong first, then the tables behind it. */
#include <string.h>
#include "lib/fmt.h"
#include "view/text_chains.h"
#include "view/text_parts.h"
#include "view/text_table.h"

#define MAX_NAMES 4	/* of owners or waiters in a cell */

static void put_title(FILE *out, const struct view_input *in, const char *title)
{
	fprintf(out, "\n%s%s%s\n", text__color(&in->style, TEXT_BOLD), title,
		text__plain(&in->style));
}

struct counts {
	uint32_t waiting, blocked, deadlocks, findings;
};

/* Blocked: asleep uninterruptibly, and not for a lock that is known. */
static bool is_blocked(const struct snap_task *t)
{
	return t->wait_lock == SNAP_NONE && t->state == 'D';
}

static struct counts count(const struct view_input *in)
{
	const struct snapshot *s = in->snap;
	struct counts n = { 0 };

	for (uint32_t i = 0; i < s->nr_tasks; i++) {
		if (!view_filter__snap_task(in->filter, s, i))
			continue;
		n.waiting += s->tasks[i].wait_lock != SNAP_NONE;
		n.blocked += is_blocked(&s->tasks[i]);
	}
	for (size_t i = 0; i < in->nr_findings; i++) {
		if (!in->findings[i]->open || !view_filter__finding(in->filter, in->findings[i]))
			continue;
		n.findings++;
		n.deadlocks += in->findings[i]->kind == FIND_DEADLOCK;
	}
	return n;
}

static void put_headline(FILE *out, const struct view_input *in, const struct counts *n)
{
	const char *which = view_filter__is_empty(in->filter) ? "" : " of those shown";

	if (n->deadlocks)
		fprintf(out, "%s%u deadlock%s%s\n", text__color(&in->style, TEXT_RED), n->deadlocks,
			n->deadlocks == 1 ? "" : "s", text__plain(&in->style));
	if (!n->waiting && !n->blocked)
		fprintf(out, "nothing is blocked: no task%s waits for a lock or sleeps "
			"uninterruptibly\n", which);
	else
		fprintf(out, "tasks%s that wait for a lock: %u; that sleep uninterruptibly for "
			"something else: %u\n", which, n->waiting, n->blocked);
}

/* Deadlocks in full, then the rest; who waits stands in the tables below. */
static void put_findings(FILE *out, const struct view_input *in)
{
	for (int pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < in->nr_findings; i++) {
			const struct finding *f = in->findings[i];

			if (!f->open || (f->kind == FIND_DEADLOCK) != !pass ||
			    !view_filter__finding(in->filter, f))
				continue;
			fputc('\n', out);
			if (pass)
				text_finding__brief(out, in, f);
			else
				view_text__finding(out, in, f);
		}
}

/* Up to MAX_NAMES holders as "a/1, b/2 and 3 more"; says when none or not all are
 * known. */
static const char *holder_names(char *buf, size_t size, const struct view_input *in,
				const struct snap_lock *l)
{
	const struct snapshot *s = in->snap;
	char who[TEXT_LEN];
	size_t len = 0;

	buf[0] = '\0';
	for (uint32_t i = 0; i < l->nr_holders && i < MAX_NAMES && len < size; i++) {
		const struct snap_hold *h = &s->holds[s->holders[l->first_holder + i]];

		text__task(who, sizeof(who), &s->tasks[h->task].who, &in->style);
		len += (size_t)snprintf(buf + len, size - len, "%s%s%s", i ? ", " : "", who,
					h->certainty == SURE_CERTAIN ? "" : "?");
	}
	if (l->nr_holders > MAX_NAMES && len < size)
		len += (size_t)snprintf(buf + len, size - len, " and %u more",
					l->nr_holders - MAX_NAMES);
	if (!l->nr_holders)
		snprintf(buf, size, "%s", l->complete ? "nobody" : "not known");
	else if (!l->complete && len < size)
		snprintf(buf + len, size - len, " and maybe more");
	return buf;
}

static void add_task(struct text_table *table, const struct view_input *in,
		     const struct snap_task *t)
{
	char text[TEXT_LEN * 2], name[TEXT_LEN];
	const char state[2] = { t->state > ' ' && t->state <= '~' ? t->state : '?', '\0' };
	const struct snap_lock *l = NULL;
	bool waits = t->wait_lock != SNAP_NONE;

	text_table__add(table, text__task(text, sizeof(text), &t->who, &in->style));
	text_table__add(table, state);
	if (waits) {
		l = &in->snap->locks[t->wait_lock];
		fmt__age(name, sizeof(name), in->snap->t_ns, t->since_ns);
		snprintf(text, sizeof(text), "%s%s", t->since_at_least ? "> " : "", name);
		text_table__add(table, text);
		snprintf(text, sizeof(text), "%s%s%s %s",
			 t->wait_mode == MODE_EXCLUSIVE ? "" : mode__name(t->wait_mode),
			 t->wait_mode == MODE_EXCLUSIVE ? "" : " ", kind__name(l->lock.kind),
			 text__lock_short(name, sizeof(name), &l->lock, l->name, &in->style));
		text_table__add(table, text);
		text_table__add(table, holder_names(text, sizeof(text), in, l));
	} else {
		text_table__add(table, "");
		text_table__add(table, "(no lock)");
		text_table__add(table, "");
	}
	text_table__add(table, text__caller(text, sizeof(text), in, waits && t->wait_stack ?
					    t->wait_stack : t->stack));
}

static int put_tasks(FILE *out, const struct view_input *in)
{
	static const char *const titles[] = { "task", "S", "since", "waits for", "held by",
					      "where" };
	const struct snapshot *s = in->snap;
	struct text_table table;

	put_title(out, in, "BLOCKED TASKS");
	text_table__init(&table, sizeof(titles) / sizeof(titles[0]));
	for (size_t i = 0; i < table.nr_columns; i++)
		text_table__add(&table, titles[i]);
	for (uint32_t i = 0; i < s->nr_tasks; i++) {
		const struct snap_task *t = &s->tasks[i];

		if ((t->wait_lock != SNAP_NONE || is_blocked(t)) &&
		    view_filter__snap_task(in->filter, s, i))
			add_task(&table, in, t);
	}
	return text_table__put(&table, out);
}

static const char *waiter_names(char *buf, size_t size, const struct view_input *in,
				const struct snap_lock *l)
{
	const struct snapshot *s = in->snap;
	char who[TEXT_LEN];
	size_t len = 0;

	buf[0] = '\0';
	for (uint32_t i = 0; i < l->nr_waiters && i < MAX_NAMES && len < size; i++)
		len += (size_t)snprintf(buf + len, size - len, "%s%s", i ? ", " : "",
					text__task(who, sizeof(who),
						   &s->tasks[s->waiters[l->first_waiter + i]].who,
						   &in->style));
	if (l->nr_waiters > MAX_NAMES && len < size)
		snprintf(buf + len, size - len, " and %u more", l->nr_waiters - MAX_NAMES);
	return buf;
}

static int put_locks(FILE *out, const struct view_input *in)
{
	const struct snapshot *s = in->snap;
	char text[TEXT_LEN * 4];
	struct text_table table;

	put_title(out, in, "LOCKS");
	text_table__init(&table, 3);
	text_table__add(&table, "lock");
	text_table__add(&table, "held by");
	text_table__add(&table, "waited for by, longest first");
	for (uint32_t i = 0; i < s->nr_locks; i++) {
		const struct snap_lock *l = &s->locks[i];

		if ((!l->nr_waiters && !l->nr_holders) ||
		    !view_filter__snap_lock(in->filter, s, i))
			continue;
		text_table__add(&table, text__lock(text, sizeof(text), &l->lock, l->name,
						   MODE_EXCLUSIVE, &in->style));
		text_table__add(&table, holder_names(text, sizeof(text), in, l));
		text_table__add(&table, waiter_names(text, sizeof(text), in, l));
	}
	return text_table__put(&table, out);
}

int view_text__snapshot(FILE *out, const struct view_input *in)
{
	struct counts n;
	int err = 0;

	text__origin(out, in);
	if (!in->snap) {
		fprintf(out, "no look at the machine was recorded\n");
		text__losses(out, in);
		return text__result(out);
	}
	n = count(in);
	put_headline(out, in, &n);
	put_findings(out, in);
	if (n.waiting) {
		put_title(out, in, "CHAINS, who blocks on top");
		err = text_chains__put(out, in);
	}
	if (!err && (n.waiting || n.blocked))
		err = put_tasks(out, in);
	if (!err && n.waiting)
		err = put_locks(out, in);
	fputc('\n', out);
	text__losses(out, in);
	return err ? err : text__result(out);
}
