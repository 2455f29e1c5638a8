/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * vec.h - growing a plain array that its owner keeps as pointer, count and
 * capacity.
 */
#ifndef LOCKSCOPE_LIB_VEC_H
#define LOCKSCOPE_LIB_VEC_H

#include <stddef.h>

/* Returns items, moved if need be, with room for at least need of them and *cap
 * updated; NULL when out of memory, and items is then still valid and owned by
 * the caller.  New room is not cleared. */
void *vec__grow(void *items, size_t *cap, size_t need, size_t item_size);

/* Makes room for one more: true, or false when out of memory. */
#define VEC_ROOM(items, nr, cap)                                                           \
	((nr) < (cap) ||                                                                   \
	 ({                                                                                \
		 void *vec_new_ = vec__grow((items), &(cap), (nr) + 1, sizeof(*(items))); \
		 if (vec_new_)                                                             \
			 (items) = vec_new_;                                               \
		 vec_new_ != NULL;                                                         \
	 }))

#endif
