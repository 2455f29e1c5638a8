// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "find/deadlock_report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "find/cycle.h"
#include "find/describe.h"
#include "find/evidence.h"
#include "lib/hash.h"

#define SUMMARY_TASKS 8		/* of a cycle, spelt out in the summary */

struct report {
	const struct snapshot *s;
	const struct cores *c;
	struct arena *arena;
	/* the core that is being told */
	uint32_t core;
	const bool *usable;	/* the edges that make it */
	const uint32_t *tasks;
	uint32_t nr_tasks;
	/* room, made once for all cores */
	uint32_t *hold;		/* per task: the hold that keeps another member waiting */
	struct cycle cycle;
	uint32_t *back, *first_back;	/* edges grouped by blocker; per task and one more */
	uint32_t *behind;
	uint32_t *behind_core;	/* per task: 1 + the last core it was found behind */
};

/* Turns all edges round. */
static void link_back(struct report *r)
{
	const struct snapshot *s = r->s;
	uint32_t i, k;

	for (k = 0; k < s->nr_edges; k++)
		r->first_back[s->edges[k].blocker]++;
	for (i = 1; i <= s->nr_tasks; i++)
		r->first_back[i] += r->first_back[i - 1];
	for (k = s->nr_edges; k--; )
		r->back[--r->first_back[s->edges[k].blocker]] = k;
}

static int init(struct report *r, const struct snapshot *s, const struct cores *c,
		struct arena *arena)
{
	size_t n = s->nr_tasks;

	memset(r, 0, sizeof(*r));
	r->s = s;
	r->c = c;
	r->arena = arena;
	r->hold = arena__array(arena, n, sizeof(uint32_t));
	r->back = arena__array(arena, s->nr_edges, sizeof(uint32_t));
	r->first_back = arena__array(arena, n + 1, sizeof(uint32_t));
	r->behind = arena__array(arena, n, sizeof(uint32_t));
	r->behind_core = arena__array(arena, n, sizeof(uint32_t));
	if (!r->hold || !r->back || !r->first_back || !r->behind || !r->behind_core)
		return -ENOMEM;
	memset(r->hold, 0xff, n * sizeof(uint32_t));
	link_back(r);
	return cycle__init(&r->cycle, s, c->core, arena);
}

static bool is_inside(const struct report *r, uint32_t edge)
{
	return r->usable[edge] && r->c->core[r->s->edges[edge].blocker] == r->core;
}

static void find_holds(struct report *r)
{
	const struct snapshot *s = r->s;
	uint32_t i, k;

	for (i = 0; i < r->nr_tasks; i++)
		for (k = s->first_edge[r->tasks[i]]; k < s->first_edge[r->tasks[i] + 1]; k++)
			if (is_inside(r, k) && r->hold[s->edges[k].blocker] == SNAP_NONE)
				r->hold[s->edges[k].blocker] = s->edges[k].hold;
}

static int by_tid(const void *va, const void *vb)
{
	const struct find_task *a = va, *b = vb;

	if (a->who.tid != b->who.tid)
		return a->who.tid < b->who.tid ? -1 : 1;
	return a->cpu < b->cpu ? -1 : a->cpu > b->cpu;
}

static int add_members(struct report *r, struct finding *f)
{
	uint32_t i;

	f->members = arena__array(r->arena, r->nr_tasks, sizeof(*f->members));
	if (!f->members)
		return -ENOMEM;
	find_holds(r);
	for (i = 0; i < r->nr_tasks; i++)
		if (describe__task(&f->members[i], r->s, r->tasks[i], r->hold[r->tasks[i]],
				   r->arena))
			return -ENOMEM;
	f->nr_members = r->nr_tasks;
	qsort(f->members, f->nr_members, sizeof(*f->members), by_tid);
	return 0;
}

