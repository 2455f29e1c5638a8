// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * File locks against made-up /proc trees: who can release a lock, and how sure that is.
 */
#define _GNU_SOURCE
#include "machine.h"

/* A child with the same description, and each thread, could unlock. */
static void test_sharers_are_holders(void **state)
{
	struct machine *m = *state;
	const struct rec_lock_state *lock;

	put_abba(m);
	process_of(m, 201, 101);
	descriptor(m, 201, 9, "/srv/a", 11, HAS(FLOCK("WRITE", 101, 11)));
	thread(m, 201, 202, 1);
	look(m);
	lock = lock_of(m, 102);
	assert_string_equal(holders(lock), "101 201 202 ");
	assert_int_equal(lock->rule, RULE_OR);
	assert_true(lock->complete);
	assert_int_equal(lock->holders[1].start_ns, 0);
}

/* An own description of the same file has nothing to do with it. */
static void test_another_open_is_no_holder(void **state)
{
	struct machine *m = *state;

	put_abba(m);
	process(m, 201);
	descriptor(m, 201, 9, "/srv/a", 11, "");
	look(m);
	assert_string_equal(holders(lock_of(m, 102)), "101 ");
}

static void test_dead_locker_live_child(void **state)
{
	struct machine *m = *state;

	process(m, 102);
	descriptor(m, 102, 4, "/srv/a (deleted)", 11, "");
	wait_flock(m, 102, 102, 4);
	process(m, 201);
	descriptor(m, 201, 3, "/srv/a (deleted)", 11, HAS(FLOCK("WRITE", 101, 11)));
	put(m, "locks", "1: " FLOCK("WRITE", 101, 11) "1: -> " FLOCK("WRITE", 102, 11));
	look(m);
	assert_string_equal(holders(lock_of(m, 102)), "201 ");
	assert_string_equal(lock_of(m, 102)->name, "/srv/a (deleted)");
}

static void test_nobody_found_is_incomplete(void **state)
{
	struct machine *m = *state;
	const struct rec_lock_state *lock;

	process(m, 102);
	descriptor(m, 102, 4, "/srv/a", 11, "");
	wait_flock(m, 102, 102, 4);
	put(m, "locks", "1: " FLOCK("WRITE", 0, 11) "1: -> " FLOCK("WRITE", 102, 11));
	look(m);
	lock = lock_of(m, 102);
	assert_false(lock->complete);
	assert_int_equal(lock->nr_holders, 0);
	assert_string_equal(lock->name, "/srv/a");
}

static int all_different(void *ctx, uint32_t pid1, int fd1, uint32_t pid2, int fd2)
{
	(void)ctx;
	return pid1 == pid2 && fd1 == fd2;
}

static int pairs(void *ctx, uint32_t pid1, int fd1, uint32_t pid2, int fd2)
{
	(void)ctx;
	(void)fd1;
	(void)fd2;
	return pid1 / 10 == pid2 / 10;
}

/* A writer that two single-threaded readers keep out waits for both. */
static void test_shared_flocks_are_anded(void **state)
{
	struct machine *m = *state;
	const struct rec_lock_state *lock;

	process(m, 102);
	descriptor(m, 102, 4, "/srv/a", 11, "");
	wait_flock(m, 102, 102, 4);
	process(m, 201);
	descriptor(m, 201, 3, "/srv/a", 11, HAS(FLOCK("READ", 201, 11)));
	process(m, 301);
	descriptor(m, 301, 3, "/srv/a", 11, HAS(FLOCK("READ", 301, 11)));
	put(m, "locks", "1: " FLOCK("READ", 201, 11) "1: -> " FLOCK("WRITE", 102, 11)
	    "2: " FLOCK("READ", 301, 11));
	look(m);
	lock = lock_of(m, 102);
	assert_int_equal(lock->rule, RULE_AND);
	assert_string_equal(holders(lock), "201 301 ");
	assert_int_equal(lock->holders[0].mode, MODE_READ);
	assert_true(lock->complete);
	/* with a second thread each, one of the two holds is shown, as an OR */
	thread(m, 201, 202, 1);
	thread(m, 301, 302, 1);
	look(m);
	lock = lock_of(m, 102);
	assert_int_equal(lock->rule, RULE_OR);
	assert_string_equal(holders(lock), "201 202 ");
	assert_non_null(strstr(lock->evidence, "other holds also block"));
	/* and the one whose holders all wait is the one that matters */
	descriptor(m, 301, 5, "/srv/a", 11, "");
	wait_flock(m, 301, 301, 5);
	wait_flock(m, 301, 303, 5);
	put(m, "locks", "1: " FLOCK("READ", 201, 11) "1: -> " FLOCK("WRITE", 102, 11)
	    "1:  -> " FLOCK("WRITE", 301, 11) "1:  -> " FLOCK("WRITE", 301, 11)
	    "2: " FLOCK("READ", 301, 11));
	look(m);
	assert_int_equal(m->look.nr_waits, 3);
	assert_string_equal(holders(lock_of(m, 102)), "301 302 303 ");
}

