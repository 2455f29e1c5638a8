// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* What `top` keeps from one run to the next, as "key = value" lines. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "lib/options.h"
#include "view/screen_int.h"

#define LINE_BYTES 256
#define SHORTEST_DELAY_NS 100000000LL
#define LONGEST_DELAY_NS 3600000000000LL

void screen_settings__defaults(struct screen_settings *set)
{
	*set = (struct screen_settings){
		.sort = stat_column__find("total"),
		.delay_ns = 2000000000LL,
	};
}

static int read_view(struct screen_settings *set, const char *value)
{
	for (enum screen_view v = 0; v < NR_SCREEN_VIEWS; v++) {
		if (strcasecmp(screen_view_names[v], value))
			continue;
		set->view = v;
		return 0;
	}
	return -EINVAL;
}

static int read_sort(struct screen_settings *set, const char *value)
{
	const struct stat_column *c = stat_column__find(value);

	if (!c)
		return -EINVAL;
	set->sort = c;
	return 0;
}

static int read_bool(bool *out, const char *value)
{
	if (strcmp(value, "yes") && strcmp(value, "no"))
		return -EINVAL;
	*out = value[0] == 'y';
	return 0;
}

static int read_reverse(struct screen_settings *set, const char *value)
{
	return read_bool(&set->reverse, value);
}

static int read_single(struct screen_settings *set, const char *value)
{
	return read_bool(&set->single, value);
}

static int read_sum(struct screen_settings *set, const char *value)
{
	return read_bool(&set->sum, value);
}

static int read_delay(struct screen_settings *set, const char *value)
{
	int64_t ns;

	if (option__seconds(&ns, value) || ns < SHORTEST_DELAY_NS || ns > LONGEST_DELAY_NS)
		return -EINVAL;
	set->delay_ns = ns;
	return 0;
}

static void print_view(const struct screen_settings *set, FILE *out)
{
	fputs(screen_view_names[set->view], out);
}

static void print_sort(const struct screen_settings *set, FILE *out)
{
	fputs(set->sort->id, out);
}

static void print_reverse(const struct screen_settings *set, FILE *out)
{
	fputs(set->reverse ? "yes" : "no", out);
}

static void print_single(const struct screen_settings *set, FILE *out)
{
	fputs(set->single ? "yes" : "no", out);
}

static void print_sum(const struct screen_settings *set, FILE *out)
{
	fputs(set->sum ? "yes" : "no", out);
}

static void print_delay(const struct screen_settings *set, FILE *out)
{
	fprintf(out, "%.3f", (double)set->delay_ns / 1e9);
}

/* Filters are not kept: one who has forgotten them would miss what they hide. */
static const struct {
	const char *key;
	int (*read)(struct screen_settings *set, const char *value);
	void (*print)(const struct screen_settings *set, FILE *out);
} rows[] = {
	{ "view", read_view, print_view },
	{ "sort", read_sort, print_sort },
	{ "reverse", read_reverse, print_reverse },
	{ "single", read_single, print_single },
	{ "sum", read_sum, print_sum },
	{ "delay", read_delay, print_delay },
};
#define NR_ROWS (sizeof(rows) / sizeof(*rows))

static char *trimmed(char *text)
{
	size_t len;

	text += strspn(text, " \t\r");
	len = strlen(text);
	while (len && strchr(" \t\r", text[len - 1]))
		text[--len] = '\0';
	return text;
}

static int read_line(struct screen_settings *set, char *line)
{
	char *value = strchr(line, '='), *key;

	if (!value)
		return -EINVAL;
	*value++ = '\0';
	key = trimmed(line);
	for (size_t i = 0; i < NR_ROWS; i++)
		if (!strcmp(rows[i].key, key))
			return rows[i].read(set, trimmed(value));
	return -EINVAL;
}

size_t screen_settings__parse(struct screen_settings *set, const char *text)
{
	size_t nr_bad = 0;

	while (*text) {
		size_t len = strcspn(text, "\n");
		char line[LINE_BYTES];
		const char *first;

		snprintf(line, sizeof(line), "%.*s", len < LINE_BYTES ? (int)len : 0, text);
		first = line + strspn(line, " \t\r");
		if (len >= LINE_BYTES || (*first && *first != '#' && read_line(set, line)))
			nr_bad++;
		text += len + (text[len] == '\n');
	}
	return nr_bad;
}

int screen_settings__print(const struct screen_settings *set, FILE *out)
{
	fprintf(out, "# lockscope top; written by its key W\n");
	for (size_t i = 0; i < NR_ROWS; i++) {
		fprintf(out, "%s = ", rows[i].key);
		rows[i].print(set, out);
		fputc('\n', out);
	}
	return ferror(out) ? -EIO : 0;
}
