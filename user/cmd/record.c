// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * record.c - every record as NDJSON, for report.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include "cmd/run.h"
#include "cmd/summary.h"

#define DEFAULT_FILE "lockscope.ndjson"
/* Statistics are repeated this often, so that a recording cut short has some. */
#define STATISTICS_MS 5000

/* A filter thins out what is only shown; what the graph is built from stays whole,
 * or the recording could not be replayed. */
static bool is_wanted(const struct run *r, const struct record *rec)
{
	const struct model *model = session__model(r->session);

	switch (rec->type) {
	case REC_WAIT:
	case REC_WAIT_BEGIN:
		return view_filter__task(&r->filter, &rec->wait.who) &&
		       view_filter__lock(&r->filter, &rec->wait.lock,
					 model__lock_name(model, &rec->wait.lock));
	case REC_HOLD:
		return view_filter__task(&r->filter, &rec->hold.who) &&
		       view_filter__lock(&r->filter, &rec->hold.lock,
					 model__lock_name(model, &rec->hold.lock));
	case REC_AGG:
		return run__shows_row(r, &rec->agg);
	case REC_HOLD_AGG:
		return view_filter__hold_agg(&r->filter, &rec->hold_agg,
					     model__lock_name(model, &rec->hold_agg.lock));
	default:
		return true;
	}
}

static int on_record(void *ctx, const struct record *rec)
{
	struct run *r = ctx;

	return is_wanted(r, rec) ? stream__record(&r->stream, rec) : 0;
}

static bool is_new_wait(const struct snapshot *prev, const struct snap_task *t)
{
	uint32_t before;

	if (t->wait_lock == SNAP_NONE || !t->listed)
		return false;
	before = prev ? snapshot__find_same(prev, t) : SNAP_NONE;
	return before == SNAP_NONE || prev->tasks[before].wait_lock == SNAP_NONE ||
	       prev->tasks[before].wait_id != t->wait_id;
}

/* A wait has its begin recorded once it has lasted till a read: those that end
 * sooner are one record, their end. */
static int on_read_done(void *ctx, const struct snapshot *snap)
{
	struct run *r = ctx;
	const struct snapshot *prev = model__previous(session__model(r->session));
	int err = 0;

	for (uint32_t i = 0; !err && i < snap->nr_tasks; i++) {
		const struct snap_task *t = &snap->tasks[i];
		struct record rec = { .type = REC_WAIT_BEGIN };

		if (!is_new_wait(prev, t))
			continue;
		rec.wait = (struct rec_wait){
			.id = t->wait_id,
			.who = t->who,
			.lock = snap->locks[t->wait_lock].lock,
			.mode = t->wait_mode,
			.spin = t->wait_spin,
			.breakable_by = t->breakable_by,
			.t_ns = snap->t_ns,
			.since_ns = t->since_ns,
			.since_at_least = t->since_at_least,
			.found_by = t->found_by,
			.stack = t->wait_stack,
		};
		err = on_record(r, &rec);
	}
	return err ? err : run__flush(r);
}

static int on_finding(void *ctx, const struct finding *f)
{
	struct run *r = ctx;
	int err = run__shows(r, f) ? stream__finding(&r->stream, f) : 0;

	return err ? err : run__flush(r);
}

static int on_end(void *ctx, const struct record *end)
{
	struct run *r = ctx;
	int err = summary__cost_json(r); /* losses came with the statistics */

	if (!err)
		err = stream__end(&r->stream, end);
	if (!err)
		err = run__flush(r);
	summary__warn(r);
	if (!err && isatty(STDERR_FILENO) && !output__is_terminal(r->out))
		run__note(r, "%llu records", (unsigned long long)r->stream.nr_lines);
	return err;
}

/* stdout, but a terminal is no place for a recording. */
static const char *choose_file(const struct cmd_options *opt, struct lk_error *err)
{
	if (opt->output || !isatty(STDOUT_FILENO))
		return opt->output;
	if (!access(DEFAULT_FILE, F_OK)) {
		lk_error__set(err, -EEXIST, "%s is there already", DEFAULT_FILE);
		lk_error__hint(err, "name a file with -o (-o - is the terminal)");
		return NULL;
	}
	return DEFAULT_FILE;
}

static int run_record(const struct cmd_options *opt, char **argv)
{
	struct live_config live;
	struct session_config cfg;
	struct run r;
	const struct session_sink sink = {
		.ctx = &r,
		.record = on_record,
		.read_done = on_read_done,
		.finding = on_finding,
		.end = on_end,
	};
	const char *path = NULL;
	int rc = run__new(&r, opt, argv);

	live_config__defaults(&live);
	live.emit_waits = true;
	if (!rc) {
		path = choose_file(opt, &r.err);
		rc = r.err.what[0] ? -EEXIST : run__open_output(&r, path);
	}
	if (!rc && path && !opt->output)
		run__note(&r, "recording to %s", path);
	if (!rc)
		rc = run__open_live(&r, &live);
	if (!rc) {
		run__session_config(&r, &cfg);
		cfg.tick_ms = STATISTICS_MS;
		cfg.collect = true;
		rc = run__session(&r, &cfg, &sink);
	}
	return run__finish(&r, rc);
}

const struct command cmd_record = {
	.name = "record",
	.bit = CMD_RECORD,
	.summary = "write every record as NDJSON",
	.usage = "[-o FILE] [OPTIONS] [-- COMMAND ARGS]",
	.help = "Writes every wait, every look at the machine, and the findings, one JSON object\n"
		"a line: to FILE, to stdout, or to " DEFAULT_FILE " where stdout is a terminal.\n"
		"Filters leave out waits and statistics of others, never what the graph needs.",
	.example = "  lockscope record -o hang.ndjson --for 30\n"
		   "  lockscope report hang.ndjson",
	.takes_command = true,
	.run = run_record,
};
