// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "lib/fmt.h"
#include "lib/vec.h"
#include "view/text_table.h"

void text_table__init(struct text_table *t, size_t nr_columns)
{
	*t = (struct text_table){ .nr_columns = nr_columns };
}

void text_table__add(struct text_table *t, const char *text)
{
	char *copy;

	if (t->error)
		return;
	copy = strdup(text);
	if (!copy || !VEC_ROOM(t->cells, t->nr, t->cap)) {
		free(copy);
		t->error = -ENOMEM;
		return;
	}
	t->cells[t->nr++] = copy;
}

static void measure(const struct text_table *t, size_t widths[TEXT_TABLE_COLUMNS])
{
	for (size_t i = 0; i < t->nr; i++) {
		size_t width = fmt__width(t->cells[i]), column = i % t->nr_columns;

		if (width > TEXT_TABLE_WIDEST)
			width = TEXT_TABLE_WIDEST;
		if (width > widths[column])
			widths[column] = width;
	}
}

/* Nothing is padded that only empty cells follow. */
static size_t cells_used(const struct text_table *t, char **row)
{
	size_t nr = t->nr_columns;

	while (nr && !row[nr - 1][0])
		nr--;
	return nr;
}

static size_t padding(size_t width, size_t column_width)
{
	return 2 + (width < column_width ? column_width - width : 0);
}

static void put_row(const struct text_table *t, char **row, const size_t *widths, FILE *out)
{
	size_t nr = cells_used(t, row);

	for (size_t i = 0; i < nr; i++) {
		size_t pad = i + 1 == nr ? 0 : padding(fmt__width(row[i]), widths[i]);

		fprintf(out, "%s%*s", row[i], (int)pad, "");
	}
	fputc('\n', out);
}

size_t text_table__width(const struct text_table *t)
{
	size_t widths[TEXT_TABLE_COLUMNS] = { 0 }, widest = 0;

	measure(t, widths);
	for (size_t i = 0; i + t->nr_columns <= t->nr; i += t->nr_columns) {
		size_t nr = cells_used(t, t->cells + i), sum = 0;

		for (size_t c = 0; c < nr; c++) {
			size_t width = fmt__width(t->cells[i + c]);

			sum += width + (c + 1 == nr ? 0 : padding(width, widths[c]));
		}
		widest = sum > widest ? sum : widest;
	}
	return widest;
}

void text_table__clear(struct text_table *t)
{
	for (size_t i = 0; i < t->nr; i++)
		free(t->cells[i]);
	free(t->cells);
	t->cells = NULL;
	t->nr = t->cap = 0;
}

int text_table__put(struct text_table *t, FILE *out)
{
	size_t widths[TEXT_TABLE_COLUMNS] = { 0 };

	measure(t, widths);
	for (size_t i = 0; i + t->nr_columns <= t->nr; i += t->nr_columns)
		put_row(t, t->cells + i, widths, out);
	text_table__clear(t);
	return t->error;
}
