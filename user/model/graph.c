// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * graph.c - who waits for whom.
 *
 * A waiter waits for the holders that exclude it: a reader for a writer, any
 * other for everybody.  With RULE_OR one holder that lets go is enough.  A holder
 * that has exited waits for nothing: with RULE_AND the chain ends there, with
 * RULE_OR it proves nothing, since another task may let go in its place.
 *
 * Queues of mutexes, and writers behind writers, add no edge: all of them wait
 * for the same holders, so no cycle needs one.  A reader that sleeps while the
 * lock is held by readers does need one: it sleeps behind a queued writer.  Once
 * a reader heads the queue, rwsem_mark_wake() wakes all readers in it, past the
 * writers between them (kernel/locking/rwsem.c).  So it waits only for the
 * writers that lead the queue, before its first reader.  These edges rest on the
 * order of times taken just after queueing; a wrong order does no harm, because
 * all writers in the queue wait for the same holders.
 */
#include <errno.h>
#include <stdlib.h>

#include "lib/arena.h"
#include "model/build.h"

#define AHEAD 12	/* look-ups that are started early */

static bool excludes(enum lock_mode waiter, enum lock_mode holder)
{
	return !mode__shared(waiter) || !mode__shared(holder);
}

struct waiter {
	int64_t since_ns;
	uint64_t id;
	uint32_t task;
};

/* Oldest first; unknown times count as oldest, ids break ties. */
static int by_age(const void *va, const void *vb)
{
	const struct waiter *a = va, *b = vb;

	if (a->since_ns != b->since_ns)
		return a->since_ns < b->since_ns ? -1 : 1;
	if (a->id != b->id)
		return a->id < b->id ? -1 : 1;
	return a->task < b->task ? -1 : a->task > b->task;
}

static int sort_waiters(struct snapshot *s, const struct snap_lock *l)
{
	uint32_t *ids = &s->waiters[l->first_waiter], i;
	struct waiter *w;

	if (l->nr_waiters < 2)
		return 0;
	w = malloc(l->nr_waiters * sizeof(*w));
	if (!w)
		return -ENOMEM;
	for (i = 0; i < l->nr_waiters; i++) {
		w[i].task = ids[i];
		w[i].id = s->tasks[ids[i]].wait_id;
		w[i].since_ns = s->tasks[ids[i]].since_ns;
	}
	qsort(w, l->nr_waiters, sizeof(*w), by_age);
	for (i = 0; i < l->nr_waiters; i++)
		ids[i] = w[i].task;
	free(w);
	return 0;
}

/* What the graph needs of a task and of a lock, small enough for the caches: tasks meet
 * locks, and locks their holders, in no order of memory. */
struct waits {
	uint32_t lock;			/* SNAP_NONE: for nothing */
	enum lock_mode mode;
	enum rec_context context;
};

struct lock_edges {
	uint32_t next_waiter;		/* where it goes, while waiters are sorted by lock */
	uint32_t first_holder, nr_holders;
	uint32_t leading;		/* writers that lead its queue */
	bool cut;
};

struct work {
	struct snapshot *s;
	struct waits *waits;		/* per task */
	struct lock_edges *locks;	/* per lock */
};

/* Tasks grouped by the lock they wait for (a counting sort). */
static int make_waiters(struct work *w)
{
	struct snapshot *s = w->s;
	uint32_t i, nr, sum = 0;

	s->waiters = arena__array(s->arena, s->nr_tasks, sizeof(*s->waiters));
	if (!s->waiters)
		return -ENOMEM;
	for (i = 0; i < s->nr_tasks; i++) {
		const struct snap_task *t = &s->tasks[i];

		w->waits[i] = (struct waits){ t->wait_lock, t->wait_mode, t->context };
		if (t->wait_lock != SNAP_NONE)
			w->locks[t->wait_lock].next_waiter++;
	}
	for (i = 0; i < s->nr_locks; i++) {
		nr = w->locks[i].next_waiter;
		w->locks[i].next_waiter = sum;
		sum += nr;
	}
	for (i = 0; i < s->nr_tasks; i++)
		if (w->waits[i].lock != SNAP_NONE)
			s->waiters[w->locks[w->waits[i].lock].next_waiter++] = i;
	return 0;
}

static bool held_by_readers_only(const struct snapshot *s, const struct snap_lock *l)
{
	uint32_t i;

	for (i = 0; i < l->nr_holders; i++)
		if (!mode__shared(s->holds[s->holders[l->first_holder + i]].mode))
			return false;
	return l->nr_holders > 0 || l->nr_readers > 0;
}

/* How many writers lead the queue of a lock that readers hold: those that began
 * to wait before its first reader.  0 when the order is not known. */
static uint32_t leading_writers(const struct snapshot *s, const struct snap_lock *l)
{
	const uint32_t *w = &s->waiters[l->first_waiter];
	int64_t since;
	uint32_t n;

	if ((l->lock.kind != KIND_RWSEM && l->lock.kind != KIND_RWLOCK) || l->nr_waiters < 2 ||
	    s->tasks[w[0]].since_ns == LK_NO_TIME || !held_by_readers_only(s, l))
		return 0;
	for (n = 0; n < l->nr_waiters; n++)
		if (mode__shared(s->tasks[w[n]].wait_mode))
			break;
	if (n == l->nr_waiters)
		return 0;
	since = s->tasks[w[n]].since_ns;
	while (n && s->tasks[w[n - 1]].since_ns == since)
		n--;
	return n;
}

static bool has_exited_holder(const struct snapshot *s, const struct snap_lock *l)
{
	uint32_t i;

	for (i = 0; i < l->nr_holders; i++)
		if (s->holds[s->holders[l->first_holder + i]].exited)
			return true;
	return false;
}

