// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * Which files a process has code of, from its maps.
 */
#include <string.h>
#include "cmocka_all.h"
#include "source/unwind_maps.h"

static void add_all(struct unwind_maps *m, const char *const *lines)
{
	for (; *lines; lines++)
		assert_int_equal(unwind_maps__add(m, *lines), 0);
	assert_int_equal(unwind_maps__add(m, NULL), 0);
}

static void files_with_code(void **state)
{
	static const char *const lines[] = {
		"55d0e4a00000-55d0e4a01000 r--p 00000000 fd:00 11   /usr/bin/a pp\n",
		"55d0e4a01000-55d0e4a03000 r-xp 00001000 fd:00 11   /usr/bin/a pp\n",
		"55d0e4a03000-55d0e4a04000 rw-p 00003000 fd:00 11   /usr/bin/a pp\n",
		"55d0e4a04000-55d0e4a05000 rw-p 00000000 00:00 0 \n",
		"55d0e5a04000-55d0e5a25000 rw-p 00000000 00:00 0     [heap]\n",
		"7f0000000000-7f0000100000 r--p 00000000 fd:00 12   /usr/lib/locale/locale-archive\n",
		"7f1000000000-7f1000001000 r-xp 00000000 fd:00 13   /tmp/old.so (deleted)\n",
		"7f1000001000-7f1000002000 rw-p 00000000 fd:00 13   /tmp/old.so (deleted)\n",
		"7ffd00000000-7ffd00002000 r-xp 00000000 00:00 0     [vdso]\n",
		"ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0 [vsyscall]\n",
		NULL };
	struct unwind_maps m = { 0 };

	(void)state;
	add_all(&m, lines);
	assert_int_equal(m.nr, 3);
	assert_string_equal(m.list[0].path, "/usr/bin/a pp");
	assert_int_equal(m.list[0].start, 0x55d0e4a00000);
	assert_int_equal(m.list[0].first_end, 0x55d0e4a01000);
	assert_int_equal(m.list[0].end, 0x55d0e4a04000);
	assert_int_equal(m.list[0].ino, 11);
	/* its data, of the same page of the file, is no second one */
	assert_string_equal(m.list[1].path, "/tmp/old.so (deleted)");
	assert_int_equal(m.list[1].end, 0x7f1000001000);
	assert_string_equal(m.list[2].path, "[vdso]");
	unwind_maps__free(&m);
}

/* Where header and code share a page of the file, it is mapped twice, and is one file. */
static void one_page_twice(void **state)
{
	static const char *const lines[] = {
		"400000-401000 r--p 00000000 fd:00 21   /opt/x\n",
		"401000-402000 r-xp 00000000 fd:00 21   /opt/x\n",
		"402000-403000 rw-p 00000000 fd:00 21   /opt/x\n",
		/* loaded once more */
		"500000-501000 r--p 00000000 fd:00 21   /opt/x\n",
		"501000-502000 r-xp 00000000 fd:00 21   /opt/x\n",
		NULL };
	struct unwind_maps m = { 0 };

	(void)state;
	add_all(&m, lines);
	assert_int_equal(m.nr, 2);
	assert_int_equal(m.list[0].start, 0x400000);
	assert_int_equal(m.list[0].end, 0x402000);
	assert_int_equal(m.list[1].start, 0x500000);
	unwind_maps__free(&m);
}

static void lines_that_are_none(void **state)
{
	static const char *const lines[] = { "\n", "x", "1-2 r-xp", "1-2 r-xp 0 1:2 3", NULL };
	struct unwind_maps m = { 0 };

	(void)state;
	add_all(&m, lines);
	assert_int_equal(m.nr, 0);
	unwind_maps__free(&m);
}

static void names(void **state)
{
	char name[8];

	(void)state;
	unwind_maps__name("/usr/lib/a.so", name, sizeof(name));
	assert_string_equal(name, "a.so");
	unwind_maps__name("/tmp/a (deleted)", name, sizeof(name));
	assert_string_equal(name, "a");
	unwind_maps__name("[vdso]", name, sizeof(name));
	assert_string_equal(name, "[vdso]");
	unwind_maps__name("/x/longer-than-that", name, sizeof(name));
	assert_string_equal(name, "longer-");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_with_code),
		cmocka_unit_test(one_page_twice),
		cmocka_unit_test(lines_that_are_none),
		cmocka_unit_test(names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
