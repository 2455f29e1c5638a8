/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * intern.h - one copy of each string, for symbols and names that repeat.
 */
#ifndef LOCKSCOPE_MODEL_INTERN_H
#define LOCKSCOPE_MODEL_INTERN_H

struct arena;
struct intern;

/* The copies live in the arena.  0 or -ENOMEM. */
int intern__new(struct intern **out, struct arena *arena);
/* Takes NULL; the strings stay. */
void intern__free(struct intern *in);
/* The one copy of s; equal strings give the same pointer.  NULL for NULL, or
 * when memory is out. */
const char *intern__str(struct intern *in, const char *s);

#endif
