/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * waits_ended.h - the half of waits.c for waits that ended between two reads.
 */
#ifndef LOCKSCOPE_FIND_WAITS_ENDED_H
#define LOCKSCOPE_FIND_WAITS_ENDED_H

#include "find/waits.h"

/* Long waits that ended since the last pass and that no read showed as long: one
 * finding a lock, already over.  The owner at a wait's begin is given as root, as
 * possible only.  0 or -ENOMEM. */
int waits__find_ended(const struct find_input *in, const struct wait_rule *rule,
		      struct findings *out);

/* Sets f->summary from its first task and root.  0 or -ENOMEM. */
int waits__summarize(const struct wait_rule *rule, struct finding *f, struct arena *arena);

#endif
