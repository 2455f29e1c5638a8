// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "record/kind.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

static const char *const kind_names[NR_KINDS] = {
	[KIND_UNKNOWN] = "unknown",
	[KIND_MUTEX] = "mutex",
	[KIND_WW_MUTEX] = "ww_mutex",
	[KIND_RWSEM] = "rwsem",
	[KIND_PERCPU_RWSEM] = "percpu_rwsem",
	[KIND_SEMAPHORE] = "semaphore",
	[KIND_RT_MUTEX] = "rt_mutex",
	[KIND_SPINLOCK] = "spinlock",
	[KIND_RWLOCK] = "rwlock",
	[KIND_FLOCK] = "flock",
	[KIND_POSIX] = "posix",
	[KIND_OFD] = "ofd",
	[KIND_LEASE] = "lease",
	[KIND_FUTEX] = "futex",
	[KIND_SYSV_SEM] = "sysv_sem",
};

static const char *const mode_names[NR_MODES] = {
	[MODE_EXCLUSIVE] = "exclusive",
	[MODE_READ] = "read",
	[MODE_WRITE] = "write",
};

static const char *const breakable_names[NR_BREAKABLE] = {
	[BREAK_NONE] = NULL,
	[BREAK_KILL] = "kill",
	[BREAK_SIGNAL] = "signal",
	[BREAK_TIMEOUT] = "timeout",
};

/* The index of a name in a table, or -EINVAL. */
static int find_name(const char *const *names, int nr, const char *name)
{
	int i;

	for (i = 0; name && i < nr; i++)
		if (names[i] && !strcmp(names[i], name))
			return i;
	return -EINVAL;
}

const char *kind__name(enum lock_kind kind)
{
	return (unsigned)kind < NR_KINDS ? kind_names[kind] : kind_names[KIND_UNKNOWN];
}

const char *mode__name(enum lock_mode mode)
{
	return (unsigned)mode < NR_MODES ? mode_names[mode] : mode_names[MODE_EXCLUSIVE];
}

const char *breakable__name(enum breakable b)
{
	return (unsigned)b < NR_BREAKABLE ? breakable_names[b] : NULL;
}

int kind__parse(const char *name, enum lock_kind *out)
{
	int i = find_name(kind_names, NR_KINDS, name);

	if (i < 0)
		return i;
	*out = i;
	return 0;
}

int mode__parse(const char *name, enum lock_mode *out)
{
	int i = find_name(mode_names, NR_MODES, name);

	if (i < 0)
		return i;
	*out = i;
	return 0;
}

int breakable__parse(const char *name, enum breakable *out)
{
	int i = name ? find_name(breakable_names, NR_BREAKABLE, name) : BREAK_NONE;

	if (i < 0)
		return i;
	*out = i;
	return 0;
}
