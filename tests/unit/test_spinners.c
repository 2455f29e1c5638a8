// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * Who may hold a spinning lock, told from the stacks of CPUs that spin: only where one
 * of them alone names it.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>
#include "source/spinners.h"

#define A 0xffff888000100000ull
#define B 0xffff888000200040ull

static struct lk_spinner list[4];

static int setup(void **state)
{
	(void)state;
	memset(list, 0, sizeof(list));
	return 0;
}

static void spins(uint32_t cpu, uint64_t lock, uint64_t word)
{
	list[cpu].lock = lock;
	list[cpu].nr_words = 40;
	list[cpu].words[30] = word;
	list[cpu].words[31] = lock; /* its own is always at hand */
}

static void test_two_for_each_other(void **state)
{
	struct spinner_hint hint;

	(void)state;
	spins(1, A, B);
	spins(3, B, A);
	assert_true(spinners__holder(list, 4, A, 0, &hint));
	assert_int_equal(hint.cpu, 3);
	assert_int_equal(hint.below, 0);
	assert_true(spinners__holder(list, 4, B, 0, &hint));
	assert_int_equal(hint.cpu, 1);
}

static void test_nobody_names_it(void **state)
{
	struct spinner_hint hint;

	(void)state;
	spins(0, A, 0);
	spins(1, A, 0);
	spins(2, B, 0);
	assert_false(spinners__holder(list, 4, A, 0, &hint));
	/* past the words that were copied */
	list[2].words[40] = A;
	assert_false(spinners__holder(list, 4, A, 0, &hint));
}

static void test_who_waits_for_it_names_it_anyway(void **state)
{
	struct spinner_hint hint;

	(void)state;
	spins(0, A, A);
	assert_false(spinners__holder(list, 4, A, 64, &hint));
	/* nor is its own lock, in the same object, a place of the other's */
	spins(1, A - 16, A - 16);
	spins(2, A - 16, A - 12);
	assert_false(spinners__holder(list, 4, A, 64, &hint));
}

static void test_several_are_none(void **state)
{
	struct spinner_hint hint;

	(void)state;
	spins(0, A, 0);
	spins(1, B, A);
	spins(2, B, A);
	assert_false(spinners__holder(list, 4, A, 0, &hint));
}

static void test_object(void **state)
{
	struct spinner_hint hint;

	(void)state;
	spins(0, B, 0);
	spins(1, A, B - 0x40);
	assert_false(spinners__holder(list, 4, B, 0x3f, &hint));
	assert_true(spinners__holder(list, 4, B, 0x40, &hint));
	assert_int_equal(hint.cpu, 1);
	assert_int_equal(hint.below, 0x40);
	/* its own address counts for more */
	spins(2, A, B);
	assert_true(spinners__holder(list, 4, B, 0x40, &hint));
	assert_int_equal(hint.cpu, 2);
	assert_int_equal(hint.below, 0);
	/* what lies above is another object's */
	list[2].words[30] = B + 8;
	assert_true(spinners__holder(list, 4, B, 0x40, &hint));
	assert_int_equal(hint.cpu, 1);
}

static void test_code(void **state)
{
	struct lk_spin_code code[LK_NR_SPIN_CODE] = { { 0 } };

	(void)state;
	spinners__add_function(code, "mutex_lock_slowpath", 1, 2);
	spinners__add_function(code, "native_queued_spin_lock_slowpath", 0x100, 0x200);
	spinners__add_function(code, "queued_write_lock_slowpath", 0x300, 0x400);
	assert_int_equal(code[0].from, 0x100);
	assert_int_equal(code[0].to, 0x200);
	assert_int_equal(code[0].flags, LK_F_SPIN);
	assert_int_equal(code[1].from, 0);
	assert_int_equal(code[3].flags, LK_F_SPIN | LK_F_WRITE);
}

#define TEST(test) cmocka_unit_test_setup(test, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_two_for_each_other),
		TEST(test_nobody_names_it),
		TEST(test_who_waits_for_it_names_it_anyway),
		TEST(test_several_are_none),
		TEST(test_object),
		TEST(test_code),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
