/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * describe.h - from snapshots to findings: tasks copied out, sentences for people.
 */
#ifndef LOCKSCOPE_FIND_DESCRIBE_H
#define LOCKSCOPE_FIND_DESCRIBE_H

#include "find/find.h"
#include "lib/arena.h"

/* A task of which nothing is known, waiting for nothing and holding nothing. */
void describe__nobody(struct find_task *out);
/* Copies a task, with its wait, out of a snapshot; hold is an index into holds,
 * or SNAP_NONE.  0 or -ENOMEM. */
int describe__task(struct find_task *out, const struct snapshot *s, uint32_t task, uint32_t hold,
		   struct arena *arena);
/* Copies the strings of a lock, or of a task, that out has as pointers. */
int describe__own_lock(struct rec_lock *lock, struct arena *arena);
int describe__own_task(struct find_task *task, struct arena *arena);

/* "comm/tid", control characters made harmless; NULL when out of memory. */
char *describe__who(const struct rec_who *who, struct arena *arena);
/* "mutex 0x…". */
char *describe__lock(const struct rec_lock *lock, struct arena *arena);
/* The lock that a task waits for, or holds: "mutex 0x… (name of object)". */
char *describe__waits_for(const struct find_task *t, struct arena *arena);
char *describe__holds(const struct find_task *t, struct arena *arena);
/* "foo+0x1b [mod]", or the address. */
char *describe__site(const struct rec_frame *site, struct arena *arena);

#endif
