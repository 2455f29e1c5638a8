/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * abi_futex.h - threads that wait for a futex.  Part of abi.h.
 */
#ifndef LOCKSCOPE_ABI_FUTEX_H
#define LOCKSCOPE_ABI_FUTEX_H

/* A thread that sleeps in a system call that waits for a futex, written by the iterator
 * over tasks of its own; what lies at uaddr only user space can tell. */
enum lk_futex_flag {
	LK_FUTEX_PI = 1,	/* the word names the owner: FUTEX_LOCK_PI and kin */
	LK_FUTEX_SHARED = 2,	/* without FUTEX_PRIVATE_FLAG */
	LK_FUTEX_TIMEOUT = 4,
	LK_FUTEX_SEMOP = 8,	/* no futex: semop() of a SysV semaphore set */
};
struct lk_futex {
	__u64 uaddr;		/* semop: of the operations */
	__u64 start_ns;
	__u64 switches;		/* voluntary plus involuntary */
	__u64 t_ns;
	__u32 tid;
	__u32 pid;
	__u32 ns_tid;		/* as user space of the thread itself knows it */
	__u32 val;		/* that the word had when it fell asleep; PI: 0; semop: the set */
	__u32 flags;		/* enum lk_futex_flag */
	__u32 nr_ops;		/* semop */
	__u32 ipc_ns;		/* semop: inode number of its IPC namespace */
	__u32 pad;
};

/* What the kernel would give back to one semaphore set if this thread exited: what its
 * operations with SEM_UNDO took and did not give.  Threads of a process share it. */
#define LK_UNDO_SEMS 64		/* semaphores of a set that are told of */
struct lk_sem_undo {
	__u64 start_ns;
	__u32 tid;
	__u32 pid;
	__u32 ipc_ns;
	__s32 semid;		/* -1: there are sets that are not told of */
	__s16 adj[LK_UNDO_SEMS];	/* those behind the end of the set mean nothing */
};

#endif
