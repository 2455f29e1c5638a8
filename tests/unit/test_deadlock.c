// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * What is a deadlock: cycles and knots that are.  test_quiet.c has those that
 * are none.
 */
#include <string.h>

#include "cmocka_all.h"
#include "scene.h"

static int setup(void **state)
{
	*state = scene__new();
	return 0;
}

static int teardown(void **state)
{
	scene__free(*state);
	return 0;
}

/* Tasks first .. first + n - 1, each holding its lock and waiting for the next. */
static void ring(struct scene *sc, uint32_t first, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		scene__blocks(sc, first + (i + 1) % n, L1 + first + i, first + i);
}

static const struct finding *the_deadlock(struct scene *sc)
{
	scene__read(sc, SEC);
	scene__read(sc, 10 * MS);
	scene__find(sc);
	assert_int_equal(scene__nr(sc, FIND_DEADLOCK), 1);
	return scene__finding(sc, FIND_DEADLOCK, 0);
}

static bool has_evidence(const struct finding *f, const char *part)
{
	uint32_t i;

	for (i = 0; i < f->nr_evidence; i++)
		if (strstr(f->evidence[i], part))
			return true;
	return false;
}

static void two_tasks(void **state)
{
	struct scene *sc = *state;
	struct rec_frame site = { .addr = 0x1234, .sym = "f", .off = 7 };
	const struct finding *f;

	scene__blocks(sc, 102, L1, 101);
	scene__blocks(sc, 101, L2, 102);
	scene__lock(sc, L1)->evidence = "owner word of 0xffff888000000100";
	scene__lock(sc, L2)->name = "b_lock";
	scene__holder(sc, L2, 101)->site = &site;
	f = the_deadlock(sc);
	assert_string_equal(f->summary,
			    "2 tasks wait for each other: t101/101 → t102/102 → t101/101");
	assert_int_equal(f->confidence, SURE_CERTAIN);
	assert_true(scene__are(f->cycle, f->nr_cycle, 101, 102, 0));
	assert_true(scene__are(f->members, f->nr_members, 101, 102, 0));
	assert_int_equal(f->nr_behind, 0);
	/* entry i waits for what entry i + 1 holds */
	assert_true(f->cycle[0].waits_for.addr == L1 && f->cycle[1].holds.addr == L1);
	assert_true(f->cycle[1].waits_for.addr == L2 && f->cycle[0].holds.addr == L2);
	assert_string_equal(f->cycle[1].waits_name, "b_lock");
	assert_string_equal(f->cycle[0].holds_site.sym, "f");
	assert_int_equal(f->nr_edges, 2);
	assert_int_equal(f->edges[0].waiter_tid, 101);
	assert_int_equal(f->edges[0].holder_tid, 102);
	assert_int_equal(f->edges[0].rule, EDGE_AND);
	assert_true(has_evidence(f, "owner word of 0xffff888000000100 read twice, unchanged"));
	assert_true(has_evidence(f, "the same 2 waits in reads 1 and 2"));
}

static void three_and_eight_tasks(void **state)
{
	struct scene *sc = *state;
	const struct finding *f;
	uint32_t i;

	ring(sc, 10, 3);
	ring(sc, 20, 8);
	scene__read(sc, SEC);
	scene__read(sc, SEC);
	scene__find(sc);
	assert_int_equal(scene__nr(sc, FIND_DEADLOCK), 2);
	for (i = 0; i < 2; i++) {
		f = scene__finding(sc, FIND_DEADLOCK, i);
		if (f->nr_members == 3)
			assert_true(scene__are(f->cycle, f->nr_cycle, 10, 11, 12, 0));
		else
			assert_true(scene__are(f->cycle, f->nr_cycle, 20, 21, 22, 23, 24, 25, 26,
					       27, 0));
		assert_int_equal(f->confidence, SURE_CERTAIN);
		assert_int_equal(f->nr_edges, f->nr_members);
	}
}

