// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * long_hold, leak, sleep_in_atomic.
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

/* Sends a hold record of task 7 that ends now. */
static void send_hold(struct scene *sc, struct record *rec, uint64_t lock,
		      enum hold_end end, int64_t hold_ns)
{
	struct rec_hold *h = scene__ended_hold(sc, rec, 7, lock, end);

	h->hold_ns = hold_ns;
	h->since_ns = h->t_ns - hold_ns;
	scene__send(sc, rec);
}

static void a_hold_is_long_from_the_threshold_on(void **state)
{
	static const struct rec_frame site = { 0xffffffffc0000000, "foo", 0x1b, "mod", NULL };
	struct scene *sc = *state;
	const struct finding *f;
	struct rec_holder *h;

	h = scene__entry(sc, L1, 1, MODE_EXCLUSIVE);
	h->site = &site;
	scene__task(sc, 1)->state = 'S';
	scene__lock(sc, L1)->name = "big_lock";
	assert_int_equal(nr_after(sc, SEC - 1, FIND_LONG_HOLD), 0);
	assert_int_equal(nr_after(sc, 1, FIND_LONG_HOLD), 1);
	f = scene__finding(sc, FIND_LONG_HOLD, 0);
	assert_string_equal(f->summary, "t1/1 has held mutex 0xffff888000000100 (big_lock) for "
					"1.000 s (taken at foo+0x1b [mod])");
	assert_int_equal(f->confidence, SURE_CERTAIN);
	assert_int_equal(f->threshold_ns, SEC);
	assert_int_equal(f->hold_ns, SEC);
	assert_int_equal(f->wait_ns, 0);
	assert_true(scene__are(f->tasks, f->nr_tasks, 1, 0));
	assert_true(f->tasks[0].holds.addr == L1 && f->tasks[0].hold_id == h->id);
	assert_int_equal(f->tasks[0].holds_since_ns, 10 * SEC);
	assert_string_equal(f->tasks[0].holds_site.module, "mod");
	assert_int_equal(f->nr_locks, 1);
	assert_true(f->locks[0].addr == L1);
	assert_false(f->over || f->has_root);
}

static void those_that_wait_for_it_follow_the_holder_longest_first(void **state)
{
	struct scene *sc = *state;
	const struct finding *f;
	uint64_t key;

	scene__entry(sc, L1, 1, MODE_EXCLUSIVE);
	scene__wait(sc, 5, L1, MODE_EXCLUSIVE);
	nr_after(sc, SEC, FIND_LONG_HOLD);
	key = scene__finding(sc, FIND_LONG_HOLD, 0)->key;
	assert_non_null(strstr(scene__finding(sc, FIND_LONG_HOLD, 0)->summary, "; 1 waits for it"));
	scene__wait(sc, 3, L1, MODE_EXCLUSIVE);
	scene__wait(sc, 4, L2, MODE_EXCLUSIVE);
	assert_int_equal(nr_after(sc, SEC, FIND_LONG_HOLD), 1);
	f = scene__finding(sc, FIND_LONG_HOLD, 0);
	assert_true(scene__are(f->tasks, f->nr_tasks, 1, 5, 3, 0));
	assert_int_equal(f->wait_ns, 2 * SEC);
	assert_non_null(strstr(f->summary, "; 2 wait for it"));
	assert_true(f->key == key);
	/* taken again: another hold */
	scene__holder(sc, L1, 1)->id += 100;
	nr_after(sc, SEC, FIND_LONG_HOLD);
	assert_false(scene__finding(sc, FIND_LONG_HOLD, 0)->key == key);
}

