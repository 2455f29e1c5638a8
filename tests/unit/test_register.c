// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * The life of findings: ids, revisions, closing.
 */
#include <errno.h>
#include <string.h>

#include "cmocka_all.h"
#include "find/register.h"
#include "lib/arena.h"
#include "scene.h"

struct told {
	enum finding_kind kind;
	uint64_t id;
	uint32_t rev;
	bool open;
	uint32_t nr_members;
};

struct world {
	struct scene *sc;
	struct find_register *r;
	struct told told[64];
	size_t nr;
	int fail_with;
};

static int setup(void **state)
{
	struct world *w = test_calloc(1, sizeof(*w));

	w->sc = scene__new();
	assert_int_equal(find_register__new(&w->r), 0);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	find_register__free(w->r);
	scene__free(w->sc);
	test_free(w);
	return 0;
}

static int take(void *ctx, const struct finding *f)
{
	struct world *w = ctx;

	assert_true(w->nr < 64);
	w->told[w->nr++] = (struct told){ f->kind, f->id, f->rev, f->open, f->nr_members };
	return w->fail_with;
}

/* One read and one pass; returns how many findings were passed on. */
static size_t pass(struct world *w, int64_t after_ns)
{
	scene__read(w->sc, after_ns);
	w->nr = 0;
	assert_int_equal(find_register__update(w->r, scene__find(w->sc), scene__now(w->sc)->t_ns,
					       take, w), 0);
	return w->nr;
}

static void is(const struct told *t, uint64_t id, uint32_t rev, bool open)
{
	assert_int_equal(t->id, id);
	assert_int_equal(t->rev, rev);
	assert_int_equal(t->open, open);
}

static void two_cycle(struct scene *sc)
{
	scene__blocks(sc, 1, L1, 2);
	scene__blocks(sc, 2, L2, 1);
}

static void a_deadlock_opens_once_and_closes_after_a_kill(void **state)
{
	struct world *w = *state;

	two_cycle(w->sc);
	assert_int_equal(pass(w, MS), 0);
	assert_int_equal(pass(w, MS), 1);
	is(&w->told[0], 1, 1, true);
	assert_int_equal(pass(w, MS), 0);
	assert_int_equal(pass(w, 5 * SEC), 0);	/* a wait that only goes on is no change */
	scene__gone(w->sc, 2);
	assert_true(pass(w, MS) >= 1);
	assert_int_equal(w->told[0].kind, FIND_DEADLOCK);
	is(&w->told[0], 1, 2, false);
	assert_false(find_register__at(w->r, 0)->open);
	assert_string_equal(find_register__at(w->r, 0)->summary,
			    "2 tasks wait for each other: t1/1 → t2/2 → t1/1");
}

static void the_same_two_tasks_again_are_a_new_deadlock(void **state)
{
	struct world *w = *state;

	two_cycle(w->sc);
	pass(w, MS);
	pass(w, MS);
	scene__stop_wait(w->sc, 1);
	pass(w, MS);
	scene__wait(w->sc, 1, L2, MODE_EXCLUSIVE);
	pass(w, MS);
	assert_int_equal(pass(w, MS), 1);
	is(&w->told[0], 2, 1, true);
}

static void a_deadlock_that_grows_keeps_its_id(void **state)
{
	struct world *w = *state;

	two_cycle(w->sc);
	scene__lock_of(w->sc, L1, KIND_RWSEM);
	scene__holder(w->sc, L1, 1)->mode = MODE_READ;
	scene__hold(w->sc, L1, 3, MODE_READ);
	pass(w, MS);
	pass(w, MS);
	is(&w->told[0], 1, 1, true);
	assert_int_equal(w->told[0].nr_members, 2);
	scene__blocks(w->sc, 2, L3, 3);		/* reader 3 now waits for 2: it joins */
	assert_int_equal(pass(w, MS), 0);	/* seen once: neither joined nor gone */
	assert_int_equal(pass(w, MS), 1);
	is(&w->told[0], 1, 2, true);
	assert_int_equal(w->told[0].nr_members, 3);
	scene__stop_wait(w->sc, 3);
	assert_int_equal(pass(w, MS), 1);
	is(&w->told[0], 1, 3, true);
	assert_int_equal(w->told[0].nr_members, 2);
	assert_int_equal(find_register__nr(w->r), 1);
}

