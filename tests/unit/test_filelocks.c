// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * File locks against made-up /proc trees: which task waits for which lock.
 */
#define _GNU_SOURCE
#include "machine.h"

static void test_flock_abba(void **state)
{
	struct machine *m = *state;
	const struct rec_lock_state *lock;

	put_abba(m);
	assert_int_equal(look(m)->nr_waits, 2);
	assert_int_equal(m->look.nr_locks, 2);
	assert_int_equal(m->look.nr_unmatched, 0);
	assert_int_equal(m->look.nr_unreadable, 0);
	lock = lock_of(m, 102);
	assert_string_equal(lock->lock.str, "flock:8:1:11");
	assert_int_equal(lock->lock.kind, KIND_FLOCK);
	assert_string_equal(lock->name, "/srv/a");
	assert_string_equal(lock->name_source, "file");
	assert_string_equal(holders(lock), "101 ");
	assert_true(lock->complete);
	assert_int_equal(lock->rule, RULE_OR);
	assert_int_equal(lock->holders[0].certainty, SURE_CERTAIN);
	assert_int_equal(lock->holders[0].mode, MODE_WRITE);
	assert_int_equal(lock->holders[0].start_ns, 1101);
	assert_string_equal(lock->evidence, "/proc/locks and fdinfo of 1 process");
	assert_string_equal(holders(lock_of(m, 101)), "102 ");
	assert_int_equal(m->look.waits[0].breakable_by, BREAK_SIGNAL);
	assert_int_equal(m->look.waits[0].mode, MODE_WRITE);
}

/* Old and new ways to show who queues behind a waiter. */
static void test_nested_waiters_wait_for_the_holder(void **state)
{
	struct machine *m = *state;

	put_abba(m);
	for (uint32_t pid = 103; pid <= 104; pid++) {
		process(m, pid);
		descriptor(m, pid, 4, "/srv/a", 11, "");
		wait_flock(m, pid, pid, 4);
	}
	put(m, "locks", "1: " FLOCK("WRITE", 101, 11) "1: -> " FLOCK("WRITE", 102, 11)
	    "1:  -> " FLOCK("WRITE", 103, 11) "1: -> -> " FLOCK("WRITE", 104, 11)
	    "2: " FLOCK("WRITE", 102, 22) "2: -> " FLOCK("WRITE", 101, 22));
	assert_int_equal(look(m)->nr_waits, 4);
	assert_string_equal(holders(lock_of(m, 103)), "101 ");
	assert_ptr_equal(lock_of(m, 103), lock_of(m, 104));
}

/* Which thread waits is told by its call and its descriptor. */
static void test_waiting_thread(void **state)
{
	struct machine *m = *state;

	put_abba(m);
	descriptor(m, 102, 7, "/srv/other", 77, "");
	sleeper(m, 102, 112, SYS_flock, 7, 2);		/* on another file */
	sleeper(m, 102, 113, SYS_flock, 4, 2 | 4);	/* LOCK_NB never waits */
	sleeper(m, 102, 114, SYS_flock, 4, 1);		/* would be a READ line */
	sleeper(m, 102, 115, SYS_fcntl, 4, SETLKW);
	sleeper(m, 102, 116, SYS_openat, 4, 0);
	look(m);
	assert_int_equal(m->look.nr_waits, 2);
	assert_true(lock_of(m, 102)->complete);
	/* and all threads of the process hold what it holds */
	assert_int_equal(lock_of(m, 101)->nr_holders, 6);
}

static void test_compat_calls(void **state)
{
	struct machine *m = *state;

	process(m, 102);
	descriptor(m, 102, 4, "/srv/a", 11, "");
	sleeper(m, 102, 102, 221, 4, 14);
	m->cands[0].compat = true;
	process(m, 101);
	descriptor(m, 101, 3, "/srv/a", 11, HAS("POSIX  ADVISORY  WRITE 101 08:01:11 0 EOF\n"));
	put(m, "locks", "1: POSIX  ADVISORY  WRITE 101 08:01:11 0 EOF\n"
	    "1: -> POSIX  ADVISORY  WRITE 102 08:01:11 5 5\n");
	look(m);
	assert_string_equal(holders(lock_of(m, 102)), "101 ");
	assert_string_equal(lock_of(m, 102)->lock.str, "posix:8:1:11:0-EOF");
}

/* Unmatched: the task has gone on, or is none of the candidates. */
static void test_unmatched_is_counted(void **state)
{
	struct machine *m = *state;

	put_abba(m);
	put(m, "102/task/102/syscall", "running\n");
	look(m);
	assert_int_equal(m->look.nr_waits, 1);
	assert_int_equal(m->look.nr_unmatched, 1);
	assert_null(lock_of(m, 102));
}

static void put_range_holder(struct machine *m, uint32_t pid, const char *range)
{
	char line[128];

	process(m, pid);
	snprintf(line, sizeof(line), HAS("OFDLCK ADVISORY  WRITE -1 08:01:11 %s\n"), range);
	descriptor(m, pid, 3, "/srv/db", 11, line);
	wait_range(m, pid, 3, OFD_SETLKW);
}

