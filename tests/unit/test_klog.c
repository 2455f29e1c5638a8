// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Lines of real kernel logs: what they are taken for, and whom they name. */
#include <string.h>

#include "cmocka_all.h"
#include "record/klog.h"
#include "source/gather_kmsg.h"
#include "source/gather_stat.h"

#define S 1000000000ull

static const struct {
	const char *text;
	enum klog_kind kind;
	uint32_t tid;
	const char *comm;
	int32_t cpu;
	uint64_t ns;
	uint32_t by_tid;
	const char *by_comm;
} lines[] = {
	{ "INFO: task khugepaged:45 blocked for more than 120 seconds.", KLOG_HUNG_TASK, 45,
	  "khugepaged", -1, 120 * S, 0, "" },
	{ "INFO: task kworker/u8:2:1234 blocked for more than 241 seconds.", KLOG_HUNG_TASK, 1234,
	  "kworker/u8:2", -1, 241 * S, 0, "" },
	{ "INFO: task jbd2/sda1-8:311 blocked in I/O wait for more than 122 seconds.",
	  KLOG_HUNG_TASK, 311, "jbd2/sda1-8", -1, 122 * S, 0, "" },
	{ "INFO: task a blocked b:77 blocked for more than 120 seconds.", KLOG_HUNG_TASK, 77,
	  "a blocked b", -1, 120 * S, 0, "" },
	{ "INFO: task cat:1000 is blocked on a mutex likely owned by task cat:999.", KLOG_BLOCKER,
	  1000, "cat", -1, 0, 999, "cat" },
	{ "INFO: task cat:1000 <reader> blocked on an rw-semaphore likely owned by task kworker/0:1:9 <writer>",
	  KLOG_BLOCKER, 1000, "cat", -1, 0, 9, "kworker/0:1" },
	{ "INFO: task cat:1000 is blocked on a semaphore, but the owner is not found.",
	  KLOG_BLOCKER, 1000, "cat", -1, 0, 0, "" },
	{ "watchdog: BUG: soft lockup - CPU#3 stuck for 22s! [modprobe:2177]", KLOG_SOFT_LOCKUP,
	  2177, "modprobe", 3, 22 * S, 0, "" },
	{ "BUG: soft lockup - CPU#0 stuck for 23s! [kworker/0:1:51]", KLOG_SOFT_LOCKUP, 51,
	  "kworker/0:1", 0, 23 * S, 0, "" },
	{ "watchdog: Watchdog detected hard LOCKUP on cpu 2", KLOG_HARD_LOCKUP, 0, "", 2, 0, 0, "" },
	{ "NMI watchdog: Watchdog detected hard LOCKUP on cpu 11", KLOG_HARD_LOCKUP, 0, "", 11, 0,
	  0, "" },
	{ "rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:", KLOG_RCU_STALL, 0, "", -1, 0, 0,
	  "" },
	{ "rcu: INFO: rcu_sched self-detected stall on CPU", KLOG_RCU_STALL, 0, "", -1, 0, 0, "" },
	{ "rcu: INFO: rcu_preempt detected expedited stalls on CPUs/tasks: { 1-.... } 21 jiffies s: 57",
	  KLOG_RCU_STALL, 0, "", -1, 0, 0, "" },
	{ "rcu: rcu_preempt kthread starved for 5250 jiffies! g4177 f0x0 RCU_GP_WAIT_FQS(5)",
	  KLOG_RCU_STALL, 0, "", -1, 0, 0, "" },
	{ "BUG: workqueue lockup - pool cpus=1 node=0 flags=0x0 nice=0 stuck for 35s!",
	  KLOG_WORKQUEUE, 0, "", 1, 35 * S, 0, "" },
	{ "workqueue: drm_fb_helper_damage_work hogged CPU for >10000us 4 times, consider switching to WQ_UNBOUND",
	  KLOG_HOG, 0, "drm_fb_helper_damage_work", -1, 10000000, 0, "" },
	{ "WARNING: possible circular locking dependency detected", KLOG_LOCKDEP, 0, "", -1, 0, 0,
	  "" },
	{ "WARNING: SOFTIRQ-safe -> SOFTIRQ-unsafe lock order detected", KLOG_LOCKDEP, 0, "", -1, 0,
	  0, "" },
	{ "[ INFO: possible recursive locking detected ]", KLOG_LOCKDEP, 0, "", -1, 0, 0, "" },
	{ "2 locks held by kworker/0:1/51:", KLOG_LOCKS_HELD, 51, "kworker/0:1", -1, 0, 0, "" },
	{ "1 lock held by khungtaskd/30:", KLOG_LOCKS_HELD, 30, "khungtaskd", -1, 0, 0, "" },
	{ "BUG: scheduling while atomic: bash/1234/0x00000002", KLOG_ATOMIC_SLEEP, 1234, "bash", -1,
	  0, 0, "" },
	{ "BUG: sleeping function called from invalid context at kernel/locking/mutex.c:580",
	  KLOG_ATOMIC_SLEEP, 0, "", -1, 0, 0, "" },
	{ "BUG: spinlock lockup suspected on CPU#1, swapper/1/0", KLOG_SPINLOCK, 0, "swapper/1", 1, 0,
	  0, "" },
	{ "BUG: unable to handle page fault for address: ffffc90000123000", KLOG_OOPS, 0, "", -1, 0,
	  0, "" },
	{ "nfs: server 10.0.0.5 not responding, still trying", KLOG_STORAGE, 0, "", -1, 0, 0, "" },
	{ "I/O error, dev sda, sector 1234 op 0x0:(READ) flags 0x0", KLOG_STORAGE, 0, "", -1, 0, 0,
	  "" },
	{ "Out of memory: Killed process 777 (chrome) total-vm:1kB", KLOG_OOM, 777, "", -1, 0, 0, "" },
};

