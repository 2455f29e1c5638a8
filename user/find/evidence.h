/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * evidence.h - why a deadlock is believed, and what could end it: sentences.
 */
#ifndef LOCKSCOPE_FIND_EVIDENCE_H
#define LOCKSCOPE_FIND_EVIDENCE_H

#include "find/find.h"

struct arena;

/* Records that the proof may need were lost between the two reads: programs that
 * did not run (recursion), waits that had no room (maps).  A full ring loses only
 * waits that have ended.  It matters where a member spins: for that there is
 * nothing but its begin and its missing end.  A sleeper is seen asleep, with its
 * stack in the lock function and not one context switch since, and its lock's
 * owner is read from the lock itself; file locks come from elsewhere. */
bool evidence__loss_matters(const struct find_input *in, const struct finding *f);

/* Fills f->evidence from its members and edges.  0 or -ENOMEM. */
int evidence__add(const struct find_input *in, struct finding *f, struct arena *arena);

#endif
