/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * held.bpf.h - the held-lock stack of each task, changed: by the hooks that take and
 * give sleeping locks.
 */
#ifndef LOCKSCOPE_HELD_BPF_H
#define LOCKSCOPE_HELD_BPF_H

#include "guard.bpf.h"
#include "lockword.bpf.h"
#include "slot.bpf.h"

static long slot_claim_at(__u32 i, struct slot_places *p)
{
	struct lk_slot *s = slot_at(p->task, i);

	if (!s)
		return 1;
	if (s->task || __sync_val_compare_and_swap(&s->task, 0, p->task))
		return 0;
	s->tid = p->tid;
	p->found = 1;
	return 1;
}

/* Makes one of the task's places its slot; 0 if all are others'. */
__weak __noinline int slot_claim(__u64 task, __u32 tid)
{
	struct slot_places p = { .task = task, .tid = tid };

	bpf_loop(LK_SLOT_PROBES, slot_claim_at, &p, 0);
	return (int)p.found;
}

static __always_inline struct lk_bucket *bucket_of(__u64 lock)
{
	__u32 i = (__u32)((lock >> 3) * 0x9e3779b97f4a7c15ULL >> 32) & (LK_BUCKETS - 1);

	return bpf_map_lookup_elem(&buckets, &i);
}

static long slot_move_down(__u32 i, struct slot_entries *w)
{
	struct lk_held *to = slot_entry(w->s, (__u64)w->at + i);
	struct lk_held *from = slot_entry(w->s, (__u64)w->at + i + 1);

	if (!to || !from)
		return 1;
	*to = *from;
	return 0;
}

/* Takes out entry `at` and closes the gap: locks are also given hand over hand. */
__weak __noinline int slot_remove(struct lk_slot *s, __u32 at)
{
	struct slot_entries w = { .s = s, .at = at };

	if (!s || at >= s->nr)
		return 0;
	bpf_loop(s->nr - 1 - at, slot_move_down, &w, 0);
	s->nr--;
	return 1;
}

/* The slot is an earlier task's at this address, whose end was missed; or a thread's
 * that has called exec since, and goes by the number of its leader. */
static __always_inline int slot_renew(struct lk_slot *s)
{
	__u32 tid = bpf_get_current_task_btf()->pid;
	struct lk_cpu *c = this_cpu();

	if (s->tid == tid)
		return 0;
	if (c)
		c->nr.healed += s->nr;
	s->nr = 0;
	s->over = 0;
	s->tid = tid;
	return 1;
}

static long slot_has_id(__u32 i, struct slot_entries *w)
{
	struct lk_held *e = slot_entry(w->s, i);

	if (e && e->id != w->id)
		return 0;
	w->at = i;
	return 1;
}

/* The entry of that number: its index, or LK_HELD_MAX. */
static __always_inline __u32 slot_index_of(struct lk_slot *s, __u32 id)
{
	struct slot_entries w = { .s = s, .id = id, .at = LK_HELD_MAX };

	bpf_loop(s->nr, slot_has_id, &w, 0);
	return w.at;
}

/* User space has proven, by two reads of the lock word, that an entry is stale. */
__weak __noinline int slot_heal(struct lk_slot *s)
{
	struct lk_cpu *c;
	__u32 id;

	if (!s)
		return 0;
	id = s->drop_id;
	s->drop_id = 0;
	if (id == LK_DROP_ALL)
		return slot_renew(s);
	if (!slot_remove(s, slot_index_of(s, id)))
		return 0;
	c = this_cpu();
	if (c)
		c->nr.healed++;
	return 1;
}

/* Does the lock's own word name this task as its owner? */
static __always_inline int word_names(__u64 lock, __u32 info, struct task_struct *task)
{
	struct lk_word w = {};

	switch (LK_HELD_KIND(info)) {
	case LK_KIND_MUTEX:
	case LK_KIND_WW_MUTEX:
		word_mutex(lock, &w);
		break;
	case LK_KIND_RWSEM:
		word_rwsem(lock, &w);
		break;
	case LK_KIND_RT_MUTEX:
		word_rt_mutex(lock, &w);
		break;
	}
	return w.says & LK_WORD_OWNER && w.owner == (__u64)task;
}

/* Kinds that one task can hold only once, and whose word names it. */
static __always_inline int is_exclusive(__u32 info)
{
	__u32 kind = LK_HELD_KIND(info);

	return kind == LK_KIND_MUTEX || kind == LK_KIND_WW_MUTEX || kind == LK_KIND_RT_MUTEX ||
	       (kind == LK_KIND_RWSEM && info & LK_HELD_WRITE);
}

/* A take of a lock that is on the stack already: a function of the table that calls
 * another, a give that was missed, or a task that waits for itself.  Only the last
 * keeps its old entry; a reader that wants to write is one of those. */
__weak __noinline int slot_replace(struct lk_slot *s, __u64 lock, __u32 info)
{
	struct task_struct *task = bpf_get_current_task_btf();
	__u32 at;

	if (!s)
		return 0;
	at = slot_search(s, lock, info & LK_HELD_WRITE);
	if (at >= LK_HELD_MAX)
		return 0;
	/* Who has taken it does not wait for it. */
	if (!(info & LK_HELD_TRY) && word_names(lock, info, task))
		return 0;
	return slot_remove(s, at);
}

/* No word names who holds entry i, and somebody without an entry has given it since. */
__weak __noinline int slot_is_crossed(struct lk_slot *s, __u32 i)
{
	struct lk_bucket *b;
	struct lk_held *e;

	if (!s)
		return 0;
	e = slot_entry(s, i);
	if (!e || (LK_HELD_KIND(e->info) != LK_KIND_SEMAPHORE && !(e->info & LK_HELD_READ)))
		return 0;
	b = bucket_of(e->lock);
	return b && b->crossed_ns > e->since_ns;
}

static long slot_find_crossed(__u32 i, struct slot_entries *w)
{
	if (!slot_is_crossed(w->s, i))
		return 0;
	w->at = i;
	return 1;
}

/* A full slot: drops what another task has given.  Some locks are always given by
 * another (the buffers of XFS, a semaphore used as an event), and who takes those would
 * soon have no room for anything else. */
__weak __noinline int slot_make_room(struct lk_slot *s)
{
	struct slot_entries w = { .s = s, .at = LK_HELD_MAX };
	struct lk_cpu *c = this_cpu();

	if (!s || !c)
		return 0;
	bpf_loop(s->nr, slot_find_crossed, &w, 0);
	if (!slot_remove(s, w.at))
		return 0;
	c->nr.healed++;
	return 1;
}

static __always_inline __u32 syscall_bits(struct task_struct *task)
{
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(task);

	return (__u32)regs_syscall_nr(regs) << 16;
}

#endif
