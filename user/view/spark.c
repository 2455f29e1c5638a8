// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "view/spark.h"

#include <string.h>

#define STEPS 8	/* heights of one character */

static const char *const blocks[STEPS + 1] = { " ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };
static const char *const signs[STEPS + 1] = { " ", ".", ".", ":", "-", "=", "+", "*", "#" };

/* In steps out of `steps`; the least that is anything is one. */
static uint64_t level(uint64_t value, uint64_t most, uint64_t steps)
{
	uint64_t n;

	if (!value || !most)
		return 0;
	if (value > most)
		value = most;
	n = (uint64_t)((unsigned __int128)value * steps / most);
	return n ? n : 1;
}

static uint64_t largest(const uint64_t *values, size_t nr)
{
	uint64_t most = 0;

	for (size_t i = 0; i < nr; i++)
		most = values[i] > most ? values[i] : most;
	return most;
}

const char *spark__row(char *buf, const uint64_t *values, size_t nr, uint64_t most, int row,
		       int height, bool utf8)
{
	uint64_t below = (uint64_t)(height - 1 - row) * STEPS;
	char *end = buf;

	if (!most)
		most = largest(values, nr);
	for (size_t i = 0; i < nr; i++) {
		uint64_t n = level(values[i], most, (uint64_t)height * STEPS);

		n = n > below ? n - below : 0;
		end = stpcpy(end, (utf8 ? blocks : signs)[n < STEPS ? n : STEPS]);
	}
	*end = '\0';
	return buf;
}

const char *spark__line(char *buf, const uint64_t *values, size_t nr, uint64_t most, bool utf8)
{
	return spark__row(buf, values, nr, most, 0, 1, utf8);
}

const char *spark__bar(char *buf, uint64_t value, uint64_t most, size_t width, bool utf8)
{
	static const char *const eighths[] = { "", "▏", "▎", "▍", "▌", "▋", "▊", "▉" };
	uint64_t n = level(value, most, width * STEPS);
	char *end = buf;

	for (uint64_t i = 0; i < n / STEPS; i++)
		end = stpcpy(end, utf8 ? "█" : "#");
	if (utf8)
		end = stpcpy(end, eighths[n % STEPS]);
	else if (n && n < STEPS)
		end = stpcpy(end, "#");
	*end = '\0';
	return buf;
}
