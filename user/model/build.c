// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "model/build.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/arena.h"
#include "lib/vec.h"

/* A count in a read record is a claim; no more room than this is made on it. */
#define TRUST_MAX 200000u
#define AHEAD 12		/* look-ups that are started early */

struct build {
	struct snapshot *snap;
	uint32_t want_tasks, want_locks;	/* as the read announced */
	uint32_t seen_tasks, seen_locks;
	size_t cap_tasks, cap_locks;
	struct rec_lock *wait_locks;	/* per task; key 0: no wait */
	size_t cap_wait_locks;
	struct rec_holder *holders;	/* of all locks, in their order */
	struct rec_frame *sites;	/* per holder */
	size_t nr_holders, cap_holders, cap_sites;
};

static uint32_t at_most(uint32_t n)
{
	return n < TRUST_MAX ? n : TRUST_MAX;
}

static int new_snapshot(struct snapshot **out, const struct rec_read *read)
{
	struct snapshot *s = calloc(1, sizeof(*s));

	*out = s;
	if (!s)
		return -ENOMEM;
	s->seq = read->seq;
	s->t_ns = read->t_ns;
	s->confirm = read->confirm;
	s->index = calloc(1, sizeof(*s->index));
	if (!s->index || arena__new(&s->arena) ||
	    u64map__new(&s->index->tids, at_most(read->nr_tasks)) ||
	    u64map__new(&s->index->locks, at_most(read->nr_locks)))
		return -ENOMEM;
	return 0;
}

int build__new(struct build **out, const struct rec_read *read)
{
	struct build *b = calloc(1, sizeof(*b));

	*out = NULL;
	if (!b)
		return -ENOMEM;
	if (new_snapshot(&b->snap, read)) {
		build__free(b);
		return -ENOMEM;
	}
	b->want_tasks = read->nr_tasks;
	b->want_locks = read->nr_locks;
	*out = b;
	return 0;
}

void build__free(struct build *b)
{
	if (!b)
		return;
	snapshot__free(b->snap);
	free(b->wait_locks);
	free(b->holders);
	free(b->sites);
	free(b);
}

bool build__is_whole(const struct build *b)
{
	return b->seen_tasks >= b->want_tasks && b->seen_locks >= b->want_locks;
}

/* A copy of s, or NULL for NULL; *err is set when memory is out. */
static const char *keep(struct build *b, const char *s, int *err)
{
	const char *copy = arena__strdup(b->snap->arena, s);

	if (s && !copy)
		*err = -ENOMEM;
	return copy;
}

/* Appends a task with no wait and puts it into the index. */
static struct snap_task *add_task(struct build *b, const struct rec_who *who, int32_t cpu,
				  bool exited)
{
	struct snapshot *s = b->snap;
	struct snap_index *x = s->index;
	uint64_t key = index__key(who->tid, cpu, exited), other;
	struct snap_task *t;
	int err = 0;

	if (!VEC_ROOM(s->tasks, s->nr_tasks, b->cap_tasks) ||
	    !VEC_ROOM(b->wait_locks, s->nr_tasks, b->cap_wait_locks) ||
	    !VEC_ROOM(x->next_same, s->nr_tasks, x->cap_next))
		return NULL;
	t = &s->tasks[s->nr_tasks];
	memset(t, 0, sizeof(*t));
	memset(&b->wait_locks[s->nr_tasks], 0, sizeof(b->wait_locks[0]));
	t->who = *who;
	t->who.comm = keep(b, who->comm ? who->comm : "", &err);
	t->cpu = cpu;
	t->exited = exited;
	t->syscall = -1;
	t->wait_lock = SNAP_NONE;
	t->since_ns = LK_NO_TIME;
	x->next_same[s->nr_tasks] = SNAP_NONE;
	if (u64map__get(x->tids, key, &other))
		x->next_same[s->nr_tasks] = (uint32_t)other;
	if (err || u64map__set(x->tids, key, s->nr_tasks))
		return NULL;
	s->nr_tasks++;
	return t;
}

/* A wait proves something only while the task can do nothing else: a sleeping
 * wait off the CPU and not woken (a waiter that was handed its lock is counted
 * as a holder before it runs), a spin wait on a CPU. */
static bool is_stuck_in_wait(const struct rec_task *t)
{
	if (!t->has_wait)
		return false;
	if (t->wait.spin)
		return t->on_cpu;
	return !t->on_cpu && t->state && !strchr("RXZTt", t->state);
}