/* OFD lines name no process; that nobody waits for its own lock tells them apart. */
static void test_ofd_abba_in_one_file(void **state)
{
	struct machine *m = *state;

	put_range_holder(m, 101, "0 9");
	put_range_holder(m, 102, "10 19");
	put(m, "locks", "1: OFDLCK ADVISORY  WRITE -1 08:01:11 0 9\n"
	    "1: -> OFDLCK ADVISORY  WRITE -1 08:01:11 0 9\n"
	    "2: OFDLCK ADVISORY  WRITE -1 08:01:11 10 19\n"
	    "2: -> OFDLCK ADVISORY  WRITE -1 08:01:11 10 19\n");
	look(m);
	assert_string_equal(lock_of(m, 101)->lock.str, "ofd:8:1:11:10-19");
	assert_string_equal(holders(lock_of(m, 101)), "102 ");
	assert_string_equal(holders(lock_of(m, 102)), "101 ");
	assert_true(lock_of(m, 101)->complete);
}

/* Which of two tasks waits for which of two locks: not to be told, so no proof. */
static void test_guesses_prove_nothing(void **state)
{
	struct machine *m = *state;

	for (uint32_t pid = 101; pid <= 102; pid++) {
		process(m, pid);
		descriptor(m, pid, 4, "/srv/db", 11, "");
		wait_range(m, pid, 4, OFD_SETLKW);
	}
	process(m, 201);
	descriptor(m, 201, 3, "/srv/db", 11, HAS("OFDLCK ADVISORY  WRITE -1 08:01:11 0 9\n"));
	process(m, 202);
	descriptor(m, 202, 3, "/srv/db", 11, HAS("OFDLCK ADVISORY  WRITE -1 08:01:11 10 19\n"));
	put(m, "locks", "1: OFDLCK ADVISORY  WRITE -1 08:01:11 0 9\n"
	    "1: -> OFDLCK ADVISORY  WRITE -1 08:01:11 0 9\n"
	    "2: OFDLCK ADVISORY  WRITE -1 08:01:11 10 19\n"
	    "2: -> OFDLCK ADVISORY  WRITE -1 08:01:11 10 19\n");
	look(m);
	assert_int_equal(m->look.nr_waits, 2);
	assert_false(lock_of(m, 101)->complete);
	assert_false(lock_of(m, 102)->complete);
	assert_int_equal(lock_of(m, 101)->holders[0].certainty, SURE_POSSIBLE);
}

static void test_lease(void **state)
{
	struct machine *m = *state;

	process(m, 101);
	descriptor(m, 101, 3, "/srv/a", 11, HAS("LEASE  BREAKING  UNLCK 101 08:01:11 0 EOF\n"));
	process(m, 102);
	sleeper(m, 102, 102, SYS_openat, -100, 0x7f00);
	sleeper(m, 102, 103, SYS_openat, -100, 0x7f00);
	m->cands[1].in_function = "__break_lease";
	put(m, "locks", "1: LEASE  BREAKING  UNLCK 101 08:01:11 0 EOF\n"
	    "1: -> LEASE  BREAKER   READ 102 <none>:0 0 EOF\n");
	look(m);
	assert_null(lock_of(m, 102));
	assert_true(lock_of(m, 103)->complete);
	assert_string_equal(lock_of(m, 103)->lock.str, "lease:8:1:11");
	assert_string_equal(holders(lock_of(m, 103)), "101 ");
	assert_int_equal(m->look.waits[0].breakable_by, BREAK_TIMEOUT);
	assert_int_equal(m->look.waits[0].mode, MODE_READ);
	put(m, "sys/fs/lease-break-time", "0\n");
	look(m);
	assert_int_equal(m->look.waits[0].breakable_by, BREAK_SIGNAL);
}

/* Of a task that sleeps on, its call and descriptor are not read again: they could
 * only have become unreadable.  One that has run is asked anew. */
static void test_sleepers_are_asked_once(void **state)
{
	struct machine *m = *state;

	put_abba(m);
	m->cands[0].switches = 7;
	m->cands[1].switches = 9;
	look(m);
	put(m, "101/task/101/syscall", "running\n");
	put(m, "102/task/102/syscall", "running\n");
	look(m);
	assert_int_equal(m->look.nr_waits, 2);
	assert_string_equal(holders(lock_of(m, 102)), "101 ");
	assert_string_equal(holders(lock_of(m, 101)), "102 ");
	m->cands[1].switches++;
	look(m);
	assert_int_equal(m->look.nr_waits, 1);
	assert_null(lock_of(m, 102));
	m->cands[0].start_ns++;		/* another task with the same number */
	look(m);
	assert_int_equal(m->look.nr_waits, 0);
}

