/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * lockfuncs.h - every function of the kernel that takes or gives a lock: the one
 * table behind the hooks, their attaching, and `lockscope features`.
 *
 * A row: ROW(what, name, kind, mode, arg, give)
 *   what   TAKE   cannot fail: hooked at its entry
 *          TRY0   has taken the lock if it returns 0: hooked at its exit
 *          TRY1   has taken the lock if it returns anything else
 *          WANT   cannot fail, and may block where no tracepoint shows it: both
 *          GIVE   hooked at its entry
 *          DOWNGRADE  a writer becomes a reader
 *   kind   LK_KIND_*
 *   mode   LK_HELD_READ, LK_HELD_WRITE, or 0 where there are no readers
 *   arg    which argument is the lock; NO_ARG: the one that cfg.hotplug_lock names
 *   give   the function that ends what this one begins: without it the row is left
 *          out, since its holds would never end.  GIVE rows name themselves.
 *
 * No kernel has all of them; one that is missing, inlined or not traceable is left
 * out and named.  A function may call another of the table (mutex_lock_io calls
 * mutex_lock on some builds): takes and gives are idempotent per task and lock.
 *
 * Sources: include/linux/{mutex,rwsem,percpu-rwsem,semaphore,rtmutex,ww_mutex,
 * spinlock_api_smp,rwlock_api_smp}.h, kernel/locking/, kernel/cpu.c.  The *_nested
 * forms exist under DEBUG_LOCK_ALLOC, the rt_* forms under PREEMPT_RT.
 */
#ifndef LOCKSCOPE_LOCKFUNCS_H
#define LOCKSCOPE_LOCKFUNCS_H

#define NO_ARG 7

