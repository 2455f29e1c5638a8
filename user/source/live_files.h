/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * live_files.h - open descriptors from the kernel's iterator over all files.
 */
#ifndef LOCKSCOPE_SOURCE_LIVE_FILES_H
#define LOCKSCOPE_SOURCE_LIVE_FILES_H

#include "source/filelocks.h"
#include "source/live_priv.h"

struct live_files;

/* Uses b only here: what it needs of it stays open until free, so that a pass which
 * hangs needs nothing else.  0 or -errno. */
int live_files__new(struct live_files **out, const struct live_bpf *b);
void live_files__free(struct live_files *f);

/* A filelocks_list_fn; ctx is the struct live_files. */
int live_files__list(void *ctx, const uint64_t *inos, uint32_t nr_inos,
		     const struct filelock_file **files, uint32_t *nr_files);

#endif
