// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * values.c - words of the contract as option values.
 */
#include "cmd/values.h"

#include <errno.h>
#include <string.h>
#include "cmd/cmd.h"

/* Each ends with NULL; a word's place is the value of its enum. */
static const char *const levels[] = { "auto", "contention", "held", "lockdep", NULL };
static const char *const hooks[] = { "auto", "fentry", "kprobe-multi", "kprobe", NULL };
static const char *const colors[] = { "auto", "always", "never", NULL };
static const char *const stacks[] = { "none", "sample", "all", NULL };
static const char *const groups[] = { "lock", "caller", "task", "instance", NULL };

/* The index of word among the names, or -EINVAL. */
static int one_of(const char *word, const char *const *names)
{
	for (int i = 0; names[i]; i++)
		if (!strcmp(word, names[i]))
			return i;
	return -EINVAL;
}

static int add_kind(void *ctx, const char *word)
{
	enum lock_kind kind;
	int err = kind__parse(word, &kind);

	if (!err)
		*(uint32_t *)ctx |= 1U << kind;
	return err;
}

int cmd_value__kinds(void *dst, const char *arg)
{
	return option__each_word(arg, add_kind, dst);
}

static int add_finding(void *ctx, const char *word)
{
	enum finding_kind kind;
	int err = finding_kind__parse(word, &kind);

	if (!err)
		*(uint32_t *)ctx |= 1U << kind;
	return err;
}

int cmd_value__findings(void *dst, const char *arg)
{
	return option__each_word(arg, add_finding, dst);
}

int cmd_value__level(void *dst, const char *arg)
{
	int i = one_of(arg, levels);

	if (i >= 0)
		*(enum cmd_level *)dst = (enum cmd_level)i;
	return i < 0 ? i : 0;
}

int cmd_value__hooks(void *dst, const char *arg)
{
	int i = one_of(arg, hooks);

	if (i >= 0)
		*(enum live_hook_how *)dst = (enum live_hook_how)i;
	return i < 0 ? i : 0;
}

int cmd_value__color(void *dst, const char *arg)
{
	int i = one_of(arg, colors);

	if (i >= 0)
		*(enum cmd_color *)dst = (enum cmd_color)i;
	return i < 0 ? i : 0;
}

int cmd_value__stacks(void *dst, const char *arg)
{
	int i = one_of(arg, stacks);

	if (i >= 0)
		*(enum live_stack_mode *)dst = (enum live_stack_mode)i;
	return i < 0 ? i : 0;
}

int cmd_value__group(void *dst, const char *arg)
{
	int i = one_of(arg, groups);

	if (i >= 0)
		*(enum stat_group *)dst = (enum stat_group)i;
	return i < 0 ? i : 0;
}

int cmd_value__sort(void *dst, const char *arg)
{
	if (!stat_column__find(arg))
		return -EINVAL;
	*(const char **)dst = arg;
	return 0;
}

/* What begins like an address has to be one; all else may be a name. */
int cmd_value__lock(void *dst, const char *arg)
{
	struct rec_lock lock;

	if (!*arg || (!strncmp(arg, "0x", 2) && rec_lock__parse(&lock, arg, KIND_UNKNOWN)))
		return -EINVAL;
	*(const char **)dst = arg;
	return 0;
}

const char *cmd_word__kind(size_t i)
{
	return i < NR_KINDS ? kind__name((enum lock_kind)i) : NULL;
}

const char *cmd_word__finding(size_t i)
{
	return i < NR_FINDING_KINDS ? finding_kind__name((enum finding_kind)i) : NULL;
}

const char *cmd_word__column(size_t i)
{
	return i < nr_stat_columns ? stat_columns[i].id : NULL;
}

/* Asked one after the other, up to the NULL. */
const char *cmd_word__level(size_t i) { return levels[i]; }
const char *cmd_word__hooks(size_t i) { return hooks[i]; }
const char *cmd_word__color(size_t i) { return colors[i]; }
const char *cmd_word__stacks(size_t i) { return stacks[i]; }
const char *cmd_word__group(size_t i) { return groups[i]; }
