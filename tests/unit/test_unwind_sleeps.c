// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * Whose user stack is asked for, when, and when it counts.
 */
#include <string.h>
#include "cmocka_all.h"
#include "source/unwind_sleeps.h"

static struct unwind_sleeps s;
static struct unwind_query queries[UNWIND_QUERIES];
static uint64_t switches_now;

static int fresh(void **state)
{
	(void)state;
	unwind_sleeps__free(&s);
	memset(&s, 0, sizeof(s));
	switches_now = 5;
	return 0;
}

static struct unwind_sleep sleep_of(uint32_t tid, bool holds)
{
	return (struct unwind_sleep){ .tid = tid, .pid = tid / 100, .start_ns = tid, .switches = 5,
				      .regs_at = tid * 0x1000ull, .holds = holds };
}

static void want(uint32_t tid, bool holds)
{
	const struct unwind_sleep w = sleep_of(tid, holds);

	unwind_sleeps__want(&s, &w);
}

static bool is_asleep(void *ctx, const struct unwind_sleep *f)
{
	(void)ctx;
	return f->switches == switches_now;
}

static void look(uint64_t now_ns)
{
	unwind_sleeps__look(&s, is_asleep, NULL, now_ns);
}

static bool read_regs(void *ctx, uint64_t at, struct unwind_regs *regs)
{
	(void)ctx;
	regs->sp = at;
	return at != 666 * 0x1000;
}

static uint32_t ask(void)
{
	return unwind_sleeps__ask(&s, queries, read_regs, NULL);
}

static void fill(struct unwind_query *q, const char *sym)
{
	q->why = USER_STACK_THERE;
	q->nr_frames = 2;
	q->frames[0] = (struct unwind_frame){ .addr = 0x10, .off = 4, .sym = 1, .module = 0 };
	q->frames[1] = (struct unwind_frame){ .addr = 0x20, .off = 8, .sym = 0, .module = 1 };
	q->text[0] = '\0';
	strcpy(q->text + 1, sym);
	q->text_len = (uint32_t)strlen(sym) + 2;
}

static struct unwind_sleep *known(uint32_t tid)
{
	return unwind_sleeps__find(&s, tid, tid, 5);
}

static void counts_once_a_look_proves_it(void **state)
{
	struct unwind_sleep *f;

	(void)state;
	want(200, false);
	assert_int_equal(ask(), 1);
	assert_int_equal(queries[0].tid, 200);
	assert_int_equal(queries[0].pid, 2);
	assert_int_equal(queries[0].regs.sp, 200 * 0x1000);
	fill(&queries[0], "wait_for_it");
	unwind_sleeps__answer(&s, queries, 1);
	assert_null(known(200));
	look(1);
	f = known(200);
	assert_non_null(f);
	assert_int_equal(f->nr_frames, 2);
	assert_string_equal(f->frames[0].sym, "wait_for_it");
	assert_null(f->frames[0].module);
	assert_null(f->frames[1].sym);
	assert_string_equal(f->frames[1].module, "wait_for_it");
	/* once */
	want(200, false);
	assert_int_equal(ask(), 0);
	assert_null(unwind_sleeps__find(&s, 200, 200, 6));
	assert_null(unwind_sleeps__find(&s, 200, 201, 5));
}

static void nothing_of_who_has_run(void **state)
{
	(void)state;
	want(200, false);
	ask();
	fill(&queries[0], "f");
	unwind_sleeps__answer(&s, queries, 1);
	switches_now = 6;
	look(1);
	assert_int_equal(s.nr, 0);
	/* and an answer that comes late finds nobody */
	switches_now = 5;
	want(200, false);
	ask();
	switches_now = 6;
	look(2);
	unwind_sleeps__answer(&s, queries, 1);
	assert_int_equal(s.nr, 0);
	assert_int_equal(s.failed, 0);
}

static void holders_first(void **state)
{
	uint32_t i;

	(void)state;
	for (i = 0; i < UNWIND_QUERIES + 3; i++)
		want(1000 + i, false);
	want(2000, true);
	want(1001, true);	/* after all */
	assert_int_equal(ask(), UNWIND_QUERIES);
	assert_int_equal(queries[0].tid, 1001);
	assert_int_equal(queries[1].tid, 2000);
	assert_int_equal(queries[2].tid, 1000);
	assert_int_equal(queries[3].tid, 1002);
	assert_int_equal(ask(), 4);	/* the others */
	assert_int_equal(ask(), 0);
}

