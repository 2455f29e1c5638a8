// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * live_bpf.c - loading, attaching, turning on; reading the counters.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "source/live_priv.h"
#include "source/live_settings.h"
#include "source/live_slim.h"
#include "source/probe.h"

#include "lockscope.skel.h" /* after abi.h: it uses its types */

/* libbpf has one print function for the process and no context for it: the last
 * thing it complained about is kept for the error message. */
static char last_complaint[256];
/* The program it could not load, if it named one: "prog 'NAME': …". */
static char refused_program[128];

static int keep_complaint(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	char name[128];

	if (level != LIBBPF_WARN)
		return 0;
	/* for developers: the verifier's whole log */
	if (getenv("LOCKSCOPE_LIBBPF_LOG")) {
		va_list again;

		va_copy(again, ap);
		vfprintf(stderr, fmt, again);
		va_end(again);
	}
	vsnprintf(last_complaint, sizeof(last_complaint), fmt, ap);
	last_complaint[strcspn(last_complaint, "\n")] = '\0';
	if (sscanf(last_complaint, "libbpf: prog '%127[^']'", name) == 1)
		snprintf(refused_program, sizeof(refused_program), "%s", name);
	return 0;
}

/* Ticks look for spins that nobody traced; with --spin the slow paths are hooked. */
static bool wants_spin_tick(const struct live_config *cfg)
{
	return !cfg->no_looks && !cfg->spin;
}

static int open_skeleton(struct live_bpf *b, const struct live_config *cfg, const char *btf,
			 struct lk_error *err)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts, .btf_custom_path = btf);
	int rc;

	b->skel = lockscope_bpf__open_opts(&opts);
	if (!b->skel)
		return lk_error__set(err, -errno, "cannot open the BPF programs: %s",
				     last_complaint[0] ? last_complaint : strerror(errno));
	rc = live_settings__set(b->skel, cfg, b->hooks, b->nr_cpus);
	if (rc)
		return lk_error__set(err, rc, "cannot set the size of a map: %s", strerror(-rc));
	live_hooks__choose(b->hooks, b->skel);
	bpf_program__set_autoload(b->skel->progs.spin_tick, wants_spin_tick(cfg));
	return 0;
}

/* What the programs are fitted to.  Programs of level held also ask for numbers of types,
 * which only all of them together tell. */
static const char *choose_btf(const struct live_bpf *b, const struct live_config *cfg,
			      const struct live_types *types, int *slim_fd, char *path, size_t size)
{
	if (cfg->btf)
		return cfg->btf;
	if (types && !b->hooks)
		*slim_fd = live_slim__open(path, (unsigned int)size);
	if (*slim_fd >= 0)
		return path;
	/* Left to itself, libbpf also looks into the BTF of modules for what this kernel
	 * lacks, and listing those takes CAP_SYS_ADMIN. */
	return probe__is_admin() ? NULL : "/sys/kernel/btf/vmlinux";
}

static int refused(struct lk_error *err, int rc)
{
	lk_error__set(err, rc, "the kernel refuses the BPF programs: %s", strerror(-rc));
	lk_error__hint(err, "%s; `lockscope features` tells what this kernel offers", last_complaint);
	if (err)
		err->status = rc == -ENOMEM || rc == -E2BIG ? EXIT_FAILED : EXIT_CANNOT;
	return rc;
}

/* One program that the kernel refuses must not cost all others. */
static int load(struct live_bpf *b, const struct live_config *cfg, const struct live_types *types,
		struct lk_error *err)
{
	int rc = libbpf_num_possible_cpus(), slim_fd = -1;
	char path[64];
	const char *btf;

	if (rc < 0)
		return lk_error__set(err, rc, "cannot tell how many CPUs there are");
	b->nr_cpus = (uint32_t)rc;
	btf = choose_btf(b, cfg, types, &slim_fd, path, sizeof(path));
	for (;;) {
		refused_program[0] = '\0';
		rc = open_skeleton(b, cfg, btf, err);
		if (rc)
			goto out;
		if (slim_fd >= 0)
			rc = live_slim__write(slim_fd, types, bpf_object__btf(b->skel->obj));
		rc = rc ?: lockscope_bpf__load(b->skel);
		if (!rc || !b->hooks || !live_hooks__leave_out(b->hooks, refused_program))
			break;
		lockscope_bpf__destroy(b->skel);
		b->skel = NULL;
	}
	if (rc)
		refused(err, rc);
out:
	if (slim_fd >= 0)
		close(slim_fd);
	return rc;
}

