// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include <inttypes.h>
#include <string.h>
#include "lib/fmt.h"
#include "view/stat_part.h"
#include "view/text_parts.h"

#define MAX_SHOWN 16

/* Columns that say nothing in a table are left out of it. */
static const char *const shown[][MAX_SHOWN] = {
	[STAT_BY_LOCK] = { "count", "total", "avg", "max", "p99", "holds", "hold_total",
			   "hold_avg", "hold_max", "kind", "mode", "lock", "caller" },
	[STAT_BY_INSTANCE] = { "count", "total", "avg", "max", "p99", "holds", "hold_total",
			       "hold_avg", "hold_max", "kind", "mode", "lock", "caller" },
	[STAT_BY_CALLER] = { "count", "total", "avg", "max", "p99", "holds", "hold_total",
			     "hold_avg", "hold_max", "kind", "mode", "caller", "lock" },
	[STAT_BY_TASK] = { "count", "total", "avg", "max", "p99", "kind", "mode", "task", "lock" },
	[STAT_BY_SITE] = { "holds", "hold_total", "hold_avg", "hold_max", "kind", "mode", "site",
			   "lock" },
};

/* Puts a cell; the last one of a line is not padded. */
static void put_cell(FILE *out, const struct stat_column *col, const char *text, bool last)
{
	size_t width = fmt__width(text);
	int pad = width < (size_t)col->width ? col->width - (int)width : 0;

	if (col->is_text)
		fprintf(out, "%s%*s", text, last ? 0 : pad, "");
	else
		fprintf(out, "%*s%s", pad, "", text);
	fputs(last ? "\n" : "  ", out);
}

/* line NULL: the titles. */
static void put_line(FILE *out, const struct view_input *in, enum stat_group group,
		     const struct stat_table *t, const struct stat_line *line)
{
	for (size_t i = 0; shown[group][i]; i++) {
		const struct stat_column *col = stat_column__find(shown[group][i]);
		char cell[TEXT_LEN], safe[TEXT_LEN];

		if (!stat_table__shows(t, col))
			continue;
		if (line)
			col->text(line, cell, sizeof(cell));
		/* Once more, for terminals without UTF-8. */
		put_cell(out, col, fmt__safe(safe, sizeof(safe), line ? cell : col->title,
					     in->style.utf8), !shown[group][i + 1]);
	}
}

/* Titles and as many lines as the limit allows; returns how many these are. */
static size_t put_lines(FILE *out, const struct view_input *in, const struct stat_options *opt,
			const struct stat_table *t)
{
	size_t nr = stat_table__nr(t);

	if (opt->limit && opt->limit < nr)
		nr = opt->limit;
	if (nr)
		put_line(out, in, opt->group, t, NULL);
	for (size_t i = 0; i < nr; i++)
		put_line(out, in, opt->group, t, stat_table__line(t, i));
	return nr;
}

static void put_sum(FILE *out, const char *before, const struct stat_sum *sum, const char *what)
{
	char count[FMT_LEN], total[FMT_LEN];

	fprintf(out, "%s%s %s, %s", before, fmt__count(count, sizeof(count), sum->count), what,
		fmt__ns(total, sizeof(total), sum->total_ns));
}

static void put_sums(FILE *out, const struct stat_sum *waits, const struct stat_sum *holds)
{
	if (waits->count)
		put_sum(out, " ", waits, "waits");
	if (holds->count)
		put_sum(out, waits->count ? ", " : " ", holds, "holds");
	fputc('\n', out);
}

/* What the table does not show; true when there was something to say. */
static bool put_rest(FILE *out, const struct stat_table *t, size_t limit)
{
	struct stat_sum waits = { 0 }, holds = { 0 };
	size_t nr = stat_table__nr(t);

	for (size_t i = limit; i < nr; i++) {
		const struct stat_line *line = stat_table__line(t, i);

		waits.count = stat__add(waits.count, line->count);
		waits.total_ns = stat__add(waits.total_ns, line->total_ns);
		holds.count = stat__add(holds.count, line->hold_count);
		holds.total_ns = stat__add(holds.total_ns, line->hold_ns);
	}
	if (nr > limit) {
		fprintf(out, "%zu more rows not shown:", nr - limit);
		put_sums(out, &waits, &holds);
	}
	waits = stat_table__unaccounted(t);
	holds = stat_table__unaccounted_holds(t);
	if (waits.count || holds.count) {
		fputs("of no known lock (the table in the kernel was full):", out);
		put_sums(out, &waits, &holds);
	}
	return nr > limit || waits.count || holds.count;
}

static bool put_guesses(FILE *out, const struct stat_table *t, size_t nr)
{
	unsigned int guess = 0;

	for (size_t i = 0; i < nr; i++)
		guess |= stat_table__line(t, i)->guess;
	if (guess & (GUESS_SHARE | GUESS_MAX))
		fprintf(out, "~ estimated: not every short wait's stack was walked\n");
	else if (guess)
		fprintf(out, "~ estimated: of a period the longest hold is known by its power of "
			"two\n");
	return guess;
}

/* Holds by where they were taken, unless there are none.  apart: after a blank line. */
static int put_sites(FILE *out, const struct view_input *in, const struct stat_options *opt,
		     bool apart)
{
	struct stat_options sites = *opt;
	struct stat_table *t;
	size_t nr;
	int err;

	sites.group = STAT_BY_SITE;
	err = stat_table__new(&t, in, &sites);
	if (err)
		return err;
	if (stat_table__nr(t)) {
		fprintf(out, "%s%sholds by where they were taken%s\n", apart ? "\n" : "",
			text__color(&in->style, TEXT_BOLD), text__plain(&in->style));
		nr = put_lines(out, in, &sites, t);
		fputc('\n', out);
		put_rest(out, t, nr);
		put_guesses(out, t, nr);
	}
	stat_table__free(t);
	return 0;
}

/* A filter on tasks silences holds altogether: that must not look like none. */
static void put_filtered(FILE *out, const struct view_input *in)
{
	size_t nr;

	model__holds(in->model, &nr);
	if (nr && view_filter__has_tasks(in->filter))
		fprintf(out, "holds are counted by lock and place, not by task: none of them pass "
			"a filter on tasks\n");
}

int view_text__stat(FILE *out, const struct view_input *in, const struct stat_options *opt)
{
	struct stat_table *t;
	int err = stat_table__new(&t, in, opt);
	bool said;
	size_t nr;

	if (err)
		return err;
	nr = put_lines(out, in, opt, t);
	if (!nr)
		fprintf(out, view_filter__is_empty(in->filter) ?
			"no contended lock was seen\n" :
			"no contended lock that passes the filter was seen\n");
	fputc('\n', out);
	said = put_rest(out, t, nr);
	said |= put_guesses(out, t, nr);
	stat_table__free(t);
	if (opt->group != STAT_BY_SITE)
		err = put_sites(out, in, opt, said);
	put_filtered(out, in);
	text__losses(out, in);
	return err ? err : text__result(out);
}
