// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#define _GNU_SOURCE
#include "lib/worker.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#define NSEC 1000000000ull
#define STACK_BYTES (256 * 1024)	/* all of it may be locked into memory */

struct worker {
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	void (*job)(void *arg);	/* NULL: nothing to do */
	void *arg;
	bool over;		/* nobody asks any more */
};

static void destroy(struct worker *w)
{
	pthread_cond_destroy(&w->changed);
	pthread_mutex_destroy(&w->mutex);
	free(w);
}

static void *work(void *arg)
{
	struct worker *w = arg;
	bool left_alone;

	pthread_mutex_lock(&w->mutex);
	for (;;) {
		while (!w->job && !w->over)
			pthread_cond_wait(&w->changed, &w->mutex);
		if (!w->job)
			break;
		pthread_mutex_unlock(&w->mutex);
		w->job(w->arg);
		pthread_mutex_lock(&w->mutex);
		w->job = NULL;
		left_alone = w->over;
		pthread_cond_broadcast(&w->changed);
		if (!left_alone)
			continue;
		pthread_mutex_unlock(&w->mutex);
		destroy(w);
		return NULL;
	}
	pthread_mutex_unlock(&w->mutex);
	return NULL;
}

static int start_thread(struct worker *w)
{
	sigset_t all, before;
	pthread_attr_t attr;
	int err;

	err = pthread_attr_init(&attr);
	if (err)
		return -err;
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = pthread_create(&w->thread, &attr, work, w);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attr);
	return -err;
}

int worker__new(struct worker **out)
{
	struct worker *w = calloc(1, sizeof(*w));
	pthread_condattr_t attr;
	int err;

	*out = NULL;
	if (!w)
		return -ENOMEM;
	pthread_mutex_init(&w->mutex, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&w->changed, &attr);
	pthread_condattr_destroy(&attr);
	err = start_thread(w);
	if (err) {
		destroy(w);
		return err;
	}
	*out = w;
	return 0;
}

int worker__start(struct worker *w, void (*job)(void *arg), void *arg)
{
	int err = 0;

	pthread_mutex_lock(&w->mutex);
	if (w->job) {
		err = -EBUSY;
	} else {
		w->job = job;
		w->arg = arg;
		pthread_cond_broadcast(&w->changed);
	}
	pthread_mutex_unlock(&w->mutex);
	return err;
}

bool worker__wait(struct worker *w, uint64_t timeout_ns)
{
	struct timespec until;
	bool idle;

	clock_gettime(CLOCK_MONOTONIC, &until);
	timeout_ns += (uint64_t)until.tv_nsec;
	until.tv_sec += (time_t)(timeout_ns / NSEC);
	until.tv_nsec = (long)(timeout_ns % NSEC);
	pthread_mutex_lock(&w->mutex);
	while (w->job && !pthread_cond_timedwait(&w->changed, &w->mutex, &until))
		;
	idle = !w->job;
	pthread_mutex_unlock(&w->mutex);
	return idle;
}

bool worker__free(struct worker *w)
{
	pthread_t thread;
	bool idle;

	if (!w)
		return true;
	thread = w->thread;
	pthread_mutex_lock(&w->mutex);
	idle = !w->job;
	w->over = true;
	if (!idle)
		pthread_detach(thread);	/* before it can end */
	pthread_cond_broadcast(&w->changed);
	pthread_mutex_unlock(&w->mutex);
	if (!idle)
		return false;
	pthread_join(thread, NULL);
	destroy(w);
	return true;
}
