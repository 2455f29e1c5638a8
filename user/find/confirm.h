/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * confirm.h - the two-read check: which waits and edges of a snapshot stood,
 * unchanged, in the one before.
 */
#ifndef LOCKSCOPE_FIND_CONFIRM_H
#define LOCKSCOPE_FIND_CONFIRM_H

#include "model/snapshot.h"

/* The task's wait is the same in both: same wait id, lock and mode; a sleeper has
 * not run in between, a spinner is on the same CPU. */
bool confirm__wait(const struct snapshot *prev, const struct snapshot *cur, uint32_t task);
/* The wait with its id was there before, whatever became of it in between. */
bool confirm__wait_is_known(const struct snapshot *prev, const struct snapshot *cur, uint32_t task);
/* Sets stands[e] for every edge e of a waiter: whether it rests on the same wait
 * and the same hold in both (holder, mode, how sure, and id where both know it); an
 * OR edge also on the same number of holders, all of them known both times. */
void confirm__edges(const struct snapshot *prev, const struct snapshot *cur, uint32_t waiter,
		    bool *stands);

#endif
