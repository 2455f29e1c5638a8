// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * Several rows of the kernel can be one to us: their stacks differ in the tracer's own
 * frames only.  So a row belongs to a group, which is what is told, and a group to a lock,
 * whose rows have one kind.  Nothing is sorted, and of a histogram only what is in it is
 * kept: there are tens of thousands of rows, every two seconds.
 */
#include "source/live_rows.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/hash.h"
#include "lib/map.h"
#include "lib/vec.h"

#define NONE UINT32_MAX

struct row {
	struct lk_agg_key key;
	uint32_t stack;		/* our id */
	uint32_t group, next;	/* in it */
	uint64_t count, total_ns, max_ns;
	struct rec_hist hist;
	uint64_t start_ns, cgroup;
	uint32_t pid, tid;
	char comm[LK_COMM_LEN];
};

struct group {
	uint32_t lock, next;	/* in it */
	uint32_t first;		/* row */
	uint32_t stack, tid;
	enum lock_kind kind;	/* as its stack tells */
	uint64_t told;		/* the count that was told last */
	bool is_new;
};

struct lock {
	uint64_t addr;
	uint32_t flags;
	uint32_t first, last;	/* groups */
	bool changed;
};

struct live_rows {
	struct row *rows;
	size_t nr_rows, cap_rows;
	struct group *groups;
	size_t nr_groups, cap_groups;
	struct lock *locks;
	size_t nr_locks, cap_locks;
	/* each from a hash, or the next free number after it, to an index */
	struct u64map *row_keys, *group_keys, *lock_keys;
	uint64_t sum[LK_HIST_BUCKETS];
};

int live_rows__new(struct live_rows **out)
{
	struct live_rows *r = calloc(1, sizeof(*r));

	*out = r;
	if (!r)
		return -ENOMEM;
	return u64map__new(&r->row_keys, 0) ?: u64map__new(&r->group_keys, 0) ?:
	       u64map__new(&r->lock_keys, 0);
}

void live_rows__free(struct live_rows *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->nr_rows; i++)
		rec_hist__drop(&r->rows[i].hist);
	u64map__free(r->row_keys);
	u64map__free(r->group_keys);
	u64map__free(r->lock_keys);
	free(r->rows);
	free(r->groups);
	free(r->locks);
	free(r);
}

static uint32_t lock_of(struct live_rows *r, uint64_t addr, uint32_t flags)
{
	uint64_t h, at;

	for (h = hash__add(addr, flags); u64map__get(r->lock_keys, h, &at); h++)
		if (r->locks[at].addr == addr && r->locks[at].flags == flags)
			return (uint32_t)at;
	if (!VEC_ROOM(r->locks, r->nr_locks, r->cap_locks) ||
	    u64map__set(r->lock_keys, h, r->nr_locks))
		return NONE;
	r->locks[r->nr_locks] = (struct lock){ .addr = addr, .flags = flags, .first = NONE,
					       .last = NONE };
	return (uint32_t)r->nr_locks++;
}

static uint32_t add_group(struct live_rows *r, uint64_t h, uint32_t lock, const struct row *row)
{
	struct lock *l = &r->locks[lock];
	uint32_t at = (uint32_t)r->nr_groups;

	if (!VEC_ROOM(r->groups, r->nr_groups, r->cap_groups) ||
	    u64map__set(r->group_keys, h, at))
		return NONE;
	r->groups[r->nr_groups++] = (struct group){ .lock = lock, .next = NONE, .first = NONE,
						    .stack = row->stack, .tid = row->key.tid,
						    .is_new = true };
	if (l->last == NONE)
		l->first = at;
	else
		r->groups[l->last].next = at;
	l->last = at;
	return at;
}

static uint32_t group_of(struct live_rows *r, const struct row *row, lock_kind_fn lock_kind,
			 void *ctx)
{
	uint32_t lock = lock_of(r, row->key.lock, row->key.flags), group;
	uint64_t h, at;

	if (lock == NONE)
		return NONE;
	for (h = hash__add(hash__add(lock, row->stack), row->key.tid);
	     u64map__get(r->group_keys, h, &at); h++)
		if (r->groups[at].lock == lock && r->groups[at].stack == row->stack &&
		    r->groups[at].tid == row->key.tid)
			return (uint32_t)at;
	group = add_group(r, h, lock, row);
	if (group != NONE)
		r->groups[group].kind = lock_kind(ctx, row->key.flags, row->stack);
	return group;
}

static void leave(struct live_rows *r, uint32_t row)
{
	struct group *g = &r->groups[r->rows[row].group];
	uint32_t *at = &g->first;

	while (*at != row)
		at = &r->rows[*at].next;
	*at = r->rows[row].next;
	g->told = 0;	/* what is left is told once more */
	r->locks[g->lock].changed = true;
}

static int join(struct live_rows *r, uint32_t row, lock_kind_fn lock_kind, void *ctx)
{
	uint32_t group = group_of(r, &r->rows[row], lock_kind, ctx);

	if (group == NONE)
		return -ENOMEM;
	r->rows[row].group = group;
	r->rows[row].next = r->groups[group].first;
	r->groups[group].first = row;
	return 0;
}

