/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * cycle.h - one cycle of a core, as its witness.
 */
#ifndef LOCKSCOPE_FIND_CYCLE_H
#define LOCKSCOPE_FIND_CYCLE_H

#include "model/snapshot.h"

struct arena;

/* Room for searches in one snapshot; edges holds the result of the last one. */
struct cycle {
	const struct snapshot *s;
	const uint32_t *core;	/* per task */
	uint32_t *via;		/* per task: edge that led there */
	uint32_t *seen;		/* per task: number of the run */
	uint32_t *depth;	/* per task */
	uint32_t *queue;
	uint32_t run;
	bool skip_own;		/* OR edges from a task to itself are not taken */
	uint32_t *edges;
};

/* 0 or -ENOMEM; the room lives in the arena. */
int cycle__init(struct cycle *c, const struct snapshot *s, const uint32_t *core,
		struct arena *arena);

/* Sets edges to a shortest cycle among those through the first members of a core:
 * each edge's blocker is the next one's waiter.  tasks are the members, usable is
 * per edge.  Returns its length, 0 when there is none. */
uint32_t cycle__find(struct cycle *c, const bool *usable, const uint32_t *tasks, uint32_t nr_tasks);

#endif
