// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * live_bpf.c - loading, attaching, turning on; reading the counters.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>
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

#define DEFAULT_LOCKS 8192
#define DEFAULT_STACKS 8192
#define DEFAULT_TASKS 16384
#define DEFAULT_RING_KB 256
#define RECORD_RING_KB (8 * 1024)	/* mapped twice, so twice this in memory */
#define DEFAULT_WALK_INTERVAL_NS 200000
#define DEFAULT_LONG_WALK_NS 1000000

/* libbpf has one print function for the process and no context for it: the last
 * thing it complained about is kept for the error message. */
static char last_complaint[256];

static int keep_complaint(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	if (level == LIBBPF_WARN) {
		vsnprintf(last_complaint, sizeof(last_complaint), fmt, ap);
		last_complaint[strcspn(last_complaint, "\n")] = '\0';
	}
	return 0;
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

/* Every thread that has ever waited has its entry as long as it lives. */
static uint32_t default_tasks(void)
{
	FILE *f = fopen("/proc/loadavg", "re");
	unsigned int threads = 0;

	if (f && fscanf(f, "%*f %*f %*f %*u/%u", &threads) != 1)
		threads = 0;
	if (f)
		fclose(f);
	return threads > DEFAULT_TASKS / 2 ? threads * 2 : DEFAULT_TASKS;
}

static int set_sizes(struct live_bpf *b, const struct live_config *cfg)
{
	struct lockscope_bpf *k = b->skel;
	uint32_t locks = cfg->nr_locks_max ? cfg->nr_locks_max : DEFAULT_LOCKS;
	int err;

	if (cfg->no_aggregates)
		locks = 1;
	err = bpf_map__set_max_entries(k->maps.cpus, b->nr_cpus);
	err = err ?: bpf_map__set_max_entries(k->maps.task_waits, cfg->nr_tasks_max ? cfg->nr_tasks_max
										: default_tasks());
	err = err ?: bpf_map__set_max_entries(k->maps.aggs, locks);
	err = err ?: bpf_map__set_max_entries(k->maps.stacks, cfg->nr_stacks_max ? cfg->nr_stacks_max
									       : DEFAULT_STACKS);
	return err ?: bpf_map__set_max_entries(k->maps.events, ring_bytes(cfg));
}

static int load(struct live_bpf *b, const struct live_config *cfg, struct lk_error *err)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts, .btf_custom_path = cfg->btf);
	int rc = libbpf_num_possible_cpus();

	if (rc < 0)
		return lk_error__set(err, rc, "cannot tell how many CPUs there are");
	b->nr_cpus = (uint32_t)rc;
	/* Left to itself, libbpf also looks into the BTF of modules for what this kernel
	 * lacks, and listing those takes CAP_SYS_ADMIN. */
	if (!cfg->btf && !probe__is_admin())
		opts.btf_custom_path = "/sys/kernel/btf/vmlinux";
	b->skel = lockscope_bpf__open_opts(&opts);
	if (!b->skel)
		return lk_error__set(err, -errno, "cannot open the BPF programs: %s",
				     last_complaint[0] ? last_complaint : strerror(errno));
	fill_settings((struct lk_settings *)&b->skel->rodata->cfg, cfg, b->nr_cpus);
	rc = set_sizes(b, cfg);
	if (rc)
		return lk_error__set(err, rc, "cannot set the size of a map: %s", strerror(-rc));
	rc = lockscope_bpf__load(b->skel);
	if (rc) {
		lk_error__set(err, rc, "the kernel refuses the BPF programs: %s", strerror(-rc));
		lk_error__hint(err, "%s; `lockscope features` tells what this kernel offers",
			       last_complaint);
		if (err)
			err->status = rc == -ENOMEM || rc == -E2BIG ? EXIT_FAILED : EXIT_CANNOT;
	}
	return rc;
}

static int attach(struct live_bpf *b, struct lk_error *err)
{
	struct lockscope_bpf *k = b->skel;

	/* The end first: an end without its begin is nothing, the reverse lies. */
	k->links.contention_end = bpf_program__attach(k->progs.contention_end);
	if (k->links.contention_end)
		k->links.contention_begin = bpf_program__attach(k->progs.contention_begin);
	if (k->links.contention_begin)
		k->links.task_free = bpf_program__attach(k->progs.task_free);
	if (k->links.task_free)
		k->links.sample_tick = bpf_program__attach(k->progs.sample_tick);
	if (k->links.sample_tick)
		k->links.snapshot = bpf_program__attach_iter(k->progs.snapshot, NULL);
	if (!k->links.snapshot) {
		int rc = -errno;

		lk_error__set(err, rc, "cannot attach to the lock tracepoints: %s", strerror(-rc));
		lk_error__hint(err, "`lockscope features` tells what this kernel offers");
		if (err)
			err->status = EXIT_CANNOT;
		return rc;
	}
	b->iter_link_fd = bpf_link__fd(k->links.snapshot);
	return 0;
}

