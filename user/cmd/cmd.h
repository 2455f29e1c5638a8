/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * cmd.h - what a command is, and what the commands share.
 */
#ifndef LOCKSCOPE_CMD_CMD_H
#define LOCKSCOPE_CMD_CMD_H

#include "lib/error.h"
#include "lib/options.h"
#include "session/session.h"
#include "source/live.h"
#include "view/view.h"

/* One bit each, for the table of options. */
enum cmd_bit {
	CMD_TOP = 1,
	CMD_WATCH = 2,
	CMD_SNAPSHOT = 4,
	CMD_STAT = 8,
	CMD_RECORD = 16,
	CMD_REPORT = 32,
	CMD_FEATURES = 64,
	CMD_DIAGNOSE = 128,
};

enum cmd_level { LEVEL_AUTO, LEVEL_CONTENTION, LEVEL_HELD, LEVEL_LOCKDEP };
enum cmd_color { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

#define OPT_UNSET (-1)	/* of the int64_t fields: not given */

/* Every option of every command; durations in ns. */
struct cmd_options {
	bool help, version, json, batch, quiet, spin;
	bool dot, folded, chrome, pprof, csv;	/* with json and html: one at most */
	int verbose;
	const char *output, *html, *prometheus, *comm_glob, *cgroup, *lock, *btf, *sort, *save;
	int64_t for_ns, interval_ns, delay_ns;
	int64_t long_wait_ns, long_spin_ns, long_hold_ns;
	int64_t nr_locks_max, nr_tasks_max, nr_stacks_max, ring_kb, nr_ticks, limit;
	struct option_u32_list pids, tids;
	uint32_t kinds;		/* bit 1 << enum lock_kind */
	uint32_t fail_on;	/* bit 1 << enum finding_kind */
	enum cmd_level level;
	enum cmd_color color;
	enum live_stack_mode stacks;
	enum live_hook_how hooks;
	enum stat_group group;
	/* found out, not given */
	uint64_t *cgroup_ids;
	size_t nr_cgroup_ids;
	struct options_rest rest;
};

struct command {
	const char *name;
	uint32_t bit;
	const char *summary;	/* one line, for the list of commands */
	const char *usage;	/* what follows the name */
	const char *help;	/* a few lines */
	const char *example;	/* command lines that can be typed */
	int nr_operands;	/* it takes at most this many */
	bool takes_command;	/* "-- COMMAND" */
	/* Returns an enum lk_exit. */
	int (*run)(const struct cmd_options *opt, char **argv);
};

extern const struct command cmd_top, cmd_watch, cmd_snapshot, cmd_stat, cmd_record, cmd_report,
	cmd_features, cmd_diagnose;

/* The table of options, and reading argv with it: 0, or -errno with *err filled. */
int cmd_options__parse(struct cmd_options *opt, const struct command *cmd, int argc, char **argv,
		       struct lk_error *err);
void cmd_options__print(FILE *out, const struct command *cmd);
void cmd_options__print_table(FILE *out, const struct command *cmd);	/* for programs */
void cmd_options__free(struct cmd_options *opt);
bool cmd_options__filters_tasks(const struct cmd_options *opt);
/* Fills *f from the options; it points into them. */
void cmd_options__filter(const struct cmd_options *opt, struct view_filter *f);
/* Resolves --cgroup to the ids of it and all below. */
int cmd_cgroup__resolve(const char *path, uint64_t **ids, size_t *nr, struct lk_error *err);

/* Messages, always to stderr, one line each with "lockscope: " before it. */
void cmd__say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Prints *err and returns the status to exit with. */
int cmd__fail(const struct lk_error *err);

#endif
