/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * unwind_regs.h - the user registers of a thread in the kernel, as an unwinder wants them.
 *
 * Of the machine this is built for.  The kernel saves all of them when a system call
 * begins (x86: since 4.16, PUSH_AND_CLEAR_REGS in arch/x86/entry/calling.h; arm64: always,
 * kernel_entry), and the layout of struct pt_regs is fixed by ptrace.
 */
#ifndef LOCKSCOPE_SOURCE_UNWIND_REGS_H
#define LOCKSCOPE_SOURCE_UNWIND_REGS_H

#include <stdint.h>

#ifdef __aarch64__
#define UNWIND_PT_REGS 34	/* x0 to x30, sp, pc, pstate */
#define UNWIND_NR_REGS 32	/* in DWARF's numbers: x0 to x30, sp */
#else
#define UNWIND_PT_REGS 21
#define UNWIND_NR_REGS 17	/* the last is rip, which DWARF takes for the return address */
#endif

struct unwind_regs {
	uint64_t reg[UNWIND_NR_REGS];	/* by DWARF's numbers */
	uint64_t pc, sp;
};

void unwind_regs__from(struct unwind_regs *out, const uint64_t pt_regs[UNWIND_PT_REGS]);

#endif
