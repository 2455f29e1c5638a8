/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * compat.bpf.h - every CO-RE flavour, with the kernel version that changed it.
 */
#ifndef LOCKSCOPE_COMPAT_BPF_H
#define LOCKSCOPE_COMPAT_BPF_H

#include "maps.bpf.h"

#ifdef __TARGET_ARCH_arm64
#define regs_syscall_nr(regs) ((regs)->syscallno)
#define regs_syscall_arg(regs, i) ((regs)->regs[i])	/* i >= 1 */
#define regs_syscall_arg0(regs) ((regs)->orig_x0)
#define NR_FUTEX 98
#define NR_SEMOP 193
#define NR_SEMTIMEDOP 192
#else
#define regs_syscall_nr(regs) ((int)(regs)->orig_ax)
#define regs_syscall_arg(regs, i)                                                                  \
	((i) == 1 ? (regs)->si : (i) == 2 ? (regs)->dx : (i) == 3 ? (regs)->r10 : (regs)->r8)
#define regs_syscall_arg0(regs) ((regs)->di)
#define NR_FUTEX 202
#define NR_SEMOP 65
#define NR_SEMTIMEDOP 220
#endif
#define NR_FUTEX_WAIT 455	/* 6.7, on every architecture */

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

static __always_inline int is_helper(struct task_struct *task)
{
	__u32 tgid = task->tgid, i;

	for (i = 0; i < LK_HELPERS; i++)
		if (tgid == helper_tgids[i])
			return 1;
	return 0;
}

static __always_inline int is_ours(struct task_struct *task)
{
	return (__u32)task->tgid == cfg.self_tgid || is_helper(task);
}

