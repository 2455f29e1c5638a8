// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include <inttypes.h>
#include <string.h>
#include "lib/fmt.h"
#include "view/stat_part.h"
#include "view/text_parts.h"

static const char *const shown[][10] = {
	[STAT_BY_LOCK] = { "count", "total", "avg", "max", "p99", "kind", "mode", "lock",
			   "caller" },
	[STAT_BY_CALLER] = { "count", "total", "avg", "max", "p99", "kind", "mode", "caller",
			     "lock" },
	[STAT_BY_TASK] = { "count", "total", "avg", "max", "p99", "kind", "mode", "task", "lock" },
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

static void put_line(FILE *out, const struct view_input *in, enum stat_group group,
		     const struct stat_line *line)
{
	for (size_t i = 0; shown[group][i]; i++) {
		const struct stat_column *col = stat_column__find(shown[group][i]);
		char cell[TEXT_LEN], safe[TEXT_LEN];

		if (line)
			col->text(line, cell, sizeof(cell));
		/* Once more, for terminals without UTF-8. */
		put_cell(out, col, fmt__safe(safe, sizeof(safe), line ? cell : col->title,
					     in->style.utf8), !shown[group][i + 1]);
	}
}

/* What the table does not show. */
static void put_rest(FILE *out, const struct stat_table *t, size_t limit)
{
	char count[FMT_LEN], total[FMT_LEN];
	uint64_t nr = 0, ns = 0;

	for (size_t i = limit; i < stat_table__nr(t); i++) {
		nr = stat__add(nr, stat_table__line(t, i)->count);
		ns = stat__add(ns, stat_table__line(t, i)->total_ns);
	}
	if (nr)
		fprintf(out, "%zu more rows not shown: %s waits, %s\n", stat_table__nr(t) - limit,
			fmt__count(count, sizeof(count), nr), fmt__ns(total, sizeof(total), ns));
	stat_table__unaccounted(t, &nr, &ns);
	if (nr)
		fprintf(out, "of no known lock (the table in the kernel was full): %s waits, %s\n",
			fmt__count(count, sizeof(count), nr), fmt__ns(total, sizeof(total), ns));
}

static bool has_guess(const struct stat_table *t, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		if (stat_table__line(t, i)->guess)
			return true;
	return false;
}

int view_text__stat(FILE *out, const struct view_input *in, const struct stat_options *opt)
{
	struct stat_table *t;
	int err = stat_table__new(&t, in, opt);
	size_t nr;

	if (err)
		return err;
	nr = stat_table__nr(t);
	if (opt->limit && opt->limit < nr)
		nr = opt->limit;
	if (!nr)
		fprintf(out, view_filter__is_empty(in->filter) ?
			"no contended lock was seen\n" :
			"no contended lock that passes the filter was seen\n");
	else
		put_line(out, in, opt->group, NULL);
	for (size_t i = 0; i < nr; i++)
		put_line(out, in, opt->group, stat_table__line(t, i));
	fputc('\n', out);
	put_rest(out, t, nr);
	if (has_guess(t, nr))
		fprintf(out, "~ estimated: not every short wait's stack was walked\n");
	text__losses(out, in);
	stat_table__free(t);
	return text__result(out);
}
