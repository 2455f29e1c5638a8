// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "model/rows.h"

#include <errno.h>
#include <stdlib.h>

#include "lib/hash.h"
#include "lib/map.h"
#include "lib/vec.h"
#include "model/intern.h"

/* Both maps lead from a row's hash, or the next free number after it, to its index. */
struct rows {
	struct intern *strings;
	struct stat_row *stats;
	struct u64map *stat_keys;
	size_t nr_stats, cap_stats;
	struct hold_row *holds;
	struct u64map *hold_keys;
	size_t nr_holds, cap_holds;
};

int rows__new(struct rows **out, struct intern *strings)
{
	struct rows *r = calloc(1, sizeof(*r));

	*out = NULL;
	if (!r)
		return -ENOMEM;
	r->strings = strings;
	if (u64map__new(&r->stat_keys, 0) || u64map__new(&r->hold_keys, 0)) {
		rows__free(r);
		return -ENOMEM;
	}
	*out = r;
	return 0;
}

void rows__free(struct rows *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->nr_stats; i++)
		rec_hist__drop(&r->stats[i].agg.hist);
	for (size_t i = 0; i < r->nr_holds; i++)
		rec_hist__drop(&r->holds[i].agg.hist);
	u64map__free(r->stat_keys);
	u64map__free(r->hold_keys);
	free(r->stats);
	free(r->holds);
	free(r);
}

/* The one copy of s; *err is set when memory is out. */
static const char *keep(struct rows *r, const char *s, int *err)
{
	const char *copy = intern__str(r->strings, s);

	if (s && !copy)
		*err = -ENOMEM;
	return copy;
}

static uint64_t stat_key(const struct rec_agg *a)
{
	uint64_t h = hash__u64(a->lock.key);

	h = hash__add(h, (uint64_t)a->stack << 8 | (uint64_t)a->mode << 2 | a->spin << 1 |
				 a->by_task);
	return a->by_task ? hash__add(hash__add(h, a->who.tid), a->who.start_ns) : h;
}

static bool same_stat(const struct rec_agg *a, const struct rec_agg *b)
{
	return a->lock.key == b->lock.key && a->mode == b->mode && a->spin == b->spin &&
	       a->stack == b->stack && a->by_task == b->by_task &&
	       (!a->by_task || (a->who.tid == b->who.tid && a->who.start_ns == b->who.start_ns));
}

int rows__add_agg(struct rows *r, const struct rec_agg *a)
{
	struct stat_row *row;
	struct rec_hist hist;
	uint64_t h, at;
	int err = 0;

	for (h = stat_key(a); u64map__get(r->stat_keys, h, &at); h++)
		if (same_stat(&r->stats[at].agg, a))
			break;
	if (!u64map__get(r->stat_keys, h, &at)) {
		if (!VEC_ROOM(r->stats, r->nr_stats, r->cap_stats) ||
		    u64map__set(r->stat_keys, h, r->nr_stats))
			return -ENOMEM;
		at = r->nr_stats++;
		r->stats[at].agg.hist = (struct rec_hist){ 0 };
	}
	row = &r->stats[at];
	hist = row->agg.hist;
	err = rec_hist__keep(&hist, &a->hist);
	row->agg = *a;
	row->agg.hist = hist;
	row->agg.lock.str = keep(r, a->lock.str, &err);
	row->agg.who.comm = keep(r, a->who.comm ? a->who.comm : "", &err);
	return err;
}

static uint64_t hold_key(const struct rec_hold_agg *a)
{
	return hash__add(hash__add(hash__u64(a->lock.key), a->site.addr), a->mode);
}

static bool same_hold(const struct rec_hold_agg *a, const struct rec_hold_agg *b)
{
	return a->lock.key == b->lock.key && a->mode == b->mode && a->site.addr == b->site.addr &&
	       (a->lock.key || a->lock.kind == b->lock.kind);
}

int rows__add_hold_agg(struct rows *r, const struct rec_hold_agg *a)
{
	struct hold_row *row;
	struct rec_hist hist;
	uint64_t h, at;
	int err = 0;

	for (h = hold_key(a); u64map__get(r->hold_keys, h, &at); h++)
		if (same_hold(&r->holds[at].agg, a))
			break;
	if (!u64map__get(r->hold_keys, h, &at)) {
		if (!VEC_ROOM(r->holds, r->nr_holds, r->cap_holds) ||
		    u64map__set(r->hold_keys, h, r->nr_holds))
			return -ENOMEM;
		at = r->nr_holds++;
		r->holds[at].agg.hist = (struct rec_hist){ 0 };
	}
	row = &r->holds[at];
	hist = row->agg.hist;
	err = rec_hist__keep(&hist, &a->hist);
	row->agg = *a;
	row->agg.hist = hist;
	row->agg.lock.str = keep(r, a->lock.str, &err);
	row->agg.site.sym = keep(r, a->site.sym, &err);
	row->agg.site.module = keep(r, a->site.module, &err);
	row->agg.site.line = keep(r, a->site.line, &err);
	return err;
}

const struct stat_row *rows__stats(const struct rows *r, size_t *nr)
{
	*nr = r->nr_stats;
	return r->stats;
}

const struct hold_row *rows__holds(const struct rows *r, size_t *nr)
{
	*nr = r->nr_holds;
	return r->holds;
}
