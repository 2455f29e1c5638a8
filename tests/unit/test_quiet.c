// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * What looks like a deadlock and is none, or is not yet known to be one.  Every
 * test starts from a deadlock that is found, and changes one thing.
 */
#include "cmocka_all.h"
#include "scene.h"

/* 1 holds L1 and waits for L2, 2 the other way round; seen once. */
static int setup(void **state)
{
	struct scene *sc = scene__new();

	scene__lock_of(sc, L1, KIND_RWSEM);
	scene__lock_of(sc, L2, KIND_RWSEM);
	scene__hold(sc, L1, 1, MODE_WRITE)->id = 7;
	scene__hold(sc, L2, 2, MODE_WRITE)->id = 8;
	scene__wait(sc, 1, L2, MODE_WRITE);
	scene__wait(sc, 2, L1, MODE_WRITE);
	scene__read(sc, SEC);
	*state = sc;
	return 0;
}

static int teardown(void **state)
{
	scene__free(*state);
	return 0;
}

static size_t deadlocks(struct scene *sc)
{
	scene__read(sc, 10 * MS);
	scene__find(sc);
	return scene__nr(sc, FIND_DEADLOCK);
}

static void nothing_changed_is_one(void **state)
{
	assert_int_equal(deadlocks(*state), 1);
}

static void one_read_proves_nothing(void **state)
{
	scene__find(*state);
	assert_int_equal(scene__nr(*state, FIND_DEADLOCK), 0);
}

static void another_wait_for_the_same_lock(void **state)
{
	scene__task(*state, 1)->wait.id = 99;
	assert_int_equal(deadlocks(*state), 0);
	assert_int_equal(deadlocks(*state), 1);
}

static void another_mode(void **state)
{
	scene__task(*state, 1)->wait.mode = MODE_READ;
	assert_int_equal(deadlocks(*state), 0);
}

static void a_sleeper_ran_in_between(void **state)
{
	scene__task(*state, 1)->switches++;
	assert_int_equal(deadlocks(*state), 0);
	assert_int_equal(deadlocks(*state), 1);
}

static void a_sleeper_was_woken(void **state)
{
	scene__task(*state, 1)->state = 'R';
	assert_int_equal(deadlocks(*state), 0);
}

static void a_sleeper_is_on_a_cpu(void **state)
{
	scene__task(*state, 1)->on_cpu = true;
	assert_int_equal(deadlocks(*state), 0);
}

static void a_member_was_not_asleep_before(void **state)
{
	scene__task(*state, 1)->state = 'R';
	scene__read(*state, SEC);
	scene__task(*state, 1)->state = 'D';
	assert_int_equal(deadlocks(*state), 0);
	assert_int_equal(deadlocks(*state), 1);
}

static void another_hold_of_the_same_lock(void **state)
{
	scene__holder(*state, L1, 1)->id++;
	assert_int_equal(deadlocks(*state), 0);
	assert_int_equal(deadlocks(*state), 1);
}

/* One of the reads knew the holder only from the lock word. */
static void a_hold_that_one_read_has_no_id_of_is_the_same(void **state)
{
	scene__holder(*state, L1, 1)->id = 0;
	assert_int_equal(deadlocks(*state), 1);
	scene__holder(*state, L1, 1)->id = 7;
	assert_int_equal(deadlocks(*state), 1);
}

static void a_hold_that_was_surer_before(void **state)
{
	scene__read(*state, 10 * SEC);
	scene__holder(*state, L1, 1)->certainty = SURE_LIKELY;
	assert_int_equal(deadlocks(*state), 0);
	assert_int_equal(deadlocks(*state), 1);
}

static void another_task_with_the_same_tid(void **state)
{
	scene__task(*state, 1)->who.start_ns = 5;
	scene__holder(*state, L1, 1)->start_ns = 5;
	assert_int_equal(deadlocks(*state), 0);
}

