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
#include "record/caller.h"
#include "lib/fmt.h"
#include "view/chains.h"
#include "view/text_parts.h"
#include "view/stat_base.h"
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

static void test_user_caller(void **state)
{
	static const struct rec_frame dynamic[] = {
		{ .addr = 1, .module = "libc.so.6" },
		{ .addr = 2, .sym = "pthread_mutex_lock", .module = "libc.so.6" },
		{ .addr = 3, .sym = "_ZNSt5mutex4lockEv", .module = "libstdc++.so.6" },
		{ .addr = 4, .module = "libcrypto.so.3" },
		{ .addr = 5, .sym = "main", .module = "server" },
	};
	static const struct rec_frame whole[] = {
		{ .addr = 1, .sym = "__lll_lock_wait", .module = "server" },
		{ .addr = 2, .sym = "___pthread_mutex_lock", .module = "server" },
		{ .addr = 3, .sym = "open_account", .module = "server" },
		{ .addr = 4, .sym = "main", .module = "server" },
	};
	struct rec_stack stack = { .id = 1, .frames = dynamic, .nr_frames = 5 };

	(void)state;
	assert_int_equal(caller__user_frame(&stack)->addr, 4);
	stack.nr_frames = 3;	/* nothing of a program */
	assert_null(caller__user_frame(&stack));
	stack = (struct rec_stack){ .id = 1, .frames = whole, .nr_frames = 4 };
	assert_string_equal(caller__user_frame(&stack)->sym, "open_account");
	stack.frames = (const struct rec_frame[]){ dynamic[1], { .addr = 9 }, dynamic[4] };
	stack.nr_frames = 3;
	assert_null(caller__user_frame(&stack));
	assert_null(caller__user_frame(NULL));
}

/* A frame nobody has a name for is not taken for a lock function. */
static void test_caller_without_symbols(void **state)
{
	struct rec_frame frames[] = { { .addr = 1, .sym = "mutex_lock" }, { .addr = 2 } };
	struct rec_stack stack = { .id = 1, .nr_frames = 2, .frames = frames };

	(void)state;
	assert_int_equal(caller__index(&stack), 1);
}

/* The trampoline of a hook on the function that waits is not where the walk began, and
 * what waits is needed: a timeout, a spin. */
