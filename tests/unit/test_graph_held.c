// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * The graph with holders from held stacks: idle tasks, interrupts, tasks that have
 * exited, semaphores.
 */
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

static const struct snap_task *task_of(struct scene *sc, uint32_t tid)
{
	return &scene__now(sc)->tasks[scene__index(sc, tid)];
}

/* CPU 1 idles with a lock that CPU 0, idle too, spins for. */
static void idle_tasks_wait_for_idle_tasks(void **state)
{
	struct scene *sc = *state;

	scene__lock_of(sc, L1, KIND_SPINLOCK);
	scene__task(sc, IDLE(2));
	scene__task(sc, IDLE(1));
	scene__spin_hold(sc, L1, IDLE(1), 1, MODE_EXCLUSIVE);
	scene__spin(sc, IDLE(0), 0, L1, MODE_EXCLUSIVE);
	scene__read(sc, SEC);
	assert_int_equal(scene__now(sc)->nr_tasks, 3);
	assert_int_equal(scene__now(sc)->nr_edges, 1);
	assert_int_equal(scene__edges(sc, IDLE(0), IDLE(1), EDGE_AND), 1);
	assert_int_equal(task_of(sc, IDLE(1))->nr_holds, 1);
	assert_int_equal(task_of(sc, IDLE(2))->nr_holds, 0);
	assert_string_equal(task_of(sc, IDLE(1))->who.comm, "swapper/1");
}

static void an_idle_holder_without_a_record_runs_on_its_cpu(void **state)
{
	struct scene *sc = *state;

	scene__lock_of(sc, L1, KIND_SPINLOCK);
	scene__lock_of(sc, L2, KIND_SPINLOCK);
	scene__spin_hold(sc, L1, IDLE(3), 3, MODE_EXCLUSIVE);
	scene__spin_hold(sc, L2, IDLE(3), 3, MODE_EXCLUSIVE);
	scene__spin(sc, 5, 0, L1, MODE_EXCLUSIVE);
	scene__read(sc, SEC);
	assert_int_equal(scene__now(sc)->nr_tasks, 2);	/* one for both holds */
	assert_int_equal(scene__edges(sc, 5, IDLE(3), EDGE_AND), 1);
	assert_int_equal(task_of(sc, IDLE(3))->cpu, 3);
	assert_true(task_of(sc, IDLE(3))->on_cpu);
	assert_false(task_of(sc, IDLE(3))->listed);
}

/* Holders whose tid nobody knows are not one task. */
static void unnamed_holders_stay_apart(void **state)
{
	struct scene *sc = *state;

	scene__hold(sc, L1, 0, MODE_READ);
	scene__hold(sc, L1, 0, MODE_READ);
	scene__task(sc, IDLE(0));
	scene__read(sc, SEC);
	assert_int_equal(scene__now(sc)->nr_tasks, 3);
	assert_int_equal(task_of(sc, IDLE(0))->nr_holds, 0);
}

static size_t deadlocks_of(struct scene *sc)
{
	scene__find(sc);
	return scene__nr(sc, FIND_DEADLOCK);
}

/* The task of CPU 0 took the lock; an interrupt on top of it spins for it. */
static void an_interrupt_that_spins_for_its_own_cpus_lock_is_stuck(void **state)
{
	static const uint32_t tasks[] = { 5, IDLE(0) };
	const struct snapshot *s;
	const struct finding *f;
	size_t i;

	for (i = 0; i < 2; i++) {
		struct scene *sc = scene__new();

		scene__lock_of(sc, L1, KIND_SPINLOCK);
		scene__spin_hold(sc, L1, tasks[i], 0, MODE_EXCLUSIVE);
		scene__spin(sc, tasks[i], 0, L1, MODE_EXCLUSIVE);
		scene__task(sc, tasks[i])->context = CONTEXT_HARDIRQ;
		scene__read(sc, SEC);
		s = scene__now(sc);
		assert_int_equal(scene__edges(sc, tasks[i], tasks[i], EDGE_AND), 1);
		assert_int_equal(s->edges[0].certainty, SURE_CERTAIN);
		scene__read(sc, 15 * MS);
		assert_int_equal(deadlocks_of(sc), 1);
		f = scene__finding(sc, FIND_DEADLOCK, 0);
		assert_int_equal(f->confidence, SURE_CERTAIN);
		assert_true(scene__are(f->members, f->nr_members, tasks[i], 0));
		assert_int_equal(f->members[0].context, CONTEXT_HARDIRQ);
		scene__free(sc);
	}
	(void)state;
}

