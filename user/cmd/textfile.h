/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * textfile.h - a file that others read at any time and so is replaced as a whole: written
 * under another name in the same directory, then renamed.  By a thread, since the file
 * may be on what is stuck, and that must not keep anything from being told.
 */
#ifndef LOCKSCOPE_CMD_TEXTFILE_H
#define LOCKSCOPE_CMD_TEXTFILE_H

#include <stddef.h>
#include <stdint.h>
#include "lib/error.h"

struct textfile;

/* path must live as long as it does.  0 or -errno with *err filled. */
int textfile__new(struct textfile **out, const char *path, struct lk_error *err);
/* Begins to replace the file's content; text is freed some time.  0; -EBUSY while the
 * last one is still being written: this one is dropped.  -errno of the last one with
 * *err filled when that failed; this one is begun all the same. */
int textfile__put(struct textfile *t, char *text, size_t len, struct lk_error *err);
/* Waits till the last one is written, so long at most: 0, -ETIMEDOUT or -errno with *err
 * filled. */
int textfile__wait(struct textfile *t, int timeout_ms, struct lk_error *err);
/* Takes NULL. */
void textfile__free(struct textfile *t);

#endif
