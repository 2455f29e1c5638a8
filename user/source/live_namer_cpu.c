// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * live_namer_cpu.c - names of variables that each CPU has.
 */
#include <inttypes.h>

#include "lib/arena.h"
#include "source/live_namer_int.h"
#include "source/live_places.h"
#include "source/live_types.h"
#include "source/symbols.h"

/* A module's per-CPU variables lie right behind the kernel's own, in so much room; what comes
 * after was allocated (PERCPU_MODULE_RESERVE in include/linux/percpu.h). */
#define PER_CPU_RESERVE 8192

static const char *module_variable(struct namer *n, uint64_t from)
{
	uint64_t end = live_types__per_cpu_end(n->types);
	struct rec_frame f;

	if (from < end || from >= end + PER_CPU_RESERVE)
		return NULL;
	symbols__per_cpu(n->symbols, n->per_cpu_start + from, &f);
	if (!f.sym)
		return NULL;
	return f.off ? arena__printf(n->strings, "%s+0x%" PRIx64, f.sym, f.off) :
		       arena__strdup(n->strings, f.sym);
}

/* A variable that each CPU has: its distance from the CPU's run queue tells which. */
bool namer__by_cpu(struct namer *n, struct rec_lock_name *out)
{
	int64_t at = n->types ? live_types__per_cpu_offset(n->types, "runqueues") : -1;
	const struct types *t = at < 0 ? NULL : live_types__at(n->types, 0);
	uint32_t cpu, nr = at < 0 ? 0 : live_places__nr_cpus(n->places), off, type;

	for (cpu = 0; cpu < nr; cpu++) {
		uint64_t rq = live_places__run_queue(n->places, cpu);
		uint64_t from = out->lock.addr - (rq - (uint64_t)at);
		char path[PATH_LEN];
		const char *var;

		off = (uint32_t)from;
		if (!rq || from >= UINT32_MAX)
			continue;
		var = live_types__per_cpu(n->types, &off, &type);
		if (var && typepath__find(t, type, off, out->lock.kind, path, sizeof(path)))
			var = arena__printf(n->strings, "%s%s%s", var, *path ? "." : "", path);
		else
			var = module_variable(n, from);
		if (!var)
			continue;
		namer__set(out, var, "symbol");
		out->object = arena__printf(n->strings, "CPU %u", cpu);
		return true;
	}
	return false;
}

int64_t namer__from_run_queue(const struct namer *n, const char *variable)
{
	int64_t rq = n->types ? live_types__per_cpu_offset(n->types, "runqueues") : -1;
	int64_t at = n->types ? live_types__per_cpu_offset(n->types, variable) : -1;

	return rq < 0 || at < 0 ? 0 : at - rq;
}
