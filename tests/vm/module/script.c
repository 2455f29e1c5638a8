// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * What a task does, as a string of steps; N is a number:
 *
 *	tN  take lock N (exclusive, or to write)     rN  take lock N to read
 *	nN  take the locks 0 to N - 1                yN  try lock N; when it fails
 *	u   give the last one taken                      give all and start anew
 *	xN  give lock N, which another task took     l   leave all locks taken
 *	mN  arrive, and wait for N arrivals          wN  wait for N arrivals
 *	bN  wait until task N is blocked             eN  wait until task N has ended
 *	s   sleep until the stop                     z   sleep for a moment
 *	g   wait until told to go on                 k   sleep with a spinlock held
 *	p   wait for the completion                  c   complete it
 *	o   start anew, unless stopped
 *
 * At the end of the string every lock taken is given.
 */
#include <linux/ctype.h>
#include <linux/delay.h>
#include <linux/kernel.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/string.h>

#include "run.h"

enum { NEXT = 0, AGAIN = 1 }; /* what a step returns when it is no -errno */

/* Waits until cond(t) holds. -EINTR when stopped. */
static int poll_until(struct lk_task *t, const struct lk_task *other,
		      bool (*cond)(const struct lk_task *t))
{
	while (!cond(other)) {
		if (lk_task__stopped(t))
			return -EINTR;
		msleep(1);
	}
	return NEXT;
}

static bool ended(const struct lk_task *t)
{
	return smp_load_acquire(&t->ended);
}

static int take_many(struct lk_task *t, int nr)
{
	int i, err = 0;

	for (i = 0; i < nr && !err; i++)
		err = lk_task__take(t, &t->run->locks[i], LK_EXCLUSIVE, LK_PLAIN);
	return err;
}

static int try_or_again(struct lk_task *t, struct lk_lock *l)
{
	if (lk_task__try(t, l, LK_EXCLUSIVE))
		return NEXT;
	lk_task__give_all(t);
	usleep_range(50, 150);
	return lk_task__stopped(t) ? -EINTR : AGAIN;
}

/*
 * The first time until told to go on, so that a test sees it.  The kernel complains and
 * forgets the preemption count that the spinlock raised: raised again, for the give.
 */
static void sleep_in_atomic(struct lk_task *t)
{
	DEFINE_WAIT(wait);

	prepare_to_wait(&t->run->wq, &wait, TASK_UNINTERRUPTIBLE);
	schedule_timeout(READ_ONCE(t->run->go) ? HZ / 2 : 60 * HZ);
	finish_wait(&t->run->wq, &wait);
	preempt_disable();
}

static int step(struct lk_task *t, char op, int n)
{
	struct lk_run *r = t->run;

	switch (op) {
	case 't':
		return lk_task__take(t, &r->locks[n], LK_EXCLUSIVE, r->scenario->how);
	case 'r':
		return lk_task__take(t, &r->locks[n], LK_READ, r->scenario->how);
	case 'n':
		return take_many(t, n);
	case 'y':
		return try_or_again(t, &r->locks[n]);
	case 'u':
		lk_task__give(t);
		return NEXT;
	case 'x':
		t->loops++;
		return lk_task__give_foreign(t, &r->locks[n]);
	case 'l':
		t->leaves_locks = true;
		t->loops++;
		return NEXT;
	case 'm':
		lk_task__arrive(t);
		return lk_task__await(t, n);
	case 'w':
		return lk_task__await(t, n);
	case 'b':
		return poll_until(t, &r->tasks[n], lk_task__stuck);
	case 'e':
		return poll_until(t, &r->tasks[n], ended);
	case 's':
		t->loops++;
		lk_task__sleep_until_stop(t);
		return NEXT;
	case 'g':
		return lk_task__await_go(t);
	case 'k':
		sleep_in_atomic(t);
		return NEXT;
	case 'z':
		usleep_range(100, 200);
		return NEXT;
	case 'p':
		wait_for_completion(&r->done);
		return NEXT;
	case 'c':
		complete(&r->done);
		return NEXT;
	case 'o':
		t->loops++;
		return lk_task__stopped(t) ? NEXT : AGAIN;
	}
	WARN_ONCE(1, "lk_test: no such step: %c", op);
	return -EINVAL;
}

static const char *script_of(const struct lk_task *t)
{
	int i = min(t->idx, LK_MAX_SCRIPTS - 1);

	while (i > 0 && !t->run->scenario->script[i])
		i--;
	return t->run->scenario->script[i];
}

int lk_body__script(struct lk_task *t)
{
	const char *script = script_of(t), *p = script;
	int err = NEXT;

	while (*p && err >= 0) {
		char op = *p++;
		int n = 0;

		while (isdigit(*p))
			n = 10 * n + *p++ - '0';
		p += strspn(p, " ");
		t->at_last_take = !strpbrk(p, "trny");
		err = step(t, op, n);
		if (err == AGAIN)
			p = script;
	}
	lk_task__give_all(t);
	return min(err, 0);
}
