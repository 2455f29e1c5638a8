// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * held.c - the held entries of a pass, and what their tasks do with them just now.
 */
#include "source/held.h"

#include <errno.h>
#include <stdlib.h>

#include "lib/vec.h"
#include "source/live_priv.h"

/* Above every id that contention_begin gives, and below 2^53. */
#define DRAIN_IDS (0x1fffULL << 40)

static bool is_awake(const struct lk_task *t)
{
	return t->on_cpu || !t->state;
}

/* Functions that cannot fail are hooked at their entry, so the newest entry alone may
 * be of a take that is still to come.  Those hooked at their exit have no entry while
 * they wait: then the newest entry is an older hold, of the same lock too. */
static enum held_doubt doubt_of(const struct lk_task *t, uint32_t i)
{
	const struct lk_held *e = &lk_task__holds(t)[i].held;

	if (e->info & LK_HELD_WANTED)
		return HELD_AWAITED;
	if (i + 1 < t->nr_held || e->info & LK_HELD_TRY)
		return HELD_TAKEN;
	if (t->wait.lock == e->lock)
		return HELD_AWAITED;
	return is_awake(t) ? HELD_COMING : HELD_TAKEN;
}

static int add_task(struct held *h, const struct lk_task *t)
{
	const struct lk_hold *holds = lk_task__holds(t);
	bool stood = lk_task__holds_stood(t);
	uint32_t i;

	for (i = 0; i < t->nr_held; i++) {
		const struct lk_held *e = &holds[i].held;

		if (!VEC_ROOM(h->list, h->nr, h->cap))
			return -ENOMEM;
		h->list[h->nr++] = (struct held_entry){
			.lock = e->lock, .since_ns = e->since_ns, .site = e->site, .id = e->id,
			.t_ns = t->t_ns, .task = t, .word = &holds[i].word, .stood = stood,
			.info = e->info, .tid = t->tid, .free = e->free, .doubt = doubt_of(t, i),
		};
	}
	return 0;
}

/* The entry that the CPU's innermost wait is of: nr_held when it is of none.  It is
 * the newest of its context, and was made before the wait began; what an interrupt
 * has taken since the wait began lies on top of it. */
static uint32_t awaited_entry(const struct lk_cpu_record *c)
{
	const struct lk_cpu_hold *holds = lk_cpu_record__holds(c);
	uint32_t tops[2] = { c->nr_held, c->nr_task_held }, i, at;

	for (i = 0; i < (c->wait.flags & LK_F_IRQ ? 1 : 2) && c->wait.lock; i++) {
		if (!tops[i] || (!i && c->nr_held == c->nr_task_held))
			continue;
		at = tops[i] - 1;
		if (holds[at].held.lock == c->wait.lock &&
		    holds[at].held.since_ns <= c->wait.since_ns &&
		    !(holds[at].held.info & LK_HELD_TRY))
			return at;
	}
	return c->nr_held;
}

uint64_t held__awaited_site(const struct lk_cpu_record *c)
{
	uint32_t at = awaited_entry(c);

	return at < c->nr_held ? lk_cpu_record__holds(c)[at].held.site : 0;
}

/* A wait below the innermost one is not in the record: the entry may be of that.  And
 * a task that holds a spinning lock does not leave its CPU, short of a bug. */
static bool is_unsure(const struct lk_cpu_record *c, uint32_t i, const struct lk_task *t)
{
	const struct lk_spin_held *e = &lk_cpu_record__holds(c)[i].held;
	bool in_irq = i >= c->nr_task_held;

	if (c->depth > 1 && !(e->info & LK_HELD_TRY) && (in_irq || i + 1 == c->nr_task_held))
		return true;
	return !in_irq && t && (!t->on_cpu || t->cpu != c->cpu);
}

static int add_cpu(struct held *h, const struct lk_cpu_record *c,
		   const struct lk_task *(*find)(const void *ctx, uint32_t tid), const void *ctx)
{
	uint32_t i, awaited = awaited_entry(c);

	for (i = 0; i < c->nr_held; i++) {
		const struct lk_cpu_hold *hold = &lk_cpu_record__holds(c)[i];
		const struct lk_task *t = hold->held.tid ? find(ctx, hold->held.tid) : NULL;

		if (!VEC_ROOM(h->list, h->nr, h->cap))
			return -ENOMEM;
		h->list[h->nr++] = (struct held_entry){
			.lock = hold->held.lock, .since_ns = hold->held.since_ns,
			.site = hold->held.site, .id = hold->held.id, .t_ns = c->t_ns, .task = t,
			.cpu = c, .spin_word = hold->word, .spin_readable = hold->readable,
			.in_irq = i >= c->nr_task_held, .unsure = is_unsure(c, i, t), .stood = true,
			.info = hold->held.info, .tid = hold->held.tid,
			.doubt = i == awaited ? HELD_AWAITED : HELD_TAKEN,
		};
	}
	return 0;
}

static int by_lock_and_age(const void *va, const void *vb)
{
	const struct held_entry *a = va, *b = vb;

	if (a->lock != b->lock)
		return a->lock < b->lock ? -1 : 1;
	if (a->since_ns != b->since_ns)
		return a->since_ns < b->since_ns ? -1 : 1;
	if (a->tid != b->tid)
		return a->tid < b->tid ? -1 : 1;
	return a->id < b->id ? -1 : a->id > b->id;
}

int held__take(struct held *h, const struct live_pass *p,
	       const struct lk_task *(*find)(const void *ctx, uint32_t tid), const void *ctx)
{
	uint32_t i;
	int err = 0;

	h->nr = 0;
	for (i = 0; i < p->nr && !err; i++)
		err = add_task(h, p->tasks[i]);
	for (i = 0; i < p->nr_cpus && !err; i++)
		err = add_cpu(h, p->cpus[i], find, ctx);
	if (h->nr)
		qsort(h->list, h->nr, sizeof(*h->list), by_lock_and_age);
	return err;
}

void held__free(struct held *h)
{
	free(h->list);
	*h = (struct held){ 0 };
}

struct held_entry *held__of_lock(const struct held *h, uint64_t lock, uint32_t *nr)
{
	size_t lo = 0, hi = h->nr, mid, end;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (h->list[mid].lock < lock)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (end = lo; end < h->nr && h->list[end].lock == lock; end++)
		;
	*nr = (uint32_t)(end - lo);
	return *nr ? &h->list[lo] : NULL;
}

const struct lk_hold *held__drains(const struct lk_task *t)
{
	const struct lk_hold *h;

	if (!t->nr_held || t->wait.lock || is_awake(t))
		return NULL;
	h = &lk_task__holds(t)[t->nr_held - 1];
	return h->held.info & LK_HELD_WANTED &&
	       LK_HELD_KIND(h->held.info) == LK_KIND_PERCPU_RWSEM ? h : NULL;
}

uint64_t held__drain_id(const struct lk_task *t, const struct lk_hold *h)
{
	return DRAIN_IDS | (uint64_t)(t->tid & 0xffffff) << 16 | (h->held.id & 0xffff);
}
