// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* The kernel's settings that have to do with hangs, and whether the machine moves. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/fmt.h"
#include "record/fact_json.h"
#include "record/lockstat.h"
#include "source/gather_jobs.h"

#define VALUE_LEN 1024
#define NS_PER_S 1000000000ull

/* Below /proc.  Of a longer file the first line counts. */
static const char *const names[] = {
	"sys/kernel/hung_task_timeout_secs", "sys/kernel/hung_task_warnings",
	"sys/kernel/hung_task_detect_count", "sys/kernel/hung_task_panic",
	"sys/kernel/watchdog", "sys/kernel/soft_watchdog", "sys/kernel/nmi_watchdog",
	"sys/kernel/watchdog_thresh", "sys/kernel/softlockup_panic", "sys/kernel/panic_on_oops",
	"sys/kernel/panic", "sys/kernel/sysrq", "sys/kernel/tainted", "sys/kernel/lock_stat",
	"sys/kernel/prove_locking", "sys/kernel/kexec_load_disabled", "loadavg",
	"pressure/cpu", "pressure/io", "pressure/memory",
};

static void put_setting(FILE *out, const char *name, const char *value)
{
	const struct rec_setting s = { name, value };
	struct json j;

	gather_job__begin(&j, out, "setting");
	fact_json__setting(&j, &s);
	gather_job__end(&j);
}

static void put_settings(FILE *out, char *doing)
{
	char path[96], value[VALUE_LEN];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "/proc/%s", names[i]);
		gather_job__doing(doing, path);
		if (gather_job__read(path, value, sizeof(value)) < 0) {
			put_setting(out, names[i], NULL);
			continue;
		}
		value[strcspn(value, "\n")] = '\0';
		put_setting(out, names[i], value);
	}
	gather_job__doing(doing, "/sys/kernel/kexec_crash_loaded");
	if (gather_job__read("/sys/kernel/kexec_crash_loaded", value, sizeof(value)) > 0) {
		value[strcspn(value, "\n")] = '\0';
		put_setting(out, "/sys/kernel/kexec_crash_loaded", value);
	}
}

/* " debug_locks:      1" of /proc/lockdep_stats: 0 means that lockdep has given up. */
static void put_lockdep(FILE *out, char *doing)
{
	char stats[16 * VALUE_LEN], *at;

	gather_job__doing(doing, "/proc/lockdep_stats");
	if (gather_job__read("/proc/lockdep_stats", stats, sizeof(stats)) < 0) {
		put_setting(out, "lockdep_stats", NULL);
		return;
	}
	at = strstr(stats, "debug_locks:");
	at = at ? at + strlen("debug_locks:") + strspn(at + strlen("debug_locks:"), " \t") : "";
	at[strcspn(at, "\n")] = '\0';
	put_setting(out, "lockdep_stats", at);
}

/* The classes waited for longest; the file has those with the most waits first. */
static void put_lock_stat(FILE *out, char *doing)
{
	char text[64 * VALUE_LEN], value[VALUE_LEN] = "", total[32], max[32];
	struct lockstat_row top[3];
	size_t nr, i, at = 0;

	gather_job__doing(doing, "/proc/lock_stat");
	if (gather_job__read("/proc/lock_stat", text, sizeof(text)) < 0)
		return;
	nr = lockstat__top(text, top, sizeof(top) / sizeof(top[0]));
	for (i = 0; i < nr && at < sizeof(value); i++)
		at += (size_t)snprintf(value + at, sizeof(value) - at,
				       "%s%s (%llu waits, %s in all, %s the longest)", i ? ", " : "",
				       top[i].name, (unsigned long long)top[i].contentions,
				       fmt__ns(total, sizeof(total), top[i].total_ns),
				       fmt__ns(max, sizeof(max), top[i].max_ns));
	put_setting(out, "lock_stat", value);
}

static uint64_t ticks_ns(unsigned long long ticks)
{
	return ticks * (NS_PER_S / (uint64_t)sysconf(_SC_CLK_TCK));
}

static uint64_t value_of(const char *stat, const char *name)
{
	const char *at = strstr(stat, name);

	return at ? strtoull(at + strlen(name), NULL, 10) : 0;
}

static void put_machine(FILE *out, char *doing, char *stat, size_t size)
{
	unsigned long long user = 0, nice = 0, system = 0, idle = 0, iowait = 0, irq = 0, soft = 0,
			   steal = 0;
	struct rec_machine m = { .t_ns = (int64_t)gather_job__now() };
	struct json j;
	int n;

	gather_job__doing(doing, "/proc/stat");
	n = gather_job__read("/proc/stat", stat, size);
	if (n < 0) {
		gather_job__absent(out, "whether the machine makes progress (/proc/stat)",
				   strerror(-n));
		return;
	}
	sscanf(stat, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", &user, &nice, &system, &idle,
	       &iowait, &irq, &soft, &steal);
	for (const char *at = stat; (at = strstr(at, "\ncpu")); at++)
		m.cpus++;
	m.user_ns = ticks_ns(user + nice);
	m.system_ns = ticks_ns(system);
	m.idle_ns = ticks_ns(idle);
	m.iowait_ns = ticks_ns(iowait);
	m.irq_ns = ticks_ns(irq + soft);
	m.steal_ns = ticks_ns(steal);
	m.switches = value_of(stat, "\nctxt ");
	m.forks = value_of(stat, "\nprocesses ");
	m.running = (uint32_t)value_of(stat, "\nprocs_running ");
	m.blocked = (uint32_t)value_of(stat, "\nprocs_blocked ");
	gather_job__begin(&j, out, "machine");
	fact_json__machine(&j, &m);
	gather_job__end(&j);
}

void gather_job__machine(FILE *out, char *doing, void *arg)
{
	const struct gather_order *order = arg;
	const struct timespec pause = { .tv_sec = order->look_ms / 1000,
					.tv_nsec = order->look_ms % 1000 * 1000000L };
	size_t size = 1 << 20;	/* a line a CPU, and one with every interrupt */
	char *stat = malloc(size);

	if (!stat)
		return;
	put_machine(out, doing, stat, size);
	put_settings(out, doing);
	put_lockdep(out, doing);
	put_lock_stat(out, doing);
	nanosleep(&pause, NULL);
	put_machine(out, doing, stat, size);
}
