/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * timeline.h - how single waits lie in time: summed up in columns, over all and by
 * lock, with totals by lock and by task, and the longest one by one.
 *
 * Bounded, however long the recording: columns become wider, the longest waits push
 * out shorter ones, and what finds no room is counted.  Waits of kernel locks come as
 * records at their end; those of file locks, and those that go on, only from reads.
 */
#ifndef LOCKSCOPE_MODEL_TIMELINE_H
#define LOCKSCOPE_MODEL_TIMELINE_H

#include "model/snapshot.h"

#define TIMELINE_COLUMNS 1024u		/* at most */
#define TIMELINE_CELLS (1u << 22)	/* columns of all locks together, 8 bytes each */
#define TIMELINE_LONGEST 2000u
#define TIMELINE_LOCKS 65536u
#define TIMELINE_TASKS 65536u
#define TIMELINE_NONE UINT32_MAX

struct time_column {
	uint64_t nr_ended;	/* waits that ended in it */
	uint64_t sleep_ns, spin_ns;	/* waited in it, all tasks together */
};

struct time_lock {
	struct rec_lock lock;	/* str lives as long as the timeline */
	uint64_t count, total_ns, max_ns;
	uint32_t first, nr;	/* columns first .. first + nr have been waited in */
	uint64_t *wait_ns;	/* nr of them */
	uint32_t cap;
};

struct time_task {
	struct rec_who who;	/* comm lives as long as the timeline */
	uint64_t count, total_ns, max_ns, spin_ns;
};

/* One wait; lock and task are indices, TIMELINE_NONE: found no room. */
struct time_wait {
	int64_t since_ns, t_ns;	/* begin and end, or the last time it was seen */
	uint64_t wait_ns;
	uint32_t lock, task, stack;
	uint32_t owner_tid, owner_stack;
	int result;
	enum lock_mode mode;
	bool spin, at_least;	/* it may have begun earlier, or ended later */
	bool open;		/* it goes on */
};

struct timeline {
	int64_t column_ns;
	uint32_t nr_columns;	/* used */
	struct time_column columns[TIMELINE_COLUMNS];
	struct time_lock *locks;
	size_t nr_locks, cap_locks;
	struct time_task *tasks;
	size_t nr_tasks, cap_tasks;
	struct time_wait *longest;	/* after timeline__finish() the longest first */
	size_t nr_longest, cap_longest;
	uint64_t nr_waits, total_ns, nr_open;
	uint64_t nr_cells;	/* room taken by columns of locks */
	uint64_t nr_locks_cut, nr_tasks_cut;	/* waits whose lock, or task, has no entry */
	struct timeline_index *index;
};

/* Which waits are looked at. */
typedef bool (*timeline_filter_fn)(void *ctx, const struct rec_lock *lock,
				   const struct rec_who *who);

/* Told of each wait that passes the filter, as it is added.  0, or -errno, which the call
 * that added it returns. */
typedef int (*timeline_wait_fn)(void *ctx, const struct time_wait *w, const struct rec_lock *lock,
				const struct rec_who *who);

/* filter NULL: all.  0 or -ENOMEM, as all that return int. */
int timeline__new(struct timeline **out, timeline_filter_fn filter, void *ctx);
/* Takes NULL. */
void timeline__free(struct timeline *t);
void timeline__on_wait(struct timeline *t, timeline_wait_fn fn, void *ctx);

/* A wait that ended.  What is no time at all is counted and lies nowhere. */
int timeline__add(struct timeline *t, const struct rec_wait *w);
/* A read is complete: waits of file locks that prev shows and cur does not are over.
 * prev may be NULL. */
int timeline__read(struct timeline *t, const struct snapshot *prev, const struct snapshot *cur);
/* The last call: adds what goes on in the last read (NULL: there was none) and sorts. */
int timeline__finish(struct timeline *t, const struct snapshot *last);

#endif
