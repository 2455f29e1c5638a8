// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "source/live_stacks.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "abi.h"
#include "lib/arena.h"
#include "lib/hash.h"
#include "lib/map.h"
#include "record/caller.h"
#include "source/live_priv.h"

/* Different stacks known at most, some 1 KB each: a watch may run for months. */
#define STACKS_MAX 32768
#define BATCH 256
/* Frames of a walk's own at its beginning, at most. */
#define TRACER_MAX 6

struct live_stacks {
	int map_fd;
	uint32_t map_max;
	uint64_t kept_before;	/* what the kernel had put there when it was last emptied */
	uint64_t lost;
	struct symbols *symbols;
	struct u64map *by_key;		/* BPF map key -> id */
	struct u64map *by_frames;	/* hash of the trimmed frames -> id */
	struct u64map *by_walk;		/* the same of the frames as walked */
	struct rec_stack *list;		/* list[id - 1] */
	uint32_t nr, cap;
	struct arena *user_names;	/* of user stacks */
};

int live_stacks__new(struct live_stacks **out, int map_fd, uint32_t map_max,
		     struct symbols *symbols)
{
	struct live_stacks *s = calloc(1, sizeof(*s));

	*out = s;
	if (!s)
		return -ENOMEM;
	s->map_fd = map_fd;
	s->map_max = map_max;
	s->symbols = symbols;
	return arena__new(&s->user_names) ?: u64map__new(&s->by_key, 0) ?: u64map__new(&s->by_frames, 0) ?:
	       u64map__new(&s->by_walk, 0);
}

void live_stacks__free(struct live_stacks *s)
{
	uint32_t i;

	if (!s)
		return;
	for (i = 0; i < s->nr; i++)
		free((void *)s->list[i].frames);
	free(s->list);
	u64map__free(s->by_key);
	u64map__free(s->by_frames);
	u64map__free(s->by_walk);
	arena__free(s->user_names);
	free(s);
}

static bool has_prefix(const char *s, const char *prefix)
{
	return !strncmp(s, prefix, strlen(prefix));
}

static uint32_t nr_tracer_frames(const struct live_stacks *s, const uint64_t *ips, uint32_t nr)
{
	struct rec_frame frames[TRACER_MAX];
	uint32_t i;

	if (nr > TRACER_MAX)
		nr = TRACER_MAX;
	for (i = 0; i < nr; i++)
		symbols__code(s->symbols, ips[i], &frames[i]);
	return caller__nr_tracer(frames, nr);
}

static uint64_t hash_frames(const uint64_t *ips, uint32_t nr)
{
	uint64_t h = nr;
	uint32_t i;

	for (i = 0; i < nr; i++)
		h = hash__add(h, ips[i]);
	return h;
}

/* A stack whose frames are still to be filled; NULL: there is no room. */
static struct rec_frame *add_empty(struct live_stacks *s, uint32_t nr)
{
	struct rec_frame *frames;

	if (s->nr == STACKS_MAX) {
		s->lost++;
		return NULL;
	}
	if (s->nr == s->cap) {
		uint32_t cap = s->cap ? s->cap * 2 : 256;
		struct rec_stack *list = realloc(s->list, cap * sizeof(*list));

		if (!list)
			return NULL;
		s->list = list;
		s->cap = cap;
	}
	frames = calloc(nr, sizeof(*frames));
	if (!frames)
		return NULL;
	s->list[s->nr] = (struct rec_stack){ .id = s->nr + 1, .nr_frames = nr, .frames = frames };
	s->nr++;
	return frames;
}

static uint32_t add(struct live_stacks *s, const uint64_t *ips, uint32_t nr)
{
	struct rec_frame *frames = add_empty(s, nr);
	uint32_t i;

	if (!frames)
		return 0;
	symbols__refresh(s->symbols, live__now());
	for (i = 0; i < nr; i++)
		symbols__code(s->symbols, ips[i], &frames[i]);
	return s->nr;
}

static int tell(const struct live_stacks *s, uint32_t id, record_fn sink, void *ctx)
{
	struct record rec = { .type = REC_STACK, .stack = s->list[id - 1] };

	return sink ? sink(ctx, &rec) : 0;
}

static uint32_t by_trimmed(struct live_stacks *s, const uint64_t *ips, uint32_t nr,
			   record_fn sink, void *ctx, int *err)
{
	uint32_t skip = nr_tracer_frames(s, ips, nr), id;
	uint64_t hash, known;
	int rc;

	ips += skip;
	nr -= skip;
	if (!nr)
		return 0;
	hash = hash_frames(ips, nr);
	if (u64map__get(s->by_frames, hash, &known))
		return (uint32_t)known;
	id = add(s, ips, nr);
	if (!id || u64map__set(s->by_frames, hash, id))
		return 0;
	rc = tell(s, id, sink, ctx);
	if (rc && err)
		*err = rc;
	return id;
}

