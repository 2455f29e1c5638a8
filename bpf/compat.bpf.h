/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * compat.bpf.h - every CO-RE flavour, with the kernel version that changed it.
 */
#ifndef LOCKSCOPE_COMPAT_BPF_H
#define LOCKSCOPE_COMPAT_BPF_H

#include "maps.bpf.h"

#ifdef __TARGET_ARCH_arm64
#define regs_syscall_nr(regs) ((regs)->syscallno)
#else
#define regs_syscall_nr(regs) ((int)(regs)->orig_ax)
#endif

/* The context of an iterator over a map's elements (5.8). */
struct bpf_iter__bpf_map_elem___any {
	struct bpf_iter_meta *meta;
	struct bpf_map *map;
	void *key;
	void *value;
} __attribute__((preserve_access_index));

/* x86: TS_COMPAT in thread_info.status (arch/x86/include/asm/thread_info.h);
 * arm64: TIF_32BIT in thread_info.flags (arch/arm64/include/asm/thread_info.h). */
static __always_inline __u32 task_is_compat(struct task_struct *task)
{
#ifdef __TARGET_ARCH_arm64
	return !!(task->thread_info.flags & (1UL << 22));
#else
	return !!(task->thread_info.status & 2);
#endif
}

/* Where the task's stack ends while it is off the CPU. */
static __always_inline __u64 task_saved_sp(struct task_struct *task)
{
#ifdef __TARGET_ARCH_arm64
	return task->thread.cpu_context.sp;
#else
	return task->thread.sp;
#endif
}

/* 6.17 and later: the mutex a task waits for.  Before, under DEBUG_MUTEXES, a pointer
 * to its waiter, which equals no lock. */
struct task_struct___blocked_on {
	void *blocked_on;
} __attribute__((preserve_access_index));

/* Do the task's own fields say that it waits for this lock?  0 proves nothing. */
static __always_inline __u32 task_is_blocked_on(struct task_struct *task, __u64 lock)
{
	struct task_struct___blocked_on *t = (void *)task;

	if (bpf_core_field_exists(t->blocked_on) && (__u64)BPF_CORE_READ(t, blocked_on) == lock)
		return 1;
	return task->pi_blocked_on && (__u64)BPF_CORE_READ(task, pi_blocked_on, lock) == lock;
}

/* THREAD_SIZE is a macro (16 KiB on x86-64, more with KASAN or large pages);
 * the union that holds an initial stack has exactly that size. */
union thread_union___any {
	unsigned long stack;
} __attribute__((preserve_access_index));
#define THREAD_BYTES                                                                               \
	(bpf_core_type_exists(union thread_union___any) ?                                          \
		 bpf_core_type_size(union thread_union___any) : 16384)

/* thread_info.cpu since 5.16 on every architecture with THREAD_INFO_IN_TASK;
 * before that x86 had task_struct.cpu. */
struct task_struct___cpu_before_516 {
	unsigned int cpu;
} __attribute__((preserve_access_index));

static __always_inline __u32 task_cpu_nr(struct task_struct *task)
{
	struct task_struct___cpu_before_516 *old = (void *)task;

	if (bpf_core_field_exists(task->thread_info.cpu))
		return task->thread_info.cpu;
	return bpf_core_field_exists(old->cpu) ? BPF_CORE_READ(old, cpu) : 0;
}

#endif
