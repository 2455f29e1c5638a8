// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include <stdlib.h>
#include <string.h>

#include "cmocka_all.h"
#include "lib/fmt.h"

#define S 1000000000ull

static void test_ns(void **state)
{
	static const struct {
		uint64_t ns;
		const char *want;
	} rows[] = {
		{ 0, "0 ns" },
		{ 999, "999 ns" },
		{ 1000, "1.00 us" },
		{ 12345, "12.3 us" },
		{ 999999, "999 us" },
		{ 1000000, "1.00 ms" },
		{ 12300000, "12.3 ms" },
		{ S - 1, "999 ms" },
		{ 1234567890, "1.234 s" },
		{ 60 * S - 1, "59.999 s" },
		{ 125 * S, "2 min 05 s" },
		{ 3600 * S - 1, "59 min 59 s" },
		{ 11040 * S, "3 h 04 min" },
		{ (12 * 86400 + 5 * 3600) * S, "12 d 05 h" },
		{ 4000ull * 86400 * S, "> 10 y" },
		{ UINT64_MAX, "> 10 y" },
		{ (uint64_t)-5, "> 10 y" },
	};
	char buf[FMT_LEN];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(fmt__ns(buf, sizeof(buf), rows[i].ns), rows[i].want);
}

static void test_age(void **state)
{
	char buf[FMT_LEN];

	(void)state;
	assert_string_equal(fmt__age(buf, sizeof(buf), 3 * S, S), "2.000 s");
	assert_string_equal(fmt__age(buf, sizeof(buf), S, -(int64_t)S), "2.000 s");
	assert_string_equal(fmt__age(buf, sizeof(buf), S, 2 * S), "0 ns");
	assert_string_equal(fmt__age(buf, sizeof(buf), S, INT64_MIN), "?");
	assert_string_equal(fmt__age(buf, sizeof(buf), INT64_MIN, S), "?");
	assert_string_equal(fmt__age(buf, sizeof(buf), INT64_MAX, INT64_MIN + 1), "> 10 y");
}

static void test_count(void **state)
{
	char buf[FMT_LEN];

	(void)state;
	assert_string_equal(fmt__count(buf, sizeof(buf), 155802), "155802");
	assert_string_equal(fmt__count(buf, sizeof(buf), 999999), "999999");
	assert_string_equal(fmt__count(buf, sizeof(buf), 1234567), "1.23 M");
	assert_string_equal(fmt__count(buf, sizeof(buf), 999999999), "999 M");
	assert_string_equal(fmt__count(buf, sizeof(buf), 20500000000), "20.5 G");
	assert_string_equal(fmt__count(buf, sizeof(buf), UINT64_MAX), "> 999 T");
}

static void test_safe(void **state)
{
	static const struct {
		const char *in, *utf8, *ascii;
	} rows[] = {
		{ "plain name", "plain name", "plain name" },
		{ "\033[31mred", "\\x1b[31mred", "\\x1b[31mred" },
		{ "a\nb\tc\rd", "a\\nb\\tc\\rd", "a\\nb\\tc\\rd" },
		{ "\x7f\x07", "\\x7f\\x07", "\\x7f\\x07" },
		{ "\xc2\x9b" "2J", "\\x9b2J", "\\x9b2J" },
		{ "bad\xff\xc3", "bad\xef\xbf\xbd\xef\xbf\xbd", "bad??" },
		{ "\xe2\x80\xae" "evil", "\\u{202e}evil", "\\u{202e}evil" },
		{ "a \xe2\x86\x92 b", "a \xe2\x86\x92 b", "a -> b" },
		{ "\xc3\xa9", "\xc3\xa9", "\\u{e9}" },
		{ NULL, "", "" },
	};
	char buf[64];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_string_equal(fmt__safe(buf, sizeof(buf), rows[i].in, true), rows[i].utf8);
		assert_string_equal(fmt__safe(buf, sizeof(buf), rows[i].in, false), rows[i].ascii);
	}
}

/* Whatever the bytes and the room: terminated, inside, nothing that moves a
 * terminal, and no character cut in two. */
static void test_safe_fits(void **state)
{
	char in[40], *buf;

	(void)state;
	srand(1);
	for (int round = 0; round < 20000; round++) {
		size_t len = (size_t)rand() % sizeof(in), size = 1 + (size_t)rand() % 50;

		for (size_t i = 0; i < len; i++)
			in[i] = (char)(1 + rand() % 255);
		in[len ? len - 1 : 0] = '\0';
		buf = malloc(size);	/* of that size, for the sanitizers */
		assert_non_null(buf);
		fmt__safe(buf, size, in, round & 1);
		assert_true(memchr(buf, '\0', size) != NULL);
		for (const char *c = buf; *c; c++)
			assert_true((unsigned char)*c >= 0x20 && *c != 0x7f);
		assert_null(strstr(buf, "\xc2\x9b"));
		free(buf);
	}
}

static void test_safe_cut(void **state)
{
	char buf[8];

	(void)state;
	assert_string_equal(fmt__safe(buf, sizeof(buf), "1234567", true), "1234567");
	assert_string_equal(fmt__safe(buf, sizeof(buf), "12345678", true), "1234...");
	assert_string_equal(fmt__safe(buf, sizeof(buf), "123\xe2\x86\x92" "56", true), "123...");
	assert_string_equal(fmt__safe(buf, 2, "12345678", true), ".");
}

static void test_width(void **state)
{
	(void)state;
	assert_int_equal(fmt__width("abc"), 3);
	assert_int_equal(fmt__width("\xe2\x86\x92"), 1);
	assert_int_equal(fmt__width("\xe4\xb8\xad\xe6\x96\x87"), 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ns),	 cmocka_unit_test(test_age),
		cmocka_unit_test(test_count),	 cmocka_unit_test(test_safe),
		cmocka_unit_test(test_safe_fits), cmocka_unit_test(test_safe_cut),
		cmocka_unit_test(test_width),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
