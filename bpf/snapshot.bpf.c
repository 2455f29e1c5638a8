// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * snapshot.bpf.c - one pass over all tasks: who waits for what, who holds it.
 *
 * Runs in the context of the reader of the iterator file, under RCU, outside
 * of any lock: nothing here can meet a lock hook of its own CPU.
 */
#include "guard.bpf.h"
#include "lockword.bpf.h"

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
	if (t->state & TASK_INTERRUPTIBLE &&
	    (t->compat ? nr_listed(cfg.filelock_nr_compat, t->syscall)
		       : nr_listed(cfg.filelock_nr, t->syscall)))
		t->why |= LK_WHY_FILELOCK;
}

/* A wait whose end came while we copied is none. */
static __always_inline void read_wait(struct task_struct *task, struct lk_task *t)
{
	__u64 key = (__u64)task;
	struct lk_wait *w = bpf_map_lookup_elem(&task_waits, &key);
	volatile struct lk_wait *now;

	/* An entry may be that of an earlier task at this address. */
	if (!w || !w->lock || w->tid != (__u32)task->pid)
		return;
	t->wait = *w;
	barrier();
	now = w;
	if (now->lock != t->wait.lock || now->id != t->wait.id) {
		t->wait.lock = 0;
		return;
	}
	word_read(t->wait.lock, t->wait.flags, &t->word);
	t->proven = task_is_blocked_on(task, t->wait.lock);
	t->why |= LK_WHY_WAIT;
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
}

static __always_inline void read_ids(struct task_struct *task, struct lk_task *t)
{
	struct pid *pid;
	__u32 level;

	t->task = (__u64)task;
	t->tid = task->pid;
	t->pid = task->tgid;
	t->start_ns = task->start_boottime;
	t->switches = task->nvcsw + task->nivcsw;
	t->task_flags = task->flags;
	t->on_cpu = task->on_cpu;
	t->cpu = task_cpu_nr(task);
	t->sp = task_saved_sp(task);
	t->ns_tid = t->tid;
	pid = BPF_CORE_READ(task, thread_pid);
	if (pid) {
		level = BPF_CORE_READ(pid, level);
		if (level)
			bpf_core_read(&t->ns_tid, sizeof(t->ns_tid), &pid->numbers[level].nr);
	}
	t->cgroup = BPF_CORE_READ(task, cgroups, dfl_cgrp, kn, id);
	bpf_probe_read_kernel_str(t->comm, sizeof(t->comm), task->comm);
}

/* A stack is dear: not for waits too young to matter.  For older ones user space
 * compares it with the recorded one, to know that the task still is in that wait. */
static __always_inline int wants_stack(const struct lk_task *t)
{
	if (t->on_cpu)
		return 0;
	return !(t->why & LK_WHY_WAIT) || t->t_ns >= t->wait.since_ns + LK_YOUNG_NS;
}

SEC("iter/task")
int snapshot(struct bpf_iter__task *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct task_struct *task = ctx->task;
	__u64 ip[LK_STACK_DEPTH];
	struct lk_task t = {};
	long bytes = 0;
	__u32 tid;

	if (!task)
		return 0;
	tid = task->pid;
	if ((__u32)task->tgid == cfg.self_tgid)
		return 0;
	t.state = BPF_CORE_READ(task, __state);
	t.task_flags = task->flags;
	read_wait(task, &t);
	if (!t.wait.lock && task->on_cpu)
		read_spin(task, &t);
	read_syscall(task, &t);
	if (t.state & TASK_UNINTERRUPTIBLE && !(t.state & TASK_NOLOAD))
		t.why |= LK_WHY_BLOCKED;
	if (bpf_map_lookup_elem(&asked, &tid))
		t.why |= LK_WHY_ASKED;
	if (!t.why)
		return 0;
	t.t_ns = bpf_ktime_get_boot_ns();
	read_ids(task, &t);
	if (wants_stack(&t))
		bytes = bpf_get_task_stack(task, ip, sizeof(ip), 0);
	if (bytes < 0)
		bytes = 0;
	t.nr_ip = (__u32)bytes / 8;
	t.len = sizeof(t) + t.nr_ip * 8;
	/* A record that does not fit is written again as a whole by the kernel. */
	bpf_seq_write(seq, &t, sizeof(t));
	if (bytes > 0 && bytes <= (long)sizeof(ip))
		bpf_seq_write(seq, ip, bytes);
	return 0;
}
