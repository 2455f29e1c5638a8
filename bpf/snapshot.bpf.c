// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * snapshot.bpf.c - one pass over all tasks: who waits for what, who holds it.
 *
 * Runs in the context of the reader of the iterator file, under RCU, outside
 * of any lock: nothing here can meet a lock hook of its own CPU.
 */
#include "guard.bpf.h"
#include "lockword.bpf.h"
#include "place.bpf.h"
#include "slot.bpf.h"
#include "taskwait.bpf.h"

#define TASK_RUNNING 0
#define TASK_INTERRUPTIBLE 1
#define TASK_UNINTERRUPTIBLE 2
#define TASK_NOLOAD 0x400
#define PF_KTHREAD 0x00200000

static __always_inline int nr_listed(const volatile __u32 *list, __u32 nr)
{
	int i;

	for (i = 0; i < LK_NR_SYSCALLS; i++)
		if (list[i] && list[i] - 1 == nr)
			return 1;
	return 0;
}

static __always_inline void read_syscall(struct task_struct *task, struct lk_task *t)
{
	struct pt_regs *regs;

	t->syscall = -1;
	if (t->task_flags & PF_KTHREAD)
		return;
	regs = (struct pt_regs *)bpf_task_pt_regs(task);
	if (!regs)
		return;
	t->syscall = regs_syscall_nr(regs);
	t->compat = task_is_compat(task);
	if (!t->compat)
		t->user_regs = (__u64)regs;
	if (t->state & TASK_INTERRUPTIBLE &&
	    (t->compat ? nr_listed(cfg.filelock_nr_compat, t->syscall)
		       : nr_listed(cfg.filelock_nr, t->syscall)))
		t->why |= LK_WHY_FILELOCK;
}

#define CPUS_SUMMED 512

/* A percpu_rwsem's readers are counted by CPU; a reader may leave on another than it
 * came, so only the sum means something. */
__weak __noinline int word_percpu(__u64 lock, struct lk_word *w)
{
	struct percpu_rw_semaphore *sem = (void *)lock;
	__u64 count_at, offset;
	__u32 i, count;
	__s32 sum = 0;

	if (!w || !cfg.per_cpu_offset || cfg.nr_cpus > CPUS_SUMMED ||
	    bpf_core_read(&count_at, sizeof(count_at), &sem->read_count))
		return 0;
	for (i = 0; i < CPUS_SUMMED; i++) {
		if (i >= cfg.nr_cpus)
			break;
		if (bpf_probe_read_kernel(&offset, sizeof(offset),
					  (void *)(cfg.per_cpu_offset + 8 * (__u64)i)) ||
		    bpf_probe_read_kernel(&count, sizeof(count), (void *)(count_at + offset)))
			return 0;
		sum += (__s32)count;
	}
	w->nr_readers = sum;
	w->says = LK_WORD_READ | LK_WORD_COUNT;
	return 1;
}

/* A wait whose end came while we copied is none. */
static __always_inline void read_traced(struct task_struct *task, struct lk_task *t)
{
	struct lk_task_wait *w = task_wait_find(address_of(task));
	volatile struct lk_wait *now;

	/* An entry may be that of an earlier task at this address. */
	if (!w || !w->wait.lock || w->wait.tid != (__u32)task->pid)
		return;
	t->wait = w->wait;
	barrier();
	now = &w->wait;
	if (now->lock != t->wait.lock || now->id != t->wait.id)
		t->wait.lock = 0;
}

/* One that was found counts only as long as the task has not run since. */
static __always_inline void read_found(struct task_struct *task, struct lk_task *t)
{
	__u64 key = (__u64)task;
	struct lk_wait *w = bpf_map_lookup_elem(&found_waits, &key);

	if (w && w->tid == (__u32)task->pid && !task->on_cpu &&
	    w->switches == (__u32)(task->nvcsw + task->nivcsw))
		t->wait = *w;
}

