// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Waits as folded stacks. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "lib/fmt.h"
#include "lib/vec.h"
#include "view/export.h"
#include "view/stat_part.h"
#include "view/text_parts.h"
#include "view/ways.h"

#define PART_LEN 600

struct line {
	char *path;
	uint64_t ns;
};

struct folded {
	struct line *lines;
	size_t nr, cap;
};

/* The separator inside a name would make two of it. */
static void put_part(FILE *out, const char *text, const char *sep)
{
	fputs(sep, out);
	for (; *text; text++)
		fputc(*text == ';' ? ':' : *text, out);
}

static void put_path(FILE *out, const struct way *way)
{
	char text[PART_LEN], comm[64];
	const char *sep = "";

	if (way->agg->by_task) {
		snprintf(text, sizeof(text), "%s/%" PRIu32,
			 fmt__safe(comm, sizeof(comm), way->agg->who.comm, true), way->agg->who.tid);
		put_part(out, text, sep);
		sep = ";";
	}
	for (uint32_t i = way->nr_frames; i > 0; i--) {
		put_part(out, ways__frame(text, sizeof(text), &way->frames[i - 1]), sep);
		sep = ";";
	}
	if (!way->nr_frames)
		put_part(out, "(stack not walked)", sep);
	put_part(out, ways__lock(text, sizeof(text), &way->agg->lock, way->name,
				 way->agg->mode), ";");
}

static int add(struct folded *f, char *path, uint64_t ns)
{
	if (!path || !VEC_ROOM(f->lines, f->nr, f->cap)) {
		free(path);
		return -ENOMEM;
	}
	f->lines[f->nr++] = (struct line){ path, ns };
	return 0;
}

static int take_way(void *ctx, const struct way *way)
{
	char *path = NULL;
	size_t len;
	FILE *out = open_memstream(&path, &len);

	if (!out)
		return -ENOMEM;
	put_path(out, way);
	if (fclose(out)) {
		free(path);
		return -ENOMEM;
	}
	return add(ctx, path, way->ns);
}

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct line *)a)->path, ((const struct line *)b)->path);
}

int view_folded__waits(FILE *out, const struct view_input *in)
{
	struct folded f = { 0 };
	struct stat_sum none;
	int err = ways__each(in, take_way, &f, &none);

	if (!err && none.count)
		err = add(&f, strdup("(stack not walked);(locks that found no room)"), none.total_ns);
	if (f.nr)
		qsort(f.lines, f.nr, sizeof(*f.lines), by_path);
	for (size_t i = 0, same; !err && i < f.nr; i = same) {
		uint64_t ns = 0;

		for (same = i; same < f.nr && !strcmp(f.lines[same].path, f.lines[i].path); same++)
			ns = stat__add(ns, f.lines[same].ns);
		fprintf(out, "%s %" PRIu64 "\n", f.lines[i].path, ns);
	}
	for (size_t i = 0; i < f.nr; i++)
		free(f.lines[i].path);
	free(f.lines);
	return err ? err : text__result(out);
}
