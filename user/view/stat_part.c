// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* The rows of a table: what passes the filter, less what was there before. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "record/caller.h"
#include "view/stat_part.h"

static struct stat_part part_of_waits(const struct rec_agg *a)
{
	return (struct stat_part){
		.agg = a,
		.lock = &a->lock,
		.mode = a->mode,
		.now = { a->count, a->total_ns, a->max_ns, a->hist },
	};
}

static struct stat_part part_of_holds(const struct rec_hold_agg *h)
{
	return (struct stat_part){
		.hold = h,
		.lock = &h->lock,
		.mode = h->mode,
		.now = { h->count, h->total_ns, h->max_ns, h->hist },
		.caller = h->site.addr ? &h->site : NULL,
	};
}

static int compare_holds(const struct rec_hold_agg *a, const struct rec_hold_agg *b)
{
	int c = (int)a->mode - (int)b->mode;

	return c ? c : stat__compare_u64(a->site.addr, b->site.addr);
}

int part__compare(const void *a, const void *b)
{
	const struct stat_part *x = a, *y = b;
	int c = stat__compare_u64(x->lock->key, y->lock->key);

	if (!c)
		c = (int)x->lock->kind - (int)y->lock->kind;
	if (!c)
		c = !!x->hold - !!y->hold;
	if (c)
		return c;
	return x->hold ? compare_holds(x->hold, y->hold) : stat__compare_row(x->agg, y->agg);
}

uint64_t part__max(const struct stat_part *p, bool *guess)
{
	*guess = p->then.count && p->now.max_ns <= p->then.max_ns;
	for (int b = p->now.hist.first + p->now.hist.nr - 1; *guess && b >= p->now.hist.first; b--)
		if (part__hist(p, b))
			return stat__bucket_end(b) < p->now.max_ns ? stat__bucket_end(b) :
								     p->now.max_ns;
	return p->now.max_ns;
}

static void sum_up(struct stat_sum *sum, const struct stat_part *p)
{
	sum->count = stat__add(sum->count, p->count);
	sum->total_ns = stat__add(sum->total_ns, part__total(p));
}

/* The part behind p->nr becomes p's own, unless it has not moved or is of no lock: the
 * kernel had no room to keep it.  Holds of no lock still have their site. */
static void keep(struct stat_parts *p, bool by_lock)
{
	struct stat_part *part = &p->list[p->nr];

	part->count = stat__since(part->now.count, part->then.count);
	if (part->count && part->agg && !part->lock->key)
		sum_up(&p->unaccounted, part);
	else if (part->count && !part->lock->key && by_lock)
		sum_up(&p->unaccounted_holds, part);
	else if (part->count)
		p->nr++;
}

/* Rows of one lock mostly lie together, and there are few stacks: what was found for
 * the last ones is looked up once. */
#define MEMO_STACKS 256

struct memo {
	const struct model *model;
	const struct rec_lock *lock;		/* NULL: none yet */
	const struct rec_lock_name *name;
	struct { uint32_t stack; const struct rec_frame *caller; } callers[MEMO_STACKS];
};

static const struct rec_lock_name *name_of(struct memo *m, const struct rec_lock *lock)
{
	if (!m->lock || m->lock->key != lock->key || m->lock->kind != lock->kind)
		m->name = model__name(m->model, lock);
	m->lock = lock;
	return m->name;
}

static const struct rec_frame *caller_of(struct memo *m, uint32_t stack)
{
	size_t at = stack % MEMO_STACKS;

	if (stack && m->callers[at].stack != stack) {
		m->callers[at].stack = stack;
		m->callers[at].caller = caller__frame(model__stack(m->model, stack));
	}
	return stack ? m->callers[at].caller : NULL;
}

static int make_room(struct stat_parts *p, size_t more)
{
	struct stat_part *list = reallocarray(p->list, p->nr + more + 1, sizeof(*list));

	if (!list)
		return -ENOMEM;
	p->list = list;
	return 0;
}

static const char *text_of(const struct rec_lock_name *name)
{
	return name ? name->name : NULL;
}

int stat_parts__add_waits(struct stat_parts *p, const struct view_input *in,
			  const struct stat_options *opt)
{
	struct memo memo = { .model = in->model };
	size_t nr;
	const struct stat_row *rows = model__stats(in->model, &nr);

	if (make_room(p, nr))
		return -ENOMEM;
	for (size_t i = 0; i < nr; i++) {
		const struct rec_agg *agg = &rows[i].agg;
		const struct rec_lock_name *name = name_of(&memo, &agg->lock);

		if (!view_filter__agg(in->filter, agg, text_of(name)))
			continue;
		p->list[p->nr] = part_of_waits(agg);
		p->list[p->nr].name = name;
		p->list[p->nr].caller = caller_of(&memo, agg->stack);
		if (opt->base)
			p->list[p->nr].then = stat_befores__get(&opt->base->waits, i);
		keep(p, true);
	}
	return 0;
}

int stat_parts__add_holds(struct stat_parts *p, const struct view_input *in,
			  const struct stat_options *opt)
{
	bool by_lock = opt->group == STAT_BY_LOCK || opt->group == STAT_BY_INSTANCE;
	struct memo memo = { .model = in->model };
	size_t nr;
	const struct hold_row *rows = model__holds(in->model, &nr);

	if (make_room(p, nr))
		return -ENOMEM;
	p->has_holds = false;
	for (size_t i = 0; i < nr; i++) {
		const struct rec_hold_agg *agg = &rows[i].agg;
		const struct rec_lock_name *name = name_of(&memo, &agg->lock);

		if (!view_filter__hold_agg(in->filter, agg, text_of(name)))
			continue;
		p->has_holds = true;
		p->list[p->nr] = part_of_holds(agg);
		p->list[p->nr].name = name;
		if (opt->base)
			p->list[p->nr].then = stat_befores__get(&opt->base->holds, i);
		keep(p, by_lock);
	}
	return 0;
}

void stat_parts__free(struct stat_parts *p)
{
	for (size_t i = 0; i < p->nr; i++)
		free(p->list[i].share_hist);
	free(p->list);
	*p = (struct stat_parts){ 0 };
}
