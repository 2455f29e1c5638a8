// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * live_read.c - one read of the machine: a pass of the iterator, the owners its
 * lock words name, file locks; passed on as one read with its tasks and locks.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/map.h"
#include "source/held.h"
#include "source/live_before.h"
#include "source/live_flocks.h"
#include "source/live_futexes.h"
#include "source/live_locks.h"
#include "source/live_look.h"
#include "source/live_priv.h"
#include "source/live_spinners.h"
#include "source/live_unwind.h"

#define CALM_READS 10
#define READ_SHARE 10
#define PAUSE_MAX_NS 400000000ULL

struct live_reader {
	struct source_live *s;
	struct live_look look;
	struct live_before *before;
	struct live_spinners *spinners;
	struct live_locks *locks;
	struct live_flocks *flocks;
	struct live_futexes *futexes;
	struct live_unwind *unwind;
	uint64_t seq;
	uint64_t last_read_ns, ended_ns, cost_ns;
	uint32_t nr_calm_reads;	/* in a row, without a long wait */
	struct rec_task *tasks;	/* of the look, in its order, then those to be passed on */
	uint32_t nr_tasks, cap;
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
	err = err ?: live_futexes__new(&r->futexes, s);
	err = err ?: live_unwind__new(&r->unwind, s);
	err = err ?: live_before__new(&r->before, s);
	err = err ?: live_spinners__new(&r->spinners, s);
	return err ?: live_locks__new(&r->locks, s, r->before, r->spinners);
}

void live_reader__free(struct live_reader *r)
{
	if (!r)
		return;
	live_look__free(&r->look);
	live_before__free(r->before);
	live_spinners__free(r->spinners);
	live_locks__free(r->locks);
	live_flocks__free(r->flocks);
	live_futexes__free(r->futexes);
	live_unwind__free(r->unwind);
	free(r->tasks);
	free(r);
}

