// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* /proc/lock_stat: the classes waited for longest. */
#include "cmocka_all.h"

#include <string.h>

#include "record/lockstat.h"

/* As Documentation/locking/lockstat.rst has it, with a colon in a name and a cut line. */
static const char text[] =
	"lock_stat version 0.4\n"
	"-----------------------------------------------------\n"
	"                              class name    con-bounces    contentions   waittime-min\n"
	"-----------------------------------------------------\n"
	"\n"
	"                         &mm->mmap_sem-W:            46             84           0.26         939.10       16371.53         194.90          47291        2922365           0.16     2220301.69 17464026916.32        5975.99\n"
	"                         &mm->mmap_sem-R:            37            100           1.31      299502.61      325629.52        3256.30         212344       34316685           0.10        7744.91    95016910.20           2.77\n"
	"                         ---------------\n"
	"                           &mm->mmap_sem              1          [<ffffffff811502a7>] khugepaged_scan_mm_slot+0x57/0x280\n"
	"                         dev:rx lock:1:             0              7           0.50          40.00         120.25          17.18            200            900           0.10           7.00        1000.00           1.11\n"
	"                         idle lock:               0              0           0.00           0.00           0.00           0.00            200            900           0.10           7.00        1000.00           1.11\n"
	"                         cut lock:                0              9           0.50          40.00   9999999";

static void the_longest_come_first(void **state)
{
	struct lockstat_row rows[8];

	(void)state;
	assert_int_equal(lockstat__top(text, rows, 8), 3);
	assert_string_equal(rows[0].name, "&mm->mmap_sem-R");
	assert_int_equal(rows[0].contentions, 100);
	assert_int_equal(rows[0].total_ns, 325629520);
	assert_int_equal(rows[0].max_ns, 299502610);
	assert_string_equal(rows[1].name, "&mm->mmap_sem-W");
	assert_string_equal(rows[2].name, "dev:rx lock:1");
}

static void no_more_than_asked_for(void **state)
{
	struct lockstat_row rows[2];

	(void)state;
	assert_int_equal(lockstat__top(text, rows, 1), 1);
	assert_string_equal(rows[0].name, "&mm->mmap_sem-R");
	assert_int_equal(lockstat__top(text, rows, 0), 0);
	assert_int_equal(lockstat__top("", rows, 2), 0);
	assert_int_equal(lockstat__top("\n:\n: 1 2 3 4 5\n", rows, 2), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_longest_come_first),
		cmocka_unit_test(no_more_than_asked_for),
	};

	return cmocka_run_group_tests_name("lockstat", tests, NULL, NULL);
}
