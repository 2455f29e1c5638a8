// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * live_exits.c - the running kernel's words for held_exits.h.
 */
#include <bpf/libbpf.h>

#include "source/live_look.h"

#include "lockscope.skel.h" /* after abi.h: it uses its types */

/* kernel/locking/rwsem.c, as in bpf/lockword.bpf.h */
#define RWSEM_WRITER_LOCKED 1
#define RWSEM_READER_SHIFT 8

struct eyes {
	struct source_live *s;
	const struct live_look *look;
};

static void read_word(void *ctx, const struct lk_hold_event *e, struct held_exit_word *out)
{
	const struct eyes *x = ctx;
	const struct live_bpf *b = &x->s->bpf;
	const struct lk_layout *at = &b->skel->bss->layout;
	struct held_entry *known;
	uint32_t nr = 0, i;
	int64_t count;

	if (LK_HELD_KIND(e->info) == LK_KIND_SEMAPHORE) {
		out->readable = live_bpf__peek(b, e->lock + (uint32_t)at->semaphore_count,
					       &out->count, sizeof(out->count));
		return;
	}
	out->readable = live_bpf__peek(b, e->lock + (uint32_t)at->rwsem_count, &count, sizeof(count));
	if (!out->readable)
		return;
	out->writer = count & RWSEM_WRITER_LOCKED;
	out->count = (int32_t)((count & INT64_MAX) >> RWSEM_READER_SHIFT);
	known = held__of_lock(&x->look->held, e->lock, &nr);
	for (i = 0; i < nr; i++)
		out->known += known[i].stood && known[i].doubt == HELD_TAKEN && !known[i].cpu &&
			      known[i].info & LK_HELD_READ;
}

static bool was_missed(void *ctx, const struct lk_hold_event *e)
{
	const struct eyes *x = ctx;

	return live__missed_since(x->s, e->info, e->since_ns);
}

static int tell(void *ctx, const struct lk_hold_event *e, enum certainty certainty)
{
	const struct eyes *x = ctx;

	return live__tell_hold(x->s, e, certainty);
}

int live_exits__look(struct source_live *s, const struct live_look *look, bool last)
{
	struct eyes x = { .s = s, .look = look };
	const struct held_exits_ops ops = { read_word, was_missed, tell, &x };

	return s->exits.nr ? held_exits__look(&s->exits, live__now(), last, &ops) : 0;
}
