/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * export.h - the forms that a command writes once, at its end, instead of text or
 * JSON: --dot, --folded, --pprof, --csv.
 */
#ifndef LOCKSCOPE_CMD_EXPORT_H
#define LOCKSCOPE_CMD_EXPORT_H

#include "cmd/run.h"

/* Whether one of them was asked for. */
bool export__wanted(const struct cmd_options *opt);
/* What of it cannot be: a binary form on a terminal.  Call it once the output is
 * open.  0, or -EINVAL with r->err filled. */
int export__check(struct run *r);
/* Writes it.  end_ns: how long the run was.  0 or -errno. */
int export__write(struct run *r, int64_t end_ns);

#endif
