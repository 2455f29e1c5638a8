/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * detectors.h - every detector: one line here, one row in find.c.
 */
#ifndef LOCKSCOPE_FIND_DETECTORS_H
#define LOCKSCOPE_FIND_DETECTORS_H

#include "find/find.h"

extern const struct detector detector_deadlock;
extern const struct detector detector_long_wait;
extern const struct detector detector_long_spin;
extern const struct detector detector_long_hold;
extern const struct detector detector_leak;
extern const struct detector detector_root_blocker;
extern const struct detector detector_sleep_in_atomic;

#endif
