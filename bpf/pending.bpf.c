// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * pending.bpf.c - puts all ended waits into the aggregate map, before user space reads it.
 */
#include "pending.bpf.h"

static long take_one(__u32 cpu, void *ctx __attribute__((unused)))
{
	struct lk_cpu *c = bpf_map_lookup_elem(&cpus, &cpu);
	int lost;

	if (!c)
		return 1;
	lost = pending_take(&c->pending);
	if (lost)
		__sync_fetch_and_add(&c->nr.lost_agg, (__u32)lost);
	return 0;
}

/* Needs no guard: nothing in it locks. */
SEC("syscall")
int pending_take_all(void *ctx __attribute__((unused)))
{
	bpf_loop(cfg.nr_cpus, take_one, NULL, 0);
	return 0;
}
