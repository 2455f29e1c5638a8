// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include <string.h>

#include "cmocka_all.h"
#include "lib/utf8.h"

/* Reads all of s: the characters into out, UTF8_BAD for each broken piece. */
static size_t decode(const char *s, size_t len, uint32_t *out)
{
	size_t nr = 0;

	while (len) {
		size_t n = utf8__next(s, len, &out[nr++]);

		assert_in_range(n, 1, len);
		s += n;
		len -= n;
	}
	return nr;
}

static void test_valid(void **state)
{
	static const char s[] = "a\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xef\xbf\xbf"
				"\xf0\x90\x80\x80\xf4\x8f\xbf\xbf";
	static const uint32_t want[] = { 'a', 0x80, 0x7ff, 0x800, 0xd7ff, 0xffff, 0x10000,
					 0x10ffff };
	uint32_t got[32];

	(void)state;
	assert_int_equal(decode(s, sizeof(s) - 1, got), 8);
	assert_memory_equal(got, want, sizeof(want));
}

/* One U+FFFD for each maximal piece: Unicode 15, table 3-8 and 3-11. */
static void test_broken(void **state)
{
	static const struct {
		const char *s;
		size_t nr;	/* pieces, all broken but a last 'A' */
	} rows[] = {
		{ "\x80" "A", 2 },		{ "\xc0\xaf" "A", 3 },
		{ "\xc1\xbf" "A", 3 },		{ "\xe0\x9f\xbf" "A", 4 },
		{ "\xed\xa0\x80" "A", 4 },	{ "\xf4\x90\x80\x80" "A", 5 },
		{ "\xf5\x80" "A", 3 },		{ "\xff" "A", 2 },
		{ "\xe1\x80" "A", 2 },		{ "\xf1\x80\x80" "A", 2 },
		{ "\xf0\x90\xc2" "A", 3 },	{ "\xe2\x82\xe2\x82" "A", 3 },
	};
	uint32_t got[32];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t nr = decode(rows[i].s, strlen(rows[i].s), got);

		assert_int_equal(nr, rows[i].nr);
		for (size_t c = 0; c + 1 < nr; c++)
			assert_int_equal(got[c], UTF8_BAD);
		assert_int_equal(got[nr - 1], 'A');
	}
}

static void test_cut_at_the_end(void **state)
{
	uint32_t cp;

	(void)state;
	assert_int_equal(utf8__next("\xe2\x82", 2, &cp), 2);
	assert_int_equal(cp, UTF8_BAD);
	assert_int_equal(utf8__next("\xe2\x82\xac", 3, &cp), 3);
	assert_int_equal(cp, 0x20ac);
}

/* Every code point, encoded by hand, comes back; nothing else does. */
static void test_all_code_points(void **state)
{
	(void)state;
	for (uint32_t want = 0x80; want <= 0x10ffff; want++) {
		char s[4];
		size_t n = want < 0x800 ? 2 : want < 0x10000 ? 3 : 4;
		uint32_t rest = want, got;

		for (size_t i = n - 1; i; i--, rest >>= 6)
			s[i] = (char)(0x80 | (rest & 0x3f));
		s[0] = (char)((n == 2 ? 0xc0 : n == 3 ? 0xe0 : 0xf0) | rest);
		if (want >= 0xd800 && want <= 0xdfff) {
			utf8__next(s, n, &got);
			assert_int_equal(got, UTF8_BAD);
			continue;
		}
		assert_int_equal(utf8__next(s, n, &got), n);
		assert_int_equal(got, want);
	}
}

static void test_unsafe(void **state)
{
	static const uint32_t unsafe[] = { 0, 7, 0x1b, 0x7f, 0x85, 0x9b, 0x200e, 0x202e, 0x2066,
					   0x2028, 0xfeff, 0xe0001 };
	static const uint32_t safe[] = { ' ', 'a', '~', 0xe9, 0x2192, 0x4e2d, 0x1f600, 0xfffd };

	(void)state;
	for (size_t i = 0; i < sizeof(unsafe) / sizeof(unsafe[0]); i++)
		assert_true(utf8__is_unsafe(unsafe[i]));
	for (size_t i = 0; i < sizeof(safe) / sizeof(safe[0]); i++)
		assert_false(utf8__is_unsafe(safe[i]));
}

static void test_width(void **state)
{
	(void)state;
	assert_int_equal(utf8__width('a'), 1);
	assert_int_equal(utf8__width(0xe9), 1);
	assert_int_equal(utf8__width(0x301), 0);
	assert_int_equal(utf8__width(0x4e2d), 2);
	assert_int_equal(utf8__width(0x2192), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_valid),	      cmocka_unit_test(test_broken),
		cmocka_unit_test(test_cut_at_the_end), cmocka_unit_test(test_all_code_points),
		cmocka_unit_test(test_unsafe),	      cmocka_unit_test(test_width),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
