/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * live_before.h - waits that the tracer has not seen begin: finds them (before.h) and
 * hands them to the iterator, which shows them as long as their task does not run.
 */
#ifndef LOCKSCOPE_SOURCE_LIVE_BEFORE_H
#define LOCKSCOPE_SOURCE_LIVE_BEFORE_H

#include "source/live_look.h"

struct live_before;

int live_before__new(struct live_before **out, struct source_live *s);
void live_before__free(struct live_before *f);	/* takes NULL */

/* To be called before each look, with the one before.  The first time it searches every
 * sleeper, later those only that blocked meanwhile and wait for nothing known.  Each
 * sleep is searched once, or until it is clear what it is.  0 or -errno. */
int live_before__search(struct live_before *f, const struct live_look *last);
/* To be called after the look: drops what that shows to be over. */
void live_before__forget(struct live_before *f, const struct live_look *look);

/* Sleepers on whose stacks the address of an rwsem lies that others were found to wait
 * for, or of the object that it is a part of: they may read it, or have.  Fills at most nr of *tids, with look only those that
 * still sleep as it has them; returns how many. */
#define LIVE_MENTIONS 4		/* as many as are worth telling of one lock */
uint32_t live_before__mentions(const struct live_before *f, uint64_t lock,
			       const struct live_look *look, uint32_t *tids, uint32_t nr);

#endif
