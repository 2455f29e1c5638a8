// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * bench_graph.c - how long the graph takes: 100,000 tasks in chains and cycles,
 * read, built and searched.  Prints medians in ms: "NAME  take build search both".
 *
 * usage: bench_graph [TASKS [RUNS]]
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "find/cores.h"
#include "lib/arena.h"
#include "model/build.h"

enum shape { CHAINS, CYCLES, MIXED, ONE_CHAIN, ONE_CYCLE, NR_SHAPES };
static const char *const shape_names[NR_SHAPES] = {
	"chains of 10", "cycles of 10", "half and half", "one chain", "one cycle",
};

struct times {
	double take, build, search, both;
};

static double now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

/* Who holds the lock that task i waits for; n: nobody, it runs. */
static uint32_t holder_of(enum shape shape, uint32_t i, uint32_t n)
{
	uint32_t group = i / 10 * 10;
	bool is_cycle = shape == CYCLES || (shape == MIXED && i / 10 % 2);

	if (shape == ONE_CHAIN)
		return i + 1;
	if (shape == ONE_CYCLE)
		return (i + 1) % n;
	if (i % 10 < 9)
		return i + 1 < n ? i + 1 : n;
	return is_cycle ? group : n;
}

/* Tasks come in no useful order, as from the task list: bits are mixed. */
static uint32_t shuffled(uint32_t i, uint32_t n)
{
	return (uint32_t)((uint64_t)i * 61843 % n);
}

static void die(const char *what)
{
	fprintf(stderr, "bench_graph: %s failed\n", what);
	exit(1);
}

static void take(struct build *b, enum shape shape, uint32_t n)
{
	uint32_t k, i, h;

	for (k = 0; k < n; k++) {
		struct rec_task t = { .who = { .comm = "worker" }, .state = 'D', .cpu = -1 };

		i = shuffled(k, n);
		t.who.tid = t.who.pid = 100 + i;
		t.who.start_ns = 1000 + i;
		t.has_wait = holder_of(shape, i, n) < n;
		t.wait.id = i + 1;
		rec_lock__set_addr(&t.wait.lock, 0xffff888000000000ull + 64ull * i, KIND_MUTEX);
		if (build__add_task(b, &t) < 0)
			die("add_task");
	}
	for (k = 0; k < n; k++) {
		struct rec_lock_state l = { .complete = true, .verified = true, .nr_readers = -1 };
		struct rec_holder holder = { .certainty = SURE_CERTAIN, .since_ns = LK_NO_TIME };

		i = shuffled(k, n);
		h = holder_of(shape, i, n);
		rec_lock__set_addr(&l.lock, 0xffff888000000000ull + 64ull * i, KIND_MUTEX);
		holder.tid = 100 + h;
		holder.start_ns = 1000 + h;
		l.holders = &holder;
		l.nr_holders = h < n;
		if (build__add_lock(b, &l) < 0)
			die("add_lock");
	}
}

static struct times run(enum shape shape, uint32_t n)
{
	struct rec_read read = { .seq = 1, .nr_tasks = n, .nr_locks = n };
	const struct rec_lost lost = { 0 };
	struct times t;
	struct snapshot *s;
	struct build *b;
	struct arena *arena;
	struct cores cores;
	double t0 = now_ms();

	if (build__new(&b, &read))
		die("build");
	take(b, shape, n);
	t.take = now_ms() - t0;
	t0 = now_ms();
	if (build__finish(b, &lost, &s))
		die("finish");
	t.build = now_ms() - t0;
	t0 = now_ms();
	if (arena__new(&arena) || cores__find(s, NULL, arena, &cores))
		die("search");
	t.search = now_ms() - t0;
	t.both = t.build + t.search;
	arena__free(arena);
	snapshot__free(s);
	build__free(b);
	return t;
}

static int by_value(const void *va, const void *vb)
{
	double a = *(const double *)va, b = *(const double *)vb;

	return a < b ? -1 : a > b;
}

static double median(const struct times *all, int nr, size_t offset)
{
	double *v = calloc((size_t)nr, sizeof(*v)), m;
	int i;

	if (!v)
		die("calloc");
	for (i = 0; i < nr; i++)
		v[i] = *(const double *)((const char *)&all[i] + offset);
	qsort(v, (size_t)nr, sizeof(*v), by_value);
	m = v[nr / 2];
	free(v);
	return m;
}

int main(int argc, char **argv)
{
	uint32_t n = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 100000;
	int runs = argc > 2 ? atoi(argv[2]) : 21, shape, i;
	struct times *all;

	if (!n || runs < 1)
		return 2;
	all = calloc((size_t)runs, sizeof(*all));
	if (!all)
		die("calloc");
	printf("%u tasks, medians of %d runs, ms of processor time\n", n, runs);
	printf("%-14s %8s %8s %8s %13s\n", "", "take in", "build", "search", "build+search");
	for (shape = 0; shape < NR_SHAPES; shape++) {
		for (i = 0; i < runs; i++)
			all[i] = run(shape, n);
		printf("%-14s %8.1f %8.1f %8.1f %13.1f\n", shape_names[shape],
		       median(all, runs, offsetof(struct times, take)),
		       median(all, runs, offsetof(struct times, build)),
		       median(all, runs, offsetof(struct times, search)),
		       median(all, runs, offsetof(struct times, both)));
	}
	free(all);
	return 0;
}
