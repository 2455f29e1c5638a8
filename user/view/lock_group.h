/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * lock_group.h - the locks of a look that have one name, as one.  Those of a deadlock always
 * stand alone: which of them is whose is what it is about.
 */
#ifndef LOCKSCOPE_VIEW_LOCK_GROUP_H
#define LOCKSCOPE_VIEW_LOCK_GROUP_H

#include "view/view.h"

/* Tasks are indices into the snapshot, each once; waiters with the oldest wait first. */
struct lock_group {
	uint32_t first;		/* lock */
	uint32_t nr_locks;
	bool complete;		/* all holders of all of them are known */
	uint32_t *holders, nr_holders;
	uint32_t *waiters, nr_waiters;
};

struct lock_groups {
	struct lock_group *list;	/* in the order of their first lock */
	size_t nr;
};

/* Of the locks somebody waits for or holds that pass the filter.  0 or -ENOMEM. */
int lock_groups__make(struct lock_groups *out, const struct view_input *in);
void lock_groups__free(struct lock_groups *g);

#endif
