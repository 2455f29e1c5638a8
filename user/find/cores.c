// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "find/cores.h"

#include <errno.h>
#include <string.h>

#include "find/confirm.h"
#include "find/stuck.h"
#include "lib/arena.h"

/* A guess at the holder has to stand still this long before it counts.  A rwsem
 * remembers the last reader to come, also after it has left: while another reader
 * holds the lock, a writer seems to wait for the wrong task, or for itself.  Under
 * a plain mmap load that closes cycles which are none, for as long as the true
 * reader stays.  A hold with an id was seen being taken, by this very task; the owner of
 * a futex was written down by itself, and is gone from there once it lets go. */
#define GUESS_STANDS_NS 5000000000ull

static bool guess_counts(const struct snapshot *s, const struct snap_edge *e,
			 const struct snap_hold *h)
{
	if (s->locks[e->lock].lock.kind == KIND_FUTEX)
		return true;
	return (e->waiter != e->blocker || (h && h->id)) &&
	       snapshot__wait_ns(s, &s->tasks[e->waiter]) >= GUESS_STANDS_NS;
}

enum certainty cores__edge(const struct snapshot *s, uint32_t edge)
{
	const struct snap_edge *e = &s->edges[edge];
	const struct snap_hold *h = e->hold == SNAP_NONE ? NULL : &s->holds[e->hold];

	if (e->certainty == SURE_LIKELY && !guess_counts(s, e, h))
		return SURE_POSSIBLE;
	if (e->certainty == SURE_CERTAIN && s->tasks[e->waiter].breakable_by == BREAK_TIMEOUT)
		return SURE_LIKELY;
	return e->certainty;
}

/* Sorts edges by how sure they are, leaving out what did not stand. */
static int rate_edges(const struct snapshot *s, const struct snapshot *prev, struct arena *arena,
		      struct cores *out)
{
	enum certainty sure;
	uint32_t i, k;

	out->certain = arena__array(arena, s->nr_edges, sizeof(bool));
	out->usable = arena__array(arena, s->nr_edges, sizeof(bool));
	if (!out->certain || !out->usable)
		return -ENOMEM;
	for (i = 0; i < s->nr_tasks; i++) {
		if (prev)
			confirm__edges(prev, s, i, out->usable);
		for (k = s->first_edge[i]; k < s->first_edge[i + 1]; k++) {
			sure = cores__edge(s, k);
			out->usable[k] = (!prev || out->usable[k]) && sure <= SURE_LIKELY;
			out->certain[k] = out->usable[k] && sure == SURE_CERTAIN;
		}
	}
	return 0;
}

static int group_tasks(const struct snapshot *s, struct arena *arena, struct cores *out)
{
	uint32_t i, *at, sum = 0;

	out->first = arena__array(arena, (size_t)out->nr + 1, sizeof(uint32_t));
	at = arena__array(arena, out->nr, sizeof(uint32_t));
	if (!out->first || !at)
		return -ENOMEM;
	for (i = 0; i < s->nr_tasks; i++)
		if (out->core[i] != SNAP_NONE)
			at[out->core[i]]++;
	for (i = 0; i < out->nr; i++) {
		out->first[i] = sum;
		sum += at[i];
		at[i] = out->first[i];
	}
	out->first[i] = sum;
	out->tasks = arena__array(arena, sum, sizeof(uint32_t));
	if (!out->tasks)
		return -ENOMEM;
	for (i = 0; i < s->nr_tasks; i++)
		if (out->core[i] != SNAP_NONE)
			out->tasks[at[out->core[i]]++] = i;
	return 0;
}

int cores__find(const struct snapshot *s, const struct snapshot *prev, struct arena *arena,
		struct cores *out)
{
	struct stuck certain, likely;
	uint32_t i;

	memset(out, 0, sizeof(*out));
	if (rate_edges(s, prev, arena, out) ||
	    stuck__find(s, out->certain, NULL, 0, arena, &certain))
		return -ENOMEM;
	likely = certain;
	likely.nr_cores = 0;
	if (memcmp(out->certain, out->usable, s->nr_edges * sizeof(bool)) &&
	    stuck__find(s, out->usable, certain.core, certain.nr_cores, arena, &likely))
		return -ENOMEM;
	out->is_stuck = likely.is_stuck;
	out->nr_stuck = likely.nr;
	out->nr_certain = certain.nr_cores;
	out->nr = certain.nr_cores + likely.nr_cores;
	out->core = likely.core;
	for (i = 0; i < s->nr_tasks; i++)
		if (certain.core[i] != SNAP_NONE)
			out->core[i] = certain.core[i];
	return group_tasks(s, arena, out);
}
