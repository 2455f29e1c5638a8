/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * live_flocks.h - when to look at file locks, and what of the last look still holds.
 */
#ifndef LOCKSCOPE_SOURCE_LIVE_FLOCKS_H
#define LOCKSCOPE_SOURCE_LIVE_FLOCKS_H

#include "source/live_priv.h"

struct live_flocks;

int live_flocks__new(struct live_flocks **out, struct source_live *s);
/* Returns at once, also while a look hangs. */
void live_flocks__free(struct live_flocks *f);

/* Collects the tasks of a pass that wait, and looks at the locks when it is time.
 * force: look even when nothing has changed since the last look.  A wait from an
 * earlier look still holds while its task has not been switched in since.  A look
 * is made in a thread and waited for 0.2 s at least and 1 s at most; then the update
 * after its end takes it.  When it takes a second, and no work explains that, it is
 * counted (source_live.failed_reads), and what the look before it found is shown as
 * incomplete and merely possible until there is news; so it is at once when the
 * look was to confirm that one.  0 or -errno. */
int live_flocks__update(struct live_flocks *f, const struct live_pass *p, bool force,
			record_fn sink, void *ctx);
/* The wait of t, filled into *w (who excepted); false when it has none. */
bool live_flocks__wait(const struct live_flocks *f, const struct lk_task *t, struct rec_wait *w);
/* The locks that waits of the last update point to. */
const struct rec_lock_state *live_flocks__locks(const struct live_flocks *f, uint32_t *nr);

#endif
