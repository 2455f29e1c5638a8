/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * scc.h - strongly connected components of a part of the wait-for graph
 * (Tarjan 1972, without recursion: chains are 100,000 tasks long).
 */
#ifndef LOCKSCOPE_FIND_SCC_H
#define LOCKSCOPE_FIND_SCC_H

#include "model/snapshot.h"

struct arena;

/* Room for one search; ends holds the result of the last one. */
struct scc {
	/* Per task, and in one piece, since a walk meets tasks in no order of memory:
	 * first is the blocker to go to first, SNAP_NONE when there is none left; cursor
	 * the next of the others, up to end.  Most have no others. */
	struct scc_node {
		uint32_t index, low, first, cursor, end;
	} *node;
	uint32_t *blockers;		/* the others, grouped by who waits for them */
	uint32_t *stack, *call, *order;	/* of tasks */
	uint32_t *ends;			/* where each component ends in nodes */
};

/* 0 or -ENOMEM; the room lives in the arena. */
int scc__init(struct scc *x, const struct snapshot *s, struct arena *arena);

/* Splits nodes (those whose label is `label`) by the usable edges between them.
 * Reorders nodes so that components lie together, component i ending before
 * ends[i].  Returns how many there are. */
uint32_t scc__find(struct scc *x, const struct snapshot *s, const bool *usable,
		   const uint32_t *labels, uint32_t label, uint32_t *nodes, uint32_t nr);

#endif
