// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * when.c - wall-clock times, from the recording's own header.
 */
#define _GNU_SOURCE
#include "cmd/when.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define NS_PER_S 1000000000LL

const char *when__now(char *buf, size_t size)
{
	struct timespec ts;
	struct tm tm;
	size_t len;

	clock_gettime(CLOCK_REALTIME, &ts);
	gmtime_r(&ts.tv_sec, &tm);
	len = strftime(buf, size, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(buf + len, size - len, ".%09ldZ", ts.tv_nsec);
	return buf;
}

/* "2026-11-20T12:00:00.123456789Z" in ns of the epoch; -1 when it is not that. */
static int64_t parse(const char *began_at)
{
	struct tm tm = { 0 };
	const char *p = began_at ? strptime(began_at, "%Y-%m-%dT%H:%M:%S", &tm) : NULL;
	int64_t ns = 0, scale = NS_PER_S;

	if (!p)
		return -1;
	if (*p == '.')
		for (p++; isdigit((unsigned char)*p); p++) {
			scale /= 10;
			ns += (*p - '0') * scale;
		}
	return strcmp(p, "Z") ? -1 : timegm(&tm) * NS_PER_S + ns;
}

const char *when__at(char *buf, size_t size, const struct rec_header *header, int64_t t_ns)
{
	int64_t began_ns = header ? parse(header->began_at) : -1;
	size_t len = 0;
	struct tm tm;
	time_t s;

	if (t_ns == LK_NO_TIME) {
		snprintf(buf, size, "?");
		return buf;
	}
	buf[0] = '\0';
	if (began_ns >= 0 && t_ns < INT64_MAX - began_ns && began_ns + t_ns >= 0) {
		s = (began_ns + t_ns) / NS_PER_S;
		if (gmtime_r(&s, &tm))
			len = strftime(buf, size, "%Y-%m-%dT%H:%M:%SZ ", &tm);
	}
	snprintf(buf + len, size - len, "%+.3f s", (double)t_ns / 1e9);
	return buf;
}
