// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * report.c - reads a recording: statistics, findings, exports.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>
#include "cmd/export.h"
#include "cmd/page.h"
#include "cmd/run.h"
#include "cmd/summary.h"
#include "cmd/table.h"
#include "lib/fmt.h"
#include "source/replay.h"
#include "view/chrome.h"

#define FAULTS_TOLD 20	/* the rest is only counted */

struct report {
	struct run run;
	uint64_t nr_faults;
	uint64_t nr_findings;
	uint64_t nr_records;	/* whole ones */
	uint64_t nr_waits;
	bool has_statistics;
	const char *path, *name;	/* name: as messages have it */
	struct timeline *time;		/* --html and --chrome need it; else NULL */
	struct chrome *chrome;		/* --chrome, once the header is there */
	bool once;			/* all is written at the end, in one form */
};

/* Told even with -q: what follows is not the whole recording. */
static void on_fault(void *ctx, const struct replay_fault *fault)
{
	struct report *rep = ctx;

	if (++rep->nr_faults > FAULTS_TOLD)
		return;
	if (fault->line)
		cmd__say("%s:%" PRIu64 ": %s", rep->name, fault->line, fault->what);
	else
		cmd__say("%s: %s", rep->name, fault->what);
}

static const char *or_unknown(const char *s)
{
	return s && *s ? s : "unknown";
}

static int print_header(struct report *rep, const struct rec_header *h)
{
	FILE *out = output__file(rep->run.out);
	bool utf8 = rep->run.style.utf8;
	char safe[256];

	fprintf(out, "Recording: %s", fmt__safe(safe, sizeof(safe), rep->name, utf8));
	fprintf(out, ", began at %s", fmt__safe(safe, sizeof(safe), or_unknown(h->began_at), utf8));
	fprintf(out, " on %s", fmt__safe(safe, sizeof(safe), or_unknown(h->host), utf8));
	fprintf(out, ", kernel %s", fmt__safe(safe, sizeof(safe), or_unknown(h->kernel), utf8));
	fprintf(out, ", level %s\n\n", fmt__safe(safe, sizeof(safe), or_unknown(h->level), utf8));
	return 0;
}

static int begin_chrome(struct report *rep)
{
	const struct model *model = session__model(rep->run.session);
	int err = chrome__new(&rep->chrome, output__file(rep->run.out), model);

	if (!err)
		timeline__on_wait(rep->time, chrome__wait, rep->chrome);
	return err;
}

static int end_chrome(struct report *rep)
{
	int err = timeline__finish(rep->time, model__current(session__model(rep->run.session)));

	return err ? err : chrome__end(rep->chrome);
}

static int on_record(void *ctx, const struct record *rec)
{
	struct report *rep = ctx;
	bool is_real;

	progress__step(&rep->run.progress, "reading", rep->name);
	/* a recording without its header is given an empty one: no whole record */
	is_real = rec->type != REC_HEADER || (rec->header.version && *rec->header.version);
	rep->nr_records += is_real;
	rep->nr_waits += rec->type == REC_WAIT;
	rep->has_statistics |= rec->type == REC_AGG;
	if (rep->run.opt->chrome && rec->type == REC_HEADER)
		return begin_chrome(rep);
	if (rep->time && rec->type == REC_WAIT)
		return timeline__add(rep->time, &rec->wait);
	if (rec->type != REC_HEADER || rep->once)
		return 0;
	if (rep->run.opt->json)
		return stream__record(&rep->run.stream, rec);
	return is_real ? print_header(rep, &rec->header) : 0;
}

static int on_read_done(void *ctx, const struct snapshot *snap)
{
	struct report *rep = ctx;

	return rep->time ? timeline__read(rep->time, model__previous(session__model(rep->run.session)),
					  snap) : 0;
}

static int on_finding(void *ctx, const struct finding *f)
{
	struct report *rep = ctx;

	if (!run__shows(&rep->run, f))
		return 0;
	rep->nr_findings++;
	progress__clear();
	if (rep->chrome)
		return chrome__finding(rep->chrome, f);
	return rep->once ? 0 : run__put_finding(&rep->run, f);
}

static int on_findings_done(void *ctx)
{
	struct report *rep = ctx;

	return run__put_findings(&rep->run);
}

/* A filter on tasks needs rows of single tasks, which only a recording made with
 * such a filter has. */
static void tell_unfiltered(const struct run *r)
{
	size_t nr, i;
	const struct stat_row *rows = model__stats(session__model(r->session), &nr);

	if (!cmd_options__filters_tasks(r->opt) && r->opt->group != STAT_BY_TASK)
		return;
	for (i = 0; i < nr && !rows[i].agg.by_task; i++)
		;
	if (nr && i == nr)
		run__note(r, "the statistics of this recording are not split by task; record with "
			  "a filter on tasks to have that");
}

