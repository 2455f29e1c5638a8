// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "lib/fmt.h"
#include "view/prometheus_int.h"
#include "view/stat_part.h"
#include "view/ways.h"

#define NAME_LEN 200

/* Lines of one name and kind together. */
struct item {
	char *name;
	enum lock_kind kind;
	uint64_t n[NR_COUNTERS];
	uint64_t wait_max_ns, hold_max_ns, waiters;
	bool taken;
};

void series_set__init(struct series_set *s)
{
	*s = (struct series_set){ .nr = 1 };
	s->slots[0].kind = "other";
}

void series_set__free(struct series_set *s)
{
	for (size_t i = 0; i < s->nr; i++)
		free(s->slots[i].name);
	s->nr = 0;
}

static enum lock_kind kind_of(const struct stat_line *line)
{
	return line->kinds ? (enum lock_kind)__builtin_ctz(line->kinds) : KIND_UNKNOWN;
}

static char *name_of(const struct stat_line *line, enum stat_group group)
{
	const struct rec_frame *f = line->caller ? line->caller : line->site;
	char text[NAME_LEN];

	if (group == STAT_BY_LOCK)
		fmt__safe(text, sizeof(text), line->name ? line->name : "unnamed", true);
	else if (f && f->sym)
		ways__frame(text, sizeof(text), f);
	else
		strcpy(text, "unknown");
	return strdup(text);
}

static int by_name(const void *a, const void *b)
{
	const struct item *x = a, *y = b;
	int c = strcmp(x->name, y->name);

	return c ? c : (int)x->kind - (int)y->kind;
}

static uint64_t time_of(const struct item *item)
{
	return stat__add(item->n[COUNT_WAIT_NS], item->n[COUNT_HOLD_NS]);
}

static int by_time(const void *a, const void *b)
{
	int c = stat__compare_u64(time_of(b), time_of(a));

	return c ? c : by_name(a, b);
}

static void greater(uint64_t *to, uint64_t value)
{
	if (value > *to)
		*to = value;
}

static void add_item(struct item *to, const struct item *from)
{
	for (int k = 0; k < NR_COUNTERS; k++)
		to->n[k] = stat__add(to->n[k], from->n[k]);
	greater(&to->wait_max_ns, from->wait_max_ns);
	greater(&to->hold_max_ns, from->hold_max_ns);
	to->waiters += from->waiters;
}

/* One item a name and kind, the most time first. */
static size_t merge(struct item *items, size_t nr)
{
	size_t kept = 0;

	if (nr)
		qsort(items, nr, sizeof(*items), by_name);
	for (size_t i = 0; i < nr; i++) {
		if (kept && !by_name(&items[kept - 1], &items[i])) {
			add_item(&items[kept - 1], &items[i]);
			free(items[i].name);
		} else {
			items[kept++] = items[i];
		}
	}
	if (kept)
		qsort(items, kept, sizeof(*items), by_time);
	return kept;
}

static int read_items(struct item **out, size_t *out_nr, const struct stat_table *t,
		      enum stat_group group)
{
	size_t nr = stat_table__nr(t), i;
	struct item *items = calloc(nr + 1, sizeof(*items));

	for (i = 0; items && i < nr; i++) {
		const struct stat_line *line = stat_table__line(t, i);
		bool holds = group == STAT_BY_LOCK;	/* of callers, waits alone are told */

		items[i] = (struct item){
			.name = name_of(line, group),
			.kind = kind_of(line),
			.n = { line->count, line->total_ns, holds ? line->hold_count : 0,
			       holds ? line->hold_ns : 0 },
			.wait_max_ns = line->max_ns,
			.hold_max_ns = line->hold_max_ns,
			.waiters = line->nr_waiters,
		};
		if (!items[i].name)
			break;
	}
	if (!items || i < nr) {
		while (items && i > 0)
			free(items[--i].name);
		free(items);
		return -ENOMEM;
	}
	*out = items;
	*out_nr = merge(items, nr);
	return 0;
}

