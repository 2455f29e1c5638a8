/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * live_futexes.h - which threads wait for a lock of user space, and who owns it.
 *
 * The kernel tells who sleeps on which futex; whether that is a lock, and whose, only
 * the memory of the process tells, and that is read in a child that may hang.
 */
#ifndef LOCKSCOPE_SOURCE_LIVE_FUTEXES_H
#define LOCKSCOPE_SOURCE_LIVE_FUTEXES_H

#include "source/live_priv.h"

struct live_futexes;

int live_futexes__new(struct live_futexes **out, struct source_live *s);
/* Returns at once, also while the child hangs. */
void live_futexes__free(struct live_futexes *f);

/* Looks at the futexes when it is time; confirm: all that was found is read again, and
 * what has not been by the return of this call is left out.  A wait is shown once its
 * memory has said the same twice.  Only sleeps of some age are looked into, and those
 * that were on no lock less and less often, so that thousands of threads which wait for
 * work cost little.  0 or -errno. */
int live_futexes__update(struct live_futexes *f, bool confirm);
/* The wait of t, filled into *w (who excepted); false when it has none. */
bool live_futexes__wait(const struct live_futexes *f, const struct lk_task *t, struct rec_wait *w);
/* The locks that waits of the last update point to. */
const struct rec_lock_state *live_futexes__locks(const struct live_futexes *f, uint32_t *nr);
/* The next thread that waits for one of them, 0: no more; *at is 0 at first. */
uint32_t live_futexes__waiter(const struct live_futexes *f, uint32_t *at);

#endif
