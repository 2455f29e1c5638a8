// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * long_hold.c - holds past the threshold: those that go on, and those that ended
 * between two reads.
 *
 * That the holder itself only waits is no excuse: those behind it wait for both.
 */
#include <errno.h>

#include "find/describe.h"
#include "find/detectors.h"
#include "find/holds.h"
#include "find/members.h"
#include "find/root.h"
#include "lib/map.h"

struct search {
	const struct find_input *in;
	struct findings *out;
	struct u64map *members;		/* of reported deadlocks */
	struct roots roots;
};

/* A kernel thread that waits for work (TASK_IDLE) with a lock nobody wants harms no
 * one: rcu_tasks_one_gp() sleeps like that for ever, by design. */
static bool is_idle(const struct snapshot *s, const struct snap_hold *h)
{
	return s->tasks[h->task].state == 'I' && !s->locks[h->lock].nr_waiters;
}

/* One that left its system call with the lock is a leak, or freezes a file system. */
static bool is_long(const struct search *x, const struct snap_hold *h)
{
	const struct snapshot *s = x->in->cur;

	return !is_idle(s, h) && h->certainty != SURE_POSSIBLE && !h->returned && !h->exited &&
	       holds__is_old(x->in->cfg, s, h) && !members__has(x->members, &s->tasks[h->task]);
}

/* "; it waits for mutex 0x… itself; 3 wait for it" */
static const char *rest_text(const struct finding *f, uint32_t nr_waiters, struct arena *arena)
{
	const struct find_task *t = &f->tasks[0];
	const char *text = "", *lock;

	if (t->waits_for.key) {
		lock = describe__waits_for(t, arena);
		text = lock ? arena__printf(arena, "; it waits for %s itself", lock) : NULL;
	}
	if (text && nr_waiters)
		text = arena__printf(arena, "%s; %u wait%s for it", text, nr_waiters,
				     nr_waiters == 1 ? "s" : "");
	return text;
}

static int report(struct search *x, uint32_t hold)
{
	const struct snapshot *s = x->in->cur;
	const struct snap_hold *h = &s->holds[hold];
	struct finding *f = holds__add(x->in, FIND_LONG_HOLD, hold, x->out);
	uint32_t nr_waiters = s->locks[h->lock].nr_waiters;
	struct arena *arena = x->out->arena;
	struct holds_text text;
	const char *rest;

	if (!f || roots__add(&x->roots, f, h->task) || holds__text(&text, f, arena))
		return -ENOMEM;
	rest = rest_text(f, nr_waiters - (s->tasks[h->task].wait_lock == h->lock), arena);
	if (!rest)
		return -ENOMEM;
	f->summary = arena__printf(arena, "%s has held %s for %s%s%s", text.who, text.lock,
				   text.age, text.site, rest);
	return f->summary ? 0 : -ENOMEM;
}

/* A read showed this hold when it was long already, or left behind: that was told. */
static bool was_shown(const struct find_input *in, const struct snapshot *s,
		      const struct rec_hold *rec)
{
	const struct snap_hold *h = holds__find(s, rec);

	return h && (h->certainty != SURE_POSSIBLE || h->returned) &&
	       holds__is_old(in->cfg, s, h);
}

static bool was_long(const struct find_input *in, const struct rec_hold *h)
{
	return h->end == HOLD_RELEASED && h->certainty != SURE_POSSIBLE &&
	       h->since_ns != LK_NO_TIME && h->hold_ns >= 0 &&
	       (uint64_t)h->hold_ns >= holds__limit(in->cfg, h->spin) &&
	       !was_shown(in, in->prev, h) && !was_shown(in, in->cur, h);
}

static int report_ended(const struct find_input *in, const struct rec_hold *h,
			struct findings *out)
{
	struct finding *f = holds__add_ended(in, FIND_LONG_HOLD, h, out);
	struct holds_text text;

	if (!f || holds__text(&text, f, out->arena))
		return -ENOMEM;
	f->threshold_ns = holds__limit(in->cfg, h->spin);
	f->summary = arena__printf(out->arena, "%s held %s for %s%s", text.who, text.lock, text.age,
				   text.site);
	return f->summary ? 0 : -ENOMEM;
}

static int find_ended(const struct find_input *in, struct findings *out)
{
	const struct rec_hold *ended;
	size_t i, nr = 0;
	int err = 0;

	ended = in->model ? model__ended_holds(in->model, &nr) : NULL;
	for (i = 0; i < nr && !err; i++)
		if (was_long(in, &ended[i]))
			err = report_ended(in, &ended[i], out);
	return err;
}

static int run(const struct find_input *in, struct findings *out)
{
	struct search x = { .in = in, .out = out,
			    .roots = { .s = in->cur, .arena = out->arena } };
	uint32_t i;
	int err = members__collect(out, &x.members);

	for (i = 0; i < in->cur->nr_holds && !err; i++)
		if (is_long(&x, &in->cur->holds[i]))
			err = report(&x, i);
	u64map__free(x.members);
	return err ? err : find_ended(in, out);
}

const struct detector detector_long_hold = { "long_hold", run };
