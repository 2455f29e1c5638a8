/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * live_types.h - the running kernel's types, and those of its modules, from BTF.
 */
#ifndef LOCKSCOPE_SOURCE_LIVE_TYPES_H
#define LOCKSCOPE_SOURCE_LIVE_TYPES_H

#include "source/typepath.h"

struct btf;
struct live_types;

/* Reads them: several megabytes, so once for all who want them.  kernel: the running kernel's,
 * taken over; NULL: not read yet.  0 or -errno. */
int live_types__new(struct live_types **out, struct btf *kernel);
/* Takes NULL. */
void live_types__free(struct live_types *l);
/* The i-th table as libbpf has it, the kernel's own first; it lives as long as l.  NULL: no
 * more, or l is NULL. */
const struct btf *live_types__btf(const struct live_types *l, uint32_t i);
/* The size of a struct of the kernel itself; 0: there is none, or l is NULL. */
uint32_t live_types__bytes(const struct live_types *l, const char *name);
/* The i-th table, the kernel's own first; NULL: no more.  A module's has the kernel's
 * types too, under the same numbers. */
const struct types *live_types__at(struct live_types *l, uint32_t i);

/* The per-CPU variable of the kernel itself that lies at this offset of its section, with
 * what is left of the offset inside it; NULL: none. */
const char *live_types__per_cpu(const struct live_types *l, uint32_t *off, uint32_t *type);
/* Where the variable of this name lies there; -1: there is none. */
int64_t live_types__per_cpu_offset(const struct live_types *l, const char *name);

/* Where the last of them ends. */
uint64_t live_types__per_cpu_end(const struct live_types *l);

/* The table of a module; the kernel's own for NULL, and where a module has none. */
const struct types *live_types__of(struct live_types *l, const char *module);
/* Calls fn for each pointer to a struct that a function of the module (NULL: the kernel
 * itself) returns or has among its arguments, with the struct's number in that table. */
void live_types__pointers(struct live_types *l, const char *module, const char *function,
			  void (*fn)(void *ctx, uint32_t struct_id), void *ctx);

#endif