static void two_deadlocks_have_two_ids(void **state)
{
	struct world *w = *state;

	two_cycle(w->sc);
	scene__blocks(w->sc, 11, L3, 12);
	scene__blocks(w->sc, 12, L4, 11);
	pass(w, MS);
	assert_int_equal(pass(w, MS), 2);
	assert_int_not_equal(w->told[0].id, w->told[1].id);
	scene__gone(w->sc, 12);
	assert_int_equal(pass(w, MS), 1);
	assert_false(w->told[0].open);
	assert_int_equal(find_register__nr(w->r), 2);
}

static void those_behind_revise_it_one_by_one_up_to_sixteen(void **state)
{
	struct world *w = *state;
	uint32_t i;
	size_t told = 0;

	two_cycle(w->sc);
	pass(w, MS);
	pass(w, MS);
	for (i = 0; i < 40; i++) {
		scene__wait(w->sc, 100 + i, L1, MODE_EXCLUSIVE);
		told += pass(w, MS);
	}
	told += pass(w, MS);
	assert_int_equal(told, 18);	/* at 1 to 16, 17 and 32 */
	/* the state is the latest all the same */
	assert_int_equal(find_register__at(w->r, 0)->nr_behind, 40);
}

static void a_convoy_is_one_long_wait(void **state)
{
	struct world *w = *state;
	uint32_t i;

	for (i = 0; i < 3; i++) {
		scene__wait(w->sc, 10 + i, L1, MODE_EXCLUSIVE);
		scene__hold(w->sc, L1, 1, MODE_EXCLUSIVE);
		scene__drop(w->sc, L1, 1);
	}
	assert_int_equal(pass(w, 2 * SEC), 1);
	is(&w->told[0], 1, 1, true);
	scene__stop_wait(w->sc, 10);
	pass(w, MS);
	scene__stop_wait(w->sc, 11);
	pass(w, MS);
	assert_true(find_register__at(w->r, 0)->open);
	scene__stop_wait(w->sc, 12);
	assert_int_equal(pass(w, MS), 1);
	assert_int_equal(w->told[0].id, 1);
	assert_false(w->told[0].open);
	assert_int_equal(find_register__nr(w->r), 1);
}

static void what_ended_unseen_opens_and_closes_at_once(void **state)
{
	struct world *w = *state;
	struct record rec = { .type = REC_WAIT, .wait = { .id = 9, .wait_ns = 2 * SEC,
			      .who = { .tid = 7, .comm = "e" } } };

	rec_lock__set_addr(&rec.wait.lock, L1, KIND_MUTEX);
	scene__send(w->sc, &rec);
	assert_int_equal(pass(w, MS), 2);
	is(&w->told[0], 1, 1, true);
	is(&w->told[1], 1, 2, false);
	model__forget_ended(scene__model(w->sc));
	assert_int_equal(pass(w, MS), 0);
}

static void send_hold(struct world *w, enum hold_end end, uint64_t id)
{
	struct record rec;

	model__forget_ended(scene__model(w->sc));
	scene__ended_hold(w->sc, &rec, 7, L1, end)->hold_ns = 2 * SEC;
	rec.hold.id = id;
	scene__send(w->sc, &rec);
}

/* A place that sleeps again and again is one finding: 16 times each is told, then
 * when the number doubles. */
static void what_happens_again_keeps_its_id(void **state)
{
	struct world *w = *state;
	uint32_t i, told = 0;

	for (i = 1; i <= 40; i++) {
		send_hold(w, HOLD_SLEPT, i);
		told += (uint32_t)pass(w, MS);
		if (i > 16)
			continue;
		assert_int_equal(w->nr, 2);
		is(&w->told[0], 1, 2 * i - 1, true);
		is(&w->told[1], 1, 2 * i, false);
	}
	assert_int_equal(told, 2 * 18);		/* at 1 to 16, 17 and 32 */
	assert_int_equal(find_register__nr(w->r), 1);
	assert_int_equal(find_register__at(w->r, 0)->nr_times, 40);
	assert_false(find_register__at(w->r, 0)->open);
}

