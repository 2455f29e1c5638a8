/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * typeguess.h - which struct an object of unknown type may be: pure.
 *
 * Its size class and the lock in it leave some candidates.  One of them is taken if it
 * stands out: it is near what the functions on the stack take and return, by pointers from
 * struct to struct, is named as they are, or is known to their module only.  A pointer without
 * a type may lead to any struct named as the functions are.  Whatever comes out is a guess.
 */
#ifndef LOCKSCOPE_SOURCE_TYPEGUESS_H
#define LOCKSCOPE_SOURCE_TYPEGUESS_H

#include "source/typepath.h"

struct u64map;

#define GUESS_ROOTS_MAX 48
#define GUESS_FUNCTIONS_MAX 4

struct guess_clues {
	uint32_t min_bytes, max_bytes;	/* larger than the one, at most the other */
	uint32_t off;			/* of the lock */
	enum lock_kind kind;
	/* structs that the functions on the stack return or have pointers to among their
	 * arguments */
	uint32_t roots[GUESS_ROOTS_MAX], nr_roots;
	/* the innermost of these functions, without those of the lock itself */
	const char *functions[GUESS_FUNCTIONS_MAX];
	uint32_t nr_functions;
	bool of_module;			/* the innermost of them is a module's */
	/* hashes of the names of structs that have a slab cache of their own; NULL: none */
	const struct u64map *cached;
};

/* The struct; 0: none, or several that nothing tells apart.  Takes milliseconds. */
uint32_t typeguess__find(const struct types *t, const struct guess_clues *clues);

#endif
