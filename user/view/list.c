// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "view/list.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "lib/utf8.h"
#include "lib/vec.h"

#define LINE_BYTES 1024

static const struct list_column plain[] = { { "", 0, false, 0 } };

void list__begin(struct list *l, const struct list_column *columns, size_t nr_columns)
{
	list__free(l);
	l->columns = columns ? columns : plain;
	l->nr_columns = columns ? nr_columns : 1;
}

void list__free(struct list *l)
{
	for (size_t i = 0; i < l->nr; i++)
		for (size_t c = 0; c < LIST_COLUMNS; c++)
			free(l->rows[i].cells[c]);
	free(l->rows);
	*l = (struct list){ 0 };
}

void list__row(struct list *l, enum grid_look look, const struct target *target)
{
	if (l->error)
		return;
	if (!VEC_ROOM(l->rows, l->nr, l->cap)) {
		l->error = -ENOMEM;
		return;
	}
	l->rows[l->nr++] = (struct list_row){
		.look = look,
		.target = target ? *target : (struct target){ 0 },
	};
}

void list__cell(struct list *l, size_t column, const char *text)
{
	struct list_row *row = l->nr ? &l->rows[l->nr - 1] : NULL;

	if (l->error || !row || column >= l->nr_columns)
		return;
	free(row->cells[column]);
	row->cells[column] = strdup(text);
	if (!row->cells[column])
		l->error = -ENOMEM;
}

void list__line(struct list *l, enum grid_look look, const struct target *target, const char *fmt,
		...)
{
	char line[LINE_BYTES];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	list__row(l, look, target);
	list__cell(l, 0, line);
}

void list__text(struct list *l, enum grid_look look, const struct target *target, const char *text)
{
	while (*text) {
		size_t len = strcspn(text, "\n");

		list__line(l, look, target, "%.*s", (int)(len < LINE_BYTES ? len : LINE_BYTES),
			   text);
		text += len + (text[len] == '\n');
	}
}

/* Where to break text so that what is before it takes at most width columns: at the
 * last blank there, or else anywhere; 0: it fits. */
static size_t break_at(const char *text, int width)
{
	size_t len = strlen(text), used = 0, blank = 0;
	size_t indent = strspn(text, " ");
	int columns = 0;

	while (used < len) {
		uint32_t cp;
		size_t n = utf8__next(text + used, len - used, &cp);

		columns += cp == UTF8_BAD ? 1 : utf8__width(cp);
		if (columns > width)
			return blank ? blank : used;
		if (text[used] == ' ' && used > indent)
			blank = used;
		used += n;
	}
	return 0;
}

static void wrap_row(struct list *to, const struct list_row *row, int width)
{
	const char *text = row->cells[0] ? row->cells[0] : "";
	size_t indent = strspn(text, " ") + 4, at;
	char *rest = strdup(text), *part = rest;

	if (!rest)
		to->error = -ENOMEM;
	while (rest && (at = break_at(part, width)) && (int)indent < width) {
		char *next = part + at + strspn(part + at, " ");

		list__line(to, row->look, &row->target, "%.*s", (int)at, part);
		if (next < rest + indent) {	/* no room for the indent before what is left */
			part = next;
			continue;
		}
		memset(next - indent, ' ', indent);
		part = next - indent;
	}
	if (rest)
		list__line(to, row->look, &row->target, "%s", part);
	free(rest);
}

void list__wrap(struct list *l, int width)
{
	struct list wrapped = { .columns = l->columns, .nr_columns = l->nr_columns,
				.error = l->error };

	for (size_t i = 0; i < l->nr; i++)
		wrap_row(&wrapped, &l->rows[i], width);
	list__free(l);
	*l = wrapped;
}

static bool is_there(const struct list *l, size_t column, const struct grid *g)
{
	return g->width >= l->columns[column].from;
}

/* The columns of a cell on a screen so wide: the last takes what is left. */
static int width_of(const struct list *l, size_t column, int x, int width)
{
	return column + 1 == l->nr_columns ? width - x : l->columns[column].width;
}

/* cells NULL: the titles. */
static void draw_cells(const struct list *l, struct grid *g, int y, char *const *cells,
		       enum grid_look look)
{
	int x = 0;

	for (size_t c = 0; c < l->nr_columns; c++) {
		const char *text = cells ? cells[c] : l->columns[c].title;
		int width = width_of(l, c, x, g->width);

		if (!is_there(l, c, g))
			continue;
		if (text && l->columns[c].right)
			grid__right(g, y, x, width, look, text);
		else if (text)
			grid__text(g, y, x, width, look, text);
		x += width + 1;
	}
}

void list__draw_head(const struct list *l, struct grid *g, int y)
{
	grid__fill(g, y, 0, g->width, LOOK_BAR);
	draw_cells(l, g, y, NULL, LOOK_BAR);
}

void list__draw_row(const struct list *l, struct grid *g, int y, size_t i)
{
	draw_cells(l, g, y, l->rows[i].cells, l->rows[i].look);
}
