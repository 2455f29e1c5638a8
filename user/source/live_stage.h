/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * live_stage.h - how far a start or an end is, for somebody who waits at a terminal.
 */
#ifndef LOCKSCOPE_SOURCE_LIVE_STAGE_H
#define LOCKSCOPE_SOURCE_LIVE_STAGE_H

#include <stddef.h>

struct live_stage {
	/* Before each step: what is done now ("attaching hooks"), and how many of its parts
	 * are done; of 0: it has none that are counted. */
	void (*tell)(void *ctx, const char *what, size_t nr, size_t of);	/* NULL: nobody waits */
	void *ctx;
};

static inline void live_stage__tell(const struct live_stage *s, const char *what, size_t nr, size_t of)
{
	if (s->tell)
		s->tell(s->ctx, what, nr, of);
}

#endif