static int set_wait(struct build *b, struct snap_task *t, const struct rec_task *rec)
{
	struct rec_lock *lock = &b->wait_locks[t - b->snap->tasks];
	int err = 0;

	*lock = rec->wait.lock;
	lock->str = keep(b, rec->wait.lock.str, &err);
	t->wait_id = rec->wait.id;
	t->wait_mode = rec->wait.mode;
	t->wait_spin = rec->wait.spin;
	t->breakable_by = rec->wait.breakable_by;
	t->since_ns = rec->wait.since_ns;
	t->since_at_least = rec->wait.since_at_least;
	t->found_by = rec->wait.found_by;
	t->wait_stack = rec->wait.stack ? rec->wait.stack : rec->stack;
	t->asleep_or_spinning = is_stuck_in_wait(rec);
	return err;
}

/* The task of this identity that is there already, or SNAP_NONE.  tid 0 on no known
 * CPU is no identity. */
static uint32_t find_task(const struct build *b, uint32_t tid, uint64_t start_ns, int32_t cpu,
			  bool exited)
{
	if (!tid && cpu < 0)
		return SNAP_NONE;
	return index__find(b->snap, index__key(tid, cpu, exited), tid ? start_ns : 0);
}

int build__add_task(struct build *b, const struct rec_task *rec)
{
	struct snap_task *t;
	int err = 0;

	b->seen_tasks++;
	if (find_task(b, rec->who.tid, rec->who.start_ns, rec->cpu, false) != SNAP_NONE) {
		b->snap->nr_twice++;
		return build__is_whole(b);
	}
	t = add_task(b, &rec->who, rec->cpu, false);
	if (!t)
		return -ENOMEM;
	t->listed = true;
	t->state = rec->state;
	t->on_cpu = rec->on_cpu;
	t->context = rec->context;
	t->switches = rec->switches;
	t->syscall = rec->syscall;
	t->syscall_name = keep(b, rec->syscall_name, &err);
	t->stack = rec->stack;
	t->user_stack = rec->user_stack;
	if (rec->has_wait && rec->wait.lock.key && !err)
		err = set_wait(b, t, rec);
	return err ? err : build__is_whole(b);
}

/* Appends a lock with nothing known but its identity. */
static struct snap_lock *add_lock(struct build *b, const struct rec_lock *lock)
{
	struct snapshot *s = b->snap;
	struct snap_lock *l;
	int err = 0;

	if (!VEC_ROOM(s->locks, s->nr_locks, b->cap_locks))
		return NULL;
	l = &s->locks[s->nr_locks];
	memset(l, 0, sizeof(*l));
	l->lock = *lock;
	l->lock.str = keep(b, lock->str, &err);
	l->nr_readers = -1;
	l->first_holder = (uint32_t)b->nr_holders;
	if (err || u64map__set(s->index->locks, lock->key, s->nr_locks))
		return NULL;
	s->nr_locks++;
	return l;
}

static int add_holder(struct build *b, const struct rec_holder *h)
{
	struct rec_frame *site;
	int err = 0;

	if (!VEC_ROOM(b->holders, b->nr_holders, b->cap_holders) ||
	    !VEC_ROOM(b->sites, b->nr_holders, b->cap_sites))
		return -ENOMEM;
	site = &b->sites[b->nr_holders];
	memset(site, 0, sizeof(*site));
	if (h->site) {
		*site = *h->site;
		site->sym = keep(b, h->site->sym, &err);
		site->module = keep(b, h->site->module, &err);
		site->line = keep(b, h->site->line, &err);
	}
	b->holders[b->nr_holders++] = *h;
	return err;
}

int build__add_lock(struct build *b, const struct rec_lock_state *rec)
{
	struct snap_lock *l;
	uint32_t i;
	int err = 0;

	b->seen_locks++;
	if (!rec->lock.key || snapshot__find_lock(b->snap, rec->lock.key) != SNAP_NONE) {
		b->snap->nr_twice++;
		return build__is_whole(b);
	}
	l = add_lock(b, &rec->lock);
	if (!l)
		return -ENOMEM;
	l->rule = rec->rule;
	l->complete = rec->complete;
	l->verified = rec->verified;
	l->nr_readers = rec->nr_readers;
	l->name = keep(b, rec->name, &err);
	l->name_source = keep(b, rec->name_source, &err);
	l->name_guess = rec->name_guess;
	l->object = keep(b, rec->object, &err);
	l->evidence = keep(b, rec->evidence, &err);
	l->nr_unknown = rec->nr_unknown;
	for (i = 0; i < rec->nr_holders && !err; i++)
		err = add_holder(b, &rec->holders[i]);
	l->nr_holders = rec->nr_holders;
	return err ? err : build__is_whole(b);
}

/* A lock that is waited for but has no record of its own: nobody holds it that
 * anyone knows of. */
