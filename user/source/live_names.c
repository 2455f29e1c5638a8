// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "source/live_names.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/map.h"
#include "lib/vec.h"
#include "source/live_namer.h"
#include "source/live_places.h"

/* How many stacks are tried for a better name: each takes some ms. */
#define STACKS_MAX 4
/* Locks known at most, each some 100 bytes. */
#define NAMES_MAX 65536

struct entry {
	struct rec_lock_name name;	/* name NULL: it has none */
	struct lk_place place;		/* it was made from this; cache 0: from none */
	bool told;
	uint32_t nr_stacks, stack;	/* waits' stacks that were tried, the last one's id */
};

struct live_names {
	struct live_places *places;
	struct namer *namer;
	struct entry *list;
	struct u64map *keys[2];	/* address to index: of those that sleep, and of those that spin */
	size_t nr, cap;
};

int live_names__new(struct live_names **out, struct live_bpf *b, struct live_types *types)
{
	struct live_names *n = calloc(1, sizeof(*n));

	*out = n;
	if (!n)
		return -ENOMEM;
	return u64map__new(&n->keys[0], 0) ?: u64map__new(&n->keys[1], 0) ?:
	       live_places__new(&n->places, b, types) ?: namer__new(&n->namer, n->places, types);
}

void live_names__use_symbols(struct live_names *n, const struct symbols *symbols)
{
	namer__use_symbols(n->namer, symbols);
}

void live_names__free(struct live_names *n)
{
	if (!n)
		return;
	namer__free(n->namer);
	live_places__free(n->places);
	u64map__free(n->keys[0]);
	u64map__free(n->keys[1]);
	free(n->list);
	free(n);
}

int live_names__make_room(struct live_names *n)
{
	if (n->nr < NAMES_MAX / 4 * 3)
		return 0;
	u64map__clear(n->keys[0]);
	u64map__clear(n->keys[1]);
	n->nr = 0;
	return namer__forget(n->namer);
}

static void resolve(struct live_names *n, struct entry *e, const struct rec_stack *stack)
{
	const struct rec_lock_name before = e->name;
	struct rec_lock_name *name = &e->name;

	if (stack) {
		e->nr_stacks++;
		e->stack = stack->id;
	}
	*name = (struct rec_lock_name){ .lock = before.lock };
	namer__name(n->namer, &e->place, stack, name);
	if (!before.name || !name->name || strcmp(before.name, name->name) ||
	    strcmp(before.object ? before.object : "", name->object ? name->object : ""))
		e->told = false;
}

/* A stack may tell more, or one more may where those before told nothing. */
static bool is_wanted(const struct entry *e, const struct rec_stack *stack)
{
	return stack && e->nr_stacks < STACKS_MAX && !(e->nr_stacks && e->stack == stack->id) &&
	       (!e->name.name || !strcmp(e->name.source, "cache"));
}

static struct entry *entry_of(struct live_names *n, const struct rec_lock *lock,
			      const struct rec_stack *stack, bool look_again)
{
	struct u64map *keys = n->keys[kind__spins(lock->kind)];
	struct lk_place place = { 0 };
	bool known, changed;
	struct entry *e;
	uint64_t at;

	known = u64map__get(keys, lock->key, &at);
	if (known && !look_again && !is_wanted(&n->list[at], stack))
		return &n->list[at];
	live_places__get(n->places, lock->addr, &place);
	if (!known) {
		if (n->nr == NAMES_MAX || !VEC_ROOM(n->list, n->nr, n->cap) ||
		    u64map__set(keys, lock->key, n->nr))
			return NULL;
		at = n->nr++;
		n->list[at] = (struct entry){ .name.lock = *lock };
	}
	e = &n->list[at];
	changed = memcmp(&e->place, &place, sizeof(place)) || e->name.lock.kind != lock->kind;
	if (changed)
		e->nr_stacks = 0;
	e->name.lock = *lock;
	e->place = place;
	if (!known || changed || is_wanted(e, stack))
		resolve(n, e, stack);
	return e;
}

const struct rec_lock_name *live_names__get(struct live_names *n, const struct rec_lock *lock,
					    const struct rec_stack *stack)
{
	struct entry *e = lock->addr ? entry_of(n, lock, stack, true) : NULL;

	return e && e->name.name ? &e->name : NULL;
}

int live_names__tell(struct live_names *n, const struct rec_lock *lock,
		     const struct rec_stack *stack, bool look_again, record_fn sink, void *ctx)
{
	struct record rec = { .type = REC_LOCK_NAME };
	struct entry *e = lock->addr ? entry_of(n, lock, stack, look_again) : NULL;

	if (!e || e->told || !e->name.name || !sink)
		return 0;
	e->told = true;
	rec.lock_name = e->name;
	return sink(ctx, &rec);
}

uint32_t live_names__object_offset(const struct live_names *n, uint64_t lock)
{
	struct lk_place place = { 0 };

	live_places__get(n->places, lock, &place);
	return place.cache ? place.off : 0;
}

int64_t live_names__from_run_queue(const struct live_names *n, const char *variable)
{
	return namer__from_run_queue(n->namer, variable);
}