static void a_task_and_its_own_lock(void **state)
{
	struct scene *sc = *state;
	const struct finding *f;

	scene__blocks(sc, 5, L1, 5);
	f = the_deadlock(sc);
	assert_string_equal(f->summary, "self-deadlock: t5/5 waits for a lock it holds");
	assert_true(scene__are(f->cycle, f->nr_cycle, 5, 0));
	assert_int_equal(f->edges[0].waiter_tid, 5);
	assert_int_equal(f->edges[0].holder_tid, 5);
}

static void those_behind_are_named(void **state)
{
	struct scene *sc = *state;
	const struct finding *f;

	ring(sc, 1, 2);
	scene__blocks(sc, 1, L3, 10);	/* 10 waits for 1, 11 for 10, 12 for a free task */
	scene__blocks(sc, 10, L4, 11);
	scene__blocks(sc, 20, L4 + 8, 12);
	f = the_deadlock(sc);
	assert_true(scene__are(f->members, f->nr_members, 1, 2, 0));
	assert_true(scene__are(f->behind, f->nr_behind, 10, 11, 0));
	assert_non_null(strstr(f->summary, "; 2 behind"));
	assert_true(f->behind[0].waits_for.addr == L3);
}

static void across_kinds(void **state)
{
	struct scene *sc = *state;
	const struct finding *f;

	scene__lock_of(sc, L2, KIND_RWSEM);
	scene__lock_of(sc, L3, KIND_RT_MUTEX);
	scene__hold(sc, L1, 1, MODE_EXCLUSIVE);
	scene__hold(sc, L2, 2, MODE_WRITE);
	scene__hold(sc, L3, 3, MODE_EXCLUSIVE);
	scene__wait(sc, 1, L2, MODE_READ);
	scene__wait(sc, 2, L3, MODE_EXCLUSIVE);
	scene__wait(sc, 3, L1, MODE_EXCLUSIVE);
	f = the_deadlock(sc);
	assert_int_equal(f->cycle[0].waits_for.kind, KIND_RWSEM);
	assert_int_equal(f->cycle[0].waits_mode, MODE_READ);
	assert_int_equal(f->cycle[1].holds_mode, MODE_WRITE);
	assert_int_equal(f->cycle[2].holds.kind, KIND_RT_MUTEX);
}

static void spinners_say_where_they_spin(void **state)
{
	struct scene *sc = *state;
	const struct finding *f;
	uint32_t i;

	ring(sc, 1, 2);
	for (i = 1; i <= 2; i++) {
		scene__task(sc, i)->wait.spin = true;
		scene__task(sc, i)->on_cpu = true;
		scene__task(sc, i)->state = 'R';
		scene__task(sc, i)->cpu = 10 + (int)i;
		scene__task(sc, i)->context = CONTEXT_SOFTIRQ;
	}
	f = the_deadlock(sc);
	assert_int_equal(f->members[0].cpu, 11);
	assert_int_equal(f->members[1].cpu, 12);
	assert_int_equal(f->members[1].context, CONTEXT_SOFTIRQ);
	/* a spinner that moved to another CPU was not spinning all the time */
	scene__task(sc, 2)->cpu = 3;
	scene__read(sc, SEC);
	scene__find(sc);
	assert_int_equal(scene__nr(sc, FIND_DEADLOCK), 0);
}

/* 1 holds A as one of three readers and waits for 2, which wants A for writing:
 * that the other readers run changes nothing. */
static void a_writer_and_one_of_its_readers(void **state)
{
	struct scene *sc = *state;
	const struct finding *f;

	scene__lock_of(sc, L1, KIND_RWSEM);
	scene__hold(sc, L1, 8, MODE_READ);
	scene__hold(sc, L1, 1, MODE_READ);
	scene__hold(sc, L1, 9, MODE_READ);
	scene__task(sc, 8)->state = 'R';
	scene__wait(sc, 2, L1, MODE_WRITE);
	scene__blocks(sc, 2, L2, 1);
	f = the_deadlock(sc);
	assert_true(scene__are(f->members, f->nr_members, 1, 2, 0));
}

