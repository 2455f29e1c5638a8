/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * arena.h - a bump allocator: many small things that live and die together.
 */
#ifndef LOCKSCOPE_LIB_ARENA_H
#define LOCKSCOPE_LIB_ARENA_H

#include <stdarg.h>
#include <stddef.h>

struct arena;

/* 0 or -ENOMEM. */
int arena__new(struct arena **out);
/* Frees the arena and everything taken from it; takes NULL. */
void arena__free(struct arena *a);

/* Zeroed memory, aligned for any type, or NULL.  Size 0 gives a valid pointer. */
void *arena__alloc(struct arena *a, size_t size);
/* The same for nr items; NULL also when nr * size overflows. */
void *arena__array(struct arena *a, size_t nr, size_t size);

/* Copies; NULL when src is NULL or memory is out. */
void *arena__memdup(struct arena *a, const void *src, size_t size);
char *arena__strdup(struct arena *a, const char *s);
/* A formatted string, or NULL. */
char *arena__printf(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Bytes taken from the system so far. */
size_t arena__bytes(const struct arena *a);

#endif
