// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "random_graph.h"

uint64_t random__next(uint64_t *state)
{
	uint64_t x = *state;

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	*state = x;
	return x * 0x2545f4914f6cdd1dull;
}

uint32_t random__below(uint64_t *state, uint32_t n)
{
	return (uint32_t)((random__next(state) >> 33) % n);
}

static void add_holders(struct scene *sc, uint64_t *rnd, uint64_t lock, uint32_t nr_tasks)
{
	uint32_t n, i, tid;
	bool readers = random__below(rnd, 3) == 0;

	n = random__below(rnd, 4) == 0 ? random__below(rnd, 4) : 1;
	for (i = 0; i < n; i++) {
		tid = 1 + random__below(rnd, nr_tasks);
		if (!scene__holder(sc, lock, tid))
			scene__hold(sc, lock, tid, readers ? MODE_READ : MODE_WRITE);
	}
}

void random__scene(struct scene *sc, uint64_t seed, uint32_t max_tasks)
{
	uint64_t rnd = seed * 0x9e3779b97f4a7c15ull + 1;
	uint32_t nr = 1 + random__below(&rnd, max_tasks), i;
	uint32_t idle_in = 2 + random__below(&rnd, 12);	/* one task in so many runs */
	struct rec_lock_state *l;

	for (i = 0; i < nr; i++) {
		bool is_or = random__below(&rnd, 3) == 0;

		l = scene__lock_of(sc, L1 + i, is_or ? KIND_FLOCK : KIND_RWSEM);
		l->rule = is_or ? RULE_OR : RULE_AND;
		l->complete = random__below(&rnd, 16) != 0;
		add_holders(sc, &rnd, L1 + i, nr);
	}
	for (i = 1; i <= nr; i++) {
		scene__task(sc, i);
		if (random__below(&rnd, idle_in) == 0)
			continue;
		scene__wait(sc, i, L1 + random__below(&rnd, nr),
			    random__below(&rnd, 4) ? MODE_WRITE : MODE_READ)->since_ns =
			random__below(&rnd, 100);
		if (random__below(&rnd, 16) == 0)
			scene__task(sc, i)->state = 'R';
	}
}