static void a_reader_that_reads_again_behind_a_writer(void **state)
{
	struct scene *sc = *state;
	const struct finding *f;

	scene__lock_of(sc, L1, KIND_RWSEM);
	scene__hold(sc, L1, 1, MODE_READ);
	scene__wait(sc, 2, L1, MODE_WRITE)->since_ns = 5;
	scene__wait(sc, 1, L1, MODE_READ)->since_ns = 9;
	f = the_deadlock(sc);
	assert_true(scene__are(f->cycle, f->nr_cycle, 1, 2, 0));
	assert_int_equal(f->edges[0].rule + f->edges[1].rule, EDGE_QUEUE + EDGE_AND);
	assert_int_equal(f->cycle[1].holds.key, 0);	/* 2 holds nothing, it is ahead */
	assert_true(has_evidence(f, "queued writer"));
}

static void make_or(struct scene *sc, uint64_t lock)
{
	scene__lock_of(sc, lock, KIND_FLOCK)->rule = RULE_OR;
}

static void an_or_lock_whose_holders_are_all_stuck(void **state)
{
	struct scene *sc = *state;
	const struct finding *f;

	/* two processes and their children, all of which share the descriptors */
	make_or(sc, L1);
	make_or(sc, L2);
	scene__hold(sc, L1, 1, MODE_WRITE);
	scene__hold(sc, L1, 11, MODE_WRITE);
	scene__hold(sc, L2, 2, MODE_WRITE);
	scene__hold(sc, L2, 12, MODE_WRITE);
	scene__wait(sc, 1, L2, MODE_WRITE);
	scene__wait(sc, 2, L1, MODE_WRITE);
	scene__wait(sc, 11, L2, MODE_WRITE);
	scene__wait(sc, 12, L1, MODE_WRITE);
	f = the_deadlock(sc);
	assert_true(scene__are(f->members, f->nr_members, 1, 2, 11, 12, 0));
	assert_int_equal(f->nr_cycle, 2);
	assert_int_equal(f->nr_edges, 8);
	assert_int_equal(f->edges[0].rule, EDGE_OR);
	assert_int_equal(f->confidence, SURE_CERTAIN);
}

/* 1 and 2 are stuck only because 3 is: killing 3 or 4 frees them all. */
static void who_depends_on_another_deadlock_is_behind_it(void **state)
{
	struct scene *sc = *state;
	const struct finding *f;

	make_or(sc, L1);
	scene__hold(sc, L1, 2, MODE_WRITE);
	scene__hold(sc, L1, 3, MODE_WRITE);
	scene__wait(sc, 1, L1, MODE_WRITE);
	scene__blocks(sc, 1, L2, 2);
	scene__blocks(sc, 4, L3, 3);
	scene__blocks(sc, 3, L4, 4);
	f = the_deadlock(sc);
	assert_true(scene__are(f->members, f->nr_members, 3, 4, 0));
	assert_true(scene__are(f->behind, f->nr_behind, 1, 2, 0));
}

/* The same, but 1 and 2 are also stuck by themselves, inside a component that
 * has an OR way out to 3 and 4. */
static void a_deadlock_inside_one_that_depends(void **state)
{
	struct scene *sc = *state;

	scene__lock_of(sc, L1, KIND_RWSEM);
	scene__hold(sc, L1, 2, MODE_READ);	/* 1 waits for 2 and for 5 */
	scene__hold(sc, L1, 5, MODE_READ);
	scene__wait(sc, 1, L1, MODE_WRITE);
	scene__blocks(sc, 1, L2, 2);
	make_or(sc, L2 + 8);			/* 5 waits for 1 or 3 */
	scene__hold(sc, L2 + 8, 1, MODE_WRITE);
	scene__hold(sc, L2 + 8, 3, MODE_WRITE);
	scene__wait(sc, 5, L2 + 8, MODE_WRITE);
	scene__blocks(sc, 4, L3, 3);
	scene__blocks(sc, 3, L4, 4);
	scene__read(sc, SEC);
	scene__read(sc, SEC);
	scene__find(sc);
	assert_int_equal(scene__nr(sc, FIND_DEADLOCK), 2);
	assert_int_equal(scene__finding(sc, FIND_DEADLOCK, 0)->nr_members, 2);
	assert_int_equal(scene__finding(sc, FIND_DEADLOCK, 1)->nr_members, 2);
}

