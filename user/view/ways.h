/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * ways.h - waits by lock, mode and stack.  Those whose stack was not walked are spread
 * over the walked ways of their lock (view/stat_part.h), so that all together are
 * exact while single ones are estimates.
 */
#ifndef LOCKSCOPE_VIEW_WAYS_H
#define LOCKSCOPE_VIEW_WAYS_H

#include "view/view.h"

struct way {
	const struct rec_agg *agg;		/* lock, mode, task */
	const struct rec_lock_name *name;	/* NULL: none */
	/* outermost last; NULL and 0: no stack of this lock was walked */
	const struct rec_frame *frames;
	uint32_t nr_frames;
	uint64_t count, ns;
};
typedef int (*way_fn)(void *ctx, const struct way *way);

/* Calls fn for each that passes the filter and was waited.  The frames are those
 * from the caller of the lock function on, without the kernel's entry; all of them
 * when in->style.verbose, or when nothing else is there.  *none: waits of no known
 * lock.  0, -ENOMEM, or what fn returned, which ends it. */
int ways__each(const struct view_input *in, way_fn fn, void *ctx, struct stat_sum *none);

/* How a way's parts are called, harmless for a terminal; both return buf. */
/* "ext4_rename [ext4]", or the address. */
const char *ways__frame(char *buf, size_t size, const struct rec_frame *frame);
/* "read rwsem inode.i_rwsem", or with its identity where it has no name (or name is
 * NULL); a ? behind a guess. */
const char *ways__lock(char *buf, size_t size, const struct rec_lock *lock,
		       const struct rec_lock_name *name, enum lock_mode mode);

#endif
