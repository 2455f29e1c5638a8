/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * finding_group.h - findings of one kind about locks of one name, as one.  A deadlock, and
 * what is about a task rather than a lock, always stands alone.
 */
#ifndef LOCKSCOPE_VIEW_FINDING_GROUP_H
#define LOCKSCOPE_VIEW_FINDING_GROUP_H

#include "find/find.h"

struct finding_group {
	const struct finding *first;	/* in the order given */
	const struct finding *worst;	/* the longest */
	uint32_t nr;			/* findings; 1: what follows says nothing new */
	uint32_t nr_locks;
	uint32_t nr_tasks;		/* that wait; of long holds, how many these are */
	enum certainty confidence;	/* the weakest */
	uint64_t id;			/* the same in each look, of another kind of lock another */
};

struct finding_groups {
	struct finding_group *list;	/* in the order of their first */
	size_t nr;
};

enum finding_grouping {
	GROUP_NAMES,		/* what is true now */
	GROUP_NEWS,		/* what a read tells: new ones and changed ones apart */
	GROUP_NONE,		/* each finding alone */
};
/* 0 or -ENOMEM. */
int finding_groups__make(struct finding_groups *out, const struct finding *const *findings,
			 size_t nr, enum finding_grouping how);
void finding_groups__free(struct finding_groups *g);
/* Of the group a finding would belong to; 0: it always stands alone. */
uint64_t finding_group__id(const struct finding *f);
/* "14 tasks wait for 12 locks, rwsem foo.bar, the longest for 2.30 s"; of one, its summary. */
const char *finding_group__summary(char *buf, size_t size, const struct finding_group *g);

#endif
