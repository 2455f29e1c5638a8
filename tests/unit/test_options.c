// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Options: what is taken, what is refused, and what the user is told. */
#include "cmocka_all.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "lib/options.h"

struct values {
	bool flag;
	int count;
	const char *name;
	int64_t number, time_ns;
	struct option_u32_list list;
};

enum { FIRST = 1, SECOND = 2 };

static const char *word(size_t i)
{
	static const char *const words[] = { "red", "green", NULL };

	return words[i];
}

static const struct option_row rows[] = {
	{ "flag", 'f', NULL, option__flag, offsetof(struct values, flag), NULL, "", FIRST, NULL },
	{ "count", 'c', NULL, option__count, offsetof(struct values, count), NULL, "", FIRST, NULL },
	{ "name", 'n', "NAME", option__string, offsetof(struct values, name), "a name", "", FIRST, NULL },
	{ "number", 0, "N", option__positive, offsetof(struct values, number), "a number", "",
	  FIRST | SECOND, NULL },
	{ "time", 't', "S", option__seconds, offsetof(struct values, time_ns), "seconds", "", FIRST, NULL },
	{ "ids", 'i', "ID,...", option__u32_list, offsetof(struct values, list), "ids", "", FIRST, NULL },
	{ "colour", 0, "COLOUR", option__positive, offsetof(struct values, number), "one of",
	  "which", SECOND, word },
};
#define NR_ROWS (sizeof(rows) / sizeof(*rows))

static int parse(struct values *v, struct options_rest *rest, char *why, uint32_t bit,
		 char **argv)
{
	int argc = 0;

	memset(v, 0, sizeof(*v));
	why[0] = '\0';
	while (argv[argc])
		argc++;
	return options__parse(rows, NR_ROWS, bit, argc, argv, v, rest, why, 200);
}

#define PARSE(bit, ...) parse(&v, &rest, why, bit, (char *[]){ "cmd", ##__VA_ARGS__, NULL })

static void takes_every_kind_of_option(void **state)
{
	struct options_rest rest;
	struct values v;
	char why[200];

	(void)state;
	assert_int_equal(PARSE(FIRST, "-fcc", "--name=x", "--number", "7", "-t1.5", "-i", "3,4",
			       "--ids", "5"), 0);
	assert_true(v.flag);
	assert_int_equal(v.count, 2);
	assert_string_equal(v.name, "x");
	assert_int_equal(v.number, 7);
	assert_int_equal(v.time_ns, 1500000000);
	assert_int_equal(v.list.nr, 3);
	assert_int_equal(v.list.list[0], 3);
	assert_int_equal(v.list.list[2], 5);
	assert_int_equal(rest.nr_operands, 0);
	assert_null(rest.command);
	option_u32_list__free(&v.list);
}

/* What follows "--" is a command, options in it are its own. */
static void tells_operands_from_a_command(void **state)
{
	struct options_rest rest;
	struct values v;
	char why[200];
	char *argv[] = { "cmd", "file", "-f", "--", "ls", "-c", "--", "x", NULL };

	(void)state;
	assert_int_equal(parse(&v, &rest, why, FIRST, argv), 0);
	assert_true(v.flag);
	assert_int_equal(v.count, 0);
	assert_int_equal(rest.nr_operands, 1);
	assert_string_equal(rest.operands[0], "file");
	assert_ptr_equal(rest.command, argv + 4);
	assert_int_equal(PARSE(FIRST, "a", "b", "c", "d", "e"), -EINVAL);
	assert_non_null(strstr(why, "'e'"));
	assert_int_equal(PARSE(FIRST, "--"), 0);
	assert_null(rest.command);
}

static void says_what_is_wrong(void **state)
{
	struct options_rest rest;
	struct values v;
	char why[200];

	(void)state;
	assert_int_equal(PARSE(FIRST, "--nix"), -EINVAL);
	assert_non_null(strstr(why, "--nix"));
	assert_int_equal(PARSE(FIRST, "-z"), -EINVAL);
	assert_non_null(strstr(why, "-z"));
	assert_int_equal(PARSE(SECOND, "--flag"), -EINVAL);
	assert_non_null(strstr(why, "this command has no option --flag"));
	assert_int_equal(PARSE(SECOND, "-f"), -EINVAL);
	assert_non_null(strstr(why, "this command has no option --flag"));
	assert_int_equal(PARSE(FIRST, "--name"), -EINVAL);
	assert_non_null(strstr(why, "--name needs a value"));
	assert_int_equal(PARSE(FIRST, "-n"), -EINVAL);
	assert_non_null(strstr(why, "--name needs a value"));
	assert_int_equal(PARSE(FIRST, "--flag=1"), -EINVAL);
	assert_non_null(strstr(why, "--flag takes no value"));
	assert_int_equal(PARSE(FIRST, "--number", "x"), -EINVAL);
	assert_non_null(strstr(why, "--number x: expected a number"));
	assert_int_equal(PARSE(SECOND, "--colour", "x"), -EINVAL);
	assert_string_equal(why, "--colour x: expected one of: red, green");
}

static void the_table_is_for_programs(void **state)
{
	char *text;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	(void)state;
	assert_non_null(out);
	options__print_table(out, rows, NR_ROWS, SECOND);
	fclose(out);
	assert_string_equal(text, "option\tnumber\t-\tN\t-\t\n"
			    "option\tcolour\t-\tCOLOUR\tred green\twhich\n");
	free(text);
}

static void numbers_are_strict(void **state)
{
	static const char *const bad[] = { "", " 1", "1 ", "+1", "-1", "0", "0x1", "1e3", "1.5",
					   "4294967296", "99999999999999999999" };
	int64_t v = -1;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_true(option__positive(&v, bad[i]) < 0);
	assert_int_equal(v, -1);
	assert_int_equal(option__positive(&v, "4294967295"), 0);
	assert_int_equal(v, UINT32_MAX);
	assert_int_equal(option__u32(&v, "0"), 0);
	assert_int_equal(v, 0);
}

static void durations_are_exact(void **state)
{
	static const struct {
		const char *arg;
		int64_t ns;	/* of seconds; 0: refused */
	} cases[] = {
		{ "1", 1000000000 }, { "0.1", 100000000 }, { ".5", 500000000 }, { "2.", 2000000000 },
		{ "0.000000001", 1 }, { "1000000000", 1000000000000000000 }, { "0", 0 },
		{ "0.0000000001", 0 }, { ".", 0 }, { "", 0 }, { "-1", 0 }, { "1s", 0 },
		{ "1.2.3", 0 }, { "1e9", 0 }, { "inf", 0 }, { "nan", 0 }, { "1000000001", 0 },
		{ "99999999999999999999999999", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		int64_t ns = 0;

		assert_int_equal(option__seconds(&ns, cases[i].arg) == 0, cases[i].ns != 0);
		assert_int_equal(ns, cases[i].ns);
	}
}

static void lists_are_strict(void **state)
{
	static const char *const bad[] = { "", ",", "1,", ",1", "1,,2", "0", "1,x", "1 2" };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct option_u32_list l = { 0 };

		assert_true(option__u32_list(&l, bad[i]) < 0);
		option_u32_list__free(&l);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_every_kind_of_option),
		cmocka_unit_test(tells_operands_from_a_command),
		cmocka_unit_test(says_what_is_wrong),
		cmocka_unit_test(the_table_is_for_programs),
		cmocka_unit_test(numbers_are_strict),
		cmocka_unit_test(durations_are_exact),
		cmocka_unit_test(lists_are_strict),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
