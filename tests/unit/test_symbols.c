// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * Names of addresses, and modules that come and go.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "source/symbols.h"

#define SEC 1000000000ull

#define KERNEL "ffffffff81000000 T _text\nffffffff81001000 T schedule\n" \
	"ffffffff81001000 t schedule_alias\nffffffff82000000 D jiffies\n" \
	"ffffffffc0000000 t entry_trampoline\n" "0000000000001000 A per_cpu_thing\n"
#define EXT4 "ffffffffc0001000 t ext4_rename\t[ext4]\nffffffffc0002000 d ext4_lock\t[ext4]\n"
#define XFS "ffffffffc0001000 t xfs_rename\t[xfs]\nffffffffc0003000 t xfs_open\t[xfs]\n"
#define LIVE(name, size, refs) name " " size " " refs " - Live 0xffffffffc0001000\n"

struct files {
	char dir[64], kallsyms[96], modules[96];
	struct symbols *s;
};

static void put(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static int setup(void **state)
{
	struct files *f = calloc(1, sizeof(*f));

	strcpy(f->dir, "/tmp/test_symbols.XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	snprintf(f->kallsyms, sizeof(f->kallsyms), "%s/kallsyms", f->dir);
	snprintf(f->modules, sizeof(f->modules), "%s/modules", f->dir);
	put(f->kallsyms, KERNEL EXT4);
	put(f->modules, LIVE("ext4", "900", "1"));
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct files *f = *state;

	symbols__free(f->s);
	unlink(f->kallsyms);
	unlink(f->modules);
	rmdir(f->dir);
	free(f);
	return 0;
}

static void open_symbols(struct files *f)
{
	assert_int_equal(symbols__new(&f->s, f->kallsyms, f->modules), 0);
	assert_int_equal(symbols__read_rest(f->s), 0);
}

static struct rec_frame code(const struct files *f, uint64_t addr)
{
	struct rec_frame frame;

	symbols__code(f->s, addr, &frame);
	return frame;
}

static void test_names(void **state)
{
	struct files *f = *state;
	struct rec_frame frame;

	open_symbols(f);
	frame = code(f, 0xffffffff81001010);
	assert_string_equal(frame.sym, "schedule");
	assert_int_equal(frame.off, 0x10);
	assert_null(frame.module);
	frame = code(f, 0xffffffffc0001004);
	assert_string_equal(frame.sym, "ext4_rename");
	assert_string_equal(frame.module, "ext4");
	symbols__data(f->s, 0xffffffffc0002000, &frame);
	assert_string_equal(frame.sym, "ext4_lock");
	symbols__data(f->s, 0xffffffff82000008, &frame);
	assert_string_equal(frame.sym, "jiffies");
	assert_null(code(f, 0xffffffff80000000).sym);
	assert_null(code(f, 0x1000).sym);
	assert_null(code(f, 0xffffffffc0201000).sym);	/* in no reach */
	assert_int_equal(symbols__nr(f->s), 5);
}

static void test_hidden(void **state)
{
	struct files *f = *state;

	put(f->kallsyms, "0000000000000000 T _text\n0000000000000000 t ext4_rename\t[ext4]\n");
	assert_int_equal(symbols__new(&f->s, f->kallsyms, f->modules), -EPERM);
	assert_int_equal(symbols__read_rest(f->s), 0);
	assert_int_equal(symbols__nr(f->s), 0);
	assert_null(code(f, 0xffffffff81001010).sym);
	symbols__refresh(f->s, SEC);
}

/* Another module at the same place: new names for what is named from then on; what
 * had its name keeps it. */
static void test_another_module(void **state)
{
	struct files *f = *state;
	struct rec_frame before;

	open_symbols(f);
	symbols__refresh(f->s, 10 * SEC);
	before = code(f, 0xffffffffc0001004);
	put(f->kallsyms, KERNEL XFS);
	put(f->modules, LIVE("xfs", "1900", "1"));
	symbols__refresh(f->s, 10 * SEC + SEC / 2);	/* not every time */
	assert_string_equal(code(f, 0xffffffffc0001004).sym, "ext4_rename");
	symbols__refresh(f->s, 12 * SEC);
	assert_string_equal(code(f, 0xffffffffc0001004).sym, "xfs_rename");
	assert_string_equal(code(f, 0xffffffffc0001004).module, "xfs");
	assert_string_equal(code(f, 0xffffffff81001010).sym, "schedule");
	assert_string_equal(before.sym, "ext4_rename");
	assert_string_equal(before.module, "ext4");
	/* and none at all */
	put(f->kallsyms, KERNEL);
	put(f->modules, "");
	symbols__refresh(f->s, 14 * SEC);
	assert_string_equal(code(f, 0xffffffffc0001004).sym, "entry_trampoline");
	assert_string_equal(before.sym, "ext4_rename");
}

/* How often a module is used, and one that is not there yet, change nothing: the
 * names are not even read again. */
static void test_same_modules(void **state)
{
	struct files *f = *state;

	open_symbols(f);
	put(f->kallsyms, KERNEL XFS);
	put(f->modules, "ext4 900 7 jbd2,mbcache, Live 0xffffffffc0001000\n"
	    "xfs 1900 1 - Loading 0xffffffffc0009000\n");
	symbols__refresh(f->s, SEC);
	assert_string_equal(code(f, 0xffffffffc0001004).sym, "ext4_rename");
}

static void test_no_modules(void **state)
{
	struct files *f = *state;

	unlink(f->modules);
	open_symbols(f);
	symbols__refresh(f->s, SEC);
	assert_string_equal(code(f, 0xffffffff81001010).sym, "schedule");
}

/* A read that hangs is not waited for, and its news are taken when it ends. */
static void test_modules_hang(void **state)
{
	struct files *f = *state;
	const char *sym = NULL;

	open_symbols(f);
	put(f->kallsyms, KERNEL XFS);
	unlink(f->modules);
	assert_int_equal(mkfifo(f->modules, 0600), 0);
	symbols__refresh(f->s, SEC);
	symbols__refresh(f->s, 3 * SEC);
	assert_string_equal(code(f, 0xffffffffc0001004).sym, "ext4_rename");
	put(f->modules, LIVE("xfs", "1900", "1"));
	for (int i = 0; i < 1000 && (!sym || strcmp(sym, "xfs_rename")); i++) {
		usleep(10000);
		symbols__refresh(f->s, 3 * SEC);
		sym = code(f, 0xffffffffc0001004).sym;
	}
	assert_string_equal(sym, "xfs_rename");
	/* nor does the end wait */
	symbols__refresh(f->s, 5 * SEC);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_names),
		TEST(test_hidden),
		TEST(test_another_module),
		TEST(test_same_modules),
		TEST(test_no_modules),
		TEST(test_modules_hang),
	};

	return cmocka_run_group_tests_name("symbols", tests, NULL, NULL);
}
