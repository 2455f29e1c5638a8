/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * symbols.h - kernel symbols from /proc/kallsyms, modules too.
 */
#ifndef LOCKSCOPE_SOURCE_SYMBOLS_H
#define LOCKSCOPE_SOURCE_SYMBOLS_H

#include "record/record.h"

struct symbols;

/* Reads what the kernel itself has.  kallsyms, modules: normally "/proc/kallsyms" and
 * "/proc/modules"; the latter may be missing.  Returns 0; -EPERM when all addresses are
 * hidden (kptr_restrict): *out is then an empty table that resolves nothing; other
 * -errno with *out NULL. */
int symbols__new(struct symbols **out, const char *kallsyms, const char *modules);
/* Reads what else there is: modules, and BPF programs that are attached by now.  Once,
 * before anything is named, so that nothing has to be read later on a machine that
 * hangs, but what modules bring.  0 or -errno. */
int symbols__read_rest(struct symbols *s);
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
/* The same for a data address; kernels without KALLSYMS_ALL list none.  Never one of the
 * symbols that mark the bounds of a section. */
void symbols__data(const struct symbols *s, uint64_t addr, struct rec_frame *frame);
/* The same for a module's per-CPU variable: offset is that of its copies from __per_cpu_start's,
 * plus the address of __per_cpu_start (0 before 6.15 on x86-64). */
void symbols__per_cpu(const struct symbols *s, uint64_t offset, struct rec_frame *frame);
/* The address of the kernel's own variable of this name; 0: not listed.  Slow. */
uint64_t symbols__address(const struct symbols *s, const char *name);
/* Calls fn for each function of the kernel itself, none of a module, in the order of
 * addresses; to is where the next one begins. */
void symbols__each_function(const struct symbols *s,
			    void (*fn)(void *ctx, const char *name, uint64_t from, uint64_t to),
			    void *ctx);
size_t symbols__nr(const struct symbols *s);

#endif
