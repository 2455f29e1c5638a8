/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * history.h - what each lock, and all of them, were waited for in the last periods:
 * cumulative statistics turned into steps.
 */
#ifndef LOCKSCOPE_VIEW_HISTORY_H
#define LOCKSCOPE_VIEW_HISTORY_H

#include "model/model.h"

#define HISTORY_STEPS 120	/* periods that are kept */

struct history;

/* All locks together, from one call of history__add() to the next. */
struct history_sum {
	int64_t period_ns;	/* 0: there was no call before */
	uint64_t count;
	uint64_t sleep_ns;	/* waited asleep, by tasks: can exceed the time there was */
	uint64_t spin_ns;	/* waited spinning, on a CPU */
	uint64_t holds;
};

int history__new(struct history **out);
void history__free(struct history *h);	/* takes NULL */

/* Takes the model's statistics as they are at t_ns for one more step.  The first
 * call only says where counting begins: what lies before it is in no step.  0 or
 * -ENOMEM. */
int history__add(struct history *h, const struct model *m, int64_t t_ns);
const struct history_sum *history__last(const struct history *h);

/* The last nr steps (at most HISTORY_STEPS), oldest first, 0 where there was none:
 * time waited for this lock. */
void history__lock(const struct history *h, uint64_t key, uint64_t *wait_ns, size_t nr);
/* Waits of all locks. */
void history__all(const struct history *h, uint64_t *counts, size_t nr);
/* How long the last nr steps took, as far as there were so many. */
int64_t history__span_ns(const struct history *h, size_t nr);

#endif
