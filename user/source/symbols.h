/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * symbols.h - kernel symbols from /proc/kallsyms, modules too.
 */
#ifndef LOCKSCOPE_SOURCE_SYMBOLS_H
#define LOCKSCOPE_SOURCE_SYMBOLS_H

#include "record/record.h"

struct symbols;

/* Reads the whole table at once, so that nothing has to be read later on a
 * machine that hangs, but what modules bring.  kallsyms, modules: normally
 * "/proc/kallsyms" and "/proc/modules"; the latter may be missing.  Returns 0; -EPERM
 * when all addresses are hidden (kptr_restrict): *out is then an empty table that
 * resolves nothing; other -errno with *out NULL. */
int symbols__new(struct symbols **out, const char *kallsyms, const char *modules);
/* Does not wait for a read that hangs. */
void symbols__free(struct symbols *s);

/* To be called when addresses are to be named that were not before.  At most once a
 * second looks whether modules have come or gone, and if so reads their symbols
 * again: in a thread (/proc/modules takes a mutex), for which it waits a little; what
 * comes later is taken by a later call.  now_ns: of any clock that does not go back. */
void symbols__refresh(struct symbols *s, uint64_t now_ns);

/* Fills frame for a code address; sym stays NULL when it lies in no function.
 * Strings live until free, also when their module is gone. */
void symbols__code(const struct symbols *s, uint64_t addr, struct rec_frame *frame);
/* The same for a data address; kernels without KALLSYMS_ALL list none. */
void symbols__data(const struct symbols *s, uint64_t addr, struct rec_frame *frame);
size_t symbols__nr(const struct symbols *s);

#endif
