// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "source/live_settings.h"

#include <bpf/libbpf.h>
#include <stdio.h>
#include <unistd.h>

#include "source/live_priv.h"
#include "source/probe.h"

#include "lockscope.skel.h" /* after abi.h: it uses its types */

/* Per ABI, the system calls in which a task may sleep on a file lock: flock,
 * fcntl, and those that open or truncate (they break leases).
 * arch/x86/entry/syscalls, include/uapi/asm-generic/unistd.h. */
#if defined(__aarch64__)
static const uint32_t filelock_native[] = { 32, 25, 56, 437, 45, 46 };
static const uint32_t filelock_compat[] = { 143, 55, 221, 5, 8, 92, 93, 193, 194, 322, 437 };
#else
static const uint32_t filelock_native[] = { 73, 72, 2, 85, 257, 437, 76, 77 };
static const uint32_t filelock_compat[] = { 143, 55, 221, 5, 8, 92, 93, 193, 194, 295, 437 };
#endif

/* Rows of statistics: 10,000 locks have four to six each, with the stack walked (a row for
 * each) and without, spinning and sleeping.  On a small machine what 1 % of its memory holds. */
#define DEFAULT_ROWS 65536	/* 45 MB */
#define MIN_ROWS 8192
#define ROW_BYTES 700		/* the key and the head of an element included */
#define DEFAULT_PLACES 16384	/* one a lock */
#define DEFAULT_HOLD_ROWS 8192	/* one a lock and place it is taken at */
#define DEFAULT_STACKS 8192
#define DEFAULT_TASKS 16384
#define DEFAULT_RING_KB 256
#define RECORD_RING_KB (8 * 1024)	/* mapped twice, so twice this in memory */
#define MIN_SLOTS 4096
#define MAX_SLOTS (1U << 18)
#define MAX_TASK_WAITS (1U << 20)
#define MAX_HOLD_ROWS (1U << 20)
#define HOLD_REST 2048	/* call sites with more locks than have room */
#define SEEN_BY_READS_NS 500000000ULL
#define DEFAULT_WALK_INTERVAL_NS 200000
#define DEFAULT_LONG_WALK_NS 1000000

static uint32_t nr_threads(void)
{
	FILE *f = fopen("/proc/loadavg", "re");
	unsigned int threads = 0;

	if (f && fscanf(f, "%*f %*f %*f %*u/%u", &threads) != 1)
		threads = 0;
	if (f)
		fclose(f);
	return threads;
}

/* Level held looks at every hold of a task, so it has to know those that are alive;
 * twice as many slots keep the search short. */
static uint32_t nr_slots(const struct live_config *cfg)
{
	uint32_t want = cfg->nr_tasks_max ? cfg->nr_tasks_max : nr_threads(), nr = MIN_SLOTS;

	while (nr / 2 < want && nr < MAX_SLOTS)
		nr *= 2;
	return nr;
}

static uint32_t default_rows(void)
{
	uint64_t pages = (uint64_t)sysconf(_SC_PHYS_PAGES), page = (uint64_t)sysconf(_SC_PAGESIZE);
	uint64_t nr = pages * page / 100 / ROW_BYTES;

	return nr < MIN_ROWS ? MIN_ROWS : nr > DEFAULT_ROWS ? DEFAULT_ROWS : (uint32_t)nr;
}

static uint32_t nr_hold_rows(const struct live_config *cfg)
{
	uint32_t nr = 1, want = cfg->nr_locks_max ? cfg->nr_locks_max : DEFAULT_HOLD_ROWS;

	while (!cfg->no_aggregates && nr < want && nr < MAX_HOLD_ROWS)
		nr *= 2;
	return nr;
}

static void fill_held_settings(struct lk_settings *set, const struct live_config *cfg,
			       const struct live_hooks *hooks)
{
	const struct lockfunc_kernel *k = live_hooks__kernel(hooks);

	set->held = 1;
	set->spin = cfg->spin;
	set->nr_slots = nr_slots(cfg);
	set->nr_hold_rows = nr_hold_rows(cfg);
	set->nr_hold_rest = cfg->no_aggregates ? 1 : HOLD_REST;
	set->long_hold_ns = cfg->thresholds.long_hold_ns;
	set->long_spin_hold_ns = cfg->thresholds.long_spin_ns;
	/* What lasts as long as a few reads is seen by them. */
	set->time_gives = !cfg->no_aggregates || cfg->emit_waits ||
			  cfg->thresholds.long_hold_ns < SEEN_BY_READS_NS;
	set->hotplug_lock = k->hotplug_lock;
	set->rdonly_cast = k->rdonly_cast;
	set->per_cpu_offset = k->per_cpu_offset;
}

/* Every thread that has ever waited has its entry as long as it lives. */
static uint32_t default_tasks(void)
{
	uint32_t threads = nr_threads();

	return threads > DEFAULT_TASKS / 2 ? threads * 2 : DEFAULT_TASKS;
}

