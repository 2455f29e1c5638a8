/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * live_namer.h - the ways to a lock's name: by symbol, by type, by guess, by who takes it.
 */
#ifndef LOCKSCOPE_SOURCE_LIVE_NAMER_H
#define LOCKSCOPE_SOURCE_LIVE_NAMER_H

#include "abi.h"
#include "record/record.h"

struct namer;
struct live_places;
struct live_types;
struct symbols;

/* places and types outlive it; types NULL: a cache's name has to do.  0 or -errno. */
int namer__new(struct namer **out, struct live_places *places, struct live_types *types);
/* Before the first name; they outlive it. */
void namer__use_symbols(struct namer *n, const struct symbols *symbols);
/* Takes NULL. */
void namer__free(struct namer *n);

/* Names out->lock, which lies at p; stack is of one of its waits, or NULL.  out->name stays
 * NULL when nothing is known.  Strings live until namer__forget. */
void namer__name(struct namer *n, const struct lk_place *p, const struct rec_stack *stack,
		 struct rec_lock_name *out);
/* Drops all strings.  0 or -ENOMEM. */
int namer__forget(struct namer *n);

/* As live_names__from_run_queue(). */
int64_t namer__from_run_queue(const struct namer *n, const char *variable);

#endif
