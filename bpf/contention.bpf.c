// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * contention.bpf.c - who waits for which lock, since when: the tracepoints
 * lock:contention_begin and lock:contention_end (5.19 and later).
 *
 * A sleeping wait lives in the entry of its task, one at a time.  A spin wait
 * cannot be preempted, so it lives on a small stack of its CPU; interrupts nest
 * on top of it and are gone before it goes on.  Neither needs a lock.
 */
#include "guard.bpf.h"
#include "lockfuncs.h"
#include "lockword.bpf.h"
#include "pending.bpf.h"
#include "place.bpf.h"
#include "site.bpf.h"
#include "slot.bpf.h"
#include "stack.bpf.h"
#include "taskwait.bpf.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* A mutex says SPIN|MUTEX while it spins optimistically: still a task's wait. */
static __always_inline int is_spin(__u32 flags)
{
	return (flags & LK_F_SPIN) && !(flags & LK_F_MUTEX);
}

static __always_inline __u64 next_id(struct lk_cpu *c)
{
	/* 40 bits of count and the CPU above: unique, and exact in a double.  Atomic,
	 * or an interrupt in between would give its number out again. */
	__u64 nr = __sync_fetch_and_add(&c->next_id, 1) + 1;

	return ((__u64)bpf_get_smp_processor_id() << 40 | nr) & ((1ULL << 53) - 1);
}

static __always_inline void wait_fill(void *ctx, struct lk_wait *w, struct lk_cpu *c,
				      struct task_struct *task, __u64 lock, __u32 flags,
				      __u64 now)
{
	w->lock = 0;
	barrier();
	w->since_ns = now;
	w->stack = 0;
	w->sp = (__u64)ctx;
	w->utime = is_spin(flags) ? task->utime : 0;
	w->owner_tid = 0;
	w->switches = is_spin(flags) ? (__u32)(task->nvcsw + task->nivcsw) : 0;
	w->flags = flags;
	w->tid = task->pid;
	barrier();
	w->id = next_id(c);
	barrier();
	w->lock = lock;
}

static __always_inline struct lk_scratch *scratch_get(__u32 context)
{
	return bpf_map_lookup_elem(&scratch, &context);
}

static __always_inline void wait_walk(void *ctx, struct lk_wait *w, struct lk_cpu *c,
				      __u32 context, __u64 now)
{
	struct lk_scratch *s;

	/* An interrupt that spins for what its CPU holds spins for ever, and no tick comes
	 * that could sample it. */
	if (!walk_is_due(c, !(w->flags & LK_F_SPIN), now) &&
	    !(cfg.spin && cfg.stacks && w->flags & LK_F_IRQ))
		return;
	s = scratch_get(context);
	if (s)
		w->stack = stack_walk(ctx, c, s);
}

/* What costs more and is not always wanted; inside the guard. */
static __always_inline void wait_details(void *ctx, struct lk_wait *w, struct lk_cpu *c,
					 __u32 context, __u64 now)
{
	if (cfg.emit_waits && !is_spin(w->flags)) {
		struct lk_word word = {};

		word_read(w->lock, w->flags, &word);
		if (word.says & LK_WORD_OWNER)
			w->owner_tid = word.owner_tid;
	}
	wait_walk(ctx, w, c, context, now);
}

