/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * live_locks.h - the locks of one look: what their words and the held stacks say of
 * who holds them.
 */
#ifndef LOCKSCOPE_SOURCE_LIVE_LOCKS_H
#define LOCKSCOPE_SOURCE_LIVE_LOCKS_H

#include "source/live_look.h"

struct live_before;
struct live_locks;
struct live_spinners;

/* before and spinners must outlive it.  0 or -ENOMEM. */
int live_locks__new(struct live_locks **out, struct source_live *s,
		    const struct live_before *before, const struct live_spinners *spinners);
void live_locks__free(struct live_locks *l);	/* takes NULL */

/* Collects the locks that somebody waits for, and those that have been held for some
 * time; asks the kernel to drop entries that were stale in two looks.  The stacks of
 * the look's waits must have their ids.  0 or -ENOMEM. */
int live_locks__collect(struct live_locks *l, const struct live_look *look);
/* Valid until the next collect, while the look stands. */
uint32_t live_locks__nr(const struct live_locks *l);
const struct rec_lock_state *live_locks__at(const struct live_locks *l, uint32_t i);
/* NULL: not collected. */
const struct rec_lock_state *live_locks__find(const struct live_locks *l, uint64_t addr);
/* Whether the task holds one of them. */
bool live_locks__has_holder(const struct live_locks *l, const struct lk_task *t);

#endif
