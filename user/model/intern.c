// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "model/intern.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/arena.h"
#include "lib/hash.h"
#include "lib/map.h"

struct intern {
	struct u64map *map;	/* hash, or the next free number after it, to string */
	struct arena *arena;
};

int intern__new(struct intern **out, struct arena *arena)
{
	struct intern *in = calloc(1, sizeof(*in));

	*out = NULL;
	if (!in)
		return -ENOMEM;
	in->arena = arena;
	if (u64map__new(&in->map, 0)) {
		free(in);
		return -ENOMEM;
	}
	*out = in;
	return 0;
}

void intern__free(struct intern *in)
{
	if (!in)
		return;
	u64map__free(in->map);
	free(in);
}

const char *intern__str(struct intern *in, const char *s)
{
	uint64_t h, at;
	char *copy;

	if (!s)
		return NULL;
	for (h = hash__str(s); u64map__get(in->map, h, &at); h++)
		if (!strcmp((const char *)(uintptr_t)at, s))
			return (const char *)(uintptr_t)at;
	copy = arena__strdup(in->arena, s);
	if (!copy || u64map__set(in->map, h, (uintptr_t)copy))
		return NULL;
	return copy;
}
