// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include <string.h>

#include "cmocka_all.h"
#include "model/timeline.h"
#include "scene.h"

#define S (1000 * MS)

static int setup(void **state)
{
	return timeline__new((struct timeline **)state, NULL, NULL);
}

static int teardown(void **state)
{
	timeline__free(*state);
	return 0;
}

static struct rec_wait a_wait(uint64_t lock, uint32_t tid, int64_t since_ns, int64_t t_ns)
{
	struct rec_wait w = { .who = { .tid = tid, .start_ns = 7, .comm = "x" }, .since_ns = since_ns,
			      .t_ns = t_ns, .wait_ns = t_ns - since_ns };

	rec_lock__set_addr(&w.lock, lock, KIND_MUTEX);
	return w;
}

static void add(struct timeline *t, uint64_t lock, uint32_t tid, int64_t since_ns, int64_t t_ns)
{
	struct rec_wait w = a_wait(lock, tid, since_ns, t_ns);

	assert_int_equal(timeline__add(t, &w), 0);
}

static uint64_t all_columns(const struct timeline *t)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < t->nr_columns; i++)
		sum += t->columns[i].sleep_ns + t->columns[i].spin_ns;
	return sum;
}

static uint64_t columns_of(const struct time_lock *l)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < l->nr; i++)
		sum += l->wait_ns[i];
	return sum;
}

static uint64_t all_ended(const struct timeline *t)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < t->nr_columns; i++)
		sum += t->columns[i].nr_ended;
	return sum;
}

/* Every ns waited is in one column, however often they became wider, and in the order
 * that they come in: later, earlier, far apart. */
static void nothing_is_lost_when_columns_become_wider(void **state)
{
	static const int64_t ends[] = { 3 * MS, 900 * S, 2 * MS, 50 * S, 7 * MS, 86400 * S, 4 * S };
	struct timeline *t = *state;
	uint64_t sum[2] = { 0 };

	for (size_t i = 0; i < 7; i++) {
		int64_t wait_ns = ends[i] / (int64_t)(i + 2);

		add(t, i % 2 ? L2 : L1, 1, ends[i] - wait_ns, ends[i]);
		sum[i % 2] += (uint64_t)wait_ns;
	}
	assert_true(t->nr_columns <= TIMELINE_COLUMNS);
	assert_true(t->nr_columns > TIMELINE_COLUMNS / 2);
	assert_int_equal(all_columns(t), sum[0] + sum[1]);
	assert_int_equal(all_ended(t), 7);
	assert_int_equal(t->nr_locks, 2);
	assert_int_equal(columns_of(&t->locks[0]), sum[0]);
	assert_int_equal(columns_of(&t->locks[1]), sum[1]);
	assert_int_equal(t->locks[0].count, 4);
	assert_int_equal(t->tasks[0].total_ns, sum[0] + sum[1]);
}

static void a_wait_lies_in_the_columns_of_its_time(void **state)
{
	struct timeline *t = *state;
	uint32_t first, last;

	add(t, L1, 1, 100 * S, 400 * S);
	first = (uint32_t)(100 * S / t->column_ns);
	last = (uint32_t)(400 * S / t->column_ns);
	assert_int_equal(t->locks[0].first, first);
	assert_int_equal(t->locks[0].nr, last - first + 1);
	assert_int_equal(t->columns[first - 1].sleep_ns, 0);
	assert_int_equal(t->columns[first + 1].sleep_ns, t->column_ns);
	assert_int_equal(t->columns[last].nr_ended, 1);
}

/* A recording may say anything. */
static void times_that_are_none_lie_nowhere(void **state)
{
	struct timeline *t = *state;

	add(t, L1, 1, LK_NO_TIME, LK_NO_TIME);
	add(t, L1, 1, 5 * S, 4 * S);
	add(t, L1, 1, -5 * S, -4 * S);
	add(t, L1, 1, 0, INT64_MAX);
	assert_int_equal(all_columns(t), 0);
	assert_int_equal(t->nr_waits, 4);
	add(t, L1, 1, -5 * S, 1 * S);
	assert_int_equal(all_columns(t), S);
	add(t, L1, 1, 0, INT64_MAX / 2);
	assert_int_equal(all_columns(t), S + INT64_MAX / 2);
}

static void the_longest_are_kept(void **state)
{
	struct timeline *t = *state;
	uint32_t nr = 3 * TIMELINE_LONGEST;

	/* 7919 is prime: every length once, in no order */
	for (uint32_t i = 0; i < nr; i++) {
		int64_t ns = (int64_t)((uint64_t)i * 7919 % nr) + 1;

		add(t, L1, 1, 10 * S - ns, 10 * S);
	}
	assert_int_equal(timeline__finish(t, NULL), 0);
	assert_int_equal(t->nr_waits, nr);
	assert_int_equal(t->nr_longest, TIMELINE_LONGEST);
	for (uint32_t i = 0; i < TIMELINE_LONGEST; i++)
		assert_int_equal(t->longest[i].wait_ns, nr - i);
}

static void many_locks_make_columns_wider_and_lose_nothing(void **state)
{
	struct timeline *t = *state;
	uint64_t nr = TIMELINE_CELLS / TIMELINE_COLUMNS * 3, cells = 0;

	for (uint64_t i = 0; i < nr; i++)
		add(t, L1 + i * 64, 1, 0, 60 * S);
	for (size_t i = 0; i < t->nr_locks; i++)
		cells += t->locks[i].cap;
	assert_true(cells <= TIMELINE_CELLS);
	assert_int_equal(cells, t->nr_cells);
	assert_int_equal(all_columns(t), nr * 60 * S);
}

