// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#define _GNU_SOURCE	/* qsort_r */
/*
 * A machine has tens of thousands of parts, each of some size.  So what is sorted are small
 * keys: a hash of what a part is grouped by, and its lock.
 */
#include "view/stat_order.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "lib/hash.h"

struct place {
	uint64_t group, lock;
	uint32_t part;
};

struct stat_order {
	const struct stat_part *list;
	struct place *places;
	size_t nr, nr_groups;
};

int stat__compare_frames(const struct rec_frame *a, const struct rec_frame *b)
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
		c = stat__compare_frames(x->caller, y->caller);
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


/* Equal where the orders above find no difference. */
static uint64_t hash_frame(const struct rec_frame *f)
{
	return f->sym ? hash__add(hash__str(f->sym), f->module && *f->module ?
				  hash__str(f->module) : 0) :
			hash__u64(f->addr);
}

static uint64_t hash_name(const struct stat_part *p)
{
	return p->name ? hash__add(hash__str(p->name->name), p->name->guess) : p->lock->key;
}

static uint64_t hash_caller(const struct stat_part *p)
{
	return p->caller ? hash_frame(p->caller) : p->lock->key;
}

static uint64_t hash_site(const struct stat_part *p)
{
	return p->caller ? hash__u64(p->caller->addr) : p->lock->key;
}

static uint64_t hash_task(const struct stat_part *p)
{
	return p->agg->by_task ? hash__add(p->agg->who.tid, p->agg->who.start_ns) : 0;
}

static uint64_t hash_of(enum stat_group group, const struct stat_part *p)
{
	switch (group) {
	case STAT_BY_LOCK:
		return hash__add(hash_name(p), p->lock->kind);
	case STAT_BY_INSTANCE:
		return hash__add(p->lock->key, p->lock->kind);
	case STAT_BY_CALLER:
		return hash__add(hash_caller(p), p->lock->kind);
	case STAT_BY_SITE:
		return hash__add(hash_site(p), p->lock->kind);
	default:
		return hash_task(p);
	}
}

static int by_key(const void *a, const void *b)
{
	const struct place *x = a, *y = b;
	int c = stat__compare_u64(x->group, y->group);

	if (!c)
		c = stat__compare_u64(x->lock, y->lock);
	return c ? c : stat__compare_u64(x->part, y->part);
}

static int by_row(const void *a, const void *b, void *list)
{
	const struct place *x = a, *y = b;
	const struct stat_part *parts = list;

	return part__compare(&parts[x->part], &parts[y->part]);
}

/* Those of one group and lock, by the rest of what makes rows differ. */
static void sort_runs(struct place *places, size_t nr, struct stat_part *list)
{
	for (size_t i = 0, end; i < nr; i = end) {
		bool sorted = true;

		for (end = i + 1; end < nr && places[end].group == places[i].group &&
				  places[end].lock == places[i].lock; end++)
			sorted &= by_row(&places[end - 1], &places[end], list) <= 0;
		if (!sorted)
			qsort_r(places + i, end - i, sizeof(*places), by_row, list);
	}
}

/* group NULL: all are one. */
static struct place *make_places(const struct stat_parts *parts, const enum stat_group *group)
{
	struct place *places = calloc(parts->nr + 1, sizeof(*places));

	for (size_t i = 0; places && i < parts->nr; i++)
		places[i] = (struct place){ group ? hash_of(*group, &parts->list[i]) : 0,
					    parts->list[i].lock->key, (uint32_t)i };
	if (!places)
		return NULL;
	qsort(places, parts->nr, sizeof(*places), by_key);
	sort_runs(places, parts->nr, parts->list);
	return places;
}

struct exact {
	const struct stat_part *list;
	enum stat_group group;
};

static int by_group(const void *a, const void *b, void *ctx)
{
	const struct place *x = a, *y = b;
	const struct exact *e = ctx;
	int c = group_orders[e->group](&e->list[x->part], &e->list[y->part]);

	return c ? c : part__compare(&e->list[x->part], &e->list[y->part]);
}

/* False: two groups have one hash. */
static bool count_groups(struct stat_order *o, enum stat_group group)
{
	o->nr_groups = o->nr ? 1 : 0;
	for (size_t i = 1; i < o->nr; i++) {
		bool same = stat_order__same(group, stat_order__part(o, i - 1),
					     stat_order__part(o, i));

		o->nr_groups += !same;
		if (!same && o->places[i].group == o->places[i - 1].group)
			return false;
	}
	return true;
}

int stat_order__new(struct stat_order **out, const struct stat_parts *parts, enum stat_group group)
{
	struct exact exact = { parts->list, group };
	struct stat_order *o = calloc(1, sizeof(*o));

	*out = o;
	if (!o)
		return -ENOMEM;
	o->list = parts->list;
	o->nr = parts->nr;
	o->places = make_places(parts, &group);
	if (!o->places)
		return -ENOMEM;
	if (!count_groups(o, group)) {
		qsort_r(o->places, o->nr, sizeof(*o->places), by_group, &exact);
		for (size_t i = 0; i < o->nr; i++)
			o->places[i].group = 0;
		o->nr_groups = o->nr;	/* at most */
	}
	return 0;
}

void stat_order__free(struct stat_order *o)
{
	if (!o)
		return;
	free(o->places);
	free(o);
}

const struct stat_part *stat_order__part(const struct stat_order *o, size_t i)
{
	return &o->list[o->places[i].part];
}

size_t stat_order__nr_groups(const struct stat_order *o)
{
	return o->nr_groups;
}

bool stat_order__same(enum stat_group group, const struct stat_part *a, const struct stat_part *b)
{
	return !group_orders[group](a, b);
}

int stat_order__sort_rows(struct stat_parts *parts)
{
	struct place *places = make_places(parts, NULL);
	struct stat_part *sorted = calloc(parts->nr + 1, sizeof(*sorted));

	for (size_t i = 0; places && sorted && i < parts->nr; i++)
		sorted[i] = parts->list[places[i].part];
	free(places);
	if (!places || !sorted) {
		free(sorted);
		return -ENOMEM;
	}
	free(parts->list);
	parts->list = sorted;
	return 0;
}