static void a_holder_that_waits_itself_holds_all_the_same(void **state)
{
	struct scene *sc = *state;
	const struct finding *f;

	scene__entry(sc, L1, 1, MODE_EXCLUSIVE);
	scene__wait(sc, 2, L1, MODE_EXCLUSIVE);
	scene__hold(sc, L2, 9, MODE_EXCLUSIVE);
	scene__task(sc, 9)->state = 'R';
	scene__lock(sc, L2)->name = "other";
	scene__wait(sc, 1, L2, MODE_EXCLUSIVE);
	assert_int_equal(nr_after(sc, 2 * SEC, FIND_LONG_HOLD), 1);
	f = scene__finding(sc, FIND_LONG_HOLD, 0);
	assert_non_null(strstr(f->summary, "; it waits for mutex 0xffff888000000200 (other) itself; "
					   "1 waits for it"));
	assert_true(f->tasks[0].waits_for.addr == L2);
	assert_true(f->has_root && f->root.who.tid == 9);
}

static void a_hold_of_unknown_age_is_never_long(void **state)
{
	struct scene *sc = *state;

	scene__entry(sc, L1, 1, MODE_EXCLUSIVE)->since_ns = LK_NO_TIME;
	scene__hold(sc, L2, 2, MODE_EXCLUSIVE);
	scene__config(sc)->long_hold_ns = 0;
	assert_int_equal(nr_after(sc, 100 * SEC, FIND_LONG_HOLD), 0);
	scene__config(sc)->long_hold_ns = 1;
	scene__entry(sc, L3, 3, MODE_EXCLUSIVE)->since_ns = INT64_MAX;	/* of another CPU's clock */
	assert_int_equal(nr_after(sc, SEC, FIND_LONG_HOLD), 0);
	assert_int_equal(scene__nr(sc, FIND_LEAK), 0);
}

static void it_is_as_sure_as_the_holder_and_never_only_possible(void **state)
{
	struct scene *sc = *state;

	scene__lock_of(sc, L1, KIND_RWSEM);
	scene__entry(sc, L1, 1, MODE_READ)->certainty = SURE_LIKELY;
	scene__entry(sc, L1, 2, MODE_READ)->certainty = SURE_POSSIBLE;
	assert_int_equal(nr_after(sc, 2 * SEC, FIND_LONG_HOLD), 1);
	assert_int_equal(scene__finding(sc, FIND_LONG_HOLD, 0)->confidence, SURE_LIKELY);
	assert_int_equal(scene__finding(sc, FIND_LONG_HOLD, 0)->tasks[0].who.tid, 1);
	assert_non_null(strstr(scene__finding(sc, FIND_LONG_HOLD, 0)->summary,
			       "has held read rwsem 0x"));
}

static void an_idle_kernel_thread_is_told_once_somebody_waits(void **state)
{
	struct scene *sc = *state;

	scene__entry(sc, L1, 1, MODE_EXCLUSIVE);
	scene__task(sc, 1)->state = 'I';
	assert_int_equal(nr_after(sc, 10 * SEC, FIND_LONG_HOLD), 0);
	scene__wait(sc, 2, L1, MODE_EXCLUSIVE);
	assert_int_equal(nr_after(sc, MS, FIND_LONG_HOLD), 1);
}

static void a_spinning_lock_may_be_held_ten_milliseconds(void **state)
{
	struct scene *sc = *state;
	const struct finding *f;
	struct rec_holder *h;

	scene__lock_of(sc, L1, KIND_SPINLOCK);
	h = scene__spin_hold(sc, L1, 1, 3, MODE_EXCLUSIVE);
	h->context = CONTEXT_SOFTIRQ;
	scene__task(sc, 1)->on_cpu = true;
	scene__task(sc, 1)->cpu = 3;
	assert_int_equal(nr_after(sc, 10 * MS - 1, FIND_LONG_HOLD), 0);
	assert_int_equal(nr_after(sc, 1, FIND_LONG_HOLD), 1);
	f = scene__finding(sc, FIND_LONG_HOLD, 0);
	assert_int_equal(f->threshold_ns, 10 * MS);
	assert_int_equal(f->tasks[0].holds_cpu, 3);
	assert_int_equal(f->tasks[0].holds_context, CONTEXT_SOFTIRQ);
}

