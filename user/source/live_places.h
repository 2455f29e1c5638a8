/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * live_places.h - where locks lie, as the kernel side noted it: in which object of
 * which slab cache.
 */
#ifndef LOCKSCOPE_SOURCE_LIVE_PLACES_H
#define LOCKSCOPE_SOURCE_LIVE_PLACES_H

#include <stdint.h>

#include "abi.h"

struct live_bpf;
struct live_places;
struct live_types;

/* Lists the slab caches and, if addresses lead to their struct pages as expected, has
 * the kernel side note places from now on.  b outlives it; types NULL: none are to be had.
 * 0 or -errno; that the kernel is not as expected is no error. */
int live_places__new(struct live_places **out, struct live_bpf *b, const struct live_types *types);
/* Takes NULL. */
void live_places__free(struct live_places *p);

/* The place of a lock.  0 or -ENOENT. */
int live_places__get(const struct live_places *p, uint64_t lock, struct lk_place *out);
/* The slab cache at this address; NULL: it is not known.  Valid until the next call. */
const struct lk_cache *live_places__cache(struct live_places *p, uint64_t addr);
const struct lk_cache *live_places__caches(const struct live_places *p, uint32_t *nr);
/* The mounted file system whose struct super_block is at this address: looked up now.
 * 0 or -ENOENT. */
int live_places__super(const struct live_places *p, uint64_t addr, struct lk_super *out);
/* The address of that CPU's run queue; 0: not known. */
uint64_t live_places__run_queue(const struct live_places *p, uint32_t cpu);
uint32_t live_places__nr_cpus(const struct live_places *p);
/* From now on its objects' own identity is noted too. */
void live_places__tell(const struct live_places *p, uint64_t cache, enum lk_object what,
		       uint32_t off);

#endif
