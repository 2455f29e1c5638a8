/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * live_rows.h - what the kernel's table of waits last said: which rows have changed since,
 * and what they say together.  Pure: no libbpf.
 */
#ifndef LOCKSCOPE_SOURCE_LIVE_ROWS_H
#define LOCKSCOPE_SOURCE_LIVE_ROWS_H

#include "abi.h"
#include "record/record.h"

struct live_rows;

int live_rows__new(struct live_rows **out);
/* Takes NULL. */
void live_rows__free(struct live_rows *r);

/* The id of the kernel's stack key, 0: not known (yet). */
typedef uint32_t (*stack_id_fn)(void *ctx, uint64_t key);
/* What a stack and the flags of a wait make the lock. */
typedef enum lock_kind (*lock_kind_fn)(void *ctx, uint32_t flags, uint32_t stack);

/* Takes a row of the kernel's table.  0 or -ENOMEM. */
int live_rows__put(struct live_rows *r, const struct lk_agg_key *key, const struct lk_agg *agg,
		   stack_id_fn stack_id, lock_kind_fn lock_kind, void *ctx);

/* A lock of which something changed. */
struct changed_lock {
	uint64_t addr;
	enum lock_kind kind;
	uint32_t stack;		/* of any of its rows; 0: none was walked */
	bool has_new;		/* a row that was not there before */
};
/* Its next changed row: count, total_ns, max_ns, hist, stack, who and by_task are set, the
 * lock is not, and flags are those of all its rows.  False: there is none. */
typedef int (*changed_fn)(void *ctx, const struct changed_lock *lock, uint32_t flags,
			  struct rec_agg *agg);
/* Calls fn for all that changed since it last did, the rows of a lock in a row.  What is told
 * is cumulative, and the histogram valid until the next call.  0, or what fn returned. */
int live_rows__each_changed(struct live_rows *r, changed_fn fn, void *ctx);

#endif