static void put_ofd_readers(struct machine *m)
{
	static const char line[] = HAS("OFDLCK ADVISORY  READ -1 08:01:11 0 EOF\n");

	for (uint32_t pid = 201; pid <= 202; pid++) {
		process(m, pid);
		descriptor(m, pid, 3, "/srv/a", 11, line);
	}
	process(m, 211);
	descriptor(m, 211, 3, "/srv/a", 11, line);
	process(m, 102);
	descriptor(m, 102, 4, "/srv/a", 11, "");
	wait_range(m, 102, 4, OFD_SETLKW);
	put(m, "locks", "1: OFDLCK ADVISORY  READ -1 08:01:11 0 EOF\n"
	    "1: -> OFDLCK ADVISORY  WRITE -1 08:01:11 5 9\n"
	    "2: OFDLCK ADVISORY  READ -1 08:01:11 0 EOF\n");
}

/* Lines that look alike: only comparing descriptions tells the holds apart. */
static void test_ofd_holds_told_apart(void **state)
{
	struct machine *m = *state;
	const struct rec_lock_state *lock;

	put_ofd_readers(m);
	filelocks__set_same(m->locks, pairs, NULL);
	look(m);
	lock = lock_of(m, 102);
	assert_string_equal(holders(lock), "211 ");
	assert_string_equal(lock->lock.str, "ofd:8:1:11:0-EOF@211");
	assert_int_equal(lock->rule, RULE_OR);
	/* cannot be compared: any of them may be able to release it */
	filelocks__set_same(m->locks, NULL, NULL);
	look(m);
	lock = lock_of(m, 102);
	assert_string_equal(holders(lock), "201 202 211 ");
	assert_string_equal(lock->lock.str, "ofd:8:1:11:0-EOF");
}

/* Two that share a read lock and both want to write: each waits for the other,
 * none for itself. */
static void test_ofd_upgrade(void **state)
{
	struct machine *m = *state;

	for (uint32_t pid = 101; pid <= 102; pid++) {
		process(m, pid);
		descriptor(m, pid, 3, "/srv/a", 11,
			   HAS("OFDLCK ADVISORY  READ -1 08:01:11 0 EOF\n"));
		wait_range(m, pid, 3, OFD_SETLKW);
	}
	filelocks__set_same(m->locks, all_different, NULL);
	put(m, "locks", "1: OFDLCK ADVISORY  READ -1 08:01:11 0 EOF\n"
	    "1: -> OFDLCK ADVISORY  WRITE -1 08:01:11 0 EOF\n"
	    "2: OFDLCK ADVISORY  READ -1 08:01:11 0 EOF\n"
	    "2: -> OFDLCK ADVISORY  WRITE -1 08:01:11 0 EOF\n");
	look(m);
	assert_string_equal(holders(lock_of(m, 101)), "102 ");
	assert_string_equal(holders(lock_of(m, 102)), "101 ");
	assert_true(lock_of(m, 101)->complete);
}

