// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cmocka_all.h"
#include "lib/arena.h"
#include "lib/error.h"
#include "lib/hash.h"
#include "lib/map.h"
#include "lib/vec.h"
#include "random_graph.h"

static void arena_gives_zeroed_aligned_memory_that_stays(void **state)
{
	struct arena *a;
	char *p[2000];
	size_t i, k, size;

	(void)state;
	assert_int_equal(arena__new(&a), 0);
	for (i = 0; i < 2000; i++) {
		size = (i * 37) % 5000;
		p[i] = arena__alloc(a, size);
		assert_non_null(p[i]);
		assert_int_equal((uintptr_t)p[i] % 16, 0);
		for (k = 0; k < size; k++)
			assert_int_equal(p[i][k], 0);
		memset(p[i], (int)i & 0x7f, size);
	}
	for (i = 0; i < 2000; i++)
		for (k = 0; k < (i * 37) % 5000; k++)
			assert_int_equal(p[i][k], (int)i & 0x7f);
	assert_true(arena__bytes(a) > 2000 * 2000);
	arena__free(a);
	arena__free(NULL);
}

static void arena_refuses_sizes_that_overflow(void **state)
{
	struct arena *a;

	(void)state;
	assert_int_equal(arena__new(&a), 0);
	assert_null(arena__array(a, SIZE_MAX / 2, 4));
	assert_null(arena__alloc(a, SIZE_MAX));
	assert_non_null(arena__alloc(a, 1));
	arena__free(a);
}

static void arena_copies_strings(void **state)
{
	char buf[8] = "abc";
	struct arena *a;
	char *s;

	(void)state;
	assert_int_equal(arena__new(&a), 0);
	s = arena__strdup(a, buf);
	buf[0] = 'x';
	assert_string_equal(s, "abc");
	assert_null(arena__strdup(a, NULL));
	assert_null(arena__memdup(a, NULL, 3));
	assert_string_equal(arena__printf(a, "%s-%d", s, 7), "abc-7");
	arena__free(a);
}

/* Against a plain array of values, with keys from a small range so that sets,
 * replacements, deletions and misses all come up. */
static void map_does_what_an_array_does(void **state)
{
	enum { KEYS = 700 };
	static uint64_t want[KEYS];
	static bool have[KEYS];
	uint64_t rnd = 42, key, value, got;
	struct u64map *m;
	size_t nr = 0;
	int i;

	(void)state;
	assert_int_equal(u64map__new(&m, 0), 0);
	for (i = 0; i < 200000; i++) {
		key = random__below(&rnd, KEYS);
		value = random__next(&rnd);
		if (random__below(&rnd, 3)) {
			assert_int_equal(u64map__set(m, key * 16, value), 0);
			nr += !have[key];
			want[key] = value;
			have[key] = true;
		} else {
			assert_int_equal(u64map__del(m, key * 16), have[key]);
			nr -= have[key];
			have[key] = false;
		}
		key = random__below(&rnd, KEYS);
		got = 1;
		assert_int_equal(u64map__get(m, key * 16, &got), have[key]);
		assert_true(got == (have[key] ? want[key] : 1));
		assert_int_equal(u64map__nr(m), nr);
	}
	u64map__free(m);
	u64map__free(NULL);
}

static void map_walks_every_key_once(void **state)
{
	uint64_t key, value, sum = 0;
	struct u64map *m;
	size_t pos = 0, n = 0;

	(void)state;
	assert_int_equal(u64map__new(&m, 10), 0);
	for (key = 0; key < 1000; key++)
		assert_int_equal(u64map__set(m, key, key + 1), 0);
	assert_int_equal(u64map__set(m, UINT64_MAX, 5), 0);
	while (u64map__next(m, &pos, &key, &value)) {
		assert_true(key == UINT64_MAX ? value == 5 : value == key + 1);
		sum += key;
		n++;
	}
	assert_int_equal(n, 1001);
	assert_true(sum == 999 * 1000 / 2 + UINT64_MAX);
	u64map__clear(m);
	pos = 0;
	assert_false(u64map__next(m, &pos, &key, &value));
	assert_false(u64map__get(m, 0, NULL));
	u64map__free(m);
}

static void vec_grows_and_keeps_what_is_there(void **state)
{
	uint32_t *items = NULL;
	size_t nr = 0, cap = 0, i;

	(void)state;
	for (i = 0; i < 10000; i++) {
		assert_true(VEC_ROOM(items, nr, cap));
		items[nr++] = (uint32_t)i * 3;
	}
	for (i = 0; i < 10000; i++)
		assert_int_equal(items[i], i * 3);
	assert_null(vec__grow(items, &cap, SIZE_MAX / 2, 16));
	assert_true(cap >= 10000);
	free(items);
}

static void hashes_differ_and_stay(void **state)
{
	(void)state;
	assert_true(hash__str("flock:8:1:12") != hash__str("flock:8:1:13"));
	assert_true(hash__add(hash__add(0, 1), 2) != hash__add(hash__add(0, 2), 1));
	assert_true(hash__bytes("", 0) == hash__str(""));
}

static void errors_carry_text_and_code(void **state)
{
	struct lk_error err = { .what = "" };
	char longer[2000];

	(void)state;
	assert_int_equal(lk_error__set(&err, -ENOENT, "cannot read %s", "x"), -ENOENT);
	assert_string_equal(err.what, "cannot read x");
	lk_error__hint(&err, "try %d", 3);
	assert_string_equal(err.hint, "try 3");
	assert_int_equal(lk_error__set(NULL, -EPERM, "x"), -EPERM);
	lk_error__hint(NULL, "x");
	memset(longer, 'a', sizeof(longer));
	longer[sizeof(longer) - 1] = 0;
	lk_error__set(&err, -1, "%s", longer);
	assert_int_equal(strlen(err.what), sizeof(err.what) - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arena_gives_zeroed_aligned_memory_that_stays),
		cmocka_unit_test(arena_refuses_sizes_that_overflow),
		cmocka_unit_test(arena_copies_strings),
		cmocka_unit_test(map_does_what_an_array_does),
		cmocka_unit_test(map_walks_every_key_once),
		cmocka_unit_test(vec_grows_and_keeps_what_is_there),
		cmocka_unit_test(hashes_differ_and_stay),
		cmocka_unit_test(errors_carry_text_and_code),
	};

	return cmocka_run_group_tests_name("lib", tests, NULL, NULL);
}
