// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Names of merged caches, from a folder as /sys/kernel/slab. */
#include "cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "source/slabalias.h"

#define SECOND 1000000000ull
#define START (500 * SECOND)

static char dir[] = "/tmp/lockscope-slab.XXXXXX";

static char *at(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static int make_folder(void **state)
{
	(void)state;
	return !mkdtemp(dir) || mkdir(at(":0000256"), 0700) || mkdir(at("dentry"), 0700) ||
	       symlink(":0000256", at("filp")) || symlink(":0000256", at("pool_workqueue"));
}

static int remove_folder(void **state)
{
	(void)state;
	unlink(at("filp"));
	unlink(at("pool_workqueue"));
	unlink(at("late"));
	return rmdir(at(":0000256")) || rmdir(at("dentry")) || rmdir(dir);
}

static uint32_t nr_of(struct slabalias *s, const char *cache, uint64_t now_ns)
{
	uint32_t nr = 0;

	while (slabalias__of(s, cache, nr, now_ns))
		nr++;
	return nr;
}

static void all_names_of_one_folder_are_told(void **state)
{
	struct slabalias *s;

	(void)state;
	assert_int_equal(slabalias__new(&s, dir, START), 0);
	assert_int_equal(nr_of(s, "filp", START), 2);
	assert_int_equal(nr_of(s, "pool_workqueue", START), 2);
	assert_int_equal(nr_of(s, "dentry", START), 0);
	slabalias__free(s);
}

static void a_new_name_is_looked_for_once_a_minute(void **state)
{
	struct slabalias *s;

	(void)state;
	assert_int_equal(slabalias__new(&s, dir, START), 0);
	assert_int_equal(symlink(":0000256", at("late")), 0);
	assert_int_equal(nr_of(s, "late", START + 59 * SECOND), 0);
	assert_int_equal(nr_of(s, "late", START + 60 * SECOND), 3);
	slabalias__free(s);
}

static void without_the_folder_there_are_no_names(void **state)
{
	struct slabalias *s;

	(void)state;
	assert_int_equal(slabalias__new(&s, "/nowhere", START), 0);
	assert_int_equal(nr_of(s, "filp", START + 60 * SECOND), 0);
	slabalias__free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_names_of_one_folder_are_told),
		cmocka_unit_test(a_new_name_is_looked_for_once_a_minute),
		cmocka_unit_test(without_the_folder_there_are_no_names),
	};

	return cmocka_run_group_tests_name("slabalias", tests, make_folder, remove_folder);
}
