/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * copy.h - findings that outlive the pass that made them.
 */
#ifndef LOCKSCOPE_FIND_COPY_H
#define LOCKSCOPE_FIND_COPY_H

#include "find/find.h"

/* Copies everything src points to into the arena.  0 or -ENOMEM. */
int finding__copy(struct finding *dst, const struct finding *src, struct arena *arena);

#endif
