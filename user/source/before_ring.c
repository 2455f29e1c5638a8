// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * before_ring.c - from a waiter's list node to the lock in whose queue it is.
 *
 * Up to 7.1 the queue has a head in the lock: the one node that is no waiter.  From 7.2
 * on waiters form a ring of their own and the lock points at the first: it is looked for
 * among the words of the waiters' stacks.  A ring is walked once a pass, however many
 * wait in it.
 */
#include <stdlib.h>

#include "lib/map.h"
#include "lib/vec.h"
#include "source/before_int.h"

#define RING_MAX 65536

struct node {
	uint64_t next, prev;
};

const struct lk_queue *before__queue(const struct before *b, enum before_shape shape)
{
	static const enum lk_queue_of queues[NR_SHAPES] = {
		[SHAPE_MUTEX] = LK_QUEUE_MUTEX,		[SHAPE_RWSEM] = LK_QUEUE_RWSEM,
		[SHAPE_SEMAPHORE] = LK_QUEUE_SEMAPHORE, [SHAPE_PERCPU] = LK_QUEUE_PERCPU,
	};

	return &b->layout->queue[queues[shape]];
}

/* On the stack of the task it names: so it is a waiter, and no list head. */
static bool is_waiter(const struct before *b, const struct lk_queue *q, uint64_t node)
{
	uint64_t task = before__word(b, node + (uint64_t)(q->task - q->node)), stack;
	const struct lk_sleeper *s = before__on_stack(b, node);

	if (s)
		return s->task == task;
	if (!is_kernel(task))
		return false;
	stack = before__word(b, task + (uint64_t)b->layout->task_stack);
	return node >= stack && node - stack < b->layout->stack_bytes;
}

/* Walks it all, from and back to node, into b->walk; 0: it moves, or is none.  Each
 * step must lead back. */
static size_t walk(struct before *b, uint64_t node)
{
	uint64_t at = node;
	struct node here, there;
	size_t nr = 0;

	if (!before__read(b, at, &here, sizeof(here)))
		return 0;
	do {
		if (nr == RING_MAX || !VEC_ROOM(b->walk, nr, b->cap_walk))
			return 0;
		b->walk[nr++] = at;
		if (!is_kernel(here.next) || !before__read(b, here.next, &there, sizeof(there)) ||
		    there.prev != at)
			return 0;
		at = here.next;
		here = there;
	} while (at != node);
	return nr;
}

static size_t index_in_walk(const struct before *b, size_t nr, uint64_t node)
{
	size_t i;

	for (i = 0; i < nr && b->walk[i] != node; i++)
		;
	return i;
}

/* The lock whose head is in the ring; *first: where its first waiter is.  Locks lie on no
 * stack but where the kernel itself names them: there programs can have words of their own,
 * as select() keeps its bits. */
static uint64_t lock_by_head(struct before *b, const struct lk_queue *q, size_t nr, uint64_t hint,
			     size_t *first)
{
	size_t i, head = nr;
	uint64_t lock;

	for (i = 0; i < nr; i++) {
		if (is_waiter(b, q, b->walk[i]))
			continue;
		if (head != nr)
			return 0;
		head = i;
	}
	if (head == nr || nr < 2)
		return 0;
	*first = (head + 1) % nr;
	lock = b->walk[head] - (uint64_t)q->head;
	return lock == hint || !before__on_stack(b, b->walk[head]) ? lock : 0;
}

/* Does the lock at this address begin its queue in the ring? */
static bool begins_in(const struct before *b, const struct lk_queue *q, size_t nr, uint64_t lock,
		      size_t *first)
{
	uint64_t waiter;

	if (!is_kernel(lock))
		return false;
	waiter = before__word(b, lock + (uint64_t)q->head);
	if (!is_kernel(waiter))
		return false;
	*first = index_in_walk(b, nr, waiter + (uint64_t)q->node);
	return *first < nr;
}

static uint64_t lock_on_stack(struct before *b, const struct lk_queue *q, enum before_shape shape,
			      size_t nr, const struct lk_sleeper *s, size_t *first)
{
	const uint64_t *words = lk_sleeper__words(s);
	uint32_t i;

	for (i = 0; i < s->nr_words; i++)
		/* A waiter that points at itself is no lock. */
		if (!before__on_stack(b, words[i]) && begins_in(b, q, nr, words[i], first) &&
		    before__fits(b, shape, words[i]))
			return words[i];
	return 0;
}

static uint64_t lock_without_head(struct before *b, const struct lk_queue *q,
				  enum before_shape shape, size_t nr, uint64_t hint, size_t *first)
{
	const struct lk_sleeper *s;
	uint64_t lock = 0;
	size_t i;

	for (i = 0; i < nr; i++)
		if (!is_waiter(b, q, b->walk[i]))
			return 0;
	if (hint && begins_in(b, q, nr, hint, first))
		return hint;
	for (i = 0; i < nr && !lock; i++) {
		s = before__on_stack(b, b->walk[i]);
		if (s)
			lock = lock_on_stack(b, q, shape, nr, s, first);
	}
	return lock;
}

/* Keeps what was learnt of all its nodes, so that none is walked from again. */
static const struct before_ring *keep(struct before *b, size_t nr, size_t first,
				      struct before_ring ring)
{
	size_t i;

	if (!VEC_ROOM(b->rings, b->nr_rings, b->cap_rings))
		return NULL;
	for (i = 0; i < nr; i++)
		/* Without memory it is walked again. */
		u64map__set(b->nodes, b->walk[i],
			    (uint64_t)b->nr_rings << 32 | (uint32_t)((i + nr - first) % nr));
	b->rings[b->nr_rings] = ring;
	return &b->rings[b->nr_rings++];
}

const struct before_ring *before__ring(struct before *b, enum before_shape shape, uint64_t node,
				       uint64_t hint, uint32_t *place)
{
	const struct lk_queue *q = before__queue(b, shape);
	struct before_ring ring = { 0 };
	size_t nr, first = 0;
	uint64_t known;

	if (u64map__get(b->nodes, node, &known)) {
		*place = (uint32_t)known;
		return &b->rings[known >> 32];
	}
	nr = walk(b, node);
	if (!nr)
		return NULL;
	ring.lock = q->headless ? lock_without_head(b, q, shape, nr, hint, &first) :
				  lock_by_head(b, q, nr, hint, &first);
	ring.fits = is_kernel(ring.lock) && before__fits(b, shape, ring.lock);
	*place = (uint32_t)((nr - first) % nr);
	return keep(b, nr, first, ring);
}
