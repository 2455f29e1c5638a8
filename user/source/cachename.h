/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * cachename.h - which struct a slab cache is of, by its name: pure.
 */
#ifndef LOCKSCOPE_SOURCE_CACHENAME_H
#define LOCKSCOPE_SOURCE_CACHENAME_H

#include "source/typepath.h"

/* The struct that a cache of this name and object size holds, by the ways in which the
 * kernel names its caches ("ext4_inode_cache": ext4_inode_info); 0: none fits. */
uint32_t cachename__struct(const struct types *t, const char *cache, uint32_t object_bytes);
/* Whether anything may be in it: kmalloc-64, kmalloc-cg-1k, kmalloc-rnd-07-32, dma-kmalloc-8. */
bool cachename__is_kmalloc(const char *cache);

#endif
