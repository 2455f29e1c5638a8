// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* One table after another, as text or as JSON objects. */
#include <errno.h>
#include <string.h>
#include "cmd/table.h"
#include "cmd/top_int.h"
#include "lib/fmt.h"
#include "lib/json.h"
#include "view/finding_group.h"

void top__options(const struct top *t, bool sum, struct stat_options *opt)
{
	const struct moment *from = sum ? &t->zero : &t->base;

	table__options(t->run.opt, opt);
	opt->base = &from->stat;
}

static int make_table(struct top *t, struct view_input *in, struct stat_options *opt,
		      struct stat_table **table)
{
	int err = run__view_input(&t->run, in);

	top__options(t, false, opt);
	return err ? err : stat_table__new(table, in, opt);
}

static uint64_t sum_of(const struct stat_table *table, const char *column)
{
	const struct stat_column *c = stat_column__find(column);
	uint64_t sum = 0;

	for (size_t i = 0; i < stat_table__nr(table); i++)
		sum += c->value(stat_table__line(table, i));
	return sum;
}

/* "  12 waits/s" at the end of buf. */
static void put_rate(const struct top *t, const struct stat_table *table, const char *column,
		     const char *what, char *buf, size_t size)
{
	double period_s = (double)(t->latest.t_ns - t->base.t_ns) / 1e9;
	size_t len = strlen(buf);
	char rate[FMT_LEN];

	snprintf(buf + len, size - len, "  %s %s/s",
		 fmt__count(rate, sizeof(rate), period_s > 0 ?
			    (uint64_t)((double)sum_of(table, column) / period_s) : 0), what);
}

static void make_title(const struct top *t, const struct stat_table *table, char *buf, size_t size)
{
	snprintf(buf, size, "lockscope top  %.1f s  every %.1f s", (double)t->latest.t_ns / 1e9,
		 (double)t->delay_ns / 1e9);
	if (stat_table__shows(table, stat_column__find("count")))
		put_rate(t, table, "count", "waits", buf, size);
	if (stat_table__has_holds(table))
		put_rate(t, table, "holds", "holds", buf, size);
}

static void put_finding(FILE *out, const struct view_input *in, const struct finding_group *g)
{
	char summary[768], safe[1024], more[32] = "";

	if (g->nr > 1)
		snprintf(more, sizeof(more), " and %u more", g->nr - 1);
	fprintf(out, "%s #%llu%s: %s\n", finding_kind__name(g->first->kind),
		(unsigned long long)g->first->id, more,
		fmt__safe(safe, sizeof(safe), finding_group__summary(summary, sizeof(summary), g),
			  in->style.utf8));
}

static int print_text(struct top *t)
{
	FILE *out = output__file(t->run.out);
	struct stat_options opt;
	struct view_input in;
	struct stat_table *table;
	struct finding_groups groups;
	char title[512];
	int err = make_table(t, &in, &opt, &table);

	if (err)
		return err;
	make_title(t, table, title, sizeof(title));
	stat_table__free(table);
	fprintf(out, "%s\n", title);
	err = finding_groups__make(&groups, in.findings, in.nr_findings,
				   in.single ? GROUP_NONE : GROUP_NAMES);
	for (size_t i = 0; i < groups.nr; i++)
		put_finding(out, &in, &groups.list[i]);
	finding_groups__free(&groups);
	if (!err)
		err = view_text__stat(out, &in, &opt);
	fputc('\n', out);
	return err;
}

/* A cell as it is, not as it is shown. */
static void put_cell(struct json *j, const struct stat_column *c, const struct stat_line *line)
{
	char text[512];

	if (c->value) {
		json__u64(j, c->json, c->value(line));
		return;
	}
	c->text(line, text, sizeof(text));
	json__str(j, c->json, text);
}

static void put_line(struct json *j, const struct stat_table *table, const struct stat_line *line)
{
	const struct rec_lock *lock = stat_line__lock(line);
	char id[512];

	json__object(j, NULL);
	for (size_t i = 0; i < nr_stat_columns; i++)
		if (stat_table__shows(table, &stat_columns[i]))
			put_cell(j, &stat_columns[i], line);
	json__str(j, "lock_id", lock ? rec_lock__format(lock, id, sizeof(id)) : NULL);
	json__end_object(j);
}

static void put_rows(struct json *j, const char *key, const struct stat_table *table, size_t limit)
{
	json__array(j, key);
	for (size_t i = 0; i < stat_table__nr(table) && (!limit || i < limit); i++)
		put_line(j, table, stat_table__line(table, i));
	json__end_array(j);
}

/* Holds by where they were taken; nothing where none are counted. */
static int put_sites(struct json *j, const struct view_input *in, const struct stat_options *opt)
{
	struct stat_options by_site = *opt;
	struct stat_table *table;
	int err;

	by_site.group = STAT_BY_SITE;
	err = stat_table__new(&table, in, &by_site);
	if (err)
		return err;
	if (stat_table__has_holds(table))
		put_rows(j, "sites", table, opt->limit);
	stat_table__free(table);
	return 0;
}

static int print_json(struct top *t)
{
	struct stat_options opt;
	struct view_input in;
	struct stat_table *table;
	struct json j;
	int err = make_table(t, &in, &opt, &table);

	if (err)
		return err;
	json__init(&j, output__file(t->run.out));
	json__object(&j, NULL);
	json__str(&j, "type", "top");
	json__i64(&j, "t_ns", t->latest.t_ns);
	json__i64(&j, "period_ns", t->latest.t_ns - t->base.t_ns);
	put_rows(&j, "rows", table, opt.limit);
	stat_table__free(table);
	err = put_sites(&j, &in, &opt);
	json__end_object(&j);
	t->run.stream.nr_lines++;
	return err ? err : json__done(&j);
}

int top_batch__print(struct top *t)
{
	int err = t->run.opt->json ? print_json(t) : print_text(t);

	return err ? err : run__flush(&t->run);
}
