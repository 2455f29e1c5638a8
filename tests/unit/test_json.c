// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmocka_all.h"
#include "lib/json.h"

struct text {
	FILE *out;
	char *bytes;
	size_t len;
	struct json j;
};

static void begin(struct text *t)
{
	t->out = open_memstream(&t->bytes, &t->len);
	assert_non_null(t->out);
	json__init(&t->j, t->out);
}

static void expect(struct text *t, const char *want)
{
	assert_int_equal(json__done(&t->j), 0);
	fclose(t->out);
	assert_string_equal(t->bytes, want);
	free(t->bytes);
}

static void test_nesting(void **state)
{
	struct text t;

	(void)state;
	begin(&t);
	json__object(&t.j, NULL);
	json__object(&t.j, "empty");
	json__end_object(&t.j);
	json__array(&t.j, "list");
	json__u64(&t.j, NULL, 1);
	json__array(&t.j, NULL);
	json__end_array(&t.j);
	json__object(&t.j, NULL);
	json__bool(&t.j, "yes", true);
	json__null(&t.j, "none");
	json__end_object(&t.j);
	json__end_array(&t.j);
	json__str(&t.j, "s", NULL);
	json__end_object(&t.j);
	expect(&t, "{\"empty\":{},\"list\":[1,[],{\"yes\":true,\"none\":null}],\"s\":null}\n");
}

static void test_numbers_are_exact(void **state)
{
	struct text t;

	(void)state;
	begin(&t);
	json__array(&t.j, NULL);
	json__u64(&t.j, NULL, UINT64_MAX);
	json__i64(&t.j, NULL, INT64_MIN);
	json__u64(&t.j, NULL, (1ull << 53) + 1);
	json__hex(&t.j, NULL, 0xffff888012345678);
	json__u64(&t.j, NULL, 0);
	json__i64(&t.j, NULL, -1);
	json__hex(&t.j, NULL, 0);
	json__hex(&t.j, NULL, UINT64_MAX);
	json__micros(&t.j, NULL, 0);
	json__micros(&t.j, NULL, 1020);
	json__micros(&t.j, NULL, UINT64_MAX);
	json__end_array(&t.j);
	expect(&t, "[18446744073709551615,-9223372036854775808,9007199254740993,"
		   "\"0xffff888012345678\",0,-1,\"0x0\",\"0xffffffffffffffff\","
		   "0.000,1.020,18446744073709551.615]\n");
}

static void test_strings(void **state)
{
	static const struct {
		const char *in, *want;
	} rows[] = {
		{ "plain", "\"plain\"" },
		{ "", "\"\"" },
		{ "q\"b\\s/", "\"q\\\"b\\\\s/\"" },
		{ "\n\t\r\001\033\x7f", "\"\\n\\t\\r\\u0001\\u001b\\u007f\"" },
		{ "</script>&", "\"\\u003c/script\\u003e\\u0026\"" },
		{ "\xe2\x86\x92\xf0\x9f\x98\x80", "\"\xe2\x86\x92\xf0\x9f\x98\x80\"" },
		{ "a\xff" "b\xe2\x82", "\"a\xef\xbf\xbd" "b\xef\xbf\xbd\"" },
		{ "\xc0\xaf", "\"\xef\xbf\xbd\xef\xbf\xbd\"" },
		{ "\xe2\x80\xa8", "\"\\u2028\"" },
		{ "\xc2\x9b", "\"\\u009b\"" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char want[128];
		struct text t;

		begin(&t);
		json__str(&t.j, NULL, rows[i].in);
		snprintf(want, sizeof(want), "%s\n", rows[i].want);
		expect(&t, want);
	}
}

/* Any bytes make a line that a strict parser takes, and valid text comes back. */
static void test_any_bytes_parse(void **state)
{
	struct json_tokener *tok = json_tokener_new();

	(void)state;
	json_tokener_set_flags(tok, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	srand(2);
	for (int round = 0; round < 20000; round++) {
		struct json_object *obj;
		char in[48];
		struct text t;
		size_t len = (size_t)rand() % sizeof(in);

		for (size_t i = 0; i < len; i++)
			in[i] = (char)(1 + rand() % (round & 1 ? 255 : 127));
		in[len ? len - 1 : 0] = '\0';
		begin(&t);
		json__array(&t.j, NULL);
		json__str(&t.j, NULL, in);
		json__end_array(&t.j);
		assert_int_equal(json__done(&t.j), 0);
		fclose(t.out);
		assert_ptr_equal(strchr(t.bytes, '\n'), t.bytes + t.len - 1);
		json_tokener_reset(tok);
		obj = json_tokener_parse_ex(tok, t.bytes, (int)t.len);
		assert_int_equal(json_tokener_get_error(tok), json_tokener_success);
		if (!(round & 1))
			assert_string_equal(
				json_object_get_string(json_object_array_get_idx(obj, 0)), in);
		json_object_put(obj);
		free(t.bytes);
	}
	json_tokener_free(tok);
}

static void test_misuse(void **state)
{
	struct text t;

	(void)state;
	begin(&t);
	json__object(&t.j, NULL);
	assert_int_equal(json__done(&t.j), -EINVAL);
	fclose(t.out);
	free(t.bytes);

	begin(&t);
	json__end_array(&t.j);
	assert_int_equal(json__done(&t.j), -EINVAL);
	fclose(t.out);
	free(t.bytes);

	begin(&t);
	for (int i = 0; i < 100; i++)
		json__array(&t.j, NULL);
	assert_int_equal(json__done(&t.j), -EINVAL);
	fclose(t.out);
	free(t.bytes);
}

/* A full disk is told once at the end, and stays told. */
static void test_write_error_sticks(void **state)
{
	FILE *full = fopen("/dev/full", "w");
	struct json j;

	(void)state;
	assert_non_null(full);
	setvbuf(full, NULL, _IONBF, 0);
	json__init(&j, full);
	json__object(&j, NULL);
	json__str(&j, "key", "value");
	json__end_object(&j);
	assert_int_equal(json__done(&j), -ENOSPC);
	fclose(full);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nesting),		cmocka_unit_test(test_numbers_are_exact),
		cmocka_unit_test(test_strings),		cmocka_unit_test(test_any_bytes_parse),
		cmocka_unit_test(test_misuse),		cmocka_unit_test(test_write_error_sticks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
