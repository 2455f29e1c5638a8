/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * maps.bpf.h - settings and maps that the BPF sources share.
 *
 * Everything is __weak: each source is an object of its own and `bpftool gen
 * object` merges the equal definitions into one.
 */
#ifndef LOCKSCOPE_MAPS_BPF_H
#define LOCKSCOPE_MAPS_BPF_H

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include "abi.h"

const volatile struct lk_settings cfg __weak = {};

/* The one switch: set by user space after the last attach, so that no begin is
 * recorded whose end could be missed.  mmaped, so flipping it is one store. */
volatile __u32 tracing_on __weak = 0;

/* Set while somebody looks at statistics by thread, as cfg.agg_by_task does for good. */
volatile __u32 split_tasks __weak = 0;

/* Set once the aggregate map was found full: it only grows, so there is no use in
 * trying again inside somebody's critical section. */
volatile __u32 aggs_full __weak = 0;

/* Our own processes besides cfg.self_tgid: they may hang with the patient, and are not
 * to be taken for one.  0: none. */
volatile __u32 helper_tgids[LK_HELPERS] __weak = {};

/* Set while one of the asked tasks runs. */
volatile __u32 sampling_on __weak = 0;

/* max_entries of the maps are set by user space before the load. */

/* The sleeping wait of each task, by the address of its task_struct: made at its
 * first wait, removed when the task is freed, read through the task iterator (a
 * walk of the map itself would skip and repeat).  Preallocated, not task storage:
 * that allocates inside the hook, which PREEMPT_RT does not allow, and which 7.0
 * and later refuse on CPUs without cmpxchg16b. */
struct task_waits {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct lk_task_wait);
};
struct task_waits task_waits SEC(".maps") __weak;
struct cpus {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct lk_cpu);
};
struct cpus cpus SEC(".maps") __weak;

/* Scratch for values too large for the BPF stack; [0] task, [1] interrupt.
 * Only touched inside the guard, since programs can be preempted on 7.0 and later. */
struct lk_who {
	__u64 task, start_ns, cgroup;
	__u32 tid, pid;
	char comm[LK_COMM_LEN];
};
struct lk_scratch {
	struct lk_stack stack;
	struct lk_agg agg;
	struct lk_who who;	/* whose hold is told */
};
struct scratch {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, struct lk_scratch);
};
struct scratch scratch SEC(".maps") __weak;

/* Preallocated on purpose: nothing may be allocated under a contended lock. */
struct stacks {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8192);
	__type(key, __u64);
	__type(value, struct lk_stack);
};
struct stacks stacks SEC(".maps") __weak;

struct aggs {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8192);
	__type(key, struct lk_agg_key);
	__type(value, struct lk_agg);
};
struct aggs aggs SEC(".maps") __weak;

struct events {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
};
struct events events SEC(".maps") __weak;

/* Level held: what each task holds, by a hash of its task_struct's address; see
 * held.bpf.h.  mmaped, so that user space can ask for an entry to be dropped. */
struct slots {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct lk_slot);
};
struct slots slots SEC(".maps") __weak;

struct buckets {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct lk_bucket);
};
struct buckets buckets SEC(".maps") __weak;

/* Hold statistics.  No hash map: inserting there locks, which hooks of spinning locks
 * must not. */
struct hold_rows {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct lk_hold_row);
};
struct hold_rows hold_rows SEC(".maps") __weak;

/* Waits from before the start, as found by user space (user/source/before.h), by the
 * address of the task_struct.  A wait counts as long as the task has not run.
 * Preallocated, as task_waits is and for its reasons. */
struct found_waits {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, __u64);
	__type(value, struct lk_wait);
};
struct found_waits found_waits SEC(".maps") __weak;

/* What each CPU spins for, as its ticks see it (spinner.bpf.c). */
struct spinners {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct lk_spinner);
};
struct spinners spinners SEC(".maps") __weak;

/* Where locks lie, written at their first waits.  What finds no room has no such name. */
struct places {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, __u64);
	__type(value, struct lk_place);
};
struct places places SEC(".maps") __weak;

/* Slab caches whose objects have more to tell than their type, by kmem_cache. */
struct cache_facts {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 256);
	__type(key, __u64);
	__type(value, struct lk_cache_fact);
};
struct cache_facts cache_facts SEC(".maps") __weak;

/* struct page of the address 0, were there one: set once known for sure; 0: not known. */
volatile __u64 page_base __weak = 0;

/* Tasks user space wants to see in the next read (owners), by tid. */
struct asked {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, __u32);
	__type(value, __u32);
};
struct asked asked SEC(".maps") __weak;

/* The last sample of each asked task that runs. */
struct samples {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, __u32);
	__type(value, struct lk_sample);
};
struct samples samples SEC(".maps") __weak;

#endif
