/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * timeline_columns.h - inside the timeline: where a wait lies, and columns that
 * become wider when time or memory asks for it.
 */
#ifndef LOCKSCOPE_MODEL_TIMELINE_COLUMNS_H
#define LOCKSCOPE_MODEL_TIMELINE_COLUMNS_H

#include "model/timeline.h"

#define TIMELINE_COLUMN_MIN_NS (INT64_C(1) << 16)

/* Adds a wait, whose lock is found already, to the columns it lies in.  What began
 * before the capture counts from its begin.  0 or -ENOMEM. */
int timeline__span(struct timeline *t, const struct time_wait *w);

#endif
