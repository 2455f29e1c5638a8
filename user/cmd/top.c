// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * top.c - what is waited for now, refreshed: full screen, or one table after
 * another; live, or from a recording.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "cmd/summary.h"
#include "cmd/top_int.h"
#include "source/replay.h"

#define NS_PER_MS 1000000LL
#define DEFAULT_DELAY_NS 2000000000LL
#define FIRST_TICK_MS 500	/* a full screen should not stay empty for long */

static int advance(struct top *t)
{
	struct moment before = t->base;	/* its memory is used anew */

	t->base = t->latest;
	t->latest = before;
	return moment__take(&t->latest, session__model(t->run.session));
}

static int print(struct top *t)
{
	int err = advance(t);

	if (!err)
		err = top_batch__print(t);
	if (++t->nr_ticks == t->run.opt->nr_ticks)
		session__stop(t->run.session);
	return err;
}

static int on_tick(void *ctx)
{
	struct top *t = ctx;
	int err;

	if (!t->tui)
		return print(t);
	err = !t->path || t->has_news ? advance(t) : 0;
	if (!err)
		err = top_full__tick(t);
	if (++t->nr_ticks == t->run.opt->nr_ticks && !t->path)
		session__stop(t->run.session);
	return err;
}

static int on_input(void *ctx)
{
	return top_full__input(ctx);
}

static int on_record(void *ctx, const struct record *rec)
{
	struct top *t = ctx;

	t->has_news |= rec->type == REC_AGG || rec->type == REC_HOLD_AGG;
	top_save__record(t, rec);
	if (rec->type != REC_HEADER)
		return 0;
	if (t->tui)
		return top_full__show(t);
	return t->run.opt->json ? stream__record(&t->run.stream, rec) : 0;
}

/* A recording in batch: its own time says when a table is due. */
static int on_read_done(void *ctx, const struct snapshot *snap)
{
	struct top *t = ctx;

	if (!t->path || t->tui || snap->t_ns < t->next_tick_ns)
		return 0;
	t->next_tick_ns = snap->t_ns + t->delay_ns;
	return t->has_news ? print(t) : 0;
}

static int on_finding(void *ctx, const struct finding *f)
{
	struct top *t = ctx;
	int err;

	top_save__finding(t, f);
	if (!run__shows(&t->run, f))
		return 0;
	if (t->tui)
		return top_full__news(t);
	if (!t->run.opt->json)
		return 0;	/* open ones stand above the next table */
	err = stream__finding(&t->run.stream, f);
	return err ? err : run__flush(&t->run);
}

static int on_end(void *ctx, const struct record *end)
{
	struct top *t = ctx;
	int err = 0;

	if (t->rewind)
		return 0;
	top_save__end(t);
	if (t->path && !t->tui && t->nr_ticks != t->run.opt->nr_ticks)
		err = print(t);
	top_full__close(t);
	if (!t->path)
		summary__warn(&t->run);
	if (err || !t->run.opt->json)
		return err;
	err = summary__json(&t->run);
	return err ? err : stream__end(&t->run.stream, end);
}

static bool is_batch(const struct top *t)
{
	const struct run *r = &t->run;
	const char *term = getenv("TERM");

	return r->opt->batch || r->opt->json || !isatty(STDIN_FILENO) ||
	       !output__is_terminal(r->out) || output__fd(r->out) != STDOUT_FILENO || !term ||
	       !strcmp(term, "dumb") || (t->path && !strcmp(t->path, "-"));
}

static int run_session(struct top *t)
{
	struct session_config cfg;
	struct session_sink sink = {
		.ctx = t,
		.record = on_record,
		.read_done = on_read_done,
		.finding = on_finding,
		.tick = on_tick,
		.end = on_end,
	};
	int rc;

	run__session_config(&t->run, &cfg);
	cfg.collect = true;
	if (!is_batch(t)) {
		rc = top_full__open(t);
		if (rc)
			return rc;
		cfg.input_fd = STDIN_FILENO;
		sink.input = on_input;
	}
	cfg.tick_ms = (uint32_t)((t->delay_ns + NS_PER_MS - 1) / NS_PER_MS);
	if (t->tui && cfg.tick_ms > FIRST_TICK_MS)
		cfg.tick_ms = FIRST_TICK_MS;
	return run__session(&t->run, &cfg, &sink);
}

/* Told when the screen is the terminal again. */
static void on_fault(void *ctx, const struct replay_fault *fault)
{
	struct top *t = ctx;

	if (!t->nr_faults++)
		snprintf(t->fault, sizeof(t->fault), "line %" PRIu64 ": %s", fault->line,
			 fault->what);
}

static void forget_run(struct top *t)
{
	session__free(t->run.session);
	source__free(t->run.src);
	stream__free(&t->run.stream);
	t->run.session = NULL;
	t->run.src = NULL;
	moment__free(&t->base);
	moment__free(&t->latest);
	history__free(t->history);
	t->history = NULL;
}

/* Back in time is once more from the begin, and stopping sooner. */
static int run_recording(struct top *t)
{
	int rc;

	t->target = UINT64_MAX;		/* at the end there is the most to see */
	do {
		forget_run(t);
		t->rewind = false;
		t->at = t->nr_faults = 0;
		rc = history__new(&t->history);
		if (!rc)
			rc = source_replay__new(&t->run.src, t->path, on_fault, t, &t->run.err);
		if (!rc)
			rc = run_session(t);
	} while (!rc && t->rewind);
	top_full__close(t);	/* also when the run failed: before its message */
	if (t->nr_faults)
		cmd__say("%s: %s%s", t->path, t->fault, t->nr_faults > 1 ? "; and more" : "");
	return rc;
}

static int run_live(struct top *t)
{
	struct live_config live;
	int rc = history__new(&t->history);

	live_config__defaults(&live);
	if (!rc)
		rc = run__open_live(&t->run, &live);
	/* level held runs at every take and give: measuring that is asked for by a key */
	if (!rc && !is_batch(t) && !source_live__hooks(t->run.src))
		source_live__measure(t->run.src, true);
	if (!rc)
		rc = run_session(t);
	top_full__close(t);
	return rc;
}

static int run_top(const struct cmd_options *opt, char **argv)
{
	struct top t = {
		.delay_ns = opt->delay_ns == OPT_UNSET ? DEFAULT_DELAY_NS : opt->delay_ns,
		.path = opt->rest.operands[0],
		.own_share = -1,
		.bpf_share = -1,
	};
	int rc = run__new(&t.run, opt, argv);

	if (!rc)
		rc = run__open_output(&t.run, opt->output);
	if (!rc)
		rc = t.path ? run_recording(&t) : run_live(&t);
	top_full__free(&t);
	moment__free(&t.base);
	moment__free(&t.latest);
	moment__free(&t.zero);
	return run__finish(&t.run, rc);
}

const struct command cmd_top = {
	.name = "top",
	.bit = CMD_TOP,
	.summary = "live view, perf-top style; plain text with -b or when piped",
	.usage = "[OPTIONS] [FILE | -- COMMAND ARGS]",
	.help = "Shows which locks are waited for, by lock, caller and task, who blocks whom, and\n"
		"open findings on top. FILE is a recording to step through in time. ? lists the\n"
		"keys. Settings are kept in $XDG_CONFIG_HOME/lockscope/toprc by the key W.",
	.example = "  lockscope top\n"
		   "  lockscope top -b -n 3 -d 1 --by caller\n"
		   "  lockscope top hang.ndjson",
	.nr_operands = 1,
	.takes_command = true,
	.run = run_top,
};
