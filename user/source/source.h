/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * source.h - where records come from: the live kernel or a recording.
 */
#ifndef LOCKSCOPE_SOURCE_SOURCE_H
#define LOCKSCOPE_SOURCE_SOURCE_H

#include <poll.h>
#include "record/record.h"

struct source;

/* What a source can do; each call passes what it finds to sink in order and
 * returns 0 or -errno (also the sink's). */
struct source_ops {
	const char *name;
	/* The header; called once, before anything else. */
	int (*header)(struct source *s, record_fn sink, void *ctx);
	/* What has come in since: ended waits, stacks.  A replay passes its whole
	 * file here and returns -ENODATA when nothing is left. */
	int (*drain)(struct source *s, record_fn sink, void *ctx);
	/* One read of the whole machine; no-op in a replay. */
	int (*read)(struct source *s, bool confirm, record_fn sink, void *ctx);
	/* Aggregates and losses so far; no-op in a replay. */
	int (*collect)(struct source *s, record_fn sink, void *ctx);
	/* Where in the source code these are, as REC_LINE records, also of some that were
	 * asked before: what takes too long is told by a later call, also with none.  Of
	 * those not known nothing comes.  NULL: it cannot tell. */
	int (*lines)(struct source *s, const struct rec_frame *frames, size_t nr, record_fn sink,
		     void *ctx);
	/* fds to wait on until drain has something; returns how many, at most max. */
	int (*fds)(struct source *s, struct pollfd *fds, int max);
	/* Records nothing from now on, so that the next drain can reach an end.
	 * NULL where nothing has to stop. */
	void (*stop)(struct source *s);
	void (*free)(struct source *s);
};

struct source {
	const struct source_ops *ops;
	bool is_live;
};

/* NULL-safe. */
static inline void source__free(struct source *s)
{
	if (s)
		s->ops->free(s);
}

#endif
