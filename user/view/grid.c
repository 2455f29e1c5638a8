// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "view/grid.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "lib/fmt.h"
#include "lib/utf8.h"

#define TEXT_BYTES 2048	/* of one text: more than the widest terminal shows */

int grid__resize(struct grid *g, int width, int height)
{
	struct grid_cell *cells;

	if (width < 1 || height < 1)
		return -EINVAL;
	if (width != g->width || height != g->height || !g->cells) {
		cells = calloc((size_t)width * (size_t)height, sizeof(*cells));
		if (!cells)
			return -ENOMEM;
		free(g->cells);
		g->cells = cells;
		g->width = width;
		g->height = height;
	}
	grid__clear(g);
	return 0;
}

void grid__free(struct grid *g)
{
	free(g->cells);
	g->cells = NULL;
	g->width = g->height = 0;
}

void grid__clear(struct grid *g)
{
	for (int y = 0; y < g->height; y++)
		grid__fill(g, y, 0, g->width, LOOK_PLAIN);
}

static struct grid_cell *row_of(const struct grid *g, int y)
{
	return y < 0 || y >= g->height ? NULL : g->cells + (size_t)y * (size_t)g->width;
}

/* How many of width columns from x on are there. */
static int inside(const struct grid *g, int x, int width)
{
	if (x < 0 || x >= g->width || width < 0)
		return 0;
	return width > g->width - x ? g->width - x : width;
}

void grid__fill(struct grid *g, int y, int x, int width, enum grid_look look)
{
	struct grid_cell *row = row_of(g, y);

	for (int i = 0; row && i < inside(g, x, width); i++)
		row[x + i] = (struct grid_cell){ ' ', (uint8_t)look };
}

void grid__look(struct grid *g, int y, int x, int width, enum grid_look look)
{
	struct grid_cell *row = row_of(g, y);

	for (int i = 0; row && i < inside(g, x, width); i++)
		row[x + i].look = (uint8_t)look;
}

/* Marks that stand on the character before them are left out: a cell has one. */
static int put(struct grid *g, int y, int x, int width, enum grid_look look, const char *safe)
{
	struct grid_cell *row = row_of(g, y);
	size_t len = strlen(safe);
	int used = 0;

	width = row ? inside(g, x, width) : 0;
	while (len) {
		uint32_t cp;
		size_t n = utf8__next(safe, len, &cp);
		int columns = cp == UTF8_BAD ? 1 : utf8__width(cp);

		if (used + columns > width)
			break;
		safe += n;
		len -= n;
		if (!columns)
			continue;
		row[x + used] = (struct grid_cell){ cp == UTF8_BAD ? '?' : cp, (uint8_t)look };
		if (columns == 2)
			row[x + used + 1] = (struct grid_cell){ 0, (uint8_t)look };
		used += columns;
	}
	return used;
}

int grid__text(struct grid *g, int y, int x, int width, enum grid_look look, const char *text)
{
	char safe[TEXT_BYTES];

	return put(g, y, x, width, look, fmt__safe(safe, sizeof(safe), text, g->utf8));
}

void grid__right(struct grid *g, int y, int x, int width, enum grid_look look, const char *text)
{
	char safe[TEXT_BYTES];
	int used;

	fmt__safe(safe, sizeof(safe), text, g->utf8);
	used = (int)fmt__width(safe);
	put(g, y, used < width ? x + width - used : x, used < width ? used : width, look, safe);
}

static void print_cp(uint32_t cp, FILE *out)
{
	char bytes[4];

	fwrite(bytes, 1, utf8__put(cp, bytes), out);
}

static void print_row(const struct grid *g, int y, FILE *out, bool looks)
{
	static const char letters[NR_LOOKS] = " bdtHS>AWrg";
	const struct grid_cell *row = row_of(g, y);
	int end = g->width;

	while (end && (looks ? row[end - 1].look == LOOK_PLAIN : row[end - 1].cp == ' '))
		end--;
	for (int x = 0; x < end; x++) {
		if (looks)
			fputc(letters[row[x].look], out);
		else if (row[x].cp)
			print_cp(row[x].cp, out);
	}
	fputc('\n', out);
}

int grid__print(const struct grid *g, FILE *out, bool looks)
{
	for (int y = 0; y < g->height; y++)
		print_row(g, y, out, false);
	for (int y = 0; looks && y < g->height; y++)
		print_row(g, y, out, true);
	return ferror(out) ? -EIO : 0;
}