static __always_inline void read_wait(struct task_struct *task, struct lk_task *t)
{
	read_traced(task, t);
	if (!t->wait.lock)
		read_found(task, t);
	if (!t->wait.lock)
		return;
	word_read(t->wait.lock, t->wait.flags, &t->word);
	if (t->wait.flags & LK_F_PERCPU)
		word_percpu(t->wait.lock, &t->word);
	t->proven = task_is_blocked_on(task, t->wait.lock);
	t->why |= LK_WHY_WAIT;
}

/* A tick is at most 10 ms; an emulated CPU may stand still for longer. */
#define SPINNER_FRESH_NS 200000000ULL
#define SPINNER_TICKS 2

/* A spin that was not traced, but met by the ticks of its CPU. */
static __always_inline void read_spinner(struct task_struct *task, struct lk_task *t, __u32 cpu)
{
	struct lk_spinner *s = bpf_map_lookup_elem(&spinners, &cpu);
	volatile struct lk_spinner *now = s;
	__u64 id;

	if (!s)
		return;
	id = now->id;	/* first: what is read after it is of that spin or a later one */
	barrier();
	if (!s->lock || s->task != (__u64)task || s->tid != (__u32)task->pid ||
	    s->nr_ticks < SPINNER_TICKS || s->utime != task->utime ||
	    s->switches != (__u64)(task->nvcsw + task->nivcsw) ||
	    bpf_ktime_get_boot_ns() > s->last_ns + SPINNER_FRESH_NS)
		return;
	t->wait = (struct lk_wait){
		.id = LK_SPINNER_IDS | (__u64)cpu << 32 | (__u32)id, .since_ns = s->first_ns,
		.utime = s->utime, .switches = (__u32)s->switches, .tid = s->tid,
		.flags = s->flags | LK_F_FOUND | LK_F_SAMPLED, .lock = s->lock,
	};
	barrier();
	if (now->lock != t->wait.lock || now->id != id)
		t->wait.lock = 0;
	else
		t->why |= LK_WHY_SPIN;
}

/* The innermost spin wait of the CPU the task runs on: the one that keeps the
 * others from going on.  It may be an interrupt's on top of the task. */
static __always_inline void read_spin(struct task_struct *task, struct lk_task *t)
{
	__u32 cpu = task_cpu_nr(task), depth;
	struct lk_cpu *c = bpf_map_lookup_elem(&cpus, &cpu);
	volatile struct lk_wait *now;
	struct lk_wait *w;

	if (!c)
		return;
	depth = c->depth;
	if (!depth || depth > LK_SPIN_DEPTH)
		return;
	depth--;
	barrier_var(depth);
	w = &c->spins[depth & (LK_SPIN_DEPTH - 1)];
	/* A task that has run in user mode or slept since has missed its end. */
	if (!w->lock || !w->since_ns || w->tid != (__u32)task->pid || w->utime != task->utime ||
	    w->switches != (__u32)(task->nvcsw + task->nivcsw))
		return;
	t->wait = *w;
	barrier();
	now = w;
	if (now->lock != t->wait.lock || now->id != t->wait.id)
		t->wait.lock = 0;
	else
		t->why |= LK_WHY_SPIN;
	t->wait.flags &= LK_F_KERNEL | LK_F_IRQ;
}

static long slot_is_old(__u32 i, struct slot_entries *w)
{
	struct lk_held *e = slot_entry(w->s, i);

	if (e && bpf_ktime_get_boot_ns() < e->since_ns + LK_YOUNG_NS)
		return 0;
	w->at = i;
	return 1;
}

/* Is there an entry of some age? */
__weak __noinline int slot_has_old(struct lk_slot *s)
{
	struct slot_entries w = { .s = s, .at = LK_HELD_MAX };

	if (!s)
		return 0;
	bpf_loop(s->nr, slot_is_old, &w, 0);
	return w.at < LK_HELD_MAX;
}

/* Entries of some age make a task worth showing; then all of them are shown. */
static __always_inline struct lk_slot *read_holds(struct task_struct *task, struct lk_task *t)
{
	struct lk_slot *s = slot_find(address_of(task));

	if (s && s->tid != (__u32)task->pid) {
		s->drop_id = LK_DROP_ALL;
		return NULL;
	}
	if (!s || !s->nr)
		return NULL;
	if (slot_has_old(s))
		t->why |= LK_WHY_HOLD;
	t->held_seq = s->seq;
	barrier();
	t->nr_held = s->nr;
	if (t->nr_held > LK_HELD_MAX)
		t->nr_held = LK_HELD_MAX;
	return s;
}

