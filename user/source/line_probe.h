/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * line_probe.h - source lines of kernel addresses, from debug info: a job for a
 * lib/probe_child.
 *
 * In a child, since libdw takes memory, and time to read a vmlinux of hundreds of
 * megabytes; since a damaged file can crash it; and since a disk may hang.  libdw is
 * loaded there and only there: where it is not installed, there are no lines.
 */
#ifndef LOCKSCOPE_SOURCE_LINE_PROBE_H
#define LOCKSCOPE_SOURCE_LINE_PROBE_H

#include "source/line_files.h"

#define LINE_QUERIES 64
#define LINE_MODULE_LEN 64	/* as the kernel has them */
#define LINE_LEN 160

struct line_query {
	uint64_t addr;		/* in the instruction that is asked about */
	char module[LINE_MODULE_LEN];	/* "": the kernel itself */
	char line[LINE_LEN];	/* the answer; "": not known */
};

/* What there is of the kernel itself; modules may differ. */
enum line_state {
	LINES_NOT_LOOKED,
	LINES_THERE,		/* detail: the file */
	LINES_NO_LIBDW,		/* then there is nothing for modules either */
	LINES_NO_FILE,		/* none with the kernel's build id */
	LINES_BAD_FILE,		/* detail: it */
};

struct line_probe {
	/* who asks sets these */
	const char *libdw;	/* "libdw.so.1" */
	const char *root;	/* as of line_files__running() */
	uint64_t stext;		/* where the running kernel has _stext; 0: no lines of its own */
	uint32_t nr;		/* 0: only look what there is */
	struct line_query queries[LINE_QUERIES];
	/* the child's */
	uint32_t at;		/* answered so far */
	enum line_state state;
	char detail[LINE_FILE_LEN];
	struct line_work *work;
};

/* Answers them.  shared is a struct line_probe, whose strings were there before the fork. */
void line_probe__run(void *shared);

#endif
