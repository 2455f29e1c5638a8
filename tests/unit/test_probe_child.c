// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * A process for jobs that may hang.
 */
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>
#include "cmocka_all.h"
#include "lib/probe_child.h"

#define LONG_NS 10000000000ull	/* never reached when all is well */
#define SHORT_NS 20000000ull

struct shared {
	int in, out;
	pid_t pid;
};

static void add_one(void *arg)
{
	struct shared *s = arg;

	s->out = s->in + 1;
	s->pid = getpid();
}

static void count_files(void *arg)
{
	struct shared *s = arg;
	DIR *d = opendir("/proc/self/fd");

	s->out = 0;
	while (d && readdir(d))
		s->out++;
}

static void hang(void *arg)
{
	((struct shared *)arg)->out = 5;
	for (;;)
		pause();
}

static void die(void *arg)
{
	(void)arg;
	_exit(3);
}

static struct probe_child *begin(void)
{
	struct probe_child *c;

	assert_int_equal(probe_child__new(&c, sizeof(struct shared)), 0);
	return c;
}

static void run(struct probe_child *c, void (*job)(void *))
{
	int err;

	assert_int_equal(probe_child__start(c, job), 0);
	assert_true(probe_child__wait(c, LONG_NS, &err));
	assert_int_equal(err, 0);
}

static void does_jobs(void **state)
{
	struct probe_child *c = begin();
	struct shared *s = probe_child__shared(c);
	pid_t pids[PROBE_CHILD_LEFT_MAX + 1];
	int i, err;

	(void)state;
	assert_true(probe_child__wait(c, 0, &err));	/* none goes on */
	for (i = 0; i < 3; i++) {
		s->in = i;
		run(c, add_one);
		assert_int_equal(s->out, i + 1);
	}
	assert_int_equal(probe_child__pids(c, pids), 1);
	assert_int_equal(pids[0], s->pid);
	assert_int_not_equal(s->pid, getpid());
	run(c, count_files);
	assert_int_equal(s->out, 4);	/* . and .. and its socket and this very directory */
	probe_child__free(c);
}

static void a_job_that_hangs_is_replaced(void **state)
{
	struct probe_child *c = begin();
	pid_t pids[PROBE_CHILD_LEFT_MAX + 1];
	struct shared *s;
	int i, err;

	(void)state;
	for (i = 0; i < 2 * PROBE_CHILD_LEFT_MAX; i++) {
		assert_int_equal(probe_child__start(c, hang), 0);
		assert_false(probe_child__wait(c, SHORT_NS, &err));
		assert_true(probe_child__is_busy(c));
		assert_int_equal(probe_child__start(c, hang), -EBUSY);
		/* the killed ones of before may take a moment to go */
		while ((err = probe_child__replace(c)) == -EAGAIN)
			usleep(1000);
		assert_int_equal(err, 0);
		assert_in_range(probe_child__pids(c, pids), 1, PROBE_CHILD_LEFT_MAX + 1);
	}
	s = probe_child__shared(c);
	assert_int_equal(s->out, 0);	/* nobody else writes there */
	s->in = 1;
	run(c, add_one);
	assert_int_equal(s->out, 2);
	probe_child__free(c);
}

static void a_job_that_dies_is_told(void **state)
{
	struct probe_child *c = begin();
	int err;

	(void)state;
	assert_int_equal(probe_child__start(c, die), 0);
	assert_true(probe_child__wait(c, LONG_NS, &err));
	assert_int_equal(err, -EPIPE);
	assert_int_equal(probe_child__replace(c), 0);
	run(c, add_one);
	probe_child__free(c);
	probe_child__free(NULL);
}

static void ends_with_a_job_going_on(void **state)
{
	struct probe_child *c = begin();

	(void)state;
	assert_int_equal(probe_child__start(c, hang), 0);
	probe_child__free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(does_jobs),
		cmocka_unit_test(a_job_that_hangs_is_replaced),
		cmocka_unit_test(a_job_that_dies_is_told),
		cmocka_unit_test(ends_with_a_job_going_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
