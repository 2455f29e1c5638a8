/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * holds.h - findings about one hold each: what long_hold, leak and sleep_in_atomic
 * share.
 */
#ifndef LOCKSCOPE_FIND_HOLDS_H
#define LOCKSCOPE_FIND_HOLDS_H

#include "find/find.h"
#include "lib/fmt.h"

struct arena;

/* How long a hold may last: spinning locks much less than sleeping ones. */
uint64_t holds__limit(const struct find_config *cfg, bool spin);
/* The hold has lasted past its limit in this read.  False when its begin is unknown. */
bool holds__is_old(const struct find_config *cfg, const struct snapshot *s,
		   const struct snap_hold *h);
/* The same hold in a read; NULL when it is not there. */
const struct snap_hold *holds__find(const struct snapshot *s, const struct rec_hold *h);

/* Add a finding about a hold of the current read, or about a hold record (then it is
 * over), all but its summary.  The key is made of the task, the lock and the hold's
 * id, so that both agree.  The holder is the first task; of a hold that goes on, the
 * lock's waiters follow, the first 256 of them.  NULL when out of memory. */
struct finding *holds__add(const struct find_input *in, enum finding_kind kind, uint32_t hold,
			   struct findings *out);
struct finding *holds__add_ended(const struct find_input *in, enum finding_kind kind,
				 const struct rec_hold *h, struct findings *out);

/* What a summary is made of, from the finding's first task and its hold_ns. */
struct holds_text {
	const char *who;	/* "a/1" */
	const char *lock;	/* "write rwsem 0x… (name)" */
	const char *site;	/* " (taken at foo+0x1b [mod])", "" when unknown */
	char age[FMT_LEN];
};
int holds__text(struct holds_text *text, const struct finding *f, struct arena *arena);

#endif
