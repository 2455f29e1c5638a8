// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * long_wait, long_spin, root_blocker.
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

static size_t nr_after(struct scene *sc, int64_t ns, enum finding_kind kind)
{
	scene__read(sc, ns);
	scene__find(sc);
	return scene__nr(sc, kind);
}

static void a_wait_is_long_from_the_threshold_on(void **state)
{
	struct scene *sc = *state;
	const struct finding *f;

	scene__blocks(sc, 1, L1, 2);
	scene__lock(sc, L1)->name = "big_lock";
	assert_int_equal(nr_after(sc, SEC - 1, FIND_LONG_WAIT), 0);
	assert_int_equal(nr_after(sc, 1, FIND_LONG_WAIT), 1);
	f = scene__finding(sc, FIND_LONG_WAIT, 0);
	assert_int_equal(f->confidence, SURE_CERTAIN);
	assert_int_equal(f->wait_ns, SEC);
	assert_int_equal(f->threshold_ns, SEC);
	assert_true(scene__are(f->tasks, f->nr_tasks, 2, 0));
	assert_int_equal(f->nr_locks, 1);
	assert_true(f->locks[0].addr == L1);
	assert_true(f->has_root && f->root.who.tid == 1 && f->root.holds.addr == L1);
	assert_int_equal(f->root_confidence, SURE_CERTAIN);
	assert_string_equal(f->summary, "t2/2 has waited 1.000 s for mutex 0xffff888000000100 "
					"(big_lock); root t1/1");
}

static void a_wait_of_unknown_age_is_not_called_long(void **state)
{
	struct scene *sc = *state;

	scene__blocks(sc, 1, L1, 2);
	scene__task(sc, 2)->wait.since_ns = LK_NO_TIME;
	assert_int_equal(nr_after(sc, 100 * SEC, FIND_LONG_WAIT), 0);
	scene__task(sc, 2)->wait.since_ns = INT64_MAX;
	assert_int_equal(nr_after(sc, SEC, FIND_LONG_WAIT), 0);
}

static void one_finding_a_lock_longest_first(void **state)
{
	struct scene *sc = *state;
	const struct finding *f;
	uint64_t key;

	scene__blocks(sc, 1, L1, 5);
	scene__read(sc, SEC);
	scene__wait(sc, 3, L1, MODE_EXCLUSIVE);
	scene__blocks(sc, 1, L2, 4);
	assert_int_equal(nr_after(sc, 2 * SEC, FIND_LONG_WAIT), 2);
	f = scene__finding(sc, FIND_LONG_WAIT, 0);
	assert_true(scene__are(f->tasks, f->nr_tasks, 5, 3, 0));
	assert_int_equal(f->wait_ns, 3 * SEC);
	assert_non_null(strstr(f->summary, "2 tasks wait for mutex 0xffff888000000100, the "
					   "longest, t5/5, 3.000 s; root t1/1"));
	key = f->key;
	/* the first waiter gets the lock: the same finding goes on */
	scene__stop_wait(sc, 5);
	nr_after(sc, SEC, FIND_LONG_WAIT);
	f = scene__finding(sc, FIND_LONG_WAIT, 0);
	assert_true(scene__are(f->tasks, f->nr_tasks, 3, 0));
	assert_true(f->key == key);
}

static void the_root_is_at_the_end_of_the_chain(void **state)
{
	struct scene *sc = *state;
	const struct finding *f;

	scene__blocks(sc, 1, L1, 2);
	scene__blocks(sc, 2, L2, 3);
	scene__holder(sc, L1, 1)->certainty = SURE_LIKELY;
	scene__task(sc, 1)->state = 'S';
	scene__task(sc, 1)->syscall_name = "read";
	nr_after(sc, 2 * SEC, FIND_LONG_WAIT);
	f = scene__finding(sc, FIND_LONG_WAIT, 1);
	assert_true(f->locks[0].addr == L2);
	assert_int_equal(f->root.who.tid, 1);
	assert_int_equal(f->root.state, 'S');
	assert_string_equal(f->root.syscall_name, "read");
	assert_true(f->root.holds.addr == L1);
	assert_int_equal(f->root_confidence, SURE_LIKELY);
	assert_int_equal(f->confidence, SURE_CERTAIN);	/* the wait is a fact all the same */
	assert_non_null(strstr(f->summary, "root t1/1 (likely)"));
}

