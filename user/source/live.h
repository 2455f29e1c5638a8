/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * live.h - the running kernel as a source.
 */
#ifndef LOCKSCOPE_SOURCE_LIVE_H
#define LOCKSCOPE_SOURCE_LIVE_H

#include "abi.h"
#include "lib/error.h"
#include "source/live_hooks.h"
#include "source/live_stage.h"
#include "source/source.h"

enum live_stack_mode { LIVE_STACKS_NONE, LIVE_STACKS_SAMPLED, LIVE_STACKS_ALL };

struct live_config {
	const char *const *command;	/* for the header; NULL-terminated */
	bool emit_waits;	/* pass every ended wait (record), not only long ones */
	bool no_aggregates;	/* watch, snapshot: nobody looks at statistics */
	bool no_looks;		/* nobody reads the graph: nothing is watched for it */
	bool agg_by_task;	/* split aggregates by thread, for filters on tasks */
	enum live_stack_mode stacks;
	bool held;		/* level held: hook what takes and gives locks */
	bool spin;		/* with held: spinning locks too */
	enum live_hook_how hooks;
	uint32_t nr_locks_max;	/* entries of the aggregate map; 0: default */
	uint32_t nr_tasks_max;	/* entries of the task map; 0: default */
	uint32_t nr_stacks_max;	/* entries of the stack map; 0: default */
	uint32_t ring_kb;	/* size of the ring buffer; 0: default */
	const char *btf;	/* file for CO-RE relocation; NULL: the kernel's own */
	struct btf *types;	/* this kernel's, by probe__contention(); NULL: new reads them;
				 * new takes it over */
	struct rec_thresholds thresholds;
	struct live_stage stage;	/* of starting and, once freed, of ending */
};
void live_config__defaults(struct live_config *cfg);

/* What lockscope itself costs. */
struct live_cost {
	uint64_t map_bytes;	/* memory of all maps */
	uint64_t walks;		/* stack walks so far */
	uint64_t waits;		/* waits accounted so far */
	uint64_t run_ns, run_cnt;	/* BPF run time, only while it is measured; see below */
	struct lk_counters lost;	/* every single counter */
	size_t nr_hooks;	/* lock functions hooked; level held */
	uint64_t recursion_misses;	/* programs skipped by the kernel's own guard */
};

/* Loads and attaches everything and only then starts recording; probe__contention() has
 * said that it can.  On failure
 * returns -errno with *err filled (err->status EXIT_CANNOT when this kernel or
 * these privileges cannot do it). */
int source_live__new(struct source **out, const struct live_config *cfg, struct lk_error *err);
int source_live__cost(struct source *s, struct live_cost *out);
/* Has the kernel measure the run time of BPF programs, of all there are: two reads of
 * the clock a run.  It does so anyway with kernel.bpf_stats_enabled.  0 or -errno. */
int source_live__measure(struct source *s, bool on);
/* Has aggregates split by thread from now on, or no longer; those counted before stay as
 * they are. */
void source_live__split_tasks(struct source *s, bool on);
/* What level held hooks, for those who ask why something is missing; NULL: not held. */
const struct live_hooks *source_live__hooks(const struct source *s);
/* From now on each read shows these tasks too, up to LIVE_ASKED_MAX, wherever they are;
 * those that run have their stack sampled. */
#define LIVE_ASKED_MAX 32u
void source_live__ask(struct source *s, const uint32_t *tids, size_t nr);
/* False when kernel.kptr_restrict hides all addresses: stacks then have none. */
bool source_live__has_symbols(const struct source *s);

#endif
