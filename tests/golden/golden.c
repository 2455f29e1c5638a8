// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * golden - a recording in, one view of it out: replay, model, detectors and views
 * with no kernel and no command layer.
 *
 *	golden VIEW RECORDING [KEY=VALUE...]
 *
 * VIEW: events (records that replay passes on, findings as they come and go, faults),
 * findings, text, json, dot, chrome, folded, pprof, csv, prometheus, stat, screen (of top), data (of the HTML page), diagnosis,
 * diagnosis-json, all (every one, for the hostile tests).
 * KEY: group=lock|instance|caller|task, sort=COLUMN, limit=N, color=1, ascii=1, verbose=1,
 * width=COLUMNS, height=ROWS, keys=KEY,..., looks=1 (screen), comm=GLOB, kinds=BITS, lock=NAME;
 * mutate=N with seed=S reads N broken forms of the
 * recording, cut=1 every begin of it, and then no output but a crash is wrong.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "find/copy.h"
#include "find/register.h"
#include "lib/arena.h"
#include "lib/vec.h"
#include "source/replay.h"
#include "mutate.h"
#include "screens.h"
#include "view/chrome.h"
#include "view/export.h"
#include "view/finding_group.h"
#include "view/html.h"
#include "view/prometheus.h"

struct golden {
	const char *view;
	struct model *model;
	struct find_register *reg;
	struct timeline *time;
	bool look_due;		/* a read is whole, its findings are still to be made */
	struct chrome *chrome;	/* NULL: not asked for */
	struct find_config cfg;
	struct view_filter filter;
	struct view_style style;
	struct stat_options stat;
	const struct finding **open;
	size_t nr_open;
	struct arena *told_arena;	/* of the read at hand */
	const struct finding **told;
	size_t nr_told, cap_told;
	struct mutate_options mutate;
	struct screens_options screen;
};

static bool wants(const struct golden *g, const char *view)
{
	return !strcmp(g->view, view) || !strcmp(g->view, "all");
}

static struct view_input input(const struct golden *g)
{
	return (struct view_input){
		.model = g->model, .snap = model__current(g->model), .findings = g->open,
		.nr_findings = g->nr_open, .single = g->stat.group == STAT_BY_INSTANCE,
		.filter = &g->filter, .style = g->style,
	};
}

static void on_fault(void *ctx, const struct replay_fault *fault)
{
	if (wants(ctx, "events"))
		printf("fault: line %" PRIu64 ": %s\n", fault->line, fault->what);
}

static int keep(struct golden *g, const struct finding *f)
{
	struct finding *copy = arena__alloc(g->told_arena, sizeof(*copy));

	if (!copy || !VEC_ROOM(g->told, g->nr_told, g->cap_told))
		return -ENOMEM;
	g->told[g->nr_told++] = copy;
	return finding__copy(copy, f, g->told_arena);
}

static int on_finding(void *ctx, const struct finding *f)
{
	struct golden *g = ctx;
	int err = 0;

	if (!view_filter__finding(&g->filter, f))
		return 0;
	if (wants(g, "events"))
		err = view_json__finding(stdout, f);
	if (!err && g->chrome)
		err = chrome__finding(g->chrome, f);
	return err || !wants(g, "findings") ? err : keep(g, f);
}

/* What one read has told, as `watch` and `report` print it. */
static int put_told(struct golden *g)
{
	struct view_input in = input(g);
	struct finding_groups groups;
	int err = finding_groups__make(&groups, g->told, g->nr_told,
				       in.single ? GROUP_NONE : GROUP_NEWS);

	for (size_t i = 0; i < groups.nr && !err; i++)
		err = view_text__finding_group(stdout, &in, &groups.list[i]);
	finding_groups__free(&groups);
	g->nr_told = 0;
	return err;
}

static int detect(struct golden *g)
{
	const struct snapshot *cur = model__current(g->model);
	struct find_input in = { .model = g->model, .prev = model__previous(g->model), .cur = cur,
				 .cfg = &g->cfg };
	struct findings now;
	struct arena *arena;
	int err = arena__new(&arena);

	g->look_due = false;
	if (err)
		return err;
	findings__init(&now, arena);
	g->told_arena = arena;
	err = find__run(&in, &now);
	if (!err)
		err = find_register__update(g->reg, &now, cur->t_ns, on_finding, g);
	if (!err)
		err = put_told(g);
	model__forget_ended(g->model);
	arena__free(arena);
	return err;
}

