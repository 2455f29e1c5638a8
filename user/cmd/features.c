// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * features.c - what this kernel and these privileges offer.
 */
#include <errno.h>
#include <string.h>
#include "cmd/run.h"
#include "lib/fmt.h"
#include "lib/json.h"
#include "source/probe.h"

#define MAX_ROWS 64

static const char *state_name(enum probe_state state)
{
	static const char *const names[] = {
		[PROBE_YES] = "yes", [PROBE_PARTLY] = "partly", [PROBE_NO] = "no",
	};

	return names[state];
}

static const char *state_color(enum probe_state state)
{
	static const char *const colors[] = {
		[PROBE_YES] = "\033[32m", [PROBE_PARTLY] = "\033[33m", [PROBE_NO] = "\033[31m",
	};

	return colors[state];
}

static void print_row(const struct run *r, const struct probe_row *row)
{
	FILE *out = output__file(r->out);
	char safe[320];

	fprintf(out, "%s%-6s%s  %s", r->style.color ? state_color(row->state) : "",
		state_name(row->state), r->style.color ? "\033[0m" : "", row->what);
	if (row->detail[0])
		fprintf(out, ": %s", fmt__safe(safe, sizeof(safe), row->detail, r->style.utf8));
	fputc('\n', out);
	if (row->gives && row->state == PROBE_YES)
		fprintf(out, "        gives: %s\n", row->gives);
	if (row->without && row->state != PROBE_YES)
		fprintf(out, "        without it: %s\n", row->without);
}

static int put_row(struct run *r, const struct probe_row *row)
{
	struct json j;
	int err;

	json__init(&j, output__file(r->out));
	json__object(&j, NULL);
	json__str(&j, "type", "feature");
	json__str(&j, "id", row->id);
	json__str(&j, "what", row->what);
	json__str(&j, "state", state_name(row->state));
	json__str(&j, "detail", row->detail);
	json__str(&j, "gives", row->gives);
	json__str(&j, "without", row->without);
	json__end_object(&j);
	err = json__done(&j);
	if (!err)
		r->stream.nr_lines++;
	return err;
}

/* No capture, so the header says when the probing began and which level runs here. */
static int put_header(struct run *r, const char *level)
{
	struct run_header h;

	run__header(r, &h, level);
	return stream__record(&r->stream, &(struct record){ .type = REC_HEADER, .header = h.rec });
}

static bool has_held(const struct probe_row *rows, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		if (!strcmp(rows[i].id, "unnamed_owners"))
			return rows[i].state != PROBE_NO;
	return false;
}

static int print_features(struct run *r, const struct probe_row *rows, size_t nr)
{
	struct lk_error why = { 0 };
	int cannot = probe__contention(NULL, &why), err = 0;
	const char *level = cannot ? "none" : "contention";

	stream__init(&r->stream, output__file(r->out), NULL);
	if (r->opt->json) {
		err = put_header(r, level);
		for (size_t i = 0; !err && i < nr; i++)
			err = put_row(r, &rows[i]);
		return err ? err : stream__end(&r->stream, &(struct record){ .type = REC_END });
	}
	for (size_t i = 0; i < nr; i++)
		print_row(r, &rows[i]);
	fprintf(output__file(r->out), "\nLevel here: %s%s%s%s\n", level,
		!cannot && has_held(rows, nr) ? ", held on demand" : "", cannot ? " - " : "",
		why.what);
	return 0;
}

static int run_features(const struct cmd_options *opt, char **argv)
{
	struct probe_row rows[MAX_ROWS];
	struct run r;
	size_t nr = 0;
	int rc = run__new(&r, opt, argv);

	if (!rc)
		rc = run__open_output(&r, opt->output);
	if (!rc) {
		rc = probe__run(rows, MAX_ROWS, &nr);
		if (rc)
			lk_error__set(&r.err, rc, "cannot probe this kernel: %s", strerror(-rc));
	}
	if (!rc)
		rc = print_features(&r, rows, nr);
	return run__finish(&r, rc);
}

const struct command cmd_features = {
	.name = "features",
	.bit = CMD_FEATURES,
	.summary = "what this kernel offers, what is missing, what that costs",
	.usage = "[OPTIONS]",
	.help = "Probes the kernel and the privileges; hooks only a function made for such tests,\nfor a moment.",
	.example = "  sudo lockscope features\n"
		   "  lockscope features --json | jq -r 'select(.state == \"no\") | .what'",
	.run = run_features,
};
