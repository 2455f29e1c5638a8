/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * live_flocks.h - when to look at file locks, and what of the last look still holds.
 */
#ifndef LOCKSCOPE_SOURCE_LIVE_FLOCKS_H
#define LOCKSCOPE_SOURCE_LIVE_FLOCKS_H

#include "source/live_priv.h"

struct live_flocks;

int live_flocks__new(struct live_flocks **out, struct source_live *s);
void live_flocks__free(struct live_flocks *f);

/* Looks at the tasks of a pass.  force: look even when nothing has changed since
 * the last look.  A wait from an earlier look still holds while its task has not
 * been switched in since.  0 or -errno. */
int live_flocks__update(struct live_flocks *f, const struct live_pass *p, bool force,
			record_fn sink, void *ctx);
/* The wait of t, filled into *w (who excepted); false when it has none. */
bool live_flocks__wait(const struct live_flocks *f, const struct lk_task *t, struct rec_wait *w);
/* The locks that waits of the last update point to. */
const struct rec_lock_state *live_flocks__locks(const struct live_flocks *f, uint32_t *nr);

#endif
