/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * pages.h - large pieces of memory, all of which will be used at once.
 *
 * The system makes their pages all together, which costs a third of an interrupt for each
 * when it is first touched.  Huge pages would cost less still, but to get one it may have
 * to move others, and wait for those: nothing to do on a machine that hangs.
 */
#ifndef LOCKSCOPE_LIB_PAGES_H
#define LOCKSCOPE_LIB_PAGES_H

#include <stddef.h>

/* Smaller pieces are as well off with malloc. */
#define PAGES_MIN (128 << 10)

/* bytes of zeroed memory, or NULL.  *got: for pages__free(), at least bytes; what is
 * behind the bytes is not zeroed. */
void *pages__new(size_t bytes, size_t *got);
/* Some of what is freed is kept for the next, up to 40 MB in all: looks at the machine
 * come one after another and are much alike.  Takes NULL.  From any thread. */
void pages__free(void *p, size_t got);

#endif
