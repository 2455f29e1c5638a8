// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * Spins that end: each lasts until the stop, or param ms from when all are in place,
 * short of what the kernel's lockup and stall detectors bear.
 */
#include <linux/delay.h>
#include <linux/ktime.h>
#include <linux/preempt.h>
#include <linux/smp.h>
#include <linux/version.h>

#include "run.h"

#ifndef CONFIG_PREEMPT_RT /* no lock of ours spins there */

#define LK_SPIN_MAX_MS 12000

static s64 spin_ms(const struct lk_run *r)
{
	return clamp(r->param, 1L, (long)LK_SPIN_MAX_MS);
}

static bool all_spin(struct lk_run *r)
{
	int i;

	for (i = r->scenario->nr_free; i < r->scenario->nr_tasks; i++)
		if (!r->tasks[i].at_last_take || !smp_load_acquire(&r->tasks[i].waiting))
			return false;
	return true;
}

/* Busy until the others spin (a second at most), then until the stop or for param ms. */
static void hold_busy(struct lk_run *r)
{
	ktime_t limit = ktime_add_ms(ktime_get(), 1000);

	while (!all_spin(r) && ktime_before(ktime_get(), limit))
		cpu_relax();
	limit = ktime_add_ms(ktime_get(), spin_ms(r));
	while (!READ_ONCE(r->stop) && ktime_before(ktime_get(), limit))
		cpu_relax();
	lk_run__formed(r); /* for a reader of the truth who comes late */
}

/* Task 0 holds lock 0 on its processor; the others spin on theirs. */
int lk_body__long_spin(struct lk_task *t)
{
	struct lk_run *r = t->run;
	const struct lk_scenario *s = r->scenario;
	int err = 0;

	if (t->idx == 0) {
		lk_task__take(t, &r->locks[0], s->hold[0], LK_PLAIN);
		lk_task__arrive(t);
		hold_busy(r);
	} else {
		err = lk_task__await(t, 1);
		t->at_last_take = true;
		if (!err)
			lk_task__take(t, &r->locks[0], s->want[t->idx % 2], LK_PLAIN);
	}
	lk_task__give_all(t);
	return err;
}

/*
 * Frees a lock under its holder, who must not give it any more: it only drops
 * the preemption count its take raised. The one way out of a spin deadlock.
 */
static void break_lock(struct lk_lock *l)
{
	if (l->kind == LK_SPINLOCK)
		arch_spin_unlock(&l->spinlock.rlock.raw_lock);
	else
		arch_write_unlock(&l->rwlock.raw_lock);
}

/*
 * Every ms: when all have spun for param ms, or at the stop, frees lock 0. In an interrupt,
 * since a task on this processor may itself wait, with preemption off, for one
 * that spins with interrupts off to answer it.
 */
static enum hrtimer_restart break_tick(struct hrtimer *timer)
{
	struct lk_run *r = container_of(timer, struct lk_run, breaker);

	if (!r->break_at && all_spin(r))
		r->break_at = ktime_add_ms(ktime_get(), spin_ms(r));
	if (!r->break_at || (!READ_ONCE(r->stop) && ktime_before(ktime_get(), r->break_at))) {
		hrtimer_forward_now(timer, ms_to_ktime(1));
		return HRTIMER_RESTART;
	}
	lk_run__formed(r);
	lk_task__forget(&r->tasks[1], &r->locks[0]);
	break_lock(&r->locks[0]);
	WRITE_ONCE(r->broken, true);
	return HRTIMER_NORESTART;
}

/* On the processor of the caller, which is bound to it. */
static void arm_breaker(struct lk_run *r)
{
	const enum hrtimer_mode mode = HRTIMER_MODE_REL_PINNED_HARD;

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
	hrtimer_setup(&r->breaker, break_tick, CLOCK_MONOTONIC, mode);
#else
	hrtimer_init(&r->breaker, CLOCK_MONOTONIC, mode);
	r->breaker.function = break_tick;
#endif
	hrtimer_start(&r->breaker, ms_to_ktime(1), mode);
}

/* Only the timer gets the others out. */
static void await_break(struct lk_run *r)
{
	while (!READ_ONCE(r->broken))
		msleep(5);
	hrtimer_cancel(&r->breaker);
}

/* Both are on their processor now, so neither finds the other's lock free. */
static void meet_busy(struct lk_run *r)
{
	ktime_t limit = ktime_add_ms(ktime_get(), 1000);

	atomic_inc(&r->arrived);
	while (atomic_read(&r->arrived) < 2 && ktime_before(ktime_get(), limit))
		cpu_relax();
}

/*
 * Task 1 holds lock 0 and spins on lock 1, task 2 the other way round; task 0
 * frees lock 0 in the end.
 */
int lk_body__spin_abba(struct lk_task *t)
{
	struct lk_run *r = t->run;
	struct lk_lock *own, *next;

	if (t->idx == 0) {
		arm_breaker(r);
		await_break(r);
		return 0;
	}
	own = &r->locks[t->idx - 1];
	next = &r->locks[2 - t->idx];
	lk_task__take(t, own, LK_EXCLUSIVE, LK_PLAIN);
	meet_busy(r);
	t->at_last_take = true;
	lk_task__take(t, next, LK_EXCLUSIVE, LK_PLAIN);
	lk_task__give_all(t);
	barrier_data(own); /* at hand until here, as where a lock is given back by its name */
	if (t->idx == 1)
		preempt_enable(); /* for the lock that was freed under it */
	return 0;
}

/* In the interrupt, on the processor whose task holds the lock. */
static void spin_in_irq(void *arg)
{
	struct lk_task *t = arg;
	struct lk_lock *l = &t->run->locks[0];

	lk_task__begin_wait(t, l, LK_EXCLUSIVE);
	lk_lock__take(l, LK_EXCLUSIVE, LK_PLAIN);
	lk_task__end_wait(t);
	lk_lock__give(l, LK_EXCLUSIVE);
}

/*
 * Task 1 holds lock 0 with interrupts on; task 0 sends it an interrupt that
 * wants the lock, and frees it in the end.
 */
int lk_body__spin_irq(struct lk_task *t)
{
	struct lk_run *r = t->run;

	if (t->idx == 0) {
		while (!atomic_read(&r->arrived))
			msleep(1);
		arm_breaker(r);
		smp_call_function_single(2, spin_in_irq, &r->tasks[1], false);
		await_break(r);
		return 0;
	}
	t->at_last_take = true;
	lk_task__take(t, &r->locks[0], LK_EXCLUSIVE, LK_PLAIN);
	lk_task__arrive(t);
	while (READ_ONCE(t->nr_holds)) /* until it is freed under it */
		cpu_relax();
	preempt_enable();
	return 0;
}

#endif
