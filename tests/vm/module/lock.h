/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* One lock of any kind, taken and given through one interface. */
#ifndef LK_LOCK_H
#define LK_LOCK_H

#include <linux/mutex.h>
#include <linux/percpu-rwsem.h>
#include <linux/rtmutex.h>
#include <linux/rwsem.h>
#include <linux/semaphore.h>
#include <linux/spinlock.h>
#include <linux/ww_mutex.h>

enum lk_kind {
	LK_MUTEX,
	LK_WW_MUTEX,
	LK_RWSEM,
	LK_PERCPU_RWSEM,
	LK_SEMAPHORE,
	LK_RT_MUTEX,
	LK_SPINLOCK,
	LK_RWLOCK,
};

enum lk_mode { LK_EXCLUSIVE, LK_READ, LK_WRITE };

/* What may break the wait; kinds that lack a form take the plain one. */
enum lk_how { LK_PLAIN, LK_KILLABLE, LK_INTERRUPTIBLE, LK_TIMEOUT };

/* The union is first: the address of the whole is that of the lock proper,
 * which is what the kernel's tracepoints show. */
struct lk_lock {
	union {
		struct mutex mutex;
		struct ww_mutex ww_mutex;
		struct rw_semaphore rwsem;
		struct percpu_rw_semaphore percpu_rwsem;
		struct semaphore semaphore;
		struct rt_mutex rt_mutex;
		spinlock_t spinlock;
		rwlock_t rwlock;
	};
	enum lk_kind kind;
};

extern struct ww_class lk_ww_class;

/* count: a semaphore's free places, ignored for the rest. 0 or -errno. */
int lk_lock__init(struct lk_lock *l, enum lk_kind kind, int count);
void lk_lock__destroy(struct lk_lock *l);

/* 0, or -EINTR or -ETIME when the wait was broken (see enum lk_how). */
int lk_lock__take(struct lk_lock *l, enum lk_mode mode, enum lk_how how);
/* true: taken */
bool lk_lock__try(struct lk_lock *l, enum lk_mode mode);
void lk_lock__give(struct lk_lock *l, enum lk_mode mode);

/* The function of this module that calls the kernel's to take, or to try. */
const void *lk_lock__site(const struct lk_lock *l, bool tried);
bool lk_lock__spins(const struct lk_lock *l);
/* LK_EXCLUSIVE means LK_WRITE for the kinds that know readers. */
enum lk_mode lk_lock__mode(const struct lk_lock *l, enum lk_mode mode);
const char *lk_kind__name(enum lk_kind kind);
const char *lk_mode__name(enum lk_mode mode);

#endif