/* Locks whose waiters sleep; kept per task. */
#define LK_SLEEP_FUNCS(ROW) \
	ROW(GIVE, mutex_unlock, MUTEX, 0, 0, mutex_unlock) \
	ROW(TAKE, mutex_lock, MUTEX, 0, 0, mutex_unlock) \
	ROW(TAKE, mutex_lock_nested, MUTEX, 0, 0, mutex_unlock) \
	ROW(TAKE, _mutex_lock_nest_lock, MUTEX, 0, 0, mutex_unlock) \
	ROW(TAKE, mutex_lock_io, MUTEX, 0, 0, mutex_unlock) \
	ROW(TAKE, mutex_lock_io_nested, MUTEX, 0, 0, mutex_unlock) \
	ROW(TRY0, mutex_lock_interruptible, MUTEX, 0, 0, mutex_unlock) \
	ROW(TRY0, mutex_lock_interruptible_nested, MUTEX, 0, 0, mutex_unlock) \
	ROW(TRY0, mutex_lock_killable, MUTEX, 0, 0, mutex_unlock) \
	ROW(TRY0, mutex_lock_killable_nested, MUTEX, 0, 0, mutex_unlock) \
	ROW(TRY0, _mutex_lock_killable, MUTEX, 0, 0, mutex_unlock) \
	ROW(TRY1, mutex_trylock, MUTEX, 0, 0, mutex_unlock) \
	ROW(TRY1, _mutex_trylock_nest_lock, MUTEX, 0, 0, mutex_unlock) \
	ROW(TRY1, atomic_dec_and_mutex_lock, MUTEX, 0, 1, mutex_unlock) \
	ROW(GIVE, ww_mutex_unlock, WW_MUTEX, 0, 0, ww_mutex_unlock) \
	ROW(TRY0, ww_mutex_lock, WW_MUTEX, 0, 0, ww_mutex_unlock) \
	ROW(TRY0, ww_mutex_lock_interruptible, WW_MUTEX, 0, 0, ww_mutex_unlock) \
	ROW(TRY1, ww_mutex_trylock, WW_MUTEX, 0, 0, ww_mutex_unlock) \
	ROW(GIVE, up_read, RWSEM, LK_HELD_READ, 0, up_read) \
	ROW(GIVE, up_read_non_owner, RWSEM, LK_HELD_READ, 0, up_read_non_owner) \
	ROW(TAKE, down_read, RWSEM, LK_HELD_READ, 0, up_read) \
	ROW(TAKE, down_read_nested, RWSEM, LK_HELD_READ, 0, up_read) \
	ROW(TAKE, down_read_non_owner, RWSEM, LK_HELD_READ, 0, up_read_non_owner) \
	ROW(TRY0, down_read_interruptible, RWSEM, LK_HELD_READ, 0, up_read) \
	ROW(TRY0, down_read_killable, RWSEM, LK_HELD_READ, 0, up_read) \
	ROW(TRY0, down_read_killable_nested, RWSEM, LK_HELD_READ, 0, up_read) \
	ROW(TRY1, down_read_trylock, RWSEM, LK_HELD_READ, 0, up_read) \
	ROW(GIVE, up_write, RWSEM, LK_HELD_WRITE, 0, up_write) \
	ROW(TAKE, down_write, RWSEM, LK_HELD_WRITE, 0, up_write) \
	ROW(TAKE, down_write_nested, RWSEM, LK_HELD_WRITE, 0, up_write) \
	ROW(TAKE, _down_write_nest_lock, RWSEM, LK_HELD_WRITE, 0, up_write) \
	ROW(TRY0, down_write_killable, RWSEM, LK_HELD_WRITE, 0, up_write) \
	ROW(TRY0, down_write_killable_nested, RWSEM, LK_HELD_WRITE, 0, up_write) \
	ROW(TRY1, down_write_trylock, RWSEM, LK_HELD_WRITE, 0, up_write) \
	ROW(DOWNGRADE, downgrade_write, RWSEM, LK_HELD_WRITE, 0, up_read) \
	ROW(GIVE, percpu_up_write, PERCPU_RWSEM, LK_HELD_WRITE, 0, percpu_up_write) \
	ROW(WANT, percpu_down_write, PERCPU_RWSEM, LK_HELD_WRITE, 0, percpu_up_write) \
	ROW(GIVE, cpus_read_unlock, PERCPU_RWSEM, LK_HELD_READ, NO_ARG, cpus_read_unlock) \
	ROW(TAKE, cpus_read_lock, PERCPU_RWSEM, LK_HELD_READ, NO_ARG, cpus_read_unlock) \
	ROW(TRY1, cpus_read_trylock, PERCPU_RWSEM, LK_HELD_READ, NO_ARG, cpus_read_unlock) \
	ROW(GIVE, up, SEMAPHORE, 0, 0, up) \
	ROW(TAKE, down, SEMAPHORE, 0, 0, up) \
	ROW(TRY0, down_interruptible, SEMAPHORE, 0, 0, up) \
	ROW(TRY0, down_killable, SEMAPHORE, 0, 0, up) \
	ROW(TRY0, down_timeout, SEMAPHORE, 0, 0, up) \
	ROW(TRY0, down_trylock, SEMAPHORE, 0, 0, up) \
	ROW(GIVE, rt_mutex_unlock, RT_MUTEX, 0, 0, rt_mutex_unlock) \
	ROW(TAKE, rt_mutex_lock, RT_MUTEX, 0, 0, rt_mutex_unlock) \
	ROW(TAKE, rt_mutex_lock_nested, RT_MUTEX, 0, 0, rt_mutex_unlock) \
	ROW(TAKE, _rt_mutex_lock_nest_lock, RT_MUTEX, 0, 0, rt_mutex_unlock) \
	ROW(TRY0, rt_mutex_lock_interruptible, RT_MUTEX, 0, 0, rt_mutex_unlock) \
	ROW(TRY0, rt_mutex_lock_killable, RT_MUTEX, 0, 0, rt_mutex_unlock) \
	ROW(TRY1, rt_mutex_trylock, RT_MUTEX, 0, 0, rt_mutex_unlock) \
	ROW(GIVE, rt_spin_unlock, SPINLOCK, 0, 0, rt_spin_unlock) \
	ROW(TAKE, rt_spin_lock, SPINLOCK, 0, 0, rt_spin_unlock) \
	ROW(TAKE, rt_spin_lock_nested, SPINLOCK, 0, 0, rt_spin_unlock) \
	ROW(TRY1, rt_spin_trylock, SPINLOCK, 0, 0, rt_spin_unlock) \
	ROW(TRY1, rt_spin_trylock_bh, SPINLOCK, 0, 0, rt_spin_unlock) \
	ROW(GIVE, rt_read_unlock, RWLOCK, LK_HELD_READ, 0, rt_read_unlock) \
	ROW(TAKE, rt_read_lock, RWLOCK, LK_HELD_READ, 0, rt_read_unlock) \
	ROW(TRY1, rt_read_trylock, RWLOCK, LK_HELD_READ, 0, rt_read_unlock) \
	ROW(GIVE, rt_write_unlock, RWLOCK, LK_HELD_WRITE, 0, rt_write_unlock) \
	ROW(TAKE, rt_write_lock, RWLOCK, LK_HELD_WRITE, 0, rt_write_unlock) \
	ROW(TRY1, rt_write_trylock, RWLOCK, LK_HELD_WRITE, 0, rt_write_unlock)

