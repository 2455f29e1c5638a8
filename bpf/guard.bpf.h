/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * guard.bpf.h - one guard per CPU and context, shared by every program.
 *
 * Why: on 6.1 and 6.12 bpf_ringbuf_reserve() in the begin program can contend
 * on the ring's own spinlock.  contention_begin and contention_end then fire
 * from inside the helper, and a reserve in the end program would spin for ever
 * on the lock its own CPU holds or queues for.  The kernel's recursion guard is
 * per program and does not see it, since begin and end are two programs.  So
 * every helper that may lock runs only while this guard is held.
 *
 * Context: 0 when the program runs on the stack of the current task, 1
 * otherwise (softirq, hardirq and NMI run on stacks of their own).  The tracepoint's argument
 * array lies on the running stack, so its address tells, with no kernel symbol:
 * the preemption count is a per-CPU variable that kernels without KALLSYMS_ALL
 * do not let BPF find.  An interrupt within an interrupt's program is dropped
 * and counted.
 */
#ifndef LOCKSCOPE_GUARD_BPF_H
#define LOCKSCOPE_GUARD_BPF_H

#include "compat.bpf.h"

#define CTX_TASK 0
#define CTX_IRQ 1

static __always_inline struct lk_cpu *this_cpu(void)
{
	__u32 cpu = bpf_get_smp_processor_id();

	return bpf_map_lookup_elem(&cpus, &cpu);
}

/* stack_addr: any address on the running stack. */
static __always_inline __u32 context_of(struct task_struct *task, __u64 stack_addr)
{
	__u64 first = (__u64)task->stack, end = first + THREAD_BYTES;

	/* stack_addr is ctx, on which kernels before 6.18 allow no arithmetic but
	 * comparisons; the barrier keeps clang from making one subtraction of them. */
	barrier_var(end);
	if (stack_addr < first)
		return CTX_IRQ;
	barrier(); /* two jumps cost less than one truth value made of two */
	if (stack_addr >= end)
		return CTX_IRQ;
	return CTX_TASK;
}

/* Takes the guard.  Returns 0, or 1 when it is held: then the caller's event is
 * counted here and must be dropped.  A nested event of the same task comes from
 * our own helpers and is no loss; any other is. */
static __always_inline int guard_enter(struct lk_cpu *c, __u32 context, __u64 task)
{
	__u64 inside = c->busy[context & 1];

	if (inside) {
		if (context == CTX_TASK && inside == task)
			c->nr.self_waits++;
		else
			c->nr.lost_guard++;
		return 1;
	}
	c->busy[context & 1] = task;
	/* Our own helpers take spinning locks: those are not to be recorded. */
	if (cfg.spin)
		c->spin_inside++;
	barrier();
	return 0;
}

static __always_inline void guard_leave(struct lk_cpu *c, __u32 context)
{
	barrier();
	if (cfg.spin && c->spin_inside)
		c->spin_inside--;
	c->busy[context & 1] = 0;
}

#endif
