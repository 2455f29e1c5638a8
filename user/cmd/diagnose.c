// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * diagnose.c - what is wrong with this machine, and what to do: gathers, explains,
 * keeps.
 */
#include <errno.h>
#include <string.h>
#include "cmd/run.h"
#include "cmd/save.h"
#include "source/bare.h"
#include "source/gather.h"
#include "source/replay.h"

#define DEFAULT_FOR_NS 1100000000LL	/* who has not moved for a second is blocked */
#define TICK_MS 100
#define LOOK_MS 700		/* between the two looks at what moves */
#define LATE_MS 600		/* how long what was gathered is waited for at the end */
#define PROGRAM_MS 250
#define SAVE_MS 5000

struct diagnose {
	struct run run;
	struct save *save;		/* NULL: nothing is kept */
	struct gather *gather;		/* NULL: a recording is explained */
	struct run_header header;	/* of a run without BPF */
	struct lk_error why;		/* why there is no BPF */
	bool bare;
	enum diag_verdict verdict;
	size_t nr_asked;		/* busy threads whose stack was asked for */
	uint64_t nr_faults;
};

static uint64_t boot_ns(const struct diagnose *g)
{
	const struct rec_header *h = model__header(session__model(g->run.session));

	return h ? h->boot_ns : 0;
}

static int add_record(void *ctx, const struct record *rec)
{
	struct diagnose *g = ctx;

	return session__add(g->run.session, rec);
}

static int on_record(void *ctx, const struct record *rec)
{
	struct diagnose *g = ctx;

	return g->save ? stream__record(save__stream(g->save), rec) : 0;
}

static int on_finding(void *ctx, const struct finding *f)
{
	struct diagnose *g = ctx;

	run__shows(&g->run, f);	/* notes --fail-on */
	return g->save ? stream__finding(save__stream(g->save), f) : 0;
}

/* Where the busy ones are, the rest of the run may show. */
static void ask_for_busy(struct diagnose *g)
{
	const struct facts *f = model__facts(session__model(g->run.session));
	uint32_t tids[LIVE_ASKED_MAX];
	size_t nr = 0;

	for (size_t i = 0; i < f->nr_threads && nr < LIVE_ASKED_MAX; i++)
		if (f->threads[i].user_ns + f->threads[i].system_ns && f->threads[i].kernel)
			tids[nr++] = f->threads[i].tid;
	if (!g->bare && nr != g->nr_asked)
		source_live__ask(g->run.src, tids, nr);
	g->nr_asked = nr;
}

static int on_tick(void *ctx)
{
	struct diagnose *g = ctx;
	int err = g->gather ? gather__take(g->gather, boot_ns(g), add_record, g) : 0;

	if (!err && g->gather)
		ask_for_busy(g);
	return err;
}

static void add_pid(uint32_t *pids, size_t *nr, uint32_t pid)
{
	for (size_t i = 0; i < *nr; i++)
		if (pids[i] == pid)
			return;
	if (pid && *nr < GATHER_PROCESSES_MAX)
		pids[(*nr)++] = pid;
}

/* The programs of those at the root, in a cycle, and of the first of each group. */
static int name_programs(struct diagnose *g, const struct diagnosis *d, const struct view_input *in)
{
	uint32_t pids[GATHER_PROCESSES_MAX];
	size_t nr = 0;

	for (uint32_t i = 0; i < d->nr_paths; i++)
		add_pid(pids, &nr, d->paths[i].deadlock->cycle[d->paths[i].at].who.pid);
	for (uint32_t i = 0; i < d->nr_groups; i++)
		if (d->groups[i].root != SNAP_NONE)
			add_pid(pids, &nr, in->snap->tasks[d->groups[i].root].who.pid);
	for (uint32_t i = 0; i < d->nr_groups; i++)
		add_pid(pids, &nr, in->snap->tasks[d->groups[i].tasks[0]].who.pid);
	return nr ? gather__processes(pids, nr, PROGRAM_MS, add_record, g) : 0;
}

static int gather_rest(struct diagnose *g, const struct diagnose_input *about,
		       const struct view_input *in)
{
	const struct record no_bpf = {
		.type = REC_ABSENT,
		.absent = { "waits for locks, who holds them, deadlocks", g->why.what },
	};
	struct diagnosis *d;
	int err = gather__finish(g->gather, boot_ns(g), LATE_MS, add_record, g);

	if (!err && g->bare)
		err = add_record(g, &no_bpf);
	if (!err)
		err = diagnosis__new(&d, about);
	if (err)
		return err;
	err = name_programs(g, d, in);
	diagnosis__free(d);
	return err;
}

static int put_diagnosis(struct diagnose *g, const struct diagnose_input *about,
			 const struct view_input *in)
{
	FILE *out = output__file(g->run.out);
	char taken_at[WHEN_LEN];
	struct diagnosis *d;
	int err = diagnosis__new(&d, about);

	if (err)
		return err;
	g->verdict = d->verdict;
	if (g->run.opt->json)
		err = view_json__diagnosis(out, in, d, when__now(taken_at, sizeof(taken_at)));
	else
		err = view_text__diagnosis(out, in, d);
	diagnosis__free(d);
	return err;
}

