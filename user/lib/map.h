/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * map.h - from a 64-bit key to a 64-bit value: open addressing, linear probing,
 * at most half full.
 */
#ifndef LOCKSCOPE_LIB_MAP_H
#define LOCKSCOPE_LIB_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct u64map;

/* Room for nr_expected keys before it grows; 0 is fine.  0 or -ENOMEM. */
int u64map__new(struct u64map **out, size_t nr_expected);
/* Takes NULL. */
void u64map__free(struct u64map *m);

/* Sets or replaces; any key, 0 too.  0 or -ENOMEM (nothing has changed then). */
int u64map__set(struct u64map *m, uint64_t key, uint64_t value);
/* False when the key is not there; *value (may be NULL) is then untouched. */
bool u64map__get(const struct u64map *m, uint64_t key, uint64_t *value);
/* Starts to load what a u64map__get() of this key will need: worth it some steps
 * ahead, in a loop over many keys of a map larger than the cache. */
void u64map__prefetch(const struct u64map *m, uint64_t key);
/* False when the key was not there. */
bool u64map__del(struct u64map *m, uint64_t key);
size_t u64map__nr(const struct u64map *m);
void u64map__clear(struct u64map *m);

/* Walks all keys in no useful order: start with *pos 0; false at the end.  The
 * map must not change meanwhile.  key and value may be NULL. */
bool u64map__next(const struct u64map *m, size_t *pos, uint64_t *key, uint64_t *value);

#endif
