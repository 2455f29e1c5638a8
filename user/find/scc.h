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
	 * first is the blocker to go to first, or SNAP_NONE; the others lie from cursor to
	 * end.  Most have no others. */
	struct scc_node {
		uint32_t index, first, cursor, end;
	} *node;
	uint32_t *blockers;		/* the others, grouped by who waits for them */
	/* The tasks on the way from the walk's start, and all that is known of them: on the
	 * way back no node has to be met again.  low: the smallest index in reach. */
	struct scc_frame {
		uint32_t task, index, low, cursor, end;
	} *call;
	uint32_t *stack, *order;	/* of tasks */
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
