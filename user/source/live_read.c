// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * live_read.c - one read of the machine: a pass of the iterator, the owners its
 * lock words name, file locks; passed on as one read with its tasks and locks.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/map.h"
#include "source/live_flocks.h"
#include "source/live_priv.h"

#define CALM_READS 10
#define READ_SHARE 10
#define PAUSE_MAX_NS 400000000ULL

/* A kernel lock that somebody waits for, as the newest look at its word says. */
struct word_lock {
	struct rec_lock_state state;
	struct rec_holder holder;
	char evidence[96];
	char name[80];
	const struct lk_task *seen_by;
	bool unproven;		/* one of its waits may be over: see live_stale.c */
};

struct live_reader {
	struct source_live *s;
	struct live_pass pass;
	struct live_flocks *flocks;
	uint64_t seq;
	uint64_t last_read_ns, ended_ns, cost_ns;
	uint32_t nr_calm_reads;	/* in a row, without a long wait */
	struct rec_task *tasks;
	const struct lk_task **by_tid;	/* of the pass, sorted */
	const struct lk_task **waiting;	/* of those, with a recorded wait, by lock */
	struct word_lock *locks;
	uint32_t cap, nr_tasks, nr_waiting, nr_locks;
};

int live_reader__new(struct live_reader **out, struct source_live *s)
{
	struct live_reader *r = calloc(1, sizeof(*r));
	int err;

	*out = r;
	if (!r)
		return -ENOMEM;
	r->s = s;
	err = live_flocks__new(&r->flocks, s);
	return err;
}

void live_reader__free(struct live_reader *r)
{
	if (!r)
		return;
	live_pass__free(&r->pass);
	live_flocks__free(r->flocks);
	free(r->tasks);
	free(r->by_tid);
	free(r->waiting);
	free(r->locks);
	free(r);
}

static int by_tid(const void *a, const void *b)
{
	const struct lk_task *x = *(const struct lk_task *const *)a;
	const struct lk_task *y = *(const struct lk_task *const *)b;

	return x->tid < y->tid ? -1 : x->tid > y->tid;
}

static int by_lock(const void *a, const void *b)
{
	const struct lk_task *x = *(const struct lk_task *const *)a;
	const struct lk_task *y = *(const struct lk_task *const *)b;

	if (x->wait.lock != y->wait.lock)
		return x->wait.lock < y->wait.lock ? -1 : 1;
	return x->t_ns < y->t_ns ? -1 : x->t_ns > y->t_ns;
}

static int reserve(struct live_reader *r, uint32_t nr)
{
	void *p;

	if (nr <= r->cap)
		return 0;
	nr += nr / 2 + 64;
	/* Each keeps its old block on failure, so nothing is lost. */
	p = realloc(r->tasks, nr * sizeof(*r->tasks));
	if (!p)
		return -ENOMEM;
	r->tasks = p;
	p = realloc(r->by_tid, nr * sizeof(*r->by_tid));
	if (!p)
		return -ENOMEM;
	r->by_tid = p;
	p = realloc(r->waiting, nr * sizeof(*r->waiting));
	if (!p)
		return -ENOMEM;
	r->waiting = p;
	p = realloc(r->locks, nr * sizeof(*r->locks));
	if (!p)
		return -ENOMEM;
	r->locks = p;
	r->cap = nr;
	return 0;
}

static int take_pass(struct live_reader *r)
{
	int err = live_pass__run(&r->pass, &r->s->bpf);
	uint32_t i;

	err = err ?: reserve(r, r->pass.nr + 1);
	if (err)
		return err;
	r->nr_waiting = 0;
	for (i = 0; i < r->pass.nr; i++) {
		r->by_tid[i] = r->pass.tasks[i];
		if (r->pass.tasks[i]->wait.lock)
			r->waiting[r->nr_waiting++] = r->pass.tasks[i];
	}
	qsort(r->by_tid, r->pass.nr, sizeof(*r->by_tid), by_tid);
	qsort(r->waiting, r->nr_waiting, sizeof(*r->waiting), by_lock);
	return 0;
}

