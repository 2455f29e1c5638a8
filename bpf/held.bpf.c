// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * held.bpf.c - level held: what takes and gives a sleeping lock (lockfuncs.h).
 *
 * One handler each for take, try and give; a program of three lines for each
 * function binds them to fentry or fexit, and three programs to kprobes where
 * fentry is refused.  Which of them are loaded is decided by user space.
 *
 * Cost is counted in instructions here: no stack walk, no map helper that is not
 * inlined, no timestamp at a give unless somebody wants the length of every hold.
 *
 * The hooks on spinning locks (spin.bpf.h) are in this object too, since only one may
 * call site_of().
 */
#include "held.bpf.h"
#include "hold.bpf.h"
#include "lockfuncs.h"
#include "site.bpf.h"
#include "stack.bpf.h"

/* lockscope's own holds are recorded like all others, and left out by user space: a
 * check here would cost every task something.
 *
 * Interrupts may try rwsems and semaphores, and release them (irq work gives back an
 * mmap_lock); they have no slot.  No other kind is allowed there, so only these ask
 * where they run. */
static __always_inline int may_be_irq(__u32 info)
{
	return LK_HELD_KIND(info) == LK_KIND_SEMAPHORE ||
	       (LK_HELD_KIND(info) == LK_KIND_RWSEM && !(info & LK_HELD_WRITE));
}

static __always_inline int is_irq(__u64 addr)
{
	return context_of(bpf_get_current_task_btf(), addr) != CTX_TASK;
}

static __noinline void count_irq_take(void)
{
	struct lk_cpu *c = this_cpu();

	if (c)
		c->nr.irq_takes++;
}

static __always_inline void count_no_slot(void)
{
	struct lk_cpu *c = this_cpu();

	if (c)
		c->nr.lost_slots++;
}

static __noinline int count_overflow(struct lk_slot *s)
{
	struct lk_cpu *c = this_cpu();

	if (!s || !c)
		return 0;
	s->over++;
	c->nr.held_overflow++;
	return 0;
}

/* addr: an address on the running stack.  free: a semaphore's count before. */
static __always_inline void take(__u64 addr, __u64 lock, __u32 info, __u64 site, __u32 free)
{
	__u64 key = current_address();
	struct task_struct *task;
	struct lk_held *e;
	struct lk_slot *s;

	if (!tracing_on)
		return;
	/* an interrupt can only try */
	if (may_be_irq(info) && info & (LK_HELD_TRY | LK_HELD_WANTED) && is_irq(addr)) {
		count_irq_take();
		return;
	}
	task = bpf_get_current_task_btf();
	s = slot_find(key);
	if (!s && slot_claim(key, task->pid))
		s = slot_find(key);
	if (!s) {
		count_no_slot();
		return;
	}
	slot_begin(s);
	if (s->drop_id)
		slot_heal(s);
	if (s->nr && is_exclusive(info))
		slot_replace(s, lock, info);
	e = slot_entry(s, s->nr);
	if (!e && slot_make_room(s))
		e = slot_entry(s, s->nr);
	if (!e) {
		count_overflow(s);
		slot_end(s);
		return;
	}
	e->lock = lock;
	e->since_ns = bpf_ktime_get_boot_ns();
	e->site = site;
	e->info = info | syscall_bits(task);
	e->id = ++s->next_id;
	if (LK_HELD_KIND(info) == LK_KIND_SEMAPHORE)
		e->free = free;
	s->nr++;
	slot_end(s);
}

