/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * chain.h - where the chain of blockers of each waiter ends.
 */
#ifndef LOCKSCOPE_FIND_CHAIN_H
#define LOCKSCOPE_FIND_CHAIN_H

#include "model/snapshot.h"

struct arena;

/* Per task.  root is SNAP_NONE for a task that waits for nobody known; else the
 * last task of its chain, or where the chain enters a cycle. */
struct chain {
	uint32_t root;
	uint32_t hold;		/* the root's hold that blocks the chain, or SNAP_NONE */
	enum certainty certainty;	/* of the weakest edge on the way */
	bool in_cycle;
};

/* The edge a chain follows: the surest, the first of those.  SNAP_NONE: none. */
uint32_t chain__next_edge(const struct snapshot *s, uint32_t task);

/* Follows every task's chain, in one pass.  Results live in the arena; NULL when
 * out of memory. */
struct chain *chain__find_all(const struct snapshot *s, struct arena *arena);

#endif
