// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "view/history.h"

#include <errno.h>
#include <stdlib.h>
#include "lib/map.h"
#include "lib/vec.h"

#define NS_PER_US 1000

/* Microseconds in 32 bits: ten thousand locks should not take megabytes. */
struct lane {
	uint64_t total_ns;	/* as of the last step */
	uint64_t now_ns;	/* summed up from the rows of this step */
	uint32_t steps[HISTORY_STEPS];	/* a ring, like those below */
};

struct history {
	struct u64map *keys;	/* lock to lane */
	struct lane *lanes;
	size_t nr, cap;
	uint32_t *rows;		/* the lane of each row of the model: rows keep their index */
	size_t nr_rows, cap_rows;
	uint64_t counts[HISTORY_STEPS];
	int64_t periods_ns[HISTORY_STEPS];
	size_t nr_steps;	/* so far; the next one's place, modulo the size */
	bool begun;
	int64_t t_ns;
	struct history_sum total, last;
};

int history__new(struct history **out)
{
	struct history *h = calloc(1, sizeof(*h));

	if (!h)
		return -ENOMEM;
	if (u64map__new(&h->keys, 0)) {
		free(h);
		return -ENOMEM;
	}
	*out = h;
	return 0;
}

void history__free(struct history *h)
{
	if (!h)
		return;
	u64map__free(h->keys);
	free(h->lanes);
	free(h->rows);
	free(h);
}

static struct lane *lane_of(struct history *h, uint64_t key)
{
	uint64_t at;

	if (u64map__get(h->keys, key, &at))
		return &h->lanes[at];
	if (!VEC_ROOM(h->lanes, h->nr, h->cap) || u64map__set(h->keys, key, h->nr))
		return NULL;
	h->lanes[h->nr] = (struct lane){ 0 };
	return &h->lanes[h->nr++];
}

static struct lane *lane_of_row(struct history *h, size_t i, uint64_t key)
{
	struct lane *lane;

	if (i < h->nr_rows)
		return &h->lanes[h->rows[i]];
	lane = VEC_ROOM(h->rows, h->nr_rows, h->cap_rows) ? lane_of(h, key) : NULL;
	if (lane)
		h->rows[h->nr_rows++] = (uint32_t)(lane - h->lanes);
	return lane;
}

/* Counters that went back are another run's: it begins anew. */
static uint64_t since(uint64_t now, uint64_t then)
{
	return now >= then ? now - then : now;
}

static int sum_up(struct history *h, const struct model *m, struct history_sum *sum)
{
	size_t nr;
	const struct stat_row *rows = model__stats(m, &nr);
	const struct hold_row *holds;

	for (size_t i = 0; i < nr; i++) {
		const struct rec_agg *agg = &rows[i].agg;
		struct lane *lane = lane_of_row(h, i, agg->lock.key);

		if (!lane)
			return -ENOMEM;
		lane->now_ns += agg->total_ns;
		sum->count += agg->count;
		*(agg->spin ? &sum->spin_ns : &sum->sleep_ns) += agg->total_ns;
	}
	holds = model__holds(m, &nr);
	for (size_t i = 0; i < nr; i++)
		sum->holds += holds[i].agg.count;
	return 0;
}

static void step_lanes(struct history *h, size_t at)
{
	for (size_t i = 0; i < h->nr; i++) {
		struct lane *lane = &h->lanes[i];
		uint64_t us = (since(lane->now_ns, lane->total_ns) + NS_PER_US - 1) / NS_PER_US;

		lane->steps[at] = h->begun ? us > UINT32_MAX ? UINT32_MAX : (uint32_t)us : 0;
		lane->total_ns = lane->now_ns;
		lane->now_ns = 0;
	}
}

int history__add(struct history *h, const struct model *m, int64_t t_ns)
{
	size_t at = h->nr_steps % HISTORY_STEPS;
	struct history_sum sum = { 0 };
	int err = sum_up(h, m, &sum);

	if (err)
		return err;
	step_lanes(h, at);
	if (h->begun) {
		h->last = (struct history_sum){
			.period_ns = t_ns > h->t_ns ? t_ns - h->t_ns : 0,
			.count = since(sum.count, h->total.count),
			.sleep_ns = since(sum.sleep_ns, h->total.sleep_ns),
			.spin_ns = since(sum.spin_ns, h->total.spin_ns),
			.holds = since(sum.holds, h->total.holds),
		};
		h->counts[at] = h->last.count;
		h->periods_ns[at] = h->last.period_ns;
		h->nr_steps++;
	}
	h->total = sum;
	h->t_ns = t_ns;
	h->begun = true;
	return 0;
}

const struct history_sum *history__last(const struct history *h)
{
	return &h->last;
}

/* The place of step i of the last nr; false: there was none then. */
static bool place(const struct history *h, size_t i, size_t nr, size_t *at)
{
	size_t back = nr - i;	/* 1: the last one */

	if (back > h->nr_steps || back > HISTORY_STEPS)
		return false;
	*at = (h->nr_steps - back) % HISTORY_STEPS;
	return true;
}

void history__lock(const struct history *h, uint64_t key, uint64_t *wait_ns, size_t nr)
{
	uint64_t lane;
	bool known = u64map__get(h->keys, key, &lane);
	size_t at;

	for (size_t i = 0; i < nr; i++)
		wait_ns[i] = known && place(h, i, nr, &at) ?
			     (uint64_t)h->lanes[lane].steps[at] * NS_PER_US : 0;
}

void history__all(const struct history *h, uint64_t *counts, size_t nr)
{
	size_t at;

	for (size_t i = 0; i < nr; i++)
		counts[i] = place(h, i, nr, &at) ? h->counts[at] : 0;
}

int64_t history__span_ns(const struct history *h, size_t nr)
{
	int64_t ns = 0;
	size_t at;

	for (size_t i = 0; i < nr; i++)
		ns += place(h, i, nr, &at) ? h->periods_ns[at] : 0;
	return ns;
}
