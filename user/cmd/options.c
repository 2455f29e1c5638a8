// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * options.c - the one table of options, and the settings they make.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "cmd/cmd.h"
#include "cmd/values.h"

#define EVERY 0xffU
#define LIVE (CMD_TOP | CMD_WATCH | CMD_SNAPSHOT | CMD_STAT | CMD_RECORD)
#define SHOWING (LIVE | CMD_REPORT)
#define TRACING (LIVE | CMD_DIAGNOSE)
#define FINDING (SHOWING | CMD_DIAGNOSE)
#define TABLES (CMD_TOP | CMD_STAT | CMD_REPORT)
#define GROUPED (TABLES | CMD_WATCH | CMD_SNAPSHOT)
#define NUMBER "a whole number"
#define COUNT "a whole number above 0"
#define MILLISECONDS "a number of milliseconds above 0"
#define SECONDS "a number of seconds above 0"
#define AT(field) .offset = offsetof(struct cmd_options, field)

static const struct option_row rows[] = {
	{ "json", 0, NULL, option__flag, AT(json), NULL, "write JSON", EVERY },
	{ "dot", 0, NULL, option__flag, AT(dot), NULL, "write the wait-for graph for graphviz",
	  CMD_SNAPSHOT | CMD_REPORT },
	{ "folded", 0, NULL, option__flag, AT(folded), NULL,
	  "write waits as folded stacks, in ns, for flame graphs", CMD_STAT | CMD_REPORT },
	{ "chrome", 0, NULL, option__flag, AT(chrome), NULL,
	  "write single waits as a trace for Perfetto or chrome://tracing", CMD_REPORT },
	{ "pprof", 0, NULL, option__flag, AT(pprof), NULL,
	  "write waits as a profile for pprof", CMD_STAT | CMD_REPORT },
	{ "csv", 0, NULL, option__flag, AT(csv), NULL,
	  "write the table as comma-separated values", CMD_STAT | CMD_REPORT },
	{ "html", 0, "FILE", option__string, AT(html), "a file's name",
	  "write everything as one page for a browser", CMD_SNAPSHOT | CMD_REPORT },
	{ "prometheus", 0, "FILE", option__string, AT(prometheus), "a file's name",
	  "keep metrics there, for node_exporter's textfile collector", CMD_WATCH | CMD_STAT },
	{ "output", 'o', "FILE", option__string, AT(output), "a file's name",
	  "write there instead of stdout ('-')", EVERY },
	{ "save", 0, "FILE", option__string, AT(save), "a file's name",
	  "also keep everything that was seen there, as a recording", CMD_DIAGNOSE },
	{ "for", 0, "SECONDS", option__seconds, AT(for_ns), SECONDS, "end after this time", TRACING },
	{ "batch", 'b', NULL, option__flag, AT(batch), NULL, "plain text, one table a refresh",
	  CMD_TOP },
	{ "count", 'n', "N", option__positive, AT(nr_ticks), COUNT, "end after N refreshes",
	  CMD_TOP },
	{ "delay", 'd', "SECONDS", option__seconds, AT(delay_ns), SECONDS,
	  "time between refreshes (default 2)", CMD_TOP },
	{ "interval", 0, "MS", option__milliseconds, AT(interval_ns), MILLISECONDS,
	  "a table each interval, not only at the end", CMD_STAT },
	{ "by", 0, "GROUP", cmd_value__group, AT(group), "one of",
	  "a row per name of a lock (default), single lock, caller or task", GROUPED,
	  cmd_word__group },
	{ "sort", 0, "COLUMN", cmd_value__sort, AT(sort), "a column",
	  "sort by this column (default total)", TABLES, cmd_word__column },
	{ "limit", 0, "N", option__u32, AT(limit), NUMBER, "at most N rows; 0: all", TABLES },
	{ "pid", 'p', "PID,...", option__u32_list, AT(pids), "process ids, comma-separated",
	  "show only these processes", SHOWING },
	{ "tid", 't', "TID,...", option__u32_list, AT(tids), "thread ids, comma-separated",
	  "show only these threads", SHOWING },
	{ "comm", 0, "GLOB", option__string, AT(comm_glob), "a pattern",
	  "show only tasks of such a name", SHOWING },
	{ "cgroup", 0, "PATH", option__string, AT(cgroup), "a path",
	  "show only tasks of this cgroup and those below", SHOWING },
	{ "kind", 0, "KIND,...", cmd_value__kinds, AT(kinds),
	  "lock kinds, comma-separated", "show only locks of these kinds", SHOWING,
	  cmd_word__kind },
	{ "lock", 0, "LOCK", cmd_value__lock, AT(lock), "a lock's name, a pattern or 0xADDRESS",
	  "show only this lock, or those of such a name", SHOWING },
	{ "level", 0, "LEVEL", cmd_value__level, AT(level), "one of",
	  "what to trace (auto: contention, held if another option needs it)", TRACING,
	  cmd_word__level },
	{ "spin", 0, NULL, option__flag, AT(spin), NULL,
	  "also track who holds spinlocks and rwlocks (level held)", TRACING },
	{ "hooks", 0, "HOW", cmd_value__hooks, AT(hooks), "one of",
	  "how level held hooks lock functions (default auto)", TRACING, cmd_word__hooks },
	{ "stacks", 0, "WHICH", cmd_value__stacks, AT(stacks), "one of",
	  "walk stacks of no, new and long (default), all waits", LIVE, cmd_word__stacks },
	{ "max-locks", 0, "N", option__positive, AT(nr_locks_max), COUNT,
	  "rows of statistics kept in the kernel", TRACING },
	{ "max-tasks", 0, "N", option__positive, AT(nr_tasks_max), COUNT,
	  "tasks whose waits are kept in the kernel", TRACING },
	{ "max-stacks", 0, "N", option__positive, AT(nr_stacks_max), COUNT,
	  "stacks kept in the kernel", TRACING },
	{ "ring-kb", 0, "N", option__positive, AT(ring_kb), COUNT,
	  "size of the buffer for single waits", TRACING },
	{ "btf", 0, "FILE", option__string, AT(btf), "a file's name",
	  "BTF for CO-RE relocation", TRACING },
	{ "long-wait", 0, "MS", option__milliseconds, AT(long_wait_ns), MILLISECONDS,
	  "a wait this long is a finding (default 1000)", FINDING },
	{ "long-spin", 0, "MS", option__milliseconds, AT(long_spin_ns), MILLISECONDS,
	  "a spin this long is a finding (default 10)", FINDING },
	{ "long-hold", 0, "MS", option__milliseconds, AT(long_hold_ns), MILLISECONDS,
	  "a hold this long is a finding (default 1000; level held)", FINDING },
	{ "fail-on", 0, "FINDING,...", cmd_value__findings, AT(fail_on),
	  "findings, comma-separated", "exit with 3 when one of these is seen", FINDING,
	  cmd_word__finding },
	{ "color", 0, "WHEN", cmd_value__color, AT(color), "one of",
	  "colour text (NO_COLOR is honoured)", EVERY, cmd_word__color },
	{ "quiet", 'q', NULL, option__flag, AT(quiet), NULL, "no messages but errors", EVERY },
	{ "verbose", 'v', NULL, option__count, AT(verbose), NULL,
	  "more: whole stacks, own cost in detail", EVERY },
	{ "version", 0, NULL, option__flag, AT(version), NULL, "print the version", EVERY },
	{ "help", 'h', NULL, option__flag, AT(help), NULL, "print this", EVERY },
};
#define NR_ROWS (sizeof(rows) / sizeof(*rows))

