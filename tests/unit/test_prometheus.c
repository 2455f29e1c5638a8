// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Metrics: few series, counters that never go back, names that stay names. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cmocka_all.h"
#include "view/prometheus.h"

#define MS 1000000ull

struct machine {
	struct model *model;
	struct prometheus *prom;
	char *text;
};

static int set_up(void **state)
{
	struct machine *m = calloc(1, sizeof(*m));

	*state = m;
	return !m || model__new(&m->model) || prometheus__new(&m->prom);
}

static int tear_down(void **state)
{
	struct machine *m = *state;

	prometheus__free(m->prom);
	model__free(m->model);
	free(m->text);
	free(m);
	return 0;
}

static void waited(struct machine *m, uint64_t lock, const char *name, uint64_t count)
{
	struct record rec = { .type = REC_LOCK_NAME };

	rec_lock__set_addr(&rec.lock_name.lock, lock, KIND_MUTEX);
	rec.lock_name.name = name;
	rec.lock_name.source = name ? "symbol" : NULL;
	assert_int_equal(model__apply(m->model, &rec), 0);
	rec = (struct record){ .type = REC_AGG };
	rec_lock__set_addr(&rec.agg.lock, lock, KIND_MUTEX);
	rec.agg.mode = MODE_EXCLUSIVE;
	rec.agg.count = count;
	rec.agg.total_ns = count * MS;
	rec.agg.max_ns = MS;
	rec.agg.hist = (struct rec_hist){ &count, 19, 1 };
	assert_int_equal(model__apply(m->model, &rec), 0);
}

static const char *write_all(struct machine *m)
{
	const struct view_filter filter = { 0 };
	const struct view_input view = { .model = m->model, .filter = &filter };
	const struct prometheus_input in = { .view = &view, .running = true, .waits = true };
	size_t len;
	FILE *out;

	free(m->text);
	out = open_memstream(&m->text, &len);
	assert_non_null(out);
	assert_int_equal(prometheus__write(m->prom, out, &in), 0);
	fclose(out);
	return m->text;
}

/* The value of the one line that begins so; -1: there is none. */
static double value(const char *text, const char *begin)
{
	const char *at = text;

	while ((at = strstr(at, begin))) {
		if (at == text || at[-1] == '\n')
			return strtod(at + strlen(begin), NULL);
		at++;
	}
	return -1;
}

#define LOCKS "lockscope_lock_waits_total"
#define OTHER LOCKS "{lock=\"other\",kind=\"other\"}"

static size_t nr_of(const char *text, const char *begin, double *sum)
{
	size_t nr = 0;

	*sum = 0;
	for (const char *at = text; at && *at; at = strchr(at, '\n'), at += !!at) {
		const char *blank = strchr(at, ' ');

		if (strncmp(at, begin, strlen(begin)) || !blank)
			continue;
		nr++;
		*sum += strtod(strstr(at, "} ") + 2, NULL);
	}
	return nr;
}

/* However many locks there are, and in whatever order they come. */
static void series_are_few_and_add_up(void **state)
{
	struct machine *m = *state;
	uint64_t all = 0;
	char name[32];
	double sum, other, before = 0;

	for (uint64_t round = 1; round <= 10; round++) {
		for (uint64_t i = 0; i < 50 * round; i++) {
			snprintf(name, sizeof(name), "lock_%llu", (unsigned long long)i);
			/* the later ones are the heavier ones */
			waited(m, 0xffff888000001000 + i * 64, name, round * (i + 1));
		}
		all = round * (50 * round) * (50 * round + 1) / 2;
		assert_true(nr_of(write_all(m), LOCKS "{", &sum) <= PROMETHEUS_SERIES + 1);
		assert_true((uint64_t)sum == all);
		other = value(m->text, OTHER);
		assert_true(other >= before);
		before = other;
	}
	assert_int_equal(nr_of(m->text, LOCKS "{", &sum), PROMETHEUS_SERIES + 1);
	assert_null(strstr(m->text, "0xffff"));
}

/* A lock that gets another name takes its count along; nothing goes back for that. */
static void counters_never_go_back(void **state)
{
	struct machine *m = *state;

	waited(m, 0xffff888000001000, NULL, 10);
	waited(m, 0xffff888000001040, NULL, 5);
	assert_true(value(write_all(m), LOCKS "{lock=\"unnamed\",kind=\"mutex\"}") == 15);
	waited(m, 0xffff888000001000, "jobs_lock", 12);
	write_all(m);
	assert_true(value(m->text, LOCKS "{lock=\"unnamed\",kind=\"mutex\"}") == 15);
	assert_true(value(m->text, LOCKS "{lock=\"jobs_lock\",kind=\"mutex\"}") >= 0);
	assert_true(value(m->text, OTHER) >= 0);
}

static void names_are_escaped(void **state)
{
	struct machine *m = *state;

	waited(m, 0xffff888000001000, "a\"b\\c\nd} 7\xff", 3);
	assert_true(value(write_all(m), LOCKS "{lock=\"a\\\"b\\\\c\\\\nd} 7\xef\xbf\xbd\",kind=\"mutex\"}") == 3);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(series_are_few_and_add_up),
		T(counters_never_go_back),
		T(names_are_escaped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
