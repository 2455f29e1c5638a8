// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * Looks at file locks that hang: /proc/locks is a fifo, and opening it waits for
 * whoever writes.
 */
#define _GNU_SOURCE
#include "machine.h"

#include <fcntl.h>
#include <pthread.h>
#include <time.h>

#include "source/filelocks_async.h"

#define MSEC 1000000ull
#define SOON (10000 * MSEC)	/* of what is to end: never waited out */

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000ull + (uint64_t)ts.tv_nsec;
}

static void hang(struct machine *m)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/locks", m->dir);
	unlink(path);
	assert_int_equal(mkfifo(path, 0600), 0);
}

static void unhang(struct machine *m)
{
	put(m, "locks", "2: " FLOCK("WRITE", 102, 22) "2: -> " FLOCK("WRITE", 101, 22));
}

static void test_a_look(void **state)
{
	struct machine *m = *state;
	struct filelocks_async *a;
	int err = -1;

	put_abba(m);
	assert_int_equal(filelocks_async__new(&a, m->locks), 0);
	assert_true(filelocks_async__wait(a, 0, &m->look, &err));	/* none begun */
	assert_int_equal(m->look.nr_waits, 0);
	assert_int_equal(filelocks_async__start(a, m->cands, m->nr_cands), 0);
	assert_true(filelocks_async__wait(a, SOON, &m->look, &err));
	assert_int_equal(err, 0);
	assert_int_equal(m->look.nr_waits, 2);
	assert_string_equal(holders(lock_of(m, 102)), "101 ");
	assert_true(filelocks_async__free(a));
}

/* Nobody waits for it longer than wanted; what was found before stays readable, and
 * the late one is there when it ends. */
static void test_a_look_that_hangs(void **state)
{
	struct machine *m = *state;
	struct filelock_look late;
	struct filelocks_async *a;
	uint64_t began_ns;
	int err;

	put_abba(m);
	assert_int_equal(filelocks_async__new(&a, m->locks), 0);
	assert_int_equal(filelocks_async__start(a, m->cands, m->nr_cands), 0);
	assert_true(filelocks_async__wait(a, SOON, &m->look, &err));
	hang(m);
	began_ns = now_ns();
	assert_int_equal(filelocks_async__start(a, m->cands, m->nr_cands), 0);
	assert_false(filelocks_async__wait(a, 20 * MSEC, &late, &err));
	assert_int_equal(filelocks_async__start(a, m->cands, m->nr_cands), -EBUSY);
	assert_false(filelocks_async__wait(a, 0, &late, &err));
	assert_in_range(now_ns() - began_ns, 20 * MSEC, SOON);
	assert_string_equal(holders(lock_of(m, 102)), "101 ");
	assert_string_equal(holders(lock_of(m, 101)), "102 ");
	unhang(m);
	assert_true(filelocks_async__wait(a, SOON, &late, &err));
	assert_int_equal(err, 0);
	assert_int_equal(late.nr_waits, 1);
	assert_string_equal(holders(lock_of(m, 102)), "101 ");	/* still the one before */
	assert_true(filelocks_async__free(a));
}

/* The caller's list may change meanwhile. */
static void test_candidates_are_copied(void **state)
{
	struct machine *m = *state;
	struct filelocks_async *a;
	int err;

	put_abba(m);
	hang(m);
	assert_int_equal(filelocks_async__new(&a, m->locks), 0);
	assert_int_equal(filelocks_async__start(a, m->cands, m->nr_cands), 0);
	m->cands[0].tid = m->cands[0].pid = 999;
	unhang(m);
	assert_true(filelocks_async__wait(a, SOON, &m->look, &err));
	assert_int_equal(m->look.nr_waits, 1);
	assert_int_equal(m->look.waits[0].candidate, 0);
	assert_true(filelocks_async__free(a));
}

/* A stuck look is left alone: the end does not wait for it. */
static void test_free_while_it_hangs(void **state)
{
	struct machine *m = *state;
	struct filelocks_async *a;
	struct filelock_look none;
	uint64_t began_ns;
	int err;

	put_abba(m);
	hang(m);
	assert_int_equal(filelocks_async__new(&a, m->locks), 0);
	assert_int_equal(filelocks_async__start(a, m->cands, m->nr_cands), 0);
	assert_false(filelocks_async__wait(a, 20 * MSEC, &none, &err));
	began_ns = now_ns();
	assert_false(filelocks_async__free(a));
	assert_true(now_ns() - began_ns < SOON);
	m->locks = NULL;	/* the thread's for good */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MACHINE_TEST(test_a_look),
		MACHINE_TEST(test_a_look_that_hangs),
		MACHINE_TEST(test_candidates_are_copied),
		MACHINE_TEST(test_free_while_it_hangs),
	};

	return cmocka_run_group_tests_name("filelocks_async", tests, NULL, NULL);
}