/* Too large for the stack.  One reader of the iterators at a time, so no lock. */
static struct lk_hold hold_out;
static __u64 ip_out[LK_STACK_DEPTH];

/* Entry i with what its lock's word says, in hold_out; 0 if there is none.  A global
 * function, as is word_percpu(): verified once, not once for each entry. */
__weak __noinline int read_hold(struct lk_slot *s, __u32 i)
{
	struct lk_held *e;

	if (!s)
		return 0;
	e = slot_entry(s, i);
	if (!e)
		return 0;
	__builtin_memset(&hold_out.word, 0, sizeof(hold_out.word));
	hold_out.held = *e;
	word_of_kind(hold_out.held.lock, hold_out.held.info, &hold_out.word);
	if (LK_HELD_KIND(hold_out.held.info) == LK_KIND_PERCPU_RWSEM)
		word_percpu(hold_out.held.lock, &hold_out.word);
	word_owner(&hold_out.word);
	return 1;
}

static __always_inline void write_holds(struct seq_file *seq, struct lk_slot *s, __u32 nr)
{
	__u64 seq_after;
	__u32 i;

	for (i = 0; i < LK_HELD_MAX; i++) {
		if (i >= nr || !read_hold(s, i))
			break;
		bpf_seq_write(seq, &hold_out, sizeof(hold_out));
	}
	barrier();
	seq_after = s->seq;
	bpf_seq_write(seq, &seq_after, sizeof(seq_after));
}

static __always_inline void read_ids(struct task_struct *task, struct lk_task *t)
{
	t->task = (__u64)task;
	t->tid = task->pid;
	t->pid = task->tgid;
	t->start_ns = task->start_boottime;
	t->switches = task->nvcsw + task->nivcsw;
	t->task_flags = task->flags;
	t->on_cpu = task->on_cpu;
	t->cpu = task_cpu_nr(task);
	t->sp = task_saved_sp(task);
	t->utime = task->utime;
	t->ns_tid = task_ns_tid(task);
	t->cgroup = BPF_CORE_READ(task, cgroups, dfl_cgrp, kn, id);
	bpf_probe_read_kernel_str(t->comm, sizeof(t->comm), task->comm);
}

/* A stack is dear: not for waits too young to matter.  For older ones user space
 * compares it with the recorded one, to know that the task still is in that wait.
 * On old kernels rethook_find_ret_addr() warns when the task is awake by the time its
 * walk meets a hooked return, and with panic_on_warn that is the machine's end.  That it
 * sleeps now proves nothing: it may be woken during the walk. */
static __always_inline int wants_stack(struct task_struct *task, const struct lk_task *t)
{
	if (t->on_cpu || (cfg.rethook_warns && has_hooked_return(task)))
		return 0;
	return !(t->why & LK_WHY_WAIT) || t->t_ns >= t->wait.since_ns + LK_YOUNG_NS;
}

SEC("iter/task")
int snapshot(struct bpf_iter__task *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct task_struct *task = ctx->task;
	struct lk_slot *held = NULL;
	struct lk_task t = {};
	long bytes = 0;
	__u32 tid;

	if (!task)
		return 0;
	tid = task->pid;
	if (is_ours(task))
		return 0;
	t.state = BPF_CORE_READ(task, __state);
	t.task_flags = task->flags;
	read_wait(task, &t);
	if (!t.wait.lock && task->on_cpu)
		read_spin(task, &t);
	if (!t.wait.lock && task->on_cpu)
		read_spinner(task, &t, task_cpu_nr(task));
	read_syscall(task, &t);
	if (t.state & TASK_UNINTERRUPTIBLE && !(t.state & TASK_NOLOAD))
		t.why |= LK_WHY_BLOCKED;
	if (bpf_map_lookup_elem(&asked, &tid))
		t.why |= LK_WHY_ASKED;
	if (cfg.held)
		held = read_holds(task, &t);
	if (!t.why)
		return 0;
	if (t.wait.lock)
		place_note(t.wait.lock, address_of(task));
	t.t_ns = bpf_ktime_get_boot_ns();
	read_ids(task, &t);
	if (wants_stack(task, &t))
		bytes = bpf_get_task_stack(task, ip_out, sizeof(ip_out), 0);
	if (bytes < 0)
		bytes = 0;
	t.nr_ip = (__u32)bytes / 8;
	if (!held)
		t.nr_held = 0;
	t.len = sizeof(t) + t.nr_ip * 8;
	if (t.nr_held)
		t.len += t.nr_held * sizeof(struct lk_hold) + 8;
	/* A record that does not fit is written again as a whole by the kernel. */
	bpf_seq_write(seq, &t, sizeof(t));
	if (bytes > 0 && bytes <= (long)sizeof(ip_out))
		bpf_seq_write(seq, ip_out, bytes);
	if (held && t.nr_held)
		write_holds(seq, held, t.nr_held);
	return 0;
}

