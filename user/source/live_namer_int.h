/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * live_namer_int.h - what the files of the namer share.
 */
#ifndef LOCKSCOPE_SOURCE_LIVE_NAMER_INT_H
#define LOCKSCOPE_SOURCE_LIVE_NAMER_INT_H

#include "source/live_namer.h"
#include "source/typepath.h"

#define PATH_LEN 160

struct namer {
	const struct symbols *symbols;
	struct live_places *places;
	struct live_types *types;	/* NULL: there are none to be had */
	struct slabalias *aliases;
	struct arena *strings;
	struct u64map *cached;		/* hashes of the names of structs that have a cache */
	uint64_t per_cpu_start;		/* where symbols of per-CPU variables begin */
};

/* Of a clock that does not go back. */
uint64_t namer__now_ns(void);

void namer__set(struct rec_lock_name *out, const char *name, const char *source);
/* "inode.i_rwsem" */
void namer__set_path(struct namer *n, const struct types *t, uint32_t id, const char *path,
		     struct rec_lock_name *out);

/* Has the kernel side note which inode, file or task the objects of the cache are, where it is
 * easily told. */
void namer__learn_cache(struct namer *n, const struct lk_cache *c);

/* The ways to a name: each returns whether it led to one. */
bool namer__by_object(struct namer *n, const struct lk_place *p, const struct rec_stack *stack,
		      struct rec_lock_name *out);
bool namer__by_taker(struct namer *n, const struct rec_stack *stack, struct rec_lock_name *out);
bool namer__by_cpu(struct namer *n, struct rec_lock_name *out);

#endif
