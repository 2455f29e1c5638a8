// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include <linux/jiffies.h>

#include "lock.h"

/* Long enough that a test sees the wait, short enough for one that awaits its end. */
#define LK_TIMEOUT_JIFFIES (5 * HZ)

DEFINE_WW_CLASS(lk_ww_class);

static int take_mutex(struct lk_lock *l, enum lk_mode mode, enum lk_how how)
{
	switch (how) {
	case LK_KILLABLE:
		return mutex_lock_killable(&l->mutex);
	case LK_INTERRUPTIBLE:
		return mutex_lock_interruptible(&l->mutex);
	default:
		mutex_lock(&l->mutex);
		return 0;
	}
}

static bool try_mutex(struct lk_lock *l, enum lk_mode mode)
{
	return mutex_trylock(&l->mutex);
}

static void give_mutex(struct lk_lock *l, enum lk_mode mode)
{
	mutex_unlock(&l->mutex);
}

/* Without an acquire context, so that the kernel resolves nothing. */
static int take_ww_mutex(struct lk_lock *l, enum lk_mode mode, enum lk_how how)
{
	return ww_mutex_lock(&l->ww_mutex, NULL);
}

static bool try_ww_mutex(struct lk_lock *l, enum lk_mode mode)
{
	return ww_mutex_trylock(&l->ww_mutex, NULL);
}

static void give_ww_mutex(struct lk_lock *l, enum lk_mode mode)
{
	ww_mutex_unlock(&l->ww_mutex);
}

static int take_rwsem(struct lk_lock *l, enum lk_mode mode, enum lk_how how)
{
	if (how == LK_KILLABLE)
		return mode == LK_READ ? down_read_killable(&l->rwsem) :
					 down_write_killable(&l->rwsem);
	if (mode == LK_READ)
		down_read(&l->rwsem);
	else
		down_write(&l->rwsem);
	return 0;
}

static bool try_rwsem(struct lk_lock *l, enum lk_mode mode)
{
	return mode == LK_READ ? down_read_trylock(&l->rwsem) :
				 down_write_trylock(&l->rwsem);
}

static void give_rwsem(struct lk_lock *l, enum lk_mode mode)
{
	if (mode == LK_READ)
		up_read(&l->rwsem);
	else
		up_write(&l->rwsem);
}

static int take_percpu(struct lk_lock *l, enum lk_mode mode, enum lk_how how)
{
	if (mode == LK_READ)
		percpu_down_read(&l->percpu_rwsem);
	else
		percpu_down_write(&l->percpu_rwsem);
	return 0;
}

static bool try_percpu(struct lk_lock *l, enum lk_mode mode)
{
	return mode == LK_READ && percpu_down_read_trylock(&l->percpu_rwsem);
}

static void give_percpu(struct lk_lock *l, enum lk_mode mode)
{
	if (mode == LK_READ)
		percpu_up_read(&l->percpu_rwsem);
	else
		percpu_up_write(&l->percpu_rwsem);
}

static int take_semaphore(struct lk_lock *l, enum lk_mode mode, enum lk_how how)
{
	switch (how) {
	case LK_KILLABLE:
		return down_killable(&l->semaphore);
	case LK_INTERRUPTIBLE:
		return down_interruptible(&l->semaphore);
	case LK_TIMEOUT:
		return down_timeout(&l->semaphore, LK_TIMEOUT_JIFFIES);
	default:
		down(&l->semaphore);
		return 0;
	}
}

static bool try_semaphore(struct lk_lock *l, enum lk_mode mode)
{
	return down_trylock(&l->semaphore) == 0;
}

static void give_semaphore(struct lk_lock *l, enum lk_mode mode)
{
	up(&l->semaphore);
}

static int take_rt_mutex(struct lk_lock *l, enum lk_mode mode, enum lk_how how)
{
	if (how == LK_INTERRUPTIBLE)
		return rt_mutex_lock_interruptible(&l->rt_mutex);
	rt_mutex_lock(&l->rt_mutex);
	return 0;
}

static bool try_rt_mutex(struct lk_lock *l, enum lk_mode mode)
{
	return rt_mutex_trylock(&l->rt_mutex);
}

static void give_rt_mutex(struct lk_lock *l, enum lk_mode mode)
{
	rt_mutex_unlock(&l->rt_mutex);
}

static int take_spinlock(struct lk_lock *l, enum lk_mode mode, enum lk_how how)
{
	spin_lock(&l->spinlock);
	return 0;
}