static void fill_input(const struct diagnose *g, struct diagnose_input *about,
		       const struct view_input *in)
{
	struct session_config cfg;

	run__session_config(&g->run, &cfg);
	*about = (struct diagnose_input){
		.model = in->model, .snap = in->snap, .findings = in->findings,
		.nr_findings = in->nr_findings, .stall_ns = cfg.find.long_wait_ns,
		.saved = g->run.opt->save,
	};
}

/* After the explanation: writing may hang where everything hangs. */
static int save_all(struct diagnose *g, const struct record *end)
{
	int err = g->save ? stream__end(save__stream(g->save), end) : 0;

	if (err || !g->save)
		return err;
	run__flush(&g->run);
	return save__write(g->save, SAVE_MS, &g->run.err);
}

static int on_end(void *ctx, const struct record *end)
{
	struct diagnose *g = ctx;
	struct diagnose_input about;
	struct view_input in;
	int err = run__view_input(&g->run, &in);

	if (err)
		return err;
	fill_input(g, &about, &in);
	if (g->gather)
		err = gather_rest(g, &about, &in);
	if (!err)
		err = session__ask_all_lines(g->run.session);
	/* what was gathered late may have brought another read */
	if (!err)
		err = run__view_input(&g->run, &in);
	fill_input(g, &about, &in);
	if (!err)
		err = put_diagnosis(g, &about, &in);
	return err ? err : save_all(g, end);
}

static void on_fault(void *ctx, const struct replay_fault *fault)
{
	struct diagnose *g = ctx;

	if (!g->nr_faults++)
		cmd__say("%s: %s", g->run.opt->rest.operands[0], fault->what);
}

/* Without BPF /proc has to do, and what is missing is told. */
static int open_bare(struct diagnose *g)
{
	struct run *r = &g->run;

	g->why = r->err;
	memset(&r->err, 0, sizeof(r->err));
	gather__free(g->gather);
	run__header(r, &g->header, "none");
	g->bare = true;
	return source_bare__new(&r->src, &g->header.rec) ?: gather__new(&g->gather, LOOK_MS, true);
}

/* Gathering begins first: it does not need what is loaded meanwhile. */
static int open_source(struct diagnose *g)
{
	struct run *r = &g->run;
	struct live_config live;
	int rc;

	if (r->opt->rest.operands[0])
		return source_replay__new(&r->src, r->opt->rest.operands[0], on_fault, g, &r->err);
	live_config__defaults(&live);
	live.no_aggregates = true;
	rc = gather__new(&g->gather, LOOK_MS, false);
	if (!rc)
		rc = run__open_live(r, &live);
	if (!rc || r->err.status != EXIT_CANNOT || r->opt->level != LEVEL_AUTO)
		return rc;
	return open_bare(g);
}

static int run_session(struct diagnose *g)
{
	const struct session_sink sink = { .ctx = g, .record = on_record, .finding = on_finding,
					   .tick = on_tick, .end = on_end };
	struct run *r = &g->run;
	struct session_config cfg;
	int rc = open_source(g);

	if (rc)
		return rc;
	run__session_config(r, &cfg);
	cfg.tick_ms = TICK_MS;
	cfg.collect = !g->bare;
	if (!cfg.for_ns)
		cfg.for_ns = DEFAULT_FOR_NS;
	return run__session(r, &cfg, &sink);
}

static int run_diagnose(const struct cmd_options *opt, char **argv)
{
	struct diagnose g = { 0 };
	int rc = run__new(&g.run, opt, argv), status;

	if (!rc && opt->save && opt->rest.operands[0]) {
		rc = lk_error__set(&g.run.err, -EINVAL, "--save keeps what is seen now, not a recording");
		g.run.err.status = EXIT_USAGE;
	}
	if (!rc)
		rc = run__open_output(&g.run, opt->output);
	if (!rc && opt->save)
		rc = save__new(&g.save, opt->save);
	if (!rc)
		rc = run_session(&g);
	gather__free(g.gather);
	save__free(g.save);
	status = run__finish(&g.run, rc);
	if (status == EXIT_FINE && !opt->fail_on && diag_verdict__is_trouble(g.verdict))
		return EXIT_FOUND;
	return status == EXIT_FINE && g.verdict == DIAG_UNKNOWN ? EXIT_CANNOT : status;
}

const struct command cmd_diagnose = {
	.name = "diagnose",
	.bit = CMD_DIAGNOSE,
	.summary = "what is wrong with this machine, and what to do",
	.usage = "[OPTIONS] [FILE]",
	.help = "Looks at the machine for about a second and explains: who is blocked and since when,\n"
		"for what, behind whom, in which code; what the kernel's log tells of it; what to do\n"
		"and what to keep before a reboot. FILE, kept with --save or by `record`, is explained\n"
		"instead. Exit status 3 when tasks are blocked or deadlocked (with --fail-on, when one\n"
		"of those findings was seen), 0 when none is.",
	.example = "  sudo lockscope diagnose\n"
		   "  sudo lockscope diagnose --save /dev/shm/hang.ndjson\n"
		   "  lockscope diagnose hang.ndjson",
	.nr_operands = 1,
	.run = run_diagnose,
};
