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

static int make_waiters(struct snapshot *s)
{
	uint32_t i, sum = 0;
	struct snap_lock *l;

	s->waiters = arena__array(s->arena, s->nr_tasks, sizeof(*s->waiters));
	if (!s->waiters)
		return -ENOMEM;
	for (i = 0; i < s->nr_tasks; i++)
		if (s->tasks[i].wait_lock != SNAP_NONE)
			s->locks[s->tasks[i].wait_lock].nr_waiters++;
	for (i = 0; i < s->nr_locks; i++) {
		s->locks[i].first_waiter = sum;
		sum += s->locks[i].nr_waiters;
		s->locks[i].nr_waiters = 0;
	}
	for (i = 0; i < s->nr_tasks; i++) {
		if (s->tasks[i].wait_lock == SNAP_NONE)
			continue;
		l = &s->locks[s->tasks[i].wait_lock];
		s->waiters[l->first_waiter + l->nr_waiters++] = i;
	}
	for (i = 0; i < s->nr_locks; i++)
		if (sort_waiters(s, &s->locks[i]))
			return -ENOMEM;
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
static uint32_t *mark_locks(struct snapshot *s)
{
	uint32_t *leading = arena__array(s->arena, s->nr_locks, sizeof(*leading));
	uint64_t total = 0, most;
	struct snap_lock *l;
	uint32_t i;

	for (i = 0; leading && i < s->nr_locks; i++) {
		l = &s->locks[i];
		l->blind = is_blind(s, l);
		leading[i] = leading_writers(s, l);
		most = (uint64_t)l->nr_waiters * (l->nr_holders + (uint64_t)leading[i]);
		if (total + most > SNAP_EDGES_MAX) {
			l->cut = true;
			l->blind = true;
			s->nr_locks_cut++;
			continue;
		}
		total += most;
	}
	return leading;
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

/* Writes the edges of one waiter to e, or only counts them when e is NULL. */
static uint32_t edges_of(const struct snapshot *s, uint32_t waiter, uint32_t leading,
			 struct snap_edge *e)
{
	const struct snap_task *t = &s->tasks[waiter];
	const struct snap_lock *l = &s->locks[t->wait_lock];
	const struct snap_hold *h;
	uint32_t n = 0, i, at;

	for (i = 0; i < l->nr_holders; i++) {
		at = s->holders[l->first_holder + i];
		h = &s->holds[at];
		if (!excludes(t->wait_mode, h->mode))
			continue;
		if (e)
			e[n] = (struct snap_edge){ waiter, h->task, t->wait_lock,
						   l->rule == RULE_OR ? EDGE_OR : EDGE_AND,
						   is_above_wait(s, h) ? SURE_POSSIBLE :
									 h->certainty, at };
		n++;
	}
	/* readers in interrupts take a rwlock past the queue (queued_read_lock_slowpath) */
	if (!mode__shared(t->wait_mode) || t->context != CONTEXT_TASK)
		return n;
	for (i = 0; i < leading; i++, n++)
		if (e)
			e[n] = (struct snap_edge){ waiter, s->waiters[l->first_waiter + i],
						   t->wait_lock, EDGE_QUEUE,
						   l->verified ? SURE_CERTAIN : SURE_LIKELY,
						   SNAP_NONE };
	return n;
}

static bool has_edges(const struct snapshot *s, uint32_t task)
{
	uint32_t lock = s->tasks[task].wait_lock;

	return lock != SNAP_NONE && !s->locks[lock].cut;
}

int graph__make(struct snapshot *s)
{
	uint32_t *leading, i, n = 0;

	if (make_waiters(s))
		return -ENOMEM;
	leading = mark_locks(s);
	s->first_edge = arena__array(s->arena, (size_t)s->nr_tasks + 1, sizeof(*s->first_edge));
	if (!leading || !s->first_edge)
		return -ENOMEM;
	for (i = 0; i < s->nr_tasks; i++) {
		s->first_edge[i] = n;
		if (has_edges(s, i))
			n += edges_of(s, i, leading[s->tasks[i].wait_lock], NULL);
	}
	s->first_edge[i] = n;
	s->nr_edges = n;
	s->edges = arena__array(s->arena, n, sizeof(*s->edges));
	if (!s->edges)
		return -ENOMEM;
	for (i = 0; i < s->nr_tasks; i++)
		if (has_edges(s, i))
			edges_of(s, i, leading[s->tasks[i].wait_lock],
				 &s->edges[s->first_edge[i]]);
	return 0;
}