static void the_idle_task_is_told_by_its_cpu(void **state)
{
	struct scene *sc = *state;
	int i;

	scene__lock_of(sc, L1, KIND_RWLOCK);
	for (i = 0; i < 2; i++) {
		scene__task(sc, IDLE(i));
		scene__spin_hold(sc, L1, IDLE(i), i, MODE_READ)->id = 1;
	}
	assert_int_equal(nr_after(sc, SEC, FIND_LONG_HOLD), 2);
	assert_false(scene__finding(sc, FIND_LONG_HOLD, 0)->key ==
		     scene__finding(sc, FIND_LONG_HOLD, 1)->key);
	assert_string_equal(scene__finding(sc, FIND_LONG_HOLD, 1)->tasks[0].who.comm, "swapper/1");
}

static void holds_of_a_deadlock_are_left_out_those_behind_are_not(void **state)
{
	struct scene *sc = *state;

	scene__entry(sc, L1, 1, MODE_EXCLUSIVE);
	scene__entry(sc, L2, 2, MODE_EXCLUSIVE);
	scene__entry(sc, L3, 3, MODE_EXCLUSIVE);
	scene__wait(sc, 1, L2, MODE_EXCLUSIVE);
	scene__wait(sc, 3, L1, MODE_EXCLUSIVE);
	assert_int_equal(nr_after(sc, 2 * SEC, FIND_LONG_HOLD), 3);
	scene__wait(sc, 2, L1, MODE_EXCLUSIVE);
	nr_after(sc, MS, FIND_LONG_HOLD);
	assert_int_equal(nr_after(sc, MS, FIND_LONG_HOLD), 1);
	assert_int_equal(scene__nr(sc, FIND_DEADLOCK), 1);
	assert_int_equal(scene__finding(sc, FIND_LONG_HOLD, 0)->tasks[0].who.tid, 3);
	assert_true(scene__finding(sc, FIND_LONG_HOLD, 0)->root_in_cycle);
}

static void a_hold_that_no_read_showed_is_told_once(void **state)
{
	struct scene *sc = *state;
	const struct finding *f;
	struct record rec;

	scene__lock(sc, L1)->name = "n";
	scene__read(sc, MS);
	send_hold(sc, &rec, L1, HOLD_RELEASED, 2 * SEC);
	send_hold(sc, &rec, L2, HOLD_RELEASED, SEC - 1);
	assert_int_equal(nr_after(sc, SEC, FIND_LONG_HOLD), 1);
	f = scene__finding(sc, FIND_LONG_HOLD, 0);
	assert_true(f->over);
	assert_int_equal(f->hold_ns, 2 * SEC);
	assert_int_equal(f->threshold_ns, SEC);
	assert_string_equal(f->summary, "t7/7 held mutex 0xffff888000000100 (n) for 2.000 s");
	model__forget_ended(scene__model(sc));
	assert_int_equal(nr_after(sc, SEC, FIND_LONG_HOLD), 0);
}

static void ended_holds_of_spinning_locks_and_doubtful_ones(void **state)
{
	struct scene *sc = *state;
	struct record rec;
	struct rec_hold *h;

	scene__lock_of(sc, L1, KIND_SPINLOCK);
	h = scene__ended_hold(sc, &rec, 7, L1, HOLD_RELEASED);
	h->hold_ns = 20 * MS;
	scene__send(sc, &rec);
	assert_int_equal(nr_after(sc, MS, FIND_LONG_HOLD), 0);
	h->spin = true;
	scene__send(sc, &rec);
	assert_int_equal(nr_after(sc, MS, FIND_LONG_HOLD), 1);
	model__forget_ended(scene__model(sc));
	h->certainty = SURE_POSSIBLE;
	scene__send(sc, &rec);
	assert_int_equal(nr_after(sc, MS, FIND_LONG_HOLD), 0);
	h->certainty = SURE_CERTAIN;
	h->since_ns = LK_NO_TIME;
	scene__send(sc, &rec);
	assert_int_equal(nr_after(sc, MS, FIND_LONG_HOLD), 0);
}

