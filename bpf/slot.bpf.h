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

static __always_inline struct lk_slot *slot_find(__u64 task)
{
	struct lk_slot *s;
	__u32 i;

	for (i = 0; i < LK_SLOT_PROBES; i++) {
		s = slot_at(task, i);
		if (!s)
			return NULL;
		if (s->task == task)
			return s;
	}
	return NULL;
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

/* The newest entry of this lock: its index, or LK_HELD_MAX.  mode: bits that must
 * be the entry's too; downgraded entries count as read.  Global functions, here and
 * in held.bpf.h, are verified once, not once for each way through them. */
__weak __noinline int slot_search(struct lk_slot *s, __u64 lock, __u32 mode)
{
	int at = LK_HELD_MAX;
	struct lk_held *e;
	__u32 i;

	for (i = 0; s && i < LK_HELD_MAX; i++) {
		if (i >= s->nr)
			break;
		e = &s->held[i];
		if (e->lock == lock && (!mode || e->info & mode))
			at = (int)i;
	}
	return at;
}

#endif
