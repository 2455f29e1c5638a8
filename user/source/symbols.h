/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * symbols.h - kernel symbols from /proc/kallsyms, modules too.
 */
#ifndef LOCKSCOPE_SOURCE_SYMBOLS_H
#define LOCKSCOPE_SOURCE_SYMBOLS_H

#include "record/record.h"

struct symbols;

/* Reads the whole table at once, so that nothing has to be read later on a
 * machine that hangs.  path: normally "/proc/kallsyms".  Returns 0; -EPERM when
 * all addresses are hidden (kptr_restrict): *out is then an empty table that
 * resolves nothing; other -errno with *out NULL. */
int symbols__new(struct symbols **out, const char *path);
void symbols__free(struct symbols *s);

/* Fills frame for a code address; sym stays NULL when it lies in no function.
 * Strings live as long as the table. */
void symbols__code(const struct symbols *s, uint64_t addr, struct rec_frame *frame);
/* The same for a data address; kernels without KALLSYMS_ALL list none. */
void symbols__data(const struct symbols *s, uint64_t addr, struct rec_frame *frame);
size_t symbols__nr(const struct symbols *s);

#endif
