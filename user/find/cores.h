/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * cores.h - the deadlocks of a snapshot, by how sure they are.
 */
#ifndef LOCKSCOPE_FIND_CORES_H
#define LOCKSCOPE_FIND_CORES_H

#include "model/snapshot.h"

struct arena;

struct cores {
	uint32_t nr;
	uint32_t nr_certain;	/* cores below it need certain edges only */
	uint32_t nr_stuck;
	uint32_t *core;		/* per task, or SNAP_NONE */
	bool *is_stuck;		/* per task: in a core or behind one */
	/* per edge: may be used in a certain core; in any */
	bool *certain, *usable;
	/* tasks of all cores, grouped; core i has first[i] .. first[i + 1] */
	uint32_t *tasks, *first;
};

/* How sure an edge is as part of a proof: no better than likely when the wait
 * ends by itself; a likely holder counts only after 5 s of standing still, and
 * when it is the waiter itself only if the hold's id is known. */
enum certainty cores__edge(const struct snapshot *s, uint32_t edge);

/* With prev, uses only what stood unchanged in both reads; NULL: everything.
 * Results live in the arena.  0 or -ENOMEM. */
int cores__find(const struct snapshot *s, const struct snapshot *prev, struct arena *arena,
		struct cores *out);

#endif
