/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * lockfuncs.h - the table of lock functions (bpf/lockfuncs.h) seen from user space:
 * which of them this kernel has, and why the others are left out.
 */
#ifndef LOCKSCOPE_SOURCE_LOCKFUNCS_H
#define LOCKSCOPE_SOURCE_LOCKFUNCS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* In the order of the programs' own numbering (bpf/held.bpf.c). */
enum lockfunc_what { FUNC_TAKE, FUNC_TRY0, FUNC_TRY1, FUNC_WANT, FUNC_GIVE, FUNC_DOWNGRADE, FUNC_SLOW };

struct lockfunc {
	const char *name;
	const char *give;	/* the function that ends what this one begins; may be itself */
	enum lockfunc_what what;
	uint32_t info;		/* enum lk_kind | LK_HELD_READ/WRITE; slow paths: 0 */
	uint8_t arg;
	bool spin;		/* only with --spin */
};
extern const struct lockfunc lockfuncs[];
extern const size_t nr_lockfuncs;
/* The row of that function, or NULL. */
const struct lockfunc *lockfuncs__find(const char *name);

/* Why a row is not hooked. */
enum lockfunc_state {
	FUNC_THERE,
	FUNC_MISSING,		/* this kernel has no such function, or it is inlined */
	FUNC_NO_GIVE,		/* what ends its holds cannot be hooked */
	FUNC_NO_ADDRESS,	/* the address of its lock is not listed */
	FUNC_REFUSED,		/* the kernel refuses a hook on it */
	FUNC_NO_RETURN,		/* would need a return probe that is not safe there */
	FUNC_OFF,		/* not asked for */
};
const char *lockfunc_state__name(enum lockfunc_state s);

/* What the kernel's tables say. */
struct lockfunc_kernel {
	enum lockfunc_state states[160];	/* by row */
	uint64_t hotplug_lock, per_cpu_offset;	/* addresses; 0: not listed */
	bool rdonly_cast;	/* bpf_rdonly_cast() is there (6.2) */
};

struct btf;
struct symbols;
/* Looks every row up among the kernel's symbols and, if btf is not NULL, among its
 * functions.  symbols NULL or empty: in /proc/kallsyms, without addresses.  0 or -errno. */
int lockfuncs__look(struct lockfunc_kernel *k, const struct symbols *symbols, const struct btf *btf);
/* Takes out rows whose give is not FUNC_THERE. */
void lockfuncs__need_gives(struct lockfunc_kernel *k);

#endif
