/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * held_missed.h - when takes or gives of one kind of lock may have been missed.
 *
 * The kernel counts the programs that it skipped, not when it did so.  A count that has
 * moved between two looks means: at some time between them.  Times are those of the held
 * entries, in ns.
 */
#ifndef LOCKSCOPE_HELD_MISSED_H
#define LOCKSCOPE_HELD_MISSED_H

#include <stdint.h>

/* Spans kept; neighbours become one when they are used up, which errs on the side of
 * more missed. */
#define HELD_MISSED_SPANS 1024

/* A zeroed one has missed nothing and was never looked at. */
struct held_missed {
	uint64_t count, looked_ns;	/* of the last look */
	uint32_t nr;
	struct held_missed_span {
		uint64_t from_ns, to_ns;
	} spans[HELD_MISSED_SPANS];	/* in the order of time */
};

/* count: as the kernel has it at now_ns.  Looks come in the order of time. */
void held_missed__note(struct held_missed *m, uint64_t count, uint64_t now_ns);
/* The last time, at most until_ns, at which something may have been missed; 0: never. */
uint64_t held_missed__last(const struct held_missed *m, uint64_t until_ns);

#endif
