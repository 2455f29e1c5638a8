/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * stat_line.h - one row of statistics after grouping; shared by the grouping and
 * the columns.
 */
#ifndef LOCKSCOPE_VIEW_STAT_LINE_H
#define LOCKSCOPE_VIEW_STAT_LINE_H

#include "view/view.h"

/* Which numbers of a line are estimates. */
enum stat_guess {
	GUESS_SHARE = 1,	/* count, total, average, percentile: unwalked waits shared out */
	GUESS_MAX = 2,		/* the maximum: of a period, or of a wait that was not walked */
	GUESS_HOLD_MAX = 4,	/* the maximum of holds: of a period */
};

struct stat_line {
	struct rec_lock lock;		/* the first one; key 0 when several */
	uint32_t nr_locks;
	uint32_t nr_waiters;		/* of these locks, in the last read */
	const char *name;		/* of the first lock; NULL: none */
	bool name_guess;
	bool several_names;		/* not all have that name */
	const char *object;		/* of the first lock; NULL: none */
	uint32_t kinds, modes;		/* bits */
	const struct rec_frame *caller;	/* of the most waits, without any of the most
					 * holds; NULL: not known */
	uint64_t caller_count;
	bool several_callers;
	bool has_who;
	struct rec_who who;
	uint64_t count, total_ns, max_ns;
	uint64_t hist[REC_HIST_BUCKETS];
	uint64_t share_max_ns;		/* the longest among waits shared out */
	unsigned int guess;		/* enum stat_guess */
	uint64_t hold_count, hold_ns, hold_max_ns;
	const struct rec_frame *site;	/* of the most holds; NULL: not known */
	uint64_t site_count;
	bool several_sites;
};

/* What a histogram bucket's waits lasted, about and at most. */
uint64_t stat__bucket_mid(int bucket);
uint64_t stat__bucket_end(int bucket);
/* The 99th percentile is at most this. */
uint64_t stat_line__p99(const struct stat_line *line);

#endif
