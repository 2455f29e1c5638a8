/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * chains.h - the wait-for graph as a forest for people: each waiter below one task
 * that blocks it, so that who is at the root stands on top.
 */
#ifndef LOCKSCOPE_VIEW_CHAINS_H
#define LOCKSCOPE_VIEW_CHAINS_H

#include "model/snapshot.h"

struct chains {
	uint32_t nr;		/* tasks of the snapshot */
	uint32_t *parent;	/* the blocker it hangs below; SNAP_NONE: none known */
	uint32_t *edge;		/* the edge to it; SNAP_NONE */
	uint32_t *root;		/* the topmost task above it, or itself */
	bool *in_cycle;		/* on the cycle that its tree ends in */
	uint32_t *first_child, *next_sibling;	/* SNAP_NONE ends */
	uint32_t *below;	/* of a root: how many tasks hang below it */
};

/* A holder goes before one queued ahead, where any one holder will do one that does
 * not wait before one that does, a certain edge before a doubtful one.  A
 * tree that ends in a cycle has the cycle's first task (by index) as its root, and
 * that task's own edge is in parent[] but not among the children.  0 or -ENOMEM. */
int chains__make(struct chains *c, const struct snapshot *s);
void chains__free(struct chains *c);

#endif
