// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * Names of source files, build ids, lines of modules.dep.
 */
#include <elf.h>
#include <string.h>
#include "cmocka_all.h"
#include "source/line_path.h"

static void check(const char *file, const char *dir, const char *want)
{
	char buf[160];

	assert_string_equal(line_path__shorten(buf, sizeof(buf), file, dir), want);
}

static void test_shorten(void **state)
{
	(void)state;
	/* a kernel built where it lies, beside it, and with paths cut by the compiler */
	check("fs/ext4/inode.c", "/build/linux-6.12", "fs/ext4/inode.c");
	check("./include/linux/fs.h", "/build/linux-6.12", "include/linux/fs.h");
	check("/build/linux-6.12/fs/ext4/inode.c", "/build/linux-6.12", "fs/ext4/inode.c");
	check("/build/linux-6.12/fs/ext4/inode.c", "/build/linux-6.12/debian/build/amd64",
	      "fs/ext4/inode.c");
	check("../../../fs/ext4/inode.c", "/build/linux-6.12/debian/build/amd64", "fs/ext4/inode.c");
	check("fs/../mm/./slub.c", "/build/linux", "mm/slub.c");
	check("kernel/fork.c", NULL, "kernel/fork.c");
	/* a module of its own */
	check("/home/me/drv/main.c", "/usr/src/linux-headers-6.12", "drv/main.c");
	check("/home/me/some/where/drv/main.c", "/usr/src/linux-headers-6.12", "drv/main.c");
	check("/usr/src/drv-1.0/main.c", "/usr/src/linux-headers-6.12", "drv-1.0/main.c");
	check("/main.c", "/usr/src", "main.c");
	check("main.c", "/home/me/drv", "main.c");
	/* of names that only begin alike */
	check("/src/linux2/a.c", "/src/linux", "linux2/a.c");
	check("/srcs/linux/a.c", "/src/linux", "linux/a.c");
	check("../../../../../x.c", "/a/b", "x.c");
	check("", NULL, "");
}

static void test_shorten_cuts(void **state)
{
	char file[4000], small[8];

	(void)state;
	memset(file, 'a', sizeof(file));
	file[sizeof(file) - 1] = '\0';
	assert_int_equal(strlen(line_path__shorten(small, sizeof(small), file, "/x")), 7);
	assert_string_equal(line_path__shorten(small, sizeof(small), "/a/b/c/long.c", "/a/b"), "c/long.");
}

static size_t put_note(uint8_t *to, uint32_t type, const char *name, const void *desc, uint32_t len)
{
	Elf64_Nhdr n = { .n_namesz = (uint32_t)strlen(name) + 1, .n_descsz = len, .n_type = type };
	size_t at = sizeof(n);

	memcpy(to, &n, sizeof(n));
	memset(to + at, 0, 64);
	memcpy(to + at, name, n.n_namesz);
	at += (n.n_namesz + 3) & ~3u;
	memcpy(to + at, desc, len);
	return at + ((len + 3) & ~3u);
}

static void test_build_id(void **state)
{
	uint8_t notes[512];
	struct build_id id, other;
	char path[64];
	size_t len = put_note(notes, 1, "Xen", "12345", 5);

	(void)state;
	len += put_note(notes + len, NT_GNU_BUILD_ID, "GNU", "\xab\xcd\xef\x01\x02", 5);
	build_id__from_notes(&id, notes, len);
	assert_int_equal(id.len, 5);
	assert_string_equal(build_id__path(&id, path, sizeof(path)), ".build-id/ab/cdef0102.debug");
	other = id;
	assert_true(build_id__is(&id, &other));
	other.bytes[4]++;
	assert_false(build_id__is(&id, &other));
	/* cut anywhere it is none, and no two nones are the same */
	for (size_t cut = 0; cut + 4 < len; cut++) {
		build_id__from_notes(&other, notes, cut);
		assert_int_equal(other.len, 0);
	}
	assert_false(build_id__is(&other, &other));
	memset(notes, 0xff, sizeof(notes));
	build_id__from_notes(&other, notes, sizeof(notes));
	assert_int_equal(other.len, 0);
}

static void test_modules_dep(void **state)
{
	const char *line = "kernel/fs/some-fs/some-fs_x.ko.xz: kernel/lib/crc.ko.xz\n";
	char buf[64];

	(void)state;
	assert_true(line_path__of_module(line, "some_fs_x", buf, sizeof(buf)));
	assert_string_equal(buf, "kernel/fs/some-fs/some-fs_x.ko.xz");
	assert_false(line_path__of_module(line, "some_fs", buf, sizeof(buf)));
	assert_false(line_path__of_module(line, "crc", buf, sizeof(buf)));
	assert_false(line_path__of_module("some_fs.ko", "some_fs", buf, sizeof(buf)));
	assert_false(line_path__of_module(line, "some_fs_x", buf, 8));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shorten),
		cmocka_unit_test(test_shorten_cuts),
		cmocka_unit_test(test_build_id),
		cmocka_unit_test(test_modules_dep),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