/* Listed under one, blocked by two: shown is the one that cannot release. */
static void test_posix_overlap(void **state)
{
	struct machine *m = *state;

	process(m, 101);
	descriptor(m, 101, 3, "/srv/a", 11, HAS("POSIX  ADVISORY  WRITE 101 08:01:11 10 19\n"));
	process(m, 103);
	descriptor(m, 103, 3, "/srv/a", 11, HAS("POSIX  ADVISORY  READ 103 08:01:11 20 29\n"));
	wait_range(m, 103, 3, SETLKW);
	/* another that waits, but for what 102 does not want */
	process(m, 99);
	descriptor(m, 99, 3, "/srv/a", 11, HAS("POSIX  ADVISORY  WRITE 99 08:01:11 0 9\n"));
	wait_range(m, 99, 3, SETLKW);
	process(m, 102);
	descriptor(m, 102, 3, "/srv/a", 11, HAS("POSIX  ADVISORY  WRITE 102 08:01:11 40 49\n"));
	wait_range(m, 102, 3, SETLKW);
	put(m, "locks", "1: POSIX  ADVISORY  WRITE 101 08:01:11 10 19\n"
	    "1: -> POSIX  ADVISORY  WRITE 102 08:01:11 10 69\n"
	    "2: POSIX  ADVISORY  READ 103 08:01:11 20 29\n"
	    "9: POSIX  ADVISORY  WRITE 99 08:01:11 0 9\n"
	    "3: POSIX  ADVISORY  WRITE 102 08:01:11 40 49\n"
	    "3: -> POSIX  ADVISORY  WRITE 99 08:01:11 49 60\n"
	    "3: -> POSIX  ADVISORY  READ 103 08:01:11 40 40\n");
	look(m);
	assert_string_equal(lock_of(m, 102)->lock.str, "posix:8:1:11:20-29");
	assert_string_equal(holders(lock_of(m, 102)), "103 ");
	assert_string_equal(lock_of(m, 103)->lock.str, "posix:8:1:11:40-49");
}

static void test_in_flight_is_only_likely(void **state)
{
	struct machine *m = *state;

	put_abba(m);
	process(m, 301);
	descriptor(m, 301, 5, "socket:[900]", 900, "scm_fds: 0\n");
	look(m);
	assert_int_equal(lock_of(m, 102)->holders[0].certainty, SURE_CERTAIN);
	descriptor(m, 301, 6, "socket:[901]", 901, "scm_fds: 2\n");
	thread(m, 101, 101, 10);
	look(m);
	assert_int_equal(lock_of(m, 102)->holders[0].certainty, SURE_LIKELY);
}

/* Whoever cannot be read may have it too, all the more when it is kin. */
static void test_unreadable(void **state)
{
	struct machine *m = *state;

	put_abba(m);
	process_of(m, 301, 1);
	descriptor(m, 301, 3, "/srv/x", 99, "");
	put(m, "301/fdinfo/4/is_a_directory", "%s", "");
	descriptor(m, 301, 5, "/srv/x", 99, "");
	assert_int_equal(symlink("/srv/y", strcat(strcpy((char[128]){ 0 }, m->dir),
						  "/301/fd/4")), 0);
	look(m);
	assert_int_equal(m->look.nr_unreadable, 1);
	assert_true(lock_of(m, 102)->complete);
	assert_int_equal(lock_of(m, 102)->holders[0].certainty, SURE_LIKELY);
	/* a child of the holder of a */
	process_of(m, 301, 101);
	thread(m, 101, 101, 10);
	look(m);
	assert_false(lock_of(m, 102)->complete);
	assert_true(lock_of(m, 101)->complete);
	/* a child of the same parent as the holder of b */
	process_of(m, 301, 50102);
	thread(m, 101, 101, 11);
	look(m);
	assert_true(lock_of(m, 102)->complete);
	assert_false(lock_of(m, 101)->complete);
}

/* A leader that has exited shows no descriptors; its threads do. */
static void test_dead_leader(void **state)
{
	struct machine *m = *state;

	process(m, 102);
	descriptor(m, 102, 4, "/srv/a", 11, "");
	wait_flock(m, 102, 102, 4);
	process(m, 201);
	thread(m, 201, 202, 1);
	descriptor_in(m, "201/task/202/fd", 3, "/srv/a", 11, HAS(FLOCK("WRITE", 201, 11)));
	put(m, "locks", "1: " FLOCK("WRITE", 201, 11) "1: -> " FLOCK("WRITE", 102, 11));
	look(m);
	assert_string_equal(holders(lock_of(m, 102)), "201 202 ");
}

/* Nobody is looked for while all who could release sleep on; once one of them has
 * run, it may have passed its descriptor on. */