static int map_cpus(struct live_bpf *b, struct lk_error *err)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t bytes = (size_t)b->nr_cpus * sizeof(struct lk_cpu);
	void *p;

	b->cpus_bytes = (bytes + page - 1) / page * page;
	p = mmap(NULL, b->cpus_bytes, PROT_READ, MAP_SHARED, bpf_map__fd(b->skel->maps.cpus), 0);
	if (p == MAP_FAILED)
		return lk_error__set(err, -errno, "cannot map the CPU states: %s", strerror(errno));
	b->cpus = p;
	return 0;
}

int live_bpf__open(struct live_bpf *b, const struct live_config *cfg,
		   int (*ring_fn)(void *ctx, void *data, size_t size), void *ctx,
		   struct lk_error *err)
{
	int rc;

	libbpf_set_print(keep_complaint);
	libbpf_set_strict_mode(LIBBPF_STRICT_ALL);
	rc = load(b, cfg, err);
	rc = rc ?: map_cpus(b, err);
	if (!rc) {
		b->ring = ring_buffer__new(bpf_map__fd(b->skel->maps.events), ring_fn, ctx, NULL);
		if (!b->ring)
			rc = lk_error__set(err, -errno, "cannot open the ring buffer: %s",
					   strerror(errno));
	}
	return rc ?: attach(b, err);
}

void live_bpf__close(struct live_bpf *b)
{
	if (b->skel && b->skel->bss)
		b->skel->bss->tracing_on = 0;
	ring_buffer__free(b->ring);
	if (b->cpus)
		munmap((void *)b->cpus, b->cpus_bytes);
	lockscope_bpf__destroy(b->skel);
	memset(b, 0, sizeof(*b));
}

void live_bpf__counters(const struct live_bpf *b, struct lk_counters *sum)
{
	uint64_t *to = (uint64_t *)sum;
	uint32_t cpu, i;

	memset(sum, 0, sizeof(*sum));
	for (cpu = 0; cpu < b->nr_cpus; cpu++) {
		const volatile uint64_t *from = (const volatile uint64_t *)&b->cpus[cpu].nr;

		for (i = 0; i < sizeof(*sum) / sizeof(*to); i++)
			to[i] += from[i];
	}
}

void live_bpf__overflow(const struct live_bpf *b, struct lk_overflow sum[64])
{
	uint32_t cpu, i;

	memset(sum, 0, 64 * sizeof(*sum));
	for (cpu = 0; cpu < b->nr_cpus; cpu++) {
		for (i = 0; i < 64; i++) {
			const struct lk_overflow *o = &b->cpus[cpu].overflow[i];

			sum[i].count += o->count;
			sum[i].total_ns += o->total_ns;
			if (o->max_ns > sum[i].max_ns)
				sum[i].max_ns = o->max_ns;
		}
	}
}

static int prog_info(const struct bpf_program *prog, struct bpf_prog_info *info)
{
	uint32_t len = sizeof(*info);

	memset(info, 0, sizeof(*info));
	return bpf_obj_get_info_by_fd(bpf_program__fd(prog), info, &len);
}

uint64_t live_bpf__recursion_misses(const struct live_bpf *b)
{
	const struct bpf_program *progs[] = { b->skel->progs.contention_begin,
					      b->skel->progs.contention_end };
	struct bpf_prog_info info;
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < sizeof(progs) / sizeof(*progs); i++)
		if (!prog_info(progs[i], &info))
			sum += info.recursion_misses;
	return sum;
}

/* Linux 6.4 and later tell what a map takes; before, it is what was asked for. */
static uint64_t map_bytes(const struct bpf_map *map)
{
	char path[64], line[128];
	uint64_t bytes = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", bpf_map__fd(map));
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, "memlock:", 8))
			bytes = strtoull(line + 8, NULL, 10);
	if (f)
		fclose(f);
	return bytes;
}

int live_bpf__cost(const struct live_bpf *b, struct live_cost *out)
{
	const struct bpf_program *progs[] = { b->skel->progs.contention_begin,
					      b->skel->progs.contention_end };
	struct bpf_prog_info info;
	struct lk_counters nr;
	struct bpf_map *map;
	size_t i;

	memset(out, 0, sizeof(*out));
	bpf_object__for_each_map(map, b->skel->obj)
		out->map_bytes += map_bytes(map);
	for (i = 0; i < sizeof(progs) / sizeof(*progs); i++) {
		if (prog_info(progs[i], &info))
			continue;
		out->run_ns += info.run_time_ns;
		out->run_cnt += info.run_cnt;
	}
	live_bpf__counters(b, &nr);
	out->walks = nr.walks;
	out->waits = nr.waits;
	out->lost = nr;
	out->recursion_misses = live_bpf__recursion_misses(b);
	return 0;
}