static void test_tracer_frames(void **state)
{
	static const struct rec_frame timed[] = {
		{ .sym = "bpf_prog_12_x", .module = "bpf" }, { .sym = "bpf_trace_run2" },
		{ .sym = "__traceiter_contention_begin" }, { .sym = "__down_timeout" },
		{ .sym = "down_timeout" }, { .sym = "bpf_trampoline_7", .module = "bpf" },
	};
	static const struct rec_frame spins[] = {
		{ .sym = "queued_write_lock_slowpath" },
		{ .sym = "bpf_trampoline_7", .module = "bpf" }, { .sym = "take", .module = "m" },
	};
	/* programs without a name, or with that of a module that lies before them */
	static const struct rec_frame unnamed[] = {
		{ .addr = 1 }, { .sym = "bpf_trace_run2" }, { .addr = 2 }, { .sym = "schedule" },
	};
	static const struct rec_frame misnamed[] = {
		{ .sym = "last", .module = "m" }, { .sym = "bpf_trampoline_7", .module = "bpf" },
		{ .sym = "mutex_unlock" },
	};

	(void)state;
	assert_int_equal(caller__nr_tracer(timed, 6), 3);
	assert_int_equal(caller__nr_tracer(spins, 3), 0);
	assert_int_equal(caller__nr_tracer(unnamed, 4), 2);
	assert_int_equal(caller__nr_tracer(misnamed, 3), 2);
	assert_int_equal(caller__nr_tracer(NULL, 0), 0);
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
	rec.agg.hist = (struct rec_hist){ &n, (uint8_t)bucket, 1 };
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
	struct stat_base base = { 0 };
	struct stat_table *t;
	char text[64];

	(void)state;
	send_agg(sc, PIPE, 0, 100, 80000);
	send_agg(sc, PIPE + 64, 0, 9, 5000);
	assert_int_equal(stat_base__take(&base, scene__model(sc)), 0);
	send_agg(sc, PIPE, 0, 130, 80000);
	t = table(sc, &(struct stat_options){ .base = &base });
	assert_int_equal(stat_table__nr(t), 1);
	assert_int_equal(sum(t, "count"), 30);
	assert_int_equal(sum(t, "total"), 30 * 80000);
	/* the longest of the period is known only by its bucket */
	stat_column__find("max")->text(stat_table__line(t, 0), text, sizeof(text));
	assert_int_equal(text[0], '~');
	stat_table__free(t);
	stat_base__free(&base);
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

/* count holds of ns each, taken at addr in sym. */
static void send_holds(struct scene *sc, uint64_t lock, uint64_t addr, const char *sym, uint64_t n,
		       uint64_t ns)
{
	struct record rec = { .type = REC_HOLD_AGG };

	rec_lock__set_addr(&rec.hold_agg.lock, lock, KIND_MUTEX);
	rec.hold_agg.site = (struct rec_frame){ .addr = addr, .sym = sym, .off = addr & 0xff };
	rec.hold_agg.count = n;
	rec.hold_agg.total_ns = n * ns;
	rec.hold_agg.max_ns = ns;
	rec.hold_agg.hist = (struct rec_hist){ &n, (uint8_t)(63 - __builtin_clzll(ns)), 1 };
	scene__send(sc, &rec);
}

/* The cell of the i-th line as it is shown. */
static const char *shown(const struct stat_table *t, size_t i, const char *column)
{
	static char text[256];

	assert_non_null(stat_table__line(t, i));
	stat_column__find(column)->text(stat_table__line(t, i), text, sizeof(text));
	return text;
}

static uint64_t value(const struct stat_table *t, size_t i, const char *column)
{
	assert_non_null(stat_table__line(t, i));
	return stat_column__find(column)->value(stat_table__line(t, i));
}

/* Holds stand beside the waits of their lock; a lock that nobody waited for has a
 * line too, below. */
static void test_holds_by_lock(void **state)
{
	struct scene *sc = scene__new();
	struct stat_table *t;

	(void)state;
	send_stack(sc, 1, "pipe_read");
	send_agg(sc, PIPE, 1, 3, 2000);
	send_holds(sc, PIPE - 64, 0x1000, "short_hold", 9, 10 * MS);
	send_holds(sc, PIPE + 64, 0x1000, "idle_hold", 9, 50 * MS);
	send_holds(sc, PIPE, 0x2000, "pipe_read", 100, 700);
	send_holds(sc, PIPE, 0x3000, "pipe_write", 10, 1 * MS);
	t = table(sc, &(struct stat_options){ .group = STAT_BY_LOCK });
	assert_true(stat_table__has_holds(t));
	assert_int_equal(stat_table__nr(t), 3);
	assert_int_equal(value(t, 0, "count"), 3);
	assert_int_equal(value(t, 0, "holds"), 110);
	assert_int_equal(value(t, 0, "hold_total"), 100 * 700 + 10 * MS);
	assert_int_equal(value(t, 0, "hold_avg"), (100 * 700 + 10 * MS) / 110);
	assert_int_equal(value(t, 0, "hold_max"), 1 * MS);
	assert_int_equal(value(t, 0, "max"), 2000);
	assert_int_equal(value(t, 1, "count"), 0);
	assert_string_equal(shown(t, 1, "max"), "-");
	assert_string_equal(shown(t, 1, "caller"), "idle_hold");
	assert_string_equal(shown(t, 2, "caller"), "short_hold");
	stat_table__free(t);
	t = table(sc, &(struct stat_options){ .sort = "hold_max" });
	assert_int_equal(stat_line__lock(stat_table__line(t, 0))->addr, PIPE + 64);
	stat_table__free(t);
	scene__free(sc);
}

/* Two places of one function are one caller and two sites. */
static void test_holds_by_caller_and_site(void **state)
{
	struct scene *sc = scene__new();
	struct stat_table *t;

	(void)state;
	send_stack(sc, 1, "pipe_read");
	send_agg(sc, PIPE, 1, 3, 2000);
	send_holds(sc, PIPE, 0x2010, "pipe_read", 100, 700);
	send_holds(sc, PIPE, 0x2020, "pipe_read", 1, 900);
	send_holds(sc, PIPE + 64, 0x2020, "pipe_read", 1, 9000);
	t = table(sc, &(struct stat_options){ .group = STAT_BY_CALLER });
	assert_int_equal(stat_table__nr(t), 1);
	assert_int_equal(value(t, 0, "count"), 3);
	assert_int_equal(value(t, 0, "holds"), 102);
	assert_string_equal(shown(t, 0, "lock"), "2 locks");
	stat_table__free(t);
	/* a column of waits sorts holds too */
	t = table(sc, &(struct stat_options){ .group = STAT_BY_SITE, .sort = "count" });
	assert_ptr_equal(stat_table__sort(t), stat_column__find("holds"));
	assert_false(stat_table__shows(t, stat_column__find("count")));
	assert_true(stat_table__shows(t, stat_column__find("site")));
	assert_int_equal(stat_table__nr(t), 2);
	assert_string_equal(shown(t, 0, "site"), "pipe_read+0x10");
	assert_string_equal(shown(t, 1, "site"), "pipe_read+0x20");
	assert_int_equal(value(t, 1, "hold_total"), 9900);
	stat_table__free(t);
	t = table(sc, &(struct stat_options){ .group = STAT_BY_SITE, .sort = "max" });
	assert_string_equal(shown(t, 0, "site"), "pipe_read+0x20");
	stat_table__free(t);
	scene__free(sc);
}

/* What was held since a copy was taken, beside a lock that was only waited for. */
static void test_holds_base(void **state)
{
	struct scene *sc = scene__new();
	struct stat_options opt = { .group = STAT_BY_LOCK };
	struct stat_base base = { 0 };
	struct stat_table *t;

	(void)state;
	send_holds(sc, PIPE, 0x2010, "pipe_read", 100, 80000);
	assert_int_equal(stat_base__take(&base, scene__model(sc)), 0);
	send_holds(sc, PIPE, 0x2010, "pipe_read", 130, 80000);
	opt.base = &base;
	t = table(sc, &opt);
	assert_int_equal(value(t, 0, "holds"), 30);
	assert_int_equal(value(t, 0, "hold_total"), 30 * 80000);
	assert_int_equal(shown(t, 0, "hold_max")[0], '~');
	stat_table__free(t);
	assert_int_equal(stat_base__take(&base, scene__model(sc)), 0);
	t = table(sc, &opt);
	assert_int_equal(stat_table__nr(t), 0);
	assert_true(stat_table__has_holds(t));	/* the columns stay while nothing happens */
	stat_table__free(t);
	stat_base__free(&base);
	scene__free(sc);
}

static char *text_of(int (*put)(FILE *out, const struct view_input *in),
		     const struct view_input *in)
{
	char *text;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	assert_int_equal(put(out, in), 0);
	fclose(out);
	return text;
}

static int put_stat(FILE *out, const struct view_input *in)
{
	return view_text__stat(out, in, &(struct stat_options){ 0 });
}

static int put_snapshot_json(FILE *out, const struct view_input *in)
{
	return view_json__snapshot(out, in, NULL);
}

static bool tells_of_holds(const struct view_input *in)
{
	char *text = text_of(put_stat, in);
	bool found = strstr(text, "total hold");

	free(text);
	return found;
}

/* Without holds nothing of them is shown; filters on locks apply, one on tasks says
 * what it leaves out. */
static void test_holds_filter(void **state)
{
	const uint32_t tids[] = { 7 };
	struct view_filter mutexes = { .kinds = 1 << KIND_MUTEX }, other = { .lock = "0x10" };
	struct view_filter by_task = { .tids = tids, .nr_tids = 1 };
	struct scene *sc = scene__new();
	struct view_input in = { .model = scene__model(sc) };
	char *text;

	(void)state;
	send_agg(sc, PIPE, 0, 3, 2000);
	assert_false(tells_of_holds(&in));
	send_holds(sc, PIPE, 0x2010, "pipe_read", 100, 700);
	assert_true(tells_of_holds(&in));
	in.filter = &mutexes;
	assert_true(tells_of_holds(&in));
	in.filter = &other;
	assert_false(tells_of_holds(&in));
	in.filter = &by_task;
	assert_false(tells_of_holds(&in));
	text = text_of(put_stat, &in);
	assert_non_null(strstr(text, "none of them pass a filter on tasks"));
	free(text);
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

/* A lock as a snapshot has it, held by one task, waited for by another. */
static struct rec_lock_state *held_lock(struct scene *sc, uint64_t addr, const char *name)
{
	struct rec_lock_state *l;

	scene__blocks(sc, (uint32_t)(addr & 0xfff), addr, (uint32_t)(addr & 0xfff) + 1);
	l = scene__lock(sc, addr);
	l->name = name;
	l->name_source = name ? "file" : NULL;
	return l;
}

static size_t longest_line(const char *text)
{
	size_t longest = 0;

	for (; *text; text += strcspn(text, "\n") + (text[strcspn(text, "\n")] == '\n'))
		longest = strcspn(text, "\n") > longest ? strcspn(text, "\n") : longest;
	return longest;
}

/* Paths give way to the terminal's width in their middle, in tables only. */
static void test_paths_fit(void **state)
{
	static const char path[] = "/srv/a/very/long/path/to/a/file/that/nobody/ever/reads/db.lock";
	struct scene *sc = scene__new();
	struct view_input in;
	char *text, *tables;

	(void)state;
	held_lock(sc, L1, path);
	scene__read(sc, SEC);
	in = (struct view_input){ .model = scene__model(sc), .snap = scene__now(sc) };
	text = text_of(view_text__snapshot, &in);
	tables = strstr(text, "BLOCKED TASKS");
	assert_non_null(strstr(tables, path));
	free(text);
	in.style.width = 100;
	text = text_of(view_text__snapshot, &in);
	tables = strstr(text, "BLOCKED TASKS");
	assert_null(strstr(tables, path));
	assert_in_range(longest_line(tables), 80, 100);
	assert_non_null(strstr(tables, "..."));
	assert_non_null(strstr(tables, "reads/db.lock"));
	assert_non_null(strstr(tables, "mutex /srv/"));
	free(text);
	scene__free(sc);
}

/* Not one column too many, and no character cut in two. */
static void test_path(void **state)
{
	static const char path[] = "/d\xc3\xa9j\xc3\xa0/\xe6\xbc\xa2\xe5\xad\x97/\xe6\xbc\xa2"
				   "\xe5\xad\x97/e\xcc\x81t\xc3\xa9/\xe6\xbc\xa2\xe5\xad\x97/name";
	char buf[256], safe[256];

	(void)state;
	for (size_t width = 8; width < 40; width++) {
		const char *cut = text__path(buf, sizeof(buf), path, width);

		assert_true(fmt__width(cut) <= width || cut == path);
		assert_true(fmt__width(cut) + 2 >= width || cut == path);
		assert_null(strstr(fmt__safe(safe, sizeof(safe), cut, true), "\xef\xbf\xbd"));
	}
	assert_ptr_equal(text__path(buf, sizeof(buf), path, 0), path);
	assert_ptr_equal(text__path(buf, sizeof(buf), "type.a_member_with_a_name", 10),
			 "type.a_member_with_a_name");
}

/* What is known of holds beyond their task, and what is not known. */
static void test_snapshot_holds(void **state)
{
	struct scene *sc = scene__new();
	struct rec_lock_state *l;
	struct rec_holder *h;
	struct view_input in;
	char *text;

	(void)state;
	l = held_lock(sc, L1, NULL);
	l->lock.kind = KIND_RWSEM;
	l->complete = false;
	l->nr_unknown = 2;
	scene__read(sc, SEC);
	in = (struct view_input){ .model = scene__model(sc), .snap = scene__now(sc) };
	text = text_of(view_text__snapshot, &in);
	assert_null(strstr(text, "HOLDS"));	/* a lock word tells no more than the task */
	assert_non_null(strstr(text, "t256/256 and 2 more readers, not known"));
	free(text);

	scene__lock(sc, L1)->name = "guess.member";
	scene__lock(sc, L1)->name_source = "type";
	scene__lock(sc, L1)->name_guess = true;
	h = scene__spin_hold(sc, L2, 77, 3, MODE_EXCLUSIVE);
	h->context = CONTEXT_SOFTIRQ;
	h->since_ns = SEC;
	scene__entry(sc, L3, 78, MODE_READ)->exited = true;
	scene__read(sc, SEC);
	in.snap = scene__now(sc);
	text = text_of(view_text__snapshot, &in);
	assert_non_null(strstr(text, "HOLDS"));
	assert_non_null(strstr(strstr(text, "LOCKS"), "guess.member? ("));
	assert_non_null(strstr(text, "?/77 (CPU 3, softirq)"));
	assert_non_null(strstr(text, "78 (exited)"));
	assert_non_null(strstr(strstr(text, "HOLDS"), "taker+0x40"));
	assert_non_null(strstr(strstr(text, "HOLDS"), "1.000 s"));
	free(text);
	text = text_of(view_dot__snapshot, &in);
	assert_non_null(strstr(text, "held by 2 more readers, not known"));
	assert_non_null(strstr(text, "held 1.000 s by\\nat taker+0x40\\nCPU 3, softirq"));
	assert_non_null(strstr(text, "exited\""));
	free(text);
	scene__free(sc);
}

/* Reads that were given up, and looks that failed, count as losses, in text and in JSON. */
static void test_losses(void **state)
{
	struct record read = { .type = REC_READ, .read = { .seq = 90, .nr_tasks = 1 } };
	struct record lost = { .type = REC_LOST };
	struct scene *sc = scene__new();
	struct view_input in = { .model = scene__model(sc) };
	char *text;

	(void)state;
	scene__send(sc, &lost);
	text = text_of(put_stat, &in);
	assert_non_null(strstr(text, "lost: nothing"));
	free(text);
	scene__send(sc, &read);
	scene__send(sc, &read);
	text = text_of(put_stat, &in);
	assert_non_null(strstr(text, "lost: 1 looks at the machine"));
	free(text);
	text = text_of(put_snapshot_json, &in);
	assert_non_null(strstr(text, "\"reads_cut\":1"));
	assert_null(strstr(text, "\"looks\""));
	free(text);
	lost.lost.looks = 2;
	scene__send(sc, &lost);
	text = text_of(put_stat, &in);
	assert_non_null(strstr(text, "lost: 2 looks at the machine (failed or late)"));
	free(text);
	text = text_of(put_snapshot_json, &in);
	assert_non_null(strstr(text, "\"looks\":2"));
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
		cmocka_unit_test(test_user_caller),
		cmocka_unit_test(test_caller_without_symbols),
		cmocka_unit_test(test_tracer_frames),
		cmocka_unit_test(test_stat_by_lock_is_exact),
		cmocka_unit_test(test_stat_shares),
		cmocka_unit_test(test_stat_shares_the_rest),
		cmocka_unit_test(test_stat_adds_up),
		cmocka_unit_test(test_stat_base),
		cmocka_unit_test(test_stat_options),
		cmocka_unit_test(test_holds_by_lock),
		cmocka_unit_test(test_holds_by_caller_and_site),
		cmocka_unit_test(test_holds_base),
		cmocka_unit_test(test_holds_filter),
		cmocka_unit_test(test_filter),
		cmocka_unit_test(test_filter_finding),
		cmocka_unit_test(test_chains),
		cmocka_unit_test(test_long_chain),
		cmocka_unit_test(test_paths_fit),
		cmocka_unit_test(test_path),
		cmocka_unit_test(test_snapshot_holds),
		cmocka_unit_test(test_losses),
		cmocka_unit_test(test_views_tell_write_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
