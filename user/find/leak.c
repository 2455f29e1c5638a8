// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * leak.c - locks left behind: by a task that exited, or that went back to user mode
 * or into another system call.
 *
 * The latter may be meant (a device that stays locked between open and release), so
 * it is possible at most.
 */
#include <errno.h>

#include "find/detectors.h"
#include "find/holds.h"
#include "lib/arena.h"

/* percpu_down_write() of a frozen file system is given back by whoever thaws it. */
static bool may_be_left(enum lock_kind kind)
{
	return kind == KIND_PERCPU_RWSEM;
}

static bool is_left(const struct find_input *in, const struct snap_hold *h)
{
	return h->returned && !h->exited && !may_be_left(in->cur->locks[h->lock].lock.kind) &&
	       holds__is_old(in->cfg, in->cur, h);
}

static int report_left(const struct find_input *in, uint32_t hold, struct findings *out)
{
	struct finding *f = holds__add(in, FIND_LEAK, hold, out);
	struct holds_text text;

	if (!f || holds__text(&text, f, out->arena))
		return -ENOMEM;
	f->confidence = SURE_POSSIBLE;
	f->summary = arena__printf(out->arena,
				   "%s left its system call with %s, held for %s now%s", text.who,
				   text.lock, text.age, text.site);
	return f->summary ? 0 : -ENOMEM;
}

static int report_exited(const struct find_input *in, const struct rec_hold *h,
			 struct findings *out)
{
	struct finding *f = holds__add_ended(in, FIND_LEAK, h, out);
	struct holds_text text;

	if (!f || holds__text(&text, f, out->arena))
		return -ENOMEM;
	f->tasks[0].state = 'X';
	f->summary = arena__printf(out->arena, "%s exited with %s, held for %s%s", text.who,
				   text.lock, text.age, text.site);
	return f->summary ? 0 : -ENOMEM;
}

/* Exits first: they are the last word on a leak that a read showed before. */
static int run(const struct find_input *in, struct findings *out)
{
	const struct rec_hold *ended;
	size_t k, nr = 0;
	uint32_t i;
	int err = 0;

	ended = in->model ? model__ended_holds(in->model, &nr) : NULL;
	for (k = 0; k < nr && !err; k++)
		if (ended[k].end == HOLD_EXITED && !may_be_left(ended[k].lock.kind))
			err = report_exited(in, &ended[k], out);
	for (i = 0; i < in->cur->nr_holds && !err; i++)
		if (is_left(in, &in->cur->holds[i]))
			err = report_left(in, i, out);
	return err;
}

const struct detector detector_leak = { "leak", run };
