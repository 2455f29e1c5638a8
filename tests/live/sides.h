/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * sides.h - two live sources in one process: one that traces, and a deaf one that has to
 * search for what the other has seen.  What goes wrong ends the program with 2.
 */
#ifndef LOCKSCOPE_TEST_SIDES_H
#define LOCKSCOPE_TEST_SIDES_H

#include "source/live_look.h"

struct side {
	struct source *base;
	struct source_live *s;
	struct live_look look;
};

__attribute__((noreturn)) void side__die(const char *what, int err);
/* is_witness: every wait that ends comes out of its drain. */
void side__open(struct side *side, bool is_witness);
void side__close(struct side *side);
/* Off with the tracepoints, and with what they have seen meanwhile. */
void side__make_deaf(const struct side *side);
/* A new pass, in side->look. */
void side__look(struct side *side);
/* A traced wait of a sleeping lock, in which its task sleeps. */
bool side__sleeps_in_wait(const struct lk_task *t);

#endif
