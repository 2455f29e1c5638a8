/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * site.bpf.h - who called the lock function, without a stack walk (a walk of three
 * frames costs twenty times as much).
 *
 * x86-64: a trampoline is called from the traced function's first instruction, so
 * its frame lies just below the function's own return address:
 *   ctx[0] …  the arguments
 *   (8 bytes for the return value, if an exit hook is there too)
 *   the saved frame pointer
 *   the return into the traced function: within its first bytes
 *   the return address into the caller   <- this one
 * (arch/x86/net/bpf_jit_comp.c, __arch_prepare_bpf_trampoline).  Where exactly
 * depends on kernel and flags, so the return into the function is looked for.
 * From 6.19 on a function with an exit hook jumps to its trampoline instead
 * (DYNAMIC_FTRACE_WITH_JMP): then no return into the function is there, and the one
 * into the caller comes next to the frame pointer.
 * Elsewhere the site is unknown until a stack is walked.
 */
#ifndef LOCKSCOPE_SITE_BPF_H
#define LOCKSCOPE_SITE_BPF_H

#include "maps.bpf.h"

/* An argument as a number: from ctx itself it would be a typed pointer, with which the
 * verifier allows no arithmetic. */
static __always_inline __u64 argument(void *ctx, __u32 nr)
{
	__u64 value = 0;

	bpf_get_func_arg(ctx, nr, &value);
	return value;
}

#define SITE_WORDS 8
/* endbr64 and the 5-byte call come before the return address */
#define ENTRY_BYTES 16

#ifdef __TARGET_ARCH_x86
/* Where it is for a function of one argument with an entry hook alone: nearly always. */
#define USUAL_WORD 2
/* The kernel and its modules are in the last 2 GB; stacks and data are elsewhere. */
#define CODE_FIRST 0xffffffff80000000ULL

static __noinline __u64 site_search(void *ctx)
{
	__u64 w[SITE_WORDS], func = bpf_get_func_ip(ctx);
	__u32 i;

	if (bpf_probe_read_kernel(w, sizeof(w), ctx + 8))
		return 0;
	for (i = 0; i < SITE_WORDS - 1; i++)
		if (w[i] - func <= ENTRY_BYTES)
			return w[i + 1];
	/* past the arguments, the return value and the frame pointer */
	i = (__u32)bpf_get_func_arg_cnt(ctx) + 1;
	return i < SITE_WORDS && w[i] >= CODE_FIRST ? w[i] : 0;
}

/* 6.2 and later: a fault-safe read without a call, through a typed pointer to what
 * is no such type: two words.  Only one object may call site_of(): before 1.5, libbpf
 * cannot link two that use the same kernel function. */
struct timespec64 {
	long long tv_sec;
	long tv_nsec;
} __attribute__((preserve_access_index));
extern void *bpf_rdonly_cast(const void *obj, __u32 btf_id) __ksym __weak;

/* 1 with the caller in *site if the return into the function is where it usually is. */
static __always_inline int site_by_cast(void *ctx, __u64 *site)
{
	struct timespec64 *t = bpf_rdonly_cast(ctx + 8 * USUAL_WORD,
					       bpf_core_type_id_kernel(struct timespec64));

	if ((__u64)t->tv_sec - bpf_get_func_ip(ctx) > ENTRY_BYTES)
		return 0;
	*site = (__u64)t->tv_nsec;
	return 1;
}

static __always_inline __u64 site_of(void *ctx)
{
	__u64 w[2];

	if (cfg.rdonly_cast)
		return site_by_cast(ctx, &w[1]) ? w[1] : site_search(ctx);
	if (!bpf_probe_read_kernel(w, sizeof(w), ctx + 8 * USUAL_WORD) &&
	    w[0] - bpf_get_func_ip(ctx) <= ENTRY_BYTES)
		return w[1];
	return site_search(ctx);
}
#else
#define site_of(ctx) 0
#endif

/* At a kprobe on the first instruction nothing has been pushed yet. */
static __always_inline __u64 site_of_regs(struct pt_regs *regs)
{
#ifdef __TARGET_ARCH_x86
	__u64 site = 0;

	bpf_probe_read_kernel(&site, sizeof(site), (void *)regs->sp);
	return site;
#elif defined(__TARGET_ARCH_arm64)
	return ((struct user_pt_regs *)regs)->regs[30];
#else
	return 0;
#endif
}

#endif