static void a_hint_makes_it_likely(void **state)
{
	struct scene *sc = *state;
	const struct finding *f;

	scene__lock_of(sc, L1, KIND_RWSEM);
	scene__lock_of(sc, L2, KIND_RWSEM);
	scene__hold(sc, L1, 1, MODE_READ)->certainty = SURE_LIKELY;
	scene__hold(sc, L2, 2, MODE_WRITE);
	scene__wait(sc, 1, L2, MODE_WRITE);
	scene__wait(sc, 2, L1, MODE_WRITE);
	scene__read(sc, 5 * SEC);
	f = the_deadlock(sc);
	assert_int_equal(f->confidence, SURE_LIKELY);
	assert_true(has_evidence(f, "(likely)"));
}

/* Two semaphores, each with one holder that is known. */
static void two_semaphores(void **state)
{
	struct scene *sc = *state;
	const struct finding *f;

	scene__semaphore(sc, L1);
	scene__semaphore(sc, L2);
	scene__entry(sc, L1, 1, MODE_EXCLUSIVE);
	scene__entry(sc, L2, 2, MODE_EXCLUSIVE);
	scene__wait(sc, 1, L2, MODE_EXCLUSIVE);
	scene__wait(sc, 2, L1, MODE_EXCLUSIVE);
	f = the_deadlock(sc);
	assert_int_equal(f->confidence, SURE_CERTAIN);
	assert_true(scene__are(f->cycle, f->nr_cycle, 1, 2, 0));
	assert_int_equal(f->edges[0].rule, EDGE_OR);
	assert_string_equal(f->cycle[0].holds_site.sym, "taker");
	assert_int_equal(f->cycle[0].hold_id, 1);
}

/* A counting semaphore with two holders, both of which wait for its third user. */
static void a_counting_semaphore_whose_holders_all_wait(void **state)
{
	struct scene *sc = *state;
	const struct finding *f;

	scene__semaphore(sc, L1);
	scene__entry(sc, L1, 1, MODE_EXCLUSIVE);
	scene__entry(sc, L1, 2, MODE_EXCLUSIVE);
	scene__entry(sc, L2, 3, MODE_EXCLUSIVE);
	scene__wait(sc, 1, L2, MODE_EXCLUSIVE);
	scene__wait(sc, 2, L2, MODE_EXCLUSIVE);
	scene__wait(sc, 3, L1, MODE_EXCLUSIVE);
	f = the_deadlock(sc);
	assert_true(scene__are(f->members, f->nr_members, 1, 2, 3, 0));
	assert_int_equal(f->nr_edges, 4);
	assert_int_equal(f->nr_cycle, 2);
}

/* Known from a held stack, so that it holds what it waits for is no stale hint. */
static void a_task_that_takes_a_semaphore_or_reads_twice(void **state)
{
	struct scene *sc = *state;
	struct rec_holder *h;
	size_t i;

	scene__semaphore(sc, L1);
	scene__entry(sc, L1, 1, MODE_EXCLUSIVE);
	scene__entry(sc, L1, 1, MODE_EXCLUSIVE);
	scene__wait(sc, 1, L1, MODE_EXCLUSIVE);
	scene__lock_of(sc, L2, KIND_RWSEM);
	h = scene__entry(sc, L2, 2, MODE_READ);
	h->certainty = SURE_LIKELY;
	scene__wait(sc, 2, L2, MODE_WRITE);
	assert_int_equal(the_deadlock(sc)->members[0].who.tid, 1);	/* 2 not for 5 s */
	scene__read(sc, 5 * SEC);
	scene__read(sc, MS);
	scene__find(sc);
	assert_int_equal(scene__nr(sc, FIND_DEADLOCK), 2);
	for (i = 0; i < 2; i++)
		assert_int_equal(scene__finding(sc, FIND_DEADLOCK, i)->confidence,
				 i ? SURE_LIKELY : SURE_CERTAIN);
	scene__holder(sc, L2, 2)->id = 0;	/* the last reader, by the lock word */
	scene__read(sc, MS);
	scene__find(sc);
	assert_int_equal(scene__nr(sc, FIND_DEADLOCK), 1);
}

