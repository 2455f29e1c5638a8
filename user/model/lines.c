// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "model/lines.h"

#include <errno.h>
#include <stdlib.h>

#include "lib/hash.h"
#include "lib/map.h"
#include "model/intern.h"

struct lines {
	struct intern *strings;
	struct u64map *known;	/* frame -> the string */
};

int lines__new(struct lines **out, struct intern *strings)
{
	struct lines *l = calloc(1, sizeof(*l));

	*out = l;
	if (!l)
		return -ENOMEM;
	l->strings = strings;
	return u64map__new(&l->known, 0);
}

void lines__free(struct lines *l)
{
	if (!l)
		return;
	u64map__free(l->known);
	free(l);
}

static uint64_t key(const struct rec_frame *f)
{
	uint64_t h = hash__add(hash__u64(f->addr), f->off);

	h = hash__add(h, f->sym ? hash__str(f->sym) : 0);
	return hash__add(h, f->module ? hash__str(f->module) : 0);
}

int lines__set(struct lines *l, const struct rec_frame *frame)
{
	const char *line = intern__str(l->strings, frame->line);

	if (!frame->line)
		return 0;
	return line ? u64map__set(l->known, key(frame), (uintptr_t)line) : -ENOMEM;
}

void lines__fill(const struct lines *l, struct rec_frame *frame)
{
	uint64_t line;

	if (u64map__nr(l->known) && frame->addr && !frame->line &&
	    u64map__get(l->known, key(frame), &line))
		frame->line = (const char *)(uintptr_t)line;
}

size_t lines__nr(const struct lines *l)
{
	return u64map__nr(l->known);
}
