// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * main.c - the table of commands.
 */
#include <locale.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include "cmd/cmd.h"

static const struct command *const commands[] = {
	&cmd_top, &cmd_watch, &cmd_snapshot, &cmd_stat, &cmd_record, &cmd_report, &cmd_features,
	&cmd_diagnose,
};
#define NR_COMMANDS (sizeof(commands) / sizeof(*commands))

static const struct command *find_command(const char *name)
{
	for (size_t i = 0; i < NR_COMMANDS; i++)
		if (!strcmp(commands[i]->name, name))
			return commands[i];
	return NULL;
}

static void print_commands(FILE *out)
{
	fprintf(out, "usage: lockscope COMMAND [OPTIONS]\n\n"
		"Shows which locks are waited for, who holds them, and names deadlocks, on the\n"
		"running kernel.\n\n");
	for (size_t i = 0; i < NR_COMMANDS; i++)
		fprintf(out, "  %-9s %s\n", commands[i]->name, commands[i]->summary);
	fprintf(out, "\n`lockscope COMMAND --help` tells the options of each; lockscope --version.\n"
		"Exit: 0 fine, 1 failed, 2 usage, 3 a finding named by --fail-on was seen,\n"
		"4 this kernel or these privileges cannot do it.\n");
}

static void print_help(const struct command *cmd)
{
	printf("usage: lockscope %s %s\n\n%s\n\n", cmd->name, cmd->usage, cmd->help);
	cmd_options__print(stdout, cmd);
	printf("\nexample:\n%s\n", cmd->example);
}

/* All there is to complete and to describe, for what builds the completion and the manual
 * pages.  Not told to users: nobody else is to rely on it. */
static void print_table(void)
{
	for (size_t i = 0; i < NR_COMMANDS; i++) {
		printf("command\t%s\t%d\t%s\t%s\n", commands[i]->name, commands[i]->nr_operands,
		       commands[i]->takes_command ? "runs" : "-", commands[i]->summary);
		cmd_options__print_table(stdout, commands[i]);
	}
}

/* What was printed to stdout outside of any command's own output. */
static int finish_stdout(void)
{
	return fflush(stdout) ? EXIT_FAILED : EXIT_FINE;
}

static int usage_error(const struct command *cmd, const struct lk_error *err)
{
	cmd__say("%s", err->what);
	if (err->hint[0])
		cmd__say("%s", err->hint);
	cmd__say("try lockscope %s --help", cmd->name);
	return EXIT_USAGE;
}

static int run_command(const struct command *cmd, int argc, char **argv, char **whole_argv)
{
	struct cmd_options opt;
	struct lk_error err = { 0 };
	int rc = cmd_options__parse(&opt, cmd, argc, argv, &err), status;

	if (!rc && opt.help) {
		print_help(cmd);
		status = finish_stdout();
	} else if (!rc && opt.version) {
		printf("lockscope %s\n", LOCKSCOPE_VERSION);
		status = finish_stdout();
	} else {
		if (!rc && opt.cgroup)
			rc = cmd_cgroup__resolve(opt.cgroup, &opt.cgroup_ids, &opt.nr_cgroup_ids,
						 &err);
		status = rc ? usage_error(cmd, &err) : cmd->run(&opt, whole_argv);
	}
	cmd_options__free(&opt);
	return status;
}

static int run_without_command(int argc, char **argv)
{
	const struct command *cmd;
	const char *word = argc > 1 ? argv[1] : NULL;

	if (word && !strcmp(word, "--version")) {
		printf("lockscope %s\n", LOCKSCOPE_VERSION);
		return finish_stdout();
	}
	if (word && (!strcmp(word, "-h") || !strcmp(word, "--help") || !strcmp(word, "help"))) {
		cmd = argc > 2 ? find_command(argv[2]) : NULL;
		if (cmd)
			print_help(cmd);
		else
			print_commands(stdout);
		return finish_stdout();
	}
	if (word && !strcmp(word, "--print-table")) {
		print_table();
		return finish_stdout();
	}
	if (word)
		cmd__say("unknown command '%s'; try lockscope --help", word);
	else
		print_commands(stderr);
	return EXIT_USAGE;
}

int main(int argc, char **argv)
{
	const struct command *cmd = argc > 1 ? find_command(argv[1]) : NULL;
	/* getopt reorders its argv; the header wants it as it was typed */
	char **copy = calloc((size_t)argc + 1, sizeof(*copy));
	int status;

	if (!copy)
		return EXIT_FAILED;
	memcpy(copy, argv, (size_t)argc * sizeof(*copy));
	/* Tables of many locks grow by doubling: where they had been, nothing else is put. */
	mallopt(M_MMAP_THRESHOLD, 128 * 1024);
	setlocale(LC_CTYPE, "");	/* what the terminal shows; numbers stay plain */
	signal(SIGPIPE, SIG_IGN);
	status = cmd ? run_command(cmd, argc - 1, argv + 1, copy) : run_without_command(argc, argv);
	free(copy);
	return status;
}