static void a_lock_handed_on_has_no_owner(void **state)
{
	scene__drop(*state, L1, 1);
	assert_int_equal(deadlocks(*state), 0);
	assert_int_equal(deadlocks(*state), 0);
}

static void a_killed_member(void **state)
{
	assert_int_equal(deadlocks(*state), 1);
	scene__stop_wait(*state, 1);
	assert_int_equal(deadlocks(*state), 0);
	scene__gone(*state, 1);
	assert_int_equal(deadlocks(*state), 0);
}

/* One of several readers, or the last reader's stale pointer. */
static void a_hint_that_is_only_possible(void **state)
{
	scene__holder(*state, L1, 1)->certainty = SURE_POSSIBLE;
	assert_int_equal(deadlocks(*state), 0);
	assert_int_equal(deadlocks(*state), 0);
}

/* The last reader to come may have left while another one holds the lock. */
static void a_likely_hint_that_is_young(void **state)
{
	struct scene *sc = *state;

	scene__holder(sc, L1, 1)->certainty = SURE_LIKELY;
	assert_int_equal(deadlocks(sc), 0);
	assert_int_equal(deadlocks(sc), 0);
	scene__read(sc, 4 * SEC);
	assert_int_equal(deadlocks(sc), 1);	/* 5 s after the waits began */
}

static void a_likely_hint_at_the_waiter_itself(void **state)
{
	struct scene *sc = *state;

	scene__hold(sc, L3, 3, MODE_READ)->certainty = SURE_LIKELY;
	scene__wait(sc, 3, L3, MODE_WRITE);
	scene__read(sc, 10 * SEC);
	assert_int_equal(deadlocks(sc), 1);	/* the one that was there */
}

static void readers_do_not_exclude_readers(void **state)
{
	struct scene *sc = *state;

	scene__holder(sc, L1, 1)->mode = MODE_READ;
	scene__holder(sc, L2, 2)->mode = MODE_READ;
	scene__task(sc, 1)->wait.mode = MODE_READ;
	scene__task(sc, 2)->wait.mode = MODE_READ;
	assert_int_equal(deadlocks(sc), 0);
	assert_int_equal(deadlocks(sc), 0);
}

static void an_or_lock_with_a_holder_that_can_run(void **state)
{
	struct scene *sc = *state;

	scene__lock(sc, L1)->rule = RULE_OR;
	deadlocks(sc);
	assert_int_equal(deadlocks(sc), 1);
	scene__hold(sc, L1, 3, MODE_WRITE);	/* a child that shares the descriptor */
	scene__task(sc, 3)->state = 'S';	/* in pause(): it waits for no lock */
	assert_int_equal(deadlocks(sc), 0);
	assert_int_equal(deadlocks(sc), 0);
	scene__wait(sc, 3, L2, MODE_WRITE);	/* now it is stuck too */
	assert_int_equal(deadlocks(sc), 0);
	assert_int_equal(deadlocks(sc), 1);
}

static void an_or_lock_with_a_holder_nobody_can_see(void **state)
{
	scene__lock(*state, L1)->rule = RULE_OR;
	scene__hold(*state, L1, 4242, MODE_WRITE);
	assert_int_equal(deadlocks(*state), 0);
	assert_int_equal(deadlocks(*state), 0);
}

static void an_or_lock_whose_holders_are_not_all_known(void **state)
{
	scene__lock(*state, L1)->rule = RULE_OR;
	scene__lock(*state, L1)->complete = false;
	assert_int_equal(deadlocks(*state), 0);
	assert_int_equal(deadlocks(*state), 0);
}

static void an_or_lock_with_a_holder_that_is_only_possible(void **state)
{
	scene__lock(*state, L1)->rule = RULE_OR;
	scene__hold(*state, L1, 2, MODE_WRITE)->certainty = SURE_POSSIBLE;
	assert_int_equal(deadlocks(*state), 0);
	assert_int_equal(deadlocks(*state), 0);
}

