/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * live_look.h - one pass of the iterators, indexed.
 */
#ifndef LOCKSCOPE_SOURCE_LIVE_LOOK_H
#define LOCKSCOPE_SOURCE_LIVE_LOOK_H

#include "source/held.h"
#include "source/live_priv.h"

struct live_look {
	struct live_pass pass;
	struct held held;	/* the held entries; level contention: none */
	/* The tasks of the pass, then an idle task for each CPU that has one which spins
	 * or holds a lock: tid 0, told by its CPU. */
	const struct lk_task **tasks;
	const struct lk_task **by_tid;	/* those of the pass, sorted */
	const struct lk_task **waiting;	/* with a recorded wait, by lock, then as read */
	struct lk_task *idle;
	uint32_t nr, nr_waiting, nr_idle, cap;
};

/* A new pass in place of the last one; what pointed into that is void.  0 or -errno. */
int live_look__take(struct live_look *l, const struct live_bpf *b);
void live_look__free(struct live_look *l);
/* The task of the pass with that tid, or NULL. */
const struct lk_task *live_look__find(const struct live_look *l, uint32_t tid);

#endif
