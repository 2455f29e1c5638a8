/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * summary.h - what was lost, and what lockscope itself cost.
 */
#ifndef LOCKSCOPE_CMD_SUMMARY_H
#define LOCKSCOPE_CMD_SUMMARY_H

#include "cmd/run.h"

/* "nothing", or what of it, in words; returns buf. */
const char *summary__lost(const struct model *model, char *buf, size_t size);
/* What a live run cost, as a line; what it lost stands below each table. */
int summary__print_cost(struct run *r, FILE *out);
/* The "lost" and "cost" records. */
int summary__json(struct run *r);
/* The cost record alone; nothing for a recording. */
int summary__cost_json(struct run *r);
/* On stderr, when anything was lost: for commands whose output does not say. */
void summary__warn(const struct run *r);

#endif