static void an_exit_is_the_last_word_on_an_open_leak(void **state)
{
	struct world *w = *state;
	uint64_t id;

	scene__entry(w->sc, L1, 7, MODE_EXCLUSIVE)->returned = true;
	id = scene__holder(w->sc, L1, 7)->id;
	assert_int_equal(pass(w, 2 * SEC), 1);
	assert_int_equal(find_register__at(w->r, 0)->confidence, SURE_POSSIBLE);
	send_hold(w, HOLD_EXITED, id);
	scene__gone(w->sc, 7);
	assert_int_equal(pass(w, MS), 2);
	is(&w->told[0], 1, 2, true);
	is(&w->told[1], 1, 3, false);
	assert_int_equal(find_register__at(w->r, 0)->confidence, SURE_CERTAIN);
	model__forget_ended(scene__model(w->sc));
	assert_int_equal(pass(w, MS), 0);
	assert_int_equal(find_register__nr(w->r), 1);
}

/* Each hold is a thing of its own. */
static void two_ended_holds_have_two_ids(void **state)
{
	struct world *w = *state;

	send_hold(w, HOLD_RELEASED, 1);
	assert_int_equal(pass(w, MS), 2);
	send_hold(w, HOLD_RELEASED, 2);
	assert_int_equal(pass(w, MS), 2);
	is(&w->told[0], 2, 1, true);
}

static void a_holder_that_waits_now_and_then_is_no_news(void **state)
{
	struct world *w = *state;
	size_t told = 0;
	int i;

	scene__entry(w->sc, L1, 1, MODE_EXCLUSIVE);
	scene__task(w->sc, 1)->state = 'R';
	assert_int_equal(pass(w, 2 * SEC), 1);
	scene__hold(w->sc, L2, 9, MODE_EXCLUSIVE);
	for (i = 0; i < 5; i++) {
		scene__wait(w->sc, 1, L2, MODE_EXCLUSIVE);
		told += pass(w, 100 * MS);
		scene__stop_wait(w->sc, 1);
		told += pass(w, 100 * MS);
	}
	assert_int_equal(told, 0);
	scene__wait(w->sc, 1, L2, MODE_EXCLUSIVE);
	assert_int_equal(pass(w, SEC), 1);	/* the hold has doubled */
	assert_true(find_register__at(w->r, 0)->has_root);
}

/* The code of a module that was loaded a moment ago. */
static void a_name_that_comes_late_is_told(void **state)
{
	struct world *w = *state;
	struct rec_frame site = { .addr = 0xffffffffc0001234 };

	scene__entry(w->sc, L1, 1, MODE_EXCLUSIVE)->site = &site;
	scene__task(w->sc, 1)->state = 'R';
	assert_int_equal(pass(w, 2 * SEC), 1);
	assert_int_equal(pass(w, 100 * MS), 0);
	site.sym = "take_mutex";
	assert_int_equal(pass(w, 100 * MS), 1);
	is(&w->told[0], 1, 2, true);
	assert_int_equal(pass(w, 100 * MS), 0);
}

/* A slow disk: the deadlock is told at once, and once more when it is known where. */
static void user_stacks_that_come_late_are_told(void **state)
{
	struct world *w = *state;

	two_cycle(w->sc);
	pass(w, MS);
	assert_int_equal(pass(w, MS), 1);
	assert_int_equal(pass(w, MS), 0);
	scene__task(w->sc, 1)->user_stack = 7;
	scene__task(w->sc, 2)->user_stack = 8;
	assert_int_equal(pass(w, MS), 1);
	is(&w->told[0], 1, 2, true);
	assert_int_equal(find_register__at(w->r, 0)->cycle[0].user_stack, 7);
	/* one that is not kept for a while is no news, nor is that it is there again */
	scene__task(w->sc, 2)->user_stack = 0;
	assert_int_equal(pass(w, MS), 0);
	scene__task(w->sc, 2)->user_stack = 8;
	assert_int_equal(pass(w, MS), 0);
}

