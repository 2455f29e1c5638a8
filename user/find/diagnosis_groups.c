// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Who is blocked, and who stands at the same place. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "find/chain.h"
#include "find/diagnosis_int.h"
#include "lib/hash.h"
#include "lib/map.h"

enum { FREE, BLOCKED, STUCK };	/* STUCK: by a deadlock */

struct work {
	struct diagnosis *d;
	const struct diagnose_input *in;
	const struct snapshot *s;
	const struct chain *chains;
	unsigned char *state;	/* per task */
	struct u64map *by_key;	/* of a group, to its index */
};

int64_t diagnosis__blocked_ns(const struct diagnose_input *in, uint32_t task)
{
	const struct snapshot *s = in->snap;
	const struct snap_task *t = &s->tasks[task];
	const struct rec_thread *thread;
	int64_t ns = 0, wait_ns;

	if (t->listed && s->t_ns != LK_NO_TIME && t->stands_ns != LK_NO_TIME)
		ns = s->t_ns - t->stands_ns;
	if (t->wait_lock != SNAP_NONE && t->since_ns != LK_NO_TIME) {
		wait_ns = (int64_t)snapshot__wait_ns(s, t);
		ns = wait_ns > ns ? wait_ns : ns;
	}
	thread = facts__thread(model__facts(in->model), t->who.tid, t->who.start_ns);
	if (thread && t->state == 'D' && (int64_t)thread->asleep_ns > ns)
		ns = (int64_t)thread->asleep_ns;
	return ns;
}

/* What other programs hold, as they please. */
static bool is_user_kind(enum lock_kind kind)
{
	return kind == KIND_FLOCK || kind == KIND_POSIX || kind == KIND_OFD ||
	       kind == KIND_LEASE || kind == KIND_FUTEX || kind == KIND_SYSV_SEM;
}

static bool waits_for_user(const struct work *w, uint32_t task)
{
	const struct snap_task *t = &w->s->tasks[task];

	return t->wait_lock != SNAP_NONE && is_user_kind(w->s->locks[t->wait_lock].lock.kind);
}

static bool is_blocked(const struct work *w, uint32_t task)
{
	const struct snap_task *t = &w->s->tasks[task];
	bool waits = t->wait_lock != SNAP_NONE && t->asleep_or_spinning && !t->wait_spin;

	if (t->exited || !t->listed || t->on_cpu)
		return false;
	if (t->state != 'D' && (!waits || waits_for_user(w, task)))
		return false;
	return diagnosis__blocked_ns(w->in, task) >= (int64_t)w->in->stall_ns;
}

static void mark(struct work *w, const struct find_task *tasks, uint32_t nr)
{
	for (uint32_t i = 0; i < nr; i++) {
		uint32_t at = snapshot__find_task(w->s, tasks[i].who.tid, tasks[i].who.start_ns);

		if (at != SNAP_NONE)
			w->state[at] = STUCK;
	}
}

static void mark_all(struct work *w)
{
	for (size_t i = 0; i < w->in->nr_findings; i++) {
		const struct finding *f = w->in->findings[i];

		if (f->kind != FIND_DEADLOCK || !f->open)
			continue;
		w->d->nr_deadlocks++;
		mark(w, f->members, f->nr_members);
		mark(w, f->behind, f->nr_behind);
	}
	for (uint32_t i = 0; i < w->s->nr_tasks; i++)
		if (w->state[i] == FREE && is_blocked(w, i))
			w->state[i] = BLOCKED;
	/* Behind one that is blocked. */
	for (uint32_t i = 0; i < w->s->nr_tasks; i++) {
		uint32_t root = w->chains[i].root;

		if (w->state[i] != FREE || !waits_for_user(w, i))
			continue;
		if (root != SNAP_NONE && w->state[root] != FREE)
			w->state[i] = BLOCKED;
		else if (!snapshot__is_signal(&w->s->locks[w->s->tasks[i].wait_lock]))
			w->d->nr_user_waits +=
				diagnosis__blocked_ns(w->in, i) >= (int64_t)w->in->stall_ns;
	}
}

static uint32_t stack_of(const struct snap_task *t)
{
	return t->wait_lock != SNAP_NONE && t->wait_stack ? t->wait_stack : t->stack;
}

static uint64_t group_key(const struct work *w, uint32_t task)
{
	const struct snap_task *t = &w->s->tasks[task];
	uint64_t key = hash__add(stack_of(t), (uint64_t)(uint32_t)t->syscall << 16 | (uint8_t)t->state);

	key = hash__add(key, w->state[task]);
	return stack_of(t) ? key : hash__add(key, task);	/* without a stack each is alone */
}

static struct diag_group *new_group(struct work *w, uint32_t task)
{
	struct diag_group *g = &w->d->groups[w->d->nr_groups++];
	const struct snap_task *t = &w->s->tasks[task];

	*g = (struct diag_group){
		.stack = stack_of(t), .state = t->state, .lock = t->wait_lock,
		.syscall_name = t->syscall >= 0 ? t->syscall_name : NULL,
		.root = w->chains[task].root, .in_deadlock = w->state[task] == STUCK,
		.root_in_cycle = w->chains[task].in_cycle,
	};
	return g;
}

