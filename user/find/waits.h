/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * waits.h - findings about waits that last too long: long_wait and long_spin are
 * the same search with another rule.
 */
#ifndef LOCKSCOPE_FIND_WAITS_H
#define LOCKSCOPE_FIND_WAITS_H

#include "find/find.h"

struct wait_rule {
	enum finding_kind kind;
	bool spins;		/* waits that waits__spins() */
	uint64_t threshold_ns;
	/* for the summary: "a waits 2 s for …", "3 tasks wait for …" */
	const char *one, *many, *past, *past_many;
};

/* A wait whose owner does not sleep.  An optimistic spin on a mutex or rwsem is
 * none: it ends in sleep, and belongs to one long wait with it. */
bool waits__spins(bool spin, enum lock_kind kind);

/* Open waits of the current read, one finding a lock, and those that ended unseen
 * since the last pass.  0 or -ENOMEM. */
int waits__find(const struct find_input *in, const struct wait_rule *rule, struct findings *out);

#endif
