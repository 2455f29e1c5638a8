/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * options.h - command-line options as data: a table of rows, each a name, where
 * its value goes, and how it is read.  Knows no command and no option of its own.
 */
#ifndef LOCKSCOPE_LIB_OPTIONS_H
#define LOCKSCOPE_LIB_OPTIONS_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct option_row {
	const char *name;	/* long name, without dashes */
	char letter;		/* 0: no short form */
	const char *arg;	/* "MS"; NULL: takes none */
	/* Reads arg (NULL when it takes none) into dst.  0, -ENOMEM, or another
	 * -errno for a value that is none: then `expects` is told to the user. */
	int (*parse)(void *dst, const char *arg);
	size_t offset;		/* of dst in the struct given to options__parse() */
	const char *expects;	/* "a number of milliseconds"; NULL: anything goes */
	const char *help;
	uint32_t commands;	/* commands that know it, one bit each */
	/* Where the value is one of some words, or a list of them: word i, NULL behind
	 * the last.  The user is told them after `expects`. */
	const char *(*word)(size_t i);
};

/* What was read besides options; both point into argv. */
struct options_rest {
	char *operands[4];
	int nr_operands;
	char **command;		/* what followed "--", NULL-terminated; NULL: nothing did */
};

/* Parses argv[1..]; argv[0] is ignored.  Options and operands may mix.  0, or
 * -EINVAL with the reason in why (one line, no newline), or -ENOMEM. */
int options__parse(const struct option_row *rows, size_t nr_rows, uint32_t command_bit, int argc,
		   char **argv, void *dst, struct options_rest *rest, char *why, size_t why_size);

/* Prints the rows of a command, one or two lines each. */
void options__print(FILE *out, const struct option_row *rows, size_t nr_rows,
		    uint32_t command_bit);

/* Prints the rows of a command for programs, a line each, fields parted by tabs:
 * "option", name, letter or "-", arg or "-", words parted by blanks or "-", help. */
void options__print_table(FILE *out, const struct option_row *rows, size_t nr_rows,
			  uint32_t command_bit);

/* Ready-made parsers; dst is of the type named. */
int option__flag(void *dst, const char *arg);		/* bool */
int option__count(void *dst, const char *arg);		/* int, one up */
int option__string(void *dst, const char *arg);		/* const char *, not empty */
int option__u32(void *dst, const char *arg);		/* int64_t: 0 .. UINT32_MAX */
int option__positive(void *dst, const char *arg);	/* int64_t: 1 .. UINT32_MAX */
int option__seconds(void *dst, const char *arg);	/* int64_t ns, from "1.5"; > 0 */
int option__milliseconds(void *dst, const char *arg);	/* int64_t ns, from "0.2"; > 0 */

/* A whole decimal number and nothing else; 0, -EINVAL or -ERANGE. */
int option__parse_u64(const char *arg, uint64_t max, uint64_t *out);

/* A comma-separated list of numbers, each 1 .. UINT32_MAX; given twice, it grows. */
struct option_u32_list {
	uint32_t *list;
	size_t nr;
};
int option__u32_list(void *dst, const char *arg);	/* struct option_u32_list */
void option_u32_list__free(struct option_u32_list *l);

/* Calls fn with each word of a comma-separated list; stops at its first error.
 * -EINVAL for an empty list or word. */
int option__each_word(const char *arg, int (*fn)(void *ctx, const char *word), void *ctx);

#endif
