/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * root.h - the end of a task's chain, as the root of a finding.
 */
#ifndef LOCKSCOPE_FIND_ROOT_H
#define LOCKSCOPE_FIND_ROOT_H

#include "find/find.h"

struct chain;

/* Chains of one snapshot, followed when the first root is wanted.  Begin with s and
 * arena set and all else zero. */
struct roots {
	const struct snapshot *s;
	struct arena *arena;
	struct chain *chains;
};

/* Sets the root of f to where the task's chain ends, if it has one.  0 or -ENOMEM. */
int roots__add(struct roots *r, struct finding *f, uint32_t task);
/* "; root a/1 (likely)", "; they wait for a cycle at a/1", "" without a root; NULL
 * when out of memory. */
const char *root__text(const struct finding *f, struct arena *arena);

#endif
