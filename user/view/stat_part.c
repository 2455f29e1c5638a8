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
	*guess = p->then.hist && p->now.max_ns <= p->then.max_ns;
	for (int b = REC_HIST_BUCKETS - 1; *guess && b >= 0; b--)
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

/* Both are sorted the same way, so one walk finds each row's earlier self. */
static void find_then(struct stat_part *parts, size_t nr, struct stat_part *base, size_t nr_base)
{
	size_t at = 0;

	qsort(parts, nr, sizeof(*parts), part__compare);
	qsort(base, nr_base, sizeof(*base), part__compare);
	for (size_t i = 0; i < nr; i++) {
		while (at < nr_base && part__compare(&base[at], &parts[i]) < 0)
			at++;
		if (at < nr_base && !part__compare(&base[at], &parts[i]))
			parts[i].then = base[at].now;
	}
}

/* The parts behind p->nr become p's own, less those that have not moved and those of
 * no lock: the kernel had no room to keep it.  Holds of no lock still have their site. */
static void keep(struct stat_parts *p, const struct model *model, size_t nr, bool by_lock)
{
	const struct stat_part *from = p->list + p->nr;

	for (size_t i = 0; i < nr; i++) {
		struct stat_part part = from[i];

		part.count = stat__since(part.now.count, part.then.count);
		part.name = model__name(model, part.lock);
		if (part.count && part.agg && !part.lock->key)
			sum_up(&p->unaccounted, &part);
		else if (part.count && !part.lock->key && by_lock)
			sum_up(&p->unaccounted_holds, &part);
		else if (part.count)
			p->list[p->nr++] = part;
	}
}

static int make_room(struct stat_parts *p, size_t more)
{
	struct stat_part *list = reallocarray(p->list, p->nr + more + 1, sizeof(*list));

	if (!list)
		return -ENOMEM;
	p->list = list;
	return 0;
}

int stat_parts__add_waits(struct stat_parts *p, const struct view_input *in,
			  const struct stat_options *opt)
{
	size_t nr_rows, nr = 0, first = p->nr;
	const struct stat_row *rows = model__stats(in->model, &nr_rows);
	struct stat_part *base = calloc(opt->nr_base + 1, sizeof(*base));

	if (!base || make_room(p, nr_rows)) {
		free(base);
		return -ENOMEM;
	}
	for (size_t i = 0; i < nr_rows; i++)
		if (view_filter__agg(in->filter, &rows[i].agg,
				     model__lock_name(in->model, &rows[i].agg.lock)))
			p->list[first + nr++] = part_of_waits(&rows[i].agg);
	for (size_t i = 0; i < opt->nr_base; i++)
		base[i] = part_of_waits(&opt->base[i].agg);
	find_then(p->list + first, nr, base, opt->nr_base);
	free(base);
	keep(p, in->model, nr, true);
	for (size_t i = first; i < p->nr; i++) {
		uint32_t stack = p->list[i].agg->stack;

		p->list[i].caller = stack ? caller__frame(model__stack(in->model, stack)) : NULL;
	}
	return 0;
}

int stat_parts__add_holds(struct stat_parts *p, const struct view_input *in,
			  const struct stat_options *opt)
{
	size_t nr_rows, nr = 0, first = p->nr;
	const struct hold_row *rows = model__holds(in->model, &nr_rows);
	struct stat_part *base = calloc(opt->nr_base_holds + 1, sizeof(*base));

	if (!base || make_room(p, nr_rows)) {
		free(base);
		return -ENOMEM;
	}
	for (size_t i = 0; i < nr_rows; i++)
		if (view_filter__hold_agg(in->filter, &rows[i].agg,
					  model__lock_name(in->model, &rows[i].agg.lock)))
			p->list[first + nr++] = part_of_holds(&rows[i].agg);
	for (size_t i = 0; i < opt->nr_base_holds; i++)
		base[i] = part_of_holds(&opt->base_holds[i].agg);
	p->has_holds = nr;
	find_then(p->list + first, nr, base, opt->nr_base_holds);
	free(base);
	keep(p, in->model, nr, opt->group == STAT_BY_LOCK || opt->group == STAT_BY_INSTANCE);
	return 0;
}

void stat_parts__free(struct stat_parts *p)
{
	for (size_t i = 0; i < p->nr; i++)
		free(p->list[i].share_hist);
	free(p->list);
	*p = (struct stat_parts){ 0 };
}
