// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * snapshot.c - who is blocked on what, held by whom, since when.
 */
#include "cmd/export.h"
#include "cmd/page.h"
#include "cmd/run.h"
#include "cmd/summary.h"
#include "cmd/when.h"

#define DEFAULT_FOR_NS 1000000000LL
#define LOSSES_MS 1000

static int on_finding(void *ctx, const struct finding *f)
{
	run__shows(ctx, f);	/* notes --fail-on; the snapshot shows those still open */
	return 0;
}

static int on_end(void *ctx, const struct record *end)
{
	struct run *r = ctx;
	FILE *out = output__file(r->out);
	struct view_input in;
	char taken_at[WHEN_LEN];
	int err = session__ask_all_lines(r->session) ?: run__view_input(r, &in);

	if (err)
		return err;
	if (r->opt->html)
		return page__write(r, &(struct html_input){
			.taken_at = when__now(taken_at, sizeof(taken_at)),
			.end_ns = end->end.t_ns,
		});
	if (export__wanted(r->opt))
		return export__write(r, end->end.t_ns);
	summary__warn(r);
	if (!r->opt->json)
		return view_text__snapshot(out, &in);
	return view_json__snapshot(out, &in, when__now(taken_at, sizeof(taken_at)));
}

static int run_snapshot(const struct cmd_options *opt, char **argv)
{
	struct live_config live;
	struct session_config cfg;
	struct run r;
	const struct session_sink sink = { .ctx = &r, .finding = on_finding, .end = on_end };
	int rc = run__new(&r, opt, argv);

	live_config__defaults(&live);
	live.no_aggregates = true;
	if (!rc)
		rc = run__open_output(&r, opt->html ? opt->html : opt->output);
	if (!rc)
		rc = run__open_live(&r, &live);
	if (!rc) {
		run__session_config(&r, &cfg);
		if (!cfg.for_ns && !cfg.command)
			cfg.for_ns = DEFAULT_FOR_NS;
		cfg.tick_ms = LOSSES_MS;
		cfg.collect = true;
		rc = run__session(&r, &cfg, &sink);
	}
	return run__finish(&r, rc);
}

const struct command cmd_snapshot = {
	.name = "snapshot",
	.bit = CMD_SNAPSHOT,
	.summary = "who is blocked on what, held by whom, since when",
	.usage = "[OPTIONS] [-- COMMAND ARGS]",
	.help = "Observes the machine for --for seconds (default 1) or while COMMAND runs, then\n"
		"prints what is blocked at that moment, also what was so before; at level held also\n"
		"who has taken what meanwhile, since when and from where.",
	.example = "  lockscope snapshot\n"
		   "  lockscope snapshot --level held --for 5\n"
		   "  lockscope snapshot --dot | dot -Tsvg > waits.svg\n"
		   "  lockscope snapshot --html now.html",
	.takes_command = true,
	.run = run_snapshot,
};
