// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * Sleeps on futexes from look to look: who is asked about, when, and what is shown.
 */
#include <stdlib.h>
#include <string.h>
#include "cmocka_all.h"
#include "source/futex_sleeps.h"

#define MS 1000000ull
#define T0 (1000 * MS)
#define WORD 0x5000ull

static struct futex_query queries[FUTEX_PROBE_MAX];

static struct lk_futex sleep_of(uint32_t tid, uint64_t uaddr, uint64_t switches)
{
	return (struct lk_futex){ .tid = tid, .pid = 100, .ns_tid = tid, .uaddr = uaddr, .val = 2,
				  .start_ns = tid, .switches = switches, .t_ns = T0 };
}

static bool skip_none(void *ctx, uint32_t pid)
{
	(void)ctx;
	(void)pid;
	return false;
}

static bool skip_all(void *ctx, uint32_t pid)
{
	(void)ctx;
	return pid == 100;
}

static uint32_t ask(struct futex_sleeps *s, uint64_t now, bool confirm)
{
	uint32_t left;

	return futex_sleeps__ask(s, now, confirm, skip_none, NULL, queries, &left);
}

/* All that were asked say: a mutex of `owner`. */
static void answer(struct futex_sleeps *s, uint32_t nr, uint32_t owner, uint64_t now)
{
	uint32_t i;

	for (i = 0; i < nr; i++) {
		queries[i].owner = owner;
		queries[i].claim = (struct futex_claim){ .what = owner ? FUTEX_MUTEX : FUTEX_NO_LOCK,
							 .addr = queries[i].uaddr, .owner = owner };
		strcpy(queries[i].name, "app:lock");
	}
	assert_int_equal(futex_sleeps__answer(s, queries, nr, now), 0);
}

static void look(struct futex_sleeps *s, const struct lk_futex *recs, size_t nr, uint64_t now)
{
	assert_int_equal(futex_sleeps__look(s, recs, nr, now), 0);
}

static bool is_shown(struct futex_sleeps *s, uint32_t tid, uint64_t switches)
{
	const struct futex_sleep *f = futex_sleeps__find(s, tid, tid, switches);

	return f && futex_sleep__is_shown(f);
}

static void shown_when_said_twice(void **state)
{
	struct lk_futex recs[] = { sleep_of(2, WORD, 7), sleep_of(1, WORD, 9) };
	struct futex_sleeps s = { 0 };

	(void)state;
	look(&s, recs, 2, T0);
	assert_int_equal(ask(&s, T0, false), 1);	/* one word, one query */
	answer(&s, 1, 77, T0);
	assert_int_equal(futex_sleeps__make_locks(&s, 0, NULL, 0), 0);
	assert_int_equal(s.nr_locks, 0);
	assert_false(is_shown(&s, 1, 9));

	assert_int_equal(ask(&s, T0 + MS, false), 1);
	assert_false(queries[0].wants_name);
	answer(&s, 1, 77, T0 + MS);
	assert_int_equal(futex_sleeps__make_locks(&s, 0, NULL, 0), 0);
	assert_int_equal(s.nr_locks, 1);
	assert_true(is_shown(&s, 1, 9));
	assert_true(is_shown(&s, 2, 7));
	assert_false(is_shown(&s, 2, 8));	/* it has run since */
	assert_string_equal(s.locks[0].lock.str, "futex:100:0x5000");
	assert_string_equal(s.locks[0].name, "app:lock");
	assert_string_equal(s.locks[0].name_source, "user");
	assert_int_equal(s.locks[0].lock.kind, KIND_FUTEX);
	assert_int_equal(s.locks[0].nr_holders, 1);
	assert_int_equal(s.locks[0].holders[0].tid, 77);
	assert_int_equal(s.locks[0].holders[0].certainty, SURE_LIKELY);
	futex_sleeps__free(&s);
}

static void another_owner_counts_anew(void **state)
{
	struct lk_futex rec = sleep_of(1, WORD, 9);
	struct futex_sleeps s = { 0 };

	(void)state;
	look(&s, &rec, 1, T0);
	answer(&s, ask(&s, T0, false), 77, T0);
	answer(&s, ask(&s, T0, true), 77, T0);
	answer(&s, ask(&s, T0, true), 78, T0);
	assert_int_equal(futex_sleeps__make_locks(&s, 0, NULL, 0), 0);
	assert_int_equal(s.nr_locks, 0);
	answer(&s, ask(&s, T0, true), 78, T0);
	assert_int_equal(futex_sleeps__make_locks(&s, 0, NULL, 0), 0);
	assert_int_equal(s.locks[0].holders[0].tid, 78);
	/* and nothing is left of what no answer came for */
	assert_int_equal(ask(&s, T0, true), 1);
	assert_int_equal(futex_sleeps__answer(&s, queries, 0, T0), 0);
	assert_int_equal(futex_sleeps__make_locks(&s, 0, NULL, 0), 0);
	assert_int_equal(s.nr_locks, 0);
	futex_sleeps__free(&s);
}