/* Locks whose waiters spin; kept per CPU and context, with --spin. */
#define LK_SPIN_FUNCS(ROW) \
	ROW(GIVE, _raw_spin_unlock, SPINLOCK, 0, 0, _raw_spin_unlock) \
	ROW(GIVE, _raw_spin_unlock_irq, SPINLOCK, 0, 0, _raw_spin_unlock_irq) \
	ROW(GIVE, _raw_spin_unlock_bh, SPINLOCK, 0, 0, _raw_spin_unlock_bh) \
	ROW(GIVE, _raw_spin_unlock_irqrestore, SPINLOCK, 0, 0, _raw_spin_unlock_irqrestore) \
	ROW(GIVE, _raw_spin_unlock_irq_enable, SPINLOCK, 0, 0, _raw_spin_unlock_irq_enable) \
	ROW(TAKE, _raw_spin_lock, SPINLOCK, 0, 0, _raw_spin_unlock) \
	ROW(TAKE, _raw_spin_lock_nested, SPINLOCK, 0, 0, _raw_spin_unlock) \
	ROW(TAKE, _raw_spin_lock_nest_lock, SPINLOCK, 0, 0, _raw_spin_unlock) \
	ROW(TAKE, _raw_spin_lock_irq, SPINLOCK, 0, 0, _raw_spin_unlock_irq) \
	ROW(TAKE, _raw_spin_lock_bh, SPINLOCK, 0, 0, _raw_spin_unlock_bh) \
	ROW(TAKE, _raw_spin_lock_irqsave, SPINLOCK, 0, 0, _raw_spin_unlock_irqrestore) \
	ROW(TAKE, _raw_spin_lock_irqsave_nested, SPINLOCK, 0, 0, _raw_spin_unlock_irqrestore) \
	ROW(TAKE, _raw_spin_lock_irq_disable, SPINLOCK, 0, 0, _raw_spin_unlock_irq_enable) \
	ROW(TRY1, _raw_spin_trylock, SPINLOCK, 0, 0, _raw_spin_unlock) \
	ROW(TRY1, _raw_spin_trylock_bh, SPINLOCK, 0, 0, _raw_spin_unlock_bh) \
	ROW(TRY1, _raw_spin_trylock_irq_disable, SPINLOCK, 0, 0, _raw_spin_unlock_irq_enable) \
	ROW(GIVE, _raw_read_unlock, RWLOCK, LK_HELD_READ, 0, _raw_read_unlock) \
	ROW(GIVE, _raw_read_unlock_irq, RWLOCK, LK_HELD_READ, 0, _raw_read_unlock_irq) \
	ROW(GIVE, _raw_read_unlock_bh, RWLOCK, LK_HELD_READ, 0, _raw_read_unlock_bh) \
	ROW(GIVE, _raw_read_unlock_irqrestore, RWLOCK, LK_HELD_READ, 0, _raw_read_unlock_irqrestore) \
	ROW(TAKE, _raw_read_lock, RWLOCK, LK_HELD_READ, 0, _raw_read_unlock) \
	ROW(TAKE, _raw_read_lock_irq, RWLOCK, LK_HELD_READ, 0, _raw_read_unlock_irq) \
	ROW(TAKE, _raw_read_lock_bh, RWLOCK, LK_HELD_READ, 0, _raw_read_unlock_bh) \
	ROW(TAKE, _raw_read_lock_irqsave, RWLOCK, LK_HELD_READ, 0, _raw_read_unlock_irqrestore) \
	ROW(TRY1, _raw_read_trylock, RWLOCK, LK_HELD_READ, 0, _raw_read_unlock) \
	ROW(GIVE, _raw_write_unlock, RWLOCK, LK_HELD_WRITE, 0, _raw_write_unlock) \
	ROW(GIVE, _raw_write_unlock_irq, RWLOCK, LK_HELD_WRITE, 0, _raw_write_unlock_irq) \
	ROW(GIVE, _raw_write_unlock_bh, RWLOCK, LK_HELD_WRITE, 0, _raw_write_unlock_bh) \
	ROW(GIVE, _raw_write_unlock_irqrestore, RWLOCK, LK_HELD_WRITE, 0, _raw_write_unlock_irqrestore) \
	ROW(TAKE, _raw_write_lock, RWLOCK, LK_HELD_WRITE, 0, _raw_write_unlock) \
	ROW(TAKE, _raw_write_lock_nested, RWLOCK, LK_HELD_WRITE, 0, _raw_write_unlock) \
	ROW(TAKE, _raw_write_lock_irq, RWLOCK, LK_HELD_WRITE, 0, _raw_write_unlock_irq) \
	ROW(TAKE, _raw_write_lock_bh, RWLOCK, LK_HELD_WRITE, 0, _raw_write_unlock_bh) \
	ROW(TAKE, _raw_write_lock_irqsave, RWLOCK, LK_HELD_WRITE, 0, _raw_write_unlock_irqrestore) \
	ROW(TRY1, _raw_write_trylock, RWLOCK, LK_HELD_WRITE, 0, _raw_write_unlock)

/* Where the waiters of spinning locks spin: entered and left for each wait, also for
 * those that pass no tracepoint.  The flag is that of contention_begin. */
#define LK_SLOW_FUNCS(ROW) \
	ROW(native_queued_spin_lock_slowpath, LK_F_SPIN) \
	ROW(queued_read_lock_slowpath, LK_F_SPIN | LK_F_READ) \
	ROW(queued_write_lock_slowpath, LK_F_SPIN | LK_F_WRITE)

#endif
