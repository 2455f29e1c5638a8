// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* ww_mutex back-off as the kernel means it: contention that never hangs. */
#include <linux/delay.h>

#include "run.h"

/* Takes lock i in the context. -EDEADLK: the kernel asks to back off. */
static int ww_take(struct lk_task *t, int i, struct ww_acquire_ctx *ctx, bool slow)
{
	struct ww_mutex *ww = &t->run->locks[i].ww_mutex;

	if (!slow)
		return ww_mutex_lock(ww, ctx);
	ww_mutex_lock_slow(ww, ctx);
	return 0;
}

static void ww_give(struct lk_task *t, int first, int got)
{
	while (got--)
		ww_mutex_unlock(&t->run->locks[(first + got) % t->run->scenario->nr_locks].ww_mutex);
}

/*
 * Takes all locks in an order of the task's own; told to back off, gives all
 * and begins anew with the one it stumbled over.
 */
static void ww_round(struct lk_task *t)
{
	int nr = t->run->scenario->nr_locks, first = t->idx % nr, got, err;
	struct ww_acquire_ctx ctx;
	bool slow = false;

	ww_acquire_init(&ctx, &lk_ww_class);
	do {
		err = 0;
		for (got = 0; got < nr && !err; got += !err) {
			err = ww_take(t, (first + got) % nr, &ctx, slow && got == 0);
			usleep_range(100, 200);
		}
		if (!err)
			ww_acquire_done(&ctx);
		slow = true;
		ww_give(t, first, got);
		first = (first + got) % nr;
	} while (err);
	ww_acquire_fini(&ctx);
}

int lk_body__ww_backoff(struct lk_task *t)
{
	while (!lk_task__stopped(t)) {
		ww_round(t);
		t->loops++;
	}
	return 0;
}
