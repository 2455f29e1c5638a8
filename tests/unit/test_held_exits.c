// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Leaks that only a count can prove are told when the lock stays taken, and only then. */
#include "cmocka_all.h"

#include <errno.h>
#include <stdlib.h>

#include "source/held_exits.h"

#define MS 1000000ULL
#define LOOK (250 * MS)
#define READ_RWSEM (LK_KIND_RWSEM | LK_HELD_READ)

struct world {
	struct held_exits exits;
	struct held_exit_word word;	/* what the next looks show */
	bool missed;
	uint64_t now_ns;
	uint32_t nr_told;
	enum certainty certainty;
};

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	w->word.readable = true;
	w->now_ns = 5000 * MS;
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	held_exits__free(&w->exits);
	free(w);
	return 0;
}

static void read_word(void *ctx, const struct lk_hold_event *e, struct held_exit_word *out)
{
	const struct world *w = ctx;

	assert_int_equal(e->lock, 0x100);
	*out = w->word;
}

static bool missed(void *ctx, const struct lk_hold_event *e)
{
	(void)e;
	return ((const struct world *)ctx)->missed;
}

static int tell(void *ctx, const struct lk_hold_event *e, enum certainty certainty)
{
	struct world *w = ctx;

	assert_int_equal(e->tid, 7);
	w->nr_told++;
	w->certainty = certainty;
	return 0;
}

static void exits(struct world *w, uint32_t info, uint32_t free)
{
	struct lk_hold_event e = { .how = LK_HOLD_EXITED, .lock = 0x100, .info = info, .tid = 7,
				   .free = free, .says = LK_WORD_READ | LK_WORD_COUNT };

	assert_true(held_exits__wants(&e));
	assert_int_equal(held_exits__add(&w->exits, &e), 0);
}

static void look(struct world *w, bool last)
{
	const struct held_exits_ops ops = { read_word, missed, tell, w };

	assert_int_equal(held_exits__look(&w->exits, w->now_ns, last, &ops), 0);
	w->now_ns += LOOK;
}

static void looks(struct world *w, int32_t count, uint32_t known, int nr)
{
	w->word.count = count;
	w->word.known = known;
	while (nr--)
		look(w, false);
}

static void what_stays_taken_is_told_as_likely(void **state)
{
	struct world *w = *state;

	exits(w, READ_RWSEM, 0);
	looks(w, 1, 0, 3);
	assert_int_equal(w->nr_told, 0);
	looks(w, 1, 0, 2);
	assert_int_equal(w->nr_told, 1);
	assert_int_equal(w->certainty, SURE_LIKELY);
	assert_int_equal(w->exits.nr, 0);
}

static void where_hooks_were_skipped_it_is_only_possible(void **state)
{
	struct world *w = *state;

	w->missed = true;
	exits(w, READ_RWSEM, 0);
	looks(w, 1, 0, 5);
	assert_int_equal(w->nr_told, 1);
	assert_int_equal(w->certainty, SURE_POSSIBLE);
}

static void a_lock_that_is_free_once_was_given(void **state)
{
	struct world *w = *state;

	exits(w, READ_RWSEM, 0);
	looks(w, 1, 0, 3);
	looks(w, 0, 0, 1);
	looks(w, 1, 0, 9);
	assert_int_equal(w->nr_told, 0);
	assert_int_equal(w->exits.nr, 0);
}

static void so_was_one_that_a_writer_holds(void **state)
{
	struct world *w = *state;

	exits(w, READ_RWSEM, 0);
	w->word.writer = true;
	looks(w, 1, 0, 9);
	assert_int_equal(w->nr_told, 0);
}

static void or_whose_memory_is_gone(void **state)
{
	struct world *w = *state;

	exits(w, READ_RWSEM, 0);
	w->word.readable = false;
	looks(w, 1, 0, 9);
	assert_int_equal(w->nr_told, 0);
}

/* The memory is another lock's by now, or others read all the time. */
static void readers_that_are_known_are_no_proof(void **state)
{
	struct world *w = *state;

	exits(w, READ_RWSEM, 0);
	looks(w, 3, 3, 2);
	looks(w, 1, 1, 4);
	assert_int_equal(w->nr_told, 0);
	assert_int_equal(w->exits.nr, 0);
}

static void one_reader_more_than_known_is(void **state)
{
	struct world *w = *state;

	exits(w, READ_RWSEM, 0);
	looks(w, 3, 2, 2);
	looks(w, 2, 2, 1);	/* one came between the entries and the word */
	looks(w, 4, 3, 3);
	assert_int_equal(w->nr_told, 1);
}

static void the_last_look_tells_what_stands_as_possible(void **state)
{
	struct world *w = *state;

	exits(w, READ_RWSEM, 0);
	w->word.count = 1;
	look(w, true);
	assert_int_equal(w->nr_told, 1);
	assert_int_equal(w->certainty, SURE_POSSIBLE);
	exits(w, READ_RWSEM, 0);
	w->word.count = 0;
	look(w, true);
	assert_int_equal(w->nr_told, 1);
	assert_int_equal(w->exits.nr, 0);
}

static void a_semaphore_with_its_place_back_has_no_leak(void **state)
{
	struct world *w = *state;

	exits(w, LK_KIND_SEMAPHORE, 2);
	looks(w, 1, 0, 3);
	looks(w, 2, 0, 1);
	looks(w, 1, 0, 9);
	assert_int_equal(w->nr_told, 0);
	exits(w, LK_KIND_SEMAPHORE, 2);
	looks(w, 1, 0, 9);
	assert_int_equal(w->nr_told, 1);
}

static void what_a_word_names_needs_no_such_proof(void **state)
{
	struct lk_hold_event e = { .how = LK_HOLD_EXITED, .says = LK_WORD_READ | LK_WORD_COUNT };

	(void)state;
	e.info = LK_KIND_RWSEM | LK_HELD_WRITE;
	assert_false(held_exits__wants(&e));
	e.info = LK_KIND_MUTEX;
	assert_false(held_exits__wants(&e));
	e.info = READ_RWSEM;
	e.how = LK_HOLD_GIVEN;
	assert_false(held_exits__wants(&e));
}

static void too_many_are_refused_not_lost(void **state)
{
	struct world *w = *state;
	struct lk_hold_event e = {};
	int i;

	for (i = 0; i < HELD_EXITS_MAX; i++)
		exits(w, READ_RWSEM, 0);
	assert_int_equal(held_exits__add(&w->exits, &e), -ENOSPC);
	looks(w, 1, 0, 5);
	assert_int_equal(w->nr_told, HELD_EXITS_MAX);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(what_stays_taken_is_told_as_likely),
		T(where_hooks_were_skipped_it_is_only_possible),
		T(a_lock_that_is_free_once_was_given),
		T(so_was_one_that_a_writer_holds),
		T(or_whose_memory_is_gone),
		T(readers_that_are_known_are_no_proof),
		T(one_reader_more_than_known_is),
		T(the_last_look_tells_what_stands_as_possible),
		T(a_semaphore_with_its_place_back_has_no_leak),
		T(what_a_word_names_needs_no_such_proof),
		T(too_many_are_refused_not_lost),
	};

	return cmocka_run_group_tests_name("held_exits", tests, NULL, NULL);
}
