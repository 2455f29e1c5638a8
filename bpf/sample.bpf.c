// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * sample.bpf.c - where a task that runs on another CPU is: a task that is not
 * off its CPU cannot be unwound from outside, so its CPU does it, at its tick.
 *
 * Why a timer tracepoint and no perf event: opening one for a task that spins
 * with interrupts off sends its CPU an interrupt and spins until it answers,
 * which in a deadlock is never.  The tick comes by itself or not at all, and it
 * leaves idle CPUs asleep.  Off until user space asks for a task that runs.
 */
#include "guard.bpf.h"
#include "stack.bpf.h"

#define SAMPLE_EVERY_NS 10000000ULL

SEC("tp_btf/hrtimer_expire_entry")
int BPF_PROG(sample_tick)
{
	struct lk_sample sample = {}, *last;
	struct task_struct *task;
	struct lk_scratch *s;
	__u32 tid, context;
	struct lk_cpu *c;

	if (!sampling_on)
		return 0;
	task = bpf_get_current_task_btf();
	tid = task->pid;
	if (!tid || !bpf_map_lookup_elem(&asked, &tid))
		return 0;
	sample.t_ns = bpf_ktime_get_boot_ns();
	last = bpf_map_lookup_elem(&samples, &tid);
	if (last && sample.t_ns - last->t_ns < SAMPLE_EVERY_NS)
		return 0;
	c = this_cpu();
	context = context_of(task, (__u64)ctx);
	if (!c || guard_enter(c, context, (__u64)task))
		return 0;
	s = bpf_map_lookup_elem(&scratch, &context);
	if (s) {
		sample.stack = stack_walk(ctx, c, s);
		sample.cpu = bpf_get_smp_processor_id();
		if (sample.stack)
			bpf_map_update_elem(&samples, &tid, &sample, BPF_ANY);
	}
	guard_leave(c, context);
	return 0;
}
