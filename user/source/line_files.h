/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * line_files.h - which file on this machine has the debug info of the running kernel, or
 * of a module it has loaded.
 *
 * Only files: nothing is fetched.  Only those with the build id of what runs.  Opens
 * files, so it can hang: only in a process that may.
 */
#ifndef LOCKSCOPE_SOURCE_LINE_FILES_H
#define LOCKSCOPE_SOURCE_LINE_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "source/line_path.h"

#define LINE_FILE_LEN 512

/* The build id of what runs, from /sys; module NULL: of the kernel itself.  root: "", or a
 * directory that stands for /. */
void line_files__running(struct build_id *id, const char *root, const char *module);
/* 0 with the file's path in buf; -ENOENT: there is none. */
int line_files__find(char buf[LINE_FILE_LEN], const char *root, const char *module,
		     const struct build_id *id);
/* Where the section of a module lies; 0: unknown. */
uint64_t line_files__section(const char *root, const char *module, const char *section);

#endif
