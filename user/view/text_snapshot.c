// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* `snapshot` for people: what is wrong first, then the tables behind it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "lib/fmt.h"
#include "view/finding_group.h"
#include "view/lock_group.h"
#include "view/text_chains.h"
#include "view/text_parts.h"
#include "view/text_table.h"

#define MAX_NAMES 4	/* of owners or waiters in a cell */
#define SHORTEST_PATH 24 /* columns, however narrow the terminal is */

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
static int put_findings(FILE *out, const struct view_input *in)
{
	const struct finding **rest = calloc(in->nr_findings + 1, sizeof(*rest));
	struct finding_groups groups = { 0 };
	size_t nr = 0;
	int err = rest ? 0 : -ENOMEM;

	for (size_t i = 0; i < in->nr_findings && !err; i++) {
		const struct finding *f = in->findings[i];

		if (!f->open || !view_filter__finding(in->filter, f))
			continue;
		if (f->kind != FIND_DEADLOCK) {
			rest[nr++] = f;
			continue;
		}
		fputc('\n', out);
		err = view_text__finding(out, in, f);
	}
	if (!err)
		err = finding_groups__make(&groups, rest, nr, in->single ? GROUP_NONE : GROUP_NAMES);
	for (size_t i = 0; i < groups.nr; i++) {
		fputc('\n', out);
		text_finding__brief(out, in, &groups.list[i]);
	}
	finding_groups__free(&groups);
	free(rest);
	return err;
}

/* "CPU 3, softirq", "exited"; "" when there is nothing to say. */
static const char *hold_notes(char *buf, size_t size, const struct snap_hold *h)
{
	int len = 0;

	buf[0] = '\0';
	if (h->spin && h->cpu >= 0)
		len = snprintf(buf, size, "CPU %d%s%s", h->cpu,
			       h->context == CONTEXT_TASK ? "" : ", ",
			       h->context == CONTEXT_TASK ? "" : context__name(h->context));
	if (h->exited)
		snprintf(buf + len, size - (size_t)len, "%sexited", len ? ", " : "");
	return buf;
}

/* Up to MAX_NAMES holders as "a/1, b/2 and 3 more"; says when none or not all are
 * known. */
static const char *holder_names(char *buf, size_t size, const struct view_input *in,
				const struct snap_lock *l)
{
	const struct snapshot *s = in->snap;
	char who[TEXT_LEN], notes[64];
	size_t len = 0;

	buf[0] = '\0';
	for (uint32_t i = 0; i < l->nr_holders && i < MAX_NAMES && len < size; i++) {
		const struct snap_hold *h = &s->holds[s->holders[l->first_holder + i]];

		text__task(who, sizeof(who), &s->tasks[h->task].who, &in->style);
		hold_notes(notes, sizeof(notes), h);
		len += (size_t)snprintf(buf + len, size - len, "%s%s%s%s%s%s", i ? ", " : "", who,
					h->certainty == SURE_CERTAIN ? "" : "?",
					*notes ? " (" : "", notes, *notes ? ")" : "");
	}
	if (l->nr_holders > MAX_NAMES && len < size)
		len += (size_t)snprintf(buf + len, size - len, " and %u more",
					l->nr_holders - MAX_NAMES);
	if (len >= size)
		return buf;
	if (l->nr_unknown)
		snprintf(buf + len, size - len, "%s%s", l->nr_holders ? " and " : "",
			 text__unknown(who, sizeof(who), l));
	else if (!l->nr_holders)
		snprintf(buf, size, "%s", l->complete ? "nobody" : "not known");
	else if (!l->complete)
		snprintf(buf + len, size - len, " and maybe more");
	return buf;
}

/* As tables have it: a path may be shortened, a guess says so. */
static const char *lock_name(char *buf, size_t size, const struct snap_lock *l, size_t path_width)
{
	char path[TEXT_LEN * 2];

	if (!l->name)
		return NULL;
	snprintf(buf, size, "%s%s%s%s", text__path(path, sizeof(path), l->name, path_width),
		 l->name_guess ? "?" : "", l->object ? " of " : "", l->object ? l->object : "");
	return buf;
}

/* "read rwsem my_sem" */
static const char *lock_in_mode(char *buf, size_t size, const struct view_input *in,
				const struct snap_lock *l, enum lock_mode mode, size_t path_width)
{
	char name[TEXT_LEN], safe[TEXT_LEN];
	const char *side = mode == MODE_EXCLUSIVE ? "" : mode__name(mode);

	snprintf(buf, size, "%s%s%s %s", side, *side ? " " : "", kind__name(l->lock.kind),
		 text__lock_short(safe, sizeof(safe), &l->lock,
				  lock_name(name, sizeof(name), l, path_width), &in->style));
	return buf;
}