static void test_looks_again_after_a_run(void **state)
{
	struct machine *m = *state;

	put_abba(m);
	look(m);
	look(m);
	process(m, 201);
	descriptor(m, 201, 3, "/srv/a", 11, HAS(FLOCK("WRITE", 101, 11)));
	look(m);
	assert_string_equal(holders(lock_of(m, 102)), "101 ");
	thread(m, 101, 101, 77);
	look(m);
	assert_string_equal(holders(lock_of(m, 102)), "101 201 ");
}

/* What the kernel's own list of descriptors would say. */
struct listing {
	struct filelock_file files[8];
	uint32_t nr;
	int err;
};

static int give_list(void *ctx, const uint64_t *inos, uint32_t nr_inos,
		     const struct filelock_file **files, uint32_t *nr_files)
{
	struct listing *l = ctx;

	assert_true(nr_inos == 2 && inos[0] == 11 && inos[1] == 22);
	*files = l->files;
	*nr_files = l->nr;
	return l->err;
}

static void list(struct listing *l, uint32_t pid, int fd, uint64_t ino, uint64_t file, int64_t refs)
{
	l->files[l->nr++] = (struct filelock_file){ .file = file, .refs = refs, .ino = ino,
						    .major = 8, .minor = 1, .pid = pid,
						    .tid = pid, .fd = fd };
}

static void test_listed_by_the_kernel(void **state)
{
	struct machine *m = *state;
	struct listing l = { 0 };

	put_abba(m);
	list(&l, 101, 3, 11, 0xa, 2);
	list(&l, 101, 4, 22, 0xb, 1);
	list(&l, 102, 3, 22, 0xc, 3);
	list(&l, 102, 4, 11, 0xd, 1);
	/* procfs hides 301, and 302 has the same inode number on another device */
	process_of(m, 301, 101);
	list(&l, 301, 9, 11, 0xa, 2);
	list(&l, 302, 9, 11, 0xe, 1);
	l.files[5].minor = 2;
	filelocks__set_list(m->locks, give_list, &l);
	put(m, "301/fdinfo/9/is_a_directory", "%s", "");
	assert_int_equal(symlink("/x", strcat(strcpy((char[128]){ 0 }, m->dir), "/301/fd/9")), 0);
	look(m);
	/* known to be all: as many descriptors as references */
	assert_string_equal(holders(lock_of(m, 102)), "101 301 ");
	assert_true(lock_of(m, 102)->complete);
	assert_int_equal(lock_of(m, 102)->holders[0].certainty, SURE_CERTAIN);
	/* three references, one descriptor: two are somewhere else */
	assert_string_equal(holders(lock_of(m, 101)), "102 ");
	assert_int_equal(lock_of(m, 101)->holders[0].certainty, SURE_LIKELY);
	assert_non_null(strstr(lock_of(m, 101)->evidence, "more references than descriptors"));
}

/* The list tells alike holds apart with nobody to compare them. */
static void test_listed_descriptions(void **state)
{
	struct machine *m = *state;
	struct listing l = { 0 };

	put_abba(m);
	for (uint32_t pid = 201; pid <= 202; pid++) {
		process(m, pid);
		descriptor(m, pid, 3, "/srv/c", 11,
			   HAS("OFDLCK ADVISORY  READ -1 08:01:11 0 EOF\n"));
		list(&l, pid, 3, 11, pid, 1);
	}
	process(m, 104);
	descriptor(m, 104, 4, "/srv/c", 11, "");
	wait_range(m, 104, 4, OFD_SETLKW);
	put(m, "locks", "1: OFDLCK ADVISORY  READ -1 08:01:11 0 EOF\n"
	    "1: -> OFDLCK ADVISORY  WRITE -1 08:01:11 5 9\n"
	    "2: OFDLCK ADVISORY  READ -1 08:01:11 0 EOF\n"
	    "3: " FLOCK("WRITE", 102, 22) "3: -> " FLOCK("WRITE", 101, 22));
	filelocks__set_list(m->locks, give_list, &l);
	look(m);
	assert_string_equal(lock_of(m, 104)->lock.str, "ofd:8:1:11:0-EOF@201");
	assert_string_equal(holders(lock_of(m, 104)), "201 ");
}