/* The thread's id in its own pid namespace. */
static __always_inline __u32 task_ns_tid(struct task_struct *task)
{
	struct pid *pid = BPF_CORE_READ(task, thread_pid);
	__u32 nr = task->pid, level;

	if (pid) {
		level = BPF_CORE_READ(pid, level);
		if (level)
			bpf_core_read(&nr, sizeof(nr), &pid->numbers[level].nr);
	}
	return nr;
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

/* 6.16 and later with DETECT_HUNG_TASK_BLOCKER: the lock a task waits for uninterruptibly,
 * its kind in the lowest two bits.  Left behind when it is woken. */
struct task_struct___blocker {
	unsigned long blocker;
} __attribute__((preserve_access_index));
#define BLOCKER_KIND 3UL

/* 5.18 and later with CONFIG_RETHOOK: the functions the task is in whose return is hooked
 * (kretprobes, and on older kernels return probes of fprobe). */
struct llist_head___any {
	void *first;
} __attribute__((preserve_access_index));
struct task_struct___rethooks {
	struct llist_head___any rethooks;
} __attribute__((preserve_access_index));

static __always_inline int has_hooked_return(struct task_struct *task)
{
	struct task_struct___rethooks *t = (void *)task;

	return bpf_core_field_exists(t->rethooks) && BPF_CORE_READ(t, rethooks.first);
}

/* exec_start: when the task was last accounted time, by its run queue's clock: of a
 * sleeper, when it left its CPU.  cfs_rq: with CONFIG_FAIR_GROUP_SCHED. */
struct rq___any {
	int cpu;
} __attribute__((preserve_access_index));
struct cfs_rq___any {
	struct rq___any *rq;
} __attribute__((preserve_access_index));
struct sched_entity___any {
	__u64 exec_start;
	struct cfs_rq___any *cfs_rq;
} __attribute__((preserve_access_index));
struct task_struct___se {
	struct sched_entity___any se;
} __attribute__((preserve_access_index));

/* Up to 7.1 a list head; then a pointer to the first of a ring of waiters. */
struct mutex___72 {
	void *first_waiter;
} __attribute__((preserve_access_index));
struct rw_semaphore___72 {
	void *first_waiter;
} __attribute__((preserve_access_index));
struct semaphore___72 {
	void *first_waiter;
} __attribute__((preserve_access_index));
/* kernel/locking/semaphore.c */
struct semaphore_waiter___any {
	struct list_head list;
	struct task_struct *task;
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

/* The slab allocator (SLUB): struct slab since 5.17; SLAB and SLOB, gone since 6.8 and 6.4,
 * have no `partial` list of this shape. */
struct slab___any {
	struct kmem_cache___any *slab_cache;
	struct list_head slab_list;
	void *freelist;
	unsigned long counters;		/* inuse:16, objects:15, frozen:1 */
} __attribute__((preserve_access_index));

struct kmem_cache_node___any {
	struct list_head partial;
} __attribute__((preserve_access_index));

struct kmem_cache_order_objects___any {
	unsigned int x;			/* order above bit 16 */
} __attribute__((preserve_access_index));

struct kmem_cache___any {
	unsigned int size;
	unsigned int object_size;
	unsigned int red_left_pad;
	int refcount;
	struct kmem_cache_order_objects___any oo;
	const char *name;
	struct list_head list;
	struct kmem_cache_node___any *node[1];
} __attribute__((preserve_access_index));

/* 7.1 put the node's pointer beside another. */
struct kmem_cache_per_node_ptrs___any {
	struct kmem_cache_node___any *node;
} __attribute__((preserve_access_index));
struct kmem_cache___per_node {
	struct kmem_cache_per_node_ptrs___any per_node[1];
} __attribute__((preserve_access_index));

struct page___any {
	unsigned long flags;
	unsigned long compound_head;
	unsigned int page_type;
} __attribute__((preserve_access_index));
/* 7.1: a mask that leads from a tail page to its head, or a pointer as before. */
struct page___info {
	unsigned long compound_info;
} __attribute__((preserve_access_index));

/* What tells a slab: a flag till 6.9, a page type in the highest byte from 6.11 on. */
enum pageflags___any { PG_slab___any = 1 };
enum pagetype___any { PGTY_slab___any = 1 };

struct socket___any {
	struct sock___any *sk;
} __attribute__((preserve_access_index));
struct proto___any {
	struct kmem_cache___any *slab;
} __attribute__((preserve_access_index));
struct in6_addr___any {
	char in6_u[16];
} __attribute__((preserve_access_index));
struct sock_common___any {
	unsigned int skc_daddr, skc_rcv_saddr;
	unsigned short skc_dport, skc_num;
	unsigned short skc_family;
	struct in6_addr___any skc_v6_daddr, skc_v6_rcv_saddr;	/* with IPV6 */
	struct proto___any *skc_prot;
} __attribute__((preserve_access_index));
struct sock___any {
	struct sock_common___any __sk_common;
	struct socket___any *sk_socket;
} __attribute__((preserve_access_index));
struct unix_address___any {
	int len;		/* right before the struct sockaddr_un */
} __attribute__((preserve_access_index));
struct unix_sock___any {
	struct unix_address___any *addr;
} __attribute__((preserve_access_index));

struct super_block___any {
	struct list_head s_list;
	unsigned int s_dev;
	char s_id[32];
} __attribute__((preserve_access_index));
struct hlist_node___any {
	struct hlist_node___any *next;
} __attribute__((preserve_access_index));
struct hlist_head___any {
	struct hlist_node___any *first;
} __attribute__((preserve_access_index));
struct inode___any {
	struct super_block___any *i_sb;
	struct hlist_head___any i_dentry;
	unsigned long i_ino;		/* u64 since 7.1: the same on 64 bits */
} __attribute__((preserve_access_index));
struct qstr___any {
	const unsigned char *name;
} __attribute__((preserve_access_index));
/* d_alias left the union d_u in 7.1. */
struct dentry___any {
	struct super_block___any *d_sb;
	struct qstr___any d_name;
	struct hlist_node___any d_alias;
} __attribute__((preserve_access_index));
struct dentry___union {
	union {
		struct hlist_node___any d_alias;
	} d_u;
} __attribute__((preserve_access_index));
/* A socket's inode lies behind it. */
struct socket_alloc___any {
	struct socket___any socket;
	struct inode___any vfs_inode;
} __attribute__((preserve_access_index));
struct gendisk___any {
	char disk_name[32];
} __attribute__((preserve_access_index));
/* 5.15 */
struct request_queue___any {
	struct gendisk___any *disk;
} __attribute__((preserve_access_index));
struct task_struct___sighand {
	void *sighand;
} __attribute__((preserve_access_index));
struct file___any {
	struct inode___any *f_inode;
	void *private_data;
} __attribute__((preserve_access_index));
struct fdtable___any {
	struct file___any **fd;
} __attribute__((preserve_access_index));
struct files_struct___any {
	struct fdtable___any *fdt;
} __attribute__((preserve_access_index));
struct path___any {
	struct dentry___any *dentry;
} __attribute__((preserve_access_index));
struct fs_struct___any {
	struct path___any root;
} __attribute__((preserve_access_index));
struct task_struct___files {
	struct files_struct___any *files;
	struct fs_struct___any *fs;
} __attribute__((preserve_access_index));
struct mm_struct___any {
	struct task_struct *owner;	/* with CONFIG_MEMCG */
} __attribute__((preserve_access_index));

/* What PREEMPT_RT has at the begin of rwsems and rwlocks. */
struct rwbase_rt___any {
	atomic_t readers;
	struct rt_mutex_base rtmutex;
} __attribute__((preserve_access_index));

/* ipc/sem.c; without CONFIG_SYSVIPC there is none of it.  semadj was a pointer to what
 * lies behind the struct before it became that itself. */
struct sem_undo___ptr {
	short *semadj;
} __attribute__((preserve_access_index));
struct sem_undo___any {
	struct list_head list_proc;
	int semid;
	short semadj[1];
} __attribute__((preserve_access_index));
struct sem_undo_list___any {
	struct list_head list_proc;
} __attribute__((preserve_access_index));
struct sysv_sem___any {
	struct sem_undo_list___any *undo_list;
} __attribute__((preserve_access_index));
struct task_struct___sem {
	struct sysv_sem___any sysvsem;
} __attribute__((preserve_access_index));

static __always_inline struct sem_undo_list___any *task_undo_list(struct task_struct *task)
{
	struct task_struct___sem *t = (void *)task;

	return bpf_core_field_exists(t->sysvsem.undo_list) ? BPF_CORE_READ(t, sysvsem.undo_list) :
							     NULL;
}

static __always_inline const void *undo_adjustments(struct sem_undo___any *u)
{
	struct sem_undo___ptr *p = (void *)u;

	return bpf_core_field_exists(p->semadj) ? (const void *)BPF_CORE_READ(p, semadj) :
						  (const void *)&u->semadj;
}

struct ns_common___any {
	unsigned int inum;
} __attribute__((preserve_access_index));
struct ipc_namespace___any {
	struct ns_common___any ns;
} __attribute__((preserve_access_index));
struct nsproxy___ipc {
	struct ipc_namespace___any *ipc_ns;
} __attribute__((preserve_access_index));

/* The inode number of the task's IPC namespace; 0: it exits, or there are none. */
static __always_inline __u32 task_ipc_ns(struct task_struct *task)
{
	struct nsproxy___ipc *n = (void *)BPF_CORE_READ(task, nsproxy);
	struct ipc_namespace___any *ns;

	if (!n || !bpf_core_field_exists(n->ipc_ns))
		return 0;
	ns = BPF_CORE_READ(n, ipc_ns);
	return ns && bpf_core_field_exists(ns->ns.inum) ? BPF_CORE_READ(ns, ns.inum) : 0;
}

#endif
