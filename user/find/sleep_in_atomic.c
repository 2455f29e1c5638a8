// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * sleep_in_atomic.c - tasks that went to sleep with a spinning lock.
 */
#include <errno.h>

#include "find/detectors.h"
#include "find/holds.h"
#include "lib/arena.h"
#include "lib/hash.h"
#include "lib/map.h"

/* Not the hold: the same place does it again with another one. */
static uint64_t make_key(const struct rec_hold *h)
{
	uint64_t key = hash__add(hash__u64(FIND_SLEEP_IN_ATOMIC + 1), h->who.tid);

	return hash__add(hash__add(key, h->who.start_ns), h->site.addr);
}

static int report(const struct find_input *in, const struct rec_hold *h, struct findings *out)
{
	struct finding *f = holds__add_ended(in, FIND_SLEEP_IN_ATOMIC, h, out);
	struct holds_text text;

	if (!f || holds__text(&text, f, out->arena))
		return -ENOMEM;
	f->key = make_key(h);
	f->nr_times = 1;
	f->summary = arena__printf(out->arena, "%s went to sleep with %s%s", text.who, text.lock,
				   text.site);
	return f->summary ? 0 : -ENOMEM;
}

static int add(const struct find_input *in, const struct rec_hold *h, struct u64map *seen,
	       struct findings *out)
{
	uint64_t key = make_key(h), at;

	if (u64map__get(seen, key, &at)) {
		out->list[at].nr_times++;
		return 0;
	}
	return u64map__set(seen, key, out->nr) ? -ENOMEM : report(in, h, out);
}

static int run(const struct find_input *in, struct findings *out)
{
	const struct rec_hold *holds;
	struct u64map *seen;	/* key to index in out->list */
	size_t i, nr = 0;
	int err = u64map__new(&seen, 0);

	holds = in->model ? model__ended_holds(in->model, &nr) : NULL;
	for (i = 0; i < nr && !err; i++)
		if (holds[i].end == HOLD_SLEPT && holds[i].certainty != SURE_POSSIBLE)
			err = add(in, &holds[i], seen, out);
	u64map__free(seen);
	return err;
}

const struct detector detector_sleep_in_atomic = { "sleep_in_atomic", run };
