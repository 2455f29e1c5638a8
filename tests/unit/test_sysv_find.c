// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * What the detectors make of SysV semaphores: never sure of a deadlock, and no word of
 * those who may just wait for work.
 */
#include <string.h>

#include "cmocka_all.h"
#include "scene.h"

static int setup(void **state)
{
	*state = scene__new();
	scene__read(*state, 10 * SEC);
	return 0;
}

static int teardown(void **state)
{
	scene__free(*state);
	return 0;
}

/* One that `holder` keeps from `waiter`: as its undo list says, or as a hint. */
static void keeps(struct scene *sc, uint32_t holder, uint64_t lock, uint32_t waiter, bool known)
{
	struct rec_lock_state *l = scene__lock_of(sc, lock, KIND_SYSV_SEM);

	l->rule = RULE_OR;
	l->complete = l->verified = known;
	scene__hold(sc, lock, holder, MODE_EXCLUSIVE)->certainty = known ? SURE_LIKELY : SURE_POSSIBLE;
	scene__wait(sc, waiter, lock, MODE_EXCLUSIVE)->breakable_by = BREAK_SIGNAL;
	scene__task(sc, waiter)->state = 'S';
}

static void look_twice(struct scene *sc, int64_t after_ns)
{
	scene__read(sc, after_ns);
	scene__read(sc, MS);
	scene__find(sc);
}

static void a_deadlock_is_possible_once_it_stands(void **state)
{
	struct scene *sc = *state;

	keeps(sc, 1, L1, 2, true);
	keeps(sc, 2, L2, 1, true);
	look_twice(sc, 4 * SEC);
	assert_int_equal(scene__nr(sc, FIND_DEADLOCK), 0);
	look_twice(sc, 2 * SEC);
	assert_int_equal(scene__nr(sc, FIND_DEADLOCK), 1);
	assert_int_equal(scene__finding(sc, FIND_DEADLOCK, 0)->confidence, SURE_POSSIBLE);
}

static void one_semaphore_among_other_locks_is_enough(void **state)
{
	struct scene *sc = *state;

	keeps(sc, 1, L1, 2, true);
	scene__blocks(sc, 2, L2, 1);
	look_twice(sc, 6 * SEC);
	assert_int_equal(scene__nr(sc, FIND_DEADLOCK), 1);
	assert_int_equal(scene__finding(sc, FIND_DEADLOCK, 0)->confidence, SURE_POSSIBLE);
}

static void another_holder_may_raise_it(void **state)
{
	struct scene *sc = *state;

	keeps(sc, 1, L1, 2, true);
	keeps(sc, 2, L2, 1, true);
	scene__hold(sc, L1, 3, MODE_EXCLUSIVE)->certainty = SURE_LIKELY;
	look_twice(sc, 60 * SEC);
	assert_int_equal(scene__nr(sc, FIND_DEADLOCK), 0);
}

static void hints_close_no_cycle_and_make_no_finding(void **state)
{
	struct scene *sc = *state;

	keeps(sc, 1, L1, 2, false);
	keeps(sc, 2, L2, 1, false);
	scene__wait(sc, 3, L1, MODE_EXCLUSIVE);
	scene__wait(sc, 4, L1, MODE_EXCLUSIVE);
	scene__wait(sc, 5, L1, MODE_EXCLUSIVE);
	look_twice(sc, 1000 * SEC);
	assert_int_equal(scene__nr(sc, FIND_DEADLOCK), 0);
	assert_int_equal(scene__nr(sc, FIND_LONG_WAIT), 0);
	assert_int_equal(scene__nr(sc, FIND_ROOT_BLOCKER), 0);
}

static void a_long_wait_for_a_lock_is_likely(void **state)
{
	struct scene *sc = *state;

	keeps(sc, 1, L1, 2, true);
	look_twice(sc, 2 * SEC);
	assert_int_equal(scene__nr(sc, FIND_LONG_WAIT), 1);
	assert_int_equal(scene__finding(sc, FIND_LONG_WAIT, 0)->confidence, SURE_LIKELY);
}

/* It holds what others want, and sleeps in a semop() that may be for work. */
static void who_waits_for_a_signal_may_be_the_root(void **state)
{
	struct scene *sc = *state;

	scene__blocks(sc, 1, L1, 2);
	scene__wait(sc, 3, L1, MODE_EXCLUSIVE);
	scene__wait(sc, 4, L1, MODE_EXCLUSIVE);
	keeps(sc, 9, L2, 1, false);
	look_twice(sc, 2 * SEC);
	assert_int_equal(scene__nr(sc, FIND_ROOT_BLOCKER), 1);
	assert_int_equal(scene__finding(sc, FIND_ROOT_BLOCKER, 0)->root.who.tid, 1);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(a_deadlock_is_possible_once_it_stands),
		T(one_semaphore_among_other_locks_is_enough),
		T(another_holder_may_raise_it),
		T(hints_close_no_cycle_and_make_no_finding),
		T(a_long_wait_for_a_lock_is_likely),
		T(who_waits_for_a_signal_may_be_the_root),
	};

	return cmocka_run_group_tests_name("sysv_find", tests, NULL, NULL);
}