/* Anyone may give it back in that task's place, even if the read saw the task wait
 * just before it exited. */
static void a_semaphore_with_a_holder_that_exited(void **state)
{
	struct scene *sc = *state;

	scene__semaphore(sc, L1);
	assert_int_equal(deadlocks(sc) + deadlocks(sc), 1);
	scene__entry(sc, L1, 3, MODE_EXCLUSIVE)->exited = true;
	scene__wait(sc, 3, L2, MODE_EXCLUSIVE);
	assert_int_equal(deadlocks(sc), 0);
	assert_int_equal(deadlocks(sc), 0);
}

static void a_semaphore_with_a_holder_that_is_counted_but_not_known(void **state)
{
	struct scene *sc = *state;

	scene__semaphore(sc, L1);
	assert_int_equal(deadlocks(sc) + deadlocks(sc), 1);
	scene__lock(sc, L1)->complete = false;
	scene__lock(sc, L1)->nr_unknown = 1;
	assert_int_equal(deadlocks(sc), 0);
	assert_int_equal(deadlocks(sc), 0);
}

/* The owner of a mutex has exited: who waits for it is stuck, but in no cycle. */
static void a_lock_whose_owner_has_exited(void **state)
{
	struct scene *sc = *state;

	scene__holder(sc, L1, 1)->exited = true;
	assert_int_equal(deadlocks(sc), 0);
	assert_int_equal(deadlocks(sc), 0);
}

static void an_or_lock_whose_holders_were_not_all_known_before(void **state)
{
	struct scene *sc = *state;

	scene__lock(sc, L1)->rule = RULE_OR;
	scene__lock(sc, L1)->complete = false;
	scene__read(sc, SEC);
	scene__lock(sc, L1)->complete = true;
	assert_int_equal(deadlocks(sc), 0);
	assert_int_equal(deadlocks(sc), 1);
}

static void who_has_another_way_on_is_not_behind(void **state)
{
	struct scene *sc = *state;

	scene__lock_of(sc, L3, KIND_FLOCK)->rule = RULE_OR;
	scene__hold(sc, L3, 1, MODE_WRITE);
	scene__hold(sc, L3, 8, MODE_WRITE);
	scene__wait(sc, 5, L3, MODE_WRITE);
	assert_int_equal(deadlocks(sc), 1);
	assert_int_equal(deadlocks(sc), 1);
	assert_int_equal(scene__finding(sc, FIND_DEADLOCK, 0)->nr_behind, 0);
	scene__drop(sc, L3, 8);
	deadlocks(sc);
	assert_int_equal(deadlocks(sc), 1);
	assert_int_equal(scene__finding(sc, FIND_DEADLOCK, 0)->nr_behind, 1);
}

static void an_or_lock_that_lost_a_holder_in_between(void **state)
{
	struct scene *sc = *state;

	scene__lock(sc, L1)->rule = RULE_OR;
	scene__hold(sc, L1, 3, MODE_WRITE);
	scene__wait(sc, 3, L2, MODE_WRITE);
	assert_int_equal(deadlocks(sc), 0);
	scene__drop(sc, L1, 3);
	assert_int_equal(deadlocks(sc), 0);
	assert_int_equal(deadlocks(sc), 1);
}

static void an_and_lock_needs_only_one_stuck_holder(void **state)
{
	struct scene *sc = *state;

	scene__holder(sc, L1, 1)->mode = MODE_READ;
	scene__hold(sc, L1, 3, MODE_READ);
	scene__task(sc, 3)->state = 'R';
	assert_int_equal(deadlocks(sc), 0);	/* the hold's mode changed */
	assert_int_equal(deadlocks(sc), 1);
	scene__lock(sc, L1)->complete = false;
	assert_int_equal(deadlocks(sc), 1);
}

