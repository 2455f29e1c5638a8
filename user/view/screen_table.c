// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Views of statistics: locks, callers, sites.  Cells are made only for what is shown. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "lib/hash.h"
#include "view/screen_int.h"
#include "view/stat_line.h"

#define CELL_BYTES 512
#define SPARK_COLUMN nr_stat_columns	/* stands behind those of the one table */

/* The histogram of a row: always the same scale, so that rows compare at a glance. */
#define SPARK_FIRST 10	/* bucket: from 1 us on, and what is below */
#define SPARK_NR 12	/* characters, two buckets each: up to 8 s and beyond */
#define SPARK_TITLE "1us..10s"

static const enum stat_group groups[NR_SCREEN_VIEWS] = {
	[SCREEN_CALLERS] = STAT_BY_CALLER,
	[SCREEN_TASKS] = STAT_BY_TASK,
	[SCREEN_SITES] = STAT_BY_SITE,
};

/* Columns that are the same in each row of a view. */
static const char *const hidden[NR_SCREEN_VIEWS] = {
	[SCREEN_LOCKS] = "task",
	[SCREEN_CALLERS] = "task",
	[SCREEN_SITES] = "task",
};

static bool line_passes(const struct screen *s, const struct stat_line *line)
{
	char cell[CELL_BYTES];

	for (size_t i = 0; i < nr_stat_columns; i++) {
		const struct stat_column *c = &stat_columns[i];

		if (!c->is_text || !stat_table__shows(s->table, c))
			continue;
		c->text(line, cell, sizeof(cell));
		if (screen__passes(s, cell))
			return true;
	}
	return false;
}

static int filter_rows(struct screen *s)
{
	size_t nr = stat_table__nr(s->table);

	s->passing = calloc(nr + 1, sizeof(*s->passing));
	if (!s->passing)
		return -ENOMEM;
	for (size_t i = 0; i < nr; i++)
		if (!*s->filter || line_passes(s, stat_table__line(s->table, i)))
			s->passing[s->nr_passing++] = (uint32_t)i;
	return 0;
}

int screen_table__make(struct screen *s, const struct screen_input *input)
{
	struct stat_options opt = input->stat;
	int err;

	if (nr_stat_columns + 1 > SCREEN_COLUMNS_MAX)
		return -E2BIG;
	opt.group = s->set.view == SCREEN_LOCKS && s->set.single ? STAT_BY_INSTANCE :
								   groups[s->set.view];
	opt.sort = s->set.sort->id;
	opt.reverse = s->set.reverse;
	opt.limit = 0;
	err = stat_table__new(&s->table, input->in, &opt);
	if (err)
		return err;
	s->nothing = s->set.view == SCREEN_SITES ? "no holds" : "no contended waits";
	return filter_rows(s);
}

static const struct stat_line *line_at(const struct screen *s, size_t i)
{
	return stat_table__line(s->table, s->passing[i]);
}

uint64_t screen_table__name_id(const struct stat_line *line)
{
	return line->name ? hash__add(hash__str(line->name), line->name_guess) : 0;
}

struct target screen_table__target(const struct screen *s, size_t i)
{
	const struct stat_line *line = line_at(s, i);
	const struct rec_lock *lock = stat_line__lock(line);

	if (line->has_who)
		return (struct target){ TARGET_TASK, line->who.tid, line->who.start_ns };
	if (lock && lock->key)
		return (struct target){ TARGET_LOCK, lock->key, 0 };
	if (line->name && !line->several_names)
		return (struct target){ TARGET_NAME, screen_table__name_id(line), 0 };
	return (struct target){ 0 };
}

static bool shows(const struct screen *s, size_t column)
{
	const struct stat_column *c = &stat_columns[column];
	const char *hide = hidden[s->set.view];

	return stat_table__shows(s->table, c) && (!hide || strcmp(hide, c->id));
}

static bool can_sort(const struct screen *s, size_t column)
{
	if (s->table)
		return s->column_width[column] > 0;
	return stat_columns[column].value && stat_columns[column].about == ABOUT_WAITS;
}

void screen_table__sort_by(struct screen *s, int step)
{
	const struct stat_column *now = s->table ? stat_table__sort(s->table) : s->set.sort;
	size_t at = (size_t)(now - stat_columns), from = at;

	do
		at = (at + nr_stat_columns + (size_t)step) % nr_stat_columns;
	while (!can_sort(s, at) && at != from);
	s->set.sort = &stat_columns[at];
	s->selected = 0;
	screen__say(s, "sorted by %s", s->set.sort->title);
}

#define LOCK_WIDE 44	/* longer names of types and members are rare */

static int needed(const int *widths)
{
	int sum = -1;	/* no blank after the last */

	for (size_t i = 0; i <= SPARK_COLUMN; i++)
		sum += widths[i] ? widths[i] + 1 : 0;
	return sum;
}

