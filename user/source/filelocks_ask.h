/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * filelocks_ask.h - what each sleeping task asks for, by its system call and the
 * descriptor that this names.
 *
 * Thousands may wait, and most sleep on from look to look: what was read of them
 * is kept as long as their switch count stands still.
 */
#ifndef LOCKSCOPE_SOURCE_FILELOCKS_ASK_H
#define LOCKSCOPE_SOURCE_FILELOCKS_ASK_H

#include "source/filelocks_int.h"

struct u64map;

/* What a task asks for, in the terms of a line.  Fields that the line or the call
 * does not tell are the same on both sides. */
struct fl_ask {
	uint64_t ino;
	int32_t pid;
	enum lock_kind kind;
	enum lock_mode mode;
	uint32_t index;		/* of the candidate or the wait */
	int fd;
	bool names_break;	/* its kernel stack says that it breaks a lease */
	bool taken;
	uint32_t first_own, nr_own;	/* in own: what its own description holds */
};

/* One task that was asked about. */
struct fl_asked {
	struct fl_ask ask;
	uint32_t tid;
	bool wants;		/* its call can wait for a lock */
	uint64_t start_ns, switches;
	uint64_t holds;		/* a hash of who held the file */
};

/* Zeroed is empty. */
struct fl_asks {
	FL_LIST(struct fl_asked) now, before;
	FL_LIST(struct fl_line) own, own_before;
	struct u64map *holds;	/* inode -> hash of the held lines */
};

/* Begins a look: what was now becomes before.  lines: all of /proc/locks.
 * 0 or -ENOMEM. */
int fl_asks__begin(struct fl_asks *a, const struct fl_line *lines, uint32_t nr_lines);
/* Adds a candidate, the index-th, to now; one that turns out to wait for no lock, or
 * is gone, is left out.  0 or -ENOMEM. */
int fl_asks__add(struct fl_asks *a, int proc, const struct filelock_candidate *c, uint32_t index,
		 struct fl_buf *buf);
void fl_asks__free(struct fl_asks *a);

#endif
