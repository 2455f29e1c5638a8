// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * first_sight.c - what it costs to note where a lock lies, when its first wait is counted
 *
 *   first_sight ROUNDS SPELL_MS
 *
 * Traces whatever load runs, statistics of locks without stacks, in spells of that length:
 * ROUNDS with places noted and as many without, in turn. Before each spell all statistics
 * and places are forgotten, so that every lock is seen for the first time again.
 *
 * Prints one JSON object a spell: `noted` (1 or 0), `waits` that ended in it, `run_ns` the
 * kernel counted for the two programs together, `places` that were noted and `rows` of
 * statistics that were made.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "source/live_priv.h"

#include "lockscope.skel.h" /* after abi.h: it uses its types */

#define NR_LOCKS_MAX 65536

static void check(int err, const char *what)
{
	if (err >= 0)
		return;
	fprintf(stderr, "first_sight: %s: %s\n", what, strerror(-err));
	exit(1);
}

static uint64_t run_ns(const struct bpf_program *prog)
{
	struct bpf_prog_info info = { 0 };
	uint32_t len = sizeof(info);

	check(bpf_obj_get_info_by_fd(bpf_program__fd(prog), &info, &len), "a program's figures");
	return info.run_time_ns;
}

static uint64_t both_run_ns(const struct lockscope_bpf *k)
{
	return run_ns(k->progs.contention_begin) + run_ns(k->progs.contention_end);
}

static uint64_t nr_waits(const struct source_live *s)
{
	struct live_cost cost;

	check(source_live__cost((struct source *)&s->base, &cost), "what it costs");
	return cost.waits;
}

static unsigned long nr_entries(const struct bpf_map *map)
{
	uint64_t key[8], *last = NULL;
	unsigned long nr = 0;

	for (; !bpf_map_get_next_key(bpf_map__fd(map), last, key); nr++)
		last = key;
	return nr;
}

static void empty(const struct bpf_map *map)
{
	uint64_t key[8];

	while (!bpf_map_get_next_key(bpf_map__fd(map), NULL, key))
		bpf_map_delete_elem(bpf_map__fd(map), key);
}

static void spell(struct source_live *s, uint64_t page_base, const struct timespec *length)
{
	struct lockscope_bpf *k = s->bpf.skel;
	uint64_t waits, ns;

	empty(k->maps.aggs);
	empty(k->maps.places);
	k->bss->aggs_full = 0;
	k->bss->page_base = page_base;
	waits = nr_waits(s);
	ns = both_run_ns(k);
	k->bss->tracing_on = 1;
	nanosleep(length, NULL);
	k->bss->tracing_on = 0;
	printf("{\"noted\":%d,\"waits\":%llu,\"run_ns\":%llu,\"places\":%lu,\"rows\":%lu}\n",
	       page_base != 0, (unsigned long long)(nr_waits(s) - waits),
	       (unsigned long long)(both_run_ns(k) - ns), nr_entries(k->maps.places),
	       nr_entries(k->maps.aggs));
}

int main(int argc, char **argv)
{
	int rounds = argc == 3 ? atoi(argv[1]) : 0, ms = argc == 3 ? atoi(argv[2]) : 0, i;
	struct timespec length = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L };
	struct live_config cfg;
	struct lk_error err = { 0 };
	struct source *base;
	struct source_live *s;
	uint64_t page_base;

	if (rounds < 1 || ms < 1) {
		fprintf(stderr, "usage: first_sight ROUNDS SPELL_MS\n");
		return 2;
	}
	live_config__defaults(&cfg);
	cfg.stacks = LIVE_STACKS_NONE;
	cfg.no_looks = true;
	cfg.nr_locks_max = NR_LOCKS_MAX;
	if (source_live__new(&base, &cfg, &err)) {
		fprintf(stderr, "first_sight: %s\n", err.what);
		return 1;
	}
	s = (struct source_live *)base;
	s->bpf.skel->bss->tracing_on = 0;
	page_base = s->bpf.skel->bss->page_base;
	if (!page_base) {
		fprintf(stderr, "first_sight: this kernel's pages could not be told\n");
		return 1;
	}
	check(source_live__measure(base, true), "run times of programs");
	for (i = 0; i < rounds; i++) {
		/* A B, then B A: what drifts hits both alike. */
		spell(s, i % 2 ? 0 : page_base, &length);
		spell(s, i % 2 ? page_base : 0, &length);
	}
	source__free(base);
	return 0;
}