static void no_owner_no_root(void **state)
{
	struct scene *sc = *state;

	scene__lock_of(sc, L1, KIND_SEMAPHORE)->complete = false;
	scene__wait(sc, 2, L1, MODE_EXCLUSIVE);
	assert_int_equal(nr_after(sc, 2 * SEC, FIND_LONG_WAIT), 1);
	assert_false(scene__finding(sc, FIND_LONG_WAIT, 0)->has_root);
}

static void members_of_a_deadlock_are_left_out_those_behind_are_not(void **state)
{
	struct scene *sc = *state;
	const struct finding *f;

	scene__blocks(sc, 1, L1, 2);
	scene__blocks(sc, 2, L2, 1);
	scene__wait(sc, 3, L2, MODE_EXCLUSIVE);
	scene__read(sc, SEC);
	assert_int_equal(nr_after(sc, SEC, FIND_DEADLOCK), 1);
	assert_int_equal(scene__nr(sc, FIND_LONG_WAIT), 1);
	f = scene__finding(sc, FIND_LONG_WAIT, 0);
	assert_true(scene__are(f->tasks, f->nr_tasks, 3, 0));
	assert_true(f->has_root && f->root_in_cycle);
	assert_non_null(strstr(f->summary, "cycle"));
}

static void a_waiter_that_is_awake_at_one_read_still_waits(void **state)
{
	struct scene *sc = *state;

	scene__blocks(sc, 1, L1, 2);
	assert_int_equal(nr_after(sc, 2 * SEC, FIND_LONG_WAIT), 1);
	scene__task(sc, 2)->state = 'R';
	assert_int_equal(nr_after(sc, SEC, FIND_LONG_WAIT), 1);
	/* twice awake: the end of this wait was missed */
	assert_int_equal(nr_after(sc, SEC, FIND_LONG_WAIT), 0);
}

static struct record ended(uint64_t id, uint64_t lock, bool spin, int64_t wait_ns)
{
	struct record rec = { .type = REC_WAIT, .wait = { .id = id, .spin = spin, .t_ns = 11 * SEC,
			      .wait_ns = wait_ns, .since_ns = 11 * SEC - wait_ns,
			      .who = { .tid = 7, .start_ns = 1007, .comm = "e" } } };

	rec_lock__set_addr(&rec.wait.lock, lock, spin ? KIND_SPINLOCK : KIND_MUTEX);
	return rec;
}

static void waits_that_no_read_showed_are_told_once(void **state)
{
	struct scene *sc = *state;
	struct record rec = ended(50, L1, false, 2 * SEC);
	const struct finding *f;

	rec.wait.owner_tid = 9;
	scene__send(sc, &rec);
	rec = ended(51, L1, false, 3 * SEC);
	scene__send(sc, &rec);
	rec = ended(52, L2, false, SEC - 1);
	scene__send(sc, &rec);
	assert_int_equal(nr_after(sc, SEC, FIND_LONG_WAIT), 1);
	f = scene__finding(sc, FIND_LONG_WAIT, 0);
	assert_true(f->over);
	assert_int_equal(f->nr_tasks, 2);
	assert_int_equal(f->tasks[0].wait_id, 51);
	assert_int_equal(f->wait_ns, 3 * SEC);
	model__forget_ended(scene__model(sc));
	assert_int_equal(nr_after(sc, SEC, FIND_LONG_WAIT), 0);
}

static void the_owner_of_an_ended_wait_is_only_possible(void **state)
{
	struct scene *sc = *state;
	struct record rec = ended(50, L1, false, 2 * SEC);

	rec.wait.owner_tid = 9;
	rec.wait.owner_stack = 3;
	scene__send(sc, &rec);
	nr_after(sc, SEC, FIND_LONG_WAIT);
	assert_true(scene__finding(sc, FIND_LONG_WAIT, 0)->has_root);
	assert_int_equal(scene__finding(sc, FIND_LONG_WAIT, 0)->root.who.tid, 9);
	assert_int_equal(scene__finding(sc, FIND_LONG_WAIT, 0)->root.stack, 3);
	assert_int_equal(scene__finding(sc, FIND_LONG_WAIT, 0)->root_confidence, SURE_POSSIBLE);
}