static bool is_blind(const struct snapshot *s, const struct snap_lock *l)
{
	return l->rule == RULE_OR && (!l->complete || !l->nr_holders || l->nr_unknown ||
				      has_exited_holder(s, l));
}

/* Decides what each lock can tell, and which locks have too many edges. */
static int mark_locks(struct work *w)
{
	struct snapshot *s = w->s;
	uint64_t total = 0, most;
	uint32_t i, from = 0;

	for (i = 0; i < s->nr_locks; i++) {
		struct snap_lock *l = &s->locks[i];
		struct lock_edges *e = &w->locks[i];

		l->first_waiter = from;
		l->nr_waiters = e->next_waiter - from;
		from = e->next_waiter;
		if (sort_waiters(s, l))
			return -ENOMEM;
		l->blind = is_blind(s, l);
		e->first_holder = l->first_holder;
		e->nr_holders = l->nr_holders;
		e->leading = leading_writers(s, l);
		most = (uint64_t)l->nr_waiters * (l->nr_holders + (uint64_t)e->leading);
		if (total + most > SNAP_EDGES_MAX) {
			e->cut = l->cut = true;
			l->blind = true;
			s->nr_locks_cut++;
			continue;
		}
		total += most;
	}
	return 0;
}

/* An interrupt on top of the holder's wait holds the lock: it lets go before that wait
 * goes on.  Contexts nest, so what was taken after the wait began lies on top of it. */
static bool is_above_wait(const struct snapshot *s, const struct snap_hold *h)
{
	const struct snap_task *t = &s->tasks[h->task];

	if (!h->spin || t->wait_lock == SNAP_NONE)
		return false;
	if (t->since_ns == LK_NO_TIME || t->since_at_least || h->since_ns == LK_NO_TIME)
		return h->context > t->context;
	return h->since_ns > t->since_ns;
}

/* readers in interrupts take a rwlock past the queue (queued_read_lock_slowpath) */
static bool heeds_queue(const struct waits *waits)
{
	return mode__shared(waits->mode) && waits->context == CONTEXT_TASK;
}

static uint32_t nr_edges_of(const struct work *w, const struct waits *waits)
{
	const struct lock_edges *l = &w->locks[waits->lock];
	uint32_t n = heeds_queue(waits) ? l->leading : 0, i;

	if (!mode__shared(waits->mode))
		return n + l->nr_holders;
	for (i = 0; i < l->nr_holders; i++)
		n += excludes(waits->mode, w->s->holds[w->s->holders[l->first_holder + i]].mode);
	return n;
}

static void put_edges_of(const struct work *w, uint32_t waiter, struct snap_edge *e)
{
	const struct snapshot *s = w->s;
	const struct waits *waits = &w->waits[waiter];
	const struct lock_edges *le = &w->locks[waits->lock];
	const struct snap_lock *l = &s->locks[waits->lock];
	const struct snap_hold *h;
	uint32_t i, at;

	for (i = 0; i < le->nr_holders; i++) {
		at = s->holders[le->first_holder + i];
		h = &s->holds[at];
		if (!excludes(waits->mode, h->mode))
			continue;
		*e++ = (struct snap_edge){ waiter, h->task, waits->lock,
					   l->rule == RULE_OR ? EDGE_OR : EDGE_AND,
					   is_above_wait(s, h) ? SURE_POSSIBLE : h->certainty, at };
	}
	for (i = 0; heeds_queue(waits) && i < le->leading; i++)
		*e++ = (struct snap_edge){ waiter, s->waiters[l->first_waiter + i], waits->lock,
					   EDGE_QUEUE, l->verified ? SURE_CERTAIN : SURE_LIKELY,
					   SNAP_NONE };
}

static bool has_edges(const struct work *w, uint32_t task)
{
	return w->waits[task].lock != SNAP_NONE && !w->locks[w->waits[task].lock].cut;
}

/* Starts to read what put_edges_of() will need. */
static void prefetch(const struct work *w, uint32_t task)
{
	const struct lock_edges *le;

	if (!has_edges(w, task))
		return;
	le = &w->locks[w->waits[task].lock];
	__builtin_prefetch(&w->s->locks[w->waits[task].lock].rule);
	if (le->nr_holders)
		__builtin_prefetch(&w->s->holds[w->s->holders[le->first_holder]]);
}

static int make_edges(const struct work *w)
{
	struct snapshot *s = w->s;
	uint32_t i, n = 0;

	s->first_edge = arena__array(s->arena, (size_t)s->nr_tasks + 1, sizeof(*s->first_edge));
	if (!s->first_edge)
		return -ENOMEM;
	for (i = 0; i < s->nr_tasks; i++) {
		s->first_edge[i] = n;
		if (has_edges(w, i))
			n += nr_edges_of(w, &w->waits[i]);
	}
	s->first_edge[i] = n;
	s->nr_edges = n;
	s->edges = arena__array(s->arena, n, sizeof(*s->edges));
	if (!s->edges)
		return -ENOMEM;
	for (i = 0; i < s->nr_tasks; i++) {
		if (i + AHEAD < s->nr_tasks)
			prefetch(w, i + AHEAD);
		if (has_edges(w, i))
			put_edges_of(w, i, &s->edges[s->first_edge[i]]);
	}
	return 0;
}

int graph__make(struct snapshot *s)
{
	struct work w = {
		.s = s,
		.waits = calloc((size_t)s->nr_tasks + 1, sizeof(*w.waits)),
		.locks = calloc((size_t)s->nr_locks + 1, sizeof(*w.locks)),
	};
	int err = w.waits && w.locks ? make_waiters(&w) ?: mark_locks(&w) ?: make_edges(&w) : -ENOMEM;

	free(w.waits);
	free(w.locks);
	return err;
}