/* *out: the row of that key; made where there was none. */
static int find_row(struct live_rows *r, const struct lk_agg_key *key, uint32_t *out,
		    stack_id_fn stack_id, lock_kind_fn lock_kind, void *ctx)
{
	uint64_t h = hash__add(hash__add(key->lock, key->stack),
			       (uint64_t)key->flags << 32 | key->tid), at;

	for (; u64map__get(r->row_keys, h, &at); h++)
		if (!memcmp(&r->rows[at].key, key, sizeof(*key)))
			break;
	if (u64map__get(r->row_keys, h, &at)) {
		*out = (uint32_t)at;
		return 0;
	}
	if (!VEC_ROOM(r->rows, r->nr_rows, r->cap_rows) ||
	    u64map__set(r->row_keys, h, r->nr_rows))
		return -ENOMEM;
	*out = (uint32_t)r->nr_rows++;
	r->rows[*out] = (struct row){ .key = *key, .stack = stack_id(ctx, key->stack) };
	return join(r, *out, lock_kind, ctx);
}

static int update(struct row *row, const struct lk_agg *agg)
{
	struct rec_hist hist = rec_hist__of((const uint64_t *)agg->hist);

	row->count = agg->count;
	row->total_ns = agg->total_ns;
	row->max_ns = agg->max_ns;
	row->start_ns = agg->start_ns;
	row->cgroup = agg->cgroup;
	row->pid = agg->pid;
	row->tid = agg->tid;
	memcpy(row->comm, agg->comm, sizeof(row->comm));
	row->comm[sizeof(row->comm) - 1] = 0;
	return rec_hist__keep(&row->hist, &hist);
}

int live_rows__put(struct live_rows *r, const struct lk_agg_key *key, const struct lk_agg *agg,
		   stack_id_fn stack_id, lock_kind_fn lock_kind, void *ctx)
{
	uint32_t at;
	int err = find_row(r, key, &at, stack_id, lock_kind, ctx);

	if (err)
		return err;
	/* a stack that could not be read when the row was new */
	if (key->stack && !r->rows[at].stack) {
		uint32_t stack = stack_id(ctx, key->stack);

		if (stack) {
			leave(r, at);
			r->rows[at].stack = stack;
			err = join(r, at, lock_kind, ctx);
			if (err)
				return err;
		}
	}
	if (r->rows[at].count == agg->count)
		return 0;
	r->locks[r->groups[r->rows[at].group].lock].changed = true;
	return update(&r->rows[at], agg);
}

static void set_row(struct rec_agg *agg, const struct row *row)
{
	agg->count = row->count;
	agg->total_ns = row->total_ns;
	agg->max_ns = row->max_ns;
	agg->hist = row->hist;
	agg->by_task = row->key.tid;
	agg->who = (struct rec_who){ .tid = row->tid, .pid = row->pid, .ns_tid = row->tid,
				     .start_ns = row->start_ns, .cgroup = row->cgroup,
				     .comm = row->comm };
}

static void add_row(struct live_rows *r, struct rec_agg *agg, const struct row *row)
{
	if (agg->hist.counts != r->sum) {
		memset(r->sum, 0, sizeof(r->sum));
		for (int i = 0; i < agg->hist.nr; i++)
			r->sum[agg->hist.first + i] = agg->hist.counts[i];
		agg->hist.counts = r->sum;
	}
	agg->count += row->count;
	agg->total_ns += row->total_ns;
	if (row->max_ns > agg->max_ns)
		agg->max_ns = row->max_ns;
	for (int i = 0; i < row->hist.nr; i++)
		r->sum[row->hist.first + i] += row->hist.counts[i];
}

static void sum_up(struct live_rows *r, const struct group *g, struct rec_agg *agg)
{
	*agg = (struct rec_agg){ .stack = g->stack };
	if (g->first == NONE)
		return;
	set_row(agg, &r->rows[g->first]);
	for (uint32_t at = r->rows[g->first].next; at != NONE; at = r->rows[at].next)
		add_row(r, agg, &r->rows[at]);
	if (agg->hist.counts == r->sum)
		agg->hist = rec_hist__of(r->sum);
}

/* The kind that the first of its stacks tells is that of all, but for a ww_mutex: a mutex
 * is what is called so while nothing tells more. */
static struct changed_lock describe(const struct live_rows *r, const struct lock *l)
{
	struct changed_lock out = { .addr = l->addr };
	const struct group *lowest = NULL;
	bool ww = false;

	for (uint32_t at = l->first; at != NONE; at = r->groups[at].next) {
		const struct group *g = &r->groups[at];

		ww |= g->kind == KIND_WW_MUTEX;
		out.has_new |= g->is_new;
		if (g->stack && (!out.stack || g->stack < out.stack))
			out.stack = g->stack;
		if (!lowest || g->tid < lowest->tid ||
		    (g->tid == lowest->tid && g->stack < lowest->stack))
			lowest = g;
	}
	out.kind = ww ? KIND_WW_MUTEX : lowest ? lowest->kind : KIND_UNKNOWN;
	return out;
}

static int tell_lock(struct live_rows *r, const struct lock *l, changed_fn fn, void *ctx)
{
	const struct changed_lock lock = describe(r, l);
	struct rec_agg agg;
	int err = 0;

	for (uint32_t at = l->first; at != NONE && !err; at = r->groups[at].next) {
		struct group *g = &r->groups[at];

		sum_up(r, g, &agg);
		if (!agg.count || agg.count == g->told)
			continue;
		g->told = agg.count;
		g->is_new = false;
		err = fn(ctx, &lock, l->flags, &agg);
	}
	return err;
}

int live_rows__each_changed(struct live_rows *r, changed_fn fn, void *ctx)
{
	int err = 0;

	for (size_t i = 0; i < r->nr_locks && !err; i++) {
		if (!r->locks[i].changed)
			continue;
		r->locks[i].changed = false;
		err = tell_lock(r, &r->locks[i], fn, ctx);
	}
	return err;
}