static void set_defaults(struct cmd_options *opt)
{
	*opt = (struct cmd_options){
		.for_ns = OPT_UNSET,
		.interval_ns = OPT_UNSET,
		.delay_ns = OPT_UNSET,
		.long_wait_ns = OPT_UNSET,
		.long_spin_ns = OPT_UNSET,
		.long_hold_ns = OPT_UNSET,
		.nr_locks_max = OPT_UNSET,
		.nr_tasks_max = OPT_UNSET,
		.nr_stacks_max = OPT_UNSET,
		.ring_kb = OPT_UNSET,
		.nr_ticks = OPT_UNSET,
		.limit = OPT_UNSET,
		.stacks = LIVE_STACKS_SAMPLED,
	};
}

/* Each is the whole output. */
static const struct {
	const char *name;
	size_t offset;
} forms[] = {
	{ "json", offsetof(struct cmd_options, json) },
	{ "dot", offsetof(struct cmd_options, dot) },
	{ "folded", offsetof(struct cmd_options, folded) },
	{ "chrome", offsetof(struct cmd_options, chrome) },
	{ "pprof", offsetof(struct cmd_options, pprof) },
	{ "csv", offsetof(struct cmd_options, csv) },
};

static int check_forms(const struct cmd_options *opt, struct lk_error *err)
{
	const char *first = NULL;

	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		if (!*(const bool *)((const char *)opt + forms[i].offset))
			continue;
		if (first)
			return lk_error__set(err, -EINVAL, "--%s and --%s exclude each other", first,
					     forms[i].name);
		first = forms[i].name;
	}
	if (opt->html && first)
		return lk_error__set(err, -EINVAL, "--html and --%s exclude each other", first);
	if (opt->html && opt->output)
		return lk_error__set(err, -EINVAL, "--html names its file and excludes -o");
	if (first && strcmp(first, "json") && opt->interval_ns != OPT_UNSET)
		return lk_error__set(err, -EINVAL, "--%s is written once, at the end: no --interval",
				     first);
	return 0;
}

