// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "find/waits_ended.h"

#include <errno.h>
#include <stdlib.h>

#include "find/describe.h"
#include "lib/hash.h"

/* By lock; the longest first. */
static int by_lock(const void *va, const void *vb)
{
	const struct rec_wait *a = *(const struct rec_wait *const *)va;
	const struct rec_wait *b = *(const struct rec_wait *const *)vb;

	if (a->lock.key != b->lock.key)
		return a->lock.key < b->lock.key ? -1 : 1;
	if (a->wait_ns != b->wait_ns)
		return a->wait_ns > b->wait_ns ? -1 : 1;
	return a->id < b->id ? -1 : a->id > b->id;
}

/* Whether a read showed this wait when it had passed the threshold already: then
 * it is, or was, part of an open finding. */
static bool was_shown(const struct snapshot *s, const struct rec_wait *w, uint64_t threshold_ns)
{
	uint32_t i;

	if (!s || !w->who.tid)
		return false;
	i = snapshot__find_task(s, w->who.tid, w->who.start_ns);
	return i != SNAP_NONE && s->tasks[i].wait_lock != SNAP_NONE &&
	       s->tasks[i].wait_id == w->id && snapshot__wait_ns(s, &s->tasks[i]) >= threshold_ns;
}

static bool is_meant(const struct find_input *in, const struct wait_rule *rule,
		     const struct rec_wait *w)
{
	return w->wait_ns >= 0 && (uint64_t)w->wait_ns >= rule->threshold_ns && w->lock.key &&
	       waits__spins(w->spin, w->lock.kind) == rule->spins &&
	       !was_shown(in->prev, w, rule->threshold_ns) &&
	       !was_shown(in->cur, w, rule->threshold_ns);
}

static int fill_task(struct find_task *t, const struct rec_wait *w,
		     const struct rec_lock_name *name, struct arena *arena)
{
	describe__nobody(t);
	t->who = w->who;
	t->waits_for = w->lock;
	if (name) {
		t->waits_name = name->name;
		t->waits_name_source = name->source;
		t->waits_name_guess = name->guess;
		t->waits_object = name->object;
	}
	t->waits_mode = w->mode;
	t->since_ns = w->since_ns;
	t->wait_id = w->id;
	t->wait_stack = w->stack;
	t->spin = w->spin;
	t->breakable_by = w->breakable_by;
	return describe__own_task(t, arena);
}

static int fill_root(struct finding *f, const struct find_input *in, const struct rec_wait *w,
		     struct arena *arena)
{
	uint32_t i = in->cur ? snapshot__find_task(in->cur, w->owner_tid, 0) : SNAP_NONE;

	f->has_root = true;
	f->root_confidence = SURE_POSSIBLE;
	describe__nobody(&f->root);
	f->root.who.tid = w->owner_tid;
	if (i != SNAP_NONE && describe__task(&f->root, in->cur, i, SNAP_NONE, arena))
		return -ENOMEM;
	f->root.stack = w->owner_stack;
	f->root.cpu = -1;
	f->root.holds = w->lock;
	return describe__own_task(&f->root, arena);
}

static int report(const struct find_input *in, const struct wait_rule *rule,
		  const struct rec_wait *const *waits, size_t nr, struct findings *out)
{
	struct finding *f = findings__add(out);
	const struct rec_lock_name *name;
	size_t i;

	if (!f)
		return -ENOMEM;
	name = model__name(in->model, &waits[0]->lock);
	f->kind = rule->kind;
	f->over = true;
	f->key = hash__add(hash__add(hash__u64(rule->kind + 1), waits[0]->lock.key), waits[0]->id);
	f->t_ns = waits[0]->t_ns;
	f->threshold_ns = rule->threshold_ns;
	f->wait_ns = waits[0]->wait_ns;
	f->tasks = arena__array(out->arena, nr, sizeof(*f->tasks));
	f->locks = arena__memdup(out->arena, &waits[0]->lock, sizeof(waits[0]->lock));
	if (!f->tasks || !f->locks || describe__own_lock(f->locks, out->arena))
		return -ENOMEM;
	for (i = 0; i < nr; i++)
		if (fill_task(&f->tasks[i], waits[i], name, out->arena))
			return -ENOMEM;
	f->nr_tasks = (uint32_t)nr;
	f->nr_locks = 1;
	if (waits[0]->owner_tid && fill_root(f, in, waits[0], out->arena))
		return -ENOMEM;
	return waits__summarize(rule, f, out->arena);
}

int waits__find_ended(const struct find_input *in, const struct wait_rule *rule,
		      struct findings *out)
{
	const struct rec_wait *all, **waits;
	size_t nr, n = 0, i, end;
	int err = 0;

	if (!in->model)
		return 0;
	all = model__ended(in->model, &nr);
	waits = arena__array(out->arena, nr, sizeof(*waits));
	if (!waits)
		return -ENOMEM;
	for (i = 0; i < nr; i++)
		if (is_meant(in, rule, &all[i]))
			waits[n++] = &all[i];
	qsort(waits, n, sizeof(*waits), by_lock);
	for (i = 0; i < n && !err; i = end) {
		for (end = i + 1; end < n && waits[end]->lock.key == waits[i]->lock.key; end++)
			;
		err = report(in, rule, waits + i, end - i, out);
	}
	return err;
}
