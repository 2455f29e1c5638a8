// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * top.c - what is waited for now, refreshed: full screen, or one table after
 * another.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "cmd/run.h"
#include "cmd/summary.h"
#include "cmd/table.h"
#include "lib/fmt.h"
#include "lib/json.h"
#include "view/tui.h"

#define NS_PER_MS 1000000LL
#define DEFAULT_DELAY_NS 2000000000LL
#define FIRST_TICK_MS 500	/* a full screen should not stay empty for long */

/* A copy of the statistics at one moment. */
struct moment {
	struct stat_row *rows;
	struct hold_row *holds;
	size_t nr, nr_holds;
	int64_t t_ns;
};

struct top {
	struct run run;
	struct tui *tui;		/* NULL: batch */
	struct moment base, latest;	/* what is shown happened between them */
	int64_t nr_ticks;
	int64_t delay_ns;
};

static uint32_t to_ms(int64_t ns)
{
	return (uint32_t)((ns + NS_PER_MS - 1) / NS_PER_MS);
}

/* The newest time the model knows: the collect that comes before each tick ends
 * with the losses and their time. */
static int64_t model_time(const struct model *m)
{
	const struct rec_lost *lost = model__lost(m);
	const struct snapshot *snap = model__current(m);
	int64_t t_ns = lost ? lost->t_ns : 0;

	return snap && snap->t_ns > t_ns ? snap->t_ns : t_ns;
}

static void *copy_of(const void *items, size_t nr, size_t size)
{
	void *copy = malloc(nr * size + 1);

	if (copy && nr)
		memcpy(copy, items, nr * size);
	return copy;
}

static void moment__free(struct moment *m)
{
	free(m->rows);
	free(m->holds);
}

static int advance(struct top *t)
{
	const struct model *model = session__model(t->run.session);
	const struct stat_row *rows;
	const struct hold_row *holds;
	struct moment now = { .t_ns = model_time(model) };

	rows = model__stats(model, &now.nr);
	holds = model__holds(model, &now.nr_holds);
	now.rows = copy_of(rows, now.nr, sizeof(*rows));
	now.holds = copy_of(holds, now.nr_holds, sizeof(*holds));
	if (!now.rows || !now.holds) {
		moment__free(&now);
		return -ENOMEM;
	}
	moment__free(&t->base);
	t->base = t->latest;
	t->latest = now;
	return 0;
}

static int make_table(struct top *t, struct view_input *in, struct stat_options *opt,
		      struct stat_table **table)
{
	int err = run__view_input(&t->run, in);