static void test_lines(void **state)
{
	struct klog_line got;

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		print_message("%s\n", lines[i].text);
		assert_true(klog__parse(lines[i].text, &got));
		assert_int_equal(got.kind, lines[i].kind);
		assert_int_equal(got.tid, lines[i].tid);
		assert_string_equal(got.comm, lines[i].comm);
		assert_int_equal(got.cpu, lines[i].cpu);
		assert_int_equal(got.ns, lines[i].ns);
		assert_int_equal(got.by_tid, lines[i].by_tid);
		assert_string_equal(got.by_comm, lines[i].by_comm);
	}
}

/* What only goes on with a report, or has to do with something else. */
static void test_others(void **state)
{
	static const char *const texts[] = {
		"", " ", "\"echo 0 > /proc/sys/kernel/hung_task_timeout_secs\" disables this message.",
		"      Not tainted 6.1.0-13-amd64 #1 Debian 6.1.55-1",
		"task:kworker/u8:2    state:D stack:0     pid:1234  ppid:2      flags:0x00004000",
		"Call Trace:", " __schedule+0x351/0xa20", "no locks held by bash/1.",
		"rcu: \t1-....: (5250 ticks this GP) idle=a42/1/0x4000000000000000",
		"usb 1-1: new high-speed USB device number 2 using xhci_hcd",
		"EXT4-fs (sda1): mounted filesystem with ordered data mode",
	};
	struct klog_line got;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		print_message("%s\n", texts[i]);
		assert_false(klog__parse(texts[i], &got));
	}
}

/* Cut and broken lines name nobody, and crash nothing. */
static void test_broken(void **state)
{
	static const char *const texts[] = {
		"INFO: task  blocked for more than ", "INFO: task :1 blocked for more than x seconds",
		"INFO: task x: blocked for more than 120 seconds.", "INFO: task blocked on a",
		"INFO: task x:1 is blocked on a mutex likely owned by task ",
		"BUG: soft lockup - CPU#", "BUG: soft lockup - CPU#x stuck for y! [",
		"BUG: soft lockup - CPU#1 stuck for 22s! []", "hogged CPU for >workqueue: ",
		"BUG: scheduling while atomic: ", "1 lock held by :", " locks held by /:",
		"BUG: workqueue lockup", "BUG: spinlock , /", "Killed process ",
	};
	struct klog_line got;
	char text[128];

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		for (size_t len = 0; len <= strlen(texts[i]); len++) {
			memcpy(text, texts[i], len);
			text[len] = '\0';
			klog__parse(text, &got);
		}
	assert_true(klog__parse("INFO: task x: blocked for more than 120 seconds.", &got));
	assert_int_equal(got.tid, 0);
}

