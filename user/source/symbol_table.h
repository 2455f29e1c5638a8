/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * symbol_table.h - lines of /proc/kallsyms as tables that are searched by address.
 */
#ifndef LOCKSCOPE_SOURCE_SYMBOL_TABLE_H
#define LOCKSCOPE_SOURCE_SYMBOL_TABLE_H

#include <stddef.h>
#include <stdint.h>

/* Names and modules are offsets into one text, or 200,000 symbols would cost 16 bytes
 * more each. */
struct symbol {
	uint64_t addr;
	uint32_t name;
	uint32_t module;	/* 0: the kernel itself */
};

struct symbol_list {
	struct symbol *list;	/* by address */
	size_t nr, cap;
};

/* All zero: none. */
struct symbol_table {
	char *text;		/* malloc()ed; cut into strings in place */
	struct symbol_list code, data;
	struct symbol_list per_cpu;	/* of modules: offsets */
};

/* Fills the lists from text, lines as "ffffffff81000000 T name\t[module]"; what is no such
 * line is left out.  0 or -ENOMEM; to be freed in any case. */
int symbol_table__parse(struct symbol_table *t);
/* It is all zero then. */
void symbol_table__free(struct symbol_table *t);

/* The last symbol that begins at addr or before, of several at one address the first
 * listed; NULL when there is none in reach. */
const struct symbol *symbol_table__code(const struct symbol_table *t, uint64_t addr);
const struct symbol *symbol_table__per_cpu(const struct symbol_table *t, uint64_t offset);
/* The same for data, but of several names the first that does not merely mark the bounds of
 * a section. */
const struct symbol *symbol_table__data(const struct symbol_table *t, uint64_t addr);

#endif