static void a_wait_that_was_shown_is_not_told_again_at_its_end(void **state)
{
	struct scene *sc = *state;
	struct rec_wait *w;
	struct record rec;

	scene__hold(sc, L1, 1, MODE_EXCLUSIVE);
	w = scene__wait(sc, 7, L1, MODE_EXCLUSIVE);
	assert_int_equal(nr_after(sc, 2 * SEC, FIND_LONG_WAIT), 1);
	rec = ended(w->id, L1, false, 3 * SEC);
	scene__send(sc, &rec);
	scene__stop_wait(sc, 7);
	assert_int_equal(nr_after(sc, SEC, FIND_LONG_WAIT), 0);
}

static void a_spin_is_long_while_it_goes_on(void **state)
{
	struct scene *sc = *state;
	const struct finding *f;
	struct rec_task *t;

	scene__lock_of(sc, L1, KIND_SPINLOCK);
	scene__wait(sc, 2, L1, MODE_EXCLUSIVE)->spin = true;
	t = scene__task(sc, 2);
	t->on_cpu = true;
	t->cpu = 3;
	t->state = 'R';
	t->context = CONTEXT_HARDIRQ;
	assert_int_equal(nr_after(sc, 9 * MS, FIND_LONG_SPIN), 0);
	assert_int_equal(nr_after(sc, 2 * MS, FIND_LONG_SPIN), 1);
	f = scene__finding(sc, FIND_LONG_SPIN, 0);
	assert_int_equal(f->tasks[0].cpu, 3);
	assert_int_equal(f->tasks[0].context, CONTEXT_HARDIRQ);
	assert_string_equal(f->summary, "t2/2 has spun 11.0 ms for spinlock 0xffff888000000100");
	t->on_cpu = false;	/* what does not run does not spin */
	nr_after(sc, SEC, FIND_LONG_SPIN);
	assert_int_equal(nr_after(sc, SEC, FIND_LONG_SPIN), 0);
	assert_int_equal(scene__nr(sc, FIND_LONG_WAIT), 0);
}

static void spinning_for_a_mutex_is_a_wait_not_a_spin(void **state)
{
	struct scene *sc = *state;

	scene__blocks(sc, 1, L1, 2);
	scene__task(sc, 2)->wait.spin = true;
	scene__task(sc, 2)->on_cpu = true;
	assert_int_equal(nr_after(sc, 100 * MS, FIND_LONG_SPIN), 0);
	assert_int_equal(nr_after(sc, SEC, FIND_LONG_SPIN), 0);
	assert_int_equal(scene__nr(sc, FIND_LONG_WAIT), 1);
}

static void ended_spins_are_told_once(void **state)
{
	struct scene *sc = *state;
	struct record rec = ended(50, L1, true, 20 * MS);

	scene__send(sc, &rec);
	assert_int_equal(nr_after(sc, SEC, FIND_LONG_SPIN), 1);
	assert_int_equal(scene__nr(sc, FIND_LONG_WAIT), 0);
	assert_string_equal(scene__finding(sc, FIND_LONG_SPIN, 0)->summary,
			    "e/7 spun 20.0 ms for spinlock 0xffff888000000100");
}

static void who_keeps_three_waiting_is_a_root(void **state)
{
	struct scene *sc = *state;
	const struct finding *f;

	scene__blocks(sc, 1, L1, 2);
	scene__blocks(sc, 2, L2, 3);
	scene__read(sc, SEC);
	scene__wait(sc, 4, L2, MODE_EXCLUSIVE);
	assert_int_equal(nr_after(sc, SEC - 1, FIND_ROOT_BLOCKER), 0);
	assert_int_equal(nr_after(sc, 1, FIND_ROOT_BLOCKER), 1);
	f = scene__finding(sc, FIND_ROOT_BLOCKER, 0);
	assert_int_equal(f->root.who.tid, 1);
	assert_int_equal(f->nr_blocked, 3);
	assert_int_equal(f->confidence, SURE_CERTAIN);
	assert_int_equal(f->tasks[2].who.tid, 4);
	assert_int_equal(f->wait_ns, 2 * SEC);
	assert_true(f->root.holds.addr == L1);
	assert_string_equal(f->summary, "t1/1 keeps 3 tasks waiting, the longest 2.000 s; it holds "
					"mutex 0xffff888000000100");
	scene__config(sc)->root_blocker_min = 4;
	scene__find(sc);
	assert_int_equal(scene__nr(sc, FIND_ROOT_BLOCKER), 0);
}