static void test_kmsg(void **state)
{
	char plain[] = "3,1401,5140900,-,caller=T81;watchdog: BUG: soft\\x0a lockup\\x5c\n SUBSYSTEM=x\n";
	char hostile[] = "6,1,2,c;a\\x00b\\x9\\xzz\\";
	char none[] = "no record at all";
	struct gather_kmsg got;

	(void)state;
	assert_int_equal(gather_kmsg__parse(&got, plain), 0);
	assert_int_equal(got.level, 3);
	assert_int_equal(got.seq, 1401);
	assert_int_equal(got.us, 5140900);
	assert_string_equal(got.text, "watchdog: BUG: soft\n lockup\\");
	assert_int_equal(gather_kmsg__parse(&got, hostile), 0);
	assert_string_equal(got.text, "ab\\x9\\xzz\\");
	assert_true(gather_kmsg__parse(&got, none) < 0);
}

static void test_stat(void **state)
{
	struct gather_stat got;

	(void)state;
	assert_int_equal(gather_stat__parse(&got, "7 (kworker/0:1+ev) D 2 0 0 0 -1 69238880 0 0 0 0 3 "
		"120 0 0 20 0 1 0 33 0 0 18446744073709551615 0 0 0 0 0 0 0 2147483647 0 0 0 0 17 1 "
		"0 0 0 0 0 0 0 0 0 0 0 0 0\n"), 0);
	assert_int_equal(got.tid, 7);
	assert_string_equal(got.comm, "kworker/0:1+ev");
	assert_int_equal(got.state, 'D');
	assert_true(got.kernel);
	assert_int_equal(got.user_ticks, 3);
	assert_int_equal(got.system_ticks, 120);
	assert_int_equal(got.start_ticks, 33);
	assert_int_equal(got.cpu, 1);
	/* a name is free text */
	assert_int_equal(gather_stat__parse(&got, "8 (a) R 1 (\n) S 2 0 0 0 -1 64 0 0 0 0 1 2 0 0 20 0 "
		"1 0 44"), 0);
	assert_string_equal(got.comm, "a) R 1 (\n");
	assert_int_equal(got.state, 'S');
	assert_false(got.kernel);
	assert_int_equal(got.cpu, -1);
	assert_true(gather_stat__parse(&got, "") < 0);
	assert_true(gather_stat__parse(&got, "9 (x") < 0);
	assert_true(gather_stat__parse(&got, "9 (x) D 1") < 0);
}

static void test_last_ran(void **state)
{
	(void)state;
	assert_int_equal(gather_stat__last_ran("init (1, #threads: 1)\n---\n"
		"se.exec_start                                :       5140900.123456\n"
		"se.vruntime : 1.0\n"), 5140900123456ull);
	assert_int_equal(gather_stat__last_ran("se.exec_start : 12.5\n"), 12500000);
	assert_int_equal(gather_stat__last_ran("se.exec_start : 0.000000\n"), 0);
	assert_int_equal(gather_stat__last_ran("se.exec_start :"), 0);
	assert_int_equal(gather_stat__last_ran(""), 0);
}

static void test_frame(void **state)
{
	char module[] = "[<0>] ext4_rename+0x19c/0x4a0 [ext4]", plain[] = "[<0>] do_sys+0x8/0x9";
	char broken[] = "[<0>] +0x1/0x2", hidden[] = "[<0>] 0xffffffffc0001234";
	const char *sym, *mod;
	uint64_t off;

	(void)state;
	assert_int_equal(gather_stat__frame(module, &sym, &off, &mod), 0);
	assert_string_equal(sym, "ext4_rename");
	assert_int_equal(off, 0x19c);
	assert_string_equal(mod, "ext4");
	assert_int_equal(gather_stat__frame(plain, &sym, &off, &mod), 0);
	assert_string_equal(sym, "do_sys");
	assert_null(mod);
	assert_true(gather_stat__frame(broken, &sym, &off, &mod) < 0);
	assert_true(gather_stat__frame(hidden, &sym, &off, &mod) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),	 cmocka_unit_test(test_others),
		cmocka_unit_test(test_broken),	 cmocka_unit_test(test_kmsg),
		cmocka_unit_test(test_stat),	 cmocka_unit_test(test_last_ran),
		cmocka_unit_test(test_frame),
	};

	return cmocka_run_group_tests_name("klog", tests, NULL, NULL);
}