static void a_hold_that_was_shown_is_not_told_again_at_its_end(void **state)
{
	struct scene *sc = *state;
	struct rec_holder *h = scene__entry(sc, L1, 7, MODE_EXCLUSIVE);
	struct record rec;

	assert_int_equal(nr_after(sc, 2 * SEC, FIND_LONG_HOLD), 1);
	scene__ended_hold(sc, &rec, 7, L1, HOLD_RELEASED)->hold_ns = 2 * SEC;
	rec.hold.id = h->id;
	scene__send(sc, &rec);
	scene__drop(sc, L1, 7);
	assert_int_equal(nr_after(sc, MS, FIND_LONG_HOLD), 0);
}

static void an_exit_with_a_lock_is_a_leak(void **state)
{
	struct scene *sc = *state;
	const struct finding *f;
	struct record rec;

	scene__ended_hold(sc, &rec, 7, L1, HOLD_EXITED)->hold_ns = 3 * MS;
	rec.hold.certainty = SURE_LIKELY;
	rec.hold.site = (struct rec_frame){ 0xffffffff81000040, "taker", 0x40, NULL, NULL };
	rec.hold.stack = 5;
	scene__send(sc, &rec);
	assert_int_equal(nr_after(sc, MS, FIND_LEAK), 1);
	f = scene__finding(sc, FIND_LEAK, 0);
	assert_string_equal(f->summary, "t7/7 exited with mutex 0xffff888000000100, held for 3.00 ms "
					"(taken at taker+0x40)");
	assert_true(f->over);
	assert_int_equal(f->confidence, SURE_LIKELY);
	assert_int_equal(f->tasks[0].state, 'X');
	assert_int_equal(f->tasks[0].stack, 5);
	assert_int_equal(scene__nr(sc, FIND_LONG_HOLD), 0);
}

static void a_lock_kept_after_the_system_call_is_a_possible_leak(void **state)
{
	struct scene *sc = *state;
	const struct finding *f;

	scene__task(sc, 1)->state = 'S';
	scene__entry(sc, L1, 1, MODE_EXCLUSIVE)->returned = true;
	scene__wait(sc, 2, L1, MODE_EXCLUSIVE);
	assert_int_equal(nr_after(sc, SEC - 1, FIND_LEAK), 0);
	assert_int_equal(nr_after(sc, 1, FIND_LEAK), 1);
	f = scene__finding(sc, FIND_LEAK, 0);
	assert_int_equal(f->confidence, SURE_POSSIBLE);
	assert_false(f->over);
	assert_int_equal(f->threshold_ns, SEC);
	assert_true(scene__are(f->tasks, f->nr_tasks, 1, 2, 0));
	assert_string_equal(f->summary, "t1/1 left its system call with mutex 0xffff888000000100, "
					"held for 1.000 s now (taken at taker+0x40)");
	assert_int_equal(scene__nr(sc, FIND_LONG_HOLD), 0);
}

/* Its record at the exit told it; that the lock is still taken is no other leak. */
static void what_was_left_at_exit_is_not_told_by_each_read(void **state)
{
	struct scene *sc = *state;
	struct rec_holder *h = scene__entry(sc, L1, 1, MODE_EXCLUSIVE);

	h->exited = h->returned = true;
	nr_after(sc, 10 * SEC, FIND_LEAK);
	assert_int_equal(scene__nr(sc, FIND_LEAK) + scene__nr(sc, FIND_LONG_HOLD), 0);
	h->returned = false;
	nr_after(sc, SEC, FIND_LEAK);
	assert_int_equal(scene__nr(sc, FIND_LEAK) + scene__nr(sc, FIND_LONG_HOLD), 0);
}

