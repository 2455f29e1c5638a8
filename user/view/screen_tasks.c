// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Who is blocked now and on what, then who has waited in the period. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "lib/fmt.h"
#include "view/screen_int.h"
#include "view/stat_line.h"
#include "view/text_parts.h"

static const struct list_column columns[] = {
	{ "TASK", 22, false, 0 },	  { "WAITS", 9, true, 110 },
	{ "TOTAL WAIT", 10, true, 70 },   { "SHARE", 7, true, 120 },
	{ "HOLDS", 5, true, 100 },	  { "NOW", 0, false, 0 },
};

/* One task: what the last read says of it, what was counted of it, or both. */
struct row {
	const struct snap_task *task;	/* NULL: not in the read */
	const struct stat_line *line;	/* NULL: no wait has ended */
	struct rec_who who;
	uint64_t waiting_ns;		/* now, for so long */
};

struct rows {
	struct row *list;
	size_t nr;
};

/* What blocks the longest is first, then the order of the statistics. */
static int compare(const void *a, const void *b)
{
	const struct row *x = a, *y = b;
	bool now_x = x->task && x->task->wait_lock != SNAP_NONE;
	bool now_y = y->task && y->task->wait_lock != SNAP_NONE;

	if (now_x != now_y)
		return now_y - now_x;
	if (now_x && x->waiting_ns != y->waiting_ns)
		return x->waiting_ns < y->waiting_ns ? 1 : -1;
	if (!x->line || !y->line)
		return x->line || y->line ? !x->line - !y->line :
		       (x->who.tid > y->who.tid) - (x->who.tid < y->who.tid);
	return (x->line > y->line) - (x->line < y->line);
}

static bool is_shown(const struct view_input *in, uint32_t i)
{
	const struct snap_task *t = &in->snap->tasks[i];

	return (t->wait_lock != SNAP_NONE || t->nr_holds) &&
	       view_filter__snap_task(in->filter, in->snap, i);
}

static void add_line(const struct view_input *in, const struct stat_line *line, bool *seen,
		     struct rows *rows)
{
	struct row *row = &rows->list[rows->nr];
	uint32_t at;

	if (!line->has_who)
		return;
	*row = (struct row){ .line = line, .who = line->who };
	rows->nr++;
	at = !in->snap ? SNAP_NONE :
	     snapshot__find_task(in->snap, line->who.tid, line->who.start_ns);
	if (at == SNAP_NONE)
		return;
	seen[at] = true;
	row->task = &in->snap->tasks[at];
	row->waiting_ns = snapshot__wait_ns(in->snap, row->task);
}

static int collect(const struct view_input *in, const struct stat_table *table, struct rows *rows)
{
	uint32_t nr_tasks = in->snap ? in->snap->nr_tasks : 0;
	bool *seen = calloc(nr_tasks + 1, sizeof(*seen));

	rows->list = calloc(stat_table__nr(table) + nr_tasks + 1, sizeof(*rows->list));
	if (!seen || !rows->list) {
		free(seen);
		return -ENOMEM;
	}
	for (size_t i = 0; i < stat_table__nr(table); i++)
		add_line(in, stat_table__line(table, i), seen, rows);
	for (uint32_t i = 0; i < nr_tasks; i++)
		if (!seen[i] && is_shown(in, i))
			rows->list[rows->nr++] = (struct row){
				.task = &in->snap->tasks[i],
				.who = in->snap->tasks[i].who,
				.waiting_ns = snapshot__wait_ns(in->snap, &in->snap->tasks[i]),
			};
	free(seen);
	return 0;
}

/* "waits 3.2 s for rwsem …, held by b/102" */
static void put_now(const struct view_input *in, const struct snap_task *t, char *buf, size_t size)
{
	char lock[TEXT_LEN * 2], name[TEXT_LEN], age[FMT_LEN], who[TEXT_LEN], state[64];
	const struct snapshot *s = in->snap;
	const struct snap_lock *l;
	int len;

	if (t->wait_lock == SNAP_NONE) {
		text__state(state, sizeof(state), t->state, t->on_cpu ? t->cpu : -1, t->context);
		snprintf(buf, size, "%s", *state ? state + 1 : "");
		return;
	}
	l = &s->locks[t->wait_lock];
	len = snprintf(buf, size, "%s %s%s for %s", t->wait_spin ? "spins" : "waits",
		       t->since_at_least ? "at least " : "",
		       fmt__age(age, sizeof(age), s->t_ns, t->since_ns),
		       text__lock(lock, sizeof(lock), &l->lock,
				  text__lock_name(name, sizeof(name), l->name, l->name_guess,
						  l->object),
				  t->wait_mode, &in->style));
	if (!l->nr_holders || len < 0 || (size_t)len >= size)
		return;
	t = &s->tasks[s->holds[s->holders[l->first_holder]].task];
	snprintf(buf + len, size - (size_t)len, ", held by %s%s",
		 text__task(who, sizeof(who), &t->who, &in->style), l->nr_holders > 1 ? ", ..." : "");
}

static void put_row(struct screen *s, const struct screen_input *input, const struct row *row)
{
	const struct target target = { TARGET_TASK, row->who.tid, row->who.start_ns };
	int64_t period_ns = history__last(input->history)->period_ns;
	char text[TEXT_LEN * 4], num[FMT_LEN];
	bool waits = row->task && row->task->wait_lock != SNAP_NONE;

	list__row(&s->list, waits ? LOOK_STRONG : LOOK_PLAIN, &target);
	list__cell(&s->list, 0, text__task(text, sizeof(text), &row->who, &input->in->style));
	if (row->line) {
		list__cell(&s->list, 1, fmt__count(num, sizeof(num), row->line->count));
		list__cell(&s->list, 2, fmt__ns(num, sizeof(num), row->line->total_ns));
	}
	if (row->line && period_ns > 0 && !s->set.sum) {
		snprintf(text, sizeof(text), "%.1f %%",
			 (double)row->line->total_ns * 100 / (double)period_ns);
		list__cell(&s->list, 3, text);
	}
	if (row->task && row->task->nr_holds) {
		snprintf(text, sizeof(text), "%u", row->task->nr_holds);
		list__cell(&s->list, 4, text);
	}
	if (row->task) {
		put_now(input->in, row->task, text, sizeof(text));
		list__cell(&s->list, 5, text);
	}
}

int screen_tasks__make(struct screen *s, const struct screen_input *input)
{
	struct stat_options opt = input->stat;
	struct stat_table *table = NULL;
	struct rows rows = { 0 };
	int err;

	opt.group = STAT_BY_TASK;
	opt.sort = s->set.sort->id;
	opt.reverse = s->set.reverse;
	opt.limit = 0;
	s->nothing = "no task waits or holds, and none has waited";
	list__begin(&s->list, columns, sizeof(columns) / sizeof(*columns));
	err = stat_table__new(&table, input->in, &opt);
	if (!err)
		err = collect(input->in, table, &rows);
	if (!err && rows.nr)
		qsort(rows.list, rows.nr, sizeof(*rows.list), compare);
	for (size_t i = 0; !err && i < rows.nr; i++)
		put_row(s, input, &rows.list[i]);
	free(rows.list);
	stat_table__free(table);
	screen_rows__filter(s);
	return err;
}
