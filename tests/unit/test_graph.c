// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * Who waits for whom: each rule of the graph on a scene of its own.
 */
#include <stdlib.h>

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

static uint32_t nr_edges(struct scene *sc)
{
	return scene__now(sc)->nr_edges;
}

static void a_waiter_waits_for_the_holder(void **state)
{
	struct scene *sc = *state;
	const struct snapshot *s;

	scene__blocks(sc, 1, L1, 2);
	scene__read(sc, SEC);
	s = scene__now(sc);
	assert_int_equal(nr_edges(sc), 1);
	assert_int_equal(scene__edges(sc, 2, 1, EDGE_AND), 1);
	assert_int_equal(s->locks[0].nr_waiters, 1);
	assert_int_equal(s->waiters[s->locks[0].first_waiter], scene__index(sc, 2));
	assert_int_equal(s->tasks[scene__index(sc, 1)].nr_holds, 1);
	assert_true(s->holds[s->tasks[scene__index(sc, 1)].first_hold].lock == 0);
}

static void a_mutex_queue_adds_no_edge(void **state)
{
	struct scene *sc = *state;

	scene__blocks(sc, 1, L1, 2);
	scene__wait(sc, 3, L1, MODE_EXCLUSIVE);
	scene__read(sc, SEC);
	assert_int_equal(nr_edges(sc), 2);
	assert_int_equal(scene__edges(sc, 3, 1, EDGE_AND), 1);
	assert_int_equal(scene__edges(sc, 3, 2, EDGE_QUEUE), 0);
}

static void a_lock_with_no_holder_blocks_nobody(void **state)
{
	struct scene *sc = *state;

	scene__wait(sc, 1, L1, MODE_EXCLUSIVE);	/* PICKUP: handed to a waiter */
	scene__read(sc, SEC);
	assert_int_equal(nr_edges(sc), 0);
	assert_int_equal(scene__now(sc)->locks[0].nr_waiters, 1);
}

static void a_wait_without_a_lock_record_makes_the_lock(void **state)
{
	struct scene *sc = *state;
	struct record rec = { .type = REC_READ, .read = { .seq = 9, .nr_tasks = 1 } };
	uint32_t lock;

	scene__send(sc, &rec);
	rec.type = REC_TASK;
	rec.task = (struct rec_task){ .who = { .tid = 5, .comm = "x" }, .state = 'D',
				      .has_wait = true };
	rec_lock__set_addr(&rec.task.wait.lock, L3, KIND_SEMAPHORE);
	assert_int_equal(model__apply(scene__model(sc), &rec), 1);
	lock = snapshot__find_lock(scene__now(sc), L3);
	assert_int_not_equal(lock, SNAP_NONE);
	assert_int_equal(scene__now(sc)->locks[lock].lock.kind, KIND_SEMAPHORE);
	assert_false(scene__now(sc)->locks[lock].complete);
	assert_int_equal(scene__now(sc)->tasks[0].wait_lock, lock);
}

static void a_writer_waits_for_every_reader(void **state)
{
	struct scene *sc = *state;

	scene__lock_of(sc, L1, KIND_RWSEM);
	scene__hold(sc, L1, 1, MODE_READ);
	scene__hold(sc, L1, 2, MODE_READ);
	scene__wait(sc, 3, L1, MODE_WRITE);
	scene__read(sc, SEC);
	assert_int_equal(scene__edges(sc, 3, 1, EDGE_AND), 1);
	assert_int_equal(scene__edges(sc, 3, 2, EDGE_AND), 1);
}

static void a_reader_waits_for_a_writer_but_for_no_reader(void **state)
{
	struct scene *sc = *state;

	scene__lock_of(sc, L1, KIND_RWSEM);
	scene__lock_of(sc, L2, KIND_RWSEM);
	scene__hold(sc, L1, 1, MODE_WRITE);
	scene__hold(sc, L2, 1, MODE_READ);
	scene__wait(sc, 2, L1, MODE_READ);
	scene__wait(sc, 3, L2, MODE_READ);
	scene__read(sc, SEC);
	assert_int_equal(scene__edges(sc, 2, 1, EDGE_AND), 1);
	assert_int_equal(nr_edges(sc), 1);
}

