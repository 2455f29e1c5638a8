// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * live_agg.c - the aggregates the kernel keeps, as agg records; and the losses.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "source/line_cache.h"
#include "source/live_priv.h"
#include "source/live_rows.h"

#include "lockscope.skel.h" /* after abi.h: it uses its types */

#define BATCH 512
#define RECORD_HOLDS_NS 30000000000ULL

struct live_aggs {
	struct source_live *s;
	struct live_rows *rows;
	uint64_t holds_ns;	/* when holds were last passed on */
	uint64_t *holds_seen;	/* per row of hold_rows: its count when it was passed on */
	struct lk_agg_key keys[BATCH];
	struct lk_agg values[BATCH];
	struct rec_lost most_owed;	/* of user stacks, the most that were told as lost */
};

/* A collection on its way to whom it is for. */
struct collection {
	struct live_aggs *a;
	record_fn sink;
	void *ctx;
	int err;		/* of a stack record */
	uint64_t named;		/* the lock whose name was told last */
	uint32_t named_flags;
};

int live_aggs__new(struct live_aggs **out, struct source_live *s)
{
	struct live_aggs *a = calloc(1, sizeof(*a));

	*out = a;
	if (!a)
		return -ENOMEM;
	a->s = s;
	return live_rows__new(&a->rows);
}

void live_aggs__free(struct live_aggs *a)
{
	if (!a)
		return;
	live_rows__free(a->rows);
	free(a->holds_seen);
	free(a);
}

static uint32_t stack_id(void *ctx, uint64_t key)
{
	struct collection *c = ctx;

	return live_stacks__by_key(c->a->s->stacks, key, c->sink, c->ctx, &c->err);
}

static enum lock_kind kind_of(void *ctx, uint32_t flags, uint32_t stack)
{
	struct collection *c = ctx;

	return live_kind__of(flags, live_stacks__get(c->a->s->stacks, stack));
}

static int put(struct live_aggs *a, uint32_t nr, struct collection *c)
{
	uint32_t i;
	int err = 0;

	for (i = 0; i < nr && !err; i++)
		err = live_rows__put(a->rows, &a->keys[i], &a->values[i], stack_id, kind_of, c) ?:
		      c->err;
	return err;
}

/* The map only grows, so a batch walk neither skips nor repeats what was there
 * when it began. */
static int fetch(struct live_aggs *a, struct collection *c)
{
	int fd = bpf_map__fd(a->s->bpf.skel->maps.aggs), end, err = 0;
	uint32_t at, nr;
	bool first = true;

	err = live_bpf__settle(&a->s->bpf);
	if (err)
		return err;
	do {
		nr = BATCH;
		end = bpf_map_lookup_batch(fd, first ? NULL : &at, &at, a->keys, a->values, &nr,
					   NULL);
		first = false;
		if (end && errno != ENOENT)
			return -errno;
		err = put(a, nr, c);
	} while (!end && !err);
	return err;
}

/* Before its first row that changed. */
static int tell_name(struct collection *c, const struct changed_lock *lock, uint32_t flags,
		     const struct rec_lock *id)
{
	struct source_live *s = c->a->s;

	if (c->named == lock->addr && c->named_flags == flags)
		return 0;
	c->named = lock->addr;
	c->named_flags = flags;
	return live_names__tell(s->names, id, live_stacks__get(s->stacks, lock->stack),
				lock->has_new, c->sink, c->ctx);
}

static int pass_row(void *ctx, const struct changed_lock *lock, uint32_t flags,
		    struct rec_agg *agg)
{
	struct collection *c = ctx;
	struct record rec = { .type = REC_AGG, .agg = *agg };
	int err;

	rec_lock__set_addr(&rec.agg.lock, lock->addr, lock->kind);
	rec.agg.mode = live_kind__mode(flags);
	rec.agg.spin = live_kind__spins(flags);
	rec.agg.by_task |= c->a->s->cfg.agg_by_task;
	err = tell_name(c, lock, flags, &rec.agg.lock);
	return err ?: c->sink(c->ctx, &rec);
}

/* Waits whose lock found no room: by flags, so at least kind and mode are known. */
static int pass_overflow(struct live_aggs *a, record_fn sink, void *ctx)
{
	struct lk_overflow sum[64];
	uint32_t flags;
	int err = 0;

	live_bpf__overflow(&a->s->bpf, sum);
	for (flags = 0; flags < 64 && !err; flags++) {
		struct record rec = { .type = REC_AGG };

		if (!sum[flags].count)
			continue;
		rec.agg.lock.kind = live_kind__of(flags, NULL);
		rec.agg.mode = live_kind__mode(flags);
		rec.agg.spin = live_kind__spins(flags);
		rec.agg.count = sum[flags].count;
		rec.agg.total_ns = sum[flags].total_ns;
		rec.agg.max_ns = sum[flags].max_ns;
		rec.agg.who.comm = "";
		err = sink(ctx, &rec);
	}
	return err;
}