static void registers_that_cannot_be_read(void **state)
{
	(void)state;
	want(666, false);
	assert_int_equal(ask(), 0);
	want(667, false);
	assert_int_equal(ask(), 1);
}

static void what_is_not_to_be_had_is_counted(void **state)
{
	(void)state;
	want(200, false);
	want(300, false);
	ask();
	queries[0].why = USER_STACK_NO_LIBDW;
	queries[1].why = USER_STACK_THERE;	/* but no frame */
	unwind_sleeps__answer(&s, queries, 2);
	assert_int_equal(s.failed, 2);
	assert_int_equal(s.failed_pid, 3);
	assert_int_equal(s.failed_why, USER_STACK_FILES);
	look(UINT64_MAX);
	assert_int_equal(ask(), 0);	/* that sleep never again */
	queries[0].why = 77;
	unwind_sleeps__free(&s);
	want(200, false);
	ask();
	queries[0].why = 77;
	unwind_sleeps__answer(&s, queries, 1);
	assert_int_equal(s.failed_why, USER_STACK_CRASHED);
}

static void a_child_that_hangs(void **state)
{
	(void)state;
	want(200, false);
	want(300, false);
	want(301, false);
	want(400, false);
	assert_int_equal(ask(), 4);
	want(302, false);	/* of the same process, not asked yet */
	fill(&queries[0], "f");
	unwind_sleeps__answer(&s, queries, 1);
	unwind_sleeps__give_up(&s, 1, 4, USER_STACK_LATE, 1000);
	assert_int_equal(s.failed, 3);
	assert_int_equal(s.failed_pid, 3);
	assert_int_equal(s.failed_why, USER_STACK_LATE);
	look(999);
	assert_non_null(known(200));
	assert_int_equal(ask(), 1);
	assert_int_equal(queries[0].tid, 400);
	look(1000);
	assert_int_equal(ask(), 3);
	/* nobody's fault */
	unwind_sleeps__give_up(&s, 3, 3, USER_STACK_CRASHED, 2000);
	assert_int_equal(s.failed, 3);
	assert_int_equal(ask(), 4);
}

/* Whoever unwinds may have been made to say anything. */
static void answers_that_lie(void **state)
{
	struct unwind_sleep *f;
	uint32_t i;

	(void)state;
	want(200, false);
	ask();
	memset(&queries[0].frames, 0xff, sizeof(queries[0].frames));
	memset(queries[0].text, 'x', sizeof(queries[0].text));
	queries[0].why = USER_STACK_THERE;
	queries[0].nr_frames = queries[0].text_len = UINT32_MAX;
	queries[0].frames[0].sym = UNWIND_TEXT - 1;
	unwind_sleeps__answer(&s, queries, 1);
	look(1);
	f = known(200);
	assert_non_null(f);
	assert_int_equal(f->nr_frames, UNWIND_FRAMES);
	assert_string_equal(f->frames[0].sym, "x");
	for (i = 0; i < UNWIND_FRAMES; i++)
		assert_null(f->frames[i].module);
}

static void there_is_a_bound(void **state)
{
	uint32_t i;

	(void)state;
	for (i = 0; i < UNWIND_SLEEPS_MAX + 5; i++)
		want(10000 - i, false);
	assert_int_equal(s.nr, UNWIND_SLEEPS_MAX);
	assert_int_equal(s.failed, 5);
	assert_int_equal(s.failed_why, USER_STACK_MANY);
	want(50, true);
	assert_int_equal(s.nr, UNWIND_SLEEPS_MAX);
	assert_int_equal(s.list[0].tid, 50);
	assert_int_equal(s.failed, 6);
	/* the same ones are not counted again */
	look(1);
	for (i = 0; i < 5; i++)
		want(20000 - i, false);
	assert_int_equal(s.failed, 6);
	for (i = 1; i < s.nr; i++)
		assert_true(s.list[i - 1].tid < s.list[i].tid);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(counts_once_a_look_proves_it, fresh, fresh),
		cmocka_unit_test_setup_teardown(nothing_of_who_has_run, fresh, fresh),
		cmocka_unit_test_setup_teardown(holders_first, fresh, fresh),
		cmocka_unit_test_setup_teardown(registers_that_cannot_be_read, fresh, fresh),
		cmocka_unit_test_setup_teardown(what_is_not_to_be_had_is_counted, fresh, fresh),
		cmocka_unit_test_setup_teardown(a_child_that_hangs, fresh, fresh),
		cmocka_unit_test_setup_teardown(answers_that_lie, fresh, fresh),
		cmocka_unit_test_setup_teardown(there_is_a_bound, fresh, fresh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