/* Crowds stand in the same place: which frames are the walk's own is found out once. */
uint32_t live_stacks__by_frames(struct live_stacks *s, const uint64_t *ips, uint32_t nr,
				record_fn sink, void *ctx, int *err)
{
	uint64_t hash = hash_frames(ips, nr), known;
	uint32_t id;

	if (u64map__get(s->by_walk, hash, &known))
		return (uint32_t)known;
	id = by_trimmed(s, ips, nr, sink, ctx, err);
	if (u64map__nr(s->by_walk) >= 2 * STACKS_MAX)
		u64map__clear(s->by_walk);
	if (id)
		u64map__set(s->by_walk, hash, id);
	return id;
}

/* Equal addresses are equal places only in one process, and as long as it has the same
 * files there. */
static uint64_t hash_user(uint32_t pid, const struct rec_frame *frames, uint32_t nr)
{
	uint64_t h = hash__add(pid, nr);
	uint32_t i;

	for (i = 0; i < nr; i++) {
		h = hash__add(h, frames[i].addr);
		h = hash__add(h, frames[i].off);
		h = hash__add(h, frames[i].sym ? hash__str(frames[i].sym) : 0);
		h = hash__add(h, frames[i].module ? hash__str(frames[i].module) : 0);
	}
	return h;
}

uint32_t live_stacks__of_user(struct live_stacks *s, uint32_t pid, const struct rec_frame *frames,
			      uint32_t nr, record_fn sink, void *ctx, int *err)
{
	uint64_t hash = hash_user(pid, frames, nr), known;
	struct rec_frame *mine;
	uint32_t i;
	int rc;

	if (u64map__get(s->by_frames, hash, &known))
		return (uint32_t)known;
	mine = add_empty(s, nr);
	if (!mine || u64map__set(s->by_frames, hash, s->nr))
		return 0;
	for (i = 0; i < nr; i++) {
		mine[i] = frames[i];	/* without memory a name is not known */
		mine[i].sym = arena__strdup(s->user_names, frames[i].sym);
		mine[i].module = arena__strdup(s->user_names, frames[i].module);
	}
	rc = tell(s, s->nr, sink, ctx);
	if (rc && err)
		*err = rc;
	return s->nr;
}

/* The frames up to the interrupt's entry belong to the tick. */
static uint32_t nr_tick_frames(const struct live_stacks *s, const uint64_t *ips, uint32_t nr)
{
	uint32_t i;

	for (i = 0; i < nr; i++) {
		struct rec_frame f;

		symbols__code(s->symbols, ips[i], &f);
		if (f.sym && (has_prefix(f.sym, "asm_sysvec_") || has_prefix(f.sym, "asm_common_int") ||
			      has_prefix(f.sym, "el1h_64_irq") || has_prefix(f.sym, "el0t_64_irq")))
			return i + 1;
	}
	return 0;
}

static uint32_t by_map_key(struct live_stacks *s, uint64_t key, bool sample, record_fn sink,
			   void *ctx, int *err)
{
	uint64_t known, name = sample ? ~key : key;
	uint32_t id, skip;
	struct lk_stack st;

	if (!key)
		return 0;
	if (u64map__get(s->by_key, name, &known))
		return (uint32_t)known;
	if (bpf_map_lookup_elem(s->map_fd, &key, &st) || st.nr > LK_STACK_DEPTH)
		return 0;
	skip = sample ? nr_tick_frames(s, (const uint64_t *)st.ip, st.nr) : 0;
	id = live_stacks__by_frames(s, (const uint64_t *)st.ip + skip, st.nr - skip, sink, ctx, err);
	if (id)
		u64map__set(s->by_key, name, id);
	return id;
}

uint32_t live_stacks__by_key(struct live_stacks *s, uint64_t key, record_fn sink, void *ctx,
			     int *err)
{
	return by_map_key(s, key, false, sink, ctx, err);
}

uint32_t live_stacks__by_sample(struct live_stacks *s, uint64_t key, record_fn sink, void *ctx,
				int *err)
{
	return by_map_key(s, key, true, sink, ctx, err);
}

const struct rec_stack *live_stacks__get(const struct live_stacks *s, uint32_t id)
{
	return id && id <= s->nr ? &s->list[id - 1] : NULL;
}

uint64_t live_stacks__lost(const struct live_stacks *s)
{
	return s->lost;
}

/* Waits that are counted or still open refer to their stack by key: from here on
 * the key is known without the map. */
int live_stacks__make_room(struct live_stacks *s, uint64_t kept, record_fn sink, void *ctx)
{
	struct lk_stack values[BATCH];
	uint64_t keys[BATCH];
	uint32_t at, nr, i;
	bool more = true, first = true;
	int err = 0;

	if (kept - s->kept_before < s->map_max - s->map_max / 4)
		return 0;
	while (more && !err) {
		nr = BATCH;
		more = !bpf_map_lookup_batch(s->map_fd, first ? NULL : &at, &at, keys, values, &nr,
					     NULL);
		first = false;
		/* Only what has its id: the programs go on adding. */
		for (i = 0; i < nr && !err; i++)
			if (live_stacks__by_key(s, keys[i], sink, ctx, &err) && !err)
				bpf_map_delete_elem(s->map_fd, &keys[i]);
	}
	s->kept_before = kept;
	return err;
}
