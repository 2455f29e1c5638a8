// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "model/timeline.h"

#include <errno.h>
#include <stdlib.h>

#include "lib/arena.h"
#include "lib/hash.h"
#include "lib/map.h"
#include "lib/vec.h"
#include "model/intern.h"
#include "model/timeline_columns.h"

/* Maps lead from a hash, or the next free number after it, to an index. */
struct timeline_index {
	timeline_filter_fn filter;
	void *filter_ctx;
	timeline_wait_fn wait_fn;	/* NULL: nobody listens */
	void *wait_ctx;
	struct arena *arena;
	struct intern *strings;
	struct u64map *locks, *tasks;
	struct u64map *ended;	/* ids of waits that ended since the last read */
};

int timeline__new(struct timeline **out, timeline_filter_fn filter, void *ctx)
{
	struct timeline *t = calloc(1, sizeof(*t));
	struct timeline_index *x = calloc(1, sizeof(*x));

	*out = NULL;
	if (!t || !x) {
		free(t);
		free(x);
		return -ENOMEM;
	}
	t->index = x;
	x->filter = filter;
	x->filter_ctx = ctx;
	t->column_ns = TIMELINE_COLUMN_MIN_NS;
	if (arena__new(&x->arena) || intern__new(&x->strings, x->arena) ||
	    u64map__new(&x->locks, 0) || u64map__new(&x->tasks, 0) || u64map__new(&x->ended, 0)) {
		timeline__free(t);
		return -ENOMEM;
	}
	*out = t;
	return 0;
}

void timeline__free(struct timeline *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->nr_locks; i++)
		free(t->locks[i].wait_ns);
	u64map__free(t->index->locks);
	u64map__free(t->index->tasks);
	u64map__free(t->index->ended);
	intern__free(t->index->strings);
	arena__free(t->index->arena);
	free(t->index);
	free(t->locks);
	free(t->tasks);
	free(t->longest);
	free(t);
}

void timeline__on_wait(struct timeline *t, timeline_wait_fn fn, void *ctx)
{
	t->index->wait_fn = fn;
	t->index->wait_ctx = ctx;
}

/* The entry of a lock, or TIMELINE_NONE when there is no room: *out. */
static int find_lock(struct timeline *t, const struct rec_lock *lock, uint32_t *out)
{
	uint64_t h, at;
	struct time_lock *l;

	for (h = hash__u64(lock->key); u64map__get(t->index->locks, h, &at); h++) {
		if (t->locks[at].lock.key == lock->key && t->locks[at].lock.kind == lock->kind) {
			*out = (uint32_t)at;
			return 0;
		}
	}
	*out = TIMELINE_NONE;
	if (t->nr_locks >= TIMELINE_LOCKS)
		return 0;
	if (!VEC_ROOM(t->locks, t->nr_locks, t->cap_locks) ||
	    u64map__set(t->index->locks, h, t->nr_locks))
		return -ENOMEM;
	l = &t->locks[t->nr_locks];
	*l = (struct time_lock){ .lock = *lock };
	l->lock.str = intern__str(t->index->strings, lock->str);
	*out = (uint32_t)t->nr_locks++;
	return lock->str && !l->lock.str ? -ENOMEM : 0;
}

/* The same for a task; a name that changed is the last one. */
static int find_task(struct timeline *t, const struct rec_who *who, uint32_t *out)
{
	const char *comm = intern__str(t->index->strings, who->comm ? who->comm : "");
	uint64_t h, at;

	if (!comm)
		return -ENOMEM;
	for (h = hash__add(hash__u64(who->tid), who->start_ns);
	     u64map__get(t->index->tasks, h, &at); h++) {
		struct rec_who *known = &t->tasks[at].who;

		if (known->tid == who->tid && known->start_ns == who->start_ns) {
			known->comm = comm;
			*out = (uint32_t)at;
			return 0;
		}
	}
	*out = TIMELINE_NONE;
	if (t->nr_tasks >= TIMELINE_TASKS)
		return 0;
	if (!VEC_ROOM(t->tasks, t->nr_tasks, t->cap_tasks) ||
	    u64map__set(t->index->tasks, h, t->nr_tasks))
		return -ENOMEM;
	t->tasks[t->nr_tasks] = (struct time_task){ .who = *who };
	t->tasks[t->nr_tasks].who.comm = comm;
	*out = (uint32_t)t->nr_tasks++;
	return 0;
}

/* The shortest of the longest stands at the top of a heap. */
static void sift_down(struct time_wait *heap, size_t nr, size_t at)
{
	for (;;) {
		size_t least = at;
		struct time_wait tmp = heap[at];

		for (size_t child = 2 * at + 1; child <= 2 * at + 2 && child < nr; child++)
			if (heap[child].wait_ns < heap[least].wait_ns)
				least = child;
		if (least == at)
			return;
		heap[at] = heap[least];
		heap[least] = tmp;
		at = least;
	}
}

static void sift_up(struct time_wait *heap, size_t at)
{
	while (at && heap[at].wait_ns < heap[(at - 1) / 2].wait_ns) {
		struct time_wait tmp = heap[at];

		heap[at] = heap[(at - 1) / 2];
		at = (at - 1) / 2;
		heap[at] = tmp;
	}
}