/* Held by reader 1; the queue is what the caller lists, one tid after another,
 * negative for writers. */
static void queue(struct scene *sc, enum lock_kind kind, const int *tids)
{
	struct rec_wait *w;
	int i;

	scene__lock_of(sc, L1, kind);
	scene__hold(sc, L1, 1, MODE_READ);
	for (i = 0; tids[i]; i++) {
		w = scene__wait(sc, (uint32_t)abs(tids[i]), L1,
				tids[i] < 0 ? MODE_WRITE : MODE_READ);
		w->since_ns = 100 * (i + 1);
	}
}

static void a_reader_waits_for_the_writers_that_lead_the_queue(void **state)
{
	struct scene *sc = *state;

	queue(sc, KIND_RWSEM, (int[]){ -2, -3, 4, -5, 6, 0 });
	scene__read(sc, SEC);
	assert_int_equal(scene__edges(sc, 4, 2, EDGE_QUEUE), 1);
	assert_int_equal(scene__edges(sc, 4, 3, EDGE_QUEUE), 1);
	assert_int_equal(scene__edges(sc, 4, 5, EDGE_QUEUE), 0);
	/* once 4 heads the queue, 6 is woken with it, past 5 */
	assert_int_equal(scene__edges(sc, 6, 2, EDGE_QUEUE), 1);
	assert_int_equal(scene__edges(sc, 6, 5, EDGE_QUEUE), 0);
	/* a writer behind a writer waits for the holder only */
	assert_int_equal(scene__edges(sc, 3, 2, EDGE_QUEUE), 0);
	assert_int_equal(scene__edges(sc, 3, 1, EDGE_AND), 1);
}

static void no_queue_edge_when_a_reader_heads_the_queue(void **state)
{
	struct scene *sc = *state;

	queue(sc, KIND_RWSEM, (int[]){ 2, -3, 4, 0 });
	scene__read(sc, SEC);
	assert_int_equal(nr_edges(sc), 1);	/* 3 for 1 */
}

static void no_queue_edge_while_a_writer_holds_the_lock(void **state)
{
	struct scene *sc = *state;

	queue(sc, KIND_RWSEM, (int[]){ -2, 4, 0 });
	scene__holder(sc, L1, 1)->mode = MODE_WRITE;
	scene__read(sc, SEC);
	assert_int_equal(scene__edges(sc, 4, 2, EDGE_QUEUE), 0);
	assert_int_equal(scene__edges(sc, 4, 1, EDGE_AND), 1);
}

static void no_queue_edge_when_the_order_is_unknown(void **state)
{
	struct scene *sc = *state;

	queue(sc, KIND_RWSEM, (int[]){ -2, 4, 0 });
	scene__task(sc, 2)->wait.since_ns = LK_NO_TIME;
	scene__read(sc, SEC);
	assert_int_equal(scene__edges(sc, 4, 2, EDGE_QUEUE), 0);
	scene__task(sc, 2)->wait.since_ns = scene__task(sc, 4)->wait.since_ns;
	scene__read(sc, SEC);
	assert_int_equal(scene__edges(sc, 4, 2, EDGE_QUEUE), 0);
}

static void a_reader_in_an_interrupt_passes_the_queue_of_a_rwlock(void **state)
{
	struct scene *sc = *state;

	queue(sc, KIND_RWLOCK, (int[]){ -2, 4, 5, 0 });
	scene__task(sc, 5)->context = CONTEXT_HARDIRQ;
	scene__read(sc, SEC);
	assert_int_equal(scene__edges(sc, 4, 2, EDGE_QUEUE), 1);
	assert_int_equal(scene__edges(sc, 5, 2, EDGE_QUEUE), 0);
}

static void readers_counted_but_not_named_hold_it_too(void **state)
{
	struct scene *sc = *state;

	queue(sc, KIND_RWSEM, (int[]){ -2, 4, 0 });
	scene__drop(sc, L1, 1);
	scene__lock(sc, L1)->nr_readers = 2;
	scene__read(sc, SEC);
	assert_int_equal(scene__edges(sc, 4, 2, EDGE_QUEUE), 1);
	scene__lock(sc, L1)->nr_readers = 0;
	scene__read(sc, SEC);
	assert_int_equal(nr_edges(sc), 0);
}