/* Twice as many places as tasks, which keeps the search short.  By default there is room for
 * those that come later, too: a nearly full array has none for some of them. */
static uint32_t nr_task_waits(const struct live_config *cfg)
{
	uint32_t threads = nr_threads(), nr = 1;
	uint32_t want = cfg->nr_tasks_max ? cfg->nr_tasks_max :
			threads > DEFAULT_TASKS ? threads : DEFAULT_TASKS;

	while (nr / 2 < want && nr < MAX_TASK_WAITS)
		nr *= 2;
	return nr;
}

static void fill_settings(struct lk_settings *set, const struct live_config *cfg, uint32_t nr_cpus)
{
	size_t i;

	set->nr_cpus = nr_cpus;
	set->self_tgid = (uint32_t)getpid();
	set->stacks = (uint32_t)cfg->stacks;
	set->emit_waits = cfg->emit_waits;
	set->aggregate = !cfg->no_aggregates;
	set->agg_by_task = cfg->agg_by_task;
	/* kernel/trace/rethook.c; without the warning from 6.10 on */
	set->rethook_warns = probe__kernel() < PROBE_KERNEL(6, 10);
	set->nr_task_waits = nr_task_waits(cfg);
	set->page_bits = (uint32_t)__builtin_ctzl((unsigned long)sysconf(_SC_PAGESIZE));
	set->walk_interval_ns = DEFAULT_WALK_INTERVAL_NS;
	set->long_walk_ns = DEFAULT_LONG_WALK_NS;
	set->long_wait_ns = cfg->thresholds.long_wait_ns;
	set->long_spin_ns = cfg->thresholds.long_spin_ns;
	for (i = 0; i < sizeof(filelock_native) / sizeof(*filelock_native); i++)
		set->filelock_nr[i] = filelock_native[i] + 1;
	for (i = 0; i < sizeof(filelock_compat) / sizeof(*filelock_compat); i++)
		set->filelock_nr_compat[i] = filelock_compat[i] + 1;
}

static uint32_t ring_bytes(const struct live_config *cfg)
{
	uint32_t want = cfg->ring_kb ? cfg->ring_kb : cfg->emit_waits ? RECORD_RING_KB : DEFAULT_RING_KB;
	uint32_t bytes = (uint32_t)sysconf(_SC_PAGESIZE);

	/* A power of two and whole pages, as the kernel demands. */
	while (bytes / 1024 < want && bytes < 1U << 30)
		bytes <<= 1;
	return bytes;
}

static int set_held_sizes(struct lockscope_bpf *k)
{
	const struct lk_settings *set = (const struct lk_settings *)&k->rodata->cfg;
	int err = bpf_map__set_max_entries(k->maps.slots, set->nr_slots);

	err = err ?: bpf_map__set_max_entries(k->maps.buckets, LK_BUCKETS);
	return err ?: bpf_map__set_max_entries(k->maps.hold_rows,
					       set->nr_hold_rows + set->nr_hold_rest);
}

static int set_sizes(struct lockscope_bpf *k, const struct live_config *cfg)
{
	const struct lk_settings *set = (const struct lk_settings *)&k->rodata->cfg;
	uint32_t rows = cfg->nr_locks_max ? cfg->nr_locks_max : default_rows();
	int err;

	if (cfg->no_aggregates)
		rows = 1;
	err = bpf_map__set_max_entries(k->maps.cpus, set->nr_cpus);
	err = err ?: bpf_map__set_max_entries(k->maps.task_waits, set->nr_task_waits);
	err = err ?: bpf_map__set_max_entries(k->maps.spinners, set->nr_cpus);
	err = err ?: bpf_map__set_max_entries(k->maps.seen, default_tasks());
	err = err ?: bpf_map__set_max_entries(k->maps.found_waits, default_tasks());
	err = err ?: bpf_map__set_max_entries(k->maps.aggs, rows);
	err = err ?: bpf_map__set_max_entries(k->maps.places, cfg->nr_locks_max ?
					      cfg->nr_locks_max : DEFAULT_PLACES);
	err = err ?: bpf_map__set_max_entries(k->maps.stacks, cfg->nr_stacks_max ? cfg->nr_stacks_max
									       : DEFAULT_STACKS);
	err = err ?: bpf_map__set_max_entries(k->maps.events, ring_bytes(cfg));
	return err ?: set->held ? set_held_sizes(k) : 0;
}

int live_settings__set(struct lockscope_bpf *skel, const struct live_config *cfg,
		       const struct live_hooks *hooks, uint32_t nr_cpus)
{
	struct lk_settings *set = (struct lk_settings *)&skel->rodata->cfg;

	fill_settings(set, cfg, nr_cpus);
	if (hooks)
		fill_held_settings(set, cfg, hooks);
	return set_sizes(skel, cfg);
}
