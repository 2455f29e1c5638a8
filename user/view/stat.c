// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#define _GNU_SOURCE	/* qsort_r */
/* Aggregates grouped into lines by name, by lock, by caller or by task. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "lib/vec.h"
#include "view/stat_part.h"

struct stat_table {
	struct stat_line *lines;
	size_t nr, cap;
	struct stat_parts parts;
	const struct stat_column *sort;
	bool reverse;
	enum stat_group group;
};

static int compare_frames(const struct rec_frame *a, const struct rec_frame *b)
{
	int c;

	if (!a || !b)
		return !!a - !!b;
	if (!a->sym || !b->sym)
		return a->sym || b->sym ? !!a->sym - !!b->sym : stat__compare_u64(a->addr, b->addr);
	c = strcmp(a->sym, b->sym);
	return c ? c : strcmp(a->module ? a->module : "", b->module ? b->module : "");
}

static int by_instance(const void *a, const void *b)
{
	const struct stat_part *x = a, *y = b;
	int c = stat__compare_u64(x->lock->key, y->lock->key);

	return c ? c : (int)x->lock->kind - (int)y->lock->kind;
}

/* Locks of one name are one; what has no name stays apart. */
static int by_lock(const void *a, const void *b)
{
	const struct stat_part *x = a, *y = b;
	int c = !!x->name - !!y->name;

	if (c || !x->name)
		return c ? c : by_instance(a, b);
	if (x->name->name != y->name->name)
		c = strcmp(x->name->name, y->name->name);
	if (!c)
		c = (int)x->name->guess - (int)y->name->guess;
	return c ? c : (int)x->lock->kind - (int)y->lock->kind;
}

/* What nobody is known for stays apart by lock. */
static int by_caller(const void *a, const void *b)
{
	const struct stat_part *x = a, *y = b;
	int c = (int)x->lock->kind - (int)y->lock->kind;

	if (!c)
		c = compare_frames(x->caller, y->caller);
	return c || x->caller ? c : stat__compare_u64(x->lock->key, y->lock->key);
}

static uint64_t frame_addr(const struct rec_frame *frame)
{
	return frame ? frame->addr : 0;
}

/* Two places in one function are two sites. */
static int by_site(const void *a, const void *b)
{
	const struct stat_part *x = a, *y = b;
	int c = (int)x->lock->kind - (int)y->lock->kind;

	if (!c)
		c = stat__compare_u64(frame_addr(x->caller), frame_addr(y->caller));
	return c || x->caller ? c : stat__compare_u64(x->lock->key, y->lock->key);
}

static int by_task(const void *a, const void *b)
{
	const struct rec_agg *x = ((const struct stat_part *)a)->agg;
	const struct rec_agg *y = ((const struct stat_part *)b)->agg;
	int c = (int)x->by_task - (int)y->by_task;

	if (c || !x->by_task)
		return c;
	c = stat__compare_u64(x->who.tid, y->who.tid);
	return c ? c : stat__compare_u64(x->who.start_ns, y->who.start_ns);
}

static int (*const group_orders[])(const void *a, const void *b) = {
	[STAT_BY_LOCK] = by_lock,
	[STAT_BY_INSTANCE] = by_instance,
	[STAT_BY_CALLER] = by_caller,
	[STAT_BY_TASK] = by_task,
	[STAT_BY_SITE] = by_site,
};

static void take_waits(struct stat_line *l, const struct stat_part *p, enum stat_group group)
{
	bool guess_max;
	uint64_t max = part__max(p, &guess_max);

	l->count = stat__add(stat__add(l->count, p->count), p->share_count);
	l->total_ns = stat__add(stat__add(l->total_ns, part__total(p)), p->share_ns);
	if (max > l->max_ns) {
		l->max_ns = max;
		l->guess = (l->guess & ~GUESS_MAX) | (guess_max ? GUESS_MAX : 0);
	}
	for (int b = 0; b < REC_HIST_BUCKETS; b++)
		l->hist[b] = stat__add(stat__add(l->hist[b], part__hist(p, b)),
				 p->share_hist ? p->share_hist[b] : 0);
	if (p->share_count) {
		l->guess |= GUESS_SHARE;
		if (p->share_max_ns > l->share_max_ns)
			l->share_max_ns = p->share_max_ns;
	}
	if (!p->caller || group == STAT_BY_CALLER)
		return;
	if (l->caller && compare_frames(l->caller, p->caller))
		l->several_callers = true;
	if (p->count > l->caller_count) {
		l->caller = p->caller;
		l->caller_count = p->count;
	}
}