/* Rows of holds that have changed since the last collection. */
static int pass_holds(struct live_aggs *a, record_fn sink, void *ctx)
{
	const struct live_bpf *b = &a->s->bpf;
	uint32_t i, k;
	int err = 0;

	if (!b->hooks || a->s->cfg.no_aggregates)
		return 0;
	/* Thousands of rows change all the time: a recording gets them now and then, and
	 * at its end. */
	if (a->s->cfg.emit_waits && b->skel->bss->tracing_on &&
	    live__now() - a->holds_ns < RECORD_HOLDS_NS)
		return 0;
	a->holds_ns = live__now();
	if (!a->holds_seen)
		a->holds_seen = calloc(b->nr_hold_rows, sizeof(*a->holds_seen));
	if (!a->holds_seen)
		return -ENOMEM;
	for (i = 0; i < b->nr_hold_rows && !err; i++) {
		const volatile struct lk_hold_row *row = &b->hold_rows[i];
		struct record rec = { .type = REC_HOLD_AGG };
		uint64_t hist[REC_HIST_BUCKETS];
		bool spin;

		if (!row->lock || row->count == a->holds_seen[i])
			continue;
		a->holds_seen[i] = row->count;
		live_kind__held(row->info, row->lock == LK_HOLD_ANY_LOCK ? 0 : row->lock,
				&rec.hold_agg.lock, &rec.hold_agg.mode, &spin);
		symbols__code(a->s->symbols, row->site, &rec.hold_agg.site);
		rec.hold_agg.count = row->count;
		rec.hold_agg.total_ns = row->total_ns;
		rec.hold_agg.max_ns = row->max_ns;
		for (k = 0; k < REC_HIST_BUCKETS; k++)
			hist[k] = row->hist[k];
		rec.hold_agg.hist = rec_hist__of(hist);
		err = live_names__tell(a->s->names, &rec.hold_agg.lock, NULL, false, sink,
				       ctx) ?:
		      sink(ctx, &rec);
	}
	return err;
}

/* A run may end before the child is given up.  What is told never becomes less. */
static void add_owed(struct live_aggs *a, struct rec_lost *lost)
{
	uint32_t pid, owed = a->s->reader ? live_reader__owed_user_stacks(a->s->reader, &pid) : 0;

	if (owed) {
		lost->user_stacks += owed;
		lost->user_stacks_pid = pid;
		lost->user_stacks_why = USER_STACK_LATE;
	}
	if (lost->user_stacks < a->most_owed.user_stacks) {
		lost->user_stacks = a->most_owed.user_stacks;
		lost->user_stacks_pid = a->most_owed.user_stacks_pid;
		lost->user_stacks_why = a->most_owed.user_stacks_why;
	}
	a->most_owed = *lost;
}

static int pass_lost(struct live_aggs *a, record_fn sink, void *ctx)
{
	struct record rec = { .type = REC_LOST };
	struct lk_counters nr;

	live_bpf__counters(&a->s->bpf, &nr);
	rec.lost = (struct rec_lost){
		.t_ns = live__t(a->s, live__now()),
		.ring = nr.lost_ring,
		.maps = nr.lost_agg + nr.lost_stack + nr.lost_tasks + a->s->unasked +
			live_stacks__lost(a->s->stacks) + nr.lost_slots + nr.lost_holds +
			a->s->longs_lost,
		.recursion = nr.lost_guard + nr.lost_spin + live_bpf__recursion_misses(&a->s->bpf),
		.stack_collisions = nr.stack_collisions,
		.held_overflow = nr.held_overflow,
		.looks = a->s->failed_reads,
		.lines = a->s->lines ? line_cache__lost(a->s->lines) : 0,
		.unread = a->s->unread,
		.unread_pid = a->s->unread_pid,
		.user_stacks = a->s->user_stacks,
		.user_stacks_pid = a->s->user_stacks_pid,
		.user_stacks_why = a->s->user_stacks_why,
	};
	add_owed(a, &rec.lost);
	return sink(ctx, &rec);
}

int live_aggs__collect(struct live_aggs *a, record_fn sink, void *ctx)
{
	struct collection c = { .a = a, .sink = sink, .ctx = ctx };
	int err = 0;

	if (!a->s->cfg.no_aggregates)
		err = fetch(a, &c) ?: live_rows__each_changed(a->rows, pass_row, &c);
	return err ?: pass_overflow(a, sink, ctx) ?: pass_holds(a, sink, ctx) ?:
	       pass_lost(a, sink, ctx);
}
