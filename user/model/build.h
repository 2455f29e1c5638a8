/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * build.h - inside the model: collects the records of one read and freezes them.
 */
#ifndef LOCKSCOPE_MODEL_BUILD_H
#define LOCKSCOPE_MODEL_BUILD_H

#include "lib/map.h"
#include "model/snapshot.h"

struct snap_index {
	struct u64map *tids;	/* index__key() to one task; next_same leads to the others */
	struct u64map *locks;	/* key to lock */
	uint32_t *next_same;	/* per task: another task of that key, or SNAP_NONE */
	size_t cap_next;
};

/* Where the index keeps a task: by tid, but all idle tasks share one, and a task that
 * has exited must not be taken for a living one. */
uint64_t index__key(uint32_t tid, int32_t cpu, bool exited);
/* The task of this identity, or SNAP_NONE; start_ns 0 matches any start. */
uint32_t index__find(const struct snapshot *s, uint64_t key, uint64_t start_ns);

struct build;

/* Begins a read.  0 or -ENOMEM. */
int build__new(struct build **out, const struct rec_read *read);
/* Takes NULL. */
void build__free(struct build *b);

/* Copy what they are given.  0 or -ENOMEM; 1 when the read is now whole. */
int build__add_task(struct build *b, const struct rec_task *task);
int build__add_lock(struct build *b, const struct rec_lock_state *lock);
bool build__is_whole(const struct build *b);

/* Resolves who waits for whom and hands the snapshot out; b is then only good
 * for build__free().  0 or -ENOMEM. */
int build__finish(struct build *b, const struct rec_lost *lost, struct snapshot **out);

/* graph.c: fills waiters, edges and first_edge of a snapshot whose tasks, locks
 * and holds are there.  0 or -ENOMEM. */
int graph__make(struct snapshot *s);

#endif