static const struct lk_task *find_tid(const struct live_reader *r, uint32_t tid)
{
	uint32_t lo = 0, hi = r->pass.nr;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (r->by_tid[mid]->tid == tid)
			return r->by_tid[mid];
		if (r->by_tid[mid]->tid < tid)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

static bool names_owner(const struct lk_task *t)
{
	return t->word.owner_tid && t->word.says & (LK_WORD_OWNER | LK_WORD_READER);
}

static bool ask(struct live_reader *r, uint32_t tid)
{
	int rc = live_asked__add(r->s->asked, tid);

	if (rc < 0)
		r->s->unasked++;
	return rc == 1;
}

/* Asks for the owners of waits that last; returns how many are new. */
static uint32_t ask_owners(struct live_reader *r)
{
	uint32_t i, k, nr, fresh = 0;
	const struct rec_lock_state *files = live_flocks__locks(r->flocks, &nr);

	live_asked__begin(r->s->asked);
	for (i = 0; i < r->nr_waiting; i++) {
		const struct lk_task *t = r->waiting[i];

		if (names_owner(t) && lk_task__wait_age_ns(t) >= LK_YOUNG_NS)
			fresh += ask(r, t->word.owner_tid);
		else if (live_kind__spins(t->wait.flags) &&
			 lk_task__wait_age_ns(t) >= r->s->cfg.thresholds.long_spin_ns)
			ask(r, t->tid); /* it runs: to be sampled, it is in this pass already */
	}
	for (i = 0; i < nr; i++)
		for (k = 0; k < files[i].nr_holders; k++)
			fresh += ask(r, files[i].holders[k].tid);
	live_asked__done(r->s->asked);
	return fresh;
}

/* Tasks that run cannot be unwound; they are sampled until the next read. */
static void sample_runners(struct live_reader *r)
{
	uint64_t long_wait_ns = r->s->cfg.thresholds.long_wait_ns;
	uint64_t long_spin_ns = r->s->cfg.thresholds.long_spin_ns;
	bool wanted = false;
	uint32_t i;

	for (i = 0; i < r->nr_waiting; i++) {
		const struct lk_task *t = r->waiting[i], *owner;
		uint64_t age_ns = lk_task__wait_age_ns(t);

		if (live_kind__spins(t->wait.flags)) {
			wanted |= age_ns >= long_spin_ns;
			continue;
		}
		if (!names_owner(t) || age_ns < long_wait_ns)
			continue;
		owner = find_tid(r, t->word.owner_tid);
		wanted |= owner && owner->on_cpu;
	}
	live_asked__sampling(r->s->asked, wanted);
}

static uint32_t stack_now(struct live_reader *r, const struct lk_task *t, record_fn sink, void *ctx,
			  int *err)
{
	uint64_t key;

	if (t->nr_ip)
		return live_stacks__by_frames(r->s->stacks, lk_task__ips(t), t->nr_ip, sink, ctx, err);
	if (t->on_cpu && t->why & (LK_WHY_ASKED | LK_WHY_SPIN) &&
	    live_asked__sampled(r->s->asked, t->tid, r->last_read_ns, &key))
		return live_stacks__by_sample(r->s->stacks, key, sink, ctx, err);
	return 0;
}

static void fill_wait(struct live_reader *r, const struct lk_task *t, struct rec_task *out,
		      uint32_t recorded_stack)
{
	uint32_t id = recorded_stack ? recorded_stack : out->stack;
	const struct rec_stack *stack = live_stacks__get(r->s->stacks, id);
	struct rec_wait *w = &out->wait;

	w->id = t->wait.id;
	w->mode = live_kind__mode(t->wait.flags);
	w->spin = live_kind__spins(t->wait.flags);
	w->breakable_by = w->spin ? BREAK_NONE : live_kind__breakable(t->state, stack);
	w->since_ns = live__t(r->s, t->wait.since_ns);
	w->t_ns = out->t_ns;
	w->stack = id;
	rec_lock__set_addr(&w->lock, t->wait.lock, live_kind__of(t->wait.flags, stack));
}

static int fill_task(struct live_reader *r, const struct lk_task *t, struct rec_task *out,
		     record_fn sink, void *ctx)
{
	uint32_t recorded = 0;
	int err = 0;

	memset(out, 0, sizeof(*out));
	out->who = (struct rec_who){ .tid = t->tid, .pid = t->pid, .ns_tid = t->ns_tid,
				     .start_ns = t->start_ns, .cgroup = t->cgroup, .comm = t->comm };
	out->t_ns = live__t(r->s, t->t_ns);
	out->state = live_kind__state_letter(t->state);
	out->on_cpu = t->on_cpu;
	out->cpu = (int32_t)t->cpu;
	out->switches = t->switches;
	out->syscall = t->syscall;
	out->syscall_name = t->compat ? NULL : syscall__name(t->syscall);
	out->stack = stack_now(r, t, sink, ctx, &err);
	if (t->wait.lock)
		recorded = live_stacks__by_key(r->s->stacks, t->wait.stack, sink, ctx, &err);
	if (t->wait.lock && live_stale__wait(r->s, t, recorded, out->stack, r->last_read_ns)) {
		r->s->stale_waits++;
	} else if (t->wait.lock) {
		out->has_wait = true;
		fill_wait(r, t, out, recorded);
		if (out->wait.spin)
			out->context = live_kind__context(
				live_stacks__get(r->s->stacks, out->wait.stack));
	} else if (live_flocks__wait(r->flocks, t, &out->wait)) {
		out->has_wait = true;
		out->wait.stack = out->stack;
	}
	out->wait.who = out->who;
	return err;
}

/* The holder a lock word names, if it names one that is really there. */
static void fill_holder(struct live_reader *r, const struct lk_task *t, struct word_lock *l)
{
	const struct lk_task *owner = find_tid(r, t->word.owner_tid);
	bool reader = !(t->word.says & LK_WORD_OWNER);
	bool asked = lk_task__wait_age_ns(t) >= LK_YOUNG_NS;

	if (owner && (owner->task != t->word.owner || owner->start_ns != t->word.owner_start_ns))
		owner = NULL;
	if (!owner && (asked || t->word.owner_pid == (uint32_t)getpid())) {
		l->state.complete = false;
		snprintf(l->evidence, sizeof(l->evidence),
			 t->word.owner_pid == (uint32_t)getpid() ?
				 "owner word of 0x%" PRIx64 " names lockscope itself" :
				 "owner word of 0x%" PRIx64 " names a task that is gone",
			 (uint64_t)t->wait.lock);
		return;
	}
	l->holder = (struct rec_holder){
		.tid = t->word.owner_tid, .start_ns = t->word.owner_start_ns,
		.since_ns = LK_NO_TIME, .mode = live_kind__mode(t->wait.flags),
		.certainty = owner && !l->unproven ? SURE_CERTAIN : SURE_LIKELY,
	};
	l->state.holders = &l->holder;
	l->state.nr_holders = 1;
	if (t->word.says & LK_WORD_COUNT)
		l->holder.mode = reader ? MODE_READ : MODE_WRITE;
	if (reader) {
		/* Only the last reader to come; it may have left before others. */
		l->holder.certainty = t->word.nr_readers == 1 ? SURE_LIKELY : SURE_POSSIBLE;
		l->state.complete = false;
		snprintf(l->evidence, sizeof(l->evidence),
			 "0x%" PRIx64 " is held by %d reader%s; its word remembers only the last",
			 (uint64_t)t->wait.lock, t->word.nr_readers,
			 t->word.nr_readers == 1 ? "" : "s");
		return;
	}
	snprintf(l->evidence, sizeof(l->evidence), "owner word of 0x%" PRIx64,
		 (uint64_t)t->wait.lock);
}

/* A static lock has a symbol where the kernel lists data symbols. */
static void fill_name(struct live_reader *r, struct word_lock *l)
{
	struct rec_frame f;

	symbols__data(r->s->symbols, l->state.lock.addr, &f);
	if (!f.sym)
		return;
	if (f.off)
		snprintf(l->name, sizeof(l->name), "%s+0x%" PRIx64, f.sym, f.off);
	else
		snprintf(l->name, sizeof(l->name), "%s", f.sym);
	l->state.name = l->name;
	l->state.name_source = "symbol";
}

static void fill_lock(struct live_reader *r, const struct lk_task *t, enum lock_kind kind,
		      bool unproven, struct word_lock *l)
{
	bool word = t->word.says & LK_WORD_READ;

	memset(l, 0, sizeof(*l));
	rec_lock__set_addr(&l->state.lock, t->wait.lock, kind);
	l->seen_by = t;
	l->unproven = unproven;
	l->state.rule = kind == KIND_SEMAPHORE ? RULE_OR : RULE_AND;
	l->state.nr_readers = kind == KIND_RWSEM && word ? t->word.nr_readers : -1;
	l->state.verified = word && kind != KIND_SEMAPHORE;
	/* A mutex that was handed over, or is free, has no holder: that is complete. */
	l->state.complete = l->state.verified;
	l->state.evidence = l->evidence;
	if (names_owner(t))
		fill_holder(r, t, l);
	else if (word && kind == KIND_SEMAPHORE)
		snprintf(l->evidence, sizeof(l->evidence),
			 "semaphore 0x%" PRIx64 " names no holder; count %d", (uint64_t)t->wait.lock,
			 t->word.nr_readers);
	else if (l->state.verified && t->word.says & LK_WORD_PICKUP)
		snprintf(l->evidence, sizeof(l->evidence),
			 "0x%" PRIx64 " was handed to a waiter that has not run yet",
			 (uint64_t)t->wait.lock);
	else if (l->state.verified && !(t->word.says & LK_WORD_FREE))
		l->state.complete = false;
	else if (!l->state.verified)
		snprintf(l->evidence, sizeof(l->evidence), "a %s does not name its holders",
			 kind__name(kind));
	if (!l->evidence[0])
		l->state.evidence = NULL;
	fill_name(r, l);
}

/* One lock record per lock; the newest look at the word counts.  The kind of any
 * waiter's stack serves all: only some stacks tell a ww_mutex from a mutex. */
static void collect_locks(struct live_reader *r)
{
	uint32_t i, k;

	r->nr_locks = 0;
	for (i = 0; i < r->nr_waiting; i = k) {
		enum lock_kind kind = KIND_UNKNOWN;
		bool unproven = false;

		for (k = i; k < r->nr_waiting && r->waiting[k]->wait.lock == r->waiting[i]->wait.lock; k++) {
			uint32_t id = live_stacks__by_key(r->s->stacks, r->waiting[k]->wait.stack,
							  NULL, NULL, NULL);
			enum lock_kind this_kind = live_kind__of(r->waiting[k]->wait.flags,
								 live_stacks__get(r->s->stacks, id));

			if (kind == KIND_UNKNOWN || this_kind == KIND_WW_MUTEX)
				kind = this_kind;
			unproven |= live_stale__is_unproven(r->s, r->waiting[k]);
		}
		fill_lock(r, r->waiting[k - 1], kind, unproven, &r->locks[r->nr_locks++]);
	}
}

/* Keeps who held the lock, and where it was, for the record of a long wait's end. */
static void note_owners(struct live_reader *r)
{
	uint64_t long_wait_ns = r->s->cfg.thresholds.long_wait_ns, owner;
	const struct lk_task *t, *holder;
	bool any = false;
	uint32_t i;

	for (i = 0; i < r->nr_waiting; i++) {
		t = r->waiting[i];
		if (live_kind__spins(t->wait.flags) || lk_task__wait_age_ns(t) < long_wait_ns)
			continue;
		any = true;
		holder = t->word.says & LK_WORD_OWNER ? find_tid(r, t->word.owner_tid) : NULL;
		if (!holder)
			continue;
		owner = (uint64_t)holder->tid << 32 | stack_now(r, holder, NULL, NULL, NULL);
		u64map__set(r->s->owners, t->wait.id, owner);
	}
	/* Left over are waits whose end was missed; those that end now are drained
	 * within a few reads. */
	r->nr_calm_reads = any ? 0 : r->nr_calm_reads + 1;
	if (r->nr_calm_reads == CALM_READS)
		u64map__clear(r->s->owners);
}

static int pass_on(struct live_reader *r, bool confirm, record_fn sink, void *ctx)
{
	struct record rec = { .type = REC_READ };
	const struct rec_lock_state *files;
	uint32_t i, nr_files;
	int err;

	files = live_flocks__locks(r->flocks, &nr_files);
	rec.read = (struct rec_read){ .seq = ++r->seq, .t_ns = live__t(r->s, live__now()),
				      .nr_tasks = r->nr_tasks, .nr_locks = r->nr_locks + nr_files,
				      .confirm = confirm };
	err = sink(ctx, &rec);
	for (i = 0; i < r->nr_tasks && !err; i++) {
		rec.type = REC_TASK;
		rec.task = r->tasks[i];
		err = sink(ctx, &rec);
	}
	for (i = 0; i < r->nr_locks + nr_files && !err; i++) {
		rec.type = REC_LOCK;
		rec.lock = i < r->nr_locks ? r->locks[i].state : files[i - r->nr_locks];
		err = sink(ctx, &rec);
	}
	return err;
}

/* What the next read may well do without: out of memory or files, cut short. */
static bool is_passing(int err)
{
	return err == -ENOMEM || err == -EMFILE || err == -ENFILE || err == -EAGAIN ||
	       err == -EPROTO;
}

int live_reader__read(struct live_reader *r, bool confirm, record_fn sink, void *ctx)
{
	uint64_t began_ns = live__now(), pause_ns;
	uint32_t i;
	int err;

	/* A machine with many tasks is looked at less often, but a deadlock is to be
	 * named within a second of its closing. */
	pause_ns = READ_SHARE * r->cost_ns < PAUSE_MAX_NS ? READ_SHARE * r->cost_ns : PAUSE_MAX_NS;
	if (!confirm && began_ns - r->ended_ns < pause_ns)
		return 0;
	err = take_pass(r);
	if (is_passing(err)) {
		r->s->failed_reads++;
		return 0;
	}
	err = err ?: live_flocks__update(r->flocks, &r->pass, confirm, sink, ctx);
	if (err)
		return err;
	if (ask_owners(r)) {
		/* Owners come with the waits, all from one pass. */
		err = take_pass(r);
		if (err)
			return err;
	}
	r->nr_tasks = 0;
	for (i = 0; i < r->pass.nr && !err; i++) {
		const struct lk_task *t = r->pass.tasks[i];
		struct rec_task *out = &r->tasks[r->nr_tasks];

		err = fill_task(r, t, out, sink, ctx);
		/* In a call that can wait for a file lock, but does not. */
		if (out->has_wait || t->why & (LK_WHY_BLOCKED | LK_WHY_ASKED))
			r->nr_tasks++;
	}
	if (err)
		return err;
	collect_locks(r);
	note_owners(r);
	sample_runners(r);
	r->last_read_ns = began_ns;
	err = pass_on(r, confirm, sink, ctx);
	r->ended_ns = live__now();
	r->cost_ns = r->ended_ns - began_ns;
	return err;
}
