// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#define _GNU_SOURCE	/* qsort_r */
/* Aggregates grouped into lines by name, by lock, by caller or by task. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "view/stat_order.h"

/* Where a line stands: by the value it is sorted by. */
struct rank {
	uint64_t value;
	uint32_t line;
};

struct stat_table {
	struct stat_line *lines;
	struct rank *ranks;
	size_t nr;
	struct stat_parts parts;
	const struct stat_column *sort;
	bool reverse;
	enum stat_group group;
};

static uint64_t frame_addr(const struct rec_frame *frame)
{
	return frame ? frame->addr : 0;
}

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
	for (int b = p->now.hist.first; b < p->now.hist.first + p->now.hist.nr; b++)
		l->hist[b] = stat__add(l->hist[b], part__hist(p, b));
	for (int b = 0; p->share_hist && b < REC_HIST_BUCKETS; b++)
		l->hist[b] = stat__add(l->hist[b], p->share_hist[b]);
	if (p->share_count) {
		l->guess |= GUESS_SHARE;
		if (p->share_max_ns > l->share_max_ns)
			l->share_max_ns = p->share_max_ns;
	}
	if (!p->caller || group == STAT_BY_CALLER)
		return;
	if (l->caller && stat__compare_frames(l->caller, p->caller))
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
	if (l->site && stat__compare_frames(l->site, p->caller))
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

static void line_begin(struct stat_table *t, const struct stat_part *p)
{
	struct stat_line *l = &t->lines[t->nr++];

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
}

/* parts in the order of places, which has the parts of a group together. */
static int build_lines(struct stat_table *t, const struct stat_order *places,
		       const struct snapshot *snap)
{
	const struct stat_part *last = NULL, *p;

	t->lines = calloc(stat_order__nr_groups(places) + 1, sizeof(*t->lines));
	if (!t->lines)
		return -ENOMEM;
	for (size_t i = 0; i < t->parts.nr; i++) {
		p = stat_order__part(places, i);
		if (p->shared)
			continue;
		if (!last || !stat_order__same(t->group, last, p)) {
			line_begin(t, p);
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

static int compare_lines(const struct stat_line *x, const struct stat_line *y,
			 const struct stat_table *t)
{
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
		c = stat__compare_frames(x->caller, y->caller);
	return c ? c : stat__compare_u64(frame_addr(x->site), frame_addr(y->site));
}

static int by_rank(const void *a, const void *b, void *ctx)
{
	const struct rank *x = a, *y = b;
	const struct stat_table *t = ctx;
	int c = t->reverse ? stat__compare_u64(x->value, y->value) :
			     stat__compare_u64(y->value, x->value);

	return c ? c : compare_lines(&t->lines[x->line], &t->lines[y->line], t);
}

/* Lines are large, so what is sorted are their numbers. */
static int rank_lines(struct stat_table *t)
{
	t->ranks = calloc(t->nr + 1, sizeof(*t->ranks));
	if (!t->ranks)
		return -ENOMEM;
	for (size_t i = 0; i < t->nr; i++)
		t->ranks[i] = (struct rank){ t->sort->value ? t->sort->value(&t->lines[i]) : 0,
					     (uint32_t)i };
	qsort_r(t->ranks, t->nr, sizeof(*t->ranks), by_rank, t);
	return 0;
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
	struct stat_order *places = NULL;
	int err = 0;

	if (t->group != STAT_BY_SITE)
		err = stat_parts__add_waits(&t->parts, in, opt);
	if (!err && t->group == STAT_BY_CALLER)
		err = stat_share__unwalked(&t->parts);
	if (!err && t->group != STAT_BY_TASK)
		err = stat_parts__add_holds(&t->parts, in, opt);
	if (!err)
		err = stat_order__new(&places, &t->parts, t->group);
	if (!err)
		err = build_lines(t, places, in->snap);
	stat_order__free(places);
	return err;
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
	if (!err) {
		finish_lines(t);
		err = rank_lines(t);
	}
	if (err) {
		stat_table__free(t);
		return err;
	}
	*out = t;
	return 0;
}

size_t stat_table__nr(const struct stat_table *t)
{
	return t->nr;
}

const struct stat_line *stat_table__line(const struct stat_table *t, size_t i)
{
	return i < t->nr ? &t->lines[t->ranks[i].line] : NULL;
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
	free(t->ranks);
	free(t);
}