static void a_chain_that_ends_at_a_running_task(void **state)
{
	struct scene *sc = *state;

	scene__stop_wait(sc, 2);
	assert_int_equal(deadlocks(sc), 0);
	assert_int_equal(deadlocks(sc), 0);
}

static void a_reader_of_a_queue_that_a_reader_heads(void **state)
{
	struct scene *sc = *state;

	/* 3 reads L3 and wants it again, behind reader 4, so it will be woken with it */
	scene__lock_of(sc, L3, KIND_RWSEM);
	scene__hold(sc, L3, 3, MODE_READ);
	scene__wait(sc, 4, L3, MODE_READ)->since_ns = 1;
	scene__wait(sc, 5, L3, MODE_WRITE)->since_ns = 2;
	scene__wait(sc, 3, L3, MODE_READ)->since_ns = 3;
	assert_int_equal(deadlocks(sc), 1);
	assert_int_equal(deadlocks(sc), 1);	/* still only the first one */
	scene__task(sc, 4)->wait.since_ns = 9;
	assert_int_equal(deadlocks(sc), 1);
	assert_int_equal(deadlocks(sc), 2);	/* now writer 5 heads the queue */
}

static void a_second_read_is_wanted_for_new_waits_only(void **state)
{
	struct scene *sc = *state;
	struct find_input in = scene__input(sc);

	assert_true(find__wants_confirm(&in));
	assert_int_equal(deadlocks(sc), 1);
	in = scene__input(sc);
	assert_false(find__wants_confirm(&in));
	scene__task(sc, 1)->switches++;		/* keeps waking up: no endless reading */
	assert_int_equal(deadlocks(sc), 0);
	in = scene__input(sc);
	assert_false(find__wants_confirm(&in));
	scene__blocks(sc, 11, L3, 12);
	scene__blocks(sc, 12, L4, 11);
	assert_int_equal(deadlocks(sc), 1);
	in = scene__input(sc);
	assert_true(find__wants_confirm(&in));
	scene__stop_wait(sc, 1);
	scene__stop_wait(sc, 11);
	assert_int_equal(deadlocks(sc), 0);
	in = scene__input(sc);
	assert_false(find__wants_confirm(&in));
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(nothing_changed_is_one),
		T(one_read_proves_nothing),
		T(another_wait_for_the_same_lock),
		T(another_mode),
		T(a_sleeper_ran_in_between),
		T(a_sleeper_was_woken),
		T(a_sleeper_is_on_a_cpu),
		T(a_member_was_not_asleep_before),
		T(another_hold_of_the_same_lock),
		T(a_hold_that_one_read_has_no_id_of_is_the_same),
		T(a_hold_that_was_surer_before),
		T(another_task_with_the_same_tid),
		T(a_lock_handed_on_has_no_owner),
		T(a_killed_member),
		T(a_hint_that_is_only_possible),
		T(a_likely_hint_that_is_young),
		T(a_likely_hint_at_the_waiter_itself),
		T(readers_do_not_exclude_readers),
		T(an_or_lock_with_a_holder_that_can_run),
		T(an_or_lock_with_a_holder_nobody_can_see),
		T(an_or_lock_whose_holders_are_not_all_known),
		T(an_or_lock_with_a_holder_that_is_only_possible),
		T(a_semaphore_with_a_holder_that_exited),
		T(a_semaphore_with_a_holder_that_is_counted_but_not_known),
		T(a_lock_whose_owner_has_exited),
		T(an_or_lock_whose_holders_were_not_all_known_before),
		T(who_has_another_way_on_is_not_behind),
		T(an_or_lock_that_lost_a_holder_in_between),
		T(an_and_lock_needs_only_one_stuck_holder),
		T(a_chain_that_ends_at_a_running_task),
		T(a_reader_of_a_queue_that_a_reader_heads),
		T(a_second_read_is_wanted_for_new_waits_only),
	};

	return cmocka_run_group_tests_name("quiet", tests, NULL, NULL);
}