static void take_thresholds(struct find_config *cfg, const struct rec_thresholds *t)
{
	if (t->long_wait_ns)
		cfg->long_wait_ns = t->long_wait_ns;
	if (t->long_spin_ns)
		cfg->long_spin_ns = t->long_spin_ns;
	if (t->long_hold_ns)
		cfg->long_hold_ns = t->long_hold_ns;
}

static int begin_chrome(struct golden *g)
{
	int err = chrome__new(&g->chrome, stdout, g->model);

	if (!err)
		timeline__on_wait(g->time, chrome__wait, g->chrome);
	return err;
}

static int on_record(void *ctx, const struct record *rec)
{
	struct golden *g = ctx;
	int err = 0;

	/* as session/session.c has it */
	if (g->look_due && rec->type != REC_LINE && rec->type != REC_WAIT_BEGIN)
		err = detect(g);
	if (err)
		return err;
	if (wants(g, "events"))
		err = view_json__record(stdout, rec);
	if (rec->type == REC_HEADER)
		take_thresholds(&g->cfg, &rec->header.thresholds);
	if (!err && rec->type == REC_WAIT)
		err = timeline__add(g->time, &rec->wait);
	if (!err)
		err = model__apply(g->model, rec);
	if (!err && rec->type == REC_HEADER && wants(g, "chrome"))
		err = begin_chrome(g);
	if (err <= 0)
		return err;
	err = timeline__read(g->time, model__previous(g->model), model__current(g->model));
	g->look_due = true;
	return err;
}

static int collect_open(struct golden *g)
{
	size_t nr = find_register__nr(g->reg);

	g->open = calloc(nr + 1, sizeof(*g->open));
	for (size_t i = 0; g->open && i < nr; i++)
		if (find_register__at(g->reg, i)->open)
			g->open[g->nr_open++] = find_register__at(g->reg, i);
	return g->open ? 0 : -ENOMEM;
}

static int show_metrics(const struct view_input *in)
{
	const struct prometheus_input of = { .view = in, .running = true, .looks = true,
					     .waits = true };
	struct prometheus *p;
	int err = prometheus__new(&p);

	for (size_t i = 0; !err && i < in->nr_findings; i++)
		prometheus__finding(p, in->findings[i]);
	if (!err)
		err = prometheus__write(p, stdout, &of);
	prometheus__free(p);
	return err;
}

static int show_data(struct golden *g, const struct view_input *view)
{
	const struct html_input in = { .view = *view, .time = g->time, .file = "a.ndjson",
				       .end_ns = LK_NO_TIME, .cut_short = !model__end(g->model) };

	return view_html__data(stdout, &in);
}

static int show_diagnosis(struct golden *g, const struct view_input *in)
{
	const struct diagnose_input about = {
		.model = in->model, .snap = in->snap, .findings = in->findings,
		.nr_findings = in->nr_findings, .stall_ns = g->cfg.long_wait_ns, .saved = NULL,
	};
	struct diagnosis *d;
	int err = diagnosis__new(&d, &about);

	if (err)
		return err;
	if (wants(g, "diagnosis"))
		err = view_text__diagnosis(stdout, in, d);
	if (!err && wants(g, "diagnosis-json"))
		err = view_json__diagnosis(stdout, in, d, "2026-11-20T12:00:10.000000000Z");
	diagnosis__free(d);
	return err;
}

static int show(struct golden *g)
{
	struct view_input in;
	int err = collect_open(g);

	in = input(g);
	if (!err && wants(g, "text"))
		err = view_text__snapshot(stdout, &in);
	if (!err && wants(g, "json"))
		err = view_json__snapshot(stdout, &in, "2026-11-20T12:00:10.000000000Z");
	if (!err && wants(g, "dot"))
		err = view_dot__snapshot(stdout, &in);
	if (!err && wants(g, "folded"))
		err = view_folded__waits(stdout, &in);
	if (!err && wants(g, "pprof"))
		err = view_pprof__waits(stdout, &in, LK_NO_TIME);
	if (!err && wants(g, "csv"))
		err = view_csv__stat(stdout, &in, &g->stat);
	if (!err && wants(g, "prometheus"))
		err = show_metrics(&in);
	if (!err && !strcmp(g->view, "screen"))
		err = screens__put(stdout, &in, &g->screen);
	if (!err && !strcmp(g->view, "all"))
		err = screens__put_all(stdout, &in);
	if (!err)
		err = timeline__finish(g->time, in.snap);
	if (!err && g->chrome)
		err = chrome__end(g->chrome);
	if (!err && wants(g, "data"))
		err = show_data(g, &in);
	if (!err)
		err = show_diagnosis(g, &in);
	for (int group = STAT_BY_LOCK; !err && group <= STAT_BY_INSTANCE; group++) {
		if (strcmp(g->view, "all") && (!wants(g, "stat") || group != (int)g->stat.group))
			continue;
		g->stat.group = group;
		err = view_text__stat(stdout, &in, &g->stat);
		if (strcmp(g->view, "all"))
			break;
	}
	return err;
}

