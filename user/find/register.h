/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * register.h - the life of findings: gives ids, and tells what is new, what has
 * changed and what is over.
 */
#ifndef LOCKSCOPE_FIND_REGISTER_H
#define LOCKSCOPE_FIND_REGISTER_H

#include "find/find.h"

struct find_register;

int find_register__new(struct find_register **out);
void find_register__free(struct find_register *r);

/* Called with each finding that opened, changed in substance, or closed.  It
 * changes in substance when who is in a deadlock, its edges or the confidence
 * change, when more user stacks of its cycle are known, when a root becomes known, when the number of tasks doubles or halves,
 * and when the root changes after the wait, or the hold, has doubled; one that only
 * goes on is no change. */
typedef int (*finding_fn)(void *ctx, const struct finding *f);

/* Takes the findings of one pass at t_ns; deep-copies what it keeps.  A finding
 * whose key is missing now is passed as closed (open = false, rev + 1), before
 * the new ones.  A deadlock whose key changed is known again by a wait it has in
 * common with the last pass.  A finding that is over is passed open, then closed: as
 * the end of the open one of its key, else as one of its own.  One that counts how
 * often (nr_times) keeps its id when it happens again: 16 times each is told, then
 * when the number doubles.  0, -ENOMEM, or what fn returned, which ends it. */
int find_register__update(struct find_register *r, const struct findings *now, int64_t t_ns,
			  finding_fn fn, void *ctx);
/* Everything ever opened, in order of id, in its last state; of the closed ones
 * only the latest FIND_KEEP_CLOSED.  Valid until the next update. */
#define FIND_KEEP_CLOSED 2000
const struct finding *find_register__at(const struct find_register *r, size_t i);
size_t find_register__nr(const struct find_register *r);
/* How many closed findings were given up to that limit. */
uint64_t find_register__nr_forgotten(const struct find_register *r);

#endif
