// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#define _GNU_SOURCE	/* qsort_r */
/* Aggregates grouped into lines by lock, by caller or by task. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "lib/vec.h"
#include "view/caller.h"
#include "view/stat_part.h"

struct stat_table {
	struct stat_line *lines;
	size_t nr, cap;
	struct stat_part *parts;
	size_t nr_parts;
	uint64_t unaccounted, unaccounted_ns;
	const struct stat_column *sort;
	bool reverse;
	enum stat_group group;
};

static int compare_parts(const void *a, const void *b)
{
	const struct stat_part *x = a, *y = b;

	return stat__compare_row(x->agg, y->agg);
}

static int compare_row_ptrs(const void *a, const void *b)
{
	const struct rec_agg *const *x = a, *const *y = b;

	return stat__compare_row(*x, *y);
}

/* Both are sorted the same way, so one walk finds each row's earlier self. */
static int find_bases(struct stat_table *t, const struct stat_options *opt)
{
	const struct rec_agg **base;
	size_t at = 0;

	if (!opt->nr_base)
		return 0;
	base = calloc(opt->nr_base, sizeof(*base));
	if (!base)
		return -ENOMEM;
	for (size_t i = 0; i < opt->nr_base; i++)
		base[i] = &opt->base[i].agg;
	qsort(base, opt->nr_base, sizeof(*base), compare_row_ptrs);
	for (size_t i = 0; i < t->nr_parts; i++) {
		while (at < opt->nr_base && stat__compare_row(base[at], t->parts[i].agg) < 0)
			at++;
		if (at < opt->nr_base && !stat__compare_row(base[at], t->parts[i].agg))
			t->parts[i].base = base[at];
	}
	free(base);
	return 0;
}

static const char *name_of(const struct view_input *in, const struct rec_lock *lock)
{
	return model__lock_name(in->model, lock->key, NULL, NULL);
}

static int collect(struct stat_table *t, const struct view_input *in,
		   const struct stat_options *opt)
{
	size_t nr, kept = 0;
	const struct stat_row *rows = model__stats(in->model, &nr);
	int err;

	t->parts = calloc(nr + 1, sizeof(*t->parts));
	if (!t->parts)
		return -ENOMEM;
	for (size_t i = 0; i < nr; i++)
		if (view_filter__agg(in->filter, &rows[i].agg, name_of(in, &rows[i].agg.lock)))
			t->parts[t->nr_parts++].agg = &rows[i].agg;
	qsort(t->parts, t->nr_parts, sizeof(*t->parts), compare_parts);
	err = find_bases(t, opt);
	if (err)
		return err;
	for (size_t i = 0; i < t->nr_parts; i++) {
		struct stat_part *p = &t->parts[i];
		const struct rec_agg *a = p->agg, *b = p->base;

		p->count = stat__since(a->count, b, b ? b->count : 0);
		if (!p->count)
			continue;
		if (!a->lock.key) {
			t->unaccounted = stat__add(t->unaccounted, p->count);
			t->unaccounted_ns = stat__add(t->unaccounted_ns,
						stat__since(a->total_ns, b, b ? b->total_ns : 0));
			continue;
		}
		p->caller = a->stack ? caller__frame(model__stack(in->model, a->stack)) : NULL;
		t->parts[kept++] = *p;
	}
	t->nr_parts = kept;
	return 0;
}

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

static int by_lock(const void *a, const void *b)
{
	const struct rec_agg *x = ((const struct stat_part *)a)->agg;
	const struct rec_agg *y = ((const struct stat_part *)b)->agg;
	int c = stat__compare_u64(x->lock.key, y->lock.key);

	return c ? c : (int)x->lock.kind - (int)y->lock.kind;
}

/* Waits nobody is known for stay apart by lock. */
static int by_caller(const void *a, const void *b)
{
	const struct stat_part *x = a, *y = b;
	int c = (int)x->agg->lock.kind - (int)y->agg->lock.kind;

	if (!c)
		c = compare_frames(x->caller, y->caller);
	return c || x->caller ? c : stat__compare_u64(x->agg->lock.key, y->agg->lock.key);
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
	[STAT_BY_CALLER] = by_caller,
	[STAT_BY_TASK] = by_task,
};

/* Of a period only the histogram knows the longest wait, unless it is the longest
 * ever. */
static uint64_t max_of(const struct stat_part *p, bool *guess)
{
	*guess = p->base && p->agg->max_ns <= p->base->max_ns;
	for (int b = REC_HIST_BUCKETS - 1; *guess && b >= 0; b--)
		if (part__hist(p, b))
			return stat__bucket_end(b) < p->agg->max_ns ? stat__bucket_end(b) :
								      p->agg->max_ns;
	return p->agg->max_ns;
}

static void line_take(struct stat_line *l, const struct stat_part *p, enum stat_group group)
{
	bool guess_max;
	uint64_t max = max_of(p, &guess_max);

	l->kinds |= 1u << p->agg->lock.kind;
	l->modes |= 1u << p->agg->mode;
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

/* Within a group by lock, so that locks can be counted and runs are the same. */
static int by_group_and_row(const void *a, const void *b, void *ctx)
{
	int c = group_orders[*(enum stat_group *)ctx](a, b);

	return c ? c : compare_parts(a, b);
}

static int build_lines(struct stat_table *t, const struct view_input *in)
{
	int (*order)(const void *a, const void *b) = group_orders[t->group];
	const struct stat_part *last = NULL;

	qsort_r(t->parts, t->nr_parts, sizeof(*t->parts), by_group_and_row, &t->group);
	for (size_t i = 0; i < t->nr_parts; i++) {
		const struct stat_part *p = &t->parts[i];

		if (p->shared)
			continue;
		if (!last || order(last, p)) {
			if (!VEC_ROOM(t->lines, t->nr, t->cap))
				return -ENOMEM;
			t->lines[t->nr++] = (struct stat_line){
				.lock = p->agg->lock,
				.name = name_of(in, &p->agg->lock),
				.caller = p->caller,
				.has_who = p->agg->by_task && t->group == STAT_BY_TASK,
				.who = p->agg->who,
			};
			last = NULL;
		}
		if (!last || last->agg->lock.key != p->agg->lock.key)
			t->lines[t->nr - 1].nr_locks++;
		line_take(&t->lines[t->nr - 1], p, t->group);
		last = p;
	}
	return 0;
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
		c = stat__compare_u64(x->lock.key, y->lock.key);
	return c ? c : compare_frames(x->caller, y->caller);
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
	t->sort = stat_column__find(opt->sort ? opt->sort : "total");
	err = t->sort ? collect(t, in, opt) : -EINVAL;
	if (!err && t->group == STAT_BY_CALLER)
		err = stat_share__unwalked(t->parts, t->nr_parts);
	if (!err)
		err = build_lines(t, in);
	if (err) {
		stat_table__free(t);
		return err;
	}
	for (size_t i = 0; i < t->nr; i++)
		if (t->lines[i].share_max_ns > t->lines[i].max_ns)
			t->lines[i].guess |= GUESS_MAX;
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
	return line->nr_locks == 1 ? &line->lock : NULL;
}

void stat_table__unaccounted(const struct stat_table *t, uint64_t *count, uint64_t *total_ns)
{
	*count = t->unaccounted;
	*total_ns = t->unaccounted_ns;
}

void stat_table__free(struct stat_table *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->nr_parts; i++)
		free(t->parts[i].share_hist);
	free(t->parts);
	free(t->lines);
	free(t);
}