/* fsfreeze holds percpu_rwsems for as long as it likes, and exits. */
static void a_frozen_file_system_is_no_leak(void **state)
{
	struct scene *sc = *state;
	struct record rec;

	scene__lock_of(sc, L1, KIND_PERCPU_RWSEM);
	scene__entry(sc, L1, 1, MODE_WRITE)->returned = true;
	nr_after(sc, 10 * SEC, FIND_LEAK);
	assert_int_equal(scene__nr(sc, FIND_LEAK) + scene__nr(sc, FIND_LONG_HOLD), 0);
	send_hold(sc, &rec, L1, HOLD_EXITED, 10 * SEC);
	nr_after(sc, SEC, FIND_LEAK);
	assert_int_equal(scene__nr(sc, FIND_LEAK) + scene__nr(sc, FIND_LONG_HOLD), 0);
}

static void a_sleep_with_a_spinlock_is_told_with_its_stack(void **state)
{
	struct scene *sc = *state;
	const struct finding *f;
	struct record rec;
	uint64_t key;

	scene__lock_of(sc, L1, KIND_SPINLOCK);
	scene__lock_of(sc, L2, KIND_SPINLOCK);
	send_hold(sc, &rec, L1, HOLD_SLEPT, 5000);
	rec.hold.spin = true;
	rec.hold.cpu = 2;
	rec.hold.stack = 9;
	model__forget_ended(scene__model(sc));
	scene__send(sc, &rec);
	assert_int_equal(nr_after(sc, MS, FIND_SLEEP_IN_ATOMIC), 1);
	f = scene__finding(sc, FIND_SLEEP_IN_ATOMIC, 0);
	assert_string_equal(f->summary, "t7/7 went to sleep with spinlock 0xffff888000000100");
	assert_true(f->over);
	assert_int_equal(f->hold_ns, 5000);
	assert_int_equal(f->tasks[0].stack, 9);
	assert_int_equal(f->tasks[0].holds_cpu, 2);
	key = f->key;
	/* the same place again, with another lock, twice: one finding */
	model__forget_ended(scene__model(sc));
	rec.hold.id++;
	rec.hold.lock = scene__lock(sc, L2)->lock;
	scene__send(sc, &rec);
	scene__send(sc, &rec);
	assert_int_equal(nr_after(sc, MS, FIND_SLEEP_IN_ATOMIC), 1);
	assert_true(scene__finding(sc, FIND_SLEEP_IN_ATOMIC, 0)->key == key);
	assert_int_equal(scene__finding(sc, FIND_SLEEP_IN_ATOMIC, 0)->nr_times, 2);
	rec.hold.site.addr = 1;
	scene__send(sc, &rec);
	assert_int_equal(nr_after(sc, MS, FIND_SLEEP_IN_ATOMIC), 2);
	model__forget_ended(scene__model(sc));
	rec.hold.certainty = SURE_POSSIBLE;
	scene__send(sc, &rec);
	assert_int_equal(nr_after(sc, MS, FIND_SLEEP_IN_ATOMIC), 0);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(a_hold_is_long_from_the_threshold_on),
		T(those_that_wait_for_it_follow_the_holder_longest_first),
		T(a_holder_that_waits_itself_holds_all_the_same),
		T(a_hold_of_unknown_age_is_never_long),
		T(it_is_as_sure_as_the_holder_and_never_only_possible),
		T(an_idle_kernel_thread_is_told_once_somebody_waits),
		T(a_spinning_lock_may_be_held_ten_milliseconds),
		T(the_idle_task_is_told_by_its_cpu),
		T(holds_of_a_deadlock_are_left_out_those_behind_are_not),
		T(a_hold_that_no_read_showed_is_told_once),
		T(ended_holds_of_spinning_locks_and_doubtful_ones),
		T(a_hold_that_was_shown_is_not_told_again_at_its_end),
		T(an_exit_with_a_lock_is_a_leak),
		T(a_lock_kept_after_the_system_call_is_a_possible_leak),
		T(what_was_left_at_exit_is_not_told_by_each_read),
		T(a_frozen_file_system_is_no_leak),
		T(a_sleep_with_a_spinlock_is_told_with_its_stack),
	};

	return cmocka_run_group_tests_name("holds", tests, NULL, NULL);
}