static __always_inline void begin_spin(void *ctx, struct lk_cpu *c, struct task_struct *task,
				       __u32 context, __u64 lock, __u32 flags)
{
	__u64 now = bpf_ktime_get_boot_ns();
	struct lk_wait *w;
	__u32 depth = c->depth;

	/* The slow path's hook has seen this wait begin. */
	if (cfg.spin && !(flags & LK_F_SLOW) && depth && depth <= LK_SPIN_DEPTH) {
		w = &c->spins[(depth - 1) & (LK_SPIN_DEPTH - 1)];
		if (w->lock == lock && w->tid == (__u32)task->pid && w->flags & LK_F_SLOW &&
		    !(w->flags & LK_F_TRACED)) {
			w->flags |= LK_F_TRACED;
			return;
		}
	}
	/* Preemption is off while a task spins: a spin wait that is already
	 * there when a task, not an interrupt, begins one has missed its end. */
	if (context == CTX_TASK && depth && !c->busy[CTX_TASK]) {
		c->nr.replaced += depth;
		depth = 0;
	}
	/* Count up before filling, so that an interrupt uses the next place. */
	c->depth = depth + 1;
	barrier();
	if (depth >= LK_SPIN_DEPTH) {
		c->nr.lost_spin++;
		return;
	}
	w = &c->spins[depth & (LK_SPIN_DEPTH - 1)];
	wait_fill(ctx, w, c, task, lock, context == CTX_TASK ? flags : flags | LK_F_IRQ, now);
	if (guard_enter(c, context, (__u64)task)) {
		w->since_ns = 0; /* counted there; marks that its end is to be dropped */
		return;
	}
	wait_details(ctx, w, c, context, now);
	if (context == CTX_TASK)
		pending_begin(c);
	guard_leave(c, context);
}

/* The entry of the current task, made at its first wait. */
static __always_inline struct lk_task_wait *task_wait(void)
{
	__u64 task = current_address();
	struct lk_task_wait *t = task_wait_find(task);
	__u32 i;

	if (t)
		return t;
	i = (__u32)task_wait_claim(task);
	return i < LK_WAIT_PROBES ? task_wait_at(task, i) : NULL;
}

static __always_inline void begin_sleep(void *ctx, struct lk_cpu *c, struct task_struct *task,
					__u32 context, __u64 lock, __u32 flags)
{
	struct lk_task_wait *t;
	struct lk_wait *w;
	__u64 now;

	if (guard_enter(c, context, (__u64)task))
		return;
	t = task_wait();
	if (!t) {
		c->nr.lost_tasks++;
		goto out;
	}
	w = &t->wait;
	/* A mutex goes from spinning to sleeping and back: one wait.  The same flags
	 * again, or another task's entry at this address, are a missed end. */
	if (w->lock == lock && w->tid == (__u32)task->pid && w->flags != flags) {
		w->flags = flags;
		if (!w->stack && !(flags & LK_F_SPIN))
			wait_walk(ctx, w, c, context, bpf_ktime_get_boot_ns());
		goto out;
	}
	if (w->lock)
		c->nr.replaced++;
	now = bpf_ktime_get_boot_ns();
	wait_fill(ctx, w, c, task, lock, flags, now);
	wait_details(ctx, w, c, context, now);
	if (context == CTX_TASK)
		pending_begin(c);
out:
	guard_leave(c, context);
}

SEC("tp_btf/contention_begin")
int BPF_PROG(contention_begin, void *lock, unsigned int flags)
{
	struct task_struct *task;
	struct lk_cpu *c;
	__u32 context;

	if (!tracing_on)
		return 0;
	task = bpf_get_current_task_btf();
	if ((__u32)task->tgid == cfg.self_tgid)
		return 0;
	c = this_cpu();
	if (!c)
		return 0;
	context = context_of(task, (__u64)ctx);
	if (is_spin(flags))
		begin_spin(ctx, c, task, context, (__u64)lock, flags);
	else if (!is_helper(task))
		begin_sleep(ctx, c, task, context, (__u64)lock, flags);
	return 0;
}

static __always_inline struct lk_agg *agg_new(struct lk_agg_key *key, struct task_struct *task,
					      __u32 context)
{
	struct lk_scratch *s = scratch_get(context);

	if (!s || aggs_full)
		return NULL;
	__builtin_memset(&s->agg, 0, sizeof(s->agg));
	s->agg.cgroup = bpf_get_current_cgroup_id();
	s->agg.start_ns = task->start_boottime;
	s->agg.pid = task->tgid;
	s->agg.tid = task->pid;
	bpf_probe_read_kernel_str(s->agg.comm, sizeof(s->agg.comm), task->comm);
	if (bpf_map_update_elem(&aggs, key, &s->agg, BPF_NOEXIST) == -7 /* E2BIG */)
		aggs_full = 1;
	place_note(key->lock, bpf_get_current_task());
	return bpf_map_lookup_elem(&aggs, key);
}