static void what_finds_no_room_is_counted(void **state)
{
	struct timeline *t = *state;

	for (uint32_t i = 0; i < TIMELINE_TASKS + 5; i++)
		add(t, L1 + i * 64, 1 + i, 0, MS);
	assert_int_equal(t->nr_tasks, TIMELINE_TASKS);
	assert_int_equal(t->nr_tasks_cut, 5);
	assert_int_equal(t->nr_locks, TIMELINE_LOCKS);
	assert_int_equal(t->nr_locks_cut, 5);
	assert_int_equal(t->nr_waits, TIMELINE_TASKS + 5);
	assert_int_equal(all_columns(t), (TIMELINE_TASKS + 5) * MS);
}

/* One read: a task waits for a lock, kernel or file; wait_id 0: nobody waits. */
static const struct snapshot *a_read(struct model *m, uint64_t seq, int64_t t_ns, uint64_t wait_id,
				     const char *file)
{
	struct record rec = { .type = REC_READ,
			      .read = { .seq = seq, .t_ns = t_ns, .nr_tasks = !!wait_id } };

	model__apply(m, &rec);
	if (!wait_id)
		return model__current(m);
	rec = (struct record){ .type = REC_TASK, .task = { .who = { .tid = 5, .comm = "x" },
			       .state = 'D', .has_wait = true, .t_ns = t_ns } };
	rec.task.wait = (struct rec_wait){ .id = wait_id, .who = rec.task.who, .since_ns = S };
	if (file)
		rec_lock__set_str(&rec.task.wait.lock, file, KIND_FLOCK);
	else
		rec_lock__set_addr(&rec.task.wait.lock, L1, KIND_MUTEX);
	assert_int_equal(model__apply(m, &rec), 1);
	return model__current(m);
}

static void waits_of_file_locks_come_from_reads(void **state)
{
	struct timeline *t = *state;
	struct model *m;

	assert_int_equal(model__new(&m), 0);
	timeline__read(t, NULL, a_read(m, 1, 2 * S, 9, "flock:8:1:4"));
	timeline__read(t, model__previous(m), a_read(m, 2, 3 * S, 9, "flock:8:1:4"));
	assert_int_equal(t->nr_waits, 0);
	a_read(m, 3, 4 * S, 0, NULL);
	timeline__read(t, model__previous(m), model__current(m));
	assert_int_equal(t->nr_waits, 1);
	assert_int_equal(t->longest[0].wait_ns, 2 * S);
	assert_true(t->longest[0].at_least);
	assert_false(t->longest[0].open);
	assert_string_equal(t->locks[0].lock.str, "flock:8:1:4");
	model__free(m);
}

static void what_goes_on_at_the_end_is_there_once(void **state)
{
	struct timeline *t = *state;
	struct rec_wait w = a_wait(L1, 5, S, 5 * S);
	struct model *m;

	assert_int_equal(model__new(&m), 0);
	timeline__read(t, NULL, a_read(m, 1, 3 * S, 9, NULL));
	/* it ended after that read */
	w.id = 9;
	timeline__add(t, &w);
	assert_int_equal(timeline__finish(t, model__current(m)), 0);
	assert_int_equal(t->nr_waits, 1);
	assert_int_equal(t->nr_open, 0);
	timeline__read(t, NULL, a_read(m, 2, 9 * S, 10, NULL));
	assert_int_equal(timeline__finish(t, model__current(m)), 0);
	assert_int_equal(t->nr_waits, 2);
	assert_int_equal(t->nr_open, 1);
	assert_true(t->longest[0].open);
	assert_int_equal(t->longest[0].wait_ns, 8 * S);
	assert_int_equal(all_ended(t), 1);
	model__free(m);
}

static bool only_lock_two(void *ctx, const struct rec_lock *lock, const struct rec_who *who)
{
	(void)who;
	return lock->addr == *(uint64_t *)ctx;
}

static void what_the_filter_leaves_out_is_nowhere(void **state)
{
	uint64_t wanted = L2;
	struct timeline *t;

	(void)state;
	assert_int_equal(timeline__new(&t, only_lock_two, &wanted), 0);
	add(t, L1, 1, 0, S);
	add(t, L2, 1, 0, MS);
	assert_int_equal(t->nr_waits, 1);
	assert_int_equal(all_columns(t), MS);
	timeline__free(t);
}

#define TIMELINE_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TIMELINE_TEST(nothing_is_lost_when_columns_become_wider),
		TIMELINE_TEST(a_wait_lies_in_the_columns_of_its_time),
		TIMELINE_TEST(times_that_are_none_lie_nowhere),
		TIMELINE_TEST(the_longest_are_kept),
		TIMELINE_TEST(many_locks_make_columns_wider_and_lose_nothing),
		TIMELINE_TEST(what_finds_no_room_is_counted),
		TIMELINE_TEST(waits_of_file_locks_come_from_reads),
		TIMELINE_TEST(what_goes_on_at_the_end_is_there_once),
		cmocka_unit_test(what_the_filter_leaves_out_is_nowhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
