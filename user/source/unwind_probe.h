/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * unwind_probe.h - user stacks of threads that sleep: a job for a lib/probe_child.
 *
 * libdw unwinds them by the .eh_frame of the files, so neither debug info nor frame
 * pointers are needed, and nothing is fetched.  In a child of its own, since the memory
 * and the files of a process may not answer, and a damaged file can crash libdw; loaded
 * there and only there, so that lockscope runs without it.
 */
#ifndef LOCKSCOPE_SOURCE_UNWIND_PROBE_H
#define LOCKSCOPE_SOURCE_UNWIND_PROBE_H

#include "record/record.h"
#include "source/unwind_regs.h"

#define UNWIND_LIBDW "libdw.so.1"
#define UNWIND_QUERIES 32
#define UNWIND_FRAMES 32
#define UNWIND_TEXT 8192	/* names of one stack; those for which there is no room are left out */
#define UNWIND_MODULE_LEN 64

struct unwind_frame {
	uint64_t addr;
	uint64_t off;		/* in the function; without one, in the file as its addresses are */
	uint32_t sym, module;	/* where in text; 0: none */
};

struct unwind_query {
	uint32_t pid, tid;
	struct unwind_regs regs;
	/* the answer */
	enum user_stack_why why;	/* USER_STACK_THERE: there are frames */
	uint32_t nr_frames;	/* innermost first */
	struct unwind_frame frames[UNWIND_FRAMES];
	uint32_t text_len;
	char text[UNWIND_TEXT];
};

struct unwind_probe {
	/* who asks sets these */
	const char *libdw;	/* UNWIND_LIBDW */
	uint32_t nr;		/* 0: only load it */
	struct unwind_query queries[UNWIND_QUERIES];
	/* the child's */
	volatile uint32_t at;	/* the query that is being answered */
	volatile bool of_files;	/* its memory has been read, its files are */
	uint64_t cpu_ns;	/* what the last job took */
	bool started;
	bool confined;		/* it can do no harm (lib/confine.h) */
	struct unwind_work *work;	/* NULL once it has begun: there is no libdw */
};

/* Answers them.  shared is a struct unwind_probe, whose strings were there before the
 * fork.  Queries of one process are best put side by side. */
void unwind_probe__run(void *shared);

#endif
