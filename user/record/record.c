// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "record/record.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/hash.h"

static const char *const certainty_names[NR_CERTAINTY] = {
	[SURE_CERTAIN] = "certain",
	[SURE_LIKELY] = "likely",
	[SURE_POSSIBLE] = "possible",
};

static const char *const context_names[NR_CONTEXTS] = {
	[CONTEXT_TASK] = "task",
	[CONTEXT_SOFTIRQ] = "softirq",
	[CONTEXT_HARDIRQ] = "hardirq",
	[CONTEXT_NMI] = "nmi",
};

static const char *const hold_end_names[NR_HOLD_ENDS] = {
	[HOLD_RELEASED] = "released",
	[HOLD_EXITED] = "exited",
	[HOLD_SLEPT] = "slept",
};

static const char *const found_by_names[NR_FOUND_BY] = {
	[FOUND_TRACED] = NULL,
	[FOUND_STACK] = "stack",
	[FOUND_FIELDS] = "fields",
	[FOUND_SAMPLE] = "sample",
};

static const char *const user_stack_whys[NR_USER_STACK_WHY] = {
	[USER_STACK_THERE] = NULL,
	[USER_STACK_NO_LIBDW] = "no_libdw",
	[USER_STACK_MEMORY] = "memory",
	[USER_STACK_FILES] = "files",
	[USER_STACK_LATE] = "late",
	[USER_STACK_CRASHED] = "crashed",
	[USER_STACK_MANY] = "many",
};

/* What a lock that is known by a string, not an address, begins with. */
static const char *const string_locks[] = { "flock:", "posix:", "ofd:", "lease:", "futex:",
					    "sysv_sem:" };

/* The index of a name, or -EINVAL; name may be NULL. */
static int find_name(const char *const *names, int nr, const char *name)
{
	int i;

	for (i = 0; name && i < nr; i++)
		if (!strcmp(names[i], name))
			return i;
	return -EINVAL;
}

const char *certainty__name(enum certainty c)
{
	return certainty_names[(unsigned)c < NR_CERTAINTY ? c : SURE_POSSIBLE];
}

int certainty__parse(const char *name, enum certainty *out)
{
	int i = find_name(certainty_names, NR_CERTAINTY, name);

	if (i < 0)
		return i;
	*out = i;
	return 0;
}

const char *user_stack_why__name(enum user_stack_why why)
{
	return user_stack_whys[(unsigned)why < NR_USER_STACK_WHY ? why : USER_STACK_THERE];
}

int user_stack_why__parse(const char *name, enum user_stack_why *out)
{
	int i = name ? find_name(user_stack_whys + 1, NR_USER_STACK_WHY - 1, name) : -1;

	if (name && i < 0)
		return i;
	*out = i + 1;
	return 0;
}

const char *found_by__name(enum found_by f)
{
	return found_by_names[(unsigned)f < NR_FOUND_BY ? f : FOUND_TRACED];
}

int found_by__parse(const char *name, enum found_by *out)
{
	int i = name ? find_name(found_by_names + 1, NR_FOUND_BY - 1, name) : -1;

	if (name && i < 0)
		return i;
	*out = i + 1;
	return 0;
}

const char *context__name(enum rec_context c)
{
	return context_names[(unsigned)c < NR_CONTEXTS ? c : CONTEXT_TASK];
}

int context__parse(const char *name, enum rec_context *out)
{
	int i = find_name(context_names, NR_CONTEXTS, name);

	if (i < 0)
		return i;
	*out = i;
	return 0;
}

const char *hold_end__name(enum hold_end e)
{
	return hold_end_names[(unsigned)e < NR_HOLD_ENDS ? e : HOLD_RELEASED];
}

int hold_end__parse(const char *name, enum hold_end *out)
{
	int i = find_name(hold_end_names, NR_HOLD_ENDS, name);

	if (i < 0)
		return i;
	*out = i;
	return 0;
}

void rec_lock__set_addr(struct rec_lock *lock, uint64_t addr, enum lock_kind kind)
{
	lock->key = addr;
	lock->addr = addr;
	lock->str = NULL;
	lock->kind = kind;
}

/* Kernel addresses have the top bit set, so a key without it meets none. */
void rec_lock__set_str(struct rec_lock *lock, const char *str, enum lock_kind kind)
{
	lock->key = hash__str(str) >> 1;
	if (!lock->key)
		lock->key = 1;
	lock->addr = 0;
	lock->str = str;
	lock->kind = kind;
}

/* Hexadecimal digits after "0x", at most 16 of them, and nothing else. */
static int parse_addr(const char *digits, uint64_t *out)
{
	size_t n = strspn(digits, "0123456789abcdefABCDEF");

	if (n == 0 || n > 16 || digits[n])
		return -EINVAL;
	*out = strtoull(digits, NULL, 16);
	return 0;
}

int rec_lock__parse(struct rec_lock *lock, const char *str, enum lock_kind kind)
{
	uint64_t addr;
	size_t i, n;

	if (!strncmp(str, "0x", 2)) {
		if (parse_addr(str + 2, &addr))
			return -EINVAL;
		rec_lock__set_addr(lock, addr, kind);
		return 0;
	}
	for (i = 0; i < sizeof(string_locks) / sizeof(string_locks[0]); i++) {
		n = strlen(string_locks[i]);
		if (!strncmp(str, string_locks[i], n) && str[n]) {
			rec_lock__set_str(lock, str, kind);
			return 0;
		}
	}
	return -EINVAL;
}

const char *rec_lock__format(const struct rec_lock *lock, char *buf, size_t size)
{
	if (lock->str)
		snprintf(buf, size, "%s", lock->str);
	else
		snprintf(buf, size, "0x%" PRIx64, lock->addr);
	return buf;
}

struct rec_hist rec_hist__of(const uint64_t *buckets)
{
	int first = 0, end = REC_HIST_BUCKETS;

	while (first < end && !buckets[first])
		first++;
	while (end > first && !buckets[end - 1])
		end--;
	return (struct rec_hist){ buckets + first, (uint8_t)first, (uint8_t)(end - first) };
}

/* Rounded up, so that not every bucket that comes makes it move. */
static size_t hist_bytes(uint8_t nr)
{
	return (size_t)((nr + 1) & ~1) * sizeof(uint64_t);
}

int rec_hist__keep(struct rec_hist *mine, const struct rec_hist *from)
{
	uint64_t *counts = (uint64_t *)mine->counts;

	if (hist_bytes(from->nr) > hist_bytes(mine->nr)) {
		counts = realloc(counts, hist_bytes(from->nr));
		if (!counts)
			return -ENOMEM;
	}
	if (from->nr)
		memcpy(counts, from->counts, from->nr * sizeof(*counts));
	*mine = (struct rec_hist){ counts, from->first, from->nr };
	return 0;
}

void rec_hist__drop(struct rec_hist *mine)
{
	free((uint64_t *)mine->counts);
	*mine = (struct rec_hist){ 0 };
}
