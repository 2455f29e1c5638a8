/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * ended.h - inside the model: waits and holds that ended since the detectors last
 * looked.
 */
#ifndef LOCKSCOPE_MODEL_ENDED_H
#define LOCKSCOPE_MODEL_ENDED_H

#include "record/record.h"

struct arena;

/* Zeroed is empty, and keeps every wait. */
struct ended {
	struct rec_wait *waits;
	size_t nr_waits, cap_waits;
	struct rec_hold *holds;
	size_t nr_holds, cap_holds;
	struct arena *arena;	/* their strings; NULL while there are none */
	uint64_t keep_wait_ns, keep_spin_ns;	/* shorter waits are not kept */
};

void ended__free(struct ended *e);
/* Copy what they are given.  0 or -ENOMEM. */
int ended__add_wait(struct ended *e, const struct rec_wait *w);
int ended__add_hold(struct ended *e, const struct rec_hold *h);
void ended__forget(struct ended *e);

#endif
