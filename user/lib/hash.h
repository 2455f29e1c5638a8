/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * hash.h - 64-bit hashes for tables and for keys that must be the same in every
 * run; not for hostile input that wants collisions.
 */
#ifndef LOCKSCOPE_LIB_HASH_H
#define LOCKSCOPE_LIB_HASH_H

#include <stddef.h>
#include <stdint.h>

/* Every input bit changes about half of the output (the finisher of splitmix64). */
static inline uint64_t hash__u64(uint64_t x)
{
	x ^= x >> 30;
	x *= 0xbf58476d1ce4e5b9ull;
	x ^= x >> 27;
	x *= 0x94d049bb133111ebull;
	return x ^ (x >> 31);
}

/* Adds one more value to a hash; order counts. */
static inline uint64_t hash__add(uint64_t h, uint64_t x)
{
	return hash__u64(h + 0x9e3779b97f4a7c15ull + hash__u64(x + 0x9e3779b97f4a7c15ull));
}

uint64_t hash__bytes(const void *data, size_t size);
uint64_t hash__str(const char *s);

#endif