static void add_task(struct text_table *table, const struct view_input *in,
		     const struct snap_task *t, size_t path_width)
{
	char text[TEXT_LEN * 2], age[FMT_LEN];
	const char state[2] = { t->state > ' ' && t->state <= '~' ? t->state : '?', '\0' };
	bool waits = t->wait_lock != SNAP_NONE;

	text_table__add(table, text__task(text, sizeof(text), &t->who, &in->style));
	text_table__add(table, state);
	if (waits) {
		const struct snap_lock *l = &in->snap->locks[t->wait_lock];

		fmt__age(age, sizeof(age), in->snap->t_ns, t->since_ns);
		snprintf(text, sizeof(text), "%s%s", t->since_at_least ? "> " : "", age);
		text_table__add(table, text);
		text_table__add(table, lock_in_mode(text, sizeof(text), in, l, t->wait_mode,
						    path_width));
		text_table__add(table, holder_names(text, sizeof(text), in, l));
	} else {
		text_table__add(table, "");
		text_table__add(table, "(no lock)");
		text_table__add(table, "");
	}
	text_table__add(table, text__waits_at(text, sizeof(text), in,
					      waits ? in->snap->locks[t->wait_lock].lock.kind : KIND_UNKNOWN,
					      waits && t->wait_stack ? t->wait_stack : t->stack,
					      t->user_stack));
}

static void fill_tasks(struct text_table *table, const struct view_input *in, size_t path_width)
{
	const struct snapshot *s = in->snap;

	for (uint32_t i = 0; i < s->nr_tasks; i++) {
		const struct snap_task *t = &s->tasks[i];

		if ((t->wait_lock != SNAP_NONE || is_blocked(t)) &&
		    view_filter__snap_task(in->filter, s, i))
			add_task(table, in, t, path_width);
	}
}

/* Up to MAX_NAMES tasks, and how many more. */
static const char *task_names(char *buf, size_t size, const struct view_input *in,
			      const uint32_t *tasks, uint32_t nr)
{
	char who[TEXT_LEN];
	size_t len = 0;

	buf[0] = '\0';
	for (uint32_t i = 0; i < nr && i < MAX_NAMES && len < size; i++)
		len += (size_t)snprintf(buf + len, size - len, "%s%s", i ? ", " : "",
					text__task(who, sizeof(who), &in->snap->tasks[tasks[i]].who,
						   &in->style));
	if (nr > MAX_NAMES && len < size)
		snprintf(buf + len, size - len, " and %u more", nr - MAX_NAMES);
	return buf;
}

static void add_lock(struct text_table *table, const struct view_input *in,
		     const struct snap_lock *l, size_t path_width)
{
	char text[TEXT_LEN * 4], name[TEXT_LEN];

	text_table__add(table, text__lock(text, sizeof(text), &l->lock,
					  lock_name(name, sizeof(name), l, path_width),
					  MODE_EXCLUSIVE, &in->style));
	text_table__add(table, holder_names(text, sizeof(text), in, l));
	text_table__add(table, task_names(text, sizeof(text), in,
					  in->snap->waiters + l->first_waiter, l->nr_waiters));
}

/* Locks of one name: all their holders, and all their waiters. */
static void add_locks(struct text_table *table, const struct view_input *in,
		      const struct lock_group *g)
{
	const struct snap_lock *l = &in->snap->locks[g->first];
	char text[TEXT_LEN * 4], name[TEXT_LEN];
	size_t len;

	snprintf(text, sizeof(text), "%s %s%s (%u locks)", kind__name(l->lock.kind),
		 fmt__safe(name, sizeof(name), l->name, in->style.utf8), l->name_guess ? "?" : "",
		 g->nr_locks);
	text_table__add(table, text);
	task_names(text, sizeof(text), in, g->holders, g->nr_holders);
	len = strlen(text);
	if (!g->complete)
		snprintf(text + len, sizeof(text) - len, "%s", len ? " and maybe more" : "not known");
	else if (!len)
		snprintf(text, sizeof(text), "nobody");
	text_table__add(table, text);
	text_table__add(table, task_names(text, sizeof(text), in, g->waiters, g->nr_waiters));
}

static void fill_locks(struct text_table *table, const struct view_input *in, size_t path_width)
{
	struct lock_groups groups;

	if (lock_groups__make(&groups, in)) {
		table->error = -ENOMEM;
		return;
	}
	for (size_t i = 0; i < groups.nr; i++) {
		const struct lock_group *g = &groups.list[i];

		if (g->nr_locks > 1)
			add_locks(table, in, g);
		else
			add_lock(table, in, &in->snap->locks[g->first], path_width);
	}
	lock_groups__free(&groups);
}

/* More is known of it than that a lock word names its task. */
static bool is_told(const struct view_input *in, const struct snap_hold *h)
{
	return (h->since_ns != LK_NO_TIME || h->site.addr || h->spin || h->exited) &&
	       view_filter__snap_lock(in->filter, in->snap, h->lock) &&
	       view_filter__task(in->filter, &in->snap->tasks[h->task].who);
}

