// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * stat.c - contention statistics over a time or a command.
 */
#include "cmd/export.h"
#include "cmd/metrics.h"
#include "cmd/run.h"
#include "cmd/summary.h"
#include "cmd/table.h"

#define NS_PER_MS 1000000LL

struct stat_run {
	struct run run;
	struct metrics *metrics;	/* NULL: not asked for */
};

static int on_record(void *ctx, const struct record *rec)
{
	struct run *r = &((struct stat_run *)ctx)->run;
	int err;

	if (!r->opt->json || rec->type != REC_HEADER)
		return 0;
	err = stream__record(&r->stream, rec);
	return err ? err : run__flush(r); /* says that counting has begun */
}

/* Only with --fail-on are there looks, and so findings. */
static int on_finding(void *ctx, const struct finding *f)
{
	struct stat_run *s = ctx;
	struct run *r = &s->run;

	if (!run__shows(r, f))
		return 0;
	metrics__finding(s->metrics, f);
	if (!r->opt->json)
		return 0;
	return stream__finding(&r->stream, f);
}

static int on_tick(void *ctx)
{
	struct stat_run *s = ctx;
	struct run *r = &s->run;
	int err = r->opt->json ? table__json(r) : table__print(r);

	if (!err && !r->opt->json)
		fputc('\n', output__file(r->out));
	if (!err)
		err = run__flush(r);
	return err ? err : metrics__write(s->metrics);
}

static int put_result(struct run *r, const struct record *end)
{
	FILE *out = output__file(r->out);
	int err;

	if (export__wanted(r->opt)) {
		summary__warn(r);
		return export__write(r, end->end.t_ns);
	}
	if (r->opt->json) {
		err = table__json(r);
		if (!err)
			err = summary__json(r);
		return err ? err : stream__end(&r->stream, end);
	}
	err = table__print(r);
	fprintf(out, "\nTime: %.3f s\n", (double)end->end.t_ns / 1e9);
	if (end->end.has_status)
		fprintf(out, "Status of the command: %d\n", end->end.command_status);
	return err ? err : summary__print_cost(r, out);
}

static int on_end(void *ctx, const struct record *end)
{
	struct stat_run *s = ctx;
	int err = put_result(&s->run, end);

	return err ? err : metrics__end(s->metrics);
}

static int run_stat(const struct cmd_options *opt, char **argv)
{
	struct live_config live;
	struct session_config cfg;
	struct stat_run s = { .metrics = NULL };
	struct run *r = &s.run;
	struct session_sink sink = {
		.ctx = &s,
		.record = on_record,
		.finding = on_finding,
		.end = on_end,
	};
	int rc = run__new(r, opt, argv);

	live_config__defaults(&live);
	live.no_looks = !opt->fail_on;	/* nobody asks for the graph: cost nothing */
	if (!rc)
		rc = run__open_output(r, opt->output);
	if (!rc)
		rc = export__check(r);
	if (!rc)
		rc = metrics__new(&s.metrics, r, opt->fail_on);
	if (!rc)
		rc = run__open_live(r, &live);
	if (!rc) {
		run__session_config(r, &cfg);
		if (!opt->fail_on)
			cfg.look_ms = 0;
		cfg.collect = true;
		if (opt->interval_ns != OPT_UNSET) {
			cfg.tick_ms = (uint32_t)((opt->interval_ns + NS_PER_MS - 1) / NS_PER_MS);
			sink.tick = on_tick;
		}
		rc = run__session(r, &cfg, &sink);
	}
	metrics__free(s.metrics);
	return run__finish(r, rc);
}

const struct command cmd_stat = {
	.name = "stat",
	.bit = CMD_STAT,
	.summary = "contention statistics over a time or a command, as a table at its end",
	.usage = "[OPTIONS] [-- COMMAND ARGS]",
	.help = "Counts every contended wait, in the kernel, and prints which locks were waited\n"
		"for, how often, how long and from where; at level held also how long each lock was\n"
		"held, and where it was taken. Counts are exact; what a full map cost is said at\n"
		"the end.",
	.example = "  lockscope stat --for 10\n"
		   "  lockscope stat --by caller --kind mutex,rwsem -- make -j8\n"
		   "  lockscope stat --level held --sort hold_total --for 10\n"
		   "  lockscope stat --folded -o waits.folded -- make -j8",
	.takes_command = true,
	.run = run_stat,
};
