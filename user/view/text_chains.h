/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * text_chains.h - the part of the snapshot's text that shows chains, root first.
 */
#ifndef LOCKSCOPE_VIEW_TEXT_CHAINS_H
#define LOCKSCOPE_VIEW_TEXT_CHAINS_H

#include "view/view.h"

/* in->snap must be set.  0 or -ENOMEM. */
int text_chains__put(FILE *out, const struct view_input *in);
/* The same a line at a time, the tree of most tasks first: task is the one the line is
 * about, depth its place below the root, 0. */
typedef void (*text_chain_fn)(void *ctx, uint32_t task, uint32_t depth, const char *line);
int text_chains__each(const struct view_input *in, text_chain_fn fn, void *ctx);

#endif
