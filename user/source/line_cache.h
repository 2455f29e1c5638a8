/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * line_cache.h - asks a child for source lines, each address once, and never waits long.
 *
 * Knows nothing of debug info: the job it gives the child does (source/line_probe.h).
 */
#ifndef LOCKSCOPE_SOURCE_LINE_CACHE_H
#define LOCKSCOPE_SOURCE_LINE_CACHE_H

#include <sys/types.h>

#include "record/record.h"
#include "source/line_probe.h"

struct line_cache;

struct line_config {
	void (*job)(void *shared);	/* line_probe__run */
	const char *libdw, *root;	/* as in struct line_probe */
	uint64_t first_ns;	/* how long the first answer for the kernel, or a module, is waited for at most */
	uint64_t wait_ns;	/* and those after it */
	uint64_t hang_ns;	/* the child hangs that has not answered by then */
};

/* All but the job, as they usually are: 2 s for the first, since a vmlinux is large. */
void line_config__defaults(struct line_config *cfg);

/* Forks the child, as early as may be (lib/probe_child.h).  cfg is copied, its strings are
 * not.  0 or -errno. */
int line_cache__new(struct line_cache **out, const struct line_config *cfg);
/* Waits for nothing.  Takes NULL. */
void line_cache__free(struct line_cache *c);

/* The child begins to look what there is; nothing waits for that.  stext: as in
 * struct line_probe. */
void line_cache__start(struct line_cache *c, uint64_t stext);
/* As lines() of struct source_ops. */
int line_cache__ask(struct line_cache *c, const struct rec_frame *frames, size_t nr, record_fn sink,
		    void *ctx);
/* Of those asked, how many got no answer because the child hung or died. */
uint64_t line_cache__lost(const struct line_cache *c);
/* What there is, as far as it is known, waiting at most as long as for the first answer. */
enum line_state line_cache__state(struct line_cache *c, char detail[LINE_FILE_LEN]);
/* As probe_child__pids(). */
uint32_t line_cache__pids(const struct line_cache *c, pid_t *pids);

#endif
