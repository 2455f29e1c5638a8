// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * root_blocker.c - a task that waits for no lock and keeps several others waiting
 * past the threshold, directly or through others.
 *
 * Edges that are only possible are not used: they would blame a bystander.  Of
 * the holders of an OR lock the first one is blamed, as likely when there are
 * more, since any other could let go too.
 */
#include <errno.h>
#include <stdlib.h>

#include "find/describe.h"
#include "find/detectors.h"
#include "lib/fmt.h"
#include "lib/hash.h"

struct search {
	const struct find_input *in;
	const struct snapshot *s;
	struct findings *out;
	uint32_t *first_back, *back;	/* edges that lead to each task */
	unsigned char *sure;		/* per edge; SURE_POSSIBLE: not used */
	uint32_t *seen;			/* per task: number of the walk */
	uint32_t walk;
	uint32_t *blocked;		/* what the last walk found */
	uint32_t nr_blocked, nr_long;
};

static bool is_long(const struct search *x, uint32_t task)
{
	const struct snap_task *t = &x->s->tasks[task];

	return t->asleep_or_spinning && snapshot__wait_ns(x->s, t) >= x->in->cfg->long_wait_ns;
}

static void rate_edges(struct search *x)
{
	const struct snapshot *s = x->s;
	uint32_t i, k, first_or;

	for (i = 0; i < s->nr_tasks; i++) {
		first_or = SNAP_NONE;
		for (k = s->first_edge[i]; k < s->first_edge[i + 1]; k++) {
			x->sure[k] = s->edges[k].certainty;
			if (s->edges[k].rule != EDGE_OR)
				continue;
			if (first_or == SNAP_NONE) {
				first_or = k;
				continue;
			}
			x->sure[k] = SURE_POSSIBLE;
			if (x->sure[first_or] == SURE_CERTAIN)
				x->sure[first_or] = SURE_LIKELY;
		}
	}
}

static int init(struct search *x)
{
	const struct snapshot *s = x->s;
	struct arena *a = x->out->arena;
	uint32_t i, k;

	x->first_back = arena__array(a, (size_t)s->nr_tasks + 1, sizeof(uint32_t));
	x->back = arena__array(a, s->nr_edges, sizeof(uint32_t));
	x->sure = arena__array(a, s->nr_edges, 1);
	x->seen = arena__array(a, s->nr_tasks, sizeof(uint32_t));
	x->blocked = arena__array(a, s->nr_tasks, sizeof(uint32_t));
	if (!x->first_back || !x->back || !x->sure || !x->seen || !x->blocked)
		return -ENOMEM;
	rate_edges(x);
	for (k = 0; k < s->nr_edges; k++)
		x->first_back[s->edges[k].blocker]++;
	for (i = 1; i <= s->nr_tasks; i++)
		x->first_back[i] += x->first_back[i - 1];
	for (k = s->nr_edges; k--; )
		x->back[--x->first_back[s->edges[k].blocker]] = k;
	return 0;
}

/* Finds all that wait for root through edges at least this sure. */
static void walk(struct search *x, uint32_t root, enum certainty sure)
{
	uint32_t i, k, t = root, w;

	x->walk++;
	x->seen[root] = x->walk;
	x->nr_blocked = x->nr_long = 0;
	for (i = 0;; t = x->blocked[i++]) {
		for (k = x->first_back[t]; k < x->first_back[t + 1]; k++) {
			w = x->s->edges[x->back[k]].waiter;
			if (x->sure[x->back[k]] > sure || x->seen[w] == x->walk)
				continue;
			x->seen[w] = x->walk;
			x->blocked[x->nr_blocked++] = w;
			x->nr_long += is_long(x, w);
		}
		if (i == x->nr_blocked)
			break;
	}
}

struct aged {
	uint64_t wait_ns;
	uint32_t task;
};

static int longest_first(const void *va, const void *vb)
{
	const struct aged *a = va, *b = vb;

	if (a->wait_ns != b->wait_ns)
		return a->wait_ns > b->wait_ns ? -1 : 1;
	return a->task < b->task ? -1 : a->task > b->task;
}