static bool try_spinlock(struct lk_lock *l, enum lk_mode mode)
{
	return spin_trylock(&l->spinlock);
}

static void give_spinlock(struct lk_lock *l, enum lk_mode mode)
{
	spin_unlock(&l->spinlock);
}

static int take_rwlock(struct lk_lock *l, enum lk_mode mode, enum lk_how how)
{
	if (mode == LK_READ)
		read_lock(&l->rwlock);
	else
		write_lock(&l->rwlock);
	return 0;
}

static bool try_rwlock(struct lk_lock *l, enum lk_mode mode)
{
	return mode == LK_READ ? read_trylock(&l->rwlock) : write_trylock(&l->rwlock);
}

static void give_rwlock(struct lk_lock *l, enum lk_mode mode)
{
	if (mode == LK_READ)
		read_unlock(&l->rwlock);
	else
		write_unlock(&l->rwlock);
}

static const struct {
	const char *name;
	int (*take)(struct lk_lock *l, enum lk_mode mode, enum lk_how how);
	bool (*try)(struct lk_lock *l, enum lk_mode mode);
	void (*give)(struct lk_lock *l, enum lk_mode mode);
} kinds[] = {
	[LK_MUTEX] = { "mutex", take_mutex, try_mutex, give_mutex },
	[LK_WW_MUTEX] = { "ww_mutex", take_ww_mutex, try_ww_mutex, give_ww_mutex },
	[LK_RWSEM] = { "rwsem", take_rwsem, try_rwsem, give_rwsem },
	[LK_PERCPU_RWSEM] = { "percpu_rwsem", take_percpu, try_percpu, give_percpu },
	[LK_SEMAPHORE] = { "semaphore", take_semaphore, try_semaphore, give_semaphore },
	[LK_RT_MUTEX] = { "rt_mutex", take_rt_mutex, try_rt_mutex, give_rt_mutex },
	[LK_SPINLOCK] = { "spinlock", take_spinlock, try_spinlock, give_spinlock },
	[LK_RWLOCK] = { "rwlock", take_rwlock, try_rwlock, give_rwlock },
};

int lk_lock__init(struct lk_lock *l, enum lk_kind kind, int count)
{
	l->kind = kind;
	switch (kind) {
	case LK_MUTEX:
		mutex_init(&l->mutex);
		break;
	case LK_WW_MUTEX:
		ww_mutex_init(&l->ww_mutex, &lk_ww_class);
		break;
	case LK_RWSEM:
		init_rwsem(&l->rwsem);
		break;
	case LK_PERCPU_RWSEM:
		return percpu_init_rwsem(&l->percpu_rwsem);
	case LK_SEMAPHORE:
		sema_init(&l->semaphore, count);
		break;
	case LK_RT_MUTEX:
		rt_mutex_init(&l->rt_mutex);
		break;
	case LK_SPINLOCK:
		spin_lock_init(&l->spinlock);
		break;
	case LK_RWLOCK:
		rwlock_init(&l->rwlock);
		break;
	}
	return 0;
}

void lk_lock__destroy(struct lk_lock *l)
{
	if (l->kind == LK_PERCPU_RWSEM)
		percpu_free_rwsem(&l->percpu_rwsem);
}

int lk_lock__take(struct lk_lock *l, enum lk_mode mode, enum lk_how how)
{
	return kinds[l->kind].take(l, mode, how);
}

bool lk_lock__try(struct lk_lock *l, enum lk_mode mode)
{
	return kinds[l->kind].try(l, mode);
}

void lk_lock__give(struct lk_lock *l, enum lk_mode mode)
{
	kinds[l->kind].give(l, mode);
}

const void *lk_lock__site(const struct lk_lock *l, bool tried)
{
	return tried ? (const void *)kinds[l->kind].try : (const void *)kinds[l->kind].take;
}

bool lk_lock__spins(const struct lk_lock *l)
{
	return l->kind == LK_SPINLOCK || l->kind == LK_RWLOCK;
}

enum lk_mode lk_lock__mode(const struct lk_lock *l, enum lk_mode mode)
{
	bool rw = l->kind == LK_RWSEM || l->kind == LK_PERCPU_RWSEM || l->kind == LK_RWLOCK;

	return rw && mode == LK_EXCLUSIVE ? LK_WRITE : mode;
}

const char *lk_kind__name(enum lk_kind kind)
{
	return kinds[kind].name;
}

const char *lk_mode__name(enum lk_mode mode)
{
	static const char *const names[] = { "exclusive", "read", "write" };

	return names[mode];
}