static struct lk_cpu_hold cpu_hold_out;

static __always_inline void write_cpu_holds(struct seq_file *seq, struct lk_spin_stack *st, __u32 nr,
					    __u32 cpu)
{
	struct task_struct *task;
	__u32 i, at;

	for (i = 0; i < LK_SPIN_HELD_MAX; i++) {
		if (i >= nr)
			break;
		at = i;
		barrier_var(at);
		cpu_hold_out.held = st->held[at & (LK_SPIN_HELD_MAX - 1)];
		cpu_hold_out.held.id |= (__u64)cpu << 40;
		task = (void *)cpu_hold_out.held.task;
		cpu_hold_out.held.tid = BPF_CORE_READ(task, pid);
		cpu_hold_out.word = 0;
		cpu_hold_out.readable =
			!bpf_probe_read_kernel(&cpu_hold_out.word, sizeof(cpu_hold_out.word),
					       (void *)cpu_hold_out.held.lock);
		bpf_seq_write(seq, &cpu_hold_out, sizeof(cpu_hold_out));
	}
}

static __always_inline __u32 held_now(struct lk_spin_stack *st)
{
	__u32 nr = *(volatile __u32 *)&st->nr;

	return nr > LK_SPIN_HELD_MAX ? LK_SPIN_HELD_MAX : nr;
}

/* CPUs that spin or hold a spinning lock; also those whose idle task does, which the
 * iterator over tasks does not visit.  Level held with --spin. */
SEC("iter/bpf_map_elem")
int cpu_pass(struct bpf_iter__bpf_map_elem___any *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct lk_cpu_record r = {};
	__u32 *key = ctx->key, cpu, nr_irq, depth;
	struct lk_wait *w;
	struct lk_cpu *c;

	if (!key)
		return 0;
	cpu = *key;
	c = bpf_map_lookup_elem(&cpus, &cpu);
	if (!c)
		return 0;
	r.cpu = cpu;
	r.depth = c->depth;
	r.nr_task_held = held_now(&c->spin_held[CTX_TASK]);
	nr_irq = held_now(&c->spin_held[CTX_IRQ]);
	r.nr_held = r.nr_task_held + nr_irq;
	if (!r.nr_held && !r.depth)
		return 0;
	depth = r.depth - 1;
	barrier_var(depth);
	if (depth < LK_SPIN_DEPTH) {
		w = &c->spins[depth];
		r.wait = *w;
		barrier();
		if (*(volatile __u64 *)&w->lock != r.wait.lock ||
		    *(volatile __u64 *)&w->id != r.wait.id || !r.wait.since_ns)
			r.wait.lock = 0;
		r.wait.flags &= LK_F_KERNEL | LK_F_IRQ;
	}
	r.t_ns = bpf_ktime_get_boot_ns();
	r.len = sizeof(r) + r.nr_held * sizeof(struct lk_cpu_hold);
	bpf_seq_write(seq, &r, sizeof(r));
	write_cpu_holds(seq, &c->spin_held[CTX_TASK], r.nr_task_held, cpu);
	write_cpu_holds(seq, &c->spin_held[CTX_IRQ], nr_irq, cpu);
	return 0;
}
