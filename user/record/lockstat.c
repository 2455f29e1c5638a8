// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "record/lockstat.h"

#include <stdio.h>
#include <string.h>

#define NS_PER_US 1000.0

/* "   &mm->mmap_lock-R:   con-bounces contentions min max total ...": times in us.  Class
 * names may have colons, so the numbers are behind the last. */
static int parse(const char *line, size_t len, struct lockstat_row *r)
{
	char text[512], *numbers;
	unsigned long long bounces, contentions;
	double min_us, max_us, total_us;
	const char *name;

	if (len >= sizeof(text))
		return 0;
	memcpy(text, line, len);
	text[len] = '\0';
	numbers = strrchr(text, ':');
	if (!numbers || sscanf(numbers, ": %llu %llu %lf %lf %lf", &bounces, &contentions, &min_us,
			       &max_us, &total_us) != 5)
		return 0;
	*numbers = '\0';
	name = text + strspn(text, " \t");
	snprintf(r->name, sizeof(r->name), "%s", name);
	r->contentions = contentions;
	r->total_ns = (uint64_t)(total_us * NS_PER_US);
	r->max_ns = (uint64_t)(max_us * NS_PER_US);
	return *name && contentions;
}

size_t lockstat__top(const char *text, struct lockstat_row *rows, size_t nr)
{
	size_t kept = 0, at;
	const char *end;

	for (; nr && (end = strchr(text, '\n')); text = end + 1) {
		struct lockstat_row row;

		if (!parse(text, (size_t)(end - text), &row))
			continue;
		for (at = kept; at && rows[at - 1].total_ns < row.total_ns; at--)
			if (at < nr)
				rows[at] = rows[at - 1];
		if (at < nr)
			rows[at] = row;
		kept += kept < nr;
	}
	return kept;
}
