// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* The table of statistics as comma-separated values. */
#include <inttypes.h>
#include <string.h>
#include "view/export.h"
#include "view/stat_line.h"
#include "view/text_parts.h"

static void put_text(FILE *out, const char *text)
{
	bool formula = *text && strchr("=+-@", *text);

	if (!strpbrk(text, ",\"\r\n")) {
		fprintf(out, "%s%s", formula ? "'" : "", text);
		return;
	}
	fprintf(out, "\"%s", formula ? "'" : "");
	for (; *text; text++) {
		if (*text == '"')
			fputc('"', out);
		fputc(*text, out);
	}
	fputc('"', out);
}

/* Holds by site are another table. */
static bool is_column(const struct stat_column *c)
{
	return c->about != ABOUT_SITES;
}

static void put_head(FILE *out)
{
	for (size_t i = 0; i < nr_stat_columns; i++)
		if (is_column(&stat_columns[i]))
			fprintf(out, "%s,", stat_columns[i].json);
	fprintf(out, "lock_id\n");
}

static void put_line(FILE *out, const struct stat_table *t, const struct stat_line *line)
{
	const struct rec_lock *lock = stat_line__lock(line);
	char text[512];

	for (size_t i = 0; i < nr_stat_columns; i++) {
		const struct stat_column *c = &stat_columns[i];

		if (!is_column(c))
			continue;
		if (stat_table__shows(t, c) && c->value) {
			fprintf(out, "%" PRIu64, c->value(line));
		} else if (stat_table__shows(t, c)) {
			c->text(line, text, sizeof(text));
			put_text(out, text);
		}
		fputc(',', out);
	}
	if (lock)
		put_text(out, rec_lock__format(lock, text, sizeof(text)));
	fputc('\n', out);
}

/* Waits and holds that belong to no line, so that the columns add up. */
static void put_unaccounted(FILE *out, const struct stat_sum *waits, const struct stat_sum *holds)
{
	for (size_t i = 0; i < nr_stat_columns; i++) {
		const struct stat_column *c = &stat_columns[i];

		if (!is_column(c))
			continue;
		if (!strcmp(c->id, "count"))
			fprintf(out, "%" PRIu64, waits->count);
		else if (!strcmp(c->id, "total"))
			fprintf(out, "%" PRIu64, waits->total_ns);
		else if (!strcmp(c->id, "holds") && holds->count)
			fprintf(out, "%" PRIu64, holds->count);
		else if (!strcmp(c->id, "hold_total") && holds->count)
			fprintf(out, "%" PRIu64, holds->total_ns);
		else if (!strcmp(c->id, "lock"))
			fprintf(out, "(locks that found no room)");
		fputc(',', out);
	}
	fputc('\n', out);
}

int view_csv__stat(FILE *out, const struct view_input *in, const struct stat_options *opt)
{
	struct stat_table *t;
	struct stat_sum waits, holds;
	int err = stat_table__new(&t, in, opt);

	if (err)
		return err;
	put_head(out);
	for (size_t i = 0; i < stat_table__nr(t) && (!opt->limit || i < opt->limit); i++)
		put_line(out, t, stat_table__line(t, i));
	waits = stat_table__unaccounted(t);
	holds = stat_table__unaccounted_holds(t);
	if (waits.count || holds.count)
		put_unaccounted(out, &waits, &holds);
	stat_table__free(t);
	return text__result(out);
}
