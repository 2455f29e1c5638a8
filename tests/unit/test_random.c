// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * Thousands of small random machines against plain simulation: let every task
 * that can run finish and release all it holds, until nothing moves.  What never
 * ran is stuck.  The simulation reads the records, not the graph.
 */
#include "cmocka_all.h"
#include "find/cores.h"
#include "lib/arena.h"
#include "random_graph.h"

#define GRAPHS 4000
#define MAX_TASKS 8

/* A machine as bits: task tid is bit tid - 1. */
struct machine {
	const struct scene *sc;
	uint32_t nr;
	uint32_t left;		/* tasks that have not run yet */
};

static const struct rec_lock_state *lock_of(const struct machine *m, const struct rec_task *t)
{
	size_t i;

	for (i = 0; i < scene__nr_locks(m->sc); i++)
		if (scene__lock_at(m->sc, i)->lock.key == t->wait.lock.key)
			return scene__lock_at(m->sc, i);
	return NULL;
}

static bool waits_for(const struct rec_task *t, const struct rec_lock_state *l)
{
	return t->has_wait && t->wait.lock.key == l->lock.key;
}

/* A writer queued before every reader that waits for this lock, while only
 * readers hold it. */
static bool leads_queue(const struct machine *m, const struct rec_lock_state *l,
			const struct rec_task *writer)
{
	const struct rec_task *t;
	size_t i;

	if (l->lock.kind != KIND_RWSEM || !l->nr_holders || !waits_for(writer, l) ||
	    writer->wait.mode == MODE_READ)
		return false;
	for (i = 0; i < l->nr_holders; i++)
		if (l->holders[i].mode != MODE_READ)
			return false;
	for (i = 0; i < m->nr; i++) {
		t = scene__task_at(m->sc, i);
		if (waits_for(t, l) && t->wait.mode == MODE_READ &&
		    t->wait.since_ns <= writer->wait.since_ns)
			return false;
	}
	return true;
}

/* A hint that names the waiter itself is not believed, unless the hold is known. */
static bool is_believed(const struct rec_task *t, const struct rec_holder *h)
{
	return h->certainty == SURE_CERTAIN || h->tid != t->who.tid || h->id;
}

static bool can_run(const struct machine *m, uint32_t task)
{
	const struct rec_task *t = scene__task_at(m->sc, task);
	const struct rec_lock_state *l;
	uint32_t i, all = 0, gone = 0;

	if (!t->has_wait || t->state == 'R')
		return true;
	l = lock_of(m, t);
	for (i = 0; i < l->nr_holders; i++) {
		if (t->wait.mode == MODE_READ && l->holders[i].mode == MODE_READ)
			continue;
		all++;
		gone += !(m->left & (1u << (l->holders[i].tid - 1))) ||
			!is_believed(t, &l->holders[i]);
	}
	if (l->rule == RULE_OR)
		return !l->complete || l->nr_unknown || !all || gone;
	if (gone < all)
		return false;
	for (i = 0; t->wait.mode == MODE_READ && i < m->nr; i++)
		if ((m->left & (1u << i)) && leads_queue(m, l, scene__task_at(m->sc, i)))
			return false;
	return true;
}

/* Tasks of `of` that never run when all others can. */
static uint32_t simulate(const struct scene *sc, uint32_t of)
{
	struct machine m = { .sc = sc, .nr = (uint32_t)scene__nr_tasks(sc), .left = of };
	bool moved = true;
	uint32_t i;

	while (moved) {
		moved = false;
		for (i = 0; i < m.nr; i++) {
			if (!(m.left & (1u << i)) || !can_run(&m, i))
				continue;
			m.left &= ~(1u << i);
			moved = true;
		}
	}
	return m.left;
}

static uint32_t stuck_bits(const struct snapshot *s, const struct cores *c)
{
	uint32_t i, bits = 0;

	for (i = 0; i < s->nr_tasks; i++)
		if (c->is_stuck[i])
			bits |= 1u << (s->tasks[i].who.tid - 1);
	return bits;
}

static uint32_t core_bits(const struct snapshot *s, const struct cores *c, uint32_t core)
{
	uint32_t i, bits = 0;

	for (i = c->first[core]; i < c->first[core + 1]; i++)
		bits |= 1u << (s->tasks[c->tasks[i]].who.tid - 1);
	return bits;
}

/* Every smallest set that is stuck by itself lies in one core, and every core has
 * one: no deadlock is missed, none is made up, none is split. */
static void check_cores(const struct scene *sc, const struct snapshot *s, const struct cores *c)
{
	uint32_t all = (1u << scene__nr_tasks(sc)) - 1, set, sub, i, in, has[MAX_TASKS + 1] = { 0 };
	static bool stands[1 << MAX_TASKS];

	for (i = 0; i < c->nr; i++)
		assert_int_equal(simulate(sc, core_bits(s, c, i)), core_bits(s, c, i));
	for (set = 1; set <= all; set++)
		stands[set] = simulate(sc, set) == set;
	for (set = 1; set <= all; set++) {
		if (!stands[set])
			continue;
		for (sub = (set - 1) & set; sub && !stands[sub]; sub = (sub - 1) & set)
			;
		if (sub)
			continue;	/* not a smallest one */
		for (i = 0, in = 0; i < c->nr; i++) {
			if ((core_bits(s, c, i) & set) != set)
				continue;
			in++;
			has[i]++;
		}
		assert_int_equal(in, 1);
	}
	for (i = 0; i < c->nr; i++)
		assert_true(has[i] > 0);
}

