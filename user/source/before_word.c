// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * before_word.c - a lock's own memory, while somebody sleeps in its queue.
 */
#include "source/before_int.h"

/* As in bpf/lockword.bpf.h. */
#define MUTEX_WAITERS 1
#define MUTEX_FLAGS 7UL
#define RWSEM_WRITER_LOCKED 1
#define RWSEM_WAITERS 2
#define RWSEM_UNUSED 0xf8	/* bits 3 to 7 */
#define RWSEM_READER_OWNED 1
#define RWSEM_OWNER_FLAGS 7UL
#define PID_MAX (4 * 1024 * 1024)

/* A task_struct, as far as that shows: it has a number. */
static bool is_task(const struct before *b, uint64_t task)
{
	int32_t pid;

	return is_kernel(task) &&
	       before__read(b, task + (uint64_t)b->layout->task_pid, &pid, sizeof(pid)) &&
	       pid > 0 && pid <= PID_MAX;
}

/* It has no owner from its unlock on until the first in the queue runs: the others
 * sleep on.  Under load a fifth to a third of all sleepers are met so. */
static bool mutex_fits(const struct before *b, uint64_t lock)
{
	uint64_t owner = before__word(b, lock + (uint64_t)b->layout->mutex_owner);

	return owner & MUTEX_WAITERS &&
	       (!(owner & ~MUTEX_FLAGS) || is_task(b, owner & ~MUTEX_FLAGS));
}

static bool rwsem_fits(const struct before *b, uint64_t lock)
{
	uint64_t count, owner;

	if (!before__read(b, lock + (uint64_t)b->layout->rwsem_count, &count, sizeof(count)) ||
	    !before__read(b, lock + (uint64_t)b->layout->rwsem_owner, &owner, sizeof(owner)))
		return false;
	if (!(count & RWSEM_WAITERS) || count & RWSEM_UNUSED)
		return false;
	if (count & RWSEM_WRITER_LOCKED && !(owner & RWSEM_READER_OWNED))
		return is_task(b, owner & ~RWSEM_OWNER_FLAGS);
	return !(owner & ~RWSEM_OWNER_FLAGS) || is_kernel(owner & ~RWSEM_OWNER_FLAGS);
}

/* Somebody waits only while nothing is free. */
static bool semaphore_fits(const struct before *b, uint64_t lock)
{
	uint32_t count;

	return before__read(b, lock + (uint64_t)b->layout->semaphore_count, &count, sizeof(count)) &&
	       !count;
}

/* Somebody waits, or drains readers, only while a writer keeps readers out. */
static bool percpu_fits(const struct before *b, uint64_t lock)
{
	uint32_t block;

	return before__read(b, lock + (uint64_t)b->layout->percpu_block, &block, sizeof(block)) &&
	       block == 1;
}

bool before__fits(const struct before *b, enum before_shape shape, uint64_t lock)
{
	switch (shape) {
	case SHAPE_MUTEX:
		return mutex_fits(b, lock);
	case SHAPE_RWSEM:
		return rwsem_fits(b, lock);
	case SHAPE_SEMAPHORE:
		return semaphore_fits(b, lock);
	case SHAPE_PERCPU:
	case SHAPE_DRAIN:
		return percpu_fits(b, lock);
	case NR_SHAPES:
		break;
	}
	return false;
}

static uint32_t tid_of(const struct before *b, uint64_t task)
{
	int32_t pid;

	if (!is_task(b, task) ||
	    !before__read(b, task + (uint64_t)b->layout->task_pid, &pid, sizeof(pid)))
		return 0;
	return (uint32_t)pid;
}

uint32_t before__owner(struct before *b, uint64_t lock, uint32_t flags)
{
	uint64_t owner;

	if (flags & LK_F_MUTEX)
		return tid_of(b, before__word(b, lock + (uint64_t)b->layout->mutex_owner) & ~MUTEX_FLAGS);
	if (!(flags & (LK_F_READ | LK_F_WRITE)) || flags & (LK_F_PERCPU | LK_F_RT))
		return 0;
	owner = before__word(b, lock + (uint64_t)b->layout->rwsem_owner);
	return owner & RWSEM_READER_OWNED ? 0 : tid_of(b, owner & ~RWSEM_OWNER_FLAGS);
}