static void a_new_root_is_told_once_the_wait_has_doubled(void **state)
{
	struct world *w = *state;

	scene__blocks(w->sc, 1, L1, 5);
	assert_int_equal(pass(w, 2 * SEC), 1);
	scene__drop(w->sc, L1, 1);
	scene__hold(w->sc, L1, 2, MODE_EXCLUSIVE);
	assert_int_equal(pass(w, SEC), 0);
	assert_int_equal(find_register__at(w->r, 0)->root.who.tid, 2);
	assert_int_equal(pass(w, SEC), 1);
	is(&w->told[0], 1, 2, true);
	assert_int_equal(pass(w, 20 * SEC), 0);
}

static void an_error_of_the_taker_ends_the_pass(void **state)
{
	struct world *w = *state;

	two_cycle(w->sc);
	pass(w, MS);
	scene__read(w->sc, MS);
	w->fail_with = -EPIPE;
	assert_int_equal(find_register__update(w->r, scene__find(w->sc), 0, take, w), -EPIPE);
	w->fail_with = 0;
	assert_int_equal(pass(w, MS), 0);	/* it was told, and is still known */
	assert_int_equal(find_register__nr(w->r), 1);
}

/* Findings must not point into the pass that made them. */
static void findings_outlive_their_pass(void **state)
{
	struct world *w = *state;
	const struct finding *f;
	uint32_t i;

	two_cycle(w->sc);
	scene__lock(w->sc, L1)->name = "name";
	pass(w, MS);
	pass(w, MS);
	scene__gone(w->sc, 1);
	scene__gone(w->sc, 2);
	for (i = 0; i < 5; i++)
		pass(w, MS);
	f = find_register__at(w->r, 0);
	assert_string_equal(f->members[0].who.comm, "t1");
	assert_string_equal(f->cycle[1].waits_name, "name");
	assert_true(f->nr_evidence >= 3);
	assert_true(strlen(f->evidence[0]) > 0);
}

static void old_closed_findings_are_given_up_and_counted(void **state)
{
	struct world *w = *state;
	struct findings found;
	struct arena *arena;
	struct finding *f;
	uint32_t i, n = FIND_KEEP_CLOSED * 2;
	uint64_t last;

	for (i = 0; i < n; i++) {
		assert_int_equal(arena__new(&arena), 0);
		findings__init(&found, arena);
		f = findings__add(&found);
		f->kind = FIND_LONG_WAIT;
		f->key = i;
		assert_int_equal(find_register__update(w->r, &found, i, NULL, NULL), 0);
		arena__free(arena);
	}
	assert_true(find_register__nr(w->r) < n);
	assert_true(find_register__nr(w->r) >= FIND_KEEP_CLOSED);
	assert_int_equal(find_register__nr(w->r) + find_register__nr_forgotten(w->r), n);
	last = find_register__at(w->r, find_register__nr(w->r) - 1)->id;
	assert_int_equal(last, n);
	assert_true(find_register__at(w->r, 0)->id < last);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(a_deadlock_opens_once_and_closes_after_a_kill),
		T(the_same_two_tasks_again_are_a_new_deadlock),
		T(a_deadlock_that_grows_keeps_its_id),
		T(two_deadlocks_have_two_ids),
		T(those_behind_revise_it_one_by_one_up_to_sixteen),
		T(a_convoy_is_one_long_wait),
		T(what_ended_unseen_opens_and_closes_at_once),
		T(what_happens_again_keeps_its_id),
		T(an_exit_is_the_last_word_on_an_open_leak),
		T(two_ended_holds_have_two_ids),
		T(a_holder_that_waits_now_and_then_is_no_news),
		T(a_name_that_comes_late_is_told),
		T(user_stacks_that_come_late_are_told),
		T(a_new_root_is_told_once_the_wait_has_doubled),
		T(an_error_of_the_taker_ends_the_pass),
		T(findings_outlive_their_pass),
		T(old_closed_findings_are_given_up_and_counted),
	};

	return cmocka_run_group_tests_name("register", tests, NULL, NULL);
}
