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

#include "lockscope.skel.h" /* after abi.h: it uses its types */

#define BATCH 512
#define RECORD_HOLDS_NS 30000000000ULL

struct row {
	struct lk_agg_key key;	/* stack: the key in the kernel, then our id */
	struct lk_agg agg;
};

struct live_aggs {
	struct source_live *s;
	struct row *rows;	/* of this collection, sorted by key */
	size_t nr, cap;
	struct row *before;	/* of the one before */
	size_t nr_before, cap_before;
	uint64_t holds_ns;	/* when holds were last passed on */
	uint64_t *holds_seen;	/* per row of hold_rows: its count when it was passed on */
	struct lk_agg_key keys[BATCH];
	struct lk_agg values[BATCH];
};

int live_aggs__new(struct live_aggs **out, struct source_live *s)
{
	struct live_aggs *a = calloc(1, sizeof(*a));

	*out = a;
	if (!a)
		return -ENOMEM;
	a->s = s;
	return 0;
}

void live_aggs__free(struct live_aggs *a)
{
	if (!a)
		return;
	free(a->rows);
	free(a->before);
	free(a->holds_seen);
	free(a);
}

static int compare_keys(const struct lk_agg_key *x, const struct lk_agg_key *y)
{
	if (x->lock != y->lock)
		return x->lock < y->lock ? -1 : 1;
	if (x->flags != y->flags)
		return x->flags < y->flags ? -1 : 1;
	if (x->tid != y->tid)
		return x->tid < y->tid ? -1 : 1;
	return x->stack < y->stack ? -1 : x->stack > y->stack;
}

static int by_key(const void *a, const void *b)
{
	return compare_keys(&((const struct row *)a)->key, &((const struct row *)b)->key);
}

static int keep(struct live_aggs *a, uint32_t nr)
{
	uint32_t i;

	if (a->nr + nr > a->cap) {
		size_t cap = (a->nr + nr) * 2;
		struct row *rows = realloc(a->rows, cap * sizeof(*rows));

		if (!rows)
			return -ENOMEM;
		a->rows = rows;
		a->cap = cap;
	}
	for (i = 0; i < nr; i++)
		a->rows[a->nr++] = (struct row){ a->keys[i], a->values[i] };
	return 0;
}

/* The map only grows, so a batch walk neither skips nor repeats what was there
 * when it began. */
static int fetch(struct live_aggs *a)
{
	int fd = bpf_map__fd(a->s->bpf.skel->maps.aggs), err;
	uint32_t at, nr;
	bool first = true;

	a->nr = 0;
	for (;;) {
		nr = BATCH;
		err = bpf_map_lookup_batch(fd, first ? NULL : &at, &at, a->keys, a->values, &nr, NULL);
		first = false;
		if (err && errno != ENOENT)
			return -errno;
		if (keep(a, nr))
			return -ENOMEM;
		if (err)
			break;
	}
	return 0;
}

static void add_counts(struct lk_agg *to, const struct lk_agg *from)
{
	int i;

	to->count += from->count;
	to->total_ns += from->total_ns;
	if (from->max_ns > to->max_ns)
		to->max_ns = from->max_ns;
	for (i = 0; i < LK_HIST_BUCKETS; i++)
		to->hist[i] += from->hist[i];
}

/* Several kernel keys can be one stack to us: they differ in the tracer's own
 * frames.  Their rows become one. */
static int merge(struct live_aggs *a, record_fn sink, void *ctx)
{
	size_t i, kept = 0;
	int err = 0;

	for (i = 0; i < a->nr && !err; i++)
		a->rows[i].key.stack = live_stacks__by_key(a->s->stacks, a->rows[i].key.stack, sink,
							   ctx, &err);
	qsort(a->rows, a->nr, sizeof(*a->rows), by_key);
	for (i = 0; i < a->nr; i++) {
		if (kept && !compare_keys(&a->rows[kept - 1].key, &a->rows[i].key))
			add_counts(&a->rows[kept - 1].agg, &a->rows[i].agg);
		else if (kept++ != i)
			a->rows[kept - 1] = a->rows[i];
	}
	a->nr = kept;
	return err;
}

static const struct row *find_before(const struct live_aggs *a, const struct row *row)
{
	return !a->nr_before ? NULL :
		bsearch(row, a->before, a->nr_before, sizeof(*row), by_key);
}

