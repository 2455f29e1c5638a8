/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * lockword.bpf.h - what a lock's own memory says about who holds it.
 *
 * All reads are fault-safe probe reads: the lock may be freed under us, and
 * what is read is only believed by user space when it is read twice unchanged.
 */
#ifndef LOCKSCOPE_LOCKWORD_BPF_H
#define LOCKSCOPE_LOCKWORD_BPF_H

#include "compat.bpf.h"

/* kernel/locking/mutex.h: MUTEX_FLAG_WAITERS 1, _HANDOFF 2, _PICKUP 4. */
#define MUTEX_WAITERS 1
#define MUTEX_PICKUP 4
#define MUTEX_FLAGS 7UL
/* kernel/locking/rwsem.c: owner bit 0 reader owned, bit 1 not spinnable;
 * count bit 0 writer, 1 waiters, 2 handoff, readers from bit 8 up. */
#define RWSEM_READER_OWNED 1
#define RWSEM_OWNER_FLAGS 7UL
#define RWSEM_WRITER_LOCKED 1
#define RWSEM_WAITERS 2
#define RWSEM_READER_SHIFT 8
/* kernel/locking/rtmutex.c: RT_MUTEX_HAS_WAITERS 1. */
#define RTMUTEX_WAITERS 1
/* kernel/locking/rwbase_rt.c: readers may enter, a writer holds it.  The rest counts readers. */
#define RWBASE_READER_BIAS (1U << 31)
#define RWBASE_WRITER_BIAS (1U << 30)

static __always_inline void word_rt_mutex(__u64 lock, struct lk_word *w)
{
	struct rt_mutex_base *rt = (void *)lock;
	__u64 owner;

	if (bpf_core_read(&owner, sizeof(owner), &rt->owner))
		return;
	w->says = LK_WORD_READ;
	if (owner & RTMUTEX_WAITERS)
		w->says |= LK_WORD_WAITERS;
	w->owner = owner & ~(__u64)RTMUTEX_WAITERS;
	w->says |= w->owner ? LK_WORD_OWNER : LK_WORD_FREE;
}

static __always_inline void word_mutex(__u64 lock, struct lk_word *w)
{
	struct mutex *m = (void *)lock;
	__u64 owner;

	/* PREEMPT_RT builds mutexes from rt_mutexes, which are all that is in them. */
	if (!bpf_core_field_exists(m->owner)) {
		word_rt_mutex(lock, w);
		return;
	}
	if (bpf_core_read(&owner, sizeof(owner), &m->owner))
		return;
	w->says = LK_WORD_READ;
	if (owner & MUTEX_WAITERS)
		w->says |= LK_WORD_WAITERS;
	if (owner & MUTEX_PICKUP)
		w->says |= LK_WORD_PICKUP;
	w->owner = owner & ~MUTEX_FLAGS;
	w->says |= !w->owner ? LK_WORD_FREE : owner & MUTEX_PICKUP ? 0 : LK_WORD_OWNER;
}

/* rwsems and rwlocks of PREEMPT_RT: a count, and an rt_mutex that a writer has, also while
 * it waits for the last reader to go. */
static __always_inline void word_rwbase(__u64 lock, struct lk_word *w)
{
	struct rwbase_rt___any *rw = (void *)lock;
	__u32 readers;

	if (!bpf_core_type_exists(struct rwbase_rt___any))
		return;
	word_rt_mutex((__u64)&rw->rtmutex, w);
	if (!(w->says & LK_WORD_READ) || bpf_core_read(&readers, sizeof(readers), &rw->readers.counter)) {
		w->says = 0;
		return;
	}
	w->nr_readers = (__s32)(readers & ~(RWBASE_READER_BIAS | RWBASE_WRITER_BIAS));
	w->says = (w->says & ~LK_WORD_FREE) | LK_WORD_COUNT;
	if (readers & RWBASE_WRITER_BIAS) {
		w->says |= LK_WORD_WRITER;
		w->nr_readers = 0;
		return;
	}
	w->says &= ~LK_WORD_OWNER;
	w->owner = 0;
	if (!w->nr_readers)
		w->says |= LK_WORD_FREE;
}

