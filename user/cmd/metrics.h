/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * metrics.h - --prometheus: the metrics of a run, kept up to date in a file.
 */
#ifndef LOCKSCOPE_CMD_METRICS_H
#define LOCKSCOPE_CMD_METRICS_H

#include "cmd/run.h"

struct metrics;

/* NULL in *out where --prometheus was not given; all others take that.  looks: the run
 * looks for findings.  0 or -errno with r->err filled. */
int metrics__new(struct metrics **out, struct run *r, bool looks);
/* The file as it is now; for a run that is not over.  When it cannot be written the first
 * time, that is an error; later it is told on stderr, once for each reason. */
int metrics__write(struct metrics *m);
/* For a tick each second: writes it every few seconds, or when findings have changed. */
int metrics__tick(struct metrics *m);
/* A finding that the filter passes. */
void metrics__finding(struct metrics *m, const struct finding *f);
/* The last one; says that the run is over, and waits till it is there.  0 or -errno with
 * r->err filled. */
int metrics__end(struct metrics *m);
void metrics__free(struct metrics *m);

#endif
