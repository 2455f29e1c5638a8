/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * spin.bpf.h - level held with --spin: what takes and gives a spinning lock.
 * Part of held.bpf.c.
 *
 * Whoever holds one cannot leave its CPU, so what is held is kept per CPU and
 * context, in a plain array: no look-up, no allocation, no helper that locks.
 *
 * Two things make entries lie, and both are undone here:
 * - Hooks run before preemption is off.  A task can enter its lock on one CPU, be
 *   moved, and take it on another.  At every task switch the CPU holds nothing but
 *   its run queue's lock, so the switch clears the rest; and a hook that was itself
 *   preempted makes no entry.
 * - The kernel skips a program that an interrupt meets running.  An interrupt
 *   inside a give hook would have its takes recorded and its gives skipped.  So an
 *   interrupt of any hook here is dropped whole (spin_inside), and what an interrupt
 *   seems to hold when its CPU is back in a task is cleared.
 */
#ifndef LOCKSCOPE_SPIN_BPF_H
#define LOCKSCOPE_SPIN_BPF_H

#include "hold.bpf.h"
#include "lockfuncs.h"
#include "site.bpf.h"
#include "stack.bpf.h"

#define TASK_RUNNING 0

static __always_inline void spin_leave(struct lk_cpu *c)
{
	barrier();
	c->spin_inside = 0;
}

/* 1 with entry i in *e, or 0; see slot_entry(). */
static __always_inline int spin_entry(struct lk_spin_stack *st, __u64 i, struct lk_spin_held **e)
{
	__u64 offset = i * sizeof(struct lk_spin_held);

	if (offset > (LK_SPIN_HELD_MAX - 1) * sizeof(struct lk_spin_held))
		return 0;
	barrier_var(offset);
	*e = (void *)st->held + offset;
	return 1;
}

/* The stack of the context that runs.  No interrupt can be below a task, so what one
 * seems to hold there has missed its give; and what another task seems to hold in task
 * context was entered, not taken, before that task was moved. */
static __always_inline struct lk_spin_stack *stack_of_context(struct lk_cpu *c, __u64 addr)
{
	struct lk_spin_stack *st = &c->spin_held[CTX_TASK];

	/* addr is ctx: see context_of() */
	if (addr < c->cur_stack)
		return &c->spin_held[CTX_IRQ];
	barrier();
	if (addr >= c->cur_stack_end)
		return &c->spin_held[CTX_IRQ];
	if (c->spin_held[CTX_IRQ].nr) {
		c->nr.spin_stale += c->spin_held[CTX_IRQ].nr;
		c->spin_held[CTX_IRQ].nr = 0;
		c->spin_held[CTX_IRQ].over = 0;
	}
	if (st->nr && st->held[0].task != c->cur) {
		c->nr.spin_stale += st->nr;
		st->nr = 0;
	}
	return st;
}

/* lock is only stored and compared, so it may be a typed pointer.  Whoever runs in a
 * program stays on its CPU, so c is right even after it was preempted in here. */
static __always_inline void spin_take(__u64 addr, __u64 lock, __u32 info, __u64 site)
{
	struct lk_cpu *c = this_cpu();
	struct lk_spin_stack *st;
	struct lk_spin_held *e;

	if (!c)
		return;
	if (c->spin_inside) {
		if (!(c->spin_inside & LK_SPIN_OFF))
			c->nr.spin_dropped++;
		return;
	}
	c->spin_inside = 1;
	barrier();
	st = stack_of_context(c, addr);
	if (!spin_entry(st, st->nr, &e)) {
		st->over++;
		c->nr.held_overflow++;
		spin_leave(c);
		return;
	}
	e->lock = lock;
	e->site = site;
	e->task = c->cur;
	e->since_ns = bpf_ktime_get_boot_ns();
	e->jiffies = bpf_jiffies64();
	e->info = info;
	e->id = ++c->next_spin_id;
	barrier();
	/* Preempted in here: others have used the stack since, and this entry. */
	if (!c->spin_inside) {
		c->nr.spin_moved++;
		return;
	}
	st->nr++;
	spin_leave(c);
}

/* What a loop looks for among a context's entries; loops as in slot.bpf.h. */
struct spin_entries {
	struct lk_spin_stack *st;
	__u64 lock;
	__u32 at;
};

static long spin_move_down(__u32 i, struct spin_entries *w)
{
	struct lk_spin_held *to;

	/* One index for both: from 6.10 on the verifier links two that differ by a
	 * constant, and then loses the bounds of one. */
	if ((__u64)w->at + i >= LK_SPIN_HELD_MAX - 1 || !spin_entry(w->st, (__u64)w->at + i, &to))
		return 1;
	*to = *(to + 1);
	return 0;
}

/* Takes out entry `at` and closes the gap. */
__weak __noinline int spin_close_gap(struct lk_spin_stack *st, __u32 at)
{
	struct spin_entries w = { .st = st, .at = at };

	if (!st || at >= st->nr)
		return 0;
	bpf_loop(st->nr - 1 - at, spin_move_down, &w, 0);
	st->nr--;
	return 1;
}