static int add_tasks(struct search *x, struct finding *f)
{
	struct arena *arena = x->out->arena;
	struct aged *aged = arena__array(arena, x->nr_blocked, sizeof(*aged));
	uint32_t i;

	f->tasks = arena__array(arena, x->nr_blocked, sizeof(*f->tasks));
	if (!aged || !f->tasks)
		return -ENOMEM;
	for (i = 0; i < x->nr_blocked; i++) {
		aged[i].task = x->blocked[i];
		aged[i].wait_ns = snapshot__wait_ns(x->s, &x->s->tasks[x->blocked[i]]);
	}
	qsort(aged, x->nr_blocked, sizeof(*aged), longest_first);
	for (i = 0; i < x->nr_blocked; i++)
		if (describe__task(&f->tasks[i], x->s, aged[i].task, SNAP_NONE, arena))
			return -ENOMEM;
	f->nr_tasks = f->nr_blocked = x->nr_blocked;
	f->wait_ns = (int64_t)aged[0].wait_ns;
	return 0;
}

/* The locks of the root that somebody waits for; the first one is its `holds`. */
static int add_locks(struct search *x, struct finding *f, uint32_t root)
{
	const struct snap_task *t = &x->s->tasks[root];
	struct arena *arena = x->out->arena;
	uint32_t i, hold = SNAP_NONE;

	f->locks = arena__array(arena, t->nr_holds, sizeof(*f->locks));
	if (!f->locks)
		return -ENOMEM;
	for (i = t->first_hold; i < t->first_hold + t->nr_holds; i++) {
		if (!x->s->locks[x->s->holds[i].lock].nr_waiters)
			continue;
		f->locks[f->nr_locks] = x->s->locks[x->s->holds[i].lock].lock;
		if (describe__own_lock(&f->locks[f->nr_locks++], arena))
			return -ENOMEM;
		if (hold == SNAP_NONE)
			hold = i;
	}
	f->has_root = true;
	return describe__task(&f->root, x->s, root, hold, arena);
}

static int report(struct search *x, uint32_t root, enum certainty sure)
{
	struct arena *arena = x->out->arena;
	struct finding *f = findings__add(x->out);
	char age[FMT_LEN], *who, *lock;

	if (!f)
		return -ENOMEM;
	f->kind = FIND_ROOT_BLOCKER;
	f->key = hash__add(hash__add(hash__u64(FIND_ROOT_BLOCKER + 1), x->s->tasks[root].who.tid),
			   x->s->tasks[root].who.start_ns);
	f->t_ns = x->s->t_ns;
	f->confidence = f->root_confidence = sure;
	f->threshold_ns = x->in->cfg->long_wait_ns;
	if (add_tasks(x, f) || add_locks(x, f, root))
		return -ENOMEM;
	fmt__ns(age, sizeof(age), (uint64_t)f->wait_ns);
	who = describe__who(&f->root.who, arena);
	lock = describe__holds(&f->root, arena);
	if (!who || !lock)
		return -ENOMEM;
	f->summary = arena__printf(arena, "%s keeps %u tasks waiting, the longest %s; it holds %s",
				   who, f->nr_blocked, age, lock);
	return f->summary ? 0 : -ENOMEM;
}

static int search_task(struct search *x, uint32_t task)
{
	enum certainty sure;

	for (sure = SURE_CERTAIN; sure <= SURE_LIKELY; sure++) {
		walk(x, task, sure);
		if (x->nr_long >= x->in->cfg->root_blocker_min && x->nr_long)
			return report(x, task, sure);
	}
	return 0;
}

/* It keeps others waiting, and waits for nobody that is known to keep it so. */
static bool may_be_root(const struct snapshot *s, const struct snap_task *t)
{
	return t->nr_holds && (t->wait_lock == SNAP_NONE ||
			       snapshot__is_signal(&s->locks[t->wait_lock]));
}

static int run(const struct find_input *in, struct findings *out)
{
	struct search x = { .in = in, .s = in->cur, .out = out };
	uint32_t i, nr_long = 0;
	int err;

	for (i = 0; i < x.s->nr_tasks; i++)
		nr_long += is_long(&x, i);
	if (!nr_long || nr_long < in->cfg->root_blocker_min)
		return 0;
	err = init(&x);
	for (i = 0; i < x.s->nr_tasks && !err; i++)
		if (may_be_root(x.s, &x.s->tasks[i]))
			err = search_task(&x, i);
	return err;
}

const struct detector detector_root_blocker = { "root_blocker", run };