/* Returns how many deadlocks there are, -1 when nobody is stuck. */
static int check(const struct scene *sc, const struct snapshot *s, uint64_t seed)
{
	uint32_t stuck = simulate(sc, (1u << scene__nr_tasks(sc)) - 1);
	struct arena *arena;
	struct cores c;

	assert_int_equal(arena__new(&arena), 0);
	assert_int_equal(cores__find(s, NULL, arena, &c), 0);
	if (stuck != stuck_bits(s, &c))
		fail_msg("seed %ju: stuck %x, found %x", (uintmax_t)seed, stuck, stuck_bits(s, &c));
	check_cores(sc, s, &c);
	arena__free(arena);
	return stuck ? (int)c.nr : -1;
}

/* Checks many scenes; change adds to each what plain random ones lack. */
static void check_all(void (*change)(struct scene *sc, uint64_t seed))
{
	uint32_t nr_stuck = 0, nr_cores = 0;
	struct scene *sc;
	uint64_t seed;
	int nr;

	for (seed = 1; seed <= GRAPHS; seed++) {
		sc = scene__new();
		random__scene(sc, seed, MAX_TASKS);
		if (change)
			change(sc, seed);
		scene__read(sc, 10 * SEC);
		nr = check(sc, scene__now(sc), seed);
		nr_stuck += nr >= 0;
		nr_cores += nr > 1;
		scene__free(sc);
	}
	/* the graphs are worth something only if both outcomes are common */
	assert_in_range(nr_stuck, GRAPHS / 10, GRAPHS * 9 / 10);
	assert_true(nr_cores > GRAPHS / 100);
}

static void stuck_tasks_and_deadlocks_are_those_of_a_simulation(void **state)
{
	(void)state;
	check_all(NULL);
}

/* What held stacks add: holds with ids, also two of one lock by one task, holders
 * that have exited, holders that are only counted, and, in every other scene, holders
 * that are likely. */
static void add_holds(struct scene *sc, uint64_t seed)
{
	uint64_t rnd = seed * 0x9e3779b97f4a7c15ull + 7, lock;
	uint32_t nr = (uint32_t)scene__nr_tasks(sc), tid;
	struct rec_lock_state *l;
	struct rec_holder *h;
	size_t i;

	for (i = 0; i < scene__nr_locks(sc); i++) {
		lock = scene__lock_at(sc, i)->lock.addr;
		l = scene__lock(sc, lock);
		l->nr_unknown = random__below(&rnd, 16) == 0;
		if (random__below(&rnd, 12) == 0)
			scene__entry(sc, lock, nr + 1, MODE_WRITE)->exited = true;
		for (tid = 1; tid <= nr; tid++) {
			h = scene__holder(sc, lock, tid);
			if (!h)
				continue;
			h->certainty = seed & 1 ? SURE_CERTAIN : SURE_LIKELY;
			h->id = random__below(&rnd, 2) ? 1000 + tid : 0;
			if (random__below(&rnd, 4) == 0)
				scene__entry(sc, lock, tid, h->mode)->certainty =
					seed & 1 ? SURE_CERTAIN : SURE_LIKELY;
		}
	}
}

static void the_same_with_holds_from_held_stacks(void **state)
{
	(void)state;
	check_all(add_holds);
}

static bool holds(const struct scene *sc, uint32_t tid, uint64_t key)
{
	const struct rec_lock_state *l;
	size_t i, k;

	for (i = 0; i < scene__nr_locks(sc); i++) {
		l = scene__lock_at(sc, i);
		for (k = 0; l->lock.key == key && k < l->nr_holders; k++)
			if (l->holders[k].tid == tid)
				return true;
	}
	return false;
}

static void check_finding(struct scene *sc, const struct finding *f)
{
	uint32_t i, k, found;

	for (i = 0; i < f->nr_cycle; i++) {
		const struct find_task *t = &f->cycle[i], *next = &f->cycle[(i + 1) % f->nr_cycle];

		assert_true(scene__task(sc, t->who.tid)->wait.lock.key == t->waits_for.key);
		for (k = 0, found = 0; k < f->nr_members; k++)
			found += f->members[k].who.tid == t->who.tid;
		assert_int_equal(found, 1);
		if (!next->holds.key)	/* a queued writer */
			continue;
		assert_true(t->waits_for.key == next->holds.key);
		assert_true(holds(sc, next->who.tid, t->waits_for.key));
	}
	assert_true(f->nr_cycle > 0 && f->nr_cycle <= f->nr_members);
}

static void witnesses_are_cycles_in_the_records(void **state)
{
	const struct findings *found;
	struct scene *sc;
	uint64_t seed;
	size_t i, n = 0;

	(void)state;
	for (seed = 1; seed <= GRAPHS / 4; seed++) {
		sc = scene__new();
		random__scene(sc, seed, 3 * MAX_TASKS);
		scene__read(sc, MS);
		scene__read(sc, MS);
		found = scene__find(sc);
		for (i = 0; i < found->nr; i++) {
			if (found->list[i].kind != FIND_DEADLOCK)
				continue;
			check_finding(sc, &found->list[i]);
			n++;
		}
		scene__free(sc);
	}
	assert_true(n > GRAPHS / 16);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stuck_tasks_and_deadlocks_are_those_of_a_simulation),
		cmocka_unit_test(the_same_with_holds_from_held_stacks),
		cmocka_unit_test(witnesses_are_cycles_in_the_records),
	};

	return cmocka_run_group_tests_name("random", tests, NULL, NULL);
}
