// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* The one table of columns: text, JSON and the top view read it. */
#include <inttypes.h>
#include <string.h>
#include "lib/fmt.h"
#include "view/stat_line.h"
#include "view/text_parts.h"

uint64_t stat__bucket_end(int bucket)
{
	return bucket >= 63 ? UINT64_MAX : (UINT64_C(2) << bucket) - 1;
}

uint64_t stat__bucket_mid(int bucket)
{
	uint64_t begin = bucket ? UINT64_C(1) << bucket : 0;

	return begin + (stat__bucket_end(bucket) - begin) / 2;
}

uint64_t stat_line__p99(const struct stat_line *line)
{
	uint64_t all = 0, above, seen = 0;

	for (int i = 0; i < REC_HIST_BUCKETS; i++)
		all += line->hist[i];
	above = all / 100; /* so many may be longer */
	for (int i = REC_HIST_BUCKETS - 1; i >= 0; i--) {
		seen += line->hist[i];
		if (seen > above) {
			uint64_t end = stat__bucket_end(i);

			return end < line->max_ns ? end : line->max_ns;
		}
	}
	return line->max_ns;
}

/* nr 0: nothing was counted that could have lasted. */
static int put_ns(const struct stat_line *line, unsigned int guess, uint64_t nr, uint64_t ns,
		  char *buf, size_t size)
{
	char num[FMT_LEN];

	if (!nr)
		return snprintf(buf, size, "-");
	return snprintf(buf, size, "%s%s", line->guess & guess ? "~" : "",
			fmt__ns(num, sizeof(num), ns));
}

static uint64_t value_count(const struct stat_line *line)
{
	return line->count;
}

static uint64_t value_total(const struct stat_line *line)
{
	return line->total_ns;
}

static uint64_t value_avg(const struct stat_line *line)
{
	return line->count ? line->total_ns / line->count : 0;
}

static uint64_t value_max(const struct stat_line *line)
{
	return line->max_ns;
}

static int text_count(const struct stat_line *line, char *buf, size_t size)
{
	char num[FMT_LEN];

	return snprintf(buf, size, "%s%s", line->guess & GUESS_SHARE ? "~" : "",
			fmt__count(num, sizeof(num), line->count));
}

static int text_total(const struct stat_line *line, char *buf, size_t size)
{
	return put_ns(line, GUESS_SHARE, line->count, line->total_ns, buf, size);
}

static int text_avg(const struct stat_line *line, char *buf, size_t size)
{
	return put_ns(line, GUESS_SHARE, line->count, value_avg(line), buf, size);
}

static int text_max(const struct stat_line *line, char *buf, size_t size)
{
	return put_ns(line, GUESS_MAX, line->count, line->max_ns, buf, size);
}

static int text_p99(const struct stat_line *line, char *buf, size_t size)
{
	return put_ns(line, GUESS_SHARE | GUESS_MAX, line->count, stat_line__p99(line), buf,
		      size);
}

static uint64_t value_holds(const struct stat_line *line)
{
	return line->hold_count;
}

static uint64_t value_hold_total(const struct stat_line *line)
{
	return line->hold_ns;
}

static uint64_t value_hold_avg(const struct stat_line *line)
{
	return line->hold_count ? line->hold_ns / line->hold_count : 0;
}

static uint64_t value_hold_max(const struct stat_line *line)
{
	return line->hold_max_ns;
}

static int text_holds(const struct stat_line *line, char *buf, size_t size)
{
	char num[FMT_LEN];

	return snprintf(buf, size, "%s", fmt__count(num, sizeof(num), line->hold_count));
}

static int text_hold_total(const struct stat_line *line, char *buf, size_t size)
{
	return put_ns(line, 0, line->hold_count, line->hold_ns, buf, size);
}

static int text_hold_avg(const struct stat_line *line, char *buf, size_t size)
{
	return put_ns(line, 0, line->hold_count, value_hold_avg(line), buf, size);
}

static int text_hold_max(const struct stat_line *line, char *buf, size_t size)
{
	return put_ns(line, GUESS_HOLD_MAX, line->hold_count, line->hold_max_ns, buf, size);
}

static uint64_t value_waiters(const struct stat_line *line)
{
	return line->nr_waiters;
}

static int text_waiters(const struct stat_line *line, char *buf, size_t size)
{
	return line->nr_waiters ? snprintf(buf, size, "%u", line->nr_waiters) :
				  snprintf(buf, size, "-");
}

static int text_kind(const struct stat_line *line, char *buf, size_t size)
{
	for (int kind = 0; kind < NR_KINDS; kind++)
		if (line->kinds == 1u << kind)
			return snprintf(buf, size, "%s", kind__name((enum lock_kind)kind));
	return snprintf(buf, size, "several");
}

