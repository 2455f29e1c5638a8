/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * stack_ids.h - which stacks a snapshot and its findings refer to.
 */
#ifndef LOCKSCOPE_VIEW_STACK_IDS_H
#define LOCKSCOPE_VIEW_STACK_IDS_H

#include "view/view.h"

struct stack_ids {
	uint32_t *ids;		/* rising and distinct after stack_ids__sort() */
	size_t nr, cap;
};

/* 0 or -ENOMEM; id 0 is no stack. */
int stack_ids__add(struct stack_ids *s, uint32_t id);
int stack_ids__add_finding(struct stack_ids *s, const struct finding *f);
void stack_ids__sort(struct stack_ids *s);
void stack_ids__free(struct stack_ids *s);

#endif