static int attach_held(struct live_bpf *b, const struct live_config *cfg, struct lk_error *err)
{
	union bpf_iter_link_info which = { .map.map_fd = (uint32_t)bpf_map__fd(b->skel->maps.cpus) };
	LIBBPF_OPTS(bpf_iter_attach_opts, opts, .link_info = &which, .link_info_len = sizeof(which));
	const struct lk_settings *set = (const struct lk_settings *)&b->skel->rodata->cfg;

	b->cpu_link_fd = -1;
	if (set->spin) {
		b->skel->links.cpu_pass = bpf_program__attach_iter(b->skel->progs.cpu_pass, &opts);
		if (!b->skel->links.cpu_pass)
			return lk_error__set(err, -errno, "cannot look at what CPUs hold: %s",
					     strerror(errno));
		b->cpu_link_fd = bpf_link__fd(b->skel->links.cpu_pass);
	}
	return live_hooks__attach(b->hooks, b->skel, &cfg->stage, err);
}

static int attach(struct live_bpf *b, const struct live_config *cfg, struct lk_error *err)
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
	if (k->links.sample_tick && wants_spin_tick(cfg))
		k->links.spin_tick = bpf_program__attach(k->progs.spin_tick);
	if (k->links.spin_tick || (k->links.sample_tick && !wants_spin_tick(cfg)))
		k->links.snapshot = bpf_program__attach_iter(k->progs.snapshot, NULL);
	if (k->links.snapshot)
		k->links.futex_waits = bpf_program__attach_iter(k->progs.futex_waits, NULL);
	if (k->links.futex_waits)
		k->links.sem_undos = bpf_program__attach_iter(k->progs.sem_undos, NULL);
	if (k->links.sem_undos)
		k->links.before_pass = bpf_program__attach_iter(k->progs.before_pass, NULL);
	if (!k->links.before_pass) {
		int rc = -errno;

		lk_error__set(err, rc, "cannot attach to the lock tracepoints: %s", strerror(-rc));
		lk_error__hint(err, "`lockscope features` tells what this kernel offers");
		if (err)
			err->status = EXIT_CANNOT;
		return rc;
	}
	b->iter_link_fd = bpf_link__fd(k->links.snapshot);
	b->futex_link_fd = bpf_link__fd(k->links.futex_waits);
	b->undo_link_fd = bpf_link__fd(k->links.sem_undos);
	b->before_link_fd = bpf_link__fd(k->links.before_pass);
	return b->hooks ? attach_held(b, cfg, err) : 0;
}

/* An array map in our memory; *bytes is what was mapped.  NULL with errno. */
static void *map_array(const struct bpf_map *map, size_t entry_bytes, int prot, size_t *bytes)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t wanted = bpf_map__max_entries(map) * entry_bytes;
	void *p;

	*bytes = (wanted + page - 1) / page * page;
	p = mmap(NULL, *bytes, prot, MAP_SHARED, bpf_map__fd(map), 0);
	return p == MAP_FAILED ? NULL : p;
}

static int map_arrays(struct live_bpf *b, struct lk_error *err)
{
	struct lockscope_bpf *k = b->skel;
	uint32_t cpu;

	b->cpus = map_array(k->maps.cpus, sizeof(*b->cpus), PROT_READ | PROT_WRITE, &b->cpus_bytes);
	b->spinners = map_array(k->maps.spinners, sizeof(*b->spinners), PROT_READ, &b->spinners_bytes);
	if (b->cpus && b->hooks) {
		for (cpu = 0; cpu < b->nr_cpus; cpu++)
			b->cpus[cpu].spin_inside = LK_SPIN_OFF;
		b->slots = map_array(k->maps.slots, sizeof(*b->slots), PROT_READ | PROT_WRITE,
				     &b->slots_bytes);
		b->buckets = map_array(k->maps.buckets, sizeof(*b->buckets), PROT_READ,
				       &b->buckets_bytes);
		b->hold_rows = map_array(k->maps.hold_rows, sizeof(*b->hold_rows), PROT_READ,
					 &b->hold_rows_bytes);
		b->nr_slots = bpf_map__max_entries(k->maps.slots);
		b->nr_hold_rows = bpf_map__max_entries(k->maps.hold_rows);
	}
	if (!b->cpus || !b->spinners || (b->hooks && (!b->slots || !b->buckets || !b->hold_rows)))
		return lk_error__set(err, -errno, "cannot map what the programs write: %s",
				     strerror(errno));
	return 0;
}

