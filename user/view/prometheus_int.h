/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * prometheus_int.h - the series of locks, or of callers: which have their own, and
 * what they show.
 */
#ifndef LOCKSCOPE_VIEW_PROMETHEUS_INT_H
#define LOCKSCOPE_VIEW_PROMETHEUS_INT_H

#include "view/prometheus.h"

enum series_counter { COUNT_WAITS, COUNT_WAIT_NS, COUNT_HOLDS, COUNT_HOLD_NS, NR_COUNTERS };

struct series {
	char *name;			/* harmless text; NULL: the one called "other" */
	const char *kind;
	uint64_t shown[NR_COUNTERS];	/* never less than before */
	uint64_t base[NR_COUNTERS];	/* counted before it had series: in "other" */
	uint64_t wait_max_ns, hold_max_ns, waiters;
};

/* slots[0] is "other". */
struct series_set {
	struct series slots[PROMETHEUS_SERIES + 1];
	size_t nr;
	bool has_holds;
};

void series_set__init(struct series_set *s);
void series_set__free(struct series_set *s);
/* Takes the statistics by STAT_BY_LOCK or STAT_BY_CALLER.  0 or -errno. */
int series_set__update(struct series_set *s, const struct view_input *in, enum stat_group group);

#endif
