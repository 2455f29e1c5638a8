/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * before_int.h - what the files of the search for earlier waits share.
 */
#ifndef LOCKSCOPE_SOURCE_BEFORE_INT_H
#define LOCKSCOPE_SOURCE_BEFORE_INT_H

#include "source/before.h"

struct u64map;

/* How a waiting function leaves its waiter. */
enum before_shape {
	SHAPE_MUTEX,
	SHAPE_RWSEM,
	SHAPE_SEMAPHORE,
	SHAPE_PERCPU,	/* in the wait queue of a percpu_rwsem */
	SHAPE_DRAIN,	/* a percpu_rwsem's writer, while its readers leave */
	NR_SHAPES,
};

struct before_kind {
	const char *name;	/* of the function, up to the first dot */
	enum before_shape shape;
	uint32_t flags;		/* of the wait; those of an rwsem come from its waiter */
};

/* One queue that was walked in this pass. */
struct before_ring {
	uint64_t lock;		/* 0: it moves, or leads nowhere */
	bool fits;		/* the lock's word agrees */
};

struct before {
	const struct lk_layout *layout;
	const struct before_funcs *funcs;
	before_read_fn read;
	void *read_ctx;
	const struct lk_sleeper *const *sleepers;
	const struct lk_sleeper **by_sp;	/* sorted, those with words */
	uint32_t nr, nr_by_sp;
	struct before_ring *rings;
	size_t nr_rings, cap_rings;
	struct u64map *nodes;	/* node -> ring << 32 | place, for all rings walked */
	uint64_t *walk;		/* the nodes of the ring being walked */
	size_t cap_walk;
};

/* Addresses of the kernel, and of nothing else, are negative. */
static inline bool is_kernel(uint64_t addr)
{
	return (int64_t)addr < -4096 && !(addr & 7);
}

/* The sleeper of the pass whose words contain this address, or NULL. */
const struct lk_sleeper *before__on_stack(const struct before *b, uint64_t addr);
/* Reads from the words of the pass where it can, else from the kernel. */
bool before__read(const struct before *b, uint64_t addr, void *to, size_t len);
/* The same for one word; 0: it cannot be read. */
uint64_t before__word(const struct before *b, uint64_t addr);

/* before_ring.c: where the waiters of this shape are queued; not for SHAPE_DRAIN. */
const struct lk_queue *before__queue(const struct before *b, enum before_shape shape);
/* The lock in whose queue this node is, and its place there.  hint: a
 * lock that the task's fields name; 0: none.  NULL: the queue could not be followed. */
const struct before_ring *before__ring(struct before *b, enum before_shape shape, uint64_t node,
				       uint64_t hint, uint32_t *place);
/* before_word.c: does what the lock says of itself agree with a sleeper in its queue? */
bool before__fits(const struct before *b, enum before_shape shape, uint64_t lock);

#endif
