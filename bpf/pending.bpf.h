/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * pending.bpf.h - ended waits that are counted a little later.
 *
 * contention_end fires when its task has the lock: what it does there, all others that
 * want the lock wait for.  So the waits of a lock that a CPU meets again and again are
 * only written down at their end, and reach the aggregate map at the begin of a later wait,
 * or when user space is about to read (pending.bpf.c).
 *
 * Only tasks' waits, and only inside the guard, so each CPU has one writer.  Who takes
 * waits out, that CPU or user space, copies them first and then exchanges `state`: only
 * one of two succeeds, and what it copied was whole, since no place below the count is
 * written and the key does not change while `state` stays.  Rows are never deleted, and a
 * lookup and atomic adds take no lock: nothing here can wait.
 */
#ifndef LOCKSCOPE_PENDING_BPF_H
#define LOCKSCOPE_PENDING_BPF_H

#include "hist.bpf.h"
#include "maps.bpf.h"

#define PENDING_COUNT ((1U << LK_PENDING_BITS) - 1)
#define PENDING_DUE (LK_PENDING_MAX / 2)	/* taken out at a begin from here on */

/* Verified once, and not with each of the many at a time below. */
__weak __noinline __u32 pending_bucket(__u64 ns)
{
	return hist_bucket(ns);
}

/* A CPU that loses the race four times in a row was beaten by larger values. */
static __always_inline void raise_max(__u64 *max, __u64 v)
{
	__u64 old = *(volatile __u64 *)max;
	int i;

	for (i = 0; i < 4 && v > old; i++) {
		__u64 seen = __sync_val_compare_and_swap(max, old, v);

		if (seen == old)
			return;
		old = seen;
	}
}

static __always_inline int same_key(const struct lk_agg_key *a, const struct lk_agg_key *b)
{
	return a->lock == b->lock && a->flags == b->flags && a->tid == b->tid;
}

/* Puts what waits into its row.  0, or when there is no such row, which cannot be, how many
 * waits that lost. */
static __noinline int pending_take(struct lk_pending *p)
{
	__u64 ns[LK_PENDING_MAX], total = 0, max = 0;
	struct lk_agg_key key;
	struct lk_agg *a;
	__u64 seen;
	__u32 nr, i;

	if (!p)
		return 0;
	seen = __sync_fetch_and_add(&p->state, 0);
	nr = seen & PENDING_COUNT;
	if (!nr)
		return 0;
	key = p->key;
	for (i = 0; i < LK_PENDING_MAX; i++)
		ns[i] = p->ns[i];
	if (__sync_val_compare_and_swap(&p->state, seen, (seen | PENDING_COUNT) + 1) != seen)
		return 0;
	a = bpf_map_lookup_elem(&aggs, &key);
	if (!a)
		return (int)nr;
	for (i = 0; i < LK_PENDING_MAX; i++) {
		if (i >= nr)
			break;
		total += ns[i];
		max = ns[i] > max ? ns[i] : max;
		__sync_fetch_and_add(&a->hist[pending_bucket(ns[i]) & (LK_HIST_BUCKETS - 1)], 1);
	}
	__sync_fetch_and_add(&a->count, nr);
	__sync_fetch_and_add(&a->total_ns, total);
	raise_max(&a->max_ns, max);
	return 0;
}

/* At the begin of a task's wait, inside the guard. */
static __always_inline void pending_begin(struct lk_cpu *c)
{
	struct lk_pending *p = &c->pending;
	__u32 nr = *(volatile __u64 *)&p->state & PENDING_COUNT;

	if (nr < (p->full ? 1 : PENDING_DUE))
		return;
	c->nr.lost_agg += (__u32)pending_take(p);
	p->full = 0;
}

/* At the end of one.  1: written down.  0: the caller counts it itself. */
static __always_inline int pending_add(struct lk_cpu *c, const struct lk_agg_key *key, __u64 wait_ns)
{
	struct lk_pending *p = &c->pending;
	__u64 seen = *(volatile __u64 *)&p->state;
	__u32 nr = seen & PENDING_COUNT;

	if (!same_key(&p->key, key) || nr >= LK_PENDING_MAX)
		return 0;
	p->ns[nr & (LK_PENDING_MAX - 1)] = wait_ns;
	return __sync_val_compare_and_swap(&p->state, seen, seen + 1) == seen;
}

/* A wait with this key, whose row exists, was counted by the caller: the second of a
 * lock in turn gets the place. */
static __always_inline void pending_adopt(struct lk_cpu *c, const struct lk_agg_key *key)
{
	struct lk_pending *p = &c->pending;

	if (same_key(&p->key, key))
		return;
	if (!same_key(&p->last, key)) {
		p->last = *key;
		return;
	}
	if (*(volatile __u64 *)&p->state & PENDING_COUNT) {
		p->full = 1;
		return;
	}
	p->key = *key;
	/* Should the guard have let in two (7.0 and later), the other one's addition fails. */
	__sync_fetch_and_add(&p->state, PENDING_COUNT + 1);
}

#endif
