// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * What changed in the kernel's table of waits, told once, and summed up over the rows that
 * are one to us.
 */
#include <stdlib.h>
#include <string.h>
#include "cmocka_all.h"
#include "source/live_rows.h"

#define L1 0xffff888000001000ull
#define L2 0xffff888000002000ull
#define MANY 20000

struct table {
	struct live_rows *rows;
	uint32_t late_id;	/* of the stack key 99; 0: not known yet */
	/* what the last pass told */
	struct { uint64_t lock; enum lock_kind kind; struct rec_agg agg; uint64_t hist[64]; } told[8];
	size_t nr_told;
	uint64_t nr_rows, nr_waits;
};

/* The keys 10 and 11 are one stack. */
static uint32_t stack_id(void *ctx, uint64_t key)
{
	const struct table *t = ctx;

	return key == 99 ? t->late_id : key == 11 ? 10 : (uint32_t)key;
}

static enum lock_kind kind_of(void *ctx, uint32_t flags, uint32_t stack)
{
	(void)ctx;
	(void)flags;
	return stack == 7 ? KIND_WW_MUTEX : KIND_MUTEX;
}

static int take(void *ctx, const struct changed_lock *lock, uint32_t flags, struct rec_agg *agg)
{
	struct table *t = ctx;
	size_t at = t->nr_told % 8;

	(void)flags;
	t->told[at].lock = lock->addr;
	t->told[at].kind = lock->kind;
	t->told[at].agg = *agg;
	for (int i = 0; i < 64; i++)
		t->told[at].hist[i] = rec_hist__at(&agg->hist, i);
	t->nr_told++;
	t->nr_rows++;
	t->nr_waits += agg->count;
	return 0;
}

static void put(struct table *t, uint64_t lock, uint64_t stack, uint32_t tid, uint64_t count,
		int bucket)
{
	const struct lk_agg_key key = { .lock = lock, .stack = stack, .flags = LK_F_MUTEX, .tid = tid };
	struct lk_agg agg = { .count = count, .total_ns = count * 10, .max_ns = count, .tid = tid,
			      .comm = "task" };

	agg.hist[bucket] = count;
	assert_int_equal(live_rows__put(t->rows, &key, &agg, stack_id, kind_of, t), 0);
}

static void tell(struct table *t)
{
	t->nr_told = 0;
	t->nr_rows = t->nr_waits = 0;
	assert_int_equal(live_rows__each_changed(t->rows, take, t), 0);
}

static int setup(void **state)
{
	struct table *t = calloc(1, sizeof(*t));

	*state = t;
	return t ? live_rows__new(&t->rows) : -1;
}

static int teardown(void **state)
{
	struct table *t = *state;

	live_rows__free(t->rows);
	free(t);
	return 0;
}

static void test_only_what_changed_is_told(void **state)
{
	struct table *t = *state;

	put(t, L1, 0, 0, 5, 3);
	put(t, L1, 1, 0, 2, 60);
	put(t, L2, 1, 0, 0, 3);	/* made, and not counted yet */
	tell(t);
	assert_int_equal(t->nr_told, 2);
	assert_int_equal(t->told[1].agg.count, 2);
	assert_int_equal(t->told[1].hist[60], 2);
	put(t, L1, 0, 0, 5, 3);
	put(t, L1, 1, 0, 3, 60);
	put(t, L2, 1, 0, 1, 3);
	tell(t);
	assert_int_equal(t->nr_told, 2);
	assert_int_equal(t->told[0].lock, L1);
	assert_int_equal(t->told[0].agg.count, 3);
	assert_int_equal(t->told[1].lock, L2);
	tell(t);
	assert_int_equal(t->nr_told, 0);
}

static void test_two_keys_of_one_stack_are_one_row(void **state)
{
	struct table *t = *state;

	put(t, L1, 10, 0, 4, 3);
	put(t, L1, 11, 0, 6, 5);
	tell(t);
	assert_int_equal(t->nr_told, 1);
	assert_int_equal(t->told[0].agg.count, 10);
	assert_int_equal(t->told[0].agg.total_ns, 100);
	assert_int_equal(t->told[0].agg.max_ns, 6);
	assert_int_equal(t->told[0].hist[3], 4);
	assert_int_equal(t->told[0].hist[5], 6);
	assert_int_equal(t->told[0].hist[4], 0);
	/* one of them changes: the other still counts */
	put(t, L1, 11, 0, 7, 5);
	tell(t);
	assert_int_equal(t->told[0].agg.count, 11);
	assert_int_equal(t->told[0].hist[3], 4);
	assert_int_equal(t->told[0].hist[5], 7);
}

/* A stack that could not be read at first is a row of its own as soon as it can. */
static void test_a_stack_known_late(void **state)
{
	struct table *t = *state;

	put(t, L1, 0, 0, 3, 3);
	put(t, L1, 99, 0, 4, 3);
	tell(t);
	assert_int_equal(t->nr_told, 1);
	assert_int_equal(t->told[0].agg.count, 7);
	t->late_id = 42;
	put(t, L1, 0, 0, 3, 3);
	put(t, L1, 99, 0, 4, 3);
	tell(t);
	assert_int_equal(t->nr_told, 2);
	assert_int_equal(t->nr_waits, 7);
}

static void test_kind_by_any_stack(void **state)
{
	struct table *t = *state;

	put(t, L1, 3, 0, 1, 3);
	put(t, L1, 7, 0, 1, 3);
	put(t, L2, 3, 0, 1, 3);
	tell(t);
	assert_int_equal(t->nr_told, 3);
	assert_int_equal(t->told[0].kind, KIND_WW_MUTEX);
	assert_int_equal(t->told[1].kind, KIND_WW_MUTEX);
	assert_int_equal(t->told[2].kind, KIND_MUTEX);
}

static void test_rows_of_tasks(void **state)
{
	struct table *t = *state;

	put(t, L1, 3, 101, 1, 3);
	put(t, L1, 3, 102, 2, 3);
	tell(t);
	assert_int_equal(t->nr_told, 2);
	assert_true(t->told[1].agg.by_task);
	assert_int_equal(t->told[1].agg.who.tid, 102);
	assert_string_equal(t->told[1].agg.who.comm, "task");
}

static void test_many(void **state)
{
	struct table *t = *state;

	for (int round = 1; round < 4; round++) {
		for (uint64_t i = 0; i < MANY; i++)
			put(t, L1 + i * 64, i % 3, 0, (uint64_t)round * (1 + i % 5), (int)(i % 64));
		tell(t);
		assert_int_equal(t->nr_rows, MANY);
		assert_int_equal(t->nr_waits, MANY * 3 * round);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_only_what_changed_is_told, setup, teardown),
		cmocka_unit_test_setup_teardown(test_two_keys_of_one_stack_are_one_row, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_a_stack_known_late, setup, teardown),
		cmocka_unit_test_setup_teardown(test_kind_by_any_stack, setup, teardown),
		cmocka_unit_test_setup_teardown(test_rows_of_tasks, setup, teardown),
		cmocka_unit_test_setup_teardown(test_many, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