static __always_inline struct lk_agg *agg_row(struct lk_agg_key *key, struct task_struct *task,
					      __u32 context)
{
	struct lk_agg *a = bpf_map_lookup_elem(&aggs, key);

	return a ? a : agg_new(key, task, context);
}

static __always_inline void add_wait(__u64 *count, __u64 *total_ns, __u64 *max_ns, __u64 wait_ns)
{
	__sync_fetch_and_add(count, 1);
	__sync_fetch_and_add(total_ns, wait_ns);
	raise_max(max_ns, wait_ns);
}

/* Walks the stack of a wait that is over, still inside the lock function. */
static __always_inline __u64 walk_late(void *ctx, struct lk_cpu *c, __u32 context)
{
	struct lk_scratch *s = scratch_get(context);

	return s ? stack_walk(ctx, c, s) : 0;
}

static __always_inline void account(void *ctx, struct lk_cpu *c, struct task_struct *task,
				    struct lk_wait *w, __u64 wait_ns, __u32 context)
{
	struct lk_agg_key key = {
		.lock = w->lock,
		.stack = w->stack,
		.flags = w->flags & LK_F_KERNEL & ~(w->flags & LK_F_MUTEX ? LK_F_SPIN : 0),
		.tid = cfg.agg_by_task || split_tasks ? w->tid : 0,
	};
	struct lk_overflow *o;
	struct lk_agg *a;

	if (context == CTX_TASK && !key.stack && pending_add(c, &key, wait_ns))
		return;
	a = agg_row(&key, task, context);
	if (a && !key.stack && cfg.stacks == LK_STACKS_SAMPLED && a->walks < LK_NEW_WALKS) {
		struct lk_agg *walked;

		a->walks++;
		w->stack = key.stack = walk_late(ctx, c, context);
		walked = key.stack ? agg_row(&key, task, context) : NULL;
		a = walked ? walked : a;
	} else if (a && !key.stack && context == CTX_TASK) {
		pending_adopt(c, &key);
	} else if (!a && key.stack) {
		/* Full: the row of this lock without a stack may be there. */
		key.stack = 0;
		a = bpf_map_lookup_elem(&aggs, &key);
		c->nr.lost_stack++;
	}
	if (a) {
		add_wait(&a->count, &a->total_ns, &a->max_ns, wait_ns);
		__sync_fetch_and_add(&a->hist[hist_bucket(wait_ns)], 1);
		return;
	}
	c->nr.lost_agg++;
	o = &c->overflow[key.flags & 63];
	add_wait(&o->count, &o->total_ns, &o->max_ns, wait_ns);
}

static __always_inline void emit(struct lk_cpu *c, struct task_struct *task,
				 const struct lk_wait *w, __u64 now, int result)
{
	struct lk_event *e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);
	__u64 ring_bytes;

	if (!e) {
		c->nr.lost_ring++;
		return;
	}
	e->type = LK_EVENT_WAIT;
	e->pad2 = 0;
	e->wait = *w;
	e->wait.flags &= LK_F_KERNEL;
	e->end_ns = now;
	e->cgroup = bpf_get_current_cgroup_id();
	e->start_ns = task->start_boottime;
	e->result = result;
	e->pid = task->tgid;
	e->cpu = bpf_get_smp_processor_id();
	bpf_probe_read_kernel_str(e->comm, sizeof(e->comm), task->comm);
	/* A wake-up for each record would double the load; user space looks every
	 * few ms anyway, and is woken when a quarter is full. */
	ring_bytes = bpf_ringbuf_query(&events, BPF_RB_RING_SIZE);
	bpf_ringbuf_submit(e, bpf_ringbuf_query(&events, BPF_RB_AVAIL_DATA) > ring_bytes / 4 ?
			      BPF_RB_FORCE_WAKEUP : BPF_RB_NO_WAKEUP);
}

