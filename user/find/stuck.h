/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * stuck.h - which tasks of a wait-for graph can never run again, and why.
 *
 * A task is stuck when one of its AND or QUEUE edges leads to a stuck task, or
 * when all its OR edges do and the lock is not blind.  The stuck set is the
 * greatest one for which this holds: what is left when tasks that can go on are
 * taken out, again and again, with all they hold.  (Holt 1972; for AND/OR graphs
 * Barbosa 1993: a knot for OR, a cycle for AND.)
 *
 * A core is a smallest part of it that stands alone: a strongly connected set
 * that is still stuck when every other task can run.  One core is one deadlock;
 * the other stuck tasks wait, in the end, for cores.
 */
#ifndef LOCKSCOPE_FIND_STUCK_H
#define LOCKSCOPE_FIND_STUCK_H

#include "model/snapshot.h"

struct arena;

struct stuck {
	bool *is_stuck;		/* per task */
	uint32_t nr;
	uint32_t *core;		/* per task: its core, or SNAP_NONE */
	uint32_t nr_cores;
};

/* usable: per edge, whether the search may use it; an OR edge that it may not
 * use stands for a holder that can let go.  taken: per task, cores found before
 * (SNAP_NONE: none), or NULL; those tasks join no new core.  Numbers of new cores
 * begin at first_core.  Results live in the arena.  0 or -ENOMEM. */
int stuck__find(const struct snapshot *s, const bool *usable, const uint32_t *taken,
		uint32_t first_core, struct arena *arena, struct stuck *out);

#endif