static long spin_is_newest(__u32 i, struct spin_entries *w)
{
	__u32 at = w->st->nr - 1 - i;
	struct lk_spin_held *e;

	if (!spin_entry(w->st, at, &e))
		return 1;
	if (e->lock != w->lock)
		return 0;
	w->at = at;
	return 1;
}

/* The newest entry of this lock, or LK_SPIN_HELD_MAX. */
__weak __noinline int spin_search(struct lk_spin_stack *st, __u64 lock)
{
	struct spin_entries w = { .st = st, .lock = lock, .at = LK_SPIN_HELD_MAX };

	if (!st)
		return LK_SPIN_HELD_MAX;
	bpf_loop(st->nr, spin_is_newest, &w, 0);
	return (int)w.at;
}

/* e is still in its stack. */
static __noinline int spin_end_hold(struct lk_cpu *c, struct lk_spin_held *e, __u32 context)
{
	struct task_struct *task = bpf_get_current_task_btf();
	__u64 now = bpf_ktime_get_boot_ns(), hold_ns;
	struct lk_spin_long *l;

	if (!c || !e)
		return 0;
	hold_ns = now > e->since_ns ? now - e->since_ns : 0;
	if (cfg.aggregate)
		hold_count(e->lock, e->site, e->info, hold_ns);
	if (hold_ns < cfg.long_spin_hold_ns)
		return 0;
	l = &c->longs[c->nr_longs & (LK_SPIN_LONGS - 1)];
	l->nr = 0;
	barrier();
	l->end_ns = now;
	l->start_ns = task->start_boottime;
	l->pid = task->tgid;
	l->context = context;
	l->held = *e;
	l->held.tid = task->pid;
	bpf_probe_read_kernel_str(l->comm, sizeof(l->comm), task->comm);
	barrier();
	l->nr = ++c->nr_longs;
	return 0;
}

/* Not the newest: given hand over hand, or never seen taken. */
static __noinline int spin_give_other(struct lk_cpu *c, __u64 lock)
{
	struct lk_spin_stack *st;
	struct lk_spin_held *e;
	__u32 context;
	int at;

	if (!c)
		return 0;
	for (context = 0; context < 2; context++) {
		st = &c->spin_held[CTX_IRQ - context];
		at = spin_search(st, lock);
		if (!spin_entry(st, (__u32)at, &e))
			continue;
		spin_end_hold(c, e, CTX_IRQ - context);
		return spin_close_gap(st, (__u32)at);
	}
	if (c->spin_held[CTX_IRQ].over)
		c->spin_held[CTX_IRQ].over--;
	else if (c->spin_held[CTX_TASK].over)
		c->spin_held[CTX_TASK].over--;
	else
		c->nr.spin_unmatched++;
	return 0;
}

/* The newest entry of a context goes; 0 if it is another lock's. */
static __always_inline int spin_give_newest(struct lk_cpu *c, __u32 context, __u64 lock)
{
	struct lk_spin_stack *st = &c->spin_held[context];
	struct lk_spin_held *e;

	if (!spin_entry(st, (__u64)st->nr - 1, &e) || e->lock != lock)
		return 0;
	if (cfg.time_gives || bpf_jiffies64() - e->jiffies > 1)
		spin_end_hold(c, e, context);
	st->nr--;
	return 1;
}

/* Whether a give comes from an interrupt need not be found out: an interrupt cannot
 * give what the task below it holds.  Interrupts are on top, so theirs comes first. */
static __always_inline void spin_give(void *ctx, __u64 lock, int is_probe)
{
	struct lk_cpu *c = this_cpu();

	if (!c || c->spin_inside)
		return;
	c->spin_inside = 1;
	barrier();
	if (c->spin_held[CTX_IRQ].nr ? !spin_give_newest(c, CTX_IRQ, lock)
				     : !spin_give_newest(c, CTX_TASK, lock))
		spin_give_other(c, is_probe ? lock : argument(ctx, 0));
	spin_leave(c);
}

static __always_inline void spin_on_try(unsigned long long *ctx, __u64 lock, __u32 info)
{
	__u64 ret = 0;

	bpf_get_func_ret(ctx, &ret);
	if ((__u8)ret)
		spin_take((__u64)ctx, lock, info | LK_HELD_TRY, site_of(ctx));
}