static int by_waiter(const void *va, const void *vb)
{
	const struct find_edge *a = va, *b = vb;

	if (a->waiter_tid != b->waiter_tid)
		return a->waiter_tid < b->waiter_tid ? -1 : 1;
	return a->holder_tid < b->holder_tid ? -1 : a->holder_tid > b->holder_tid;
}

static int add_edges(const struct report *r, struct finding *f)
{
	const struct snapshot *s = r->s;
	uint32_t i, k, n = 0;

	for (i = 0; i < r->nr_tasks; i++)
		for (k = s->first_edge[r->tasks[i]]; k < s->first_edge[r->tasks[i] + 1]; k++)
			n += is_inside(r, k);
	f->edges = arena__array(r->arena, n, sizeof(*f->edges));
	if (!f->edges)
		return -ENOMEM;
	for (i = 0; i < r->nr_tasks; i++) {
		for (k = s->first_edge[r->tasks[i]]; k < s->first_edge[r->tasks[i] + 1]; k++) {
			const struct snap_edge *e = &s->edges[k];
			struct find_edge *to = &f->edges[f->nr_edges];

			if (!is_inside(r, k))
				continue;
			to->waiter_tid = s->tasks[e->waiter].who.tid;
			to->holder_tid = s->tasks[e->blocker].who.tid;
			to->lock = s->locks[e->lock].lock;
			to->rule = e->rule;
			to->breakable_by = s->tasks[e->waiter].breakable_by;
			to->certainty = cores__edge(s, k);
			if (describe__own_lock(&to->lock, r->arena))
				return -ENOMEM;
			f->nr_edges++;
		}
	}
	qsort(f->edges, f->nr_edges, sizeof(*f->edges), by_waiter);
	return 0;
}

/* The witness begins with its lowest tid, so that it looks the same every time. */
static int add_cycle(struct report *r, struct finding *f)
{
	const struct snapshot *s = r->s;
	const uint32_t *edges = r->cycle.edges;
	uint32_t n, i, first = 0, before;
	int err;

	n = cycle__find(&r->cycle, r->usable, r->tasks, r->nr_tasks);
	f->cycle = arena__array(r->arena, n, sizeof(*f->cycle));
	if (!f->cycle)
		return -ENOMEM;
	for (i = 1; i < n; i++)
		if (s->tasks[s->edges[edges[i]].waiter].who.tid <
		    s->tasks[s->edges[edges[first]].waiter].who.tid)
			first = i;
	for (i = 0; i < n; i++) {
		before = edges[(first + i + n - 1) % n];
		err = describe__task(&f->cycle[i], s, s->edges[before].blocker,
				     s->edges[before].hold, r->arena);
		if (err)
			return err;
	}
	f->nr_cycle = n;
	return 0;
}

/* Walks edges backwards from the core through stuck tasks of no core.  Returns
 * how many it found. */
static uint32_t find_behind(struct report *r)
{
	uint32_t i, k, t, w, n = 0;

	for (i = 0; i < r->nr_tasks + n; i++) {
		t = i < r->nr_tasks ? r->tasks[i] : r->behind[i - r->nr_tasks];
		for (k = r->first_back[t]; k < r->first_back[t + 1]; k++) {
			w = r->s->edges[r->back[k]].waiter;
			if (!r->c->usable[r->back[k]] || !r->c->is_stuck[w] ||
			    r->c->core[w] != SNAP_NONE || r->behind_core[w] == r->core + 1)
				continue;
			r->behind_core[w] = r->core + 1;
			r->behind[n++] = w;
		}
	}
	return n;
}

static int add_behind(struct report *r, struct finding *f)
{
	uint32_t n = find_behind(r), i;

	f->behind = arena__array(r->arena, n, sizeof(*f->behind));
	if (!f->behind)
		return -ENOMEM;
	for (i = 0; i < n; i++)
		if (describe__task(&f->behind[i], r->s, r->behind[i], SNAP_NONE, r->arena))
			return -ENOMEM;
	f->nr_behind = n;
	if (n)
		qsort(f->behind, n, sizeof(*f->behind), by_tid);
	return 0;
}

