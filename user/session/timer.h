/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * timer.h - timers as file descriptors.  Periodic ones keep to their grid: a
 * late look does not shift the next, and looks missed meanwhile are skipped.
 */
#ifndef LOCKSCOPE_SESSION_TIMER_H
#define LOCKSCOPE_SESSION_TIMER_H

#include <stdint.h>

int timer__open(void);		/* a disarmed timer's fd, or -errno */
/* period_ns 0: once.  first_ns from now, at least 1; both 0 disarms. */
int timer__set(int fd, int64_t first_ns, int64_t period_ns);
void timer__clear(int fd);	/* takes what has expired */

#endif