static int check_rest(const struct cmd_options *opt, const struct command *cmd,
		      struct lk_error *err)
{
	const struct options_rest *rest = &opt->rest;

	if (rest->nr_operands > cmd->nr_operands)
		return lk_error__set(err, -EINVAL, "unexpected argument '%s'%s",
				     rest->operands[cmd->nr_operands], cmd->takes_command ?
				     " (a command to run goes after --)" : "");
	if (rest->command && !cmd->takes_command)
		return lk_error__set(err, -EINVAL, "%s runs no command", cmd->name);
	if (cmd->bit & (CMD_WATCH | CMD_SNAPSHOT) &&
	    (opt->group == STAT_BY_CALLER || opt->group == STAT_BY_TASK))
		return lk_error__set(err, -EINVAL, "--by of %s is lock or instance", cmd->name);
	return check_forms(opt, err);
}

int cmd_options__parse(struct cmd_options *opt, const struct command *cmd, int argc, char **argv,
		       struct lk_error *err)
{
	char why[400];
	int rc;

	set_defaults(opt);
	rc = options__parse(rows, NR_ROWS, cmd->bit, argc, argv, opt, &opt->rest, why,
			    sizeof(why));
	if (rc == -EINVAL)
		lk_error__set(err, rc, "%s", why);
	else if (rc)
		lk_error__set(err, rc, "%s", strerror(-rc));
	if (rc || opt->help || opt->version)
		return rc;
	return check_rest(opt, cmd, err);
}

void cmd_options__print(FILE *out, const struct command *cmd)
{
	options__print(out, rows, NR_ROWS, cmd->bit);
}

void cmd_options__print_table(FILE *out, const struct command *cmd)
{
	options__print_table(out, rows, NR_ROWS, cmd->bit);
}

void cmd_options__free(struct cmd_options *opt)
{
	option_u32_list__free(&opt->pids);
	option_u32_list__free(&opt->tids);
	free(opt->cgroup_ids);
}

bool cmd_options__filters_tasks(const struct cmd_options *opt)
{
	return opt->pids.nr || opt->tids.nr || opt->comm_glob || opt->cgroup;
}

void cmd_options__filter(const struct cmd_options *opt, struct view_filter *f)
{
	*f = (struct view_filter){
		.pids = opt->pids.list,
		.nr_pids = opt->pids.nr,
		.tids = opt->tids.list,
		.nr_tids = opt->tids.nr,
		.comm_glob = opt->comm_glob,
		.cgroups = opt->cgroup_ids,
		.nr_cgroups = opt->nr_cgroup_ids,
		.kinds = opt->kinds,
		.lock = opt->lock,
	};
}
