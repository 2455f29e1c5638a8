/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * json.h - a streaming JSON writer: it owns commas, quoting and nesting.
 *
 * Every call takes the member's key, or NULL inside an array and for the value
 * at the top.  Keys are plain ASCII of our own and are not escaped.  The first
 * error sticks: later calls do nothing, json__done() returns it.
 */
#ifndef LOCKSCOPE_LIB_JSON_H
#define LOCKSCOPE_LIB_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct json {
	FILE *out;
	int error;		/* 0 or -errno */
	unsigned int depth;	/* open objects and arrays, at most 63 */
	uint64_t filled;	/* bit d: level d has a member already */
};

void json__init(struct json *j, FILE *out);
/* Ends the value with a newline.  0; or the first -errno: of the stream, or
 * -EINVAL when objects and arrays were not all closed or nested too deep.  Does
 * not flush. */
int json__done(struct json *j);

void json__object(struct json *j, const char *key);
void json__end_object(struct json *j);
void json__array(struct json *j, const char *key);
void json__end_array(struct json *j);

/* str NULL: null.  Any bytes: broken UTF-8 becomes U+FFFD; what is unsafe on a
 * terminal (utf8__is_unsafe()) is escaped, and so are < > &, so that a line may
 * stand inside HTML. */
void json__str(struct json *j, const char *key, const char *str);
/* A value that another writer made: what stands between its braces or quotes, and them. */
void json__verbatim(struct json *j, const char *key, const char *json);
void json__u64(struct json *j, const char *key, uint64_t value);
void json__i64(struct json *j, const char *key, int64_t value);
void json__bool(struct json *j, const char *key, bool value);
void json__null(struct json *j, const char *key);
/* Microseconds, to the nanosecond: "1.234". */
void json__micros(struct json *j, const char *key, uint64_t ns);
/* An address: "0x…" as a string, since 64 bits do not fit a double. */
void json__hex(struct json *j, const char *key, uint64_t value);

#endif