static void a_confirming_look_wants_fresh_news(void **state)
{
	struct lk_futex rec = sleep_of(1, WORD, 9);
	struct futex_sleeps s = { 0 };

	(void)state;
	look(&s, &rec, 1, T0);
	answer(&s, ask(&s, T0, false), 77, T0);
	answer(&s, ask(&s, T0, true), 77, T0);
	assert_int_equal(futex_sleeps__make_locks(&s, T0 + MS, NULL, 0), 0);
	assert_int_equal(s.nr_locks, 0);
	assert_false(is_shown(&s, 1, 9));
	assert_int_equal(futex_sleeps__make_locks(&s, T0, NULL, 0), 0);
	assert_true(is_shown(&s, 1, 9));
	/* it goes on from look to look as long as the thread sleeps */
	look(&s, &rec, 1, T0 + MS);
	assert_int_equal(futex_sleeps__make_locks(&s, T0, NULL, 0), 0);
	assert_true(is_shown(&s, 1, 9));
	rec.switches++;
	look(&s, &rec, 1, T0 + 2 * MS);
	assert_int_equal(futex_sleeps__make_locks(&s, T0, NULL, 0), 0);
	assert_int_equal(s.nr_locks, 0);
	futex_sleeps__free(&s);
}

/* A thread that waits for work is asked about now and then, and less and less often. */
static void what_is_no_lock_costs_little(void **state)
{
	struct lk_futex rec = sleep_of(1, WORD, 9);
	struct futex_sleeps s = { 0 };
	uint64_t now;
	uint32_t nr, asked = 0;

	(void)state;
	look(&s, &rec, 1, T0);
	for (now = T0; now < T0 + 3600 * 1000 * MS; now += 200 * MS) {
		nr = ask(&s, now, false);
		asked += nr;
		answer(&s, nr, 0, now);
	}
	assert_in_range(asked, 60, 80);	/* an hour, in the end once a minute */
	futex_sleeps__free(&s);
}

static void young_sleeps_wait(void **state)
{
	struct lk_futex rec = sleep_of(1, WORD, 9);
	struct futex_sleeps s = { 0 };

	(void)state;
	look(&s, NULL, 0, T0 - MS);
	look(&s, &rec, 1, T0);
	assert_int_equal(ask(&s, T0 + 99 * MS, false), 0);
	assert_int_equal(ask(&s, T0 + 100 * MS, false), 1);
	futex_sleeps__free(&s);
}

static void too_many_words_take_turns(void **state)
{
	const uint32_t nr = FUTEX_PROBE_MAX + 100;
	struct lk_futex *recs = calloc(nr, sizeof(*recs));
	struct futex_sleeps s = { 0 };
	uint32_t i, left;

	(void)state;
	for (i = 0; i < nr; i++)
		recs[i] = sleep_of(i + 1, WORD + 64 * i, 1);
	look(&s, recs, nr, T0);
	assert_int_equal(futex_sleeps__ask(&s, T0, false, skip_none, NULL, queries, &left),
			 FUTEX_PROBE_MAX);
	assert_int_equal(left, 100);
	answer(&s, FUTEX_PROBE_MAX, 0, T0);
	assert_int_equal(futex_sleeps__ask(&s, T0, false, skip_none, NULL, queries, &left), 100);
	assert_int_equal(left, 0);
	assert_int_equal(futex_sleeps__ask(&s, T0 + 1000 * MS, false, skip_all, NULL, queries, &left), 0);
	futex_sleeps__free(&s);
	free(recs);
}

static void shared_memory_is_known_by_its_file(void **state)
{
	struct lk_futex recs[] = { sleep_of(1, WORD, 9), sleep_of(2, 0x9000, 9) };
	struct futex_sleeps s = { 0 };
	uint32_t i, k, nr;

	(void)state;
	recs[0].flags = recs[1].flags = LK_FUTEX_SHARED;
	recs[1].pid = 200;
	look(&s, recs, 2, T0);
	for (k = 0; k < 2; k++) {
		nr = ask(&s, T0, true);
		assert_int_equal(nr, 2);
		for (i = 0; i < nr; i++) {
			assert_true(queries[i].shared);
			queries[i].is_of_file = true;
			queries[i].major = 8;
			queries[i].minor = 1;
			queries[i].ino = 42;
			queries[i].offset = 64;
		}
		answer(&s, nr, 77, T0);
	}
	assert_int_equal(futex_sleeps__make_locks(&s, 0, NULL, 0), 0);
	assert_int_equal(s.nr_locks, 1);
	assert_string_equal(s.locks[0].lock.str, "futex:8:1:42:64");
	futex_sleeps__free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shown_when_said_twice),
		cmocka_unit_test(another_owner_counts_anew),
		cmocka_unit_test(a_confirming_look_wants_fresh_news),
		cmocka_unit_test(what_is_no_lock_costs_little),
		cmocka_unit_test(young_sleeps_wait),
		cmocka_unit_test(too_many_words_take_turns),
		cmocka_unit_test(shared_memory_is_known_by_its_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
