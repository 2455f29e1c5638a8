/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * stat_part.h - one row of the model on its way into a line of statistics.
 */
#ifndef LOCKSCOPE_VIEW_STAT_PART_H
#define LOCKSCOPE_VIEW_STAT_PART_H

#include "view/stat_line.h"

/* One row of the model with what it is grouped by. */
struct stat_part {
	const struct rec_agg *agg, *base;	/* base NULL: nothing to subtract */
	const struct rec_frame *caller;		/* NULL: not walked */
	uint64_t count;				/* after subtracting */
	bool shared;				/* unwalked, and spread over callers already */
	/* of waits that were not walked */
	uint64_t share_count, share_ns;
	uint64_t share_max_ns;			/* the longest of those shared out */
	uint64_t *share_hist;			/* NULL: no share */
};

static inline uint64_t stat__add(uint64_t a, uint64_t b)
{
	return a + b < a ? UINT64_MAX : a + b;
}

/* Counters that went back are another run's: nothing is subtracted then. */
static inline uint64_t stat__since(uint64_t now, const struct rec_agg *base, uint64_t then)
{
	return base && then <= now ? now - then : now;
}

static inline int stat__compare_u64(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

/* By lock, mode, task, and at last by stack. */
static inline int stat__compare_row(const struct rec_agg *a, const struct rec_agg *b)
{
	int c = stat__compare_u64(a->lock.key, b->lock.key);
	uint32_t tid_a = a->by_task ? a->who.tid : 0, tid_b = b->by_task ? b->who.tid : 0;
	uint64_t start_a = a->by_task ? a->who.start_ns : 0;
	uint64_t start_b = b->by_task ? b->who.start_ns : 0;

	if (!c)
		c = (int)a->lock.kind - (int)b->lock.kind;
	if (!c)
		c = (int)a->mode - (int)b->mode;
	if (!c)
		c = (int)a->spin - (int)b->spin;
	if (!c)
		c = stat__compare_u64(tid_a, tid_b);
	if (!c)
		c = stat__compare_u64(start_a, start_b);
	return c ? c : stat__compare_u64(a->stack, b->stack);
}

static inline uint64_t part__hist(const struct stat_part *p, int bucket)
{
	return stat__since(p->agg->hist[bucket], p->base, p->base ? p->base->hist[bucket] : 0);
}

static inline uint64_t part__total(const struct stat_part *p)
{
	return stat__since(p->agg->total_ns, p->base, p->base ? p->base->total_ns : 0);
}

/* Spreads the waits that were not walked over the walked rows of the same lock,
 * mode and task; parts are sorted by stat__compare_row(), so that these stand
 * together with the unwalked row (stack 0) first.  0 or -ENOMEM. */
int stat_share__unwalked(struct stat_part *parts, size_t nr);

#endif