static bool has_changed(const struct live_aggs *a, const struct row *row)
{
	const struct row *old = find_before(a, row);

	return !old || old->agg.count != row->agg.count;
}

static void fill_counts(struct rec_agg *to, const struct lk_agg *from)
{
	int i;

	to->count = from->count;
	to->total_ns = from->total_ns;
	to->max_ns = from->max_ns;
	for (i = 0; i < REC_HIST_BUCKETS; i++)
		to->hist[i] = from->hist[i];
}

static int pass_row(struct live_aggs *a, const struct row *row, enum lock_kind kind, record_fn sink,
		    void *ctx)
{
	struct record rec = { .type = REC_AGG };

	rec.agg.stack = (uint32_t)row->key.stack;
	rec_lock__set_addr(&rec.agg.lock, row->key.lock, kind);
	rec.agg.mode = live_kind__mode(row->key.flags);
	rec.agg.spin = live_kind__spins(row->key.flags);
	fill_counts(&rec.agg, &row->agg);
	rec.agg.by_task = row->key.tid || a->s->cfg.agg_by_task;
	rec.agg.who = (struct rec_who){ .tid = row->agg.tid, .pid = row->agg.pid,
					.ns_tid = row->agg.tid, .start_ns = row->agg.start_ns,
					.cgroup = row->agg.cgroup, .comm = row->agg.comm };
	return sink(ctx, &rec);
}

static int tell_name(struct live_aggs *a, const struct row *row, enum lock_kind kind,
		     const struct rec_stack *stack, record_fn sink, void *ctx)
{
	struct rec_lock lock;

	rec_lock__set_addr(&lock, row->key.lock, kind);
	return live_names__tell(a->s->names, &lock, stack, !find_before(a, row), sink, ctx);
}

/* Rows of one lock lie together: the kind that any of their stacks tells is the
 * kind of all with the same flags. */
static int pass_lock(struct live_aggs *a, size_t first, size_t end, record_fn sink, void *ctx)
{
	const struct rec_stack *known = NULL;	/* any of theirs */
	enum lock_kind kind = KIND_UNKNOWN;
	size_t i;
	int err = 0;

	for (i = first; i < end; i++) {
		const struct rec_stack *stack = live_stacks__get(a->s->stacks,
								 (uint32_t)a->rows[i].key.stack);
		enum lock_kind this_kind = live_kind__of(a->rows[i].key.flags, stack);

		known = known ? known : stack;
		if (kind == KIND_UNKNOWN || this_kind == KIND_WW_MUTEX)
			kind = this_kind;
	}
	for (i = first; i < end && !err; i++)
		if (a->rows[i].agg.count && has_changed(a, &a->rows[i]))
			err = tell_name(a, &a->rows[i], kind, known, sink, ctx) ?:
			      pass_row(a, &a->rows[i], kind, sink, ctx);
	return err;
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
			rec.hold_agg.hist[k] = row->hist[k];
		err = live_names__tell(a->s->names, &rec.hold_agg.lock, NULL, false, sink,
				       ctx) ?:
		      sink(ctx, &rec);
	}
	return err;
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
	};
	return sink(ctx, &rec);
}

int live_aggs__collect(struct live_aggs *a, record_fn sink, void *ctx)
{
	size_t first, end;
	int err = 0;

	if (!a->s->cfg.no_aggregates) {
		/* The last collection becomes the one before, and the memory of that is used
		 * anew: for thousands of locks, fresh pages cost more than what they hold. */
		struct row *rows = a->before;
		size_t cap = a->cap_before;

		a->before = a->rows;
		a->nr_before = a->nr;
		a->cap_before = a->cap;
		a->rows = rows;
		a->cap = cap;
		err = fetch(a) ?: merge(a, sink, ctx);
	}
	for (first = 0; first < a->nr && !err; first = end) {
		for (end = first + 1; end < a->nr && a->rows[end].key.lock == a->rows[first].key.lock &&
				      a->rows[end].key.flags == a->rows[first].key.flags; end++)
			;
		err = pass_lock(a, first, end, sink, ctx);
	}
	return err ?: pass_overflow(a, sink, ctx) ?: pass_holds(a, sink, ctx) ?:
	       pass_lost(a, sink, ctx);
}
