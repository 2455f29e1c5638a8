// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* One lock: who holds it and waits for it now, its statistics, its history. */
#include <stdlib.h>
#include <string.h>
#include "lib/fmt.h"
#include "view/screen_int.h"
#include "view/stat_line.h"
#include "view/text_parts.h"

#define GRAPH_HEIGHT 4
#define BAR_WIDTH 40
#define MAX_STACKS 20	/* waiters whose stack is shown */
#define MAX_CALLERS 10

/* How long each period's waits for the lock took together, as a graph over time. */
static void put_history(struct screen *s, const struct screen_input *input, uint64_t key)
{
	uint64_t steps[HISTORY_STEPS], most = 0;
	char row[HISTORY_STEPS * SPARK_BYTES + 1], num[FMT_LEN], span[FMT_LEN];
	size_t nr = HISTORY_STEPS / 2;

	if (!history__span_ns(input->history, nr))
		return;
	history__lock(input->history, key, steps, nr);
	for (size_t i = 0; i < nr; i++)
		most = steps[i] > most ? steps[i] : most;
	screen_put__title(s, "TIME WAITED, A PERIOD A COLUMN");
	for (int y = 0; y < GRAPH_HEIGHT; y++)
		list__line(&s->list, LOOK_GRAPH, NULL, "  %10s %s",
			   y ? "" : fmt__ns(num, sizeof(num), most),
			   spark__row(row, steps, nr, most, y, GRAPH_HEIGHT,
				      input->in->style.utf8));
	list__line(&s->list, LOOK_DIM, NULL, "  %10s the last %s", "",
		   fmt__ns(span, sizeof(span), (uint64_t)history__span_ns(input->history, nr)));
}

static void put_histogram(struct screen *s, const struct view_input *in,
			  const struct stat_line *line)
{
	char bar[BAR_WIDTH * SPARK_BYTES + 1], from[FMT_LEN], to[FMT_LEN], count[FMT_LEN];
	uint64_t most = 0;
	int first = REC_HIST_BUCKETS, last = -1;

	for (int b = 0; b < REC_HIST_BUCKETS; b++) {
		if (!line->hist[b])
			continue;
		first = b < first ? b : first;
		last = b;
		most = line->hist[b] > most ? line->hist[b] : most;
	}
	if (last < 0)
		return;
	screen_put__title(s, "HOW LONG THE WAITS WERE");
	for (int b = first; b <= last; b++)
		list__line(&s->list, LOOK_GRAPH, NULL, "  %9s - %-9s %9s %s",
			   fmt__ns(from, sizeof(from), b ? UINT64_C(1) << b : 0),
			   fmt__ns(to, sizeof(to), stat__bucket_end(b) + (b < 63)),
			   fmt__count(count, sizeof(count), line->hist[b]),
			   spark__bar(bar, line->hist[b], most, BAR_WIDTH, in->style.utf8));
}

static void put_numbers(struct screen *s, const struct stat_table *table,
			const struct stat_line *line, bool of_holds)
{
	char text[512] = "", cell[64];
	size_t len = 0;

	for (size_t i = 0; i < nr_stat_columns && len < sizeof(text); i++) {
		const struct stat_column *c = &stat_columns[i];

		if (c->is_text || !stat_table__shows(table, c) ||
		    (c->about == ABOUT_HOLDS) != of_holds)
			continue;
		c->text(line, cell, sizeof(cell));
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s %s",
					len ? "   " : "", c->title, cell);
	}
	if (len)
		list__line(&s->list, LOOK_PLAIN, NULL, "  %s", text);
}

/* Statistics of one lock alone: the filter's lock is its identity. */
static int make_table(const struct screen_input *input, const struct rec_lock *lock,
		      enum stat_group group, struct stat_table **table)
{
	struct stat_options opt = input->stat;
	struct view_filter filter = input->in->filter ? *input->in->filter :
							(struct view_filter){ 0 };
	struct view_input in = *input->in;
	char id[TEXT_LEN * 2];

	filter.lock = rec_lock__format(lock, id, sizeof(id));
	filter.kinds = 0;
	in.filter = &filter;
	opt.group = group;
	opt.sort = NULL;
	opt.reverse = false;
	return stat_table__new(table, &in, &opt);
}