/* w is a copy: the original is free again.  Inside the guard. */
static __always_inline void finish(void *ctx, struct lk_cpu *c, struct task_struct *task,
				   struct lk_wait *w, __u32 context, int result)
{
	__u64 now = bpf_ktime_get_boot_ns();
	__u64 wait_ns = now > w->since_ns ? now - w->since_ns : 0; /* clocks of two CPUs */

	if (cfg.stacks && !w->stack && wait_ns >= cfg.long_walk_ns)
		w->stack = walk_late(ctx, c, context);
	c->nr.waits++;
	if (cfg.aggregate)
		account(ctx, c, task, w, wait_ns, context);
	else if (wait_ns >= (is_spin(w->flags) ? cfg.long_spin_ns : cfg.long_wait_ns))
		place_note(w->lock, bpf_get_current_task());
	if (cfg.emit_waits ||
	    wait_ns >= (is_spin(w->flags) ? cfg.long_spin_ns : cfg.long_wait_ns))
		emit(c, task, w, now, result);
}

/* Takes the spin wait of this lock off the CPU's stack into *out.  Returns 1 when
 * it is to be accounted, 0 when the guard dropped its begin, -1 when there is no
 * such wait.  Those above it have missed their ends. */
static __always_inline int pop_spin(struct lk_cpu *c, __u64 lock, __u32 tid, struct lk_wait *out)
{
	__u32 top = c->depth, i;

	if (top > LK_SPIN_DEPTH) {
		c->depth = top - 1; /* it had no place; counted at its begin */
		return 0;
	}
	for (i = 0; i < LK_SPIN_DEPTH && i < top; i++) {
		__u32 at = top - 1 - i;
		struct lk_wait *w;

		barrier_var(at); /* or clang proves the mask away, and the verifier loses it */
		w = &c->spins[at & (LK_SPIN_DEPTH - 1)];
		if (w->lock != lock || w->tid != tid)
			continue;
		*out = *w;
		w->lock = 0;
		barrier();
		c->depth = at;
		c->nr.replaced += i;
		return out->since_ns != 0;
	}
	return -1;
}

/* Takes the current task's sleeping wait on this lock; returns as above.  It is
 * cleared even when the guard is held by a task that was preempted inside a
 * program (7.0 and later): a wait that has ended must never stay open. */
static __always_inline int pop_sleep(__u64 lock, struct lk_wait *out)
{
	struct lk_task_wait *t = task_wait_find(current_address());

	if (!t || t->wait.lock != lock)
		return -1;
	*out = t->wait;
	t->wait.lock = 0;
	return 1;
}

/* What was entered as held before the wait is held since now. */
static __always_inline void held_since_now(__u64 lock)
{
	struct lk_slot *s = slot_find(current_address());
	struct lk_held *e = NULL;

	if (s)
		e = slot_entry(s, slot_search(s, lock, 0));
	if (!e)
		return;
	slot_begin(s);
	e->since_ns = bpf_ktime_get_boot_ns();
	slot_end(s);
}

/* The same of a spinning lock: the newest entry of its context. */
static __always_inline void spin_held_since_now(struct lk_cpu *c, __u32 context, __u64 lock)
{
	struct lk_spin_stack *st = &c->spin_held[context & 1];
	struct lk_spin_held *e;
	__u64 at = (__u64)st->nr - 1;

	barrier_var(at);
	if (at >= LK_SPIN_HELD_MAX)
		return;
	e = &st->held[at];
	if (e->lock != lock)
		return;
	e->since_ns = bpf_ktime_get_boot_ns();
	e->jiffies = bpf_jiffies64();
}