static __always_inline void word_rwsem(__u64 lock, struct lk_word *w)
{
	struct rw_semaphore *sem = (void *)lock;
	__u64 owner;
	__s64 count;

	if (bpf_core_type_exists(struct rwbase_rt___any)) {
		word_rwbase(lock, w);
		return;
	}
	if (bpf_core_read(&count, sizeof(count), &sem->count) ||
	    bpf_core_read(&owner, sizeof(owner), &sem->owner))
		return;
	w->says = LK_WORD_READ | LK_WORD_COUNT;
	if (count & RWSEM_WAITERS)
		w->says |= LK_WORD_WAITERS;
	/* The sign bit is a guard against reader overflow, no reader. */
	w->nr_readers = (__s32)((count & 0x7fffffffffffffffLL) >> RWSEM_READER_SHIFT);
	w->owner = owner & ~RWSEM_OWNER_FLAGS;
	if (count & RWSEM_WRITER_LOCKED) {
		w->says |= LK_WORD_WRITER;
		/* Between the count and the owner store nobody is named yet. */
		if (w->owner && !(owner & RWSEM_READER_OWNED))
			w->says |= LK_WORD_OWNER;
		w->nr_readers = 0;
	} else if (w->nr_readers) {
		/* The owner word outlives readers: only the last to come, a hint. */
		if (w->owner && (owner & RWSEM_READER_OWNED))
			w->says |= LK_WORD_READER;
	} else {
		w->says |= LK_WORD_FREE;
	}
}

static __always_inline void word_semaphore(__u64 lock, struct lk_word *w)
{
	struct semaphore *sem = (void *)lock;

	if (!bpf_core_read(&w->nr_readers, sizeof(w->nr_readers), &sem->count))
		w->says = LK_WORD_READ | LK_WORD_COUNT;
}

/* Who the owner is, as long as that can be read. */
static __always_inline void word_owner(struct lk_word *w)
{
	struct task_struct *owner = (void *)w->owner;

	if (!owner)
		return;
	w->owner_tid = BPF_CORE_READ(owner, pid);
	w->owner_pid = BPF_CORE_READ(owner, tgid);
	w->owner_start_ns = BPF_CORE_READ(owner, start_boottime);
}

/* The same by kind, for held entries; who the owner is stays with the caller. */
static __always_inline void word_of_kind(__u64 lock, __u32 info, struct lk_word *w)
{
	switch (LK_HELD_KIND(info)) {
	case LK_KIND_MUTEX:
	case LK_KIND_WW_MUTEX:
		word_mutex(lock, w);
		break;
	case LK_KIND_RWSEM:
		word_rwsem(lock, w);
		break;
	case LK_KIND_RT_MUTEX:
	case LK_KIND_SPINLOCK:	/* PREEMPT_RT: where they sleep, they are rt_mutexes */
		word_rt_mutex(lock, w);
		break;
	case LK_KIND_RWLOCK:
		word_rwbase(lock, w);
		break;
	case LK_KIND_SEMAPHORE:
		word_semaphore(lock, w);
		break;
	}
}

/* flags: of the wait's contention_begin.  percpu_rwsem and spinning locks name
 * nobody.  An rwbase of PREEMPT_RT (RT with READ or WRITE) starts with a reader
 * count, no owner word. */
static __always_inline void word_read(__u64 lock, __u32 flags, struct lk_word *w)
{
	if (flags & LK_F_MUTEX)
		word_mutex(lock, w);
	else if (flags & (LK_F_SPIN | LK_F_PERCPU))
		return;
	else if (flags & LK_F_RT) {
		if (!(flags & (LK_F_READ | LK_F_WRITE)))
			word_rt_mutex(lock, w);
	} else if (flags & (LK_F_READ | LK_F_WRITE)) {
		word_rwsem(lock, w);
	} else {
		word_semaphore(lock, w);
	}
	word_owner(w);
}

#endif
