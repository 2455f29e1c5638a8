// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * What the memory around a futex says, as it should be and as it should not.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "cmocka_all.h"
#include "source/futex_judge.h"

#define ADDR 0x7f0000001000ull
#define ME 4711u
#define WAITERS 0x80000000u
#define OWNER_DIED 0x40000000u

/* The words as they lie in memory from `at` on; the futex is the one at ADDR. */
static struct futex_memory memory(uint64_t at, const uint32_t *words, uint32_t nr)
{
	struct futex_memory m = { .addr = at, .len = nr * 4 };

	assert_true(m.len <= sizeof(m.bytes));
	memcpy(m.bytes, words, m.len);
	return m;
}

static struct futex_claim judge(uint64_t at, const uint32_t *words, uint32_t nr, uint32_t val, bool pi)
{
	struct futex_memory m = memory(at, words, nr);
	struct futex_claim c;

	futex__judge(&m, ADDR, val, pi, &c);
	return c;
}

#define MUTEX(lock, count, owner, users, kind) ((uint32_t[]){ lock, count, owner, users, kind, 0, 0, 0, 0, 0 })
#define JUDGE(words, val) judge(ADDR, words, 10, val, false)

static void glibc_mutexes(void **state)
{
	static const uint32_t kinds[] = { 0, 2, 3, 0x80, 0x100, 0x200, 0x83 };
	struct futex_claim c;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		c = JUDGE(MUTEX(2, 0, ME, 1, kinds[i]), 2);
		assert_int_equal(c.what, FUTEX_MUTEX);
		assert_int_equal(c.owner, ME);
		assert_int_equal(c.addr, ADDR);
		assert_int_equal(c.wanted, MODE_EXCLUSIVE);
		assert_int_equal(c.held, MODE_EXCLUSIVE);
	}
	assert_int_equal(JUDGE(MUTEX(2, 3, ME, 1, 1), 2).owner, ME);	/* recursive, three times */
}

