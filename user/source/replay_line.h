/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * replay_line.h - a file line by line, in bounded memory whatever it holds.
 */
#ifndef LOCKSCOPE_SOURCE_REPLAY_LINE_H
#define LOCKSCOPE_SOURCE_REPLAY_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Far above the longest record (a lock with 16,000 holders is 3 MB). */
#define LINE_MAX_BYTES (8u << 20)

struct line_reader;

struct line {
	const char *text;	/* without the newline, terminated; until the next call */
	size_t len;
	uint64_t nr;		/* from 1 */
	bool too_long;		/* over LINE_MAX_BYTES: text is empty, the rest was skipped */
	bool ended;		/* a newline ended it, not the end of the file */
};

/* path "-" is stdin.  0 or -errno. */
int line_reader__new(struct line_reader **out, const char *path);
void line_reader__free(struct line_reader *r);
/* 1 with *line set, 0 at the end of the file, -errno. */
int line_reader__next(struct line_reader *r, struct line *line);

#endif
