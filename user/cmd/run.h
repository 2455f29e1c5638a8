/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * run.h - what every command does around its sink: checks, opens the output and
 * the source, runs the session, turns the outcome into an exit status.
 */
#ifndef LOCKSCOPE_CMD_RUN_H
#define LOCKSCOPE_CMD_RUN_H

#include "cmd/cmd.h"
#include "cmd/output.h"
#include "cmd/progress.h"
#include "cmd/stream.h"
#include "cmd/when.h"
#include <sys/utsname.h>

struct run {
	const struct cmd_options *opt;
	char **argv;
	struct output *out;
	struct source *src;
	struct session *session;
	struct stream stream;		/* ready once the session is made */
	struct progress progress;	/* of starting and ending */
	struct view_filter filter;
	struct view_style style;
	struct lk_error err;
	bool fail_on_seen;
	const struct finding **open;	/* see run__open_findings() */
	/* findings of this read that are told as text once all have come */
	struct arena *told_arena;	/* NULL: none */
	const struct finding **told;
	size_t nr_told, cap_told;
};

/* Each returns 0 or -errno with r->err filled; after the first failure only
 * run__finish() may follow. */
int run__new(struct run *r, const struct cmd_options *opt, char **argv);
int run__open_output(struct run *r, const char *path);
/* cfg: as the command wants it; the options that apply are put in here. */
int run__open_live(struct run *r, struct live_config *cfg);
int run__session(struct run *r, struct session_config *cfg, const struct session_sink *sink);
/* Frees everything and returns the exit status; prints what failed. */
int run__finish(struct run *r, int rc);

/* For sinks: whether the filter lets a finding through; notes --fail-on. */
bool run__shows(struct run *r, const struct finding *f);
/* For sinks: flushes the output, so that what was said outlives the machine. */
int run__flush(struct run *r);
/* One finding as a record, or as text with its time before it: then those of one read are
 * told together by run__put_findings(). */
int run__put_finding(struct run *r, const struct finding *f);
int run__put_findings(struct run *r);
/* Everything a view needs; findings are those open now that the filter passes. */
int run__view_input(struct run *r, struct view_input *in);
/* Whether the filter passes a row of statistics. */
bool run__shows_row(const struct run *r, const struct rec_agg *agg);
/* A message, unless -q. */
void run__note(const struct run *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The header of a run that traces nothing: it begins now.  rec points into it. */
struct run_header {
	struct rec_header rec;
	struct utsname system;
	char began_at[WHEN_LEN];
};
void run__header(const struct run *r, struct run_header *h, const char *level);

/* Session settings as the options have them. */
void run__session_config(const struct run *r, struct session_config *cfg);

#endif