static void two_idle_cpus_that_spin_for_each_other_are_stuck(void **state)
{
	struct scene *sc = *state;
	const struct finding *f;

	scene__lock_of(sc, L1, KIND_SPINLOCK);
	scene__lock_of(sc, L2, KIND_SPINLOCK);
	scene__spin_hold(sc, L1, IDLE(0), 0, MODE_EXCLUSIVE);
	scene__spin_hold(sc, L2, IDLE(1), 1, MODE_EXCLUSIVE);
	scene__spin(sc, IDLE(0), 0, L2, MODE_EXCLUSIVE);
	scene__spin(sc, IDLE(1), 1, L1, MODE_EXCLUSIVE);
	scene__read(sc, SEC);
	scene__read(sc, 15 * MS);
	assert_int_equal(deadlocks_of(sc), 1);
	f = scene__finding(sc, FIND_DEADLOCK, 0);
	assert_int_equal(f->confidence, SURE_CERTAIN);
	assert_int_equal(f->nr_members, 2);
	assert_int_equal(f->members[0].cpu + f->members[1].cpu, 1);
	assert_int_equal(f->nr_cycle, 2);
}

/* 1 spins for what 2 holds; an interrupt came on top of that and holds what 2 spins
 * for: it will let go. */
static void what_an_interrupt_holds_above_the_wait_proves_nothing(void **state)
{
	static const struct {
		bool since_known;
		int64_t taken_after;	/* the begin of the wait */
		enum rec_context hold, wait;
		enum certainty edge;
	} rows[] = {
		{ true, 5, CONTEXT_HARDIRQ, CONTEXT_TASK, SURE_POSSIBLE },
		{ true, 5, CONTEXT_HARDIRQ, CONTEXT_HARDIRQ, SURE_POSSIBLE },
		{ true, 0, CONTEXT_HARDIRQ, CONTEXT_SOFTIRQ, SURE_CERTAIN },
		{ true, -5, CONTEXT_HARDIRQ, CONTEXT_HARDIRQ, SURE_CERTAIN },
		{ false, 0, CONTEXT_HARDIRQ, CONTEXT_TASK, SURE_POSSIBLE },
		{ false, 0, CONTEXT_SOFTIRQ, CONTEXT_HARDIRQ, SURE_CERTAIN },
		{ false, 0, CONTEXT_TASK, CONTEXT_TASK, SURE_CERTAIN },
	};
	const struct snapshot *s;
	struct rec_wait *wait;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct scene *sc = scene__new();
		struct rec_holder *h;

		scene__lock_of(sc, L1, KIND_SPINLOCK);
		scene__lock_of(sc, L2, KIND_SPINLOCK);
		h = scene__spin_hold(sc, L1, 1, 0, MODE_EXCLUSIVE);
		scene__spin_hold(sc, L2, 2, 1, MODE_EXCLUSIVE);
		wait = scene__spin(sc, 1, 0, L2, MODE_EXCLUSIVE);
		scene__spin(sc, 2, 1, L1, MODE_EXCLUSIVE);
		scene__task(sc, 1)->context = rows[i].wait;
		h->context = rows[i].hold;
		h->since_ns = wait->since_ns + rows[i].taken_after;
		wait->since_at_least = !rows[i].since_known;
		scene__read(sc, SEC);
		s = scene__now(sc);
		assert_int_equal(scene__edges(sc, 2, 1, EDGE_AND), 1);
		assert_int_equal(s->edges[s->first_edge[scene__index(sc, 2)]].certainty,
				 rows[i].edge);
		scene__read(sc, 15 * MS);
		assert_int_equal(deadlocks_of(sc), rows[i].edge == SURE_CERTAIN);
		scene__free(sc);
	}
	(void)state;
}

