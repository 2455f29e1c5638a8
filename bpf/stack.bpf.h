/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * stack.bpf.h - walking, hashing and keeping stacks; when a walk is worth it.
 *
 * A stack walk costs more than everything else a wait costs together, and the
 * same stack walked a million times says nothing new.  So short waits are
 * sampled, one in N by a random countdown whose N follows the rate, and long
 * ones are always walked, at their end if not before.  Counts never depend on
 * it: a wait without a walk is counted under stack 0.
 *
 * BPF's own stack maps lose the hotter stack on a collision without a word, so
 * the key here is a 64-bit hash and a second hash is kept to tell.
 */
#ifndef LOCKSCOPE_STACK_BPF_H
#define LOCKSCOPE_STACK_BPF_H

#include "maps.bpf.h"

#define WALK_SKIP_LIMIT 4095
#define WALK_CREDIT_MAX 64
#define WALK_SPINS 4

/* Decides for one wait that begins now to spin or to sleep.  Spins are many, short
 * and soon repeated: of those never more than about one in WALK_SPINS is walked
 * here (the first on each lock and the long ones are, at their end).  A sleep costs
 * more than a walk, and its stack proves later that the task still is in it. */
static __always_inline int walk_is_due(struct lk_cpu *cpu, int sleeps, __u64 now)
{
	struct lk_sampler *c = &cpu->sampler[sleeps ? 1 : 0];
	__u64 elapsed_ns;
	__u32 rnd;

	if (cfg.stacks != LK_STACKS_SAMPLED)
		return cfg.stacks == LK_STACKS_ALL;
	if (c->skip) {
		c->skip--;
		return 0;
	}
	elapsed_ns = now - c->last_walk_ns;
	c->last_walk_ns = now;
	if (elapsed_ns < cfg.walk_interval_ns) {
		/* A burst after a quiet time is what a hang begins with. */
		if (c->credit)
			c->credit--;
		else if (c->skip_max < WALK_SKIP_LIMIT)
			c->skip_max = c->skip_max * 2 + 1;
	} else if (elapsed_ns > 4ULL * cfg.walk_interval_ns) {
		c->skip_max >>= 1;
		if (!c->skip_max && c->credit < WALK_CREDIT_MAX)
			c->credit += elapsed_ns > WALK_CREDIT_MAX * (__u64)cfg.walk_interval_ns ?
					     WALK_CREDIT_MAX : 1;
	}
	/* Counting, not timing, picks the wait, or waits after a pause would be
	 * picked more often; the countdown is random, or loops would alias. */
	rnd = c->rnd ^ (__u32)now;
	rnd ^= rnd << 13;
	rnd ^= rnd >> 17;
	rnd ^= rnd << 5;
	c->rnd = rnd;
	c->skip = rnd & (c->skip_max | (sleeps ? 0 : 2 * WALK_SPINS - 1));
	return 1;
}

static __always_inline __u64 mix(__u64 h, __u64 v)
{
	h ^= v;
	h *= 0x9e3779b97f4a7c15ULL;
	return h ^ (h >> 29);
}

/* The key of the frames in st (nr set), and in st->check another hash of them.  A global
 * function: verified once, not at each call. */
__weak __noinline __u64 stack_hash(struct lk_stack *st)
{
	__u64 key = 0x6c6f636b73636f70ULL, check = 1;
	__u32 i;

	if (!st)
		return 0;
	for (i = 0; i < LK_STACK_DEPTH; i++) {
		if (i >= st->nr)
			break;
		key = mix(key, st->ip[i]);
		check = (check + st->ip[i]) * 0xff51afd7ed558ccdULL;
	}
	st->check = check;
	return key ? key : 1;
}

/* Keeps the frames in st (nr set); returns the key, 0 when there is no room or
 * another stack has the key.  Only inside the guard. */
static __always_inline __u64 stack_keep(struct lk_cpu *c, struct lk_stack *st)
{
	__u64 key = stack_hash(st), check = st->check;
	struct lk_stack *old;

	old = bpf_map_lookup_elem(&stacks, &key);
	if (old) {
		if (old->check == check)
			return key;
		c->nr.stack_collisions++;
		return 0;
	}
	if (bpf_map_update_elem(&stacks, &key, st, BPF_NOEXIST)) {
		/* Another CPU may have put it there in between. */
		old = bpf_map_lookup_elem(&stacks, &key);
		if (old && old->check == check)
			return key;
		c->nr.lost_stack++;
		return 0;
	}
	c->nr.stacks_kept++;
	return key;
}

/* Walks the current kernel stack; returns its key or 0.  Only inside the guard. */
static __always_inline __u64 stack_walk(void *ctx, struct lk_cpu *c, struct lk_scratch *s)
{
	long bytes;

	c->nr.walks++;
	bytes = bpf_get_stack(ctx, s->stack.ip, sizeof(s->stack.ip), 0);
	s->stack.nr = bytes > 0 ? (__u32)bytes / 8 : 0;
	if (bytes <= 0)
		return 0;
	s->stack.cut = s->stack.nr >= LK_STACK_DEPTH;
	return stack_keep(c, &s->stack);
}

#endif
