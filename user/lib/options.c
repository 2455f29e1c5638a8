// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * options.c - the table of options read with getopt_long(3).
 */
#include "lib/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_ROW 256	/* above every letter: the value getopt gives for row 0 */
#define OPERAND 1	/* what getopt gives for an operand, asked for by the leading "-" */

/* The same table in getopt's two shapes. */
struct getopt_tables {
	struct option *longs;
	char *shorts;
};

static int make_tables(struct getopt_tables *t, const struct option_row *rows, size_t nr,
		       uint32_t bit)
{
	size_t nr_longs = 0, nr_shorts = 0;

	t->longs = calloc(nr + 1, sizeof(*t->longs));
	t->shorts = calloc(2 * nr + 3, 1);
	if (!t->longs || !t->shorts)
		return -ENOMEM;
	t->shorts[nr_shorts++] = '-';	/* operands in order, so "--" can be told from them */
	t->shorts[nr_shorts++] = ':';	/* a missing value is told from an unknown option */
	for (size_t i = 0; i < nr; i++) {
		if (!(rows[i].commands & bit))
			continue;
		t->longs[nr_longs++] = (struct option){
			.name = rows[i].name,
			.has_arg = rows[i].arg ? required_argument : no_argument,
			.val = FIRST_ROW + (int)i,
		};
		if (!rows[i].letter)
			continue;
		t->shorts[nr_shorts++] = rows[i].letter;
		if (rows[i].arg)
			t->shorts[nr_shorts++] = ':';
	}
	return 0;
}

static void free_tables(struct getopt_tables *t)
{
	free(t->longs);
	free(t->shorts);
}

static const struct option_row *row_of(const struct option_row *rows, size_t nr, uint32_t bit,
				       int code)
{
	if (code >= FIRST_ROW)
		return &rows[code - FIRST_ROW];
	for (size_t i = 0; i < nr; i++)
		if (rows[i].letter == code && rows[i].commands & bit)
			return &rows[i];
	return NULL;
}

/* An option that another command has is a better answer than "unknown". */
static int explain_unknown(const struct option_row *rows, size_t nr, int letter, const char *word,
			   char *why, size_t size)
{
	for (size_t i = 0; i < nr; i++)
		if (letter ? rows[i].letter == letter :
			     !strncmp(word, "--", 2) && !strcmp(rows[i].name, word + 2)) {
			snprintf(why, size, "this command has no option --%s", rows[i].name);
			return -EINVAL;
		}
	if (letter)
		snprintf(why, size, "unknown option -%c", letter);
	else
		snprintf(why, size, "unknown or ambiguous option %s", word);
	return -EINVAL;
}

static void append_words(const struct option_row *row, const char *before, const char *between,
			 char *text, size_t size)
{
	const char *word;
	size_t len;

	for (size_t i = 0; row->word && (word = row->word(i)); i++) {
		len = strlen(text);
		snprintf(text + len, size - len, "%s%s", i ? between : before, word);
	}
}

static int take_value(const struct option_row *row, const char *value, void *dst, char *why,
		      size_t size)
{
	int err = row->parse((char *)dst + row->offset, value);

	if (!err || err == -ENOMEM)
		return err;
	snprintf(why, size, "--%s %s: expected %s", row->name, value,
		 row->expects ? row->expects : "a value");
	append_words(row, ": ", ", ", why, size);
	return -EINVAL;
}

static int take_operand(struct options_rest *rest, char *operand, char *why, size_t size)
{
	if (rest->nr_operands == (int)(sizeof(rest->operands) / sizeof(*rest->operands))) {
		snprintf(why, size, "too many arguments, from '%s' on", operand);
		return -EINVAL;
	}
	rest->operands[rest->nr_operands++] = operand;
	return 0;
}

int options__parse(const struct option_row *rows, size_t nr_rows, uint32_t command_bit, int argc,
		   char **argv, void *dst, struct options_rest *rest, char *why, size_t why_size)
{
	struct getopt_tables t = { 0 };
	const struct option_row *row;
	int code, err;

	*rest = (struct options_rest){ 0 };
	err = make_tables(&t, rows, nr_rows, command_bit);
	optind = 0;	/* glibc: start afresh */
	opterr = 0;
	while (!err && (code = getopt_long(argc, argv, t.shorts, t.longs, NULL)) != -1) {
		/* --no-value=x comes as '?' with the option's own code in optopt */
		if (code == OPERAND) {
			err = take_operand(rest, optarg, why, why_size);
		} else if (code == ':' || (code == '?' && optopt >= FIRST_ROW)) {
			row = row_of(rows, nr_rows, command_bit, optopt);
			snprintf(why, why_size, code == ':' ? "--%s needs a value" :
				 "--%s takes no value", row->name);
			err = -EINVAL;
		} else if (code == '?') {
			err = explain_unknown(rows, nr_rows, optopt, argv[optind - 1], why,
					      why_size);
		} else {
			row = row_of(rows, nr_rows, command_bit, code);
			err = take_value(row, row->arg ? optarg : NULL, dst, why, why_size);
		}
	}
	if (!err && optind < argc)
		rest->command = argv + optind;
	free_tables(&t);
	return err;
}

void options__print(FILE *out, const struct option_row *rows, size_t nr_rows, uint32_t command_bit)
{
	char left[64];

	for (size_t i = 0; i < nr_rows; i++) {
		if (!(rows[i].commands & command_bit))
			continue;
		snprintf(left, sizeof(left), "%s%.1s%s --%s%s%s", rows[i].letter ? "-" : "  ",
			 rows[i].letter ? &rows[i].letter : "", rows[i].letter ? "," : " ",
			 rows[i].name, rows[i].arg ? " " : "", rows[i].arg ? rows[i].arg : "");
		if (strlen(left) > 26)
			fprintf(out, "  %s\n  %-26s  %s\n", left, "", rows[i].help);
		else
			fprintf(out, "  %-26s  %s\n", left, rows[i].help);
	}
}

void options__print_table(FILE *out, const struct option_row *rows, size_t nr_rows,
			  uint32_t command_bit)
{
	char words[400];

	for (size_t i = 0; i < nr_rows; i++) {
		if (!(rows[i].commands & command_bit))
			continue;
		words[0] = '\0';
		append_words(&rows[i], "", " ", words, sizeof(words));
		fprintf(out, "option\t%s\t%c\t%s\t%s\t%s\n", rows[i].name,
			rows[i].letter ? rows[i].letter : '-', rows[i].arg ? rows[i].arg : "-",
			words[0] ? words : "-", rows[i].help);
	}
}
