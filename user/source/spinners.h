/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * spinners.h - who may hold a lock that CPUs spin for: spinning locks do not say.  A task
 * that holds one lock and spins for another needs the address of the first again, to
 * give it back: it lies in a register or on its stack.  That is a hint, no proof.  Knows
 * nothing of libbpf.
 */
#ifndef LOCKSCOPE_SOURCE_SPINNERS_H
#define LOCKSCOPE_SOURCE_SPINNERS_H

#include <stdbool.h>
#include <stdint.h>

#include "abi.h"

struct spinner_hint {
	const struct lk_spinner *by;
	uint32_t cpu;		/* its place in the list */
	uint32_t below;		/* bytes from the address that was found up to the lock; 0: its own */
};

/* The only one of the spinners, one for each CPU (lock 0: it does not spin), that may hold
 * the lock: it spins for another one, and its words name this one, or else a place in the
 * object around it.  object: how many bytes below the lock that begins; 0: unknown.
 * False: none does, or several. */
bool spinners__holder(const struct lk_spinner *list, uint32_t nr, uint64_t lock, uint32_t object,
		      struct spinner_hint *out);

/* Takes each function of the kernel, in the order of addresses; notes those that spin for
 * a queued lock in code, LK_NR_SPIN_CODE of them. */
void spinners__add_function(void *code, const char *name, uint64_t from, uint64_t to);

#endif