static void take_holds(struct stat_line *l, const struct stat_part *p)
{
	bool guess_max;
	uint64_t max = part__max(p, &guess_max);

	l->hold_count = stat__add(l->hold_count, p->count);
	l->hold_ns = stat__add(l->hold_ns, part__total(p));
	if (max > l->hold_max_ns) {
		l->hold_max_ns = max;
		l->guess = (l->guess & ~GUESS_HOLD_MAX) | (guess_max ? GUESS_HOLD_MAX : 0);
	}
	if (!p->caller)
		return;
	if (l->site && compare_frames(l->site, p->caller))
		l->several_sites = true;
	if (p->count > l->site_count) {
		l->site = p->caller;
		l->site_count = p->count;
	}
}

static const char *name_of(const struct stat_part *p)
{
	return p->name ? p->name->name : NULL;
}

static void line_take(struct stat_line *l, const struct stat_part *p, enum stat_group group)
{
	l->kinds |= 1u << p->lock->kind;
	l->modes |= 1u << p->mode;
	l->several_names |= name_of(p) != l->name;
	if (p->hold)
		take_holds(l, p);
	else
		take_waits(l, p, group);
}

/* A line is one lock, or those of one name. */
static bool is_of_locks(const struct stat_table *t)
{
	return t->group == STAT_BY_LOCK || t->group == STAT_BY_INSTANCE;
}

static uint32_t nr_waiters(const struct snapshot *snap, uint64_t key)
{
	uint32_t lock = snap ? snapshot__find_lock(snap, key) : SNAP_NONE;

	return lock == SNAP_NONE ? 0 : snap->locks[lock].nr_waiters;
}

/* Within a group by lock, so that locks can be counted and runs are the same. */
static int by_group_and_row(const void *a, const void *b, void *ctx)
{
	int c = group_orders[*(enum stat_group *)ctx](a, b);

	return c ? c : part__compare(a, b);
}

static int line_begin(struct stat_table *t, const struct stat_part *p)
{
	struct stat_line *l;

	if (!VEC_ROOM(t->lines, t->nr, t->cap))
		return -ENOMEM;
	l = &t->lines[t->nr++];
	*l = (struct stat_line){
		.lock = *p->lock,
		.caller = p->agg || t->group == STAT_BY_CALLER ? p->caller : NULL,
		.has_who = t->group == STAT_BY_TASK && p->agg->by_task,
	};
	if (l->has_who)
		l->who = p->agg->who;
	l->name = name_of(p);
	l->name_guess = p->name && p->name->guess;
	l->object = p->name ? p->name->object : NULL;
	return 0;
}

static int build_lines(struct stat_table *t, const struct snapshot *snap)
{
	int (*order)(const void *a, const void *b) = group_orders[t->group];
	const struct stat_part *last = NULL, *p, *end = t->parts.list + t->parts.nr;

	if (t->parts.nr)
		qsort_r(t->parts.list, t->parts.nr, sizeof(*p), by_group_and_row, &t->group);
	for (p = t->parts.list; p < end; p++) {
		if (p->shared)
			continue;
		if (!last || order(last, p)) {
			if (line_begin(t, p))
				return -ENOMEM;
			last = NULL;
		}
		if (!last || last->lock->key != p->lock->key) {
			t->lines[t->nr - 1].nr_locks++;
			if (is_of_locks(t))
				t->lines[t->nr - 1].nr_waiters += nr_waiters(snap, p->lock->key);
		}
		line_take(&t->lines[t->nr - 1], p, t->group);
		last = p;
	}
	return 0;
}