static int keep_longest(struct timeline *t, const struct time_wait *w)
{
	if (t->nr_longest == TIMELINE_LONGEST) {
		if (w->wait_ns <= t->longest[0].wait_ns)
			return 0;
		t->longest[0] = *w;
		sift_down(t->longest, t->nr_longest, 0);
		return 0;
	}
	if (!VEC_ROOM(t->longest, t->nr_longest, t->cap_longest))
		return -ENOMEM;
	t->longest[t->nr_longest] = *w;
	sift_up(t->longest, t->nr_longest++);
	return 0;
}

static void count_lock(struct time_lock *l, uint64_t wait_ns)
{
	l->count++;
	l->total_ns += wait_ns;
	if (wait_ns > l->max_ns)
		l->max_ns = wait_ns;
}

static void count_task(struct time_task *k, const struct time_wait *w)
{
	k->count++;
	k->total_ns += w->wait_ns;
	k->spin_ns += w->spin ? w->wait_ns : 0;
	if (w->wait_ns > k->max_ns)
		k->max_ns = w->wait_ns;
}

/* w: all but lock and task. */
static int add(struct timeline *t, struct time_wait *w, const struct rec_lock *lock,
	       const struct rec_who *who)
{
	const struct timeline_index *x = t->index;
	int err;

	if (x->filter && !x->filter(x->filter_ctx, lock, who))
		return 0;
	err = find_lock(t, lock, &w->lock);
	if (!err)
		err = find_task(t, who, &w->task);
	if (err)
		return err;
	t->nr_waits++;
	t->nr_open += w->open;
	t->total_ns += w->wait_ns;
	if (w->lock == TIMELINE_NONE)
		t->nr_locks_cut++;
	else
		count_lock(&t->locks[w->lock], w->wait_ns);
	if (w->task == TIMELINE_NONE)
		t->nr_tasks_cut++;
	else
		count_task(&t->tasks[w->task], w);
	err = timeline__span(t, w);
	if (!err)
		err = keep_longest(t, w);
	return err || !x->wait_fn ? err : x->wait_fn(x->wait_ctx, w, lock, who);
}

int timeline__add(struct timeline *t, const struct rec_wait *w)
{
	struct time_wait wait = {
		.since_ns = w->since_ns,
		.t_ns = w->t_ns,
		.wait_ns = w->wait_ns > 0 ? (uint64_t)w->wait_ns : 0,
		.stack = w->stack,
		.owner_tid = w->owner_tid,
		.owner_stack = w->owner_stack,
		.result = w->result,
		.mode = w->mode,
		.spin = w->spin,
		.at_least = w->since_at_least,
	};

	if (w->id && u64map__set(t->index->ended, w->id, 0))
		return -ENOMEM;
	return add(t, &wait, &w->lock, &w->who);
}

/* A wait that only reads tell of; it lasted at least till that read. */
static int add_seen(struct timeline *t, const struct snapshot *s, const struct snap_task *task,
		    bool open)
{
	struct time_wait wait = {
		.since_ns = task->since_ns,
		.t_ns = s->t_ns,
		.wait_ns = snapshot__wait_ns(s, task),
		.stack = task->wait_stack,
		.mode = task->wait_mode,
		.spin = task->wait_spin,
		.at_least = !open || task->since_at_least,
		.open = open,
	};

	return add(t, &wait, &s->locks[task->wait_lock].lock, &task->who);
}

static bool still_waits(const struct snapshot *cur, const struct snap_task *task)
{
	uint32_t now = snapshot__find_same(cur, task);

	return now != SNAP_NONE && cur->tasks[now].wait_lock != SNAP_NONE &&
	       cur->tasks[now].wait_id == task->wait_id;
}

int timeline__read(struct timeline *t, const struct snapshot *prev, const struct snapshot *cur)
{
	int err = 0;

	u64map__clear(t->index->ended);
	for (uint32_t i = 0; prev && !err && i < prev->nr_tasks; i++) {
		const struct snap_task *task = &prev->tasks[i];

		if (task->wait_lock != SNAP_NONE &&
		    kind__is_file(prev->locks[task->wait_lock].lock.kind) &&
		    !still_waits(cur, task))
			err = add_seen(t, prev, task, false);
	}
	return err;
}

static int longest_first(const void *a, const void *b)
{
	const struct time_wait *x = a, *y = b;

	if (x->wait_ns != y->wait_ns)
		return x->wait_ns < y->wait_ns ? 1 : -1;
	return (x->since_ns > y->since_ns) - (x->since_ns < y->since_ns);
}

int timeline__finish(struct timeline *t, const struct snapshot *last)
{
	int err = 0;

	for (uint32_t i = 0; last && !err && i < last->nr_tasks; i++) {
		const struct snap_task *task = &last->tasks[i];

		/* it may have ended after the read that shows it */
		if (task->wait_lock != SNAP_NONE &&
		    !u64map__get(t->index->ended, task->wait_id, NULL))
			err = add_seen(t, last, task, true);
	}
	if (!err && t->nr_longest)
		qsort(t->longest, t->nr_longest, sizeof(*t->longest), longest_first);
	return err;
}
