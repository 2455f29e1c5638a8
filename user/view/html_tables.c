// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Statistics in a page: the tables of `report`, and waits by lock and stack. */
#include <errno.h>
#include <stdlib.h>
#include "view/html_page.h"
#include "view/stat_part.h"

static const struct {
	const char *key;
	enum stat_group group;
} tables[] = {
	{ "name", STAT_BY_LOCK },
	{ "lock", STAT_BY_INSTANCE },
	{ "caller", STAT_BY_CALLER },
	{ "site", STAT_BY_SITE },
};

/* No table is by task: the page has one of single waits. */
static bool shows(const struct stat_table *t, const struct stat_column *c)
{
	return stat_table__shows(t, c) && c != stat_column__find("task");
}

static void put_columns(struct json *j, const struct stat_table *t)
{
	json__array(j, "columns");
	for (size_t i = 0; i < nr_stat_columns; i++) {
		const struct stat_column *c = &stat_columns[i];

		if (!shows(t, c))
			continue;
		json__array(j, NULL);
		json__str(j, NULL, c->id);
		json__str(j, NULL, c->title);
		json__end_array(j);
	}
	json__end_array(j);
}

/* [lock, which numbers are estimates, cells...] */
static void put_line(struct html_page *p, const struct stat_table *t, const struct stat_line *line)
{
	char text[512];

	json__array(&p->j, NULL);
	html_page__lock(p, stat_line__lock(line));
	json__u64(&p->j, NULL, line->guess);
	for (size_t i = 0; i < nr_stat_columns; i++) {
		const struct stat_column *c = &stat_columns[i];

		if (!shows(t, c))
			continue;
		if (c->value) {
			json__u64(&p->j, NULL, c->value(line));
			continue;
		}
		c->text(line, text, sizeof(text));
		json__str(&p->j, NULL, text);
	}
	json__end_array(&p->j);
}

static void put_table(struct html_page *p, const char *key, const struct stat_table *t)
{
	size_t all = stat_table__nr(t), nr = all < HTML_ROWS ? all : HTML_ROWS;

	json__object(&p->j, key);
	put_columns(&p->j, t);
	json__str(&p->j, "sort", stat_table__sort(t)->id);
	json__array(&p->j, "rows");
	for (size_t i = 0; i < nr; i++)
		put_line(p, t, stat_table__line(t, i));
	json__end_array(&p->j);
	json__u64(&p->j, "left_out", all - nr);
	json__end_object(&p->j);
}

static void put_totals(struct html_page *p, const struct stat_table *t)
{
	struct stat_sum none = stat_table__unaccounted(t), waits = none;
	struct stat_sum holds = stat_table__unaccounted_holds(t);

	for (size_t i = 0; i < stat_table__nr(t); i++) {
		const struct stat_line *line = stat_table__line(t, i);

		waits.count = stat__add(waits.count, line->count);
		waits.total_ns = stat__add(waits.total_ns, line->total_ns);
		holds.count = stat__add(holds.count, line->hold_count);
		holds.total_ns = stat__add(holds.total_ns, line->hold_ns);
	}
	json__object(&p->j, "totals");
	json__u64(&p->j, "locks", stat_table__nr(t));
	json__u64(&p->j, "waits", waits.count);
	json__u64(&p->j, "wait_ns", waits.total_ns);
	json__u64(&p->j, "holds", holds.count);
	json__u64(&p->j, "hold_ns", holds.total_ns);
	json__u64(&p->j, "unaccounted", none.count);
	json__u64(&p->j, "unaccounted_ns", none.total_ns);
	json__end_object(&p->j);
}

void html_page__put_tables(struct html_page *p)
{
	struct stat_table *by_instance = NULL;

	json__object(&p->j, "tables");
	for (size_t i = 0; !p->error && i < sizeof(tables) / sizeof(*tables); i++) {
		const struct stat_options opt = { .group = tables[i].group };
		struct stat_table *t;

		p->error = stat_table__new(&t, &p->in->view, &opt);
		if (p->error)
			break;
		put_table(p, tables[i].key, t);
		if (tables[i].group == STAT_BY_INSTANCE)
			by_instance = t;
		else
			stat_table__free(t);
	}
	json__end_object(&p->j);
	if (by_instance)
		put_totals(p, by_instance);
	stat_table__free(by_instance);
}

static uint64_t way_ns(const struct stat_part *part)
{
	return stat__add(part__total(part), part->share_ns);
}

static int by_time(const void *a, const void *b)
{
	int c = stat__compare_u64(way_ns(b), way_ns(a));

	return c ? c : part__compare(a, b);
}

/* [lock, stack, mode, spins, count, ns, longest, of these estimated: count, ns] */
static void put_way(struct html_page *p, const struct stat_part *part)
{
	struct json *j = &p->j;
	bool guess;

	json__array(j, NULL);
	html_page__lock(p, part->lock);
	html_page__stack(p, part->agg->stack);
	json__str(j, NULL, mode__name(part->mode));
	json__bool(j, NULL, part->agg->spin);
	json__u64(j, NULL, stat__add(part->count, part->share_count));
	json__u64(j, NULL, way_ns(part));
	json__u64(j, NULL, part__max(part, &guess));
	json__u64(j, NULL, part->share_count);
	json__u64(j, NULL, part->share_ns);
	json__end_array(j);
}

void html_page__put_ways(struct html_page *p)
{
	const struct stat_options opt = { .group = STAT_BY_CALLER };
	struct stat_parts parts = { 0 };
	struct stat_sum left_out = { 0 };
	size_t nr = 0;
	int err = stat_parts__add_waits(&parts, &p->in->view, &opt);

	if (!err)
		err = stat_share__unwalked(&parts);
	if (!err && parts.nr)
		qsort(parts.list, parts.nr, sizeof(*parts.list), by_time);
	json__object(&p->j, "ways");
	json__array(&p->j, "rows");
	for (size_t i = 0; !err && i < parts.nr; i++) {
		if (parts.list[i].shared)
			continue;
		if (nr < HTML_WAYS) {
			put_way(p, &parts.list[i]);
			nr++;
			continue;
		}
		left_out.count = stat__add(left_out.count, parts.list[i].count);
		left_out.total_ns = stat__add(left_out.total_ns, way_ns(&parts.list[i]));
	}
	json__end_array(&p->j);
	json__u64(&p->j, "left_out", left_out.count);
	json__u64(&p->j, "left_out_ns", left_out.total_ns);
	json__end_object(&p->j);
	stat_parts__free(&parts);
	if (err)
		p->error = err;
}