/* "a/1 → b/2 → a/1"; long ones are cut in the middle. */
static char *cycle_text(const struct finding *f, struct arena *arena)
{
	char *text = describe__who(&f->cycle[0].who, arena), *who;
	uint32_t i;

	for (i = 1; text && i < f->nr_cycle; i++) {
		if (i >= SUMMARY_TASKS) {
			text = arena__printf(arena, "%s → … %u more", text, f->nr_cycle - i);
			break;
		}
		who = describe__who(&f->cycle[i].who, arena);
		text = who ? arena__printf(arena, "%s → %s", text, who) : NULL;
	}
	who = describe__who(&f->cycle[0].who, arena);
	return text && who ? arena__printf(arena, "%s → %s", text, who) : NULL;
}

/* What spins in an interrupt waits for the task below it, which cannot run. */
static char *self_text(const struct find_task *t, struct arena *arena)
{
	char *who = describe__who(&t->who, arena);

	if (!who)
		return NULL;
	if (!t->spin || t->context == t->holds_context)
		return arena__printf(arena, "self-deadlock: %s waits for a lock it holds", who);
	return arena__printf(arena,
			     "self-deadlock on CPU %d: a %s spins for a lock that %s held when "
			     "interrupted", t->cpu, context__name(t->context), who);
}

static int add_summary(struct finding *f, struct arena *arena)
{
	char *cycle;

	if (f->nr_members == 1) {
		f->summary = self_text(&f->members[0], arena);
	} else {
		cycle = cycle_text(f, arena);
		f->summary = cycle ? arena__printf(arena, "%u tasks wait for each other: %s",
						   f->nr_members, cycle) : NULL;
	}
	if (f->summary && f->nr_behind)
		f->summary = arena__printf(arena, "%s; %u behind", f->summary, f->nr_behind);
	return f->summary ? 0 : -ENOMEM;
}

static uint64_t make_key(const struct finding *f)
{
	uint64_t key = hash__u64(FIND_DEADLOCK + 1);
	uint32_t i;

	for (i = 0; i < f->nr_members; i++) {
		key = hash__add(key, f->members[i].who.tid);
		key = hash__add(key, f->members[i].wait_id);
	}
	return key;
}

/* A SysV semaphore has no owner: anybody may raise it. */
static bool has_semaphore(const struct finding *f)
{
	uint32_t i;

	for (i = 0; i < f->nr_edges; i++)
		if (f->edges[i].lock.kind == KIND_SYSV_SEM)
			return true;
	return false;
}

static int report_one(struct report *r, const struct find_input *in, struct finding *f)
{
	f->kind = FIND_DEADLOCK;
	f->t_ns = in->cur->t_ns;
	f->confidence = r->core < r->c->nr_certain ? SURE_CERTAIN : SURE_LIKELY;
	if (add_members(r, f) || add_edges(r, f) || add_cycle(r, f) || add_behind(r, f) ||
	    add_summary(f, r->arena) || evidence__add(in, f, r->arena))
		return -ENOMEM;
	if (evidence__loss_matters(in, f))
		f->confidence = SURE_LIKELY;
	if (has_semaphore(f))
		f->confidence = SURE_POSSIBLE;
	f->key = make_key(f);
	return 0;
}

int deadlock__report(const struct find_input *in, const struct cores *c, struct findings *out)
{
	struct report r;
	struct finding *f;
	uint32_t i;
	int err = init(&r, in->cur, c, out->arena);

	for (i = 0; i < c->nr && !err; i++) {
		r.core = i;
		r.usable = i < c->nr_certain ? c->certain : c->usable;
		r.tasks = c->tasks + c->first[i];
		r.nr_tasks = c->first[i + 1] - c->first[i];
		f = findings__add(out);
		err = f ? report_one(&r, in, f) : -ENOMEM;
	}
	return err;
}
