// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * before_funcs.c - the kernel's functions that wait for a lock, by their names.
 *
 * Compilers append to them (.constprop.0, .isra.0, .part.0, .cold), and inline some
 * into others, so the outer ones are here as well.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/vec.h"
#include "source/before_int.h"

#define WW (LK_F_MUTEX | LK_F_WW)
#define DRAINS (LK_F_PERCPU | LK_F_WRITE)

static const struct before_kind kinds[] = {
	{ "__mutex_lock", SHAPE_MUTEX, LK_F_MUTEX },
	{ "__mutex_lock_common", SHAPE_MUTEX, LK_F_MUTEX },
	{ "__mutex_lock_slowpath", SHAPE_MUTEX, LK_F_MUTEX },
	{ "__mutex_lock_killable_slowpath", SHAPE_MUTEX, LK_F_MUTEX },
	{ "__mutex_lock_interruptible_slowpath", SHAPE_MUTEX, LK_F_MUTEX },
	{ "mutex_lock", SHAPE_MUTEX, LK_F_MUTEX },
	{ "mutex_lock_nested", SHAPE_MUTEX, LK_F_MUTEX },
	{ "_mutex_lock_nest_lock", SHAPE_MUTEX, LK_F_MUTEX },
	{ "mutex_lock_killable", SHAPE_MUTEX, LK_F_MUTEX },
	{ "mutex_lock_killable_nested", SHAPE_MUTEX, LK_F_MUTEX },
	{ "_mutex_lock_killable", SHAPE_MUTEX, LK_F_MUTEX },
	{ "mutex_lock_interruptible", SHAPE_MUTEX, LK_F_MUTEX },
	{ "mutex_lock_interruptible_nested", SHAPE_MUTEX, LK_F_MUTEX },
	{ "mutex_lock_io", SHAPE_MUTEX, LK_F_MUTEX },
	{ "mutex_lock_io_nested", SHAPE_MUTEX, LK_F_MUTEX },
	{ "__ww_mutex_lock", SHAPE_MUTEX, WW },
	{ "__ww_mutex_lock_slowpath", SHAPE_MUTEX, WW },
	{ "__ww_mutex_lock_interruptible_slowpath", SHAPE_MUTEX, WW },
	{ "ww_mutex_lock", SHAPE_MUTEX, WW },
	{ "ww_mutex_lock_interruptible", SHAPE_MUTEX, WW },
	{ "rwsem_down_read_slowpath", SHAPE_RWSEM, 0 },
	{ "rwsem_down_write_slowpath", SHAPE_RWSEM, 0 },
	{ "down_read", SHAPE_RWSEM, 0 },
	{ "down_read_nested", SHAPE_RWSEM, 0 },
	{ "down_read_killable", SHAPE_RWSEM, 0 },
	{ "down_read_killable_nested", SHAPE_RWSEM, 0 },
	{ "down_read_interruptible", SHAPE_RWSEM, 0 },
	{ "down_read_non_owner", SHAPE_RWSEM, 0 },
	{ "down_write", SHAPE_RWSEM, 0 },
	{ "down_write_nested", SHAPE_RWSEM, 0 },
	{ "_down_write_nest_lock", SHAPE_RWSEM, 0 },
	{ "down_write_killable", SHAPE_RWSEM, 0 },
	{ "down_write_killable_nested", SHAPE_RWSEM, 0 },
	{ "___down_common", SHAPE_SEMAPHORE, 0 },
	{ "__down_common", SHAPE_SEMAPHORE, 0 },
	{ "__down", SHAPE_SEMAPHORE, 0 },
	{ "__down_interruptible", SHAPE_SEMAPHORE, 0 },
	{ "__down_killable", SHAPE_SEMAPHORE, 0 },
	{ "__down_timeout", SHAPE_SEMAPHORE, LK_F_TIMEOUT },
	{ "down", SHAPE_SEMAPHORE, 0 },
	{ "down_interruptible", SHAPE_SEMAPHORE, 0 },
	{ "down_killable", SHAPE_SEMAPHORE, 0 },
	{ "down_timeout", SHAPE_SEMAPHORE, LK_F_TIMEOUT },
	{ "percpu_rwsem_wait", SHAPE_PERCPU, LK_F_PERCPU },
	{ "__percpu_down_read", SHAPE_PERCPU, LK_F_PERCPU },
	{ "percpu_down_write", SHAPE_DRAIN, DRAINS },
};

static const struct before_kind *kind_of(const char *name)
{
	size_t i, len = strcspn(name, ".");

	for (i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (!strncmp(kinds[i].name, name, len) && !kinds[i].name[len])
			return &kinds[i];
	return NULL;
}

void before_funcs__add(void *funcs, const char *name, uint64_t from, uint64_t to)
{
	struct before_funcs *f = funcs;
	const struct before_kind *kind;

	/* Cheap for the many that are none: all end in a few ways. */
	if (!strstr(name, "down") && !strstr(name, "mutex_lock") && !strstr(name, "percpu_rwsem_wa"))
		return;
	if (!strcmp(name, "percpu_rwsem_wake_function"))
		f->percpu_wake = from;
	kind = kind_of(name);
	if (!kind)
		return;
	if (!VEC_ROOM(f->list, f->nr, f->cap)) {
		f->err = -ENOMEM;
		return;
	}
	f->list[f->nr++] = (struct before_func){ .from = from, .to = to, .kind = kind };
}

void before_funcs__free(struct before_funcs *f)
{
	free(f->list);
	*f = (struct before_funcs){ 0 };
}
