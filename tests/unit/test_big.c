// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * 100,000 tasks: the right answer, no recursion that runs out of stack, no step
 * that takes the square of it (that would run for minutes).
 */
#include "cmocka_all.h"
#include "lib/arena.h"
#include "model/model.h"
#include "scene.h"

#define N 100000u
#define NOBODY N

/* Whom task i waits for: NOBODY, or a task. */
typedef uint32_t (*shape_fn)(uint32_t i);

static void send(struct model *m, const struct record *rec)
{
	assert_true(model__apply(m, rec) >= 0);
}

static void send_read(struct model *m, uint64_t seq, shape_fn shape)
{
	struct record rec = { .type = REC_READ, .read = { seq, seq * SEC, N, N, false } };
	struct rec_holder h = { .certainty = SURE_CERTAIN, .since_ns = LK_NO_TIME };
	uint32_t i;

	send(m, &rec);
	for (i = 0; i < N; i++) {
		rec = (struct record){ .type = REC_TASK, .task = { .who = { .tid = i + 1,
				       .start_ns = i + 7, .comm = "w" }, .state = 'D' } };
		rec.task.has_wait = shape(i) != NOBODY;
		rec.task.wait.id = i + 1;
		rec_lock__set_addr(&rec.task.wait.lock, L1 + i, KIND_MUTEX);
		send(m, &rec);
	}
	for (i = 0; i < N; i++) {
		rec = (struct record){ .type = REC_LOCK, .lock = { .complete = true,
				       .verified = true, .nr_readers = -1, .holders = &h } };
		rec_lock__set_addr(&rec.lock.lock, L1 + i, KIND_MUTEX);
		h.tid = shape(i) + 1;
		h.start_ns = shape(i) + 7;
		rec.lock.nr_holders = shape(i) != NOBODY;
		send(m, &rec);
	}
}

/* Two reads of a shape, then all detectors. */
static void find(shape_fn shape, struct model **m, struct findings *found)
{
	struct find_config cfg;
	struct find_input in;
	struct arena *arena;

	find_config__defaults(&cfg);
	assert_int_equal(model__new(m), 0);
	send_read(*m, 1, shape);
	send_read(*m, 2, shape);
	in = (struct find_input){ *m, model__previous(*m), model__current(*m), &cfg };
	assert_int_equal(arena__new(&arena), 0);
	findings__init(found, arena);
	assert_int_equal(find__run(&in, found), 0);
}

static void done(struct model *m, struct findings *found)
{
	arena__free(found->arena);
	model__free(m);
}

static size_t count(const struct findings *found, enum finding_kind kind)
{
	size_t i, n = 0;

	for (i = 0; i < found->nr; i++)
		n += found->list[i].kind == kind;
	return n;
}

static uint32_t one_chain(uint32_t i)
{
	return i + 1 < N ? i + 1 : NOBODY;
}

static void one_chain_has_one_root_and_no_deadlock(void **state)
{
	struct findings found;
	struct model *m;
	size_t i;

	(void)state;
	find(one_chain, &m, &found);
	assert_int_equal(count(&found, FIND_DEADLOCK), 0);
	assert_int_equal(count(&found, FIND_ROOT_BLOCKER), 1);
	assert_int_equal(count(&found, FIND_LONG_WAIT), N - 1);
	for (i = 0; i < found.nr; i++)
		assert_int_equal(found.list[i].root.who.tid, N);
	assert_int_equal(found.list[found.nr - 1].nr_blocked, N - 1);
	done(m, &found);
}

static uint32_t one_cycle(uint32_t i)
{
	return (i + 1) % N;
}

static void one_cycle_is_one_deadlock(void **state)
{
	struct findings found;
	struct model *m;

	(void)state;
	find(one_cycle, &m, &found);
	assert_int_equal(found.nr, 1);
	assert_int_equal(found.list[0].kind, FIND_DEADLOCK);
	assert_int_equal(found.list[0].nr_members, N);
	assert_int_equal(found.list[0].nr_cycle, N);
	assert_int_equal(found.list[0].nr_edges, N);
	assert_int_equal(found.list[0].confidence, SURE_CERTAIN);
	done(m, &found);
}

/* Tens in turn: a cycle of ten, then a chain of ten. */
static uint32_t cycles_and_chains(uint32_t i)
{
	if (i % 10 < 9)
		return i + 1;
	return i / 10 % 2 ? NOBODY : i - 9;
}

static void many_cycles_are_as_many_deadlocks(void **state)
{
	struct findings found;
	struct model *m;
	size_t i;

	(void)state;
	find(cycles_and_chains, &m, &found);
	assert_int_equal(count(&found, FIND_DEADLOCK), N / 20);
	assert_int_equal(count(&found, FIND_ROOT_BLOCKER), N / 20);
	for (i = 0; i < N / 20; i++) {
		assert_int_equal(found.list[i].nr_members, 10);
		assert_int_equal(found.list[i].nr_behind, 0);
	}
	done(m, &found);
}

/* All others are queued, one after the other, behind two. */
static uint32_t all_behind_two(uint32_t i)
{
	return i ? i - 1 : 1;
}

static void a_long_line_behind_two(void **state)
{
	struct findings found;
	struct model *m;

	(void)state;
	find(all_behind_two, &m, &found);
	assert_int_equal(count(&found, FIND_DEADLOCK), 1);
	assert_int_equal(found.list[0].nr_members, 2);
	assert_int_equal(found.list[0].nr_behind, N - 2);
	assert_int_equal(count(&found, FIND_ROOT_BLOCKER), 0);
	done(m, &found);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_chain_has_one_root_and_no_deadlock),
		cmocka_unit_test(one_cycle_is_one_deadlock),
		cmocka_unit_test(many_cycles_are_as_many_deadlocks),
		cmocka_unit_test(a_long_line_behind_two),
	};

	return cmocka_run_group_tests_name("big", tests, NULL, NULL);
}