	table__options(t->run.opt, opt);
	opt->base = t->base.rows;
	opt->nr_base = t->base.nr;
	opt->base_holds = t->base.holds;
	opt->nr_base_holds = t->base.nr_holds;
	if (t->tui) {
		opt->sort = stat_columns[tui__state(t->tui)->sort].id;
		opt->reverse = tui__state(t->tui)->reverse;
		if (tui__state(t->tui)->sites)
			opt->group = STAT_BY_SITE;
	}
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

static int draw(struct top *t)
{
	struct tui_frame frame;
	struct stat_options opt;
	struct view_input in;
	struct stat_table *table;
	char title[512], losses[300];
	size_t len, nr_holds;
	int err = make_table(t, &in, &opt, &table);

	if (err)
		return err;
	make_title(t, table, title, sizeof(title));
	len = strlen(title);
	snprintf(title + len, sizeof(title) - len, "  lost: %s",
		 summary__lost(in.model, losses, sizeof(losses)));
	model__holds(in.model, &nr_holds);
	frame = (struct tui_frame){
		.title = title,
		.in = &in,
		.table = table,
		.hidden = opt.group == STAT_BY_TASK ? NULL : stat_column__find("task"),
		.has_sites = nr_holds && !view_filter__has_tasks(&t->run.filter),
	};
	tui__draw(t->tui, &frame);
	stat_table__free(table);
	return 0;
}

static int print_text(struct top *t)
{
	FILE *out = output__file(t->run.out);
	struct stat_options opt;
	struct view_input in;
	struct stat_table *table;
	char title[512], safe[768];
	int err = make_table(t, &in, &opt, &table);

	if (err)
		return err;
	make_title(t, table, title, sizeof(title));
	stat_table__free(table);
	fprintf(out, "%s\n", title);
	for (size_t i = 0; i < in.nr_findings; i++)
		fprintf(out, "%s #%llu: %s\n", finding_kind__name(in.findings[i]->kind),
			(unsigned long long)in.findings[i]->id,
			fmt__safe(safe, sizeof(safe), in.findings[i]->summary, in.style.utf8));
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

static int on_tick(void *ctx)
{
	struct top *t = ctx;
	int err = advance(t);

	if (!err)
		err = t->tui ? draw(t) : t->run.opt->json ? print_json(t) : print_text(t);
	if (!err && !t->tui)
		err = run__flush(&t->run);
	if (t->tui && !t->nr_ticks && !err)
		err = session__set_tick(t->run.session, to_ms(t->delay_ns));
	if (++t->nr_ticks == t->run.opt->nr_ticks)
		session__stop(t->run.session);
	return err;
}

/* While paused nothing is collected either: what is shown stays what it was. */
static int take_period(struct top *t)
{
	const struct tui_state *state = tui__state(t->tui);

	t->delay_ns = state->delay_ns;
	return session__set_tick(t->run.session, state->paused ? 0 : to_ms(t->delay_ns));
}

static int on_input(void *ctx)
{
	struct top *t = ctx;
	enum tui_event event;
	bool redraw = false;
	int err = 0;

	while (!err && (event = tui__key(t->tui)) != TUI_NOTHING) {
		redraw = true;
		if (event == TUI_QUIT) {
			session__stop(t->run.session);
			return 0;
		}
		if (event == TUI_PERIOD)
			err = take_period(t);
	}
	return err || !redraw ? err : draw(t);
}

static int on_record(void *ctx, const struct record *rec)
{
	struct top *t = ctx;

	if (rec->type != REC_HEADER)
		return 0;
	if (t->tui)
		return draw(t);
	return t->run.opt->json ? stream__record(&t->run.stream, rec) : 0;
}

static int on_finding(void *ctx, const struct finding *f)
{
	struct top *t = ctx;
	int err;

	if (!run__shows(&t->run, f))
		return 0;
	if (t->tui)
		return tui__state(t->tui)->paused ? 0 : draw(t);
	if (!t->run.opt->json)
		return 0;	/* open ones stand above the next table */
	err = stream__finding(&t->run.stream, f);
	return err ? err : run__flush(&t->run);
}

static int on_end(void *ctx, const struct record *end)
{
	struct top *t = ctx;
	int err;

	tui__close(t->tui);
	t->tui = NULL;
	summary__warn(&t->run);
	if (!t->run.opt->json)
		return 0;
	err = summary__json(&t->run);
	return err ? err : stream__end(&t->run.stream, end);
}

/* The sort column --sort names, or the one tables are sorted by without it. */
static size_t first_sort(const struct cmd_options *opt)
{
	return (size_t)(stat_column__find(opt->sort ? opt->sort : "total") - stat_columns);
}

static bool is_batch(const struct run *r)
{
	const char *term = getenv("TERM");

	return r->opt->batch || r->opt->json || !isatty(STDIN_FILENO) ||
	       !output__is_terminal(r->out) || output__fd(r->out) != STDOUT_FILENO || !term ||
	       !strcmp(term, "dumb");
}

static int run_session(struct top *t)
{
	struct session_config cfg;
	struct session_sink sink = {
		.ctx = t,
		.record = on_record,
		.finding = on_finding,
		.tick = on_tick,
		.end = on_end,
	};
	const struct tui_state state = {
		.sort = first_sort(t->run.opt),
		.delay_ns = t->delay_ns,
	};
	int rc = 0;

	run__session_config(&t->run, &cfg);
	cfg.tick_ms = to_ms(t->delay_ns);
	cfg.collect = true;
	if (!is_batch(&t->run)) {
		rc = tui__open(&t->tui, &state, t->run.style.color);
		if (rc)
			return lk_error__set(&t->run.err, rc, "this terminal cannot be drawn on; "
					     "try -b");
		cfg.input_fd = STDIN_FILENO;
		sink.input = on_input;
		if (cfg.tick_ms > FIRST_TICK_MS)
			cfg.tick_ms = FIRST_TICK_MS;
	}
	rc = run__session(&t->run, &cfg, &sink);
	tui__close(t->tui);	/* also when the run failed: before its message */
	t->tui = NULL;
	return rc;
}

static int run_top(const struct cmd_options *opt, char **argv)
{
	struct live_config live;
	struct top t = {
		.delay_ns = opt->delay_ns == OPT_UNSET ? DEFAULT_DELAY_NS : opt->delay_ns,
	};
	int rc = run__new(&t.run, opt, argv);

	live_config__defaults(&live);
	if (!rc)
		rc = run__open_output(&t.run, opt->output);
	if (!rc)
		rc = run__open_live(&t.run, &live);
	if (!rc)
		rc = run_session(&t);
	moment__free(&t.base);
	moment__free(&t.latest);
	return run__finish(&t.run, rc);
}

const struct command cmd_top = {
	.name = "top",
	.bit = CMD_TOP,
	.summary = "live view, perf-top style; plain text with -b or when piped",
	.usage = "[OPTIONS] [-- COMMAND ARGS]",
	.help = "Shows which locks were waited for since the last refresh, and open findings\n"
		"above. Keys: < > sort column, r reverse, h holds by where they were taken (level\n"
		"held), d delay, space pause, arrows, q.",
	.example = "  lockscope top\n"
		   "  lockscope top -b -n 3 -d 1 --by caller",
	.takes_command = true,
	.run = run_top,
};
