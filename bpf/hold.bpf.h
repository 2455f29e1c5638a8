/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * hold.bpf.h - what becomes of a hold: counted by lock and site, or told.
 */
#ifndef LOCKSCOPE_HOLD_BPF_H
#define LOCKSCOPE_HOLD_BPF_H

#include "guard.bpf.h"
#include "hist.bpf.h"
#include "lockword.bpf.h"

#define HOLD_PROBES 16

/* The row of this lock, site and mode, claimed if need be; NULL if its places are taken.
 * named: among those of locks, else among those of sites whose locks found no room; how
 * many there are of each is a power of two.  Takes no lock. */
static __noinline struct lk_hold_row *hold_row(__u64 lock, __u64 site, __u32 info, int named)
{
	__u64 key = ((lock ^ site << 17 ^ site >> 47) + info) * 0x9e3779b97f4a7c15ULL;
	__u32 first = named ? 0 : cfg.nr_hold_rows;
	__u32 mask = (named ? cfg.nr_hold_rows : cfg.nr_hold_rest) - 1;
	struct lk_hold_row *r;
	__u32 i, at;

	key |= 1;
	for (i = 0; i < HOLD_PROBES; i++) {
		at = first + (((__u32)(key >> 32) + i * ((__u32)(key >> 8) | 1)) & mask);
		r = bpf_map_lookup_elem(&hold_rows, &at);
		if (!r || r->key == key)
			return r;
		if (r->key || __sync_val_compare_and_swap(&r->key, 0, key))
			continue;
		r->site = site;
		r->info = info;
		barrier();
		r->lock = lock;
		return r;
	}
	return NULL;
}

static __noinline int hold_count(__u64 lock, __u64 site, __u32 info, __u64 hold_ns)
{
	struct lk_hold_row *r;
	struct lk_cpu *c;

	info &= 0xff | LK_HELD_READ | LK_HELD_WRITE;
	r = hold_row(lock, site, info, 1);
	if (!r) {
		c = this_cpu();
		if (c)
			c->nr.lost_holds++;
		/* Its site still counts it.  All CPUs write to that row: too dear for the end of a
		 * spinning lock's hold, which is before the release. */
		if (LK_HELD_KIND(info) != LK_KIND_SPINLOCK && LK_HELD_KIND(info) != LK_KIND_RWLOCK)
			r = hold_row(LK_HOLD_ANY_LOCK, site, info, 0);
	}
	if (!r)
		return 0;
	__sync_fetch_and_add(&r->count, 1);
	__sync_fetch_and_add(&r->total_ns, hold_ns);
	/* a lost race leaves the smaller of two maxima, and both are in the histogram */
	if (hold_ns > r->max_ns)
		r->max_ns = hold_ns;
	__sync_fetch_and_add(&r->hist[hist_bucket(hold_ns)], 1);
	return 0;
}

static __always_inline void who_fill(struct lk_who *who, struct task_struct *task)
{
	who->task = (__u64)task;
	who->start_ns = task->start_boottime;
	who->cgroup = BPF_CORE_READ(task, cgroups, dfl_cgrp, kn, id);
	who->tid = task->pid;
	who->pid = task->tgid;
	bpf_probe_read_kernel_str(who->comm, sizeof(who->comm), task->comm);
}

/* Sends a hold to user space.  who: whose it is.  Only inside the guard. */
static __always_inline void hold_emit(struct lk_cpu *c, const struct lk_who *who,
				      const struct lk_held *e, __u32 how, __u64 now, __u64 stack)
{
	struct lk_hold_event *ev = bpf_ringbuf_reserve(&events, sizeof(*ev), 0);
	struct lk_word w = {};

	if (!ev) {
		c->nr.lost_ring++;
		return;
	}
	if (how == LK_HOLD_EXITED)
		word_of_kind(e->lock, e->info, &w);
	ev->type = LK_EVENT_HOLD;
	ev->how = how;
	ev->lock = e->lock;
	ev->since_ns = e->since_ns;
	ev->end_ns = now;
	ev->site = e->site;
	ev->stack = stack;
	ev->task = who->task;
	ev->start_ns = who->start_ns;
	ev->cgroup = who->cgroup;
	ev->id = e->id;
	ev->owner = w.owner;
	ev->says = w.says;
	ev->info = e->info;
	ev->tid = who->tid;
	ev->pid = who->pid;
	ev->cpu = bpf_get_smp_processor_id();
	ev->free = LK_HELD_KIND(e->info) == LK_KIND_SEMAPHORE ? e->free : 0;
	__builtin_memcpy(ev->comm, who->comm, sizeof(ev->comm));
	/* user space looks every few ms anyway; a wake-up may not be possible here */
	bpf_ringbuf_submit(ev, BPF_RB_NO_WAKEUP);
}

#endif
