// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * held_seen.c - what one look at an entry cannot tell, but two can.
 */
#include <errno.h>

#include "lib/hash.h"
#include "lib/map.h"
#include "source/held.h"

#define PF_KTHREAD 0x00200000
#define NO_SYSCALL 0xffff

/* A value is the user time at the first look, above one bit: stale at the last. */
#define STALE 1ULL

int held_seen__new(struct held_seen *s)
{
	return u64map__new(&s->now, 0) ?: u64map__new(&s->before, 0);
}

void held_seen__free(struct held_seen *s)
{
	u64map__free(s->now);
	u64map__free(s->before);
}

void held_seen__next_read(struct held_seen *s)
{
	struct u64map *old = s->before;

	s->before = s->now;
	s->now = old;
	u64map__clear(old);
}

/* The user time moves only in user mode.  A system call is not told from the next
 * one with the same number. */
static bool has_returned(const struct held_entry *e, uint64_t first_utime)
{
	const struct lk_task *t = e->task;

	if (t->task_flags & PF_KTHREAD || t->on_cpu || !t->state)
		return false;
	return (t->syscall < 0 ? NO_SYSCALL : t->syscall & 0xffff) != LK_HELD_SYSCALL(e->info) ||
	       t->utime != first_utime;
}

void held_seen__note(struct held_seen *s, const struct held_entry *e, bool *stale_again,
		     bool *returned)
{
	uint64_t key = hash__add(hash__add(e->task->task, e->id), e->task->start_ns);
	uint64_t value = e->task->utime << 1;

	u64map__get(s->before, key, &value);
	*stale_again = e->is_stale && value & STALE;
	*returned = has_returned(e, value >> 1);
	/* Without memory for it, it is seen for the first time again. */
	u64map__set(s->now, key, (value & ~STALE) | (e->is_stale ? STALE : 0));
}
