/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * table.h - the statistics of a run as text and as records; stat, report, top.
 */
#ifndef LOCKSCOPE_CMD_TABLE_H
#define LOCKSCOPE_CMD_TABLE_H

#include "cmd/run.h"

/* As --by, --sort and --limit have it; text has a limit of its own if none is given. */
void table__options(const struct cmd_options *opt, struct stat_options *st);
int table__print(struct run *r);
/* The agg records of every row the filter passes, each after its stack, then the
 * hold_agg records. */
int table__json(struct run *r);

#endif
