// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "source/held_exits.h"

#include <errno.h>
#include <stdlib.h>

#include "lib/vec.h"

bool held_exits__wants(const struct lk_hold_event *e)
{
	enum lk_kind kind = LK_HELD_KIND(e->info);

	if (e->how != LK_HOLD_EXITED || !(e->says & LK_WORD_COUNT))
		return false;
	return kind == LK_KIND_SEMAPHORE || (kind == LK_KIND_RWSEM && e->info & LK_HELD_READ);
}

int held_exits__add(struct held_exits *x, const struct lk_hold_event *e)
{
	if (x->nr >= HELD_EXITS_MAX)
		return -ENOSPC;
	if (!VEC_ROOM(x->list, x->nr, x->cap))
		return -ENOMEM;
	x->list[x->nr++] = (struct held_exit){ .e = *e };
	return 0;
}

/* Notes a look; false: the word proves that the lock was given. */
static bool stands(struct held_exit *h, const struct held_exit_word *w)
{
	if (!w->readable)
		return false;	/* its memory is gone */
	h->nr_looks++;
	/* A semaphore has as much free as before the take: its place was given back. */
	if (LK_HELD_KIND(h->e.info) == LK_KIND_SEMAPHORE)
		return w->count < 0 || !h->e.free || (uint32_t)w->count < h->e.free;
	h->unknown += (int64_t)w->count - w->known;
	return !w->writer && w->count > 0;
}

/* The word and the entries are not read in one moment, so a single look may be one off. */
static bool is_counted(const struct held_exit *h)
{
	return LK_HELD_KIND(h->e.info) == LK_KIND_SEMAPHORE || 2 * h->unknown >= h->nr_looks;
}

int held_exits__look(struct held_exits *x, uint64_t now_ns, bool last,
		     const struct held_exits_ops *ops)
{
	size_t i, kept = 0;
	int err = 0;

	for (i = 0; i < x->nr; i++) {
		struct held_exit h = x->list[i];
		struct held_exit_word w = {};
		bool ripe;

		h.since_ns = h.since_ns ?: now_ns;
		ops->read(ops->ctx, &h.e, &w);
		if (!stands(&h, &w))
			continue;
		ripe = h.nr_looks >= HELD_EXIT_LOOKS && now_ns - h.since_ns >= HELD_EXIT_NS;
		if (!ripe && !last)
			x->list[kept++] = h;
		else if (is_counted(&h))
			err = err ?: ops->tell(ops->ctx, &h.e,
					       ripe && !ops->missed(ops->ctx, &h.e) ?
						       SURE_LIKELY : SURE_POSSIBLE);
	}
	x->nr = kept;
	return err;
}

void held_exits__free(struct held_exits *x)
{
	free(x->list);
}
