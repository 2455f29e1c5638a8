/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * text_table.h - rows of text whose columns are as wide as what stands in them.
 */
#ifndef LOCKSCOPE_VIEW_TEXT_TABLE_H
#define LOCKSCOPE_VIEW_TEXT_TABLE_H

#include <stddef.h>
#include <stdio.h>

#define TEXT_TABLE_COLUMNS 8
#define TEXT_TABLE_WIDEST 64	/* a longer cell only pushes its own row aside */

struct text_table {
	char **cells;		/* row by row */
	size_t nr, cap;
	size_t nr_columns;	/* at most TEXT_TABLE_COLUMNS */
	int error;		/* the first -ENOMEM; later calls do nothing */
};

void text_table__init(struct text_table *t, size_t nr_columns);
/* The next cell; copies.  text must be safe for a terminal already. */
void text_table__add(struct text_table *t, const char *text);
/* Columns that its widest row takes. */
size_t text_table__width(const struct text_table *t);
/* Frees everything; the table is empty then. */
void text_table__clear(struct text_table *t);
/* Writes all rows and frees everything.  0 or -ENOMEM. */
int text_table__put(struct text_table *t, FILE *out);

#endif
