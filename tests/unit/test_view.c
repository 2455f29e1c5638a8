// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * The parts of the views that decide something: who is the caller, what statistics
 * add up to, what a filter passes, how chains hang together.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cmocka_all.h"
#include "scene.h"
#include "view/caller.h"
#include "view/chains.h"
#include "view/view.h"

static const char *caller_of(const char *const *syms)
{
	struct rec_frame frames[16] = { 0 };
	struct rec_stack stack = { .id = 1, .frames = frames };
	const struct rec_frame *found;

	for (; syms[stack.nr_frames]; stack.nr_frames++)
		frames[stack.nr_frames] = (struct rec_frame){ .addr = 1,
							      .sym = syms[stack.nr_frames] };
	found = caller__frame(&stack);
	return found ? found->sym : NULL;
}

static void test_caller(void **state)
{
	static const char *const rows[][10] = {
		{ "vfs_write", "bpf_prog_12_x", "bpf_trace_run2", "__traceiter_contention_begin",
		  "__mutex_lock.constprop.0", "mutex_lock", "vfs_write", "ksys_write" },
		{ "do_rename", "schedule", "rwsem_down_write_slowpath", "down_write", "do_rename" },
		{ "pipe_read", "native_queued_spin_lock_slowpath", "_raw_spin_lock_irqsave",
		  "pipe_read" },
		{ "drm_modeset_lock", "__ww_mutex_lock.constprop.0", "ww_mutex_lock",
		  "drm_modeset_lock" },
		{ "my_ioctl", "__down_timeout", "down_timeout", "my_ioctl" },
		{ "cgroup_attach", "percpu_rwsem_wait", "__percpu_down_read", "cgroup_attach" },
		{ "i2c_transfer", "rt_mutex_slowlock.constprop.0", "rt_mutex_lock",
		  "i2c_transfer" },
		/* no lock functions, for all their names */
		{ "download_firmware", "mutex_lock", "download_firmware", "x" },
		{ "downgrade_tree", "down_write", "downgrade_tree", "x" },
		{ "schedule_work", "_raw_spin_lock", "schedule_work", "x" },
		{ "io_schedule", "__schedule", "schedule", "io_schedule", "folio_wait_bit" },
		/* a lock taken inside another caller's lock function is not skipped twice */
		{ "foo", "mutex_lock", "foo", "mutex_lock", "bar" },
		/* nothing else: the outermost */
		{ "mutex_lock", "__mutex_lock", "mutex_lock" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(caller_of(rows[i] + 1), rows[i][0]);
	assert_null(caller__frame(NULL));
	assert_null(caller_of((const char *const[]){ NULL }));
}

/* A frame nobody has a name for is not taken for a lock function. */
static void test_caller_without_symbols(void **state)
{
	struct rec_frame frames[] = { { .addr = 1, .sym = "mutex_lock" }, { .addr = 2 } };
	struct rec_stack stack = { .id = 1, .nr_frames = 2, .frames = frames };

	(void)state;
	assert_int_equal(caller__index(&stack), 1);
}

#define PIPE 0xffff888000000100ull

/* count waits of ns each. */
static void send_agg(struct scene *sc, uint64_t lock, uint32_t stack, uint64_t n, uint64_t ns)
{
	struct record rec = { .type = REC_AGG };
	int bucket = 63 - __builtin_clzll(ns);

	rec_lock__set_addr(&rec.agg.lock, lock, KIND_MUTEX);
	rec.agg.stack = stack;
	rec.agg.count = n;
	rec.agg.total_ns = n * ns;
	rec.agg.max_ns = ns;
	rec.agg.hist[bucket] = n;
	rec.agg.who.comm = "";
	scene__send(sc, &rec);
}

static void send_stack(struct scene *sc, uint32_t id, const char *sym)
{
	struct rec_frame frames[] = { { .addr = id, .sym = "mutex_lock" },
				      { .addr = id + 1, .sym = sym } };
	struct record rec = { .type = REC_STACK, .stack = { id, 2, frames } };

	scene__send(sc, &rec);
}

static uint64_t sum(const struct stat_table *t, const char *column)
{
	uint64_t all = 0;

	for (size_t i = 0; i < stat_table__nr(t); i++)
		all += stat_column__find(column)->value(stat_table__line(t, i));
	return all;
}

static uint64_t cell(const struct stat_table *t, const char *caller, const char *column)
{
	char text[256];

	for (size_t i = 0; i < stat_table__nr(t); i++) {
		stat_column__find("caller")->text(stat_table__line(t, i), text, sizeof(text));
		if (!strcmp(text, caller))
			return stat_column__find(column)->value(stat_table__line(t, i));
	}
	fail_msg("no line of %s", caller);
	return 0;
}

static struct stat_table *table(struct scene *sc, const struct stat_options *opt)
{
	struct view_input in = { .model = scene__model(sc) };
	struct stat_table *t;

	assert_int_equal(stat_table__new(&t, &in, opt), 0);
	return t;
}

/* By lock every wait counts, walked or not. */
static void test_stat_by_lock_is_exact(void **state)
{
	struct scene *sc = scene__new();
	struct stat_table *t;

	(void)state;
	send_stack(sc, 1, "pipe_read");
	send_agg(sc, PIPE, 0, 1000, 1500);
	send_agg(sc, PIPE, 1, 3, 50 * MS);
	send_agg(sc, PIPE + 64, 0, 7, 2000);
	t = table(sc, &(struct stat_options){ .group = STAT_BY_LOCK });
	assert_int_equal(stat_table__nr(t), 2);
	assert_int_equal(cell(t, "pipe_read", "count"), 1003);
	assert_int_equal(cell(t, "pipe_read", "total"), 1500000 + 150 * MS);
	assert_int_equal(cell(t, "pipe_read", "max"), 50 * MS);
	assert_int_equal(stat_line__lock(stat_table__line(t, 0))->addr, PIPE);
	stat_table__free(t);
	scene__free(sc);
}

/* By caller the waits that were not walked go to the walked callers: none is lost,
 * none is made up, and a long wait of one draws no short waits to it. */
static void test_stat_shares(void **state)
{
	struct scene *sc = scene__new();
	struct stat_table *t;
	char text[64];

	(void)state;
	send_stack(sc, 1, "pipe_read");
	send_stack(sc, 2, "pipe_write");
	send_stack(sc, 3, "rare");
	send_agg(sc, PIPE, 0, 1001, 1500);
	send_agg(sc, PIPE, 1, 5, 1200);
	send_agg(sc, PIPE, 2, 15, 1300);
	send_agg(sc, PIPE, 3, 500, 50 * MS);
	t = table(sc, &(struct stat_options){ .group = STAT_BY_CALLER });
	assert_int_equal(sum(t, "count"), 1001 + 5 + 15 + 500);
	assert_int_equal(sum(t, "total"), 1001 * 1500 + 5 * 1200 + 15 * 1300 + 500 * 50 * MS);
	assert_in_range(cell(t, "pipe_read", "count"), 5 + 250, 5 + 251);
	assert_in_range(cell(t, "pipe_write", "count"), 15 + 750, 15 + 751);
	assert_int_equal(cell(t, "rare", "count"), 500);
	for (size_t i = 0; i < stat_table__nr(t); i++) {
		const struct stat_line *line = stat_table__line(t, i);

		stat_column__find("count")->text(line, text, sizeof(text));
		assert_int_equal(text[0] == '~', stat_column__find("count")->value(line) != 500);
	}
	stat_table__free(t);
	scene__free(sc);
}

/* Waits that are counted but in no bucket yet go to the busiest caller. */
static void test_stat_shares_the_rest(void **state)
{
	struct scene *sc = scene__new();
	struct record rec = { .type = REC_AGG, .agg = { .count = 10, .total_ns = 100,
							.max_ns = 10, .who.comm = "" } };
	struct stat_table *t;

	(void)state;
	rec_lock__set_addr(&rec.agg.lock, PIPE, KIND_MUTEX);
	scene__send(sc, &rec);
	send_stack(sc, 1, "few");
	send_stack(sc, 2, "many");
	send_agg(sc, PIPE, 1, 1, 2000);
	send_agg(sc, PIPE, 2, 3, 2000);
	t = table(sc, &(struct stat_options){ .group = STAT_BY_CALLER });
	assert_int_equal(cell(t, "few", "count"), 1);
	assert_int_equal(cell(t, "many", "count"), 13);
	assert_int_equal(sum(t, "total"), 4 * 2000 + 100);
	stat_table__free(t);
	scene__free(sc);
}

/* Random tables: by caller and by lock add up to the same. */
static void test_stat_adds_up(void **state)
{
	(void)state;
	srand(3);
	for (int round = 0; round < 300; round++) {
		struct scene *sc = scene__new();
		uint64_t count = 0, total = 0;
		struct stat_table *t;

		for (uint32_t stack = 1; stack < 6; stack++)
			send_stack(sc, stack, (const char *[]){ "a", "b", "c" }[stack % 3]);
		for (uint32_t i = 0; i < 20; i++) {
			uint64_t n = 1 + (uint64_t)rand() % 10000, ns = 1 + (uint64_t)rand();

			/* one row a lock and stack: a second would replace it */
			send_agg(sc, PIPE + i / 5 * 64, i % 5, n, ns);
			count += n;
			total += n * ns;
		}
		for (int group = STAT_BY_LOCK; group <= STAT_BY_TASK; group++) {
			t = table(sc, &(struct stat_options){ .group = (enum stat_group)group });
			assert_int_equal(sum(t, "count"), count);
			assert_int_equal(sum(t, "total"), total);
			stat_table__free(t);
		}
		scene__free(sc);
	}
}

/* What happened since a copy was taken; a row that did not move is gone. */
static void test_stat_base(void **state)
{
	struct scene *sc = scene__new();
	struct stat_row *base;
	struct stat_table *t;
	char text[64];
	size_t nr;

	(void)state;
	send_agg(sc, PIPE, 0, 100, 80000);
	send_agg(sc, PIPE + 64, 0, 9, 5000);
	const struct stat_row *rows = model__stats(scene__model(sc), &nr);

	base = malloc(nr * sizeof(*base));
	assert_non_null(base);
	memcpy(base, rows, nr * sizeof(*base));
	send_agg(sc, PIPE, 0, 130, 80000);
	t = table(sc, &(struct stat_options){ .base = base, .nr_base = nr });
	assert_int_equal(stat_table__nr(t), 1);
	assert_int_equal(sum(t, "count"), 30);
	assert_int_equal(sum(t, "total"), 30 * 80000);
	/* the longest of the period is known only by its bucket */
	stat_column__find("max")->text(stat_table__line(t, 0), text, sizeof(text));
	assert_int_equal(text[0], '~');
	stat_table__free(t);
	free(base);
	scene__free(sc);
}

static void test_stat_options(void **state)
{
	struct scene *sc = scene__new();
	struct view_input in = { .model = scene__model(sc) };
	struct stat_table *t;

	(void)state;
	assert_int_equal(stat_table__new(&t, &in, &(struct stat_options){ .sort = "nonsense" }),
			 -EINVAL);
	send_agg(sc, PIPE, 0, 5, 1000);
	send_agg(sc, PIPE + 64, 0, 50, 10);
	t = table(sc, &(struct stat_options){ .sort = "count" });
	assert_int_equal(stat_line__lock(stat_table__line(t, 0))->addr, PIPE + 64);
	stat_table__free(t);
	t = table(sc, &(struct stat_options){ .sort = "count", .reverse = true });
	assert_int_equal(stat_line__lock(stat_table__line(t, 0))->addr, PIPE);
	assert_null(stat_table__line(t, 2));
	stat_table__free(t);
	scene__free(sc);
}

static void test_filter(void **state)
{
	const uint32_t pids[] = { 5, 6 };
	const uint64_t cgroups[] = { 77 };
	struct rec_who who = { .tid = 10, .pid = 5, .cgroup = 77, .comm = "kworker/1" };
	struct rec_lock lock;

	(void)state;
	rec_lock__set_addr(&lock, 0xffff888000000010, KIND_RWSEM);
	assert_true(view_filter__is_empty(NULL));
	assert_true(view_filter__is_empty(&(struct view_filter){ 0 }));
	assert_true(view_filter__task(NULL, &who));
	assert_true(view_filter__task(&(struct view_filter){ .pids = pids, .nr_pids = 2 }, &who));
	assert_false(view_filter__task(&(struct view_filter){ .tids = pids, .nr_tids = 2 }, &who));
	assert_true(view_filter__task(&(struct view_filter){ .comm_glob = "kworker*" }, &who));
	assert_false(view_filter__task(&(struct view_filter){ .comm_glob = "worker*" }, &who));
	/* all conditions hold at once */
	assert_false(view_filter__task(&(struct view_filter){ .cgroups = cgroups, .nr_cgroups = 1,
							      .comm_glob = "x" }, &who));
	assert_true(view_filter__lock(&(struct view_filter){ .kinds = 1 << KIND_RWSEM }, &lock,
				      NULL));
	assert_false(view_filter__lock(&(struct view_filter){ .kinds = 1 << KIND_MUTEX }, &lock,
				       NULL));
	assert_true(view_filter__lock(&(struct view_filter){ .lock = "0xFFFF888000000010" }, &lock,
				      NULL));
	assert_false(view_filter__lock(&(struct view_filter){ .lock = "0x10" }, &lock, NULL));
	assert_true(view_filter__lock(&(struct view_filter){ .lock = "name" }, &lock, "name"));
	rec_lock__set_str(&lock, "flock:8:1:2", KIND_FLOCK);
	assert_true(view_filter__lock(&(struct view_filter){ .lock = "flock:8:1:2" }, &lock, NULL));
}

/* A cycle through a task that is filtered out is shown when another passes. */
static void test_filter_finding(void **state)
{
	const uint32_t tids[] = { 3 };
	struct view_filter by_tid = { .tids = tids, .nr_tids = 1 };
	struct find_task members[] = { { .who = { .tid = 1, .comm = "a" } },
				       { .who = { .tid = 3, .comm = "b" } } };
	struct finding f = { .kind = FIND_DEADLOCK, .members = members, .nr_members = 2 };

	(void)state;
	assert_true(view_filter__finding(&by_tid, &f));
	f.nr_members = 1;
	assert_false(view_filter__finding(&by_tid, &f));
	f.behind = &members[1];
	f.nr_behind = 1;
	assert_true(view_filter__finding(&by_tid, &f));
	assert_false(view_filter__finding(&(struct view_filter){ .kinds = 1 << KIND_FUTEX }, &f));
}

static void test_chains(void **state)
{
	struct scene *sc = scene__new();
	struct chains c;
	uint32_t root, mid, leaf, x, y;

	(void)state;
	scene__blocks(sc, 1, L1, 2);
	scene__blocks(sc, 2, L2, 3);
	scene__blocks(sc, 5, L3, 4);
	scene__blocks(sc, 4, L4, 5);
	scene__read(sc, SEC);
	root = scene__index(sc, 1);
	mid = scene__index(sc, 2);
	leaf = scene__index(sc, 3);
	x = scene__index(sc, 4);
	y = scene__index(sc, 5);
	assert_int_equal(chains__make(&c, scene__now(sc)), 0);
	assert_int_equal(c.root[leaf], root);
	assert_int_equal(c.parent[leaf], mid);
	assert_int_equal(c.below[root], 2);
	assert_false(c.in_cycle[root]);
	assert_true(c.in_cycle[x] && c.in_cycle[y]);
	assert_int_equal(c.root[x], c.root[y]);
	assert_int_equal(c.below[c.root[x]], 1);
	chains__free(&c);
	scene__free(sc);
}

/* A long chain is cut, and says so. */
static void test_long_chain(void **state)
{
	struct scene *sc = scene__new();
	struct view_input in;
	char *text;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	(void)state;
	for (uint32_t tid = 1; tid < 2000; tid++)
		scene__blocks(sc, tid, L1 + tid * 64, tid + 1);
	scene__read(sc, SEC);
	in = (struct view_input){ .model = scene__model(sc), .snap = scene__now(sc) };
	assert_int_equal(view_text__snapshot(out, &in), 0);
	fclose(out);
	assert_non_null(strstr(text, "(the chain goes on)"));
	assert_non_null(strstr(text, "24 of the 1999 tasks below are shown"));
	free(text);
	scene__free(sc);
}

static void test_views_tell_write_errors(void **state)
{
	struct scene *sc = scene__new();
	struct view_input in = { .model = scene__model(sc) };
	FILE *full = fopen("/dev/full", "w");

	(void)state;
	assert_non_null(full);
	setvbuf(full, NULL, _IONBF, 0);
	assert_int_equal(view_text__snapshot(full, &in), -ENOSPC);
	assert_int_equal(view_json__snapshot(full, &in, NULL), -ENOSPC);
	assert_int_equal(view_dot__snapshot(full, &in), -ENOSPC);
	assert_int_equal(view_text__stat(full, &in, &(struct stat_options){ 0 }), -ENOSPC);
	fclose(full);
	scene__free(sc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_caller),
		cmocka_unit_test(test_caller_without_symbols),
		cmocka_unit_test(test_stat_by_lock_is_exact),
		cmocka_unit_test(test_stat_shares),
		cmocka_unit_test(test_stat_shares_the_rest),
		cmocka_unit_test(test_stat_adds_up),
		cmocka_unit_test(test_stat_base),
		cmocka_unit_test(test_stat_options),
		cmocka_unit_test(test_filter),
		cmocka_unit_test(test_filter_finding),
		cmocka_unit_test(test_chains),
		cmocka_unit_test(test_long_chain),
		cmocka_unit_test(test_views_tell_write_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
