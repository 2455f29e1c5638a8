/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * live_objects.h - which of many objects of a struct one is, as text for people.
 */
#ifndef LOCKSCOPE_SOURCE_LIVE_OBJECTS_H
#define LOCKSCOPE_SOURCE_LIVE_OBJECTS_H

#include "abi.h"
#include "source/typepath.h"

struct arena;

/* What an object of this struct can say of itself, and where in it the struct is that says
 * it: an ext4_inode_info has an inode.  LK_OBJECT_OTHER: nothing. */
enum lk_object live_objects__find(const struct types *t, uint32_t id, uint32_t *off);
/* "wal, inode 254:0:1234", from what the kernel side noted; NULL: nothing is known. */
const char *live_objects__describe(struct arena *strings, const struct lk_place *p);

#endif