/* Its tid is in use again, by a task that waits: no cycle goes through that one. */
static void a_holder_that_exited_is_no_living_task(void **state)
{
	static const uint64_t starts[] = { 99999, 1001, 0 };	/* of the living task 1 */
	size_t i;

	for (i = 0; i < 3; i++) {
		struct scene *sc = scene__new();
		const struct snap_task *gone;
		const struct snapshot *s;

		scene__blocks(sc, 1, L1, 2);
		scene__blocks(sc, 2, L2, 1);
		scene__holder(sc, L1, 1)->exited = true;
		scene__task(sc, 1)->who.start_ns = starts[i];
		scene__entry(sc, L3, 1, MODE_EXCLUSIVE)->exited = true;
		scene__read(sc, SEC);
		s = scene__now(sc);
		assert_int_equal(s->nr_tasks, 3);	/* one for both holds */
		assert_int_equal(s->first_edge[scene__index(sc, 2) + 1] -
				 s->first_edge[scene__index(sc, 2)], 1);
		gone = &s->tasks[s->edges[s->first_edge[scene__index(sc, 2)]].blocker];
		assert_true(gone->exited);
		assert_false(task_of(sc, 1)->exited);
		assert_int_equal(gone->who.tid, 1);
		assert_int_equal(gone->wait_lock, SNAP_NONE);
		assert_int_equal(gone->nr_holds, 2);
		assert_int_equal(snapshot__find_same(s, gone), gone - s->tasks);
		scene__read(sc, 15 * MS);
		assert_int_equal(deadlocks_of(sc), 0);
		scene__free(sc);
	}
	(void)state;
}

/* Two permits: 1 waits for 2, which waits for a permit of 1 and 3. */
static void nobody_is_stuck_behind_a_semaphore_that_others_can_give(void **state)
{
	struct scene *sc = *state;
	struct rec_lock_state *l = scene__semaphore(sc, L1);

	scene__entry(sc, L1, 1, MODE_EXCLUSIVE);
	scene__entry(sc, L1, 3, MODE_EXCLUSIVE);
	scene__wait(sc, 2, L1, MODE_EXCLUSIVE);
	scene__entry(sc, L2, 2, MODE_EXCLUSIVE);
	scene__wait(sc, 1, L2, MODE_EXCLUSIVE);
	scene__wait(sc, 3, L2, MODE_EXCLUSIVE);
	scene__read(sc, SEC);
	scene__read(sc, 15 * MS);
	assert_int_equal(deadlocks_of(sc), 1);		/* all holders are known and stuck */
	assert_int_equal(scene__edges(sc, 2, 1, EDGE_OR), 1);
	assert_int_equal(scene__edges(sc, 2, 3, EDGE_OR), 1);
	l->nr_unknown = 1;
	scene__read(sc, 15 * MS);
	scene__read(sc, 15 * MS);
	assert_true(scene__now(sc)->locks[0].blind);
	assert_int_equal(deadlocks_of(sc), 0);
	l->nr_unknown = 0;
	scene__holder(sc, L1, 3)->exited = true;
	scene__read(sc, 15 * MS);
	scene__read(sc, 15 * MS);
	assert_true(scene__now(sc)->locks[0].blind);
	assert_int_equal(deadlocks_of(sc), 0);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(idle_tasks_wait_for_idle_tasks),
		T(an_idle_holder_without_a_record_runs_on_its_cpu),
		T(unnamed_holders_stay_apart),
		T(an_interrupt_that_spins_for_its_own_cpus_lock_is_stuck),
		T(two_idle_cpus_that_spin_for_each_other_are_stuck),
		T(what_an_interrupt_holds_above_the_wait_proves_nothing),
		T(a_holder_that_exited_is_no_living_task),
		T(nobody_is_stuck_behind_a_semaphore_that_others_can_give),
	};

	return cmocka_run_group_tests_name("graph_held", tests, NULL, NULL);
}
