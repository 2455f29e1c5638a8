// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * live_cost.c - what the programs take and miss, as the kernel counts it.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "source/live_priv.h"

#include "lockscope.skel.h" /* after abi.h: it uses its types */

static int prog_info(const struct bpf_program *prog, struct bpf_prog_info *info)
{
	uint32_t len = sizeof(*info);

	memset(info, 0, sizeof(*info));
	return bpf_obj_get_info_by_fd(bpf_program__fd(prog), info, &len);
}

/* What the program sees: waits, or what takes and gives a lock. */
enum sight { SEES_WAITS, SEES_SLEEPING_HOLDS, SEES_SPINNING_HOLDS, SEES_TICKS };

static enum sight sight_of(const struct bpf_program *p)
{
	const char *section = bpf_program__section_name(p);

	if (strstr(section, "/_raw_") || !strncmp(bpf_program__name(p), "spin_probe", 10))
		return SEES_SPINNING_HOLDS;
	if (strstr(section, "hrtimer"))
		return SEES_TICKS;
	if (strstr(section, "slowpath") || !strncmp(section, "tp_btf", 6))
		return SEES_WAITS;
	return SEES_SLEEPING_HOLDS;
}

/* The kind of lock that the program of a hook sees, KIND_UNKNOWN when any. */
static enum lock_kind kind_of(const struct bpf_program *p)
{
	const char *name = strchr(bpf_program__name(p), '_');
	const struct lockfunc *f = name ? lockfuncs__find(name + 1) : NULL;

	return f ? (enum lock_kind)LK_HELD_KIND(f->info) : KIND_UNKNOWN;
}

static uint64_t misses(const struct live_bpf *b, enum sight sight)
{
	struct bpf_prog_info info;
	struct bpf_program *p;
	uint64_t sum = 0;

	bpf_object__for_each_program(p, b->skel->obj)
		if (bpf_program__fd(p) >= 0 && sight_of(p) == sight && !prog_info(p, &info))
			sum += info.recursion_misses;
	return sum;
}

uint64_t live_bpf__recursion_misses(const struct live_bpf *b)
{
	return misses(b, SEES_WAITS) + misses(b, SEES_SLEEPING_HOLDS);
}

void live_bpf__missed_holds(const struct live_bpf *b, uint64_t by_kind[NR_KINDS])
{
	struct bpf_prog_info info;
	struct lk_counters nr;
	struct bpf_program *p;
	uint64_t ends;
	int kind;

	memset(by_kind, 0, NR_KINDS * sizeof(*by_kind));
	if (!b->hooks)
		return;
	bpf_object__for_each_program(p, b->skel->obj)
		if (bpf_program__fd(p) >= 0 && sight_of(p) == SEES_SLEEPING_HOLDS &&
		    !prog_info(p, &info))
			by_kind[kind_of(p)] += info.recursion_misses;
	live_bpf__counters(b, &nr);
	by_kind[KIND_UNKNOWN] += nr.lost_slots + nr.held_overflow;
	for (kind = KIND_UNKNOWN + 1; kind < NR_KINDS; kind++)
		by_kind[kind] += by_kind[KIND_UNKNOWN];
	/* Without the end of its spin, a hold is as old as its take. */
	ends = misses(b, SEES_WAITS);
	by_kind[KIND_SPINLOCK] += ends;
	by_kind[KIND_RWLOCK] += ends;
}

void live__note_missed(struct source_live *s)
{
	uint64_t missed[NR_KINDS], now;
	int kind;

	live_bpf__missed_holds(&s->bpf, missed);
	now = live__now();
	for (kind = 0; kind < NR_KINDS; kind++)
		held_missed__note(&s->missed[kind], missed[kind], now);
}

bool live__missed_since(const struct source_live *s, uint32_t info, uint64_t since_ns)
{
	return held_missed__last(&s->missed[LK_HELD_KIND(info)], UINT64_MAX) >= since_ns;
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
	struct bpf_prog_info info;
	struct lk_counters nr;
	struct bpf_program *p;
	struct bpf_map *map;

	memset(out, 0, sizeof(*out));
	bpf_object__for_each_map(map, b->skel->obj)
		out->map_bytes += map_bytes(map);
	bpf_object__for_each_program(p, b->skel->obj) {
		/* not the looks at the machine: those run for us, not in somebody's way */
		if (bpf_program__fd(p) < 0 || bpf_program__type(p) != BPF_PROG_TYPE_TRACING ||
		    bpf_program__expected_attach_type(p) == BPF_TRACE_ITER || prog_info(p, &info))
			continue;
		out->run_ns += info.run_time_ns;
		out->run_cnt += info.run_cnt;
	}
	live_bpf__counters(b, &nr);
	out->walks = nr.walks;
	out->waits = nr.waits;
	out->lost = nr;
	out->lost.spin_dropped += misses(b, SEES_SPINNING_HOLDS);
	out->recursion_misses = live_bpf__recursion_misses(b);
	out->nr_hooks = b->hooks ? live_hooks__nr(b->hooks) : 0;
	return 0;
}
