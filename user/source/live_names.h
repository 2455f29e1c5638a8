/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * live_names.h - what the locks of the running kernel are called.
 */
#ifndef LOCKSCOPE_SOURCE_LIVE_NAMES_H
#define LOCKSCOPE_SOURCE_LIVE_NAMES_H

#include "record/record.h"

struct live_names;
struct symbols;
struct live_bpf;
struct live_types;

/* To be made before anything is recorded: from then on the kernel side notes where locks
 * lie.  b and types outlive it; types may be NULL.  0 or -errno. */
int live_names__new(struct live_names **out, struct live_bpf *b, struct live_types *types);
/* Before the first name; they outlive it. */
void live_names__use_symbols(struct live_names *n, const struct symbols *symbols);
/* Takes NULL. */
void live_names__free(struct live_names *n);

/* Forgets all when there is little room left, so that a watch may run for months.  0 or
 * -ENOMEM. */
int live_names__make_room(struct live_names *n);
/* What a lock is called; NULL: nothing.  stack is of one of its waits, or NULL.  Valid
 * until the next call, its strings until room is made. */
const struct rec_lock_name *live_names__get(struct live_names *n, const struct rec_lock *lock,
					    const struct rec_stack *stack);
/* Passes that on as a record, unless it was already.  look_again: also when the lock is
 * known, as its address may be another's now.  0 or what sink returned. */
int live_names__tell(struct live_names *n, const struct rec_lock *lock,
		     const struct rec_stack *stack, bool look_again, record_fn sink, void *ctx);

/* Where in its object of a slab cache a lock lies, in bytes; 0: at its begin, or unknown. */
uint32_t live_names__object_offset(const struct live_names *n, uint64_t lock);
/* How far behind its CPU's run queue a per-CPU variable lies, which may be less than 0;
 * 0: unknown. */
int64_t live_names__from_run_queue(const struct live_names *n, const char *variable);

#endif