static bool is(const char *arg, const char *key)
{
	size_t len = strlen(key);

	return !strncmp(arg, key, len) && arg[len] == '=';
}

static int group_option(struct golden *g, const char *value)
{
	static const char *const groups[] = { "lock", "caller", "task", "instance" };

	for (size_t i = 0; i < sizeof(groups) / sizeof(*groups); i++) {
		if (!strcmp(groups[i], value)) {
			g->stat.group = (enum stat_group)i;
			return 0;
		}
	}
	return -EINVAL;
}

static int option(struct golden *g, const char *arg)
{
	const char *value = strchr(arg, '=');
	unsigned long number;

	if (!value++)
		return -EINVAL;
	number = strtoul(value, NULL, 0);
	if (is(arg, "group"))
		return group_option(g, value);
	if (is(arg, "sort"))
		g->stat.sort = value;
	else if (is(arg, "limit"))
		g->stat.limit = number;
	else if (is(arg, "color"))
		g->style.color = number;
	else if (is(arg, "ascii"))
		g->style.utf8 = !number;
	else if (is(arg, "width"))
		g->style.width = g->screen.width = (int)number;
	else if (is(arg, "height"))
		g->screen.height = (int)number;
	else if (is(arg, "keys"))
		g->screen.keys = value;
	else if (is(arg, "looks"))
		g->screen.looks = number;
	else if (is(arg, "verbose"))
		g->style.verbose = (int)number;
	else if (is(arg, "comm"))
		g->filter.comm_glob = value;
	else if (is(arg, "kinds"))
		g->filter.kinds = (uint32_t)number;
	else if (is(arg, "lock"))
		g->filter.lock = value;
	else if (is(arg, "mutate"))
		g->mutate.nr = number;
	else if (is(arg, "seed"))
		g->mutate.seed = number;
	else if (is(arg, "cut"))
		g->mutate.cut = number;
	else
		return -EINVAL;
	return 0;
}

static int run(struct golden *g, const char *path)
{
	struct source *src = NULL;
	struct lk_error why = { 0 };
	int err = source_replay__new(&src, path, on_fault, g, &why);

	if (err) {
		printf("refused: %s%s%s\n", why.what, *why.hint ? "; " : "", why.hint);
		return err;
	}
	err = src->ops->header(src, on_record, g);
	while (!err)
		err = src->ops->drain(src, on_record, g);
	if (err == -ENODATA && g->look_due)
		err = detect(g) ?: -ENODATA;
	if (err == -ENODATA)
		err = show(g);
	source__free(src);
	return err;
}

/* One recording with a fresh model. */
static int run_fresh(void *ctx, const char *path)
{
	struct golden g = *(const struct golden *)ctx;
	int err;

	find_config__defaults(&g.cfg);
	err = model__new(&g.model);
	if (!err)
		err = find_register__new(&g.reg);
	if (!err)
		err = timeline__new(&g.time, NULL, NULL);
	if (!err)
		err = run(&g, path);
	free(g.open);
	free(g.told);
	find_register__free(g.reg);
	timeline__free(g.time);
	chrome__free(g.chrome);
	model__free(g.model);
	return err;
}

int main(int argc, char **argv)
{
	struct golden g = { .style = { .utf8 = true },
			    .screen = { .width = 80, .height = 24, .keys = "1" } };
	int err;

	if (argc < 3) {
		fprintf(stderr, "golden VIEW RECORDING [KEY=VALUE...]\n");
		return 2;
	}
	g.view = argv[1];
	for (int i = 3; i < argc; i++) {
		if (option(&g, argv[i])) {
			fprintf(stderr, "golden: what is %s?\n", argv[i]);
			return 2;
		}
	}
	if (g.mutate.nr || g.mutate.cut)
		err = mutate__each(argv[2], &g.mutate, run_fresh, &g);
	else
		err = run_fresh(&g, argv[2]);
	if (err)
		fprintf(stderr, "golden: %s\n", strerror(-err));
	return err ? 1 : 0;
}