/* First how many each has, then who. */
static int count_groups(struct work *w)
{
	uint64_t at;

	for (uint32_t i = 0; i < w->s->nr_tasks; i++) {
		struct diag_group *g;

		if (w->state[i] == FREE)
			continue;
		w->d->nr_blocked++;
		if (u64map__get(w->by_key, group_key(w, i), &at)) {
			g = &w->d->groups[at];
			g->many_locks |= g->lock != w->s->tasks[i].wait_lock;
			if (g->root != w->chains[i].root)
				g->root = SNAP_NONE;
		} else {
			g = new_group(w, i);
			if (u64map__set(w->by_key, group_key(w, i), w->d->nr_groups - 1))
				return -ENOMEM;
		}
		g->nr_tasks++;
	}
	return 0;
}

static int fill_groups(struct work *w)
{
	struct diagnosis *d = w->d;
	uint64_t at = 0;

	for (uint32_t i = 0; i < d->nr_groups; i++) {
		d->groups[i].tasks = arena__array(d->arena, d->groups[i].nr_tasks, sizeof(uint32_t));
		if (!d->groups[i].tasks)
			return -ENOMEM;
		d->groups[i].nr_tasks = 0;
	}
	for (uint32_t i = 0; i < w->s->nr_tasks; i++) {
		struct diag_group *g;

		if (w->state[i] == FREE || !u64map__get(w->by_key, group_key(w, i), &at))
			continue;
		g = &d->groups[at];
		g->tasks[g->nr_tasks++] = i;
	}
	return 0;
}

static int by_age(const void *a, const void *b, void *in)
{
	int64_t x = diagnosis__blocked_ns(in, *(const uint32_t *)a);
	int64_t y = diagnosis__blocked_ns(in, *(const uint32_t *)b);

	return (x < y) - (x > y);
}

static int by_weight(const void *a, const void *b)
{
	const struct diag_group *x = a, *y = b;

	if (x->in_deadlock != y->in_deadlock)
		return y->in_deadlock - x->in_deadlock;
	if (x->at_least_ns / 1000000000 != y->at_least_ns / 1000000000)
		return x->at_least_ns < y->at_least_ns ? 1 : -1;
	if (x->nr_tasks != y->nr_tasks)
		return x->nr_tasks < y->nr_tasks ? 1 : -1;
	return x->tasks[0] < y->tasks[0] ? -1 : x->tasks[0] > y->tasks[0];
}

/* Nobody who holds the lock is known, so that the stack is all there is. */
static bool has_no_holder(const struct snapshot *s, uint32_t lock)
{
	return lock == SNAP_NONE || !s->locks[lock].nr_holders;
}

static void finish_groups(struct work *w)
{
	struct diagnosis *d = w->d;

	for (uint32_t i = 0; i < d->nr_groups; i++) {
		struct diag_group *g = &d->groups[i];

		qsort_r(g->tasks, g->nr_tasks, sizeof(*g->tasks), by_age, (void *)w->in);
		g->at_least_ns = diagnosis__blocked_ns(w->in, g->tasks[0]);
		if (g->root != SNAP_NONE && g->nr_tasks == 1 && g->root == g->tasks[0])
			g->root = SNAP_NONE;
		if (g->many_locks)
			g->lock = SNAP_NONE;
		else if (has_no_holder(w->s, g->lock))
			g->blame = blame__of(model__stack(w->in->model, g->stack));
	}
	qsort(d->groups, d->nr_groups, sizeof(*d->groups), by_weight);
}

/* Each entry of a cycle is a path of the code: it holds one lock and wants the next. */
static int find_paths(struct diagnosis *d, const struct diagnose_input *in)
{
	uint32_t nr = 0;

	for (size_t i = 0; i < in->nr_findings; i++)
		nr += in->findings[i]->kind == FIND_DEADLOCK ? in->findings[i]->nr_cycle : 0;
	d->paths = arena__array(d->arena, nr, sizeof(*d->paths));
	if (!d->paths)
		return -ENOMEM;
	for (size_t i = 0; i < in->nr_findings; i++) {
		const struct finding *f = in->findings[i];

		for (uint32_t k = 0; f->kind == FIND_DEADLOCK && f->open && k < f->nr_cycle; k++)
			d->paths[d->nr_paths++] = (struct diag_path){ f, k };
	}
	return 0;
}

int diagnosis__find_groups(struct diagnosis *d, const struct diagnose_input *in)
{
	struct work w = { .d = d, .in = in, .s = in->snap };
	int err;

	if (!in->snap)
		return 0;
	w.chains = chain__find_all(w.s, d->arena);
	w.state = arena__array(d->arena, w.s->nr_tasks, 1);
	d->groups = arena__array(d->arena, w.s->nr_tasks, sizeof(*d->groups));
	if (!w.chains || !w.state || !d->groups || u64map__new(&w.by_key, 0))
		return -ENOMEM;
	mark_all(&w);
	err = count_groups(&w);
	if (!err)
		err = fill_groups(&w);
	if (!err)
		finish_groups(&w);
	u64map__free(w.by_key);
	return err ? err : find_paths(d, in);
}
