// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "source/filelocks_async.h"

#include <errno.h>
#include <time.h>

#include "lib/worker.h"
#include "source/filelocks_int.h"

struct filelocks_async {
	struct worker *worker;
	struct filelocks *locks;
	/* of the look that goes on, or else the last; the thread's until it ends */
	FL_LIST(struct filelock_candidate) cands;
	struct filelock_look look;
	uint64_t cpu_ns;
	int err;
};

static uint64_t thread_cpu_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (uint64_t)ts.tv_sec * 1000000000ull + (uint64_t)ts.tv_nsec;
}

static void look(void *arg)
{
	struct filelocks_async *a = arg;
	uint64_t began_ns = thread_cpu_ns();

	a->err = filelocks__look(a->locks, a->cands.at, a->cands.nr, &a->look);
	a->cpu_ns = thread_cpu_ns() - began_ns;
}

int filelocks_async__new(struct filelocks_async **out, struct filelocks *f)
{
	struct filelocks_async *a = calloc(1, sizeof(*a));
	int err;

	*out = NULL;
	if (!a)
		return -ENOMEM;
	a->locks = f;
	err = worker__new(&a->worker);
	if (err) {
		free(a);
		return err;
	}
	*out = a;
	return 0;
}

int filelocks_async__start(struct filelocks_async *a, const struct filelock_candidate *cands,
			   uint32_t nr)
{
	if (!worker__wait(a->worker, 0))
		return -EBUSY;
	a->cands.nr = 0;
	if (nr > a->cands.cap) {
		void *more = vec__grow(a->cands.at, &a->cands.cap, nr, sizeof(*a->cands.at));

		if (!more)
			return -ENOMEM;
		a->cands.at = more;
	}
	if (nr)
		memcpy(a->cands.at, cands, nr * sizeof(*cands));
	a->cands.nr = nr;
	return worker__start(a->worker, look, a);
}

bool filelocks_async__wait(struct filelocks_async *a, uint64_t timeout_ns,
			   struct filelock_look *out, int *err)
{
	if (!worker__wait(a->worker, timeout_ns))
		return false;
	*out = a->look;
	*err = a->err;
	return true;
}

uint64_t filelocks_async__cpu_ns(const struct filelocks_async *a)
{
	return a->cpu_ns;
}

bool filelocks_async__free(struct filelocks_async *a)
{
	if (!a)
		return true;
	if (!worker__free(a->worker))
		return false;	/* the thread goes on using it */
	free(a->cands.at);
	free(a);
	return true;
}
