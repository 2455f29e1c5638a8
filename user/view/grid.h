/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * grid.h - a picture made of character cells: what a screen is before a terminal
 * shows it, so that tests see what people see.
 */
#ifndef LOCKSCOPE_VIEW_GRID_H
#define LOCKSCOPE_VIEW_GRID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* What a cell is, not how it is coloured: that is the terminal's business. */
enum grid_look {
	LOOK_PLAIN,
	LOOK_STRONG,
	LOOK_DIM,
	LOOK_TITLE,	/* numbers of the header */
	LOOK_BAR,	/* the head of a table, the current view's name */
	LOOK_SORTED,	/* the sorted column in it */
	LOOK_SELECTED,
	LOOK_ALARM,	/* a deadlock, not to be missed */
	LOOK_WARN,	/* a line as loud, of something less bad */
	LOOK_BAD,	/* part of a cycle */
	LOOK_GRAPH,	/* bars and sparks */
	NR_LOOKS,
};

struct grid_cell {
	uint32_t cp;	/* 0: the right half of the wide character before it */
	uint8_t look;
};

struct grid {
	int width, height;
	bool utf8;		/* else every cell is ASCII */
	struct grid_cell *cells;
};

/* Makes it width x height blanks.  0, -EINVAL below 1 x 1, or -ENOMEM. */
int grid__resize(struct grid *g, int width, int height);
void grid__free(struct grid *g);
void grid__clear(struct grid *g);

/* All of these leave out what lies beyond the edges. */
/* Writes foreign text, made harmless, cut at `width` columns at a character; returns
 * the columns it took. */
int grid__text(struct grid *g, int y, int x, int width, enum grid_look look, const char *text);
/* The same at the right end of `width` columns. */
void grid__right(struct grid *g, int y, int x, int width, enum grid_look look, const char *text);
void grid__fill(struct grid *g, int y, int x, int width, enum grid_look look);
/* Changes how cells look, not what they say. */
void grid__look(struct grid *g, int y, int x, int width, enum grid_look look);

/* The text, one line a row without blanks at its end.  looks: then the looks, a letter
 * a cell.  0 or -errno of the stream. */
int grid__print(const struct grid *g, FILE *out, bool looks);

#endif