/* A hold is over whose length is wanted.  e is still in its slot. */
static __noinline int end_hold(void *ctx, struct lk_held *e)
{
	struct task_struct *task = bpf_get_current_task_btf();
	__u64 now = bpf_ktime_get_boot_ns(), hold_ns, stack = 0;
	struct lk_scratch *s;
	struct lk_cpu *c;
	__u32 context = CTX_TASK;

	if (!e)
		return 0;
	hold_ns = now > e->since_ns ? now - e->since_ns : 0;
	if (cfg.aggregate)
		hold_count(e->lock, e->site, e->info, hold_ns);
	if (hold_ns < cfg.long_hold_ns)
		return 0;
	c = this_cpu();
	if (!c || guard_enter(c, context, (__u64)task))
		return 0;
	s = bpf_map_lookup_elem(&scratch, &context);
	if (s) {
		if (cfg.stacks)
			stack = stack_walk(ctx, c, s);
		who_fill(&s->who, task);
		hold_emit(c, &s->who, e, LK_HOLD_GIVEN, now, stack);
	}
	guard_leave(c, context);
	return 0;
}

/* A release by a task that has no entry: taken before the start, by another task, or
 * by a take that was missed.  Locks whose word names the owner need no note of it. */
static __noinline int cross(__u64 lock, __u32 info)
{
	struct lk_cpu *c = this_cpu();
	struct lk_bucket *b;

	if (LK_HELD_KIND(info) == LK_KIND_MUTEX || LK_HELD_KIND(info) == LK_KIND_WW_MUTEX)
		return 0;
	if (c)
		c->nr.unmatched++;
	b = bucket_of(lock);
	if (b)
		b->crossed_ns = bpf_ktime_get_boot_ns();
	return 0;
}

static __always_inline void give(void *ctx, __u64 addr, __u64 lock, __u32 info)
{
	struct lk_slot *s = NULL;
	struct lk_held *e = NULL;
	__u64 at = LK_HELD_MAX;

	if (!tracing_on)
		return;
	if (!may_be_irq(info) || !is_irq(addr))
		s = slot_find(current_address());
	if (s && s->nr) {
		/* Nearly always the newest, and of the right mode. */
		at = (__u64)s->nr - 1;
		e = slot_entry(s, at);
		if (e && e->lock != lock) {
			at = slot_search(s, lock, 0);
			e = slot_entry(s, at);
		}
	}
	if (!s || !e) {
		if (s && s->over)
			s->over--;
		else
			cross(lock, info);
		return;
	}
	if (cfg.time_gives)
		end_hold(ctx, e);
	slot_begin(s);
	if (at + 1 == s->nr)
		s->nr = at;
	else
		slot_remove(s, at);
	slot_end(s);
}

/* The writer of a rwsem goes on as a reader. */
static __always_inline void downgrade(__u64 lock)
{
	struct lk_held *e = NULL;
	struct lk_slot *s;

	if (!tracing_on)
		return;
	s = slot_find(current_address());
	if (s)
		e = slot_entry(s, slot_search(s, lock, LK_HELD_WRITE));
	if (!e)
		return;
	slot_begin(s);
	e->info = (e->info & ~LK_HELD_WRITE) | LK_HELD_READ | LK_HELD_DOWNGRADED;
	slot_end(s);
}

/* The function that takes a WANTED lock has returned. */
static __always_inline void wanted_is_taken(__u64 lock)
{
	struct lk_held *e = NULL;
	struct lk_slot *s;

	if (!tracing_on)
		return;
	s = slot_find(current_address());
	if (s)
		e = slot_entry(s, slot_search(s, lock, 0));
	if (!e || !(e->info & LK_HELD_WANTED))
		return;
	slot_begin(s);
	e->info &= ~LK_HELD_WANTED;
	e->since_ns = bpf_ktime_get_boot_ns();
	slot_end(s);
}

/* What a semaphore has left; other locks have no such count. */
static __always_inline __u32 free_count(__u64 lock, __u32 info)
{
	struct semaphore *sem = (void *)lock;
	__u32 count = 0;

	if (LK_HELD_KIND(info) == LK_KIND_SEMAPHORE)
		bpf_core_read(&count, sizeof(count), &sem->count);
	return count;
}

#define LOCK_ARG(ctx, arg) ((arg) == NO_ARG ? cfg.hotplug_lock : argument(ctx, arg))
#define INFO(kind, mode) (LK_KIND_##kind | (mode))