/* What a sleeper's own description holds may change behind its back. */
static void test_own_holds_are_read_again(void **state)
{
	struct machine *m = *state;

	process(m, 101);
	descriptor(m, 101, 3, "/srv/a", 11, "");
	wait_flock(m, 101, 101, 3);
	m->cands[0].switches = 7;
	put(m, "locks", "1: " FLOCK("READ", 201, 11) "1: -> " FLOCK("WRITE", 101, 11));
	process(m, 201);
	descriptor(m, 201, 3, "/srv/a", 11, HAS(FLOCK("READ", 201, 11)));
	look(m);
	assert_string_equal(holders(lock_of(m, 101)), "201 ");
	/* now its own is the one hold, which never blocks it */
	put(m, "101/fdinfo/3", "pos:\t0\nino:\t11\n" HAS(FLOCK("READ", 101, 11)));
	put(m, "locks", "1: " FLOCK("READ", 101, 11) "1: -> " FLOCK("WRITE", 101, 11));
	look(m);
	assert_null(lock_of(m, 101));
}

/* As many files as waits: each wait finds its own. */
static void test_many_files(void **state)
{
	struct machine *m = *state;
	char lines[4096], file[32], hold[96];
	size_t n = 0;

	process(m, 101);
	for (int i = 0; i < MAX_CANDS; i++) {
		snprintf(file, sizeof(file), "/srv/%d", i);
		snprintf(hold, sizeof(hold), HAS("FLOCK  ADVISORY  WRITE 101 08:01:%d 0 EOF\n"),
			 500 - i);
		n += snprintf(lines + n, sizeof(lines) - n, "%s1: -> FLOCK  ADVISORY  WRITE %d "
			      "08:01:%d 0 EOF\n", hold + strlen("lock:\t"), 200 + i, 500 - i);
		process(m, 200 + i);
		descriptor(m, 200 + i, 4, file, 500 - i, "");
		wait_flock(m, 200 + i, 200 + i, 4);
		descriptor(m, 101, 10 + i, file, 500 - i, hold);
	}
	put(m, "locks", "%s", lines);
	look(m);
	assert_int_equal(m->look.nr_waits, MAX_CANDS);
	assert_int_equal(m->look.nr_locks, MAX_CANDS);
	for (int i = 0; i < MAX_CANDS; i++) {
		snprintf(file, sizeof(file), "/srv/%d", i);
		assert_string_equal(lock_of(m, 200 + i)->name, file);
		assert_string_equal(holders(lock_of(m, 200 + i)), "101 ");
		assert_true(lock_of(m, 200 + i)->complete);
	}
}

static void test_nothing_to_see(void **state)
{
	struct machine *m = *state;

	/* no candidate: /proc/locks, which is dear, is not even read */
	assert_int_equal(look(m)->nr_waits, 0);
	put_abba(m);
	put(m, "locks", "1: " FLOCK("WRITE", 101, 11));
	assert_int_equal(look(m)->nr_waits, 0);
	assert_int_equal(m->look.nr_locks, 0);
	put(m, "locks", "%s", "");
	assert_int_equal(look(m)->nr_waits, 0);
}

/* Lines that are no lock are passed over, with the waiters under them. */
static void test_garbage_lines(void **state)
{
	struct machine *m = *state;

	put_abba(m);
	put(m, "locks", "%s", "garbage\n-> FLOCK\n1: -> " FLOCK("WRITE", 102, 11)
	    "1: " FLOCK("WRITE", 101, 11)
	    "2: UNKNOWN UNKNOWN  WRITE 1 08:01:11 0 EOF\n2: -> " FLOCK("WRITE", 102, 11)
	    "2: FLOCK  ADVISORY  WRITE 101 08:01 0 EOF\n3: POSIX ADVISORY WRITE 1 08:01:11 0 9x\n"
	    "4: FLOCK  MSNFS     RW 101 08:01:11 0 EOF\n4: -> " FLOCK("WRITE", 102, 11)
	    "5: FLOCK  ADVISORY  WRITE 99999999999999999999 08:01:11 0 EOF\n6: FLOCK");
	look(m);
	assert_int_equal(m->look.nr_waits, 1);
	assert_int_equal(m->look.nr_unmatched, 0);
	assert_string_equal(lock_of(m, 102)->lock.str, "flock:8:1:11");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MACHINE_TEST(test_flock_abba),
		MACHINE_TEST(test_nested_waiters_wait_for_the_holder),
		MACHINE_TEST(test_waiting_thread),
		MACHINE_TEST(test_compat_calls),
		MACHINE_TEST(test_unmatched_is_counted),
		MACHINE_TEST(test_ofd_abba_in_one_file),
		MACHINE_TEST(test_guesses_prove_nothing),
		MACHINE_TEST(test_lease),
		MACHINE_TEST(test_sleepers_are_asked_once),
		MACHINE_TEST(test_own_holds_are_read_again),
		MACHINE_TEST(test_many_files),
		MACHINE_TEST(test_nothing_to_see),
		MACHINE_TEST(test_garbage_lines),
	};

	return cmocka_run_group_tests_name("filelocks", tests, NULL, NULL);
}
