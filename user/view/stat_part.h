/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * stat_part.h - one row of the model on its way into a line of statistics.
 */
#ifndef LOCKSCOPE_VIEW_STAT_PART_H
#define LOCKSCOPE_VIEW_STAT_PART_H

#include "view/stat_base.h"
#include "view/stat_line.h"

/* One row of the model, of waits or of holds, with what it is grouped by. */
struct stat_part {
	const struct rec_agg *agg;		/* NULL: a row of holds */
	const struct rec_hold_agg *hold;	/* NULL: a row of waits */
	const struct rec_lock *lock;
	const struct rec_lock_name *name;	/* NULL: none */
	enum lock_mode mode;
	struct stat_counts now, then;		/* then: all zero when nothing is subtracted */
	const struct rec_frame *caller;		/* NULL: not walked; of holds the site */
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
static inline uint64_t stat__since(uint64_t now, uint64_t then)
{
	return then <= now ? now - then : now;
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
	return stat__since(rec_hist__at(&p->now.hist, bucket), rec_hist__at(&p->then.hist, bucket));
}

static inline uint64_t part__total(const struct stat_part *p)
{
	return stat__since(p->now.total_ns, p->then.total_ns);
}

/* The longest; of a period only the histogram knows it, unless it is the longest
 * ever: then *guess is set. */
uint64_t part__max(const struct stat_part *p, bool *guess);
/* By lock, waits before holds, and by what makes rows differ. */
int part__compare(const void *a, const void *b);

/* Rows that pass the filter and count anything since the base. */
struct stat_parts {
	struct stat_part *list;
	size_t nr;
	struct stat_sum unaccounted;		/* waits of no known lock, */
	struct stat_sum unaccounted_holds;	/* and holds, where lines are locks */
	bool has_holds;				/* some pass, of this period or not */
};

/* Each adds its rows in the model's order; 0 or -ENOMEM. */
int stat_parts__add_waits(struct stat_parts *p, const struct view_input *in,
			  const struct stat_options *opt);
int stat_parts__add_holds(struct stat_parts *p, const struct view_input *in,
			  const struct stat_options *opt);
void stat_parts__free(struct stat_parts *p);

/* Spreads the waits that were not walked over the walked rows of the same lock,
 * mode and task; parts are waits alone, and sorted by part__compare() after it.  0 or
 * -ENOMEM. */
int stat_share__unwalked(struct stat_parts *parts);

#endif
