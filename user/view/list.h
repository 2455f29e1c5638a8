/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * list.h - rows of text in columns, ready to be scrolled through: what every screen
 * but the tables of statistics is made of.
 */
#ifndef LOCKSCOPE_VIEW_LIST_H
#define LOCKSCOPE_VIEW_LIST_H

#include "view/grid.h"

#define LIST_COLUMNS 6

struct list_column {
	const char *title;
	int width;		/* the last one takes what is left */
	bool right;
	int from;		/* left out on a screen narrower than this; 0: never */
};

/* What a row is about, so that the cursor finds it again and Enter can open it. */
enum target_kind { TARGET_NONE, TARGET_LOCK, TARGET_NAME, TARGET_TASK, TARGET_FINDING,
		   TARGET_GROUP };
struct target {
	enum target_kind kind;
	uint64_t id, start_ns;	/* lock key; a name's hash; tid and its start; finding id;
				 * a group of findings */
};

struct list_row {
	char *cells[LIST_COLUMNS];	/* NULL: empty */
	enum grid_look look;
	struct target target;
};

struct list {
	const struct list_column *columns;	/* NULL: one column without a title */
	size_t nr_columns;
	struct list_row *rows;
	size_t nr, cap;
	int error;		/* the first -ENOMEM; later calls do nothing */
};

/* Empties it and sets the columns. */
void list__begin(struct list *l, const struct list_column *columns, size_t nr_columns);
void list__free(struct list *l);
/* A new row; what it is about may be NULL. */
void list__row(struct list *l, enum grid_look look, const struct target *target);
/* A cell of the last row, copied; column counts from 0. */
void list__cell(struct list *l, size_t column, const char *text);
/* A row of one text, formatted. */
void list__line(struct list *l, enum grid_look look, const struct target *target, const char *fmt,
		...) __attribute__((format(printf, 4, 5)));
/* A row a line of text. */
void list__text(struct list *l, enum grid_look look, const struct target *target, const char *text);

/* Breaks the lines of a list of one column at blanks; what is broken off is indented. */
void list__wrap(struct list *l, int width);

void list__draw_head(const struct list *l, struct grid *g, int y);
void list__draw_row(const struct list *l, struct grid *g, int y, size_t i);

#endif
