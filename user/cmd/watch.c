// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * watch.c - findings as they happen.
 */
#include "cmd/run.h"
#include "cmd/summary.h"

#define LOSSES_MS 1000	/* how often losses are looked up */

static int on_record(void *ctx, const struct record *rec)
{
	struct run *r = ctx;
	int err;

	/* Stacks are defined when a finding names them; all else is the graph's. */
	if (!r->opt->json || rec->type != REC_HEADER)
		return 0;
	err = stream__record(&r->stream, rec);
	return err ? err : run__flush(r);
}

static int on_finding(void *ctx, const struct finding *f)
{
	struct run *r = ctx;
	int err;

	if (!run__shows(r, f))
		return 0;
	err = run__put_finding(r, f);
	return err ? err : run__flush(r);
}

static int on_end(void *ctx, const struct record *end)
{
	struct run *r = ctx;
	int err;

	summary__warn(r);
	if (!r->opt->json)
		return 0;
	err = summary__json(r);
	return err ? err : stream__end(&r->stream, end);
}

static int run_watch(const struct cmd_options *opt, char **argv)
{
	struct live_config live;
	struct session_config cfg;
	struct run r;
	const struct session_sink sink = {
		.ctx = &r,
		.record = on_record,
		.finding = on_finding,
		.end = on_end,
	};
	int rc = run__new(&r, opt, argv);

	live_config__defaults(&live);
	live.no_aggregates = true;
	if (!rc)
		rc = run__open_output(&r, opt->output);
	if (!rc)
		rc = run__open_live(&r, &live);
	if (!rc) {
		run__session_config(&r, &cfg);
		cfg.tick_ms = LOSSES_MS;
		cfg.collect = true;
		rc = run__session(&r, &cfg, &sink);
	}
	return run__finish(&r, rc);
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
		   "  lockscope watch --fail-on leak,long_hold -- make test",
	.takes_command = true,
	.run = run_watch,
};
