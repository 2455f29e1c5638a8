// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * Sharing out what was not walked.  Long waits are always walked, short ones now
 * and then, so what is left is short: within one histogram bucket which waits were
 * walked is chance, and the walked callers stand for the rest.
 */
#include <errno.h>
#include <stdlib.h>
#include "view/stat_order.h"

/* n * part / whole, exact. */
static uint64_t scaled(uint64_t n, uint64_t part, uint64_t whole)
{
	return whole ? (uint64_t)((unsigned __int128)n * part / whole) : 0;
}

/* Spreads one bucket of unwalked waits over the walked rows in proportion to their
 * own waits in that bucket, or to all their waits when none is in it.  Rounding
 * goes by running sums, so that nothing is lost or made. */
static void share_bucket(const struct stat_part *from, struct stat_part *to, size_t nr, int bucket)
{
	uint64_t n = part__hist(from, bucket), whole = 0, upto = 0, given = 0;
	bool by_bucket;

	if (!n)
		return;
	for (size_t i = 0; i < nr; i++)
		whole = stat__add(whole, part__hist(&to[i], bucket));
	by_bucket = whole;
	for (size_t i = 0; !by_bucket && i < nr; i++)
		whole = stat__add(whole, to[i].count);
	for (size_t i = 0; i < nr; i++) {
		uint64_t share;

		upto = stat__add(upto, by_bucket ? part__hist(&to[i], bucket) : to[i].count);
		share = scaled(n, upto, whole) - given;
		given += share;
		to[i].share_hist[bucket] += share;
		to[i].share_count = stat__add(to[i].share_count, share);
	}
}

/* Count and histogram are not read at one instant, so a few waits may be in no
 * bucket yet; they go where most are. */
static void share_rest(const struct stat_part *from, struct stat_part *to, size_t nr)
{
	uint64_t given = 0;
	size_t most = 0;

	for (size_t i = 0; i < nr; i++) {
		given = stat__add(given, to[i].share_count);
		if (to[i].count > to[most].count)
			most = i;
	}
	if (from->count > given)
		to[most].share_count = stat__add(to[most].share_count, from->count - given);
}

static uint64_t time_weight(const struct stat_part *p)
{
	unsigned __int128 weight = 0;

	for (int b = 0; b < REC_HIST_BUCKETS; b++)
		weight += (unsigned __int128)p->share_hist[b] * stat__bucket_mid(b);
	return weight > UINT64_MAX ? UINT64_MAX : (uint64_t)weight;
}

/* The time of the unwalked waits, in proportion to what the shares would last. */
static void share_time(const struct stat_part *from, struct stat_part *to, size_t nr)
{
	uint64_t whole = 0, upto = 0, given = 0, ns = part__total(from);

	for (size_t i = 0; i < nr; i++) {
		to[i].share_ns = time_weight(&to[i]);
		whole = stat__add(whole, to[i].share_ns);
	}
	for (size_t i = 0; !whole && i < nr; i++)
		to[i].share_ns = to[i].share_count;
	if (!whole)
		whole = from->count;
	for (size_t i = 0; i < nr; i++) {
		upto = stat__add(upto, to[i].share_ns);
		to[i].share_ns = scaled(ns, upto < whole ? upto : whole, whole) - given;
		given += to[i].share_ns;
	}
}

static int share_one(struct stat_part *from, struct stat_part *to, size_t nr)
{
	for (size_t i = 0; i < nr; i++) {
		to[i].share_hist = calloc(REC_HIST_BUCKETS, sizeof(*to[i].share_hist));
		if (!to[i].share_hist)
			return -ENOMEM;
		to[i].share_max_ns = from->agg->max_ns;
	}
	for (int b = 0; b < REC_HIST_BUCKETS; b++)
		share_bucket(from, to, nr, b);
	share_rest(from, to, nr);
	share_time(from, to, nr);
	from->shared = true;
	return 0;
}

/* Sorted, the walked rows stand behind the unwalked one (stack 0). */
int stat_share__unwalked(struct stat_parts *all)
{
	int err = stat_order__sort_rows(all);
	struct stat_part *parts = all->list;
	size_t nr = all->nr;

	if (err)
		return err;
	for (size_t i = 0, end; i < nr; i = end) {
		struct rec_agg key = *parts[i].agg;

		for (end = i + 1; end < nr; end++) {
			key.stack = parts[end].agg->stack;
			if (stat__compare_row(&key, parts[end].agg))
				break;
		}
		if (parts[i].agg->stack || end - i < 2)
			continue;
		err = share_one(&parts[i], &parts[i + 1], end - i - 1);
		if (err)
			return err;
	}
	return 0;
}