/* What is known only when all parts are in. */
static void finish_lines(struct stat_table *t)
{
	for (size_t i = 0; i < t->nr; i++) {
		struct stat_line *l = &t->lines[i];

		if (l->share_max_ns > l->max_ns)
			l->guess |= GUESS_MAX;
		if (!l->count) {
			l->caller = l->site;
			l->several_callers = l->several_sites;
		}
	}
}

static int compare_lines(const void *a, const void *b, void *ctx)
{
	const struct stat_line *x = a, *y = b;
	const struct stat_table *t = ctx;
	char left[512], right[512];
	int c;

	if (t->sort->value) {
		c = stat__compare_u64(t->sort->value(y), t->sort->value(x));
	} else {
		t->sort->text(x, left, sizeof(left));
		t->sort->text(y, right, sizeof(right));
		c = strcmp(left, right);
	}
	if (t->reverse)
		c = -c;
	if (!c)
		c = stat__compare_u64(y->total_ns, x->total_ns);
	if (!c)
		c = stat__compare_u64(y->hold_ns, x->hold_ns);
	if (!c)
		c = stat__compare_u64(x->lock.key, y->lock.key);
	if (!c)
		c = compare_frames(x->caller, y->caller);
	return c ? c : stat__compare_u64(frame_addr(x->site), frame_addr(y->site));
}

/* NULL: there is no such column. */
static const struct stat_column *sort_column(const struct stat_options *opt)
{
	const struct stat_column *c = stat_column__find(opt->sort ? opt->sort : "total");

	if (c && opt->group == STAT_BY_SITE && c->of_holds)
		c = stat_column__find(c->of_holds);
	return c;
}

static int collect(struct stat_table *t, const struct view_input *in,
		   const struct stat_options *opt)
{
	int err = 0;

	if (t->group != STAT_BY_SITE)
		err = stat_parts__add_waits(&t->parts, in, opt);
	if (!err && t->group == STAT_BY_CALLER)
		err = stat_share__unwalked(t->parts.list, t->parts.nr);
	if (!err && t->group != STAT_BY_TASK)
		err = stat_parts__add_holds(&t->parts, in, opt);
	return err ? err : build_lines(t, in->snap);
}

int stat_table__new(struct stat_table **out, const struct view_input *in,
		    const struct stat_options *opt)
{
	struct stat_table *t = calloc(1, sizeof(*t));
	int err;

	if (!t)
		return -ENOMEM;
	t->group = opt->group;
	t->reverse = opt->reverse;
	t->sort = sort_column(opt);
	err = t->sort ? collect(t, in, opt) : -EINVAL;
	if (err) {
		stat_table__free(t);
		return err;
	}
	finish_lines(t);
	if (t->nr)
		qsort_r(t->lines, t->nr, sizeof(*t->lines), compare_lines, t);
	*out = t;
	return 0;
}

size_t stat_table__nr(const struct stat_table *t)
{
	return t->nr;
}

const struct stat_line *stat_table__line(const struct stat_table *t, size_t i)
{
	return i < t->nr ? &t->lines[i] : NULL;
}

const struct rec_lock *stat_line__lock(const struct stat_line *line)
{
	return line->nr_locks == 1 && line->lock.key ? &line->lock : NULL;
}

bool stat_table__has_holds(const struct stat_table *t)
{
	return t->parts.has_holds;
}

bool stat_table__shows(const struct stat_table *t, const struct stat_column *column)
{
	switch (column->about) {
	case ABOUT_WAITS:
		return t->group != STAT_BY_SITE;
	case ABOUT_HOLDS:
		return t->parts.has_holds;
	case ABOUT_SITES:
		return t->group == STAT_BY_SITE;
	case ABOUT_LOCKS:
		return is_of_locks(t);
	default:
		return true;
	}
}

const struct stat_column *stat_table__sort(const struct stat_table *t)
{
	return t->sort;
}

struct stat_sum stat_table__unaccounted(const struct stat_table *t)
{
	return t->parts.unaccounted;
}

struct stat_sum stat_table__unaccounted_holds(const struct stat_table *t)
{
	return t->parts.unaccounted_holds;
}

void stat_table__free(struct stat_table *t)
{
	if (!t)
		return;
	stat_parts__free(&t->parts);
	free(t->lines);
	free(t);
}
