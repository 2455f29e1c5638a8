// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * spinner.bpf.c - what a CPU spins for whose wait was not traced: one that began before
 * the start, or that of the first waiter of a queued spinlock, which fires no tracepoint.
 *
 * The tick interrupts the spin, so its registers are at hand; why a tick and no perf
 * event is told in sample.bpf.c.  In the slow paths of queued spinlocks and rwlocks the
 * lock, their first argument, stays in its register and, once they spin, in one that
 * calls keep: believed only when both agree and the lock's word says that it is taken.
 * With interrupts off no tick comes, and nothing is seen.
 */
#include "guard.bpf.h"

#ifdef __TARGET_ARCH_x86

struct lk_spin_code spin_code[LK_NR_SPIN_CODE] = {};
/* From a CPU's run queue to the registers that its interrupt found: both are per-CPU
 * variables, and few kernels tell BPF where those are.  0: unknown, nothing is seen. */
volatile __s64 irq_regs_from_rq = 0;

/* Where the registers lie that the interrupt that runs now has found; 0: unknown. */
static __always_inline __u64 find_regs(struct task_struct *task)
{
	struct task_struct___se *t = (void *)task;
	__u64 rq, at = 0;

	if (!irq_regs_from_rq || !bpf_core_field_exists(t->se) ||
	    !bpf_core_field_exists(((struct sched_entity___any *)0)->cfs_rq) ||
	    !bpf_core_field_exists(((struct cfs_rq___any *)0)->rq))
		return 0;
	rq = (__u64)BPF_CORE_READ(t, se.cfs_rq, rq);
	if (!rq || bpf_probe_read_kernel(&at, sizeof(at), (void *)(rq + irq_regs_from_rq)))
		return 0;
	return at;
}

static __always_inline __u32 flags_of_code(__u64 ip)
{
	int i;

	for (i = 0; i < LK_NR_SPIN_CODE; i++)
		if (ip >= spin_code[i].from && ip < spin_code[i].to)
			return spin_code[i].flags;
	return 0;
}

/* A rwlock's own spinlock, for its queue, lies 4 bytes further on. */
static __always_inline __u64 lock_of(const struct pt_regs *r, __u32 flags)
{
	__u64 lock = r->bx;
	__u32 word;

	if ((__s64)lock >= 0 || lock & 3)
		return 0;
	if (r->di != lock && !(flags & (LK_F_READ | LK_F_WRITE) && r->di == lock + 4))
		return 0;
	if (bpf_probe_read_kernel(&word, sizeof(word), (void *)lock))
		return 0;
	/* A spinlock's first byte is 1 while it is taken; what else is set are waiters. */
	return (flags & (LK_F_READ | LK_F_WRITE) ? word : word & 0xff) ? lock : 0;
}

static __always_inline void copy_words(struct lk_spinner *s, struct task_struct *task,
				       const struct pt_regs *r)
{
	__u64 first = (__u64)BPF_CORE_READ(task, stack), sp = r->sp, bytes;

	s->words[0] = r->bp;
	s->words[1] = r->r12;
	s->words[2] = r->r13;
	s->words[3] = r->r14;
	s->words[4] = r->r15;
	s->nr_words = 5;
	if (sp < first || sp >= first + THREAD_BYTES || sp & 7) {
		s->flags |= LK_F_IRQ;
		return;
	}
	bytes = first + THREAD_BYTES - sp;
	if (bytes > sizeof(s->words) - 5 * 8)
		bytes = sizeof(s->words) - 5 * 8;
	barrier_var(bytes);
	if (bytes <= sizeof(s->words) - 5 * 8 &&
	    !bpf_probe_read_kernel(&s->words[5], bytes, (void *)sp))
		s->nr_words += bytes / 8;
}

/* Only this CPU's ticks write, one at a time. */
static __always_inline void note(struct lk_spinner *s, struct task_struct *task,
				 const struct pt_regs *r, __u64 lock, __u32 flags)
{
	__u64 now = bpf_ktime_get_boot_ns(), switches = task->nvcsw + task->nivcsw;

	if (s->lock == lock && s->task == (__u64)task && s->switches == switches &&
	    s->utime == task->utime) {
		s->last_ns = now;
		s->nr_ticks++;
		return;
	}
	*(volatile __u64 *)&s->lock = 0;
	barrier();
	s->id++;
	s->task = (__u64)task;
	s->tid = task->pid;
	s->switches = switches;
	s->utime = task->utime;
	s->flags = flags;
	s->first_ns = s->last_ns = now;
	s->nr_ticks = 1;
	copy_words(s, task, r);
	barrier();
	*(volatile __u64 *)&s->lock = lock;
}

SEC("tp_btf/hrtimer_expire_entry")
int spin_tick(void *ctx __attribute__((unused)))
{
	__u32 cpu = bpf_get_smp_processor_id(), flags;
	struct task_struct *task = bpf_get_current_task_btf();
	struct lk_spinner *s;
	struct pt_regs r;
	__u64 lock = 0, regs, ip;

	if (!irq_regs_from_rq)
		return 0;
	s = bpf_map_lookup_elem(&spinners, &cpu);
	regs = s ? find_regs(task) : 0;
	if (!regs || bpf_probe_read_kernel(&ip, sizeof(ip), &((struct pt_regs *)regs)->ip))
		return 0;
	flags = flags_of_code(ip);
	if (flags && !bpf_probe_read_kernel(&r, sizeof(r), (void *)regs))
		lock = lock_of(&r, flags);
	if (lock)
		note(s, task, &r, lock, flags);
	else if (s->lock)
		*(volatile __u64 *)&s->lock = 0;
	return 0;
}

#else

/* Not known of this architecture's slow paths: which register keeps the lock. */
struct lk_spin_code spin_code[LK_NR_SPIN_CODE] = {};
volatile __s64 irq_regs_from_rq = 0;

SEC("tp_btf/hrtimer_expire_entry")
int spin_tick(void *ctx __attribute__((unused)))
{
	return 0;
}

#endif
