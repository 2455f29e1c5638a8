/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * filelocks_show.h - from holds and waits to the records of a look.
 */
#ifndef LOCKSCOPE_SOURCE_FILELOCKS_SHOW_H
#define LOCKSCOPE_SOURCE_FILELOCKS_SHOW_H

#include "lib/arena.h"
#include "source/filelocks_index.h"

/* One hold and who can release it: found[first .. first + nr) of the scan, sorted
 * by process, one process maybe with several descriptors. */
struct fl_group {
	uint32_t first, nr;
	uint32_t nr_tasks;
	uint32_t nr_free;	/* of those, how many do not wait for a file lock */
};

struct u64map;

struct fl_show {
	FL_LIST(struct filelock_wait) waits;
	FL_LIST(struct rec_lock_state) locks;
	FL_LIST(struct rec_holder) holders;
	FL_LIST(uint32_t) first_holder;	/* by lock, while holders may still move */
	FL_LIST(struct fl_group) groups;
	struct fl_index groups_of;	/* groups by file */
	struct fl_index holds_of;	/* held lines by file */
	struct u64map *by_identity;	/* hash of a lock's string -> index */
	FL_LIST(uint32_t) waiting;	/* candidates that are in a wait, by thread */
	struct arena *strings;	/* until the next look */
};

/* What there is to tell. */
struct fl_shown {
	const struct fl_line *lines;
	uint32_t nr_lines;
	const struct fl_wait *waits;	/* all with a candidate */
	uint32_t nr_waits;
	const struct filelock_candidate *cands;
	uint32_t nr_cands;
	const struct fl_scan *scan;
	uint32_t nr_groups;
	bool whole;		/* every process was looked at */
	enum breakable lease;	/* what ends the wait for a lease */
	int proc;
};

/* Fills waits and locks of out.  0 or -ENOMEM. */
int fl_show__run(struct fl_show *show, const struct fl_shown *in, struct filelock_look *out);
void fl_show__free(struct fl_show *show);

#endif