static void no_glibc_mutex(void **state)
{
	static const struct {
		uint32_t words[10], val;
	} no[] = {
		{ { 0, 0, 0, 0, 0 }, 2 },	/* free */
		{ { 2, 0, 0, 0, 0 }, 2 },	/* given, not yet taken; or not glibc's */
		{ { 1, 0, ME, 1, 0 }, 2 },	/* taken anew, the waiter is about to wake */
		{ { 2, 0, ME, 1, 0 }, 1 },	/* no waiter waits with such a value */
		{ { 2, 0, ME, 0, 0 }, 2 },	/* owned, but nobody uses it */
		{ { 2, 1, ME, 1, 0 }, 2 },	/* counts, but is not recursive */
		{ { 2, 0, ME, 1, 1 }, 2 },	/* recursive, but does not count */
		{ { 2, 0, ME, 1, 4 }, 2 },	/* kinds that there are not */
		{ { 2, 0, ME, 1, 0xdeadbeef }, 2 },
		{ { 2, 0, ME, 1, 0x40 }, 2 },	/* priority ceiling: another word */
		{ { 2, 0, 0xffffffff, 1, 0 }, 2 },
		{ { 2, 0, WAITERS | ME, 1, 0 }, 2 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(no) / sizeof(*no); i++)
		assert_int_equal(JUDGE(no[i].words, no[i].val).what, FUTEX_NO_LOCK);
}

/* The libc that this test runs with keeps to the layout. */
static void mutex_of_this_libc(void **state)
{
#ifdef __GLIBC__
	static const int types[] = { PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_ERRORCHECK,
				     PTHREAD_MUTEX_RECURSIVE, PTHREAD_MUTEX_ADAPTIVE_NP };
	pthread_mutexattr_t attr;
	pthread_mutex_t mutex;
	struct futex_claim c;
	uint32_t words[10], waited_for = 2;
	size_t i;

	for (i = 0; i < sizeof(types) / sizeof(*types); i++) {
		pthread_mutexattr_init(&attr);
		pthread_mutexattr_settype(&attr, types[i]);
		pthread_mutex_init(&mutex, &attr);
		pthread_mutex_lock(&mutex);
		memcpy(words, &mutex, sizeof(words));
		words[0] = waited_for;	/* what a waiter makes of it */
		c = JUDGE(words, 2);
		assert_int_equal(c.what, FUTEX_MUTEX);
		assert_int_equal(c.owner, syscall(SYS_gettid));
		pthread_mutex_unlock(&mutex);
		memcpy(words, &mutex, sizeof(words));
		words[0] = waited_for;
		assert_int_equal(JUDGE(words, 2).what, FUTEX_NO_LOCK);
	}
#endif
	(void)state;
}

static void owner_in_the_word(void **state)
{
	struct futex_claim c = JUDGE(MUTEX(WAITERS | ME, 1, ME, 1, 0x10), WAITERS | ME);

	(void)state;
	assert_int_equal(c.what, FUTEX_OWNED);
	assert_int_equal(c.owner, ME);
	/* the word alone is enough: it may be the last of its page */
	assert_int_equal(judge(ADDR, (uint32_t[]){ WAITERS | ME }, 1, WAITERS | ME, false).owner, ME);
	/* PI: the kernel itself sets the waiters' bit, and what val was does not matter */
	assert_int_equal(judge(ADDR, (uint32_t[]){ WAITERS | ME }, 1, 0, true).owner, ME);
	assert_int_equal(judge(ADDR, (uint32_t[]){ ME }, 1, 0, true).owner, ME);
	/* a dead owner's lock is there to be taken */
	assert_int_equal(judge(ADDR, (uint32_t[]){ WAITERS | OWNER_DIED | ME }, 1, 0, true).what,
			 FUTEX_NO_LOCK);
	assert_int_equal(judge(ADDR, (uint32_t[]){ WAITERS | OWNER_DIED }, 1, 0, true).what,
			 FUTEX_NO_LOCK);
	assert_int_equal(judge(ADDR, (uint32_t[]){ WAITERS }, 1, WAITERS, false).what, FUTEX_NO_LOCK);
	/* a thread id without waiters' bit is what pthread_join() waits for */
	assert_int_equal(judge(ADDR, (uint32_t[]){ ME }, 1, ME, false).what, FUTEX_NO_LOCK);
	/* the word has changed since */
	assert_int_equal(judge(ADDR, (uint32_t[]){ WAITERS | ME }, 1, WAITERS | 1, false).what,
			 FUTEX_NO_LOCK);
}

/* A rwlock from its first byte; the futexes are its third and fourth words. */
#define RWLOCK(readers, writers, phase, wfutex, owner, shared, flags)                            \
	((uint32_t[]){ readers, writers, phase, wfutex, 0, 0, owner, shared, 0, 0, 0, 0, flags })

static void glibc_rwlocks(void **state)
{
	struct futex_claim c;

	(void)state;
	/* a reader waits for the end of the write phase; 8 is one reader that waits */
	c = judge(ADDR - 8, RWLOCK(8 | 3, 0, 3, 1, ME, 0, 0), 13, 3, false);
	assert_int_equal(c.what, FUTEX_RWLOCK);
	assert_int_equal(c.owner, ME);
	assert_int_equal(c.addr, ADDR - 8);
	assert_int_equal(c.wanted, MODE_READ);
	assert_int_equal(c.held, MODE_WRITE);
	/* another writer waits for the first: the same lock */
	c = judge(ADDR - 12, RWLOCK(3, 1, 1, 3, ME, 0, 2), 13, 3, false);
	assert_int_equal(c.what, FUTEX_RWLOCK);
	assert_int_equal(c.owner, ME);
	assert_int_equal(c.addr, ADDR - 12);
	assert_int_equal(c.wanted, MODE_WRITE);
	/* readers hold it: nobody is named */
	assert_int_equal(judge(ADDR - 8, RWLOCK(8 | 2, 0, 2, 1, 0, 0, 0), 13, 2, false).what,
			 FUTEX_NO_LOCK);
	/* the writer has it only once the readers are gone */
	assert_int_equal(judge(ADDR - 12, RWLOCK(8 | 2, 1, 2, 3, ME, 0, 0), 13, 3, false).what,
			 FUTEX_NO_LOCK);
	assert_int_equal(judge(ADDR - 8, RWLOCK(8 | 3, 0, 3, 1, ME, 7, 0), 13, 3, false).what,
			 FUTEX_NO_LOCK);
	assert_int_equal(judge(ADDR - 8, RWLOCK(8 | 3, 0, 3, 1, ME, 0, 9), 13, 3, false).what,
			 FUTEX_NO_LOCK);
}

/* Whatever was read, nothing outside of it is looked at. */
static void any_piece(void **state)
{
	struct futex_memory m;
	struct futex_claim c;
	uint32_t at, len;

	(void)state;
	memset(&m, 0, sizeof(m));
	for (at = 0; at <= 60; at++) {
		for (len = 0; len <= 60; len++) {
			m.addr = ADDR - 30 + at;
			m.len = len;
			memset(m.bytes, 2, sizeof(m.bytes));
			futex__judge(&m, ADDR, 2, false, &c);
			futex__judge(&m, ADDR, 3, true, &c);
		}
	}
	m.addr = ~0ull - 4;
	m.len = 4;
	futex__judge(&m, ~0ull - 4, 2, false, &c);
	futex__judge(&m, 4, 3, false, &c);
	assert_int_equal(c.what, FUTEX_NO_LOCK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(glibc_mutexes),
		cmocka_unit_test(no_glibc_mutex),
		cmocka_unit_test(mutex_of_this_libc),
		cmocka_unit_test(owner_in_the_word),
		cmocka_unit_test(glibc_rwlocks),
		cmocka_unit_test(any_piece),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