static int put_page(struct report *rep, const struct record *end)
{
	const struct model *model = session__model(rep->run.session);
	int err = timeline__finish(rep->time, model__current(model));

	return err ? err : page__write(&rep->run, &(struct html_input){
		.time = rep->time,
		.file = rep->name,
		.end_ns = end->end.t_ns,
		.nr_records = rep->nr_records,
		.nr_faults = rep->nr_faults,
		.cut_short = !model__end(model),
	});
}

static int on_end(void *ctx, const struct record *end)
{
	struct report *rep = ctx;
	struct run *r = &rep->run;
	FILE *out = output__file(r->out);
	int err;

	progress__clear();
	if (!rep->nr_records)
		return lk_error__set(&r->err, -ENODATA, "%s: nothing in it could be read",
				     rep->name);
	tell_unfiltered(r);
	/* Not between the lines of what goes to the same terminal. */
	if (rep->once && !isatty(fileno(out)))
		progress__stage(&rep->run.progress, "writing", 0, 0);
	if (rep->chrome)
		return end_chrome(rep);
	if (rep->time)
		return put_page(rep, end);
	if (export__wanted(r->opt)) {
		summary__warn(r);
		if (!r->opt->dot && !rep->has_statistics)
			run__note(r, "no statistics in this recording: no wait has ended in it, or it was "
				     "cut before the first were written");
		return export__write(r, end->end.t_ns);
	}
	if (r->opt->json) {
		err = table__json(r);
		if (!err)
			err = summary__json(r);
		return err ? err : stream__end(&r->stream, end);
	}
	if (!rep->nr_findings)
		fprintf(out, "No findings.\n\n");
	if (rep->nr_waits && !rep->has_statistics) {
		/* Cut before the first: an empty table would be a lie. */
		fprintf(out, "%" PRIu64 " waits, but no statistics: they are written every few seconds and "
			     "at the end, and this recording has none\n", rep->nr_waits);
		err = 0;
	} else {
		err = table__print(r);
	}
	fprintf(out, "\nTime: %.3f s\n", (double)end->end.t_ns / 1e9);
	if (end->end.has_status)
		fprintf(out, "Status of the command: %d\n", end->end.command_status);
	return err ? err : summary__print_cost(r, out);
}

static int run_session(struct report *rep, const struct session_sink *sink)
{
	struct run *r = &rep->run;
	struct session_config cfg;
	int rc;

	progress__init(&rep->run.progress, r->opt->quiet);
	rc = source_replay__new(&r->src, rep->path, on_fault, rep, &r->err);
	if (!rc) {
		run__session_config(r, &cfg);
		rc = run__session(r, &cfg, sink);
	}
	progress__clear();
	if (rep->nr_faults > FAULTS_TOLD)
		cmd__say("%s: %" PRIu64 " more faults", rep->name, rep->nr_faults - FAULTS_TOLD);
	return rc;
}

static int run_report(const struct cmd_options *opt, char **argv)
{
	struct report rep = { .path = opt->rest.operands[0] };
	const struct session_sink sink = {
		.ctx = &rep,
		.record = on_record,
		.read_done = on_read_done,
		.finding = on_finding,
		.findings_done = on_findings_done,
		.end = on_end,
	};
	int rc = run__new(&rep.run, opt, argv);

	rep.name = rep.path && strcmp(rep.path, "-") ? rep.path : "stdin";
	if (!rc && !rep.path) {
		rc = lk_error__set(&rep.run.err, -EINVAL, "report needs a recording to read");
		lk_error__hint(&rep.run.err, "try lockscope report --help");
		rep.run.err.status = EXIT_USAGE;
	}
	if (!rc)
		rc = run__open_output(&rep.run, opt->html ? opt->html : opt->output);
	if (!rc)
		rc = export__check(&rep.run);
	rep.once = opt->html || opt->chrome || export__wanted(opt);
	if (!rc && (opt->html || opt->chrome))
		rc = timeline__new(&rep.time, page__passes, &rep.run);
	if (!rc)
		rc = run_session(&rep, &sink);
	timeline__free(rep.time);
	chrome__free(rep.chrome);
	return run__finish(&rep.run, rc);
}

const struct command cmd_report = {
	.name = "report",
	.bit = CMD_REPORT,
	.summary = "read a recording: statistics, findings, exports",
	.usage = "[OPTIONS] FILE",
	.help = "Replays FILE ('-' is stdin) through the same graph and detectors as a live run.\n"
		"Lines that are no whole record are told on stderr and skipped. Thresholds are\n"
		"those of the recording unless given.",
	.example = "  lockscope report hang.ndjson\n"
		   "  lockscope report hang.ndjson --html hang.html\n"
		   "  lockscope report --dot hang.ndjson | dot -Tsvg > waits.svg\n"
		   "  lockscope report --folded hang.ndjson | flamegraph.pl --countname=ns > waits.svg\n"
		   "  lockscope report --pprof -o waits.pb.gz hang.ndjson && go tool pprof -top waits.pb.gz\n"
		   "  lockscope report --chrome -o hang.json hang.ndjson    (open it in ui.perfetto.dev)\n"
		   "  lockscope report --csv --by caller hang.ndjson > callers.csv",
	.nr_operands = 1,
	.run = run_report,
};
