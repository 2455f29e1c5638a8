/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * chrome.h - single waits and findings as a trace in the Trace Event Format, which
 * Perfetto, chrome://tracing and speedscope read
 * (https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU).
 *
 * Each wait is a complete event on the track of its thread, and an asynchronous pair
 * under "locks", where those of one lock lie one above the other.  Complete events of
 * one thread have to nest: a wait that overlaps another without lying in it, or that
 * comes too late to know, is an asynchronous pair under its process instead.  Findings
 * are instants.  Times are those of CLOCK_BOOTTIME, as far as the recording knows it.
 *
 * Written as it comes: memory grows with threads, locks and stacks, not with waits.
 */
#ifndef LOCKSCOPE_VIEW_CHROME_H
#define LOCKSCOPE_VIEW_CHROME_H

#include <stdio.h>
#include "find/find.h"
#include "model/timeline.h"

struct chrome;

/* Above every pid of Linux (PID_MAX_LIMIT): the process that stands for the locks. */
#define CHROME_LOCKS_PID 4194305u

/* Writes nothing yet.  model has the header by then, and stacks and names when
 * waits come; it outlives the trace.  0 or -errno, as all that return int. */
int chrome__new(struct chrome **out, FILE *to, const struct model *model);
/* A timeline_wait_fn; ctx is the trace. */
int chrome__wait(void *ctx, const struct time_wait *w, const struct rec_lock *lock,
		 const struct rec_who *who);
/* Whenever the register tells of it. */
int chrome__finding(struct chrome *c, const struct finding *f);
/* The last call: what the trace is of, and how many waits had no time and are not in it. */
int chrome__end(struct chrome *c);
/* Takes NULL. */
void chrome__free(struct chrome *c);

#endif
