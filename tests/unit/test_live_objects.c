// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Which object a lock is in, as text for people. */
#include "cmocka_all.h"

#include <string.h>
#include <sys/socket.h>

#include "lib/arena.h"
#include "source/live_objects.h"

static void is_told(struct lk_place p, const char *text)
{
	struct arena *strings;
	const char *said;

	assert_int_equal(arena__new(&strings), 0);
	said = live_objects__describe(strings, &p);
	if (text)
		assert_string_equal(said, text);
	else
		assert_null(said);
	arena__free(strings);
}

static void inodes_have_a_name_a_device_and_a_number(void **state)
{
	struct lk_place p = { .what = LK_OBJECT_INODE, .a = 254u << 20 | 3, .b = 1234, .name = "wal" };

	(void)state;
	is_told(p, "wal, inode 254:3:1234");
	p.name[0] = '\0';
	is_told(p, "inode 254:3:1234");
	p.b = 0;
	is_told(p, NULL);
}

static void processes_have_a_name_and_a_number(void **state)
{
	struct lk_place p = { .what = LK_OBJECT_MM, .b = 812, .name = "mysqld" };

	(void)state;
	is_told(p, "mysqld/812");
	p.b = 0;
	is_told(p, NULL);
}

static void sockets_have_addresses_or_a_path_or_a_number(void **state)
{
	struct lk_place p = { .what = LK_OBJECT_SOCKET, .b = 4712 };

	(void)state;
	p.a = AF_INET | 5432ull << 16 | 40112ull << 32;
	memcpy(p.name, "\x7f\0\0\1\x0a\0\0\2", 8);
	is_told(p, "127.0.0.1:5432 to 10.0.0.2:40112");
	p.a = AF_INET | 5432ull << 16;
	is_told(p, "127.0.0.1:5432");
	memset(p.name, 0, sizeof(p.name));
	p.name[15] = 1;
	p.a = AF_INET6 | 80ull << 16;
	is_told(p, "[::1]:80");
	memset(p.name, 0, sizeof(p.name));
	p.a = AF_UNIX;
	is_told(p, "socket 4712");
	strcpy(p.name, "/run/db.sock");
	is_told(p, "/run/db.sock, socket 4712");
}

static void what_cannot_tell_has_no_text(void **state)
{
	(void)state;
	is_told((struct lk_place){ .what = LK_OBJECT_OTHER, .a = 1, .b = 2, .name = "x" }, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(inodes_have_a_name_a_device_and_a_number),
		cmocka_unit_test(processes_have_a_name_and_a_number),
		cmocka_unit_test(sockets_have_addresses_or_a_path_or_a_number),
		cmocka_unit_test(what_cannot_tell_has_no_text),
	};

	return cmocka_run_group_tests_name("live_objects", tests, NULL, NULL);
}
