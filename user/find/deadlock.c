// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * deadlock.c - cores of stuck tasks that stood unchanged in two reads.
 *
 * The search runs twice: with what is certain, then also with what is likely, so
 * that a likely edge elsewhere does not degrade a certain deadlock.  A wait that
 * ends by a timeout counts as likely.  What is only possible is never used.
 */
#include "find/confirm.h"
#include "find/cores.h"
#include "find/deadlock_report.h"
#include "find/detectors.h"
#include "lib/arena.h"

static int run(const struct find_input *in, struct findings *out)
{
	struct cores c;
	int err;

	if (!in->prev)
		return 0;
	err = cores__find(in->cur, NULL, out->arena, &c);
	if (err || !c.nr_stuck)
		return err;
	err = cores__find(in->cur, in->prev, out->arena, &c);
	return err || !c.nr ? err : deadlock__report(in, &c, out);
}

const struct detector detector_deadlock = { "deadlock", run };

/* A core task with a wait that the read before did not show. */
static bool has_new_wait(const struct find_input *in, const struct cores *c)
{
	uint32_t i;

	for (i = 0; i < in->cur->nr_tasks; i++)
		if (c->core[i] != SNAP_NONE &&
		    (!in->prev || !confirm__wait_is_known(in->prev, in->cur, i)))
			return true;
	return false;
}

bool find__wants_confirm(const struct find_input *in)
{
	struct arena *arena;
	struct cores c;
	bool wants;

	if (!in->cur || arena__new(&arena))
		return false;
	wants = !cores__find(in->cur, NULL, arena, &c) && c.nr && has_new_wait(in, &c);
	arena__free(arena);
	return wants;
}
