/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * live_stacks.h - gives each kernel stack a small id and its symbols, once.
 */
#ifndef LOCKSCOPE_SOURCE_LIVE_STACKS_H
#define LOCKSCOPE_SOURCE_LIVE_STACKS_H

#include "record/record.h"
#include "source/symbols.h"

struct live_stacks;

/* map_fd: the BPF stack map (key u64, value struct lk_stack) of map_max entries.
 * A stack is named by the modules that are loaded when it is first seen. */
int live_stacks__new(struct live_stacks **out, int map_fd, uint32_t map_max,
		     struct symbols *symbols);
void live_stacks__free(struct live_stacks *s);

/* All return the id, 0 for no stack.  A stack record goes to the sink before
 * the first use of its id; a sink's error is returned in *err (else untouched). */
uint32_t live_stacks__by_key(struct live_stacks *s, uint64_t key, record_fn sink, void *ctx,
			     int *err);
/* key: of a sample taken in an interrupt; the stack is that of what it interrupted. */
uint32_t live_stacks__by_sample(struct live_stacks *s, uint64_t key, record_fn sink, void *ctx,
				int *err);
uint32_t live_stacks__by_frames(struct live_stacks *s, const uint64_t *ips, uint32_t nr,
				record_fn sink, void *ctx, int *err);
/* Of process pid, named already. */
uint32_t live_stacks__of_user(struct live_stacks *s, uint32_t pid, const struct rec_frame *frames,
			      uint32_t nr, record_fn sink, void *ctx, int *err);
/* Makes room in the kernel's map when it is nearly full: everything in it gets its
 * id, then it is emptied.  kept: how many the kernel has put there so far.  Costs
 * nothing otherwise.  0, or a sink's error. */
int live_stacks__make_room(struct live_stacks *s, uint64_t kept, record_fn sink, void *ctx);
/* Stacks that found no id, because there are too many different ones. */
uint64_t live_stacks__lost(const struct live_stacks *s);
/* The frames of an id; NULL when there is none.  Valid until free. */
const struct rec_stack *live_stacks__get(const struct live_stacks *s, uint32_t id);

#endif
