// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "record/record.h"
#include "source/replay_fields.h"

/* Differences of two such times fit an int64_t. */
#define TIME_LIMIT (INT64_C(1) << 61)
#define STR_LIMIT (64u << 10)

void field_reader__init(struct field_reader *r, struct json_object *obj, char *why)
{
	*r = (struct field_reader){ .obj = obj, .why = why };
}

int field_reader__fail(struct field_reader *r, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(r->why, FIELD_WHY_LEN, fmt, args);
	va_end(args);
	return -EBADMSG;
}

static int read_signed(struct json_object *value, int64_t min, int64_t max, int64_t *out)
{
	if (!json_object_is_type(value, json_type_int))
		return -EBADMSG;
	/* Out of int64_t's range json-c saturates; every max here is below that. */
	*out = json_object_get_int64(value);
	return *out >= min && *out <= max ? 0 : -EBADMSG;
}

static int read_u64(struct json_object *value, uint64_t *out)
{
	int64_t probe;

	if (!json_object_is_type(value, json_type_int))
		return -EBADMSG;
	probe = json_object_get_int64(value);
	if (probe < 0)
		return -EBADMSG;
	*out = json_object_get_uint64(value);
	return 0;
}

/* NULL: no string, too long, or with a NUL inside. */
static const char *read_str(struct json_object *value)
{
	const char *str;
	size_t len;

	if (!json_object_is_type(value, json_type_string))
		return NULL;
	str = json_object_get_string(value);
	len = (size_t)json_object_get_string_len(value);
	return len <= STR_LIMIT && strlen(str) == len ? str : NULL;
}

static int read_hex(struct json_object *value, uint64_t *out)
{
	const char *str = read_str(value);
	size_t digits;

	if (!str || strncmp(str, "0x", 2))
		return -EBADMSG;
	digits = strspn(str + 2, "0123456789abcdefABCDEF");
	if (!digits || digits > 16 || str[2 + digits])
		return -EBADMSG;
	*out = strtoull(str + 2, NULL, 16);
	return 0;
}

static int read_letter(struct json_object *value, char *out)
{
	const char *str;

	*out = '?';
	if (!value)
		return 0;
	str = read_str(value);
	if (!str || strlen(str) != 1 || str[0] <= ' ' || str[0] > '~')
		return -EBADMSG;
	*out = str[0];
	return 0;
}

static int read_enum(const struct field *f, struct json_object *value, void *to)
{
	const char *str = value ? read_str(value) : NULL;
	int err = -EBADMSG;

	if (value && !str)
		return -EBADMSG;
	if (f->type == FIELD_BREAKABLE)
		err = breakable__parse(str, to);
	else if (!str)
		return -EBADMSG;
	else if (f->type == FIELD_KIND)
		err = kind__parse(str, to);
	else if (f->type == FIELD_MODE)
		err = mode__parse(str, to);
	else if (f->type == FIELD_CERTAINTY)
		err = certainty__parse(str, to);
	else if (f->type == FIELD_CONTEXT)
		err = context__parse(str, to);
	else if (f->type == FIELD_HOLD_END)
		err = hold_end__parse(str, to);
	else if (f->type == FIELD_FOUND_BY)
		err = found_by__parse(str, to);
	else if (f->type == FIELD_USER_STACK_WHY)
		err = user_stack_why__parse(str, to);
	return err ? -EBADMSG : 0;
}

static int read_number(const struct field *f, struct json_object *value, void *to)
{
	bool limited = f->min || f->max;
	int64_t n;
	int err;

	switch (f->type) {
	case FIELD_U32:
		err = read_signed(value, f->min, limited ? f->max : UINT32_MAX, &n);
		if (!err)
			*(uint32_t *)to = (uint32_t)n;
		return err;
	case FIELD_I32:
		err = read_signed(value, limited ? f->min : INT32_MIN,
				  limited ? f->max : INT32_MAX, &n);
		if (!err)
			*(int32_t *)to = (int32_t)n;
		return err;
	case FIELD_DURATION:
		err = read_signed(value, 0, TIME_LIMIT, &n);
		if (!err)
			*(int64_t *)to = n;
		return err;
	default:
		return read_u64(value, to);
	}
}

static int read_time(struct json_object *value, int64_t *to)
{
	if (!value) {
		*to = LK_NO_TIME;
		return 0;
	}
	return read_signed(value, -TIME_LIMIT, TIME_LIMIT, to);
}

static int read_value(const struct field *f, struct json_object *value, void *to)
{
	switch (f->type) {
	case FIELD_U32:
	case FIELD_I32:
	case FIELD_U64:
	case FIELD_DURATION:
		return value ? read_number(f, value, to) : -EBADMSG;
	case FIELD_TIME:
		return read_time(value, to);
	case FIELD_BOOL:
		if (!json_object_is_type(value, json_type_boolean))
			return -EBADMSG;
		*(bool *)to = json_object_get_boolean(value);
		return 0;
	case FIELD_STR:
		*(const char **)to = read_str(value);
		return *(const char **)to ? 0 : -EBADMSG;
	case FIELD_HEX:
		return read_hex(value, to);
	case FIELD_LETTER:
		return read_letter(value, to);
	case FIELD_KIND:
	case FIELD_MODE:
	case FIELD_BREAKABLE:
	case FIELD_CERTAINTY:
	case FIELD_CONTEXT:
	case FIELD_HOLD_END:
	case FIELD_FOUND_BY:
	case FIELD_USER_STACK_WHY:
		return read_enum(f, value, to);
	}
	return -EBADMSG;
}

int field_reader__read(struct field_reader *r, const struct field *fields, size_t nr, void *base)
{
	for (size_t i = 0; i < nr; i++) {
		const struct field *f = &fields[i];
		struct json_object *value;

		if (!json_object_object_get_ex(r->obj, f->name, &value)) {
			if (f->flags & FIELD_MAY_MISS)
				continue;
			return field_reader__fail(r, "\"%s\" is missing", f->name);
		}
		r->known++;
		if (!value && (f->flags & FIELD_MAY_NULL))
			continue;
		if (read_value(f, value, (char *)base + f->offset))
			return field_reader__fail(r, "\"%s\" has an impossible value", f->name);
	}
	return 0;
}

int field_reader__nested(struct field_reader *r, const char *name, enum json_type type,
			 bool required, struct json_object **out)
{
	*out = NULL;
	if (!json_object_object_get_ex(r->obj, name, out))
		return required ? field_reader__fail(r, "\"%s\" is missing", name) : 0;
	r->known++;
	if (!*out && !required)
		return 0;
	if (!json_object_is_type(*out, type))
		return field_reader__fail(r, "\"%s\" has an impossible value", name);
	return 0;
}

size_t field_reader__unknown(const struct field_reader *r)
{
	size_t all = (size_t)json_object_object_length(r->obj);

	return all > r->known ? all - r->known : 0;
}