/* The longest first, those of unknown age last. */
static int by_age(const void *a, const void *b)
{
	const struct snap_hold *x = *(const struct snap_hold *const *)a;
	const struct snap_hold *y = *(const struct snap_hold *const *)b;
	bool x_known = x->since_ns != LK_NO_TIME, y_known = y->since_ns != LK_NO_TIME;

	if (x_known != y_known)
		return y_known - x_known;
	if (x->since_ns != y->since_ns)
		return x->since_ns < y->since_ns ? -1 : 1;
	return (x > y) - (x < y);
}

static void add_hold(struct text_table *table, const struct view_input *in,
		     const struct snap_hold *h, size_t path_width)
{
	const struct snap_task *t = &in->snap->tasks[h->task];
	bool sure = h->certainty == SURE_CERTAIN;
	char text[TEXT_LEN * 2], notes[64];

	text_table__add(table, text__task(text, sizeof(text), &t->who, &in->style));
	text_table__add(table, fmt__age(text, sizeof(text), in->snap->t_ns, h->since_ns));
	text_table__add(table, lock_in_mode(text, sizeof(text), in, &in->snap->locks[h->lock],
					    h->mode, path_width));
	text_table__add(table, h->site.addr ?
			text__frame(text, sizeof(text), &h->site, &in->style) : "?");
	hold_notes(notes, sizeof(notes), h);
	snprintf(text, sizeof(text), "%s%s%s%s", sure ? "" : certainty__name(h->certainty),
		 sure || !*notes ? "" : ", ", notes,
		 h->returned ? sure && !*notes ? "left its system call" :
						 ", left its system call" : "");
	text_table__add(table, text);
}

static void fill_holds(struct text_table *table, const struct view_input *in, size_t path_width)
{
	const struct snapshot *s = in->snap;
	const struct snap_hold **told = calloc(s->nr_holds + 1, sizeof(*told));
	size_t nr = 0;

	if (!told) {
		table->error = -ENOMEM;
		return;
	}
	for (uint32_t i = 0; i < s->nr_holds; i++)
		if (is_told(in, &s->holds[i]))
			told[nr++] = &s->holds[i];
	qsort(told, nr, sizeof(*told), by_age);
	for (size_t i = 0; i < nr; i++)
		add_hold(table, in, told[i], path_width);
	free(told);
}

/* The tables of a snapshot. */
static const struct table_kind {
	const char *title;
	size_t nr_columns;
	const char *columns[TEXT_TABLE_COLUMNS];
	void (*fill)(struct text_table *table, const struct view_input *in, size_t path_width);
} tasks_table = {
	"BLOCKED TASKS", 6, { "task", "S", "since", "waits for", "held by", "where" }, fill_tasks,
}, locks_table = {
	"LOCKS", 3, { "lock", "held by", "waited for by, longest first" }, fill_locks,
}, holds_table = {
	"HOLDS, longest first", 5, { "task", "since", "holds", "taken at", "" }, fill_holds,
};

static void fill(struct text_table *table, const struct view_input *in,
		 const struct table_kind *kind, size_t path_width)
{
	text_table__init(table, kind->nr_columns);
	for (size_t i = 0; i < kind->nr_columns; i++)
		text_table__add(table, kind->columns[i]);
	kind->fill(table, in, path_width);
}

static size_t longest_path(const struct snapshot *s)
{
	size_t longest = 0;

	for (uint32_t i = 0; i < s->nr_locks; i++) {
		const char *name = s->locks[i].name;
		size_t width = name && *name == '/' ? fmt__width(name) : 0;

		longest = width > longest ? width : longest;
	}
	return longest;
}

/* Only paths give way to a narrow terminal: names and addresses that are cut say
 * nothing any more.  Nothing for a table without rows. */
static int put_table(FILE *out, const struct view_input *in, const struct table_kind *kind)
{
	size_t limit = (size_t)in->style.width, path = longest_path(in->snap), width;
	struct text_table table;

	fill(&table, in, kind, 0);
	/* More than once: another row may be the widest then. */
	while (limit && path > SHORTEST_PATH && (width = text_table__width(&table)) > limit) {
		size_t excess = width - limit;

		path = path > excess + SHORTEST_PATH ? path - excess : SHORTEST_PATH;
		text_table__clear(&table);
		fill(&table, in, kind, path);
	}
	if (!table.error && table.nr <= kind->nr_columns) {
		text_table__clear(&table);
		return 0;
	}
	put_title(out, in, kind->title);
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
	err = put_findings(out, in);
	if (!err && n.waiting) {
		put_title(out, in, "CHAINS, who blocks on top");
		err = text_chains__put(out, in);
	}
	if (!err && (n.waiting || n.blocked))
		err = put_table(out, in, &tasks_table);
	if (!err && n.waiting)
		err = put_table(out, in, &locks_table);
	if (!err)
		err = put_table(out, in, &holds_table);
	fputc('\n', out);
	text__losses(out, in);
	return err ? err : text__result(out);
}