static struct series *find(struct series_set *s, const struct item *item)
{
	for (size_t i = 1; i < s->nr; i++)
		if (s->slots[i].kind == kind__name(item->kind) &&
		    !strcmp(s->slots[i].name, item->name))
			return &s->slots[i];
	return NULL;
}

static void show(struct series *slot, struct item *item)
{
	item->taken = true;
	for (int k = 0; k < NR_COUNTERS; k++)
		greater(&slot->shown[k], stat__since(item->n[k], slot->base[k]));
	slot->wait_max_ns = item->wait_max_ns;
	slot->hold_max_ns = item->hold_max_ns;
	slot->waiters = item->waiters;
}

/* What is in no series of its own. */
static uint64_t rest(const struct series_set *s, const uint64_t *total, int k)
{
	uint64_t left = total[k];

	for (size_t i = 1; i < s->nr; i++)
		left -= s->slots[i].shown[k] < left ? s->slots[i].shown[k] : left;
	return left;
}

/* It takes from "other" no more than that has grown by since it was last shown. */
static void give_slot(struct series_set *s, struct item *item, const uint64_t *total)
{
	struct series *slot = &s->slots[s->nr];

	*slot = (struct series){ .name = item->name, .kind = kind__name(item->kind) };
	for (int k = 0; k < NR_COUNTERS; k++) {
		uint64_t left = rest(s, total, k), before = s->slots[0].shown[k];
		uint64_t grown = left > before ? left - before : 0;

		slot->base[k] = item->n[k] > grown ? item->n[k] - grown : 0;
	}
	item->name = NULL;	/* the slot's now */
	s->nr++;
	show(slot, item);
}

static void show_other(struct series_set *s, const struct item *items, size_t nr,
		       const uint64_t *total)
{
	struct series *other = &s->slots[0];

	for (int k = 0; k < NR_COUNTERS; k++)
		greater(&other->shown[k], rest(s, total, k));
	other->wait_max_ns = other->hold_max_ns = other->waiters = 0;
	for (size_t i = 0; i < nr; i++) {
		if (items[i].taken)
			continue;
		greater(&other->wait_max_ns, items[i].wait_max_ns);
		greater(&other->hold_max_ns, items[i].hold_max_ns);
		other->waiters += items[i].waiters;
	}
}

int series_set__update(struct series_set *s, const struct view_input *in, enum stat_group group)
{
	const struct stat_options opt = { .group = group };
	uint64_t total[NR_COUNTERS] = { 0 };
	struct stat_table *t;
	struct stat_sum waits, holds;
	struct item *items;
	size_t nr;
	int err = stat_table__new(&t, in, &opt);

	if (err)
		return err;
	s->has_holds = stat_table__has_holds(t);
	waits = stat_table__unaccounted(t);
	holds = stat_table__unaccounted_holds(t);
	err = read_items(&items, &nr, t, group);
	stat_table__free(t);
	if (err)
		return err;
	total[COUNT_WAITS] = waits.count;
	total[COUNT_WAIT_NS] = waits.total_ns;
	total[COUNT_HOLDS] = holds.count;
	total[COUNT_HOLD_NS] = holds.total_ns;
	for (size_t i = 0; i < nr; i++) {
		struct series *slot = find(s, &items[i]);

		for (int k = 0; k < NR_COUNTERS; k++)
			total[k] = stat__add(total[k], items[i].n[k]);
		if (slot)
			show(slot, &items[i]);
	}
	for (size_t i = 0; i < nr && i < PROMETHEUS_TOP && s->nr <= PROMETHEUS_SERIES; i++)
		if (!items[i].taken && time_of(&items[i]))
			give_slot(s, &items[i], total);
	show_other(s, items, nr, total);
	for (size_t i = 0; i < nr; i++)
		free(items[i].name);
	free(items);
	return 0;
}
