/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * blame.h - what a task waits for that is no lock, by the functions on its stack, and
 * what an administrator can do about it.
 */
#ifndef LOCKSCOPE_FIND_BLAME_H
#define LOCKSCOPE_FIND_BLAME_H

#include "record/record.h"

struct blame {
	const char *id;		/* "block_io", for scripts */
	const char *what;	/* "the answer of a block device" */
	const char *advice;	/* what to look at; one sentence */
};

/* The surest match of the innermost frames; NULL: nothing is known of it. */
const struct blame *blame__of(const struct rec_stack *stack);

#endif