static __always_inline void on_take(unsigned long long *ctx, __u64 lock, __u32 info)
{
	take((__u64)ctx, lock, info, site_of(ctx), free_count(lock, info));
}

static __always_inline void on_try(unsigned long long *ctx, __u64 lock, __u32 info, int zero)
{
	__u64 ret = 1;

	bpf_get_func_ret(ctx, &ret);
	/* the functions return int or bool: the rest of the register means nothing */
	if (zero ? (int)ret != 0 : !(__u8)ret)
		return;
	take((__u64)ctx, lock, info | LK_HELD_TRY, site_of(ctx), free_count(lock, info) + 1);
}

#define PROG_TAKE(name, kind, mode, arg) \
SEC("fentry/" #name) int take_##name(unsigned long long *ctx) \
{ on_take(ctx, LOCK_ARG(ctx, arg), INFO(kind, mode)); return 0; }
#define PROG_TRY0(name, kind, mode, arg) \
SEC("fexit/" #name) int take_##name(unsigned long long *ctx) \
{ on_try(ctx, LOCK_ARG(ctx, arg), INFO(kind, mode), 1); return 0; }
#define PROG_TRY1(name, kind, mode, arg) \
SEC("fexit/" #name) int take_##name(unsigned long long *ctx) \
{ on_try(ctx, LOCK_ARG(ctx, arg), INFO(kind, mode), 0); return 0; }
#define PROG_GIVE(name, kind, mode, arg) \
SEC("fentry/" #name) int give_##name(unsigned long long *ctx) \
{ give(ctx, (__u64)ctx, LOCK_ARG(ctx, arg), INFO(kind, mode)); return 0; }
#define PROG_DOWNGRADE(name, kind, mode, arg) \
SEC("fentry/" #name) int take_##name(unsigned long long *ctx) \
{ downgrade(LOCK_ARG(ctx, arg)); return 0; }
#define PROG_WANT(name, kind, mode, arg) \
SEC("fentry/" #name) int take_##name(unsigned long long *ctx) \
{ on_take(ctx, LOCK_ARG(ctx, arg), INFO(kind, mode) | LK_HELD_WANTED); return 0; } \
SEC("fexit/" #name) int done_##name(unsigned long long *ctx) \
{ wanted_is_taken(LOCK_ARG(ctx, arg)); return 0; }

#define PROG(what, name, kind, mode, arg, giver) PROG_##what(name, kind, mode, arg)
LK_SLEEP_FUNCS(PROG)

/*
 * The same through kprobes: the attach cookie is the row's number in the table.
 */
enum what { WHAT_TAKE, WHAT_TRY0, WHAT_TRY1, WHAT_WANT, WHAT_GIVE, WHAT_DOWNGRADE };

#define COOKIE_INFO(cookie) ((__u32)(cookie) & 0xffff)
#define COOKIE_ARG(cookie) ((__u32)((cookie) >> 16) & 7)
#define COOKIE_WHAT(cookie) ((__u32)((cookie) >> 24) & 0xff)

static __always_inline __u64 probed_lock(struct pt_regs *regs, __u64 cookie)
{
	switch (COOKIE_ARG(cookie)) {
	case 0:
		return PT_REGS_PARM1(regs);
	case 1:
		return PT_REGS_PARM2(regs);
	default:
		return cfg.hotplug_lock;
	}
}

static __always_inline int on_probe(struct pt_regs *regs)
{
	__u64 cookie = bpf_get_attach_cookie(regs), lock = probed_lock(regs, cookie);
	__u64 addr = PT_REGS_SP(regs);
	__u32 info = COOKIE_INFO(cookie);

	switch (COOKIE_WHAT(cookie)) {
	case WHAT_GIVE:
		give(regs, addr, lock, info);
		break;
	case WHAT_DOWNGRADE:
		downgrade(lock);
		break;
	default:
		/* A try counts from its entry; its return takes it back if it failed. */
		take(addr, lock, info | (COOKIE_WHAT(cookie) == WHAT_TAKE ? 0 : LK_HELD_WANTED),
		     site_of_regs(regs), free_count(lock, info));
	}
	return 0;
}

static long slot_is_wanted(__u32 i, struct slot_entries *w)
{
	__u32 at = w->s->nr - 1 - i;
	struct lk_held *e = slot_entry(w->s, at);

	if (e && !(e->info & LK_HELD_WANTED))
		return 0;
	w->at = at;
	return 1;
}

__weak __noinline int slot_newest_wanted(struct lk_slot *s)
{
	struct slot_entries w = { .s = s, .at = LK_HELD_MAX };

	if (!s)
		return LK_HELD_MAX;
	bpf_loop(s->nr, slot_is_wanted, &w, 0);
	return (int)w.at;
}

/* The newest WANTED entry is the one whose function returns now. */
static __always_inline int on_return(struct pt_regs *regs)
{
	__u32 what = COOKIE_WHAT(bpf_get_attach_cookie(regs)), at;
	__u64 ret = PT_REGS_RC(regs);
	struct lk_held *e;
	struct lk_slot *s;

	if (!tracing_on || is_irq(PT_REGS_SP(regs)))
		return 0;
	s = slot_find(current_address());
	if (!s)
		return 0;
	at = slot_newest_wanted(s);
	e = slot_entry(s, at);
	if (!e)
		return 0;
	slot_begin(s);
	if ((what == WHAT_TRY0 && (int)ret) || (what == WHAT_TRY1 && !(__u8)ret)) {
		slot_remove(s, at);
	} else {
		e->info = (e->info & ~LK_HELD_WANTED) | LK_HELD_TRY;
		e->since_ns = bpf_ktime_get_boot_ns();
	}
	slot_end(s);
	return 0;
}

SEC("kprobe.multi")
int held_probe_multi(struct pt_regs *regs)
{
	return on_probe(regs);
}

SEC("kretprobe.multi")
int held_return_multi(struct pt_regs *regs)
{
	return on_return(regs);
}

SEC("kprobe")
int held_probe(struct pt_regs *regs)
{
	return on_probe(regs);
}

SEC("kretprobe")
int held_return(struct pt_regs *regs)
{
	return on_return(regs);
}

/* One thing that a task leaves behind; the scratch of the context says whose. */
__weak __noinline int leave_one(struct lk_slot *slot, __u32 i, __u32 context)
{
	__u64 now = bpf_ktime_get_boot_ns();
	struct lk_scratch *s = bpf_map_lookup_elem(&scratch, &context);
	struct lk_cpu *c = this_cpu();
	struct lk_bucket *b;
	struct lk_held *e;

	if (!slot || !s || !c)
		return 0;
	e = slot_entry(slot, i);
	if (!e)
		return 0;
	b = bucket_of(e->lock);
	if (b)
		b->leaked_ns = now;
	hold_emit(c, &s->who, e, LK_HOLD_EXITED, now, 0);
	return 0;
}

/* The task is freed: nothing of it can run any more, and its slot is for others. */
SEC("tp_btf/sched_process_free")
int BPF_PROG(held_task_free, struct task_struct *dead)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct lk_slot *s = slot_find(address_of(dead));
	struct lk_cpu *c = this_cpu();
	struct lk_scratch *sc;
	__u32 context, i;

	if (!s || !c)
		return 0;
	if (s->nr && tracing_on) {
		context = context_of(task, (__u64)ctx);
		if (guard_enter(c, context, (__u64)task)) {
			c->nr.lost_guard++;
		} else {
			sc = bpf_map_lookup_elem(&scratch, &context);
			if (sc)
				who_fill(&sc->who, dead);
			for (i = 0; sc && i < LK_HELD_MAX && i < s->nr; i++)
				leave_one(s, i, context);
			guard_leave(c, context);
		}
	}
	s->nr = 0;
	s->over = 0;
	s->drop_id = 0;
	barrier();
	s->task = 0;
	return 0;
}

#include "spin.bpf.h"