static void short_waits_do_not_make_a_root(void **state)
{
	struct scene *sc = *state;

	scene__blocks(sc, 1, L1, 2);
	scene__blocks(sc, 11, L2, 12);
	scene__blocks(sc, 13, L3, 14);
	scene__read(sc, 2 * SEC);
	scene__wait(sc, 3, L1, MODE_EXCLUSIVE);
	scene__wait(sc, 4, L1, MODE_EXCLUSIVE);
	assert_int_equal(nr_after(sc, SEC / 2, FIND_ROOT_BLOCKER), 0);
	assert_int_equal(nr_after(sc, SEC / 2, FIND_ROOT_BLOCKER), 1);
}

static void a_root_is_no_surer_than_the_edges_to_it(void **state)
{
	struct scene *sc = *state;
	uint32_t i;

	for (i = 2; i < 5; i++)
		scene__wait(sc, i, L1, MODE_EXCLUSIVE);
	scene__task(sc, 1);
	scene__hold(sc, L1, 1, MODE_READ)->certainty = SURE_LIKELY;
	assert_int_equal(nr_after(sc, 2 * SEC, FIND_ROOT_BLOCKER), 1);
	assert_int_equal(scene__finding(sc, FIND_ROOT_BLOCKER, 0)->confidence, SURE_LIKELY);
	scene__holder(sc, L1, 1)->certainty = SURE_POSSIBLE;	/* may be a bystander */
	assert_int_equal(nr_after(sc, 2 * SEC, FIND_ROOT_BLOCKER), 0);
}

static void of_holders_that_share_the_first_is_blamed_as_likely(void **state)
{
	struct scene *sc = *state;
	uint32_t i;

	scene__lock_of(sc, L1, KIND_FLOCK)->rule = RULE_OR;
	scene__task(sc, 8);
	scene__task(sc, 9);
	scene__hold(sc, L1, 8, MODE_WRITE);
	scene__hold(sc, L1, 9, MODE_WRITE);
	for (i = 2; i < 5; i++)
		scene__wait(sc, i, L1, MODE_WRITE);
	assert_int_equal(nr_after(sc, 2 * SEC, FIND_ROOT_BLOCKER), 1);
	assert_int_equal(scene__finding(sc, FIND_ROOT_BLOCKER, 0)->root.who.tid, 8);
	assert_int_equal(scene__finding(sc, FIND_ROOT_BLOCKER, 0)->confidence, SURE_LIKELY);
}

static void members_of_a_cycle_are_no_root(void **state)
{
	struct scene *sc = *state;
	uint32_t i;

	scene__blocks(sc, 1, L1, 2);
	scene__blocks(sc, 2, L2, 1);
	for (i = 3; i < 10; i++)
		scene__wait(sc, i, L1, MODE_EXCLUSIVE);
	scene__read(sc, SEC);
	assert_int_equal(nr_after(sc, SEC, FIND_ROOT_BLOCKER), 0);
	assert_int_equal(scene__nr(sc, FIND_DEADLOCK), 1);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(a_wait_is_long_from_the_threshold_on),
		T(a_wait_of_unknown_age_is_not_called_long),
		T(one_finding_a_lock_longest_first),
		T(the_root_is_at_the_end_of_the_chain),
		T(no_owner_no_root),
		T(members_of_a_deadlock_are_left_out_those_behind_are_not),
		T(a_waiter_that_is_awake_at_one_read_still_waits),
		T(waits_that_no_read_showed_are_told_once),
		T(the_owner_of_an_ended_wait_is_only_possible),
		T(a_wait_that_was_shown_is_not_told_again_at_its_end),
		T(a_spin_is_long_while_it_goes_on),
		T(spinning_for_a_mutex_is_a_wait_not_a_spin),
		T(ended_spins_are_told_once),
		T(who_keeps_three_waiting_is_a_root),
		T(short_waits_do_not_make_a_root),
		T(a_root_is_no_surer_than_the_edges_to_it),
		T(of_holders_that_share_the_first_is_blamed_as_likely),
		T(members_of_a_cycle_are_no_root),
	};

	return cmocka_run_group_tests_name("waits", tests, NULL, NULL);
}