SEC("tp_btf/contention_end")
int BPF_PROG(contention_end, void *lock, int ret)
{
	struct task_struct *task;
	struct lk_wait copy;
	struct lk_cpu *c;
	int found = -1;
	__u32 context;

	if (!tracing_on)
		return 0;
	task = bpf_get_current_task_btf();
	if ((__u32)task->tgid == cfg.self_tgid)
		return 0;
	c = this_cpu();
	if (!c)
		return 0;
	context = context_of(task, (__u64)ctx);
	/* A task that is not inside of us has no interrupt below it: what lies above its
	 * own spin, the first, are waits of interrupts that missed their ends. */
	if (context == CTX_TASK && c->depth > 1 && !c->busy[CTX_TASK]) {
		c->nr.replaced += c->depth - 1;
		c->depth = 1;
	}
	if (c->depth)
		found = pop_spin(c, (__u64)lock, task->pid, &copy);
	/* Also when the begin was skipped: a hold as old as its spin would be a lie. */
	if (cfg.spin)
		spin_held_since_now(c, context, (__u64)lock);
	/* A program of ours runs below this one: the lock is its helper's. */
	if (found < 0 && context == CTX_TASK && c->busy[CTX_TASK] != (__u64)task)
		found = pop_sleep((__u64)lock, &copy);
	if (cfg.held && found > 0 && !is_spin(copy.flags) && !ret)
		held_since_now((__u64)lock);
	if (found <= 0 || guard_enter(c, context, (__u64)task))
		return 0;
	finish(ctx, c, task, &copy, context, ret);
	guard_leave(c, context);
	return 0;
}

/*
 * Slow paths of spinning locks, hooked with --spin: the first waiter of a queued
 * spinlock, readers of a rwlock in interrupts, and every waiter of a guest with
 * test-and-set spinlocks pass no tracepoint.  Where one fires, it finds the wait here
 * already.
 */
static __always_inline int slow_begin(void *ctx, __u64 lock, __u32 flags)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct lk_cpu *c = tracing_on ? this_cpu() : NULL;

	if (c && (__u32)task->tgid != cfg.self_tgid)
		begin_spin(ctx, c, task, context_of(task, (__u64)ctx), lock, flags | LK_F_SLOW);
	return 0;
}

/* The tracepoint of the end, if there was one, has ended the wait. */
static __always_inline int slow_end(void *ctx, __u64 lock)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct lk_cpu *c = tracing_on ? this_cpu() : NULL;
	struct lk_wait copy, *top;
	__u32 context, depth;

	if (!c || (__u32)task->tgid == cfg.self_tgid)
		return 0;
	context = context_of(task, (__u64)ctx);
	spin_held_since_now(c, context, lock);
	depth = c->depth;
	if (depth > LK_SPIN_DEPTH) {
		c->depth = depth - 1; /* it had no place; counted at its begin */
		return 0;
	}
	if (!depth)
		return 0;
	top = &c->spins[(depth - 1) & (LK_SPIN_DEPTH - 1)];
	if (top->lock != lock || !(top->flags & LK_F_SLOW))
		return 0;
	if (pop_spin(c, lock, task->pid, &copy) <= 0 || guard_enter(c, context, (__u64)task))
		return 0;
	finish(ctx, c, task, &copy, context, 0);
	guard_leave(c, context);
	return 0;
}

#define SLOW_PROGS(name, flags) \
SEC("fentry/" #name) int take_##name(unsigned long long *ctx) \
{ return slow_begin(ctx, argument(ctx, 0), flags); } \
SEC("fexit/" #name) int done_##name(unsigned long long *ctx) \
{ return slow_end(ctx, argument(ctx, 0)); }
LK_SLOW_FUNCS(SLOW_PROGS)

/* The last anybody hears of a task: from here on its address may be used again. */
SEC("tp_btf/sched_process_free")
int task_free(unsigned long long *ctx)
{
	struct task_struct *dead = (struct task_struct *)ctx[0];
	struct lk_task_wait *t = task_wait_find(address_of(dead));

	if (!t)
		return 0;
	t->wait.lock = 0;
	barrier();
	t->task = TASK_WAIT_FREED;
	return 0;
}
