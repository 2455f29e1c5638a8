// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * watch.c - findings as they happen.
 */
#include "cmd/metrics.h"
#include "cmd/run.h"
#include "cmd/summary.h"

#define LOSSES_MS 1000	/* how often losses are looked up */

struct watch {
	struct run run;
	struct metrics *metrics;	/* NULL: not asked for */
};

static int on_record(void *ctx, const struct record *rec)
{
	struct watch *w = ctx;
	struct run *r = &w->run;
	int err = 0;

	/* Stacks are defined when a finding names them; all else is the graph's. */
	if (rec->type != REC_HEADER)
		return 0;
	if (r->opt->json)
		err = stream__record(&r->stream, rec);
	if (!err)
		err = run__flush(r);
	return err ? err : metrics__write(w->metrics);
}

static int on_tick(void *ctx)
{
	struct watch *w = ctx;

	return metrics__tick(w->metrics);
}

static int on_finding(void *ctx, const struct finding *f)
{
	struct watch *w = ctx;
	struct run *r = &w->run;
	int err;

	if (!run__shows(r, f))
		return 0;
	metrics__finding(w->metrics, f);
	err = run__put_finding(r, f);
	return err ? err : run__flush(r);
}

static int on_findings_done(void *ctx)
{
	struct watch *w = ctx;
	int err = run__put_findings(&w->run);

	return err ? err : run__flush(&w->run);
}

static int on_end(void *ctx, const struct record *end)
{
	struct watch *w = ctx;
	struct run *r = &w->run;
	int err = 0;

	summary__warn(r);
	if (r->opt->json)
		err = summary__json(r);
	if (!err && r->opt->json)
		err = stream__end(&r->stream, end);
	return err ? err : metrics__end(w->metrics);
}

static int run_watch(const struct cmd_options *opt, char **argv)
{
	struct live_config live;
	struct session_config cfg;
	struct watch w = { .metrics = NULL };
	struct run *r = &w.run;
	const struct session_sink sink = {
		.ctx = &w,
		.record = on_record,
		.finding = on_finding,
		.findings_done = on_findings_done,
		.tick = on_tick,
		.end = on_end,
	};
	int rc = run__new(r, opt, argv);

	live_config__defaults(&live);
	live.no_aggregates = !opt->prometheus;
	if (!rc)
		rc = run__open_output(r, opt->output);
	if (!rc)
		rc = metrics__new(&w.metrics, r, true);
	if (!rc)
		rc = run__open_live(r, &live);
	if (!rc) {
		run__session_config(r, &cfg);
		cfg.tick_ms = LOSSES_MS;
		cfg.collect = true;
		rc = run__session(r, &cfg, &sink);
	}
	metrics__free(w.metrics);
	return run__finish(r, rc);
}

const struct command cmd_watch = {
	.name = "watch",
	.bit = CMD_WATCH,
	.summary = "stream findings as they happen",
	.usage = "[OPTIONS] [-- COMMAND ARGS]",
	.help = "Prints deadlocks, long waits, long spins and root blockers as they open, change\n"
		"and close, until Ctrl-C, --for, or the end of COMMAND; at level held also long holds\n"
		"and locks left behind, with --spin tasks that sleep with a spinlock.",
	.example = "  lockscope watch\n"
		   "  lockscope watch --json --fail-on deadlock -- make test\n"
		   "  lockscope watch --fail-on leak,long_hold -- make test\n"
		   "  lockscope watch --prometheus /var/lib/prometheus/node-exporter/lockscope.prom",
	.takes_command = true,
	.run = run_watch,
};
