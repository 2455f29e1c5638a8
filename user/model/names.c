// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "model/names.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/arena.h"
#include "lib/map.h"
#include "lib/vec.h"
#include "model/intern.h"

/* Then all is forgotten: names of locks that are of interest come again. */
#define NAMES_MAX 262144

struct names {
	struct intern *strings;		/* names and sources: there are few different ones */
	struct arena *objects;		/* those are as many as locks */
	struct rec_lock_name *list;
	/* lock key to index: of those that sleep, and of those that spin */
	struct u64map *keys[2];
	size_t nr, cap;
};

int names__new(struct names **out, struct intern *strings)
{
	struct names *n = calloc(1, sizeof(*n));

	*out = NULL;
	if (!n)
		return -ENOMEM;
	n->strings = strings;
	if (arena__new(&n->objects) || u64map__new(&n->keys[0], 0) ||
	    u64map__new(&n->keys[1], 0)) {
		names__free(n);
		return -ENOMEM;
	}
	*out = n;
	return 0;
}

void names__free(struct names *n)
{
	if (!n)
		return;
	arena__free(n->objects);
	u64map__free(n->keys[0]);
	u64map__free(n->keys[1]);
	free(n->list);
	free(n);
}

/* The one copy of s; *err is set when memory is out. */
static const char *keep(struct names *n, const char *s, int *err)
{
	const char *copy = intern__str(n->strings, s);

	if (s && !copy)
		*err = -ENOMEM;
	return copy;
}

static int forget(struct names *n)
{
	n->nr = 0;
	u64map__clear(n->keys[0]);
	u64map__clear(n->keys[1]);
	arena__free(n->objects);
	return arena__new(&n->objects);
}

int names__set(struct names *n, const struct rec_lock_name *name)
{
	struct u64map *keys = n->keys[kind__spins(name->lock.kind)];
	const char *object = NULL;
	struct rec_lock_name *to;
	uint64_t at;
	int err = 0;

	if (n->nr == NAMES_MAX && forget(n))
		return -ENOMEM;
	if (!u64map__get(keys, name->lock.key, &at)) {
		if (!VEC_ROOM(n->list, n->nr, n->cap) || u64map__set(keys, name->lock.key, n->nr))
			return -ENOMEM;
		at = n->nr++;
		n->list[at] = (struct rec_lock_name){ 0 };
	}
	to = &n->list[at];
	if (name->object)
		object = to->object && !strcmp(to->object, name->object) ? to->object :
			 arena__strdup(n->objects, name->object);
	if (name->object && !object)
		return -ENOMEM;
	*to = *name;
	to->lock.str = keep(n, name->lock.str, &err);
	to->name = keep(n, name->name, &err);
	to->source = keep(n, name->source, &err);
	to->object = object;
	return err;
}

const struct rec_lock_name *names__get(const struct names *n, const struct rec_lock *lock)
{
	uint64_t at;

	if (!u64map__get(n->keys[kind__spins(lock->kind)], lock->key, &at) || !n->list[at].name)
		return NULL;
	return &n->list[at];
}