static int resolve_waits(struct build *b)
{
	struct snapshot *s = b->snap;
	uint32_t i, lock;

	for (i = 0; i < s->nr_tasks; i++) {
		if (i + AHEAD < s->nr_tasks)
			u64map__prefetch(s->index->locks, b->wait_locks[i + AHEAD].key);
		if (!b->wait_locks[i].key)
			continue;
		lock = snapshot__find_lock(s, b->wait_locks[i].key);
		if (lock == SNAP_NONE) {
			if (!add_lock(b, &b->wait_locks[i]))
				return -ENOMEM;
			lock = s->nr_locks - 1;
		}
		s->tasks[i].wait_lock = lock;
	}
	return 0;
}

/* A task that is known as a holder only: it can run, for all we know, or has exited.
 * The idle task holds nothing but spinning locks, so it runs on its CPU. */
static struct snap_task *add_holder_task(struct build *b, const struct rec_holder *h)
{
	struct rec_who who = { .tid = h->tid, .pid = h->tid, .ns_tid = h->tid,
			       .start_ns = h->start_ns, .comm = "" };
	bool idle = !h->tid && h->cpu >= 0;
	struct snap_task *t = add_task(b, &who, idle ? h->cpu : -1, h->exited);

	if (t)
		t->on_cpu = idle;
	return t;
}

/* The task of each holder.  One that has exited is never the task of a record, even
 * where tid and start time are equal: it may have been read just before. */
static int resolve_holders(struct build *b, uint32_t *tasks)
{
	const struct u64map *tids = b->snap->index->tids;
	const struct rec_holder *h;
	uint64_t at;
	size_t i;

	for (i = 0; i < b->nr_holders; i++) {
		h = &b->holders[i];
		if (i + 2 * AHEAD < b->nr_holders)
			u64map__prefetch(tids, h[2 * AHEAD].tid);
		if (i + AHEAD < b->nr_holders && u64map__get(tids, h[AHEAD].tid, &at))
			__builtin_prefetch(&b->snap->tasks[at].who.start_ns);
		tasks[i] = find_task(b, h->tid, h->start_ns, h->cpu, h->exited);
		if (tasks[i] != SNAP_NONE)
			continue;
		if (!add_holder_task(b, h))
			return -ENOMEM;
		tasks[i] = b->snap->nr_tasks - 1;
	}
	return 0;
}

static void fill_hold(const struct build *b, size_t from, struct snap_hold *to)
{
	const struct rec_holder *h = &b->holders[from];

	to->mode = h->mode;
	to->certainty = h->certainty;
	to->since_ns = h->since_ns;
	to->id = h->id;
	to->site = b->sites[from];
	to->cpu = h->cpu;
	to->context = h->context;
	to->spin = h->spin;
	to->returned = h->returned;
	to->exited = h->exited;
}

/* Holds grouped by task (a counting sort), and from each lock back to them. */
static int make_holds(struct build *b)
{
	struct snapshot *s = b->snap;
	uint32_t *tasks, *next, i, sum = 0, k;

	tasks = arena__array(s->arena, b->nr_holders, sizeof(*tasks));
	s->holders = arena__array(s->arena, b->nr_holders, sizeof(*s->holders));
	s->holds = arena__array(s->arena, b->nr_holders, sizeof(*s->holds));
	if (!tasks || !s->holders || !s->holds || resolve_holders(b, tasks))
		return -ENOMEM;
	s->nr_holds = (uint32_t)b->nr_holders;
	/* Where each task's next hold goes. */
	next = arena__array(s->arena, s->nr_tasks, sizeof(*next));
	if (!next)
		return -ENOMEM;
	for (i = 0; i < s->nr_holds; i++)
		next[tasks[i]]++;
	for (i = 0; i < s->nr_tasks; i++) {
		s->tasks[i].first_hold = sum;
		s->tasks[i].nr_holds = next[i];
		sum += next[i];
		next[i] = s->tasks[i].first_hold;
	}
	for (i = 0; i < s->nr_locks; i++) {
		for (k = 0; k < s->locks[i].nr_holders; k++) {
			uint32_t from = s->locks[i].first_holder + k, at = next[tasks[from]]++;

			if (from + AHEAD < s->nr_holds)
				__builtin_prefetch(&s->holds[next[tasks[from + AHEAD]]], 1);
			fill_hold(b, from, &s->holds[at]);
			s->holds[at].task = tasks[from];
			s->holds[at].lock = i;
			s->holders[from] = at;
		}
	}
	return 0;
}

int build__finish(struct build *b, const struct rec_lost *lost, struct snapshot **out)
{
	struct snapshot *s = b->snap;

	*out = NULL;
	if (b->nr_holders >= SNAP_NONE || resolve_waits(b) || make_holds(b))
		return -ENOMEM;
	s->lost = *lost;
	if (graph__make(s))
		return -ENOMEM;
	b->snap = NULL;
	*out = s;
	return 0;
}
