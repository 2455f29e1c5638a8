/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * slot.bpf.h - the held-lock stack of each task, found and read.
 *
 * A slot is found by probing an array from a hash of the task's address, a fixed
 * number of places, so that a slot can be freed without breaking the search of
 * others.  Slots are claimed by compare-and-swap: no lock, no allocation, no helper
 * that has one.  Once claimed, only the task itself changes its slot, and only in
 * task context, so nothing here needs the guard, and a task that is preempted
 * inside a hook disturbs nobody.
 */
#ifndef LOCKSCOPE_SLOT_BPF_H
#define LOCKSCOPE_SLOT_BPF_H

#include "maps.bpf.h"

/* The address as a number: the verifier allows no arithmetic on the pointer. */
static __always_inline __u64 address_of(struct task_struct *task)
{
	__u64 address = 0;

	bpf_probe_read_kernel(&address, sizeof(address), &task);
	return address;
}

/* The same of the current task, cheaper. */
static __always_inline __u64 current_address(void)
{
	return bpf_get_current_task();
}

/* The i-th place of a task's slot: double hashing. */
static __always_inline struct lk_slot *slot_at(__u64 task, __u32 i)
{
	__u64 hash = (task >> 6) * 0x9e3779b97f4a7c15ULL;
	__u32 at = (__u32)(hash >> 32) + i * ((__u32)(hash >> 8) | 1);

	at &= cfg.nr_slots - 1;
	return bpf_map_lookup_elem(&slots, &at);
}

/*
 * Loops over places and entries are bpf_loop() (5.17) in global functions: the verifier
 * looks at a global function once, not once for each way through it, and at the body of
 * such a loop once, not once for each turn.  Each hook is a program that is verified for
 * itself, so this is most of what attaching takes.  What a turn leaves behind is in its
 * context; before 6.7 the verifier believes that there was one turn, so a turn counts
 * nothing up that is compared afterwards.
 */

/* Where a loop looks for a task's slot. */
struct slot_places {
	__u64 task;
	__u32 tid, found;
};

static long slot_is_at(__u32 i, struct slot_places *p)
{
	struct lk_slot *s = slot_at(p->task, i + 1);

	if (!s || s->task != p->task)
		return 0;
	p->found = i + 1;
	return 1;
}

/* Which of its further places a task's slot is at, or LK_SLOT_PROBES. */
__weak __noinline int slot_search_places(__u64 task)
{
	struct slot_places p = { .task = task, .found = LK_SLOT_PROBES };

	bpf_loop(LK_SLOT_PROBES - 1, slot_is_at, &p, 0);
	return (int)p.found;
}

/* Nearly always at its first place. */
static __always_inline struct lk_slot *slot_find(__u64 task)
{
	struct lk_slot *s = slot_at(task, 0);
	__u32 i;

	if (!s || s->task == task)
		return s;
	i = (__u32)slot_search_places(task);
	return i < LK_SLOT_PROBES ? slot_at(task, i) : NULL;
}

/* Readers must be able to tell that something moved under them. */
static __always_inline void slot_begin(struct lk_slot *s)
{
	s->seq++;
	barrier();
}

static __always_inline void slot_end(struct lk_slot *s)
{
	barrier();
	s->seq++;
}

/* Entry i, or NULL.  The offset is checked, not the index: 64 bits wide, so that the
 * verifier sees the check on whatever copy of it clang uses. */
static __always_inline struct lk_held *slot_entry(struct lk_slot *s, __u64 i)
{
	__u64 offset = i * sizeof(struct lk_held);

	if (offset > (LK_HELD_MAX - 1) * sizeof(struct lk_held))
		return NULL;
	barrier_var(offset);
	return (void *)s->held + offset;
}

/* What a loop looks for among a task's entries. */
struct slot_entries {
	struct lk_slot *s;
	__u64 lock;
	__u32 mode, id, at;
};

static long slot_is_newest(__u32 i, struct slot_entries *w)
{
	__u32 at = w->s->nr - 1 - i;
	struct lk_held *e = slot_entry(w->s, at);

	if (!e)
		return 1;
	if (e->lock != w->lock || (w->mode && !(e->info & w->mode)))
		return 0;
	w->at = at;
	return 1;
}

/* The newest entry of this lock: its index, or LK_HELD_MAX.  mode: bits that must
 * be the entry's too; downgraded entries count as read. */
__weak __noinline int slot_search(struct lk_slot *s, __u64 lock, __u32 mode)
{
	struct slot_entries w = { .s = s, .lock = lock, .mode = mode, .at = LK_HELD_MAX };

	if (!s)
		return LK_HELD_MAX;
	bpf_loop(s->nr, slot_is_newest, &w, 0);
	return (int)w.at;
}

#endif