static void a_task_can_wait_for_itself(void **state)
{
	struct scene *sc = *state;

	scene__blocks(sc, 1, L1, 1);
	scene__lock_of(sc, L2, KIND_RWSEM);
	scene__hold(sc, L2, 2, MODE_READ);
	scene__wait(sc, 2, L2, MODE_WRITE);
	scene__read(sc, SEC);
	assert_int_equal(scene__edges(sc, 1, 1, EDGE_AND), 1);
	assert_int_equal(scene__edges(sc, 2, 2, EDGE_AND), 1);
}

static void or_edges_and_when_they_tell_nothing(void **state)
{
	struct scene *sc = *state;
	struct rec_lock_state *l = scene__lock_of(sc, L1, KIND_FLOCK);

	l->rule = RULE_OR;
	scene__hold(sc, L1, 1, MODE_WRITE);
	scene__hold(sc, L1, 2, MODE_WRITE);
	scene__wait(sc, 3, L1, MODE_WRITE);
	scene__lock_of(sc, L2, KIND_SEMAPHORE)->rule = RULE_OR;	/* complete, but nobody */
	scene__wait(sc, 4, L2, MODE_EXCLUSIVE);
	scene__read(sc, SEC);
	assert_int_equal(scene__edges(sc, 3, 1, EDGE_OR), 1);
	assert_int_equal(scene__edges(sc, 3, 2, EDGE_OR), 1);
	assert_false(scene__now(sc)->locks[0].blind);
	assert_true(scene__now(sc)->locks[1].blind);
	l->complete = false;
	scene__read(sc, SEC);
	assert_int_equal(scene__edges(sc, 3, 1, EDGE_OR), 1);	/* still shown */
	assert_true(scene__now(sc)->locks[0].blind);
}

static void only_who_cannot_run_counts_as_waiting(void **state)
{
	static const struct {
		char letter;
		bool on_cpu, spin, counts;
	} rows[] = {
		{ 'D', false, false, true }, { 'S', false, false, true },
		{ 'R', false, false, false }, { 'D', true, false, false },
		{ 'Z', false, false, false }, { 'X', false, false, false },
		{ 'T', false, false, false },
		{ 'R', true, true, true }, { 'R', false, true, false },
	};
	struct scene *sc = *state;
	size_t i;

	scene__blocks(sc, 1, L1, 2);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		scene__task(sc, 2)->state = rows[i].letter;
		scene__task(sc, 2)->on_cpu = rows[i].on_cpu;
		scene__task(sc, 2)->wait.spin = rows[i].spin;
		scene__read(sc, SEC);
		assert_int_equal(scene__now(sc)->tasks[scene__index(sc, 2)].asleep_or_spinning,
				 rows[i].counts);
	}
}

static void a_holder_without_a_record_is_a_task_that_can_run(void **state)
{
	struct scene *sc = *state;
	const struct snap_task *t;

	scene__hold(sc, L1, 77, MODE_EXCLUSIVE);
	scene__wait(sc, 2, L1, MODE_EXCLUSIVE);
	scene__read(sc, SEC);
	t = &scene__now(sc)->tasks[scene__index(sc, 77)];
	assert_false(t->listed);
	assert_false(t->asleep_or_spinning);
	assert_int_equal(t->wait_lock, SNAP_NONE);
	assert_string_equal(t->who.comm, "");
	assert_int_equal(scene__edges(sc, 2, 77, EDGE_AND), 1);
}

/* The holder's tid was given to a new task, which is asleep in a wait. */
static void a_reused_tid_is_another_task(void **state)
{
	struct scene *sc = *state;

	scene__blocks(sc, 1, L1, 2);
	scene__task(sc, 1)->who.start_ns = 99999;
	scene__read(sc, SEC);
	assert_int_equal(scene__now(sc)->nr_tasks, 3);
	assert_int_not_equal(snapshot__find_task(scene__now(sc), 1, 99999), SNAP_NONE);
	assert_int_not_equal(snapshot__find_task(scene__now(sc), 1, 99999),
			     snapshot__find_task(scene__now(sc), 1, 1001));
	assert_int_equal(snapshot__find_task(scene__now(sc), 1, 5), SNAP_NONE);
}

