// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * futex.bpf.c - which threads wait for a futex or a SysV semaphore, by the registers of
 * their system call; what threads owe to SysV semaphores.
 *
 * An iterator of its own: a machine has thousands of threads asleep in a futex that is
 * no lock, and they are not to make each look at the others dear.  The registers lie
 * on the kernel stack, so nobody is asked for leave and nothing is waited for, unlike
 * /proc/TID/syscall, which takes a lock of the process.
 */
#include "compat.bpf.h"

#define TASK_INTERRUPTIBLE 1
#define PF_KTHREAD 0x00200000

/* include/uapi/linux/futex.h */
#define FUTEX_WAIT 0
#define FUTEX_LOCK_PI 6
#define FUTEX_WAIT_BITSET 9
#define FUTEX_WAIT_REQUEUE_PI 11
#define FUTEX_LOCK_PI2 13
#define FUTEX_PRIVATE_FLAG 128	/* equal to FUTEX2_PRIVATE */
#define FUTEX_CMD_MASK 127

/* futex(uaddr, op, val, timeout, uaddr2, …).  A wait whose word was 0 is for no lock:
 * a lock's word is 0 when it is free.  Those of a PI condition variable are for
 * uaddr2 once they are moved there, which cannot be seen from here. */
static __always_inline int read_futex(struct pt_regs *regs, struct lk_futex *f)
{
	__u32 op = regs_syscall_arg(regs, 1), cmd = op & FUTEX_CMD_MASK;

	if (cmd == FUTEX_LOCK_PI || cmd == FUTEX_LOCK_PI2)
		f->flags = LK_FUTEX_PI;
	else if (cmd == FUTEX_WAIT || cmd == FUTEX_WAIT_BITSET)
		f->val = regs_syscall_arg(regs, 2);
	if (!f->flags && !f->val)
		return 0;
	if (!(op & FUTEX_PRIVATE_FLAG))
		f->flags |= LK_FUTEX_SHARED;
	if (regs_syscall_arg(regs, 3))
		f->flags |= LK_FUTEX_TIMEOUT;
	return 1;
}

/* futex_wait(uaddr, val, mask, flags, timeout, clockid) */
static __always_inline int read_futex_wait(struct pt_regs *regs, struct lk_futex *f)
{
	f->val = regs_syscall_arg(regs, 1);
	if (!(regs_syscall_arg(regs, 3) & FUTEX_PRIVATE_FLAG))
		f->flags |= LK_FUTEX_SHARED;
	if (regs_syscall_arg(regs, 4))
		f->flags |= LK_FUTEX_TIMEOUT;
	return f->val != 0;
}

/* semop(semid, ops, nr_ops), semtimedop(…, timeout) */
static __always_inline int read_semop(struct task_struct *task, struct pt_regs *regs, int nr,
				      struct lk_futex *f)
{
	f->val = regs_syscall_arg0(regs);
	f->uaddr = regs_syscall_arg(regs, 1);
	f->nr_ops = regs_syscall_arg(regs, 2);
	f->flags = LK_FUTEX_SEMOP;
	if (nr == NR_SEMTIMEDOP && regs_syscall_arg(regs, 3))
		f->flags |= LK_FUTEX_TIMEOUT;
	f->ipc_ns = task_ipc_ns(task);
	return f->ipc_ns != 0;
}

static __always_inline int read_wait(struct task_struct *task, struct lk_futex *f)
{
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(task);
	int nr;

	if (!regs)
		return 0;
	nr = regs_syscall_nr(regs);
	f->uaddr = regs_syscall_arg0(regs);
	if (nr == NR_FUTEX)
		return read_futex(regs, f);
	if (nr == NR_SEMOP || nr == NR_SEMTIMEDOP)
		return read_semop(task, regs, nr, f);
	return nr == NR_FUTEX_WAIT && read_futex_wait(regs, f);
}

SEC("iter/task")
int futex_waits(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct lk_futex f = {};

	/* What a 32-bit program's locks look like is not known here. */
	if (!task || task->flags & PF_KTHREAD || task->on_cpu || task_is_compat(task) ||
	    !(BPF_CORE_READ(task, __state) & TASK_INTERRUPTIBLE) || is_ours(task))
		return 0;
	/* before the rest: as long as they stand still, what follows is of one sleep */
	f.switches = task->nvcsw + task->nivcsw;
	barrier();
	if (!read_wait(task, &f))
		return 0;
	f.t_ns = bpf_ktime_get_boot_ns();
	f.start_ns = task->start_boottime;
	f.tid = task->pid;
	f.pid = task->tgid;
	f.ns_tid = task_ns_tid(task);
	bpf_seq_write(ctx->meta->seq, &f, sizeof(f));
	return 0;
}

#define UNDO_SETS 32	/* of one thread */

/* Walked without the lock that protects it: what is read twice alike counts. */
SEC("iter/task")
int sem_undos(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct sem_undo_list___any *list;
	struct list_head *head, *at;
	struct lk_sem_undo rec = {};
	int i, unread = 0;

	if (!task || task->flags & PF_KTHREAD)
		return 0;
	list = task_undo_list(task);
	if (!list)
		return 0;
	head = &list->list_proc;
	at = BPF_CORE_READ(head, next);
	rec.start_ns = task->start_boottime;
	rec.tid = task->pid;
	rec.pid = task->tgid;
	rec.ipc_ns = task_ipc_ns(task);
	for (i = 0; i < UNDO_SETS && at && at != head; i++) {
		struct sem_undo___any *u = container_of(at, struct sem_undo___any, list_proc);

		rec.semid = BPF_CORE_READ(u, semid);
		at = BPF_CORE_READ(at, next);
		if (rec.semid < 0)	/* the set was removed */
			continue;
		/* behind a small one there may be no memory: KFENCE, DEBUG_PAGEALLOC */
		if (bpf_probe_read_kernel(rec.adj, sizeof(rec.adj), undo_adjustments(u)))
			unread = 1;
		else
			bpf_seq_write(ctx->meta->seq, &rec, sizeof(rec));
	}
	if (at != head || unread) {
		rec.semid = -1;
		bpf_seq_write(ctx->meta->seq, &rec, sizeof(rec));
	}
	return 0;
}