static void remove_path(const struct machine *m, const char *path)
{
	char full[256];

	snprintf(full, sizeof(full), "%s/%s", m->dir, path);
	assert_int_equal(remove(full), 0);
}

/* Nobody searches the descriptors that thousands wait through, when they were seen to
 * hold nothing: this one cannot be read, and would count as one that shares the hold. */
static void test_listed_waiters_are_not_searched(void **state)
{
	struct machine *m = *state;
	struct listing l = { 0 };

	put_abba(m);
	remove_path(m, "102/task/102/fdinfo");
	put(m, "102/task/102/fdinfo/4", "ino:\t11\n");
	remove_path(m, "102/fdinfo/4");
	put(m, "102/fdinfo/4/is_a_directory", "%s", "");
	list(&l, 101, 3, 11, 0xa, 2);
	list(&l, 102, 3, 22, 0xc, 1);
	list(&l, 102, 4, 11, 0xa, 2);
	filelocks__set_list(m->locks, give_list, &l);
	look(m);
	assert_string_equal(holders(lock_of(m, 102)), "101 ");
}

/* But a thread may have a table of its own: the same number is then something else
 * in its process, here what holds the lock. */
static void test_listed_own_table(void **state)
{
	struct machine *m = *state;
	struct listing l = { 0 };

	process(m, 101);
	descriptor(m, 101, 3, "/srv/a", 11, HAS(FLOCK("WRITE", 101, 11)));
	process(m, 102);
	descriptor(m, 102, 4, "/srv/a", 11, HAS(FLOCK("WRITE", 101, 11)));
	sleeper(m, 102, 112, SYS_flock, 4, 2);
	remove_path(m, "102/task/112/fdinfo");
	descriptor_in(m, "102/task/112/fd", 4, "/srv/a", 11, "");
	process(m, 103);
	descriptor(m, 103, 4, "/srv/a", 11, "");
	wait_flock(m, 103, 103, 4);
	descriptor(m, 103, 5, "/srv/b", 22, "");
	wait_flock(m, 103, 104, 5);
	put(m, "locks", "1: " FLOCK("WRITE", 101, 11) "1: -> " FLOCK("WRITE", 103, 11)
	    "1: -> " FLOCK("WRITE", 102, 11)
	    "2: " FLOCK("WRITE", 0, 22) "2: -> " FLOCK("WRITE", 103, 22));
	list(&l, 101, 3, 11, 0xa, 2);
	list(&l, 102, 4, 11, 0xa, 2);
	list(&l, 102, 4, 11, 0xd, 1);
	l.files[2].tid = 112;
	filelocks__set_list(m->locks, give_list, &l);
	look(m);
	assert_string_equal(holders(lock_of(m, 103)), "101 102 112 ");
	assert_true(lock_of(m, 103)->complete);
}

static void test_list_fails(void **state)
{
	struct machine *m = *state;
	struct listing l = { .err = -E2BIG };

	put_abba(m);
	filelocks__set_list(m->locks, give_list, &l);
	look(m);
	assert_string_equal(holders(lock_of(m, 102)), "101 ");
	assert_true(lock_of(m, 102)->complete);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MACHINE_TEST(test_sharers_are_holders),
		MACHINE_TEST(test_another_open_is_no_holder),
		MACHINE_TEST(test_dead_locker_live_child),
		MACHINE_TEST(test_nobody_found_is_incomplete),
		MACHINE_TEST(test_shared_flocks_are_anded),
		MACHINE_TEST(test_ofd_holds_told_apart),
		MACHINE_TEST(test_ofd_upgrade),
		MACHINE_TEST(test_posix_overlap),
		MACHINE_TEST(test_in_flight_is_only_likely),
		MACHINE_TEST(test_unreadable),
		MACHINE_TEST(test_dead_leader),
		MACHINE_TEST(test_looks_again_after_a_run),
		MACHINE_TEST(test_listed_by_the_kernel),
		MACHINE_TEST(test_listed_descriptions),
		MACHINE_TEST(test_listed_waiters_are_not_searched),
		MACHINE_TEST(test_listed_own_table),
		MACHINE_TEST(test_list_fails),
	};

	return cmocka_run_group_tests_name("filelocks_holders", tests, NULL, NULL);
}
