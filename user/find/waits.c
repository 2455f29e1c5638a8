// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "find/waits.h"

#include <errno.h>
#include <stdlib.h>

#include "find/confirm.h"
#include "find/describe.h"
#include "find/members.h"
#include "find/root.h"
#include "find/waits_ended.h"
#include "lib/fmt.h"
#include "lib/hash.h"
#include "lib/map.h"

bool waits__spins(bool spin, enum lock_kind kind)
{
	return spin && (kind__spins(kind) || kind == KIND_UNKNOWN);
}

struct search {
	const struct find_input *in;
	const struct wait_rule *rule;
	struct findings *out;
	struct u64map *members;		/* of reported deadlocks */
	struct roots roots;
	uint32_t *found;		/* tasks of the lock at hand */
};

/* Asleep now, or when it was seen last: a waiter that happens to be awake at this
 * read still waits, but one that never sleeps is a wait whose end was missed. */
static bool was_seen_waiting(const struct find_input *in, uint32_t task)
{
	const struct snap_task *t = &in->cur->tasks[task];
	uint32_t before;

	if (t->asleep_or_spinning)
		return true;
	if (!in->prev || !confirm__wait_is_known(in->prev, in->cur, task))
		return false;
	before = snapshot__find_same(in->prev, t);
	return in->prev->tasks[before].asleep_or_spinning;
}

/* Ticks cannot tell one long spin from many short ones that they happened to meet in a
 * row.  Hundreds of them in a row are no accident. */
#define SAMPLED_NS 1000000000ull

static bool is_doubtful(const struct snapshot *s, const struct snap_task *t)
{
	return t->found_by == FOUND_SAMPLE && snapshot__wait_ns(s, t) < SAMPLED_NS;
}

static bool is_long(const struct search *x, uint32_t task)
{
	const struct snapshot *s = x->in->cur;
	const struct snap_task *t = &s->tasks[task];

	return waits__spins(t->wait_spin, s->locks[t->wait_lock].lock.kind) == x->rule->spins &&
	       snapshot__wait_ns(s, t) >= x->rule->threshold_ns && was_seen_waiting(x->in, task) &&
	       !is_doubtful(s, t) && !members__has(x->members, t);
}

int waits__summarize(const struct wait_rule *rule, struct finding *f, struct arena *arena)
{
	const char *lock = describe__waits_for(&f->tasks[0], arena);
	const char *root = root__text(f, arena), *who;
	char age[FMT_LEN];

	fmt__ns(age, sizeof(age), (uint64_t)f->wait_ns);
	who = describe__who(&f->tasks[0].who, arena);
	if (!lock || !root || !who)
		return -ENOMEM;
	if (f->nr_tasks == 1)
		f->summary = arena__printf(arena, "%s %s %s for %s%s", who,
					   f->over ? rule->past : rule->one, age, lock, root);
	else
		f->summary = arena__printf(arena, "%u tasks %s for %s, the longest, %s, %s%s",
					   f->nr_tasks, f->over ? rule->past_many : rule->many,
					   lock, who, age, root);
	return f->summary ? 0 : -ENOMEM;
}

static int report(struct search *x, const struct snap_lock *l, uint32_t nr)
{
	const struct snapshot *s = x->in->cur;
	struct arena *arena = x->out->arena;
	struct finding *f = findings__add(x->out);
	uint32_t i;

	if (!f)
		return -ENOMEM;
	f->kind = x->rule->kind;
	f->key = hash__add(hash__u64(x->rule->kind + 1), l->lock.key);
	f->t_ns = s->t_ns;
	/* that the futex is a lock at all is what the program's memory says */
	f->confidence = l->lock.kind == KIND_FUTEX || l->lock.kind == KIND_SYSV_SEM ||
					s->tasks[x->found[0]].found_by == FOUND_SAMPLE ?
				SURE_LIKELY : SURE_CERTAIN;
	f->threshold_ns = x->rule->threshold_ns;
	f->wait_ns = (int64_t)snapshot__wait_ns(s, &s->tasks[x->found[0]]);
	f->tasks = arena__array(arena, nr, sizeof(*f->tasks));
	f->locks = arena__memdup(arena, &l->lock, sizeof(l->lock));
	if (!f->tasks || !f->locks || describe__own_lock(f->locks, arena))
		return -ENOMEM;
	for (i = 0; i < nr; i++)
		if (describe__task(&f->tasks[i], s, x->found[i], SNAP_NONE, arena))
			return -ENOMEM;
	f->nr_tasks = nr;
	f->nr_locks = 1;
	if (roots__add(&x->roots, f, x->found[0]))
		return -ENOMEM;
	return waits__summarize(x->rule, f, arena);
}

/* Waiters are sorted oldest first, so the tasks found are too. */
static int search_lock(struct search *x, const struct snap_lock *l)
{
	uint32_t i, task, nr = 0;

	if (snapshot__is_signal(l))
		return 0;
	for (i = 0; i < l->nr_waiters; i++) {
		task = x->in->cur->waiters[l->first_waiter + i];
		if (is_long(x, task))
			x->found[nr++] = task;
	}
	return nr ? report(x, l, nr) : 0;
}

int waits__find(const struct find_input *in, const struct wait_rule *rule, struct findings *out)
{
	struct search x = { .in = in, .rule = rule, .out = out,
			    .roots = { .s = in->cur, .arena = out->arena } };
	uint32_t i;
	int err = members__collect(out, &x.members);

	x.found = arena__array(out->arena, in->cur->nr_tasks, sizeof(*x.found));
	if (!x.found)
		err = -ENOMEM;
	for (i = 0; i < in->cur->nr_locks && !err; i++)
		err = search_lock(&x, &in->cur->locks[i]);
	u64map__free(x.members);
	return err ? err : waits__find_ended(in, rule, out);
}
