// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "find/holds.h"

#include <errno.h>

#include "find/describe.h"
#include "lib/hash.h"

/* A lock with many readers makes a finding of each; all waiters in all of them would
 * be too much. */
#define WAITERS_MAX 256u

uint64_t holds__limit(const struct find_config *cfg, bool spin)
{
	return spin ? cfg->long_spin_ns : cfg->long_hold_ns;
}

static uint64_t age_ns(const struct snapshot *s, const struct snap_hold *h)
{
	if (h->since_ns == LK_NO_TIME || s->t_ns == LK_NO_TIME || h->since_ns > s->t_ns)
		return 0;
	return (uint64_t)s->t_ns - (uint64_t)h->since_ns;
}

bool holds__is_old(const struct find_config *cfg, const struct snapshot *s,
		   const struct snap_hold *h)
{
	return h->since_ns != LK_NO_TIME && age_ns(s, h) >= holds__limit(cfg, h->spin);
}

const struct snap_hold *holds__find(const struct snapshot *s, const struct rec_hold *h)
{
	uint32_t lock = s ? snapshot__find_lock(s, h->lock.key) : SNAP_NONE, i;
	const struct snap_hold *found;
	const struct rec_who *who;

	for (i = 0; lock != SNAP_NONE && i < s->locks[lock].nr_holders; i++) {
		found = &s->holds[s->holders[s->locks[lock].first_holder + i]];
		who = &s->tasks[found->task].who;
		if (found->id == h->id && who->tid == h->who.tid &&
		    (who->start_ns == h->who.start_ns || !who->start_ns || !h->who.start_ns))
			return found;
	}
	return NULL;
}

static uint64_t make_key(enum finding_kind kind, const struct find_task *t)
{
	uint64_t key = hash__add(hash__u64(kind + 1), t->who.tid);

	key = hash__add(key, t->who.tid ? t->who.start_ns : (uint32_t)t->holds_cpu);
	return hash__add(hash__add(key, t->holds.key), t->hold_id);
}

/* What f says of the lock that its first task holds. */
static int add_lock(struct finding *f, struct arena *arena)
{
	f->key = make_key(f->kind, &f->tasks[0]);
	f->locks = arena__memdup(arena, &f->tasks[0].holds, sizeof(*f->locks));
	f->nr_locks = 1;
	return f->locks ? 0 : -ENOMEM;
}

/* The holder, then all that wait for the lock, the longest first. */
static int add_tasks(struct finding *f, const struct snapshot *s, uint32_t hold,
		     struct arena *arena)
{
	const struct snap_hold *h = &s->holds[hold];
	const struct snap_lock *l = &s->locks[h->lock];
	uint32_t i, task, nr = l->nr_waiters < WAITERS_MAX ? l->nr_waiters : WAITERS_MAX;

	f->tasks = arena__array(arena, (size_t)nr + 1, sizeof(*f->tasks));
	if (!f->tasks || describe__task(&f->tasks[f->nr_tasks++], s, h->task, hold, arena))
		return -ENOMEM;
	for (i = 0; i < nr; i++) {
		task = s->waiters[l->first_waiter + i];
		if (task == h->task)
			continue;
		if (f->nr_tasks == 1)
			f->wait_ns = (int64_t)snapshot__wait_ns(s, &s->tasks[task]);
		if (describe__task(&f->tasks[f->nr_tasks++], s, task, SNAP_NONE, arena))
			return -ENOMEM;
	}
	return add_lock(f, arena);
}

struct finding *holds__add(const struct find_input *in, enum finding_kind kind, uint32_t hold,
			   struct findings *out)
{
	const struct snap_hold *h = &in->cur->holds[hold];
	struct finding *f = findings__add(out);

	if (!f)
		return NULL;
	f->kind = kind;
	f->t_ns = in->cur->t_ns;
	f->confidence = h->certainty;
	f->threshold_ns = holds__limit(in->cfg, h->spin);
	f->hold_ns = (int64_t)age_ns(in->cur, h);
	return add_tasks(f, in->cur, hold, out->arena) ? NULL : f;
}

static int add_ended_task(struct finding *f, const struct find_input *in, const struct rec_hold *h,
			  struct arena *arena)
{
	const struct rec_lock_name *name = model__name(in->model, &h->lock);
	struct find_task *t = arena__alloc(arena, sizeof(*t));

	if (!t)
		return -ENOMEM;
	describe__nobody(t);
	t->who = h->who;
	t->stack = h->stack;
	t->holds = h->lock;
	if (name) {
		t->holds_name = name->name;
		t->holds_name_source = name->source;
		t->holds_name_guess = name->guess;
		t->holds_object = name->object;
	}
	t->holds_mode = h->mode;
	t->holds_site = h->site;
	t->holds_since_ns = h->since_ns;
	t->hold_id = h->id;
	t->holds_cpu = h->spin ? h->cpu : -1;
	f->tasks = t;
	f->nr_tasks = 1;
	return describe__own_task(t, arena) ? -ENOMEM : add_lock(f, arena);
}

struct finding *holds__add_ended(const struct find_input *in, enum finding_kind kind,
				 const struct rec_hold *h, struct findings *out)
{
	struct finding *f = findings__add(out);

	if (!f)
		return NULL;
	f->kind = kind;
	f->over = true;
	f->t_ns = h->t_ns;
	f->confidence = h->certainty;
	f->hold_ns = h->hold_ns;
	return add_ended_task(f, in, h, out->arena) ? NULL : f;
}

int holds__text(struct holds_text *text, const struct finding *f, struct arena *arena)
{
	const struct find_task *t = &f->tasks[0];

	text->who = describe__who(&t->who, arena);
	text->lock = describe__holds(t, arena);
	if (text->lock && t->holds_mode != MODE_EXCLUSIVE)
		text->lock = arena__printf(arena, "%s %s", mode__name(t->holds_mode), text->lock);
	text->site = "";
	if (t->holds_site.addr) {
		text->site = describe__site(&t->holds_site, arena);
		if (text->site)
			text->site = arena__printf(arena, " (taken at %s)", text->site);
	}
	fmt__ns(text->age, sizeof(text->age), (uint64_t)f->hold_ns);
	return text->who && text->lock && text->site ? 0 : -ENOMEM;
}