static int take_look(struct live_reader *r)
{
	int err = live_look__take(&r->look, &r->s->bpf);
	void *p;

	if (err || r->look.nr <= r->cap)
		return err;
	p = realloc(r->tasks, (r->look.nr + 64) * sizeof(*r->tasks));
	if (!p)
		return -ENOMEM;
	r->tasks = p;
	r->cap = r->look.nr + 64;
	return 0;
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

/* Entries whose task has the lock, for all we know. */
static bool may_hold(const struct held_entry *e)
{
	return e->tid && e->doubt != HELD_AWAITED;
}

/* Held so long that where its task is now is of interest, whoever waits for it. */
static bool is_long(const struct live_reader *r, const struct held_entry *e)
{
	const struct rec_thresholds *t = &r->s->cfg.thresholds;

	return may_hold(e) &&
	       e->t_ns >= e->since_ns + (e->cpu ? t->long_spin_ns : t->long_hold_ns);
}

/* Asks for those who hold this lock by their held entries; returns how many of them
 * are new and not in this look. */
static uint32_t ask_holders(struct live_reader *r, uint64_t lock)
{
	uint32_t i, nr, fresh = 0;
	const struct held_entry *e = held__of_lock(&r->look.held, lock, &nr);

	for (i = 0; i < nr; i++)
		if (may_hold(&e[i]))
			fresh += ask(r, e[i].tid) && !e[i].task;
	return fresh;
}

static uint32_t ask_holders_of(struct live_reader *r, const struct rec_lock_state *locks, uint32_t nr)
{
	uint32_t i, k, fresh = 0;

	for (i = 0; i < nr; i++)
		for (k = 0; k < locks[i].nr_holders; k++)
			fresh += ask(r, locks[i].holders[k].tid);
	return fresh;
}

/* Who waits for a lock of user space sleeps like everybody, and has to be asked for. */
static uint32_t ask_user_space(struct live_reader *r)
{
	uint32_t at = 0, tid, nr, fresh;
	const struct rec_lock_state *locks = live_futexes__locks(r->futexes, &nr);

	fresh = ask_holders_of(r, locks, nr);
	while ((tid = live_futexes__waiter(r->futexes, &at)))
		fresh += ask(r, tid);
	return fresh;
}

/* Those that may hold it, as far as stacks tell; any sleep may be theirs. */
static uint32_t ask_mentioned(struct live_reader *r, uint64_t lock)
{
	uint32_t tids[LIVE_MENTIONS], fresh = 0;
	uint32_t nr = live_before__mentions(r->before, lock, NULL, tids, LIVE_MENTIONS);

	while (nr--)
		fresh += ask(r, tids[nr]);
	return fresh;
}

/* Asks for the owners of waits that last, and for holders that last; returns how many
 * are new. */
static uint32_t ask_owners(struct live_reader *r)
{
	uint32_t i, nr, fresh = 0;
	const struct rec_lock_state *files = live_flocks__locks(r->flocks, &nr);
	const struct held *held = &r->look.held;

	live_asked__begin(r->s->asked);
	for (i = 0; i < r->look.nr_waiting; i++) {
		const struct lk_task *t = r->look.waiting[i];
		bool lasts = lk_task__wait_age_ns(t) >= LK_YOUNG_NS;

		if (lasts)
			fresh += ask_holders(r, t->wait.lock) + ask_mentioned(r, t->wait.lock);
		if (lasts && names_owner(t))
			fresh += ask(r, t->word.owner_tid);
		else if (t->tid && live_kind__spins(t->wait.flags) &&
			 lk_task__wait_age_ns(t) >= r->s->cfg.thresholds.long_spin_ns)
			ask(r, t->tid); /* it runs: to be sampled, it is in this pass already */
	}
	for (i = 0; i < held->nr; i++)
		if (is_long(r, &held->list[i]))
			fresh += ask(r, held->list[i].tid) && !held->list[i].task;
	fresh += ask_holders_of(r, files, nr) + ask_user_space(r);
	for (i = 0; i < r->s->nr_wanted; i++)
		fresh += ask(r, r->s->wanted[i]);
	live_asked__done(r->s->asked);
	return fresh;
}

static bool is_held_by_runner(const struct live_reader *r, uint64_t lock)
{
	uint32_t i, nr;
	const struct held_entry *e = held__of_lock(&r->look.held, lock, &nr);

	for (i = 0; i < nr; i++)
		if (may_hold(&e[i]) && e[i].task && e[i].task->on_cpu)
			return true;
	return false;
}

/* Tasks that run cannot be unwound; they are sampled until the next read. */
static void sample_runners(struct live_reader *r)
{
	uint64_t long_wait_ns = r->s->cfg.thresholds.long_wait_ns;
	uint64_t long_spin_ns = r->s->cfg.thresholds.long_spin_ns;
	const struct held *held = &r->look.held;
	bool wanted = false;
	uint32_t i;

	for (i = 0; i < r->look.nr_waiting; i++) {
		const struct lk_task *t = r->look.waiting[i], *owner;
		uint64_t age_ns = lk_task__wait_age_ns(t);

		if (live_kind__spins(t->wait.flags)) {
			wanted |= age_ns >= long_spin_ns;
			continue;
		}
		if (age_ns < long_wait_ns)
			continue;
		owner = names_owner(t) ? live_look__find(&r->look, t->word.owner_tid) : NULL;
		wanted |= (owner && owner->on_cpu) || is_held_by_runner(r, t->wait.lock);
	}
	for (i = 0; i < held->nr; i++)
		wanted |= is_long(r, &held->list[i]) && held->list[i].task &&
			  held->list[i].task->on_cpu;
	for (i = 0; i < r->s->nr_wanted; i++) {
		const struct lk_task *t = live_look__find(&r->look, r->s->wanted[i]);

		wanted |= t && t->on_cpu;
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

/* A spin whose stack was not walked at its begin, and on whose CPU no tick comes: at
 * least the caller is known, from the entry of the lock it is about to take. */
static uint32_t caller_stack(struct live_reader *r, const struct lk_task *t, record_fn sink,
			     void *ctx, int *err)
{
	const struct live_pass *p = &r->look.pass;
	uint64_t site;
	uint32_t i;

	for (i = 0; i < p->nr_cpus; i++) {
		if (p->cpus[i]->cpu != t->cpu || p->cpus[i]->wait.id != t->wait.id)
			continue;
		site = held__awaited_site(p->cpus[i]);
		return site ? live_stacks__by_frames(r->s->stacks, &site, 1, sink, ctx, err) : 0;
	}
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
	w->breakable_by = w->spin ? BREAK_NONE :
				    live_kind__breakable(t->wait.flags, t->state, stack);
	w->found_by = live_kind__found_by(t->wait.flags);
	w->since_ns = t->wait.since_ns ? live__t(r->s, t->wait.since_ns) : LK_NO_TIME;
	w->since_at_least = w->found_by != FOUND_TRACED && t->wait.since_ns;
	w->t_ns = out->t_ns;
	w->stack = id;
	rec_lock__set_addr(&w->lock, t->wait.lock, live_kind__of(t->wait.flags, stack));
}

/* A percpu_rwsem's writer that drains the readers: its held entry tells. */
static void fill_drain(struct live_reader *r, const struct lk_task *t, const struct lk_hold *h,
		       struct rec_task *out)
{
	struct rec_wait *w = &out->wait;

	w->id = held__drain_id(t, h);
	w->mode = MODE_WRITE;
	w->breakable_by =
		live_kind__breakable(0, t->state, live_stacks__get(r->s->stacks, out->stack));
	w->since_ns = live__t(r->s, h->held.since_ns);
	w->t_ns = out->t_ns;
	w->stack = out->stack;
	rec_lock__set_addr(&w->lock, h->held.lock, KIND_PERCPU_RWSEM);
}

/* The frames tell a softirq from a hardirq; where there are none, which stack the wait
 * began on tells an interrupt from a task. */
static enum rec_context spin_context(const struct live_reader *r, const struct lk_task *t,
				     uint32_t stack)
{
	enum rec_context context = live_kind__context(live_stacks__get(r->s->stacks, stack));

	return context == CONTEXT_TASK && t->wait.flags & LK_F_IRQ ? CONTEXT_HARDIRQ : context;
}

static int fill_task(struct live_reader *r, const struct lk_task *t, struct rec_task *out,
		     record_fn sink, void *ctx)
{
	const struct lk_hold *drains = held__drains(t);
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
		if (!recorded && !out->stack && live_kind__spins(t->wait.flags))
			recorded = caller_stack(r, t, sink, ctx, &err);
		out->has_wait = true;
		fill_wait(r, t, out, recorded);
		if (out->wait.spin)
			out->context = spin_context(r, t, out->wait.stack);
	} else if (drains) {
		out->has_wait = true;
		fill_drain(r, t, drains, out);
	} else if (live_flocks__wait(r->flocks, t, &out->wait) ||
		   live_futexes__wait(r->futexes, t, &out->wait)) {
		out->has_wait = true;
		out->wait.stack = out->stack;
	}
	out->user_stack = live_unwind__stack(r->unwind, t, sink, ctx, &err);
	out->wait.who = out->who;
	return err;
}

/* The one task that holds what t waits for, 0: none, or not known to be the only one. */
static uint32_t only_holder(const struct live_reader *r, const struct lk_task *t)
{
	const struct rec_lock_state *l;

	if (t->word.says & LK_WORD_OWNER)
		return t->word.owner_tid;
	l = live_locks__find(r->locks, t->wait.lock);
	return l && l->nr_holders == 1 && l->complete ? l->holders->tid : 0;
}

/* Keeps who held the lock, and where it was, for the record of a long wait's end. */
static void note_owners(struct live_reader *r)
{
	uint64_t long_wait_ns = r->s->cfg.thresholds.long_wait_ns, owner = 0;
	const struct lk_task *t, *holder, *last = NULL;
	bool any = false;
	uint32_t i;

	for (i = 0; i < r->look.nr_waiting; i++) {
		t = r->look.waiting[i];
		if (live_kind__spins(t->wait.flags) || lk_task__wait_age_ns(t) < long_wait_ns)
			continue;
		any = true;
		holder = live_look__find(&r->look, only_holder(r, t));
		if (!holder)
			continue;
		/* They are sorted by lock, so it often is the one before. */
		if (holder != last)
			owner = (uint64_t)holder->tid << 32 | stack_now(r, holder, NULL, NULL, NULL);
		last = holder;
		u64map__set(r->s->owners, t->wait.id, owner);
	}
	/* Left over are waits whose end was missed; those that end now are drained
	 * within a few reads. */
	r->nr_calm_reads = any ? 0 : r->nr_calm_reads + 1;
	if (r->nr_calm_reads == CALM_READS)
		u64map__clear(r->s->owners);
}

static int pass_on_locks(const struct rec_lock_state *locks, uint32_t nr, record_fn sink, void *ctx)
{
	struct record rec = { .type = REC_LOCK };
	uint32_t i;
	int err = 0;

	for (i = 0; i < nr && !err; i++) {
		rec.lock = locks[i];
		err = sink(ctx, &rec);
	}
	return err;
}

static int pass_on(struct live_reader *r, bool confirm, record_fn sink, void *ctx)
{
	struct record rec = { .type = REC_READ };
	const struct rec_lock_state *files, *futexes;
	uint32_t i, nr_files, nr_futexes, nr_locks = live_locks__nr(r->locks);
	int err;

	files = live_flocks__locks(r->flocks, &nr_files);
	futexes = live_futexes__locks(r->futexes, &nr_futexes);
	rec.read = (struct rec_read){ .seq = ++r->seq, .t_ns = live__t(r->s, live__now()),
				      .nr_tasks = r->nr_tasks,
				      .nr_locks = nr_locks + nr_files + nr_futexes,
				      .confirm = confirm };
	err = sink(ctx, &rec);
	for (i = 0; i < r->nr_tasks && !err; i++) {
		rec.type = REC_TASK;
		rec.task = r->tasks[i];
		err = sink(ctx, &rec);
	}
	for (i = 0; i < nr_locks && !err; i++)
		err = pass_on_locks(live_locks__at(r->locks, i), 1, sink, ctx);
	err = err ?: pass_on_locks(files, nr_files, sink, ctx);
	return err ?: pass_on_locks(futexes, nr_futexes, sink, ctx);
}

/* Where in their programs they are: who waits for a lock of user space, and who has one. */
static void ask_user_stacks(struct live_reader *r)
{
	const struct rec_lock_state *locks;
	uint32_t nr;

	locks = live_flocks__locks(r->flocks, &nr);
	live_unwind__want_holders(r->unwind, &r->look, locks, nr);
	locks = live_futexes__locks(r->futexes, &nr);
	live_unwind__want_holders(r->unwind, &r->look, locks, nr);
	live_unwind__want_waiters(r->unwind, &r->look, r->tasks, r->nr_tasks);
	live_unwind__ask(r->unwind);
}

/* What the next read may well do without: out of memory or files, cut short. */
static bool is_passing(int err)
{
	return err == -ENOMEM || err == -EMFILE || err == -ENFILE || err == -EAGAIN ||
	       err == -EPROTO;
}

/* Drops the tasks that nothing is to be said of: in a call that can wait for a file
 * lock, but does not; or with held locks that nobody asks for. */
static void keep_tasks(struct live_reader *r)
{
	uint32_t i;

	r->nr_tasks = 0;
	for (i = 0; i < r->look.nr; i++) {
		const struct lk_task *t = r->look.tasks[i];

		if (r->tasks[i].has_wait || t->why & (LK_WHY_BLOCKED | LK_WHY_ASKED) ||
		    live_locks__has_holder(r->locks, t))
			r->tasks[r->nr_tasks++] = r->tasks[i];
	}
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
	live_unwind__take(r->unwind, confirm);
	err = live_before__search(r->before, &r->look) ?: take_look(r);
	if (is_passing(err)) {
		r->s->failed_reads++;
		return 0;
	}
	err = err ?: live_flocks__update(r->flocks, &r->look.pass, confirm, sink, ctx);
	err = err ?: live_futexes__update(r->futexes, confirm);
	if (err)
		return err;
	if (ask_owners(r)) {
		/* Owners come with the waits, all from one pass. */
		err = take_look(r);
		if (err)
			return err;
	}
	live_before__forget(r->before, &r->look);
	live_unwind__look(r->unwind, &r->look);
	live_spinners__update(r->spinners, &r->look);
	for (i = 0; i < r->look.nr && !err; i++)
		err = fill_task(r, r->look.tasks[i], &r->tasks[i], sink, ctx);
	err = err ?: live_locks__collect(r->locks, &r->look);
	if (err)
		return err;
	r->s->sink_err = 0;	/* a drain that was interrupted leaves its own */
	r->s->sink = sink;
	r->s->sink_ctx = ctx;
	err = live_exits__look(r->s, &r->look, false);
	r->s->sink = NULL;
	if (err)
		return err;
	keep_tasks(r);
	note_owners(r);
	sample_runners(r);
	r->last_read_ns = began_ns;
	err = pass_on(r, confirm, sink, ctx);
	ask_user_stacks(r);
	r->ended_ns = live__now();
	r->cost_ns = r->ended_ns - began_ns;
	return err;
}

uint32_t live_reader__owed_user_stacks(const struct live_reader *r, uint32_t *pid)
{
	return live_unwind__owed(r->unwind, pid);
}

const struct live_look *live_reader__look(const struct live_reader *r)
{
	return &r->look;
}
