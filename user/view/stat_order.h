/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * stat_order.h - which parts of statistics make a line, and in which order they are added.
 */
#ifndef LOCKSCOPE_VIEW_STAT_ORDER_H
#define LOCKSCOPE_VIEW_STAT_ORDER_H

#include "view/stat_part.h"

struct stat_order;

/* Parts of a group follow each other, by lock and by what makes rows differ.  parts may not
 * change meanwhile.  0 or -ENOMEM. */
int stat_order__new(struct stat_order **out, const struct stat_parts *parts, enum stat_group group);
/* Takes NULL. */
void stat_order__free(struct stat_order *o);
const struct stat_part *stat_order__part(const struct stat_order *o, size_t i);
size_t stat_order__nr_groups(const struct stat_order *o);
bool stat_order__same(enum stat_group group, const struct stat_part *a, const struct stat_part *b);

/* Sorts the parts themselves by part__compare().  0 or -ENOMEM. */
int stat_order__sort_rows(struct stat_parts *parts);

/* By function; NULL, and those without symbol, come last. */
int stat__compare_frames(const struct rec_frame *a, const struct rec_frame *b);

#endif
