/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * before.h - what a sleeper waits for whose wait was not traced, since it began before
 * the start: found on its kernel stack.  Knows nothing of libbpf.
 *
 * A return address below the waiting function's frame tells which function that is,
 * and so the kind of the lock.  In its frame lies the waiter, whose task is this task,
 * linked into the lock's queue; the queue leads to the lock.  Neither is believed
 * without the other, nor without a lock word that agrees: what lies on a stack may be
 * left over from an earlier call.
 */
#ifndef LOCKSCOPE_SOURCE_BEFORE_H
#define LOCKSCOPE_SOURCE_BEFORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi.h"

/* The kernel's functions that wait for a lock. */
struct before_func {
	uint64_t from, to;
	const struct before_kind *kind;
};

struct before_funcs {
	struct before_func *list;	/* by address */
	size_t nr, cap;
	uint64_t percpu_wake;		/* percpu_rwsem_wake_function(); 0: unknown */
	int err;			/* -ENOMEM while it was filled */
};

/* Takes each function of the kernel, in the order of addresses; keeps those that wait. */
void before_funcs__add(void *funcs, const char *name, uint64_t from, uint64_t to);
void before_funcs__free(struct before_funcs *f);

/* Reads kernel memory: true when all of it could be read. */
typedef bool (*before_read_fn)(void *ctx, uint64_t addr, void *to, size_t len);

enum before_result {
	BEFORE_NONE,	/* it does not wait for a lock */
	BEFORE_FOUND,
	BEFORE_UNSURE,	/* it seems to, but the queue moves, or it is a left-over */
};

struct before_wait {
	uint64_t lock;
	uint32_t flags;		/* enum lk_contention_flag */
	uint32_t place;		/* in the queue, 0: the first; no order if there is none */
};

struct before;

/* layout and funcs must outlive it.  0 or -ENOMEM. */
int before__new(struct before **out, const struct lk_layout *layout,
		const struct before_funcs *funcs);
void before__free(struct before *b);	/* takes NULL */

/* One pass: its sleepers, each with its words behind it.  They, and what read returns,
 * are all that the search knows; it forgets what it learnt in the pass before.
 * 0 or -ENOMEM. */
int before__begin(struct before *b, const struct lk_sleeper *const *sleepers, uint32_t nr,
		  before_read_fn read, void *ctx);
/* What sleeper i of the pass waits for. */
enum before_result before__find(struct before *b, uint32_t i, struct before_wait *out);

/* Whose tid the lock's word has, where a mutex or an rwsem that its writer holds is waited
 * for with these flags; 0: none that can be told.  Of the same pass. */
uint32_t before__owner(struct before *b, uint64_t lock, uint32_t flags);

static inline const uint64_t *lk_sleeper__words(const struct lk_sleeper *s)
{
	return (const uint64_t *)(s + 1);
}

#endif