/* 4 wants A for writing and holds B; first one, then the other reader of A wants B. */
static void cycles_through_either_of_two_readers(void **state)
{
	struct scene *sc = *state;
	const struct finding *f;

	scene__lock_of(sc, L1, KIND_RWSEM);
	scene__entry(sc, L1, 3, MODE_READ);
	scene__entry(sc, L1, 5, MODE_READ);
	scene__wait(sc, 4, L1, MODE_WRITE);
	scene__entry(sc, L2, 4, MODE_EXCLUSIVE);
	scene__wait(sc, 5, L2, MODE_EXCLUSIVE);
	f = the_deadlock(sc);
	assert_true(scene__are(f->members, f->nr_members, 4, 5, 0));
	scene__stop_wait(sc, 5);
	scene__wait(sc, 3, L2, MODE_EXCLUSIVE);
	f = the_deadlock(sc);
	assert_true(scene__are(f->members, f->nr_members, 3, 4, 0));
}

static void an_interrupt_that_spins_for_a_lock_of_the_task_below(void **state)
{
	struct scene *sc = *state;
	const struct finding *f;

	scene__lock_of(sc, L1, KIND_SPINLOCK);
	scene__spin_hold(sc, L1, 1, 3, MODE_EXCLUSIVE);
	scene__read(sc, MS);
	scene__spin(sc, 1, 3, L1, MODE_EXCLUSIVE);
	scene__task(sc, 1)->context = CONTEXT_HARDIRQ;
	f = the_deadlock(sc);
	assert_string_equal(f->summary, "self-deadlock on CPU 3: a hardirq spins for a lock that "
					"t1/1 held when interrupted");
	assert_int_equal(f->members[0].context, CONTEXT_HARDIRQ);
	assert_int_equal(f->members[0].holds_context, CONTEXT_TASK);
	assert_int_equal(f->members[0].holds_cpu, 3);
}

static void two_spinlocks(void **state)
{
	struct scene *sc = *state;
	const struct finding *f;

	scene__lock_of(sc, L1, KIND_SPINLOCK);
	scene__lock_of(sc, L2, KIND_RWLOCK);
	scene__spin_hold(sc, L1, 1, 0, MODE_EXCLUSIVE);
	scene__spin_hold(sc, L2, 2, 1, MODE_READ);
	scene__read(sc, MS);
	scene__spin(sc, 1, 0, L2, MODE_WRITE);
	scene__spin(sc, 2, 1, L1, MODE_EXCLUSIVE);
	f = the_deadlock(sc);
	assert_int_equal(f->confidence, SURE_CERTAIN);
	assert_true(scene__are(f->cycle, f->nr_cycle, 1, 2, 0));
	assert_int_equal(f->members[1].cpu, 1);
	assert_int_equal(f->members[1].holds_cpu, 1);
}

static void evidence_names_its_lock(void **state)
{
	struct scene *sc = *state;
	const struct finding *f;

	ring(sc, 1, 2);
	scene__lock(sc, L1 + 1)->evidence = "held stack of t1/1";
	scene__lock(sc, L1 + 2)->evidence = "owner word of 0xffff888000000102";
	f = the_deadlock(sc);
	assert_true(has_evidence(f, "mutex 0xffff888000000101: held stack of t1/1 read twice"));
	assert_true(has_evidence(f, "owner word of 0xffff888000000102 read twice"));
	assert_false(has_evidence(f, "0xffff888000000102: owner"));
}

static void a_likely_edge_elsewhere_does_not_degrade_it(void **state)
{
	struct scene *sc = *state;
	const struct finding *f;

	ring(sc, 1, 2);
	/* 3 waits for 1, and may be a reader of what 1 wants */
	scene__blocks(sc, 1, L3, 3);
	scene__lock_of(sc, L1 + 1, KIND_RWSEM);
	scene__holder(sc, L1 + 1, 2)->mode = MODE_READ;
	scene__hold(sc, L1 + 1, 3, MODE_READ)->certainty = SURE_LIKELY;
	scene__read(sc, 5 * SEC);
	f = the_deadlock(sc);
	assert_int_equal(f->confidence, SURE_CERTAIN);
	assert_true(scene__are(f->members, f->nr_members, 1, 2, 0));
	assert_true(scene__are(f->behind, f->nr_behind, 3, 0));
}

