/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * live_unwind.h - user stacks of threads that sleep in a wait for a lock of user space, or
 * with one: asks a child (unwind_probe.h), takes its answers at later looks.
 */
#ifndef LOCKSCOPE_SOURCE_LIVE_UNWIND_H
#define LOCKSCOPE_SOURCE_LIVE_UNWIND_H

#include "source/live_look.h"

struct live_unwind;

int live_unwind__new(struct live_unwind **out, struct source_live *s);
/* Returns at once, also while the child hangs.  Takes NULL. */
void live_unwind__free(struct live_unwind *u);

/* Before a look: takes what is answered; confirm: waits a little for what is not. */
void live_unwind__take(struct live_unwind *u, bool confirm);
/* After it: what is of threads that still sleep as they did counts. */
void live_unwind__look(struct live_unwind *u, const struct live_look *look);
/* The id of its user stack, 0 for none; as those of live_stacks.h. */
uint32_t live_unwind__stack(struct live_unwind *u, const struct lk_task *t, record_fn sink,
			    void *ctx, int *err);
/* Those of the holders of these locks are wanted. */
void live_unwind__want_holders(struct live_unwind *u, const struct live_look *look,
			       const struct rec_lock_state *locks, uint32_t nr);
/* And those of who waits for a lock of user space: of each lock, of those that have waited
 * longest, since crowds stand in the same place. */
#define LIVE_UNWIND_WAITERS 16
void live_unwind__want_waiters(struct live_unwind *u, const struct live_look *look,
			       const struct rec_task *tasks, uint32_t nr);
/* While the child has not answered for some time: how many are wanted or asked for, and the
 * process of one of them.  They are missing in what has been told so far. */
uint32_t live_unwind__owed(const struct live_unwind *u, uint32_t *pid);
/* Asks for those that are wanted and not known. */
void live_unwind__ask(struct live_unwind *u);

#endif