/* Which column is how wide; 0: left out.  On a narrow screen numbers go before the
 * lock and its caller do, the least telling first; what is left goes to the lock, as long
 * as that may cut names, and to the last column, the caller. */
static void lay_out(const struct screen *s, int width, int *widths)
{
	static const struct {
		const char *id;
		int width;
	} steps[] = {
		{ "mode", 0 }, { "p99", 0 }, { "kind", 8 }, { "caller", 20 }, { "lock", 20 },
		{ "site", 28 }, { "count", 8 }, { "total", 11 }, { "max", 10 }, { NULL, 0 },
		{ "hold_avg", 0 }, { "avg", 0 }, { "lock", 18 }, { "caller", 14 },
		{ "holds", 0 }, { "hold_max", 0 }, { "max", 0 }, { "kind", 0 }, { "count", 0 },
		{ "hold_total", 0 }, { "waiters", 0 }, { "lock", 0 },
	};
	size_t last = 0, lock = (size_t)(stat_column__find("lock") - stat_columns);
	int spare, cut;

	for (size_t i = 0; i < nr_stat_columns; i++) {
		widths[i] = shows(s, i) ? stat_columns[i].width : 0;
		last = widths[i] ? i : last;
	}
	widths[SPARK_COLUMN] = s->set.view == SCREEN_SITES ? 0 : SPARK_NR;
	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps) && needed(widths) > width; i++) {
		const struct stat_column *c = steps[i].id ? stat_column__find(steps[i].id) : NULL;
		size_t at = steps[i].id ? (size_t)(c - stat_columns) : SPARK_COLUMN;

		if ((c || !steps[i].id) && widths[at] > steps[i].width)
			widths[at] = steps[i].width;
	}
	spare = width - needed(widths);
	if (spare <= 0)
		return;
	cut = widths[lock] ? LOCK_WIDE - widths[lock] : 0;
	cut = cut < spare / 2 ? cut : spare / 2;
	widths[lock] += cut;
	widths[last] += spare - cut;
}

/* Where each column begins: the histogram stands before the first text. */
static void place(struct screen *s, int width)
{
	int x = 0;
	bool spark_done = false;

	lay_out(s, width, s->column_width);
	for (size_t i = 0; i < nr_stat_columns; i++) {
		if (stat_columns[i].is_text && !spark_done) {
			s->column_x[SPARK_COLUMN] = x;
			x += s->column_width[SPARK_COLUMN] ? s->column_width[SPARK_COLUMN] + 1 : 0;
			spark_done = true;
		}
		s->column_x[i] = x;
		x += s->column_width[i] ? s->column_width[i] + 1 : 0;
	}
}

static void draw_cell(const struct screen *s, struct grid *g, int y, size_t column,
		      enum grid_look look, const char *text)
{
	if (stat_columns[column].is_text)
		grid__text(g, y, s->column_x[column], s->column_width[column], look, text);
	else
		grid__right(g, y, s->column_x[column], s->column_width[column], look, text);
}

void screen_table__draw_head(struct screen *s, struct grid *g, int y)
{
	const struct stat_column *sort = stat_table__sort(s->table);

	place(s, g->width);
	grid__fill(g, y, 0, g->width, LOOK_BAR);
	for (size_t i = 0; i < nr_stat_columns; i++)
		if (s->column_width[i])
			draw_cell(s, g, y, i, &stat_columns[i] == sort ? LOOK_SORTED : LOOK_BAR,
				  stat_columns[i].title);
	if (s->column_width[SPARK_COLUMN])
		grid__text(g, y, s->column_x[SPARK_COLUMN], SPARK_NR, LOOK_BAR, SPARK_TITLE);
}

static void draw_spark(const struct screen *s, struct grid *g, int y, const struct stat_line *line)
{
	uint64_t counts[SPARK_NR] = { 0 };
	char text[SPARK_NR * SPARK_BYTES + 1];

	for (int b = 0; b < REC_HIST_BUCKETS; b++) {
		int at = b < SPARK_FIRST ? 0 : (b - SPARK_FIRST) / 2;

		counts[at < SPARK_NR ? at : SPARK_NR - 1] += line->hist[b];
	}
	grid__text(g, y, s->column_x[SPARK_COLUMN], s->column_width[SPARK_COLUMN], LOOK_GRAPH,
		   spark__line(text, counts, SPARK_NR, 0, g->utf8));
}

void screen_table__draw_row(const struct screen *s, struct grid *g, int y, size_t i)
{
	const struct stat_line *line = line_at(s, i);
	char cell[CELL_BYTES];

	for (size_t c = 0; c < nr_stat_columns; c++) {
		if (!s->column_width[c])
			continue;
		stat_columns[c].text(line, cell, sizeof(cell));
		draw_cell(s, g, y, c, line->nr_waiters ? LOOK_STRONG : LOOK_PLAIN, cell);
	}
	if (s->column_width[SPARK_COLUMN])
		draw_spark(s, g, y, line);
}
