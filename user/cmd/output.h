/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * output.h - where data goes: stdout or a file, every failed write noticed, and
 * never stuck on a reader that has stopped reading once a signal has come.
 */
#ifndef LOCKSCOPE_CMD_OUTPUT_H
#define LOCKSCOPE_CMD_OUTPUT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include "lib/error.h"

struct output;

/* path NULL or "-": stdout.  0 or -errno with *err filled. */
int output__new(struct output **out, const char *path, struct lk_error *err);
FILE *output__file(const struct output *o);
int output__fd(const struct output *o);
bool output__is_terminal(const struct output *o);
/* What was written so far leaves the process.  0 or -errno (-EPIPE: no reader). */
int output__flush(struct output *o);
/* Flushes, closes and frees; NULL-safe.  0, or the first error of any write with
 * *err filled. */
int output__close(struct output *o, struct lk_error *err);

#endif
