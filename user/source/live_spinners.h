/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * live_spinners.h - spins that were not traced: tells the ticks which code spins
 * (bpf/spinner.bpf.c), and reads what they saw.  The iterator shows these waits.
 */
#ifndef LOCKSCOPE_SOURCE_LIVE_SPINNERS_H
#define LOCKSCOPE_SOURCE_LIVE_SPINNERS_H

#include "source/live_look.h"
#include "source/spinners.h"

struct live_spinners;

/* Turns them on.  0 or -ENOMEM. */
int live_spinners__new(struct live_spinners **out, struct source_live *s);
void live_spinners__free(struct live_spinners *p);	/* takes NULL */
/* Copies what goes on now; to be called after each look. */
void live_spinners__update(struct live_spinners *p, const struct live_look *look);
/* As spinners__holder(), among the tasks that this look shows in the same spin.  *task:
 * that of the look. */
bool live_spinners__holder(const struct live_spinners *p, uint64_t lock, struct spinner_hint *out,
			   const struct lk_task **task);

#endif
