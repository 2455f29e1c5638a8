// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "source/unwind_regs.h"

#include <string.h>

#ifdef __aarch64__
void unwind_regs__from(struct unwind_regs *out, const uint64_t pt_regs[UNWIND_PT_REGS])
{
	memcpy(out->reg, pt_regs, sizeof(out->reg));
	out->sp = pt_regs[31];
	out->pc = pt_regs[32];
}
#else
/* r15 r14 r13 r12 bp bx r11 r10 r9 r8 ax cx dx si di orig_ax ip cs flags sp ss
 * (arch/x86/include/asm/ptrace.h); DWARF's are rax rdx rcx rbx rsi rdi rbp rsp r8 to r15
 * and the return address (System V ABI, AMD64 supplement, figure 3.36). */
void unwind_regs__from(struct unwind_regs *out, const uint64_t pt_regs[UNWIND_PT_REGS])
{
	static const uint8_t from[UNWIND_NR_REGS] = { 10, 12, 11, 5, 13, 14, 4, 19, 9,
						      8,  7,  6,  3, 2,	 1,  0, 16 };
	int i;

	for (i = 0; i < UNWIND_NR_REGS; i++)
		out->reg[i] = pt_regs[from[i]];
	out->sp = pt_regs[19];
	out->pc = pt_regs[16];
}
#endif