static void idle_tasks_are_told_by_their_cpu(void **state)
{
	struct scene *sc = *state;
	struct record rec = { .type = REC_READ, .read = { .seq = 1, .nr_tasks = 2 } };
	struct snap_task like = { .cpu = 1 };
	uint32_t i;

	scene__send(sc, &rec);
	rec.type = REC_TASK;
	for (i = 0; i < 2; i++) {
		rec.task = (struct rec_task){ .who = { .comm = "swapper" }, .state = 'R',
					      .on_cpu = true, .cpu = (int)i };
		scene__send(sc, &rec);
	}
	assert_int_equal(scene__now(sc)->nr_tasks, 2);
	i = snapshot__find_same(scene__now(sc), &like);
	assert_int_not_equal(i, SNAP_NONE);
	assert_int_equal(scene__now(sc)->tasks[i].cpu, 1);
	like.cpu = 2;
	assert_int_equal(snapshot__find_same(scene__now(sc), &like), SNAP_NONE);
}

static void waiters_are_oldest_first(void **state)
{
	struct scene *sc = *state;
	const struct snapshot *s;
	uint32_t i;

	scene__hold(sc, L1, 1, MODE_EXCLUSIVE);
	for (i = 2; i < 200; i++)
		scene__wait(sc, i, L1, MODE_EXCLUSIVE)->since_ns = (i * 7919) % 1009;
	scene__read(sc, SEC);
	s = scene__now(sc);
	assert_int_equal(s->locks[0].nr_waiters, 198);
	for (i = 1; i < 198; i++)
		assert_true(s->tasks[s->waiters[s->locks[0].first_waiter + i - 1]].since_ns <=
			    s->tasks[s->waiters[s->locks[0].first_waiter + i]].since_ns);
}

static void too_many_edges_leave_the_lock_out_and_say_so(void **state)
{
	struct scene *sc = *state;
	uint32_t i;

	scene__lock_of(sc, L1, KIND_RWSEM);
	for (i = 0; i < 1500; i++) {
		scene__hold(sc, L1, 10000 + i, MODE_READ);
		scene__wait(sc, 1 + i, L1, MODE_WRITE);
	}
	scene__blocks(sc, 20001, L2, 20002);
	scene__read(sc, SEC);
	assert_int_equal(scene__now(sc)->nr_locks_cut, 1);
	assert_true(scene__now(sc)->locks[0].cut);
	assert_int_equal(nr_edges(sc), 1);	/* the other lock still works */
	assert_int_equal(scene__edges(sc, 20002, 20001, EDGE_AND), 1);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(a_waiter_waits_for_the_holder),
		T(a_mutex_queue_adds_no_edge),
		T(a_lock_with_no_holder_blocks_nobody),
		T(a_wait_without_a_lock_record_makes_the_lock),
		T(a_writer_waits_for_every_reader),
		T(a_reader_waits_for_a_writer_but_for_no_reader),
		T(a_reader_waits_for_the_writers_that_lead_the_queue),
		T(no_queue_edge_when_a_reader_heads_the_queue),
		T(no_queue_edge_while_a_writer_holds_the_lock),
		T(no_queue_edge_when_the_order_is_unknown),
		T(a_reader_in_an_interrupt_passes_the_queue_of_a_rwlock),
		T(readers_counted_but_not_named_hold_it_too),
		T(a_task_can_wait_for_itself),
		T(or_edges_and_when_they_tell_nothing),
		T(only_who_cannot_run_counts_as_waiting),
		T(a_holder_without_a_record_is_a_task_that_can_run),
		T(a_reused_tid_is_another_task),
		T(idle_tasks_are_told_by_their_cpu),
		T(waiters_are_oldest_first),
		T(too_many_edges_leave_the_lock_out_and_say_so),
	};

	return cmocka_run_group_tests_name("graph", tests, NULL, NULL);
}
