// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * live_stale.c - does an open wait still stand, or was its end missed?
 *
 * The kernel skips a program that is already running on a CPU.  Where programs
 * can be preempted (7.0 and later) that can hit the end of a sleeping wait of
 * another task, and an interrupt's spin wait can lose its end on any kernel.
 * The wait would then stay open for ever and could close a cycle that is none.
 * So an open wait of some age has to show that its task is still in it.
 */
#include "source/live_priv.h"
#include "record/caller.h"

/* From the begin's arguments to the frame of schedule() under the same lock
 * function: less than this in both directions. */
#define SP_REACH 1024

enum verdict { SAME, DIFFERENT, CANNOT_TELL };

/* Same caller of the lock, same callers of that, down to the entry; either stack
 * may be cut at its depth limit.  A walk that broke off inside the lock's own code
 * tells nothing. */
static enum verdict compare_callers(const struct rec_stack *a, const struct rec_stack *b)
{
	uint32_t i = caller__index(a), k = caller__index(b);

	if (i >= a->nr_frames || k >= b->nr_frames)
		return CANNOT_TELL;
	for (; i < a->nr_frames && k < b->nr_frames; i++, k++)
		if (a->frames[i].addr != b->frames[k].addr)
			return DIFFERENT;
	return SAME;
}

static bool near(uint64_t a, uint64_t b)
{
	return a - b < SP_REACH || b - a < SP_REACH;
}

static bool spin_is_stale(const struct source_live *s, const struct lk_task *t, uint64_t since_ns)
{
	const struct rec_stack *stack;
	uint64_t key;
	uint32_t id;

	/* With interrupts off no sample comes: then there is no proof against it. */
	if (!live_asked__sampled(s->asked, t->tid, since_ns, &key))
		return false;
	/* No frames below the tick's own: it ran in user mode. */
	id = live_stacks__by_sample(s->stacks, key, NULL, NULL, NULL);
	stack = live_stacks__get(s->stacks, id);
	return symbols__nr(s->symbols) && (!stack || !live_kind__in_spin(stack));
}

bool live_stale__wait(const struct source_live *s, const struct lk_task *t, uint32_t recorded,
		      uint32_t now, uint64_t since_ns)
{
	const struct rec_stack *then_stack = live_stacks__get(s->stacks, recorded);
	const struct rec_stack *now_stack = live_stacks__get(s->stacks, now);

	enum verdict v = CANNOT_TELL;

	/* A found one is not even read once its task has run. */
	if (lk_task__wait_age_ns(t) < LK_YOUNG_NS || t->proven || t->wait.flags & LK_F_FOUND)
		return false;
	if (live_kind__spins(t->wait.flags))
		return spin_is_stale(s, t, since_ns);
	if (t->on_cpu || !t->state)
		return false; /* awake: the model does not take it for a block anyway */
	if (then_stack && now_stack && symbols__nr(s->symbols))
		v = compare_callers(then_stack, now_stack);
	return v == CANNOT_TELL ? !near(t->sp, t->wait.sp) : v == DIFFERENT;
}

/* Where the stack pointer is proves little: most sleeps of a system call are within
 * its reach.  It has to do where no end is ever missed. */
bool live_stale__is_unproven(const struct source_live *s, const struct lk_task *t)
{
	return s->may_miss_ends && !t->proven && !t->wait.stack &&
	       !(t->wait.flags & LK_F_FOUND) && !live_kind__spins(t->wait.flags);
}