static void a_timeout_makes_it_likely_and_a_signal_does_not(void **state)
{
	struct scene *sc = *state;
	const struct finding *f;

	ring(sc, 1, 2);
	scene__task(sc, 1)->wait.breakable_by = BREAK_SIGNAL;
	f = the_deadlock(sc);
	assert_int_equal(f->confidence, SURE_CERTAIN);
	assert_int_equal(f->edges[0].breakable_by, BREAK_SIGNAL);
	assert_true(has_evidence(f, "a signal ends the wait of t1/1"));
	scene__task(sc, 1)->wait.breakable_by = BREAK_TIMEOUT;
	f = the_deadlock(sc);
	assert_int_equal(f->confidence, SURE_LIKELY);
	assert_true(has_evidence(f, "the wait of t1/1 has a timeout"));
}

static void spins(struct scene *sc, uint32_t tid)
{
	scene__task(sc, tid)->on_cpu = true;
	scene__task(sc, tid)->state = 'R';
	scene__task(sc, tid)->wait.spin = true;
}

static void lost_records_make_spinners_likely(void **state)
{
	struct scene *sc = *state;
	struct record lost = { .type = REC_LOST, .lost = { .ring = 5 } };
	const struct finding *f;

	ring(sc, 1, 2);
	scene__read(sc, SEC);
	scene__send(sc, &lost);		/* a full ring loses ended waits only */
	scene__read(sc, SEC);
	scene__find(sc);
	assert_int_equal(scene__finding(sc, FIND_DEADLOCK, 0)->confidence, SURE_CERTAIN);
	lost.lost.recursion = 1;	/* sleepers are proven without */
	scene__send(sc, &lost);
	scene__read(sc, SEC);
	scene__find(sc);
	assert_int_equal(scene__finding(sc, FIND_DEADLOCK, 0)->confidence, SURE_CERTAIN);
	spins(sc, 1);
	spins(sc, 2);
	scene__read(sc, SEC);
	lost.lost.recursion = 2;
	scene__send(sc, &lost);
	scene__read(sc, SEC);
	scene__find(sc);
	f = scene__finding(sc, FIND_DEADLOCK, 0);
	assert_int_equal(f->confidence, SURE_LIKELY);
	assert_true(has_evidence(f, "recursion +1"));
	scene__read(sc, SEC);
	scene__find(sc);
	assert_int_equal(scene__finding(sc, FIND_DEADLOCK, 0)->confidence, SURE_CERTAIN);
}

static void control_characters_stay_out_of_the_summary(void **state)
{
	struct scene *sc = *state;

	ring(sc, 1, 2);
	scene__task(sc, 1)->who.comm = "a\033[31m\n";
	assert_null(strpbrk(the_deadlock(sc)->summary, "\033\n"));
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(two_tasks),
		T(three_and_eight_tasks),
		T(a_task_and_its_own_lock),
		T(those_behind_are_named),
		T(across_kinds),
		T(spinners_say_where_they_spin),
		T(a_writer_and_one_of_its_readers),
		T(a_reader_that_reads_again_behind_a_writer),
		T(an_or_lock_whose_holders_are_all_stuck),
		T(who_depends_on_another_deadlock_is_behind_it),
		T(a_deadlock_inside_one_that_depends),
		T(a_hint_makes_it_likely),
		T(two_semaphores),
		T(a_counting_semaphore_whose_holders_all_wait),
		T(a_task_that_takes_a_semaphore_or_reads_twice),
		T(cycles_through_either_of_two_readers),
		T(an_interrupt_that_spins_for_a_lock_of_the_task_below),
		T(two_spinlocks),
		T(evidence_names_its_lock),
		T(a_likely_edge_elsewhere_does_not_degrade_it),
		T(a_timeout_makes_it_likely_and_a_signal_does_not),
		T(lost_records_make_spinners_likely),
		T(control_characters_stay_out_of_the_summary),
	};

	return cmocka_run_group_tests_name("deadlock", tests, NULL, NULL);
}
