/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * save.h - records kept in memory and written to a file at the end, by a child: the
 * file may be on what is stuck, and that must not keep anything from being told.
 */
#ifndef LOCKSCOPE_CMD_SAVE_H
#define LOCKSCOPE_CMD_SAVE_H

#include "cmd/stream.h"
#include "lib/error.h"

struct save;

/* 0 or -ENOMEM. */
int save__new(struct save **out, const char *path);
void save__free(struct save *s);
/* What is put there is kept. */
struct stream *save__stream(struct save *s);
/* Writes and syncs the file, for which it waits so long at most.  0 or -errno with
 * *err filled. */
int save__write(struct save *s, int timeout_ms, struct lk_error *err);

#endif
