// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "find/evidence.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "find/describe.h"
#include "lib/map.h"

#define LINES_MAX 64	/* sentences on locks and waits; the rest is counted in one */

bool evidence__loss_matters(const struct find_input *in, const struct finding *f)
{
	uint32_t i;

	if (in->prev->lost.maps == in->cur->lost.maps &&
	    in->prev->lost.recursion == in->cur->lost.recursion)
		return false;
	for (i = 0; i < f->nr_members; i++)
		if (f->members[i].spin)
			return true;
	return false;
}

struct lines {
	struct finding *f;
	struct arena *arena;
	uint32_t left_out;
};

/* Takes a line from arena__printf(). */
static int add(struct lines *l, const char *line)
{
	if (!line)
		return -ENOMEM;
	l->f->evidence[l->f->nr_evidence++] = line;
	return 0;
}

static bool is_full(struct lines *l)
{
	if (l->f->nr_evidence < LINES_MAX)
		return false;
	l->left_out++;
	return true;
}

static int add_reads(struct lines *l, const struct find_input *in)
{
	uint32_t n = l->f->nr_members;

	return add(l, arena__printf(l->arena,
				    "the same %u wait%s in reads %" PRIu64 " and %" PRIu64
				    ", no sleeper ran in between",
				    n, n == 1 ? "" : "s", in->prev->seq, in->cur->seq));
}

/* What is known of the lock's holders, and by what; some evidence names no lock. */
static const char *lock_text(const struct rec_lock *lock, const char *evidence,
			     struct arena *arena)
{
	char id[256];
	const char *text;

	if (evidence && strstr(evidence, rec_lock__format(lock, id, sizeof(id))))
		return evidence;
	text = describe__lock(lock, arena);
	if (!text)
		return NULL;
	return evidence && *evidence ? arena__printf(arena, "%s: %s", text, evidence) :
				       arena__printf(arena, "holders of %s", text);
}

static int add_lock(struct lines *l, const struct snapshot *s, const struct find_edge *e)
{
	uint32_t i = snapshot__find_lock(s, e->lock.key);
	const char *what;

	what = lock_text(&e->lock, i == SNAP_NONE ? NULL : s->locks[i].evidence, l->arena);
	if (what && e->certainty != SURE_CERTAIN && e->breakable_by != BREAK_TIMEOUT)
		what = arena__printf(l->arena, "%s (%s)", what, certainty__name(e->certainty));
	return what ? add(l, arena__printf(l->arena, "%s read twice, unchanged", what)) : -ENOMEM;
}

/* One line a lock. */
static int add_locks(struct lines *l, const struct snapshot *s)
{
	struct u64map *seen;
	uint32_t i;
	int err = u64map__new(&seen, 0);

	for (i = 0; i < l->f->nr_edges && !err; i++) {
		const struct find_edge *e = &l->f->edges[i];

		if (e->rule == EDGE_QUEUE || u64map__get(seen, e->lock.key, NULL))
			continue;
		err = u64map__set(seen, e->lock.key, 1);
		if (!err && !is_full(l))
			err = add_lock(l, s, e);
	}
	u64map__free(seen);
	return err;
}

static const char *found_text(enum found_by f)
{
	return f == FOUND_FIELDS ? "by its own fields and on its stack" : "on its stack";
}

/* Waits whose begin nobody saw. */
static int add_found(struct lines *l)
{
	uint32_t i;
	char *who;

	for (i = 0; i < l->f->nr_members; i++) {
		const struct find_task *t = &l->f->members[i];

		if (t->found_by == FOUND_TRACED || is_full(l))
			continue;
		who = describe__who(&t->who, l->arena);
		if (who && t->found_by == FOUND_SAMPLE) {
			if (add(l, arena__printf(l->arena, "the spin of %s was not traced: the ticks "
						 "of its CPU found it there, the lock in its registers",
						 who)))
				return -ENOMEM;
			continue;
		}
		if (!who || add(l, arena__printf(l->arena, "the wait of %s began before it was "
						 "traced: found %s, linked into the lock's queue",
						 who, found_text(t->found_by))))
			return -ENOMEM;
	}
	return 0;
}

static int add_queue(struct lines *l)
{
	static const char text[] = "readers sleep behind a queued writer while readers hold the lock";
	uint32_t i;

	for (i = 0; i < l->f->nr_edges; i++)
		if (l->f->edges[i].rule == EDGE_QUEUE)
			return add(l, arena__strdup(l->arena, text));
	return 0;
}

static char *break_text(enum breakable b, const char *who, struct arena *arena)
{
	switch (b) {
	case BREAK_KILL:
		return arena__printf(arena, "a kill ends the wait of %s", who);
	case BREAK_SIGNAL:
		return arena__printf(arena, "a signal ends the wait of %s", who);
	default:
		return arena__printf(arena, "the wait of %s has a timeout", who);
	}
}

static int add_breakable(struct lines *l)
{
	uint32_t i;
	char *who;

	for (i = 0; i < l->f->nr_members; i++) {
		if (l->f->members[i].breakable_by == BREAK_NONE || is_full(l))
			continue;
		who = describe__who(&l->f->members[i].who, l->arena);
		if (!who || add(l, break_text(l->f->members[i].breakable_by, who, l->arena)))
			return -ENOMEM;
	}
	return 0;
}

static int add_lost(struct lines *l, const struct find_input *in)
{
	if (!evidence__loss_matters(in, l->f))
		return 0;
	return add(l, arena__printf(l->arena,
				    "records were lost between the two reads (maps +%" PRIu64
				    ", recursion +%" PRIu64 ")",
				    in->cur->lost.maps - in->prev->lost.maps,
				    in->cur->lost.recursion - in->prev->lost.recursion));
}

int evidence__add(const struct find_input *in, struct finding *f, struct arena *arena)
{
	struct lines l = { .f = f, .arena = arena };
	int err;

	f->evidence = arena__array(arena, LINES_MAX + 4, sizeof(*f->evidence));
	if (!f->evidence)
		return -ENOMEM;
	err = add_reads(&l, in);
	if (!err)
		err = add_locks(&l, in->cur);
	if (!err)
		err = add_found(&l);
	if (!err)
		err = add_breakable(&l);
	if (!err)
		err = add_queue(&l);
	if (!err)
		err = add_lost(&l, in);
	if (!err && l.left_out)
		err = add(&l, arena__printf(arena, "%u more locks and waits", l.left_out));
	return err;
}
