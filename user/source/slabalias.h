/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * slabalias.h - under which names a slab cache goes that others were merged into.
 */
#ifndef LOCKSCOPE_SOURCE_SLABALIAS_H
#define LOCKSCOPE_SOURCE_SLABALIAS_H

#include <stdint.h>

struct slabalias;

/* dir: normally "/sys/kernel/slab", where names of merged caches are links to one folder; a
 * kernel may have none.  now_ns: of any clock that does not go back.  0 or -ENOMEM. */
int slabalias__new(struct slabalias **out, const char *dir, uint64_t now_ns);
/* Takes NULL. */
void slabalias__free(struct slabalias *s);

/* The i-th of the names of the cache called so, itself included; NULL: no more.  Looks again
 * when the name is new, once a minute.  Valid until the next call. */
const char *slabalias__of(struct slabalias *s, const char *cache, uint32_t i, uint64_t now_ns);

#endif