static int text_mode(const struct stat_line *line, char *buf, size_t size)
{
	for (int mode = 0; mode < NR_MODES; mode++)
		if (line->modes == 1u << mode)
			return snprintf(buf, size, "%s", mode__name((enum lock_mode)mode));
	if (line->modes == (1u << MODE_READ | 1u << MODE_WRITE))
		return snprintf(buf, size, "read+write");
	return snprintf(buf, size, "several");
}

static int text_lock(const struct stat_line *line, char *buf, size_t size)
{
	char id[256], name[256], safe[256];
	bool one = line->nr_locks == 1;

	if (!one && (!line->name || line->several_names))
		return snprintf(buf, size, "%u locks", line->nr_locks);
	if (line->name) {
		fmt__safe(safe, sizeof(safe),
			  text__lock_name(name, sizeof(name), line->name, line->name_guess,
					  one ? line->object : NULL), true);
		return one ? snprintf(buf, size, "%s", safe) :
			     snprintf(buf, size, "%s (%u locks)", safe, line->nr_locks);
	}
	if (!line->lock.key)
		return snprintf(buf, size, "(not kept)");
	rec_lock__format(&line->lock, id, sizeof(id));
	return snprintf(buf, size, "%s", fmt__safe(safe, sizeof(safe), id, true));
}

static int text_caller(const struct stat_line *line, char *buf, size_t size)
{
	char safe[192];

	if (!line->caller)
		return snprintf(buf, size, line->count ? "(stack not walked)" : "(not known)");
	if (!line->caller->sym)
		return snprintf(buf, size, "0x%" PRIx64, line->caller->addr);
	return snprintf(buf, size, "%s%s", fmt__safe(safe, sizeof(safe), line->caller->sym, true),
			line->several_callers ? ", ..." : "");
}

static int text_site(const struct stat_line *line, char *buf, size_t size)
{
	const struct view_style style = { .utf8 = true };
	char frame[TEXT_LEN];

	return snprintf(buf, size, "%s", line->site ?
			text__frame(frame, sizeof(frame), line->site, &style) : "(not known)");
}

static int text_task(const struct stat_line *line, char *buf, size_t size)
{
	char safe[64];

	if (!line->has_who)
		return snprintf(buf, size, "(all tasks)");
	return snprintf(buf, size, "%s/%u", fmt__safe(safe, sizeof(safe), line->who.comm, true),
			line->who.tid);
}

const struct stat_column stat_columns[] = {
	{ "count", "waits", 10, false, text_count, value_count, "count", ABOUT_WAITS, "holds" },
	{ "total", "total wait", 12, false, text_total, value_total, "total_ns", ABOUT_WAITS,
	  "hold_total" },
	{ "avg", "avg wait", 10, false, text_avg, value_avg, "avg_ns", ABOUT_WAITS, "hold_avg" },
	{ "max", "max wait", 11, false, text_max, value_max, "max_ns", ABOUT_WAITS, "hold_max" },
	{ "p99", "p99 below", 11, false, text_p99, stat_line__p99, "p99_ns", ABOUT_WAITS,
	  "hold_max" },
	{ "waiters", "now", 5, false, text_waiters, value_waiters, "waiters", ABOUT_LOCKS, NULL },
	{ "holds", "holds", 10, false, text_holds, value_holds, "holds", ABOUT_HOLDS, NULL },
	{ "hold_total", "total hold", 12, false, text_hold_total, value_hold_total,
	  "hold_total_ns", ABOUT_HOLDS, NULL },
	{ "hold_avg", "avg hold", 10, false, text_hold_avg, value_hold_avg, "hold_avg_ns",
	  ABOUT_HOLDS, NULL },
	{ "hold_max", "max hold", 11, false, text_hold_max, value_hold_max, "hold_max_ns",
	  ABOUT_HOLDS, NULL },
	{ "kind", "kind", 12, true, text_kind, NULL, "kind", ABOUT_BOTH, NULL },
	{ "mode", "mode", 10, true, text_mode, NULL, "mode", ABOUT_BOTH, NULL },
	{ "task", "task", 24, true, text_task, NULL, "task", ABOUT_WAITS, "site" },
	{ "lock", "lock", 28, true, text_lock, NULL, "lock", ABOUT_BOTH, NULL },
	{ "caller", "caller", 28, true, text_caller, NULL, "caller", ABOUT_WAITS, "site" },
	{ "site", "taken at", 40, true, text_site, NULL, "site", ABOUT_SITES, NULL },
};
const size_t nr_stat_columns = sizeof(stat_columns) / sizeof(stat_columns[0]);

const struct stat_column *stat_column__find(const char *id)
{
	for (size_t i = 0; i < nr_stat_columns; i++)
		if (!strcmp(stat_columns[i].id, id))
			return &stat_columns[i];
	return NULL;
}