#define SPIN_PROG_TAKE(name, kind, mode, arg) \
SEC("fentry/" #name) int take_##name(unsigned long long *ctx) \
{ spin_take((__u64)ctx, ctx[arg], INFO(kind, mode), site_of(ctx)); return 0; }
#define SPIN_PROG_TRY1(name, kind, mode, arg) \
SEC("fexit/" #name) int take_##name(unsigned long long *ctx) \
{ spin_on_try(ctx, ctx[arg], INFO(kind, mode)); return 0; }
#define SPIN_PROG_GIVE(name, kind, mode, arg) \
SEC("fentry/" #name) int give_##name(unsigned long long *ctx) \
{ spin_give(ctx, ctx[arg], 0); return 0; }

#define SPIN_PROG(what, name, kind, mode, arg, giver) SPIN_PROG_##what(name, kind, mode, arg)
LK_SPIN_FUNCS(SPIN_PROG)

/* Through kprobes, at entries only: a return probe on these functions takes locks of
 * its own and has frozen machines. */
SEC("kprobe.multi")
int spin_probe_multi(struct pt_regs *regs)
{
	__u64 cookie = bpf_get_attach_cookie(regs);

	if (cookie >> 24)
		spin_give(regs, PT_REGS_PARM1(regs), 1);
	else
		spin_take(PT_REGS_SP(regs), PT_REGS_PARM1(regs), (__u32)cookie & 0xffff,
			  site_of_regs(regs));
	return 0;
}

SEC("kprobe")
int spin_probe(struct pt_regs *regs)
{
	__u64 cookie = bpf_get_attach_cookie(regs);

	if (cookie >> 24)
		spin_give(regs, PT_REGS_PARM1(regs), 1);
	else
		spin_take(PT_REGS_SP(regs), PT_REGS_PARM1(regs), (__u32)cookie & 0xffff,
			  site_of_regs(regs));
	return 0;
}

/* Every word of a spinning lock is 0 when nobody holds it (asm-generic/qspinlock.h,
 * qrwlock.h, ticket_spinlock.h after a full turn aside). */
static __always_inline int is_locked(__u64 lock)
{
	__u32 word = 0;

	return !bpf_probe_read_kernel(&word, sizeof(word), (void *)lock) && word;
}

static __noinline int tell_sleep(void *ctx, struct lk_cpu *c, struct lk_spin_held *e)
{
	struct task_struct *task = bpf_get_current_task_btf();
	__u64 now = bpf_ktime_get_boot_ns();
	__u32 context = CTX_TASK;
	struct lk_held held = {};
	struct lk_scratch *s;

	if (!c || !e || e->task != (__u64)task || e->lock == c->rq_lock || !is_locked(e->lock) ||
	    guard_enter(c, context, (__u64)task))
		return 0;
	c->nr.atomic_sleeps++;
	held.lock = e->lock;
	held.since_ns = e->since_ns;
	held.site = e->site;
	held.info = e->info;
	held.id = (__u32)e->id;
	s = bpf_map_lookup_elem(&scratch, &context);
	if (s) {
		who_fill(&s->who, task);
		hold_emit(c, &s->who, &held, LK_HOLD_SLEPT, now, stack_walk(ctx, c, s));
	}
	guard_leave(c, context);
	return 0;
}

/* Is the only lock held at a task switch the run queue's?  Where the hook that would
 * have shown that one was skipped, it is another, entered but not taken.  So it is
 * learnt by seeing it twice in a row. */
static __always_inline int is_rq_lock(struct lk_cpu *c, __u64 lock)
{
	if (lock == c->maybe_rq_lock)
		c->rq_lock = lock;
	c->maybe_rq_lock = lock;
	return lock == c->rq_lock;
}

/* A CPU changes tasks: it holds its run queue's lock, which the next task gives, and
 * nothing else. */
SEC("tp_btf/sched_switch")
int spin_switch(unsigned long long *ctx)
{
	struct task_struct *prev = (void *)ctx[1], *next = (void *)ctx[2];
	struct lk_spin_stack *st;
	struct lk_spin_held *top, *e;
	struct lk_cpu *c;
	__u32 n;

	c = this_cpu();
	if (!c)
		return 0;
	/* Unless every switch is seen, nothing tells who holds a lock. */
	if (!tracing_on) {
		c->spin_inside = LK_SPIN_OFF;
		return 0;
	}
	c->cur = (__u64)next;
	c->cur_stack = (__u64)BPF_CORE_READ(next, stack);
	c->cur_stack_end = c->cur_stack + THREAD_BYTES;
	/* whoever was preempted inside a hook sees it, and makes no entry */
	c->spin_inside = 0;
	st = &c->spin_held[CTX_TASK];
	n = st->nr;
	st->over = 0;
	if (!n || !spin_entry(st, (__u64)n - 1, &top))
		return 0;
	if (n == 1 ? !is_rq_lock(c, top->lock) : top->lock != c->rq_lock) {
		c->nr.spin_moved += n;
		st->nr = 0;
		return 0;
	}
	if (n > 1) {
		if (spin_entry(st, (__u64)n - 2, &e) && !(__u8)ctx[0] && BPF_CORE_READ(prev, __state) != TASK_RUNNING)
			tell_sleep(ctx, c, e);
		c->nr.spin_moved += n - 1;
		st->held[0] = *top;
	}
	st->held[0].task = (__u64)next;
	st->nr = 1;
	return 0;
}

#endif
