/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * replay_fields.h - members of a JSON object into members of a struct, every one
 * checked for its type and range.  What a recording says is not to be trusted.
 */
#ifndef LOCKSCOPE_SOURCE_REPLAY_FIELDS_H
#define LOCKSCOPE_SOURCE_REPLAY_FIELDS_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum field_type {
	FIELD_U32,
	FIELD_I32,
	FIELD_U64,
	FIELD_TIME,		/* int64_t; null: LK_NO_TIME; else within some 73 years */
	FIELD_DURATION,		/* int64_t from 0 */
	FIELD_BOOL,
	FIELD_STR,		/* const char *, in the JSON object's memory */
	FIELD_HEX,		/* uint64_t from "0x…" */
	FIELD_LETTER,		/* char; null: '?' */
	FIELD_KIND,
	FIELD_MODE,
	FIELD_BREAKABLE,	/* null: BREAK_NONE */
	FIELD_CERTAINTY,
	FIELD_CONTEXT,
	FIELD_HOLD_END,
	FIELD_FOUND_BY,
	FIELD_USER_STACK_WHY,
};

enum field_flags {
	FIELD_MAY_MISS = 1,	/* the member may be left out; the struct is then untouched */
	FIELD_MAY_NULL = 2,	/* and null means the same as left out */
	FIELD_OPTIONAL = 3,
};

struct field {
	const char *name;
	enum field_type type;
	enum field_flags flags;
	size_t offset;
	int64_t min, max;	/* numbers; both 0: as far as the type reaches, from 0 */
};

#define FIELD_WHY_LEN 192

/* What is read, and what was wrong with it. */
struct field_reader {
	struct json_object *obj;
	size_t known;		/* members that somebody asked for */
	char *why;		/* FIELD_WHY_LEN bytes */
};

void field_reader__init(struct field_reader *r, struct json_object *obj, char *why);
/* 0, or -EBADMSG with why filled. */
int field_reader__read(struct field_reader *r, const struct field *fields, size_t nr, void *base);
/* A member that is an object or array, of type; NULL in *out when it is missing or
 * null.  -EBADMSG when it is something else, or missing and required. */
int field_reader__nested(struct field_reader *r, const char *name, enum json_type type,
			 bool required, struct json_object **out);
/* How many members nobody asked for. */
size_t field_reader__unknown(const struct field_reader *r);

/* Fills why; returns -EBADMSG. */
int field_reader__fail(struct field_reader *r, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#endif
