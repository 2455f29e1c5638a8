// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * Source lines asked of a child: once each, and however it behaves.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "cmocka_all.h"
#include "source/line_cache.h"

#define MS 1000000ull
#define HANGS 0x666
#define CRASHES 0x777
#define UNKNOWN 0x888

struct told {
	uint32_t nr;
	struct rec_frame last;
	char line[LINE_LEN], sym[64];
};

static int take(void *ctx, const struct record *rec)
{
	struct told *t = ctx;

	assert_int_equal(rec->type, REC_LINE);
	t->nr++;
	t->last = rec->line;
	snprintf(t->line, sizeof(t->line), "%s", rec->line.line);
	snprintf(t->sym, sizeof(t->sym), "%s", rec->line.sym);
	return 0;
}

static void answer_all(void *arg)
{
	struct line_probe *p = arg;

	p->state = LINES_THERE;
	for (; p->at < p->nr; p->at++) {
		struct line_query *q = &p->queries[p->at];

		while (q->addr == HANGS - 1)
			pause();
		if (q->addr == CRASHES - 1)
			_exit(3);
		if (q->addr != UNKNOWN - 1)
			snprintf(q->line, sizeof(q->line), "a.c:%u", (unsigned)q->addr);
	}
}

static void have_no_libdw(void *arg)
{
	struct line_probe *p = arg;

	p->state = LINES_NO_LIBDW;
	p->at = p->nr;
}

static void never_answer(void *arg)
{
	(void)arg;
	for (;;)
		pause();
}

static struct line_cache *begin(void (*job)(void *))
{
	struct line_config cfg;
	struct line_cache *c;

	line_config__defaults(&cfg);
	cfg.job = job;
	cfg.first_ns = cfg.wait_ns = 200 * MS;
	cfg.hang_ns = 50 * MS;
	assert_int_equal(line_cache__new(&c, &cfg), 0);
	line_cache__start(c, 0x100);
	return c;
}

static uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000ull + (uint64_t)ts.tv_nsec;
}

static struct rec_frame frame(uint64_t addr, const char *sym)
{
	return (struct rec_frame){ .addr = addr, .sym = sym, .off = 4 };
}

static void test_once(void **state)
{
	struct line_cache *c = begin(answer_all);
	struct rec_frame f[] = { frame(0x101, "one"), frame(UNKNOWN, "two"), frame(0x101, "one"),
				 frame(0x301, NULL), { .addr = 0x401, .sym = "begin" } };
	struct told t = { 0 };

	(void)state;
	assert_int_equal(line_cache__ask(c, f, 3, take, &t), 0);
	assert_int_equal(t.nr, 1);
	assert_string_equal(t.line, "a.c:256");	/* in the call, not behind it */
	assert_string_equal(t.sym, "one");
	assert_int_equal(line_cache__ask(c, f, 4, take, &t), 0);
	assert_int_equal(t.nr, 1);
	/* another module at that address; the begin of a function is no return address */
	f[0].module = "mod";
	assert_int_equal(line_cache__ask(c, f, 5, take, &t), 0);
	assert_int_equal(t.nr, 3);
	assert_string_equal(t.line, "a.c:1025");
	assert_int_equal(line_cache__lost(c), 0);
	line_cache__free(c);
}

static void test_many(void **state)
{
	struct line_cache *c = begin(answer_all);
	struct rec_frame f[3 * LINE_QUERIES + 5];
	const size_t nr = sizeof(f) / sizeof(*f);
	struct told t = { 0 };

	(void)state;
	for (size_t i = 0; i < nr; i++)
		f[i] = frame(0x1001 + i, "f");
	assert_int_equal(line_cache__ask(c, f, nr, take, &t), 0);
	assert_int_equal(t.nr, nr);
	line_cache__free(c);
}

/* The strings of who asks need not last. */
static void test_late(void **state)
{
	struct line_cache *c = begin(answer_all);
	char sym[] = "lasting";
	struct rec_frame f[] = { frame(HANGS, "x"), frame(0x501, sym) };
	struct told t = { 0 };
	uint64_t began;

	(void)state;
	line_cache__free(c);
	{
		struct line_config cfg;

		line_config__defaults(&cfg);
		cfg.job = answer_all;
		cfg.first_ns = cfg.wait_ns = 20 * MS;
		cfg.hang_ns = 100 * MS;
		assert_int_equal(line_cache__new(&c, &cfg), 0);
		line_cache__start(c, 0);
	}
	began = now();
	assert_int_equal(line_cache__ask(c, f, 2, take, &t), 0);
	assert_true(now() - began < 90 * MS);	/* it did not wait for what hangs */
	assert_int_equal(t.nr, 0);
	memset(sym, '#', sizeof(sym) - 1);
	for (int i = 0; i < 200 && !t.nr; i++) {
		usleep(10000);
		assert_int_equal(line_cache__ask(c, NULL, 0, take, &t), 0);
	}
	assert_int_equal(t.nr, 1);
	assert_string_equal(t.sym, "lasting");
	assert_int_equal(line_cache__lost(c), 1);
	line_cache__free(c);
}

static void test_crash(void **state)
{
	struct line_cache *c = begin(answer_all);
	struct rec_frame f[] = { frame(0x601, "a"), frame(CRASHES, "b"), frame(0x602, "c") };
	struct told t = { 0 };

	(void)state;
	assert_int_equal(line_cache__ask(c, f, 3, take, &t), 0);
	assert_int_equal(t.nr, 2);
	assert_int_equal(line_cache__lost(c), 1);
	/* three times, and it is left alone */
	f[0] = frame(CRASHES, "d");
	f[1] = frame(CRASHES, "e");
	f[2] = frame(0x603, "f");
	assert_int_equal(line_cache__ask(c, f, 3, take, &t), 0);
	assert_int_equal(line_cache__lost(c), 4);
	f[0] = frame(0x604, "g");
	assert_int_equal(line_cache__ask(c, f, 1, take, &t), 0);
	assert_int_equal(t.nr, 2);
	line_cache__free(c);
}

static void test_no_libdw(void **state)
{
	struct line_cache *c = begin(have_no_libdw);
	struct rec_frame f = frame(0x701, "a");
	char detail[LINE_FILE_LEN];
	struct told t = { 0 };

	(void)state;
	assert_int_equal(line_cache__state(c, detail), LINES_NO_LIBDW);
	assert_int_equal(line_cache__ask(c, &f, 1, take, &t), 0);
	assert_int_equal(t.nr, 0);
	assert_int_equal(line_cache__lost(c), 0);
	line_cache__free(c);
}

static void test_hangs_for_good(void **state)
{
	struct line_cache *c = begin(never_answer);
	struct rec_frame f = frame(0x801, "a");
	struct told t = { 0 };
	uint64_t began = now();

	(void)state;
	assert_int_equal(line_cache__ask(c, &f, 1, take, &t), 0);
	assert_true(now() - began < 2000 * MS);
	for (int i = 0; i < 100 && !line_cache__lost(c); i++) {
		usleep(10000);
		assert_int_equal(line_cache__ask(c, NULL, 0, take, &t), 0);
	}
	assert_int_equal(line_cache__lost(c), 1);
	assert_int_equal(t.nr, 0);
	line_cache__free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_once),	 cmocka_unit_test(test_many),
		cmocka_unit_test(test_late),	 cmocka_unit_test(test_crash),
		cmocka_unit_test(test_no_libdw), cmocka_unit_test(test_hangs_for_good),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
