// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * options_values.c - how values of options are read: strictly, or not at all.
 */
#include "lib/options.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define NS_PER_MS 1000000LL
#define NS_PER_S 1000000000LL
#define LONGEST_S 1000000000LL	/* 30 years: any sum of two such times fits int64 ns */

int option__flag(void *dst, const char *arg)
{
	(void)arg;
	*(bool *)dst = true;
	return 0;
}

int option__count(void *dst, const char *arg)
{
	(void)arg;
	++*(int *)dst;
	return 0;
}

int option__string(void *dst, const char *arg)
{
	if (!*arg)
		return -EINVAL;
	*(const char **)dst = arg;
	return 0;
}

/* strtoull() alone takes signs, leading blanks and trailing dirt. */
int option__parse_u64(const char *arg, uint64_t max, uint64_t *out)
{
	unsigned long long v;
	char *end;

	if (!isdigit((unsigned char)*arg))
		return -EINVAL;
	errno = 0;
	v = strtoull(arg, &end, 10);
	if (*end)
		return -EINVAL;
	if (errno || v > max)
		return -ERANGE;
	*out = v;
	return 0;
}

int option__u32(void *dst, const char *arg)
{
	uint64_t v;
	int err = option__parse_u64(arg, UINT32_MAX, &v);

	if (!err)
		*(int64_t *)dst = (int64_t)v;
	return err;
}

int option__positive(void *dst, const char *arg)
{
	int64_t v;
	int err = option__u32(&v, arg);

	if (!err && !v)
		err = -ERANGE;
	if (!err)
		*(int64_t *)dst = v;
	return err;
}

/* "12", "0.25": digits with at most one point; exact, unlike a double. */
static int parse_duration(int64_t *dst, const char *arg, int64_t unit_ns)
{
	int64_t whole = 0, fraction = 0, scale = unit_ns;
	const char *p = arg;
	bool digits = false;

	for (; isdigit((unsigned char)*p); p++, digits = true) {
		whole = whole * 10 + (*p - '0');
		if (whole > LONGEST_S * NS_PER_S / unit_ns)
			return -ERANGE;
	}
	if (*p == '.')
		p++;
	for (; isdigit((unsigned char)*p); p++, digits = true) {
		scale /= 10;	/* finer than 1 ns: read, and lost */
		fraction += (*p - '0') * scale;
	}
	if (*p || !digits)
		return -EINVAL;
	if (whole * unit_ns + fraction == 0)
		return -ERANGE;
	*dst = whole * unit_ns + fraction;
	return 0;
}

int option__seconds(void *dst, const char *arg)
{
	return parse_duration(dst, arg, NS_PER_S);
}

int option__milliseconds(void *dst, const char *arg)
{
	return parse_duration(dst, arg, NS_PER_MS);
}

int option__each_word(const char *arg, int (*fn)(void *ctx, const char *word), void *ctx)
{
	char *copy = strdup(arg), *rest = copy, *word;
	int err = 0;

	if (!copy)
		return -ENOMEM;
	while (!err && (word = strsep(&rest, ",")))
		err = *word ? fn(ctx, word) : -EINVAL;
	free(copy);
	return err;
}

static int add_number(void *ctx, const char *word)
{
	struct option_u32_list *l = ctx;
	uint32_t *list;
	uint64_t v;
	int err = option__parse_u64(word, UINT32_MAX, &v);

	if (err || !v)
		return err ? err : -ERANGE;
	list = reallocarray(l->list, l->nr + 1, sizeof(*list));
	if (!list)
		return -ENOMEM;
	l->list = list;
	l->list[l->nr++] = (uint32_t)v;
	return 0;
}

int option__u32_list(void *dst, const char *arg)
{
	return option__each_word(arg, add_number, dst);
}

void option_u32_list__free(struct option_u32_list *l)
{
	free(l->list);
	*l = (struct option_u32_list){ 0 };
}