static void unmap(const volatile void *p, size_t bytes)
{
	if (p)
		munmap((void *)p, bytes);
}

int live_bpf__choose_hooks(struct live_bpf *b, const struct live_config *cfg,
			   const struct symbols *symbols, const struct btf *types,
			   struct lk_error *err)
{
	libbpf_set_print(keep_complaint);
	return live_hooks__new(&b->hooks, cfg->spin, cfg->hooks, symbols, types, err);
}

int live_bpf__open(struct live_bpf *b, const struct live_config *cfg,
		   const struct live_types *types,
		   int (*ring_fn)(void *ctx, void *data, size_t size), void *ctx,
		   struct lk_error *err)
{
	int rc;

	libbpf_set_print(keep_complaint);
	libbpf_set_strict_mode(LIBBPF_STRICT_ALL);
	live_stage__tell(&cfg->stage, "loading programs", 0, 0);
	rc = load(b, cfg, types, err);
	rc = rc ?: map_arrays(b, err);
	if (!rc) {
		b->ring = ring_buffer__new(bpf_map__fd(b->skel->maps.events), ring_fn, ctx, NULL);
		if (!b->ring)
			rc = lk_error__set(err, -errno, "cannot open the ring buffer: %s",
					   strerror(errno));
	}
	return rc ?: attach(b, cfg, err);
}

void live_bpf__close(struct live_bpf *b, const struct live_config *cfg)
{
	if (b->skel && b->skel->bss)
		b->skel->bss->tracing_on = 0;
	live_hooks__free(b->hooks, &cfg->stage);
	ring_buffer__free(b->ring);
	unmap(b->cpus, b->cpus_bytes);
	unmap(b->spinners, b->spinners_bytes);
	unmap(b->slots, b->slots_bytes);
	unmap(b->buckets, b->buckets_bytes);
	unmap(b->hold_rows, b->hold_rows_bytes);
	lockscope_bpf__destroy(b->skel);
	memset(b, 0, sizeof(*b));
}

bool live_bpf__peek(const struct live_bpf *b, uint64_t addr, void *to, size_t len)
{
	struct lk_peek *p = &b->skel->bss->peek;
	LIBBPF_OPTS(bpf_test_run_opts, opts);

	if (len > sizeof(p->bytes))
		return false;
	p->addr = addr;
	p->len = (uint32_t)len;
	if (bpf_prog_test_run_opts(bpf_program__fd(b->skel->progs.before_peek), &opts) || p->err)
		return false;
	memcpy(to, p->bytes, len);
	return true;
}

int live_bpf__settle(const struct live_bpf *b)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts);

	return bpf_prog_test_run_opts(bpf_program__fd(b->skel->progs.pending_take_all), &opts);
}

void live_bpf__set_helpers(const struct live_bpf *b, const pid_t *pids, uint32_t nr)
{
	uint32_t i;

	for (i = 0; i < LK_HELPERS; i++)
		b->skel->bss->helper_tgids[i] = i < nr ? (uint32_t)pids[i] : 0;
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

/* As bpf/held.bpf.h finds it. */
struct lk_bucket live_bpf__bucket(const struct live_bpf *b, uint64_t lock)
{
	uint32_t i = (uint32_t)((lock >> 3) * 0x9e3779b97f4a7c15ULL >> 32) & (LK_BUCKETS - 1);

	return b->buckets ? b->buckets[i] : (struct lk_bucket){ 0 };
}

/* As bpf/slot.bpf.h finds it. */
void live_bpf__drop_held(const struct live_bpf *b, uint64_t task, uint32_t tid, uint32_t id)
{
	uint64_t hash = (task >> 6) * 0x9e3779b97f4a7c15ULL;
	uint32_t i, at;

	for (i = 0; b->slots && i < LK_SLOT_PROBES; i++) {
		at = ((uint32_t)(hash >> 32) + i * ((uint32_t)(hash >> 8) | 1)) & (b->nr_slots - 1);
		if (b->slots[at].task != task || b->slots[at].tid != tid)
			continue;
		if (!b->slots[at].drop_id)
			b->slots[at].drop_id = id;
		return;
	}
}