static void put_statistics(struct screen *s, const struct stat_table *table)
{
	screen_put__title(s, s->set.sum ? "SINCE COUNTING BEGAN" : "IN THE LAST PERIOD");
	for (size_t i = 0; i < stat_table__nr(table); i++)
		for (int of_holds = 0; of_holds < 2; of_holds++)
			put_numbers(s, table, stat_table__line(table, i), of_holds);
	if (!stat_table__nr(table))
		list__line(&s->list, LOOK_DIM, NULL, "  no wait has ended");
}

static int put_callers(struct screen *s, const struct screen_input *input,
		       const struct rec_lock *lock)
{
	const struct stat_column *caller = stat_column__find("caller");
	const struct stat_column *count = stat_column__find("count");
	struct stat_table *table;
	char name[256], nr[64];
	int err = make_table(input, lock, STAT_BY_CALLER, &table);

	if (err)
		return err;
	if (stat_table__nr(table))
		screen_put__title(s, "WHO WAITED");
	for (size_t i = 0; i < stat_table__nr(table) && i < MAX_CALLERS; i++) {
		const struct stat_line *line = stat_table__line(table, i);

		count->text(line, nr, sizeof(nr));
		caller->text(line, name, sizeof(name));
		list__line(&s->list, LOOK_PLAIN, NULL, "  %10s  %s", nr, name);
	}
	stat_table__free(table);
	return 0;
}

static void put_now(struct screen *s, const struct view_input *in, uint32_t lock)
{
	const struct snapshot *snap = in->snap;
	const struct snap_lock *l = &snap->locks[lock];
	char unknown[TEXT_LEN];

	screen_put__title(s, "NOW");
	for (uint32_t i = 0; i < l->nr_holders && i < MAX_STACKS; i++)
		screen_put__holder(s, in, &snap->holds[snap->holders[l->first_holder + i]]);
	if (l->nr_unknown)
		list__line(&s->list, LOOK_PLAIN, NULL, "  held by %s",
			   text__unknown(unknown, sizeof(unknown), l));
	else if (!l->nr_holders)
		list__line(&s->list, LOOK_PLAIN, NULL, l->complete ? "  held by nobody" :
			   "  its holder is not known");
	for (uint32_t i = 0; i < l->nr_waiters; i++)
		screen_put__waiter(s, in, &snap->tasks[snap->waiters[l->first_waiter + i]],
				   i < MAX_STACKS);
}

/* A lock as the last read or the statistics have it. */
static bool find_lock(const struct view_input *in, uint64_t key, struct rec_lock *lock,
		      uint32_t *at)
{
	size_t nr;
	const struct stat_row *rows = model__stats(in->model, &nr);
	const struct hold_row *holds;

	*at = in->snap ? snapshot__find_lock(in->snap, key) : SNAP_NONE;
	if (*at != SNAP_NONE) {
		*lock = in->snap->locks[*at].lock;
		return true;
	}
	for (size_t i = 0; i < nr; i++)
		if (rows[i].agg.lock.key == key) {
			*lock = rows[i].agg.lock;
			return true;
		}
	holds = model__holds(in->model, &nr);
	for (size_t i = 0; i < nr; i++)
		if (holds[i].agg.lock.key == key) {
			*lock = holds[i].agg.lock;
			return true;
		}
	return false;
}

int screen_lock__make(struct screen *s, const struct screen_input *input)
{
	const struct view_input *in = input->in;
	char text[TEXT_LEN * 2], name[TEXT_LEN];
	const struct rec_lock_name *known;
	struct stat_table *table;
	struct rec_lock lock;
	uint32_t at;
	int err;

	if (!find_lock(in, s->target.id, &lock, &at))
		return 0;
	known = model__name(in->model, &lock);
	text__lock(text, sizeof(text), &lock, !known ? NULL :
		   text__lock_name(name, sizeof(name), known->name, known->guess, known->object),
		   MODE_EXCLUSIVE, &in->style);
	snprintf(s->target_name, sizeof(s->target_name), "%s", text);
	list__line(&s->list, LOOK_STRONG, NULL, "%s%s%s", text, known ? ", named by " : "",
		   known ? known->source : "");
	err = make_table(input, &lock, STAT_BY_INSTANCE, &table);
	if (err)
		return err;
	put_statistics(s, table);
	put_history(s, input, lock.key);
	if (at != SNAP_NONE)
		put_now(s, in, at);
	for (size_t i = 0; i < stat_table__nr(table); i++)
		put_histogram(s, in, stat_table__line(table, i));
	stat_table__free(table);
	return put_callers(s, input, &lock);
}
