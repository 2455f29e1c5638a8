// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include <errno.h>
#include <string.h>

#include "cmocka_all.h"
#include "record/record.h"

static void every_name_reads_back(void **state)
{
	enum lock_kind kind;
	enum lock_mode mode;
	enum breakable b;
	enum certainty c;
	enum rec_context ctx;
	enum hold_end end;
	int i;

	(void)state;
	for (i = 0; i < NR_KINDS; i++) {
		assert_int_equal(kind__parse(kind__name(i), &kind), 0);
		assert_int_equal(kind, i);
	}
	for (i = 0; i < NR_MODES; i++) {
		assert_int_equal(mode__parse(mode__name(i), &mode), 0);
		assert_int_equal(mode, i);
	}
	for (i = 0; i < NR_BREAKABLE; i++) {
		assert_int_equal(breakable__parse(breakable__name(i), &b), 0);
		assert_int_equal(b, i);
	}
	for (i = 0; i < NR_CERTAINTY; i++) {
		assert_int_equal(certainty__parse(certainty__name(i), &c), 0);
		assert_int_equal(c, i);
	}
	for (i = 0; i < NR_CONTEXTS; i++) {
		assert_int_equal(context__parse(context__name(i), &ctx), 0);
		assert_int_equal(ctx, i);
	}
	for (i = 0; i < NR_HOLD_ENDS; i++) {
		assert_int_equal(hold_end__parse(hold_end__name(i), &end), 0);
		assert_int_equal(end, i);
	}
}

/* The names are the contract with people's scripts. */
static void names_are_those_of_the_contract(void **state)
{
	static const char *const kinds[] = { "unknown", "mutex", "ww_mutex", "rwsem",
		"percpu_rwsem", "semaphore", "rt_mutex", "spinlock", "rwlock", "flock", "posix",
		"ofd", "lease", "futex", "sysv_sem" };
	int i;

	(void)state;
	for (i = 0; i < NR_KINDS; i++)
		assert_string_equal(kind__name(i), kinds[i]);
	assert_string_equal(mode__name(MODE_EXCLUSIVE), "exclusive");
	assert_string_equal(mode__name(MODE_WRITE), "write");
	assert_null(breakable__name(BREAK_NONE));
	assert_string_equal(breakable__name(BREAK_TIMEOUT), "timeout");
	assert_string_equal(certainty__name(SURE_POSSIBLE), "possible");
	assert_string_equal(context__name(CONTEXT_HARDIRQ), "hardirq");
	assert_string_equal(hold_end__name(HOLD_RELEASED), "released");
	assert_string_equal(hold_end__name(HOLD_EXITED), "exited");
	assert_string_equal(hold_end__name(HOLD_SLEPT), "slept");
}

static void unknown_names_are_refused_and_change_nothing(void **state)
{
	enum lock_kind kind = KIND_RWSEM;
	enum lock_mode mode = MODE_WRITE;
	enum breakable b = BREAK_KILL;
	enum certainty c = SURE_LIKELY;
	enum hold_end end = HOLD_SLEPT;

	(void)state;
	assert_int_equal(kind__parse("mutexx", &kind), -EINVAL);
	assert_int_equal(kind__parse(NULL, &kind), -EINVAL);
	assert_int_equal(kind, KIND_RWSEM);
	assert_int_equal(mode__parse("", &mode), -EINVAL);
	assert_int_equal(mode, MODE_WRITE);
	assert_int_equal(breakable__parse("none", &b), -EINVAL);
	assert_int_equal(b, BREAK_KILL);
	assert_int_equal(certainty__parse("sure", &c), -EINVAL);
	assert_int_equal(c, SURE_LIKELY);
	assert_int_equal(hold_end__parse("given", &end), -EINVAL);
	assert_int_equal(hold_end__parse(NULL, &end), -EINVAL);
	assert_int_equal(end, HOLD_SLEPT);
	assert_string_equal(kind__name((enum lock_kind)99), "unknown");
}

static void lock_identities_read_back(void **state)
{
	static const char *const good[] = { "0xffff888012345678", "0x0", "flock:8:1:1234",
		"posix:8:1:5:0-99", "ofd:0:5:6", "futex:12:0x7f00", "lease:1:2:3" };
	struct rec_lock l;
	char buf[64];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(rec_lock__parse(&l, good[i], KIND_FLOCK), 0);
		assert_string_equal(rec_lock__format(&l, buf, sizeof(buf)), good[i]);
		assert_int_equal(l.kind, KIND_FLOCK);
	}
}

static void what_is_no_identity_is_refused(void **state)
{
	static const char *const bad[] = { "", "0x", "0xg", "0x1 ", "0x12345678901234567", "1234",
		"flock:", "flock", "file:1:2", " 0x1" };
	struct rec_lock l;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(rec_lock__parse(&l, bad[i], KIND_MUTEX), -EINVAL);
}

static void string_keys_never_meet_kernel_addresses(void **state)
{
	struct rec_lock a, b, c;

	(void)state;
	rec_lock__set_str(&a, "flock:8:1:1", KIND_FLOCK);
	rec_lock__set_str(&b, "flock:8:1:2", KIND_FLOCK);
	rec_lock__set_addr(&c, 0xffff888000000000ull, KIND_MUTEX);
	assert_true(a.key != b.key);
	assert_true(a.key && b.key);
	assert_int_equal(a.key >> 63, 0);
	assert_true(c.key == c.addr);
	assert_int_equal(a.addr, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_name_reads_back),
		cmocka_unit_test(names_are_those_of_the_contract),
		cmocka_unit_test(unknown_names_are_refused_and_change_nothing),
		cmocka_unit_test(lock_identities_read_back),
		cmocka_unit_test(what_is_no_identity_is_refused),
		cmocka_unit_test(string_keys_never_meet_kernel_addresses),
	};

	return cmocka_run_group_tests_name("record", tests, NULL, NULL);
}
