/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * members.h - who is in a deadlock that this pass has reported: others leave these
 * tasks out.
 */
#ifndef LOCKSCOPE_FIND_MEMBERS_H
#define LOCKSCOPE_FIND_MEMBERS_H

#include "find/find.h"

struct u64map;

/* The members of every deadlock in out; free with u64map__free(), also after an error.
 * 0 or -ENOMEM. */
int members__collect(const struct findings *out, struct u64map **members);
bool members__has(const struct u64map *members, const struct snap_task *task);

#endif
