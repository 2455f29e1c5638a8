// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "lib/fmt.h"
#include "lib/utf8.h"

#define US UINT64_C(1000)
#define MS UINT64_C(1000000)
#define SEC UINT64_C(1000000000)
#define MINUTE (60 * SEC)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define NONSENSE (3653 * DAY)	/* ten years: no lock is held that long */

/* Three significant digits, cut and not rounded, so that 999.9 us never reads
 * "1000 us" and a value below a threshold never reads as the threshold. */
static const char *three_digits(char *buf, size_t size, uint64_t n, uint64_t unit, const char *name)
{
	uint64_t whole = n / unit, thousandths = n % unit * 1000 / unit;

	if (whole >= 100)
		snprintf(buf, size, "%" PRIu64 " %s", whole, name);
	else if (whole >= 10)
		snprintf(buf, size, "%" PRIu64 ".%" PRIu64 " %s", whole, thousandths / 100, name);
	else
		snprintf(buf, size, "%" PRIu64 ".%02" PRIu64 " %s", whole, thousandths / 10, name);
	return buf;
}

const char *fmt__ns(char *buf, size_t size, uint64_t ns)
{
	if (ns < US)
		snprintf(buf, size, "%" PRIu64 " ns", ns);
	else if (ns < MS)
		three_digits(buf, size, ns, US, "us");
	else if (ns < SEC)
		three_digits(buf, size, ns, MS, "ms");
	else if (ns < MINUTE)
		snprintf(buf, size, "%" PRIu64 ".%03" PRIu64 " s", ns / SEC, ns % SEC / MS);
	else if (ns < HOUR)
		snprintf(buf, size, "%" PRIu64 " min %02" PRIu64 " s", ns / MINUTE,
			 ns % MINUTE / SEC);
	else if (ns < DAY)
		snprintf(buf, size, "%" PRIu64 " h %02" PRIu64 " min", ns / HOUR,
			 ns % HOUR / MINUTE);
	else if (ns < NONSENSE)
		snprintf(buf, size, "%" PRIu64 " d %02" PRIu64 " h", ns / DAY, ns % DAY / HOUR);
	else
		snprintf(buf, size, "> 10 y");
	return buf;
}

const char *fmt__age(char *buf, size_t size, int64_t t_ns, int64_t since_ns)
{
	if (t_ns == INT64_MIN || since_ns == INT64_MIN) {
		snprintf(buf, size, "?");
		return buf;
	}
	/* Unsigned: the difference of two int64_t always fits a uint64_t. */
	return fmt__ns(buf, size, since_ns > t_ns ? 0 : (uint64_t)t_ns - (uint64_t)since_ns);
}

const char *fmt__count(char *buf, size_t size, uint64_t n)
{
	static const struct {
		uint64_t unit;
		const char *name;
	} units[] = { { 1000000, "M" }, { 1000000000, "G" }, { 1000000000000, "T" } };

	if (n < 1000000) {
		snprintf(buf, size, "%" PRIu64, n);
		return buf;
	}
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (n / units[i].unit < 1000)
			return three_digits(buf, size, n, units[i].unit, units[i].name);
	snprintf(buf, size, "> 999 T");
	return buf;
}

/* How one character is shown; returns its length, at most 12. */
static size_t show(char *out, uint32_t cp, const char *bytes, size_t n, bool utf8)
{
	if (cp == UTF8_BAD || cp == 0xfffd)
		return (size_t)sprintf(out, "%s", utf8 ? UTF8_REPAIR : "?");
	if (cp == '\n' || cp == '\t' || cp == '\r')
		return (size_t)sprintf(out, "\\%c", cp == '\n' ? 'n' : cp == '\t' ? 't' : 'r');
	if (utf8__is_unsafe(cp) && cp < 0x100)
		return (size_t)sprintf(out, "\\x%02x", (unsigned int)cp);
	if (!utf8 && (cp == 0x2192 || cp == 0x2190))
		return (size_t)sprintf(out, "%s", cp == 0x2192 ? "->" : "<-");
	if (!utf8 && cp == 0x2026)
		return (size_t)sprintf(out, "...");
	if (utf8__is_unsafe(cp) || (!utf8 && cp > 0x7e))
		return (size_t)sprintf(out, "\\u{%x}", (unsigned int)cp);
	memcpy(out, bytes, n);
	return n;
}

const char *fmt__safe(char *buf, size_t size, const char *str, bool utf8)
{
	size_t left = str ? strlen(str) : 0, len = 0, last_fit = 0;
	char one[16];

	if (!size)
		return buf;
	while (left) {
		uint32_t cp;
		size_t n, shown;

		/* What nearly all text is made of; with its room for "..." it always fits. */
		if (*str >= 0x20 && *str < 0x7f && len + 4 < size) {
			buf[len++] = *str++;
			left--;
			if (len + 3 < size)
				last_fit = len;
			continue;
		}
		n = utf8__next(str, left, &cp);
		shown = show(one, cp, str, n, utf8);
		if (len + shown >= size) {
			/* "..." where it still fits behind a whole character */
			snprintf(buf + last_fit, size - last_fit, "...");
			return buf;
		}
		memcpy(buf + len, one, shown);
		len += shown;
		if (len + 3 < size)
			last_fit = len;
		str += n;
		left -= n;
	}
	buf[len] = '\0';
	return buf;
}

size_t fmt__width(const char *str)
{
	size_t left = strlen(str), width = 0;

	while (left) {
		uint32_t cp;
		size_t n = utf8__next(str, left, &cp);

		width += cp == UTF8_BAD ? 1 : (size_t)utf8__width(cp);
		str += n;
		left -= n;
	}
	return width;
}
