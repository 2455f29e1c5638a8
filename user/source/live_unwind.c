// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "source/live_unwind.h"

#include <errno.h>
#include <stdlib.h>

#include "lib/probe_child.h"
#include "lib/vec.h"
#include "source/unwind_sleeps.h"

#define WAIT_NS 100000000ULL	/* a confirming look waits so long at most */
#define MEMORY_NS 500000000ULL	/* the child hangs that has not read a process by then, */
#define FILES_NS 3000000000ULL	/* or not found its way through its files */
#define OWED_NS 100000000ULL	/* who has no answer by then may never have one */
#define AGAIN_NS 10000000000ULL	/* so long that process is not asked again */
#define SHARE 5			/* a fifth of one CPU at most is spent in the child */
#define PEEK_BYTES 64

struct live_unwind {
	struct source_live *s;
	struct unwind_sleeps sleeps;
	bool asking;
	uint32_t nr_asked;
	uint64_t answered_ns, cost_ns;	/* when it last was, and the CPU time that took */
	/* how far the child was when it was last seen to go on */
	uint32_t at;
	bool of_files;
	uint64_t moved_ns;
	const struct rec_task **waiters;	/* room to sort them */
	size_t waiters_cap;
};

int live_unwind__new(struct live_unwind **out, struct source_live *s)
{
	struct live_unwind *u = calloc(1, sizeof(*u));

	*out = u;
	if (!u)
		return -ENOMEM;
	u->s = s;
	return 0;
}

void live_unwind__free(struct live_unwind *u)
{
	if (!u)
		return;
	unwind_sleeps__free(&u->sleeps);
	free(u->waiters);
	free(u);
}

static struct unwind_probe *shared(struct live_unwind *u)
{
	return probe_child__shared(u->s->unwinder);
}

static void replace(struct live_unwind *u)
{
	probe_child__replace(u->s->unwinder);
	live__tell_helpers(u->s);
}

static void tell_failures(struct live_unwind *u)
{
	u->s->user_stacks = u->sleeps.failed;
	u->s->user_stacks_pid = u->sleeps.failed_pid;
	u->s->user_stacks_why = u->sleeps.failed_why;
}

static void end_of_asking(struct live_unwind *u, uint64_t cost_ns)
{
	u->asking = false;
	u->answered_ns = live__now();
	u->cost_ns = cost_ns < FILES_NS ? cost_ns : FILES_NS;	/* says the child */
	tell_failures(u);
}

/* The child hangs, or has died: another one takes its place.  What it had answered by
 * then counts, unless it died: then its memory may be anything. */
static void give_up(struct live_unwind *u, enum user_stack_why why, uint64_t now)
{
	struct unwind_probe *p = shared(u);
	uint32_t at = p->at < u->nr_asked ? p->at : u->nr_asked;

	if (why != USER_STACK_CRASHED)
		unwind_sleeps__answer(&u->sleeps, p->queries, at);
	unwind_sleeps__give_up(&u->sleeps, at, u->nr_asked, why, now + AGAIN_NS);
	replace(u);
	end_of_asking(u, 0);	/* it has waited, not worked, and that process is not asked soon */
}

static bool hangs(struct live_unwind *u, uint64_t now)
{
	const struct unwind_probe *p = shared(u);
	uint32_t at = p->at;
	bool of_files = p->of_files;

	if (at != u->at || of_files != u->of_files) {
		u->at = at;
		u->of_files = of_files;
		u->moved_ns = now;
	}
	return now - u->moved_ns >= (of_files ? FILES_NS : MEMORY_NS);
}

void live_unwind__take(struct live_unwind *u, bool confirm)
{
	bool ended;
	uint64_t now;
	int err;

	if (!u->asking)
		return;
	ended = probe_child__wait(u->s->unwinder, confirm ? WAIT_NS : 0, &err);
	now = live__now();
	if (err || (!ended && hangs(u, now))) {
		give_up(u, err ? USER_STACK_CRASHED : USER_STACK_LATE, now);
	} else if (ended) {
		unwind_sleeps__answer(&u->sleeps, shared(u)->queries, u->nr_asked);
		end_of_asking(u, shared(u)->cpu_ns);
	}
}

static bool sleeps_on(void *ctx, const struct unwind_sleep *f)
{
	const struct lk_task *t = live_look__find(ctx, f->tid);

	return t && !t->on_cpu && t->start_ns == f->start_ns && t->switches == f->switches;
}

void live_unwind__look(struct live_unwind *u, const struct live_look *look)
{
	unwind_sleeps__look(&u->sleeps, sleeps_on, (void *)look, live__now());
}

uint32_t live_unwind__stack(struct live_unwind *u, const struct lk_task *t, record_fn sink,
			    void *ctx, int *err)
{
	struct unwind_sleep *f =
		unwind_sleeps__find(&u->sleeps, t->tid, t->start_ns, t->switches);

	if (!f || t->on_cpu)
		return 0;
	if (!f->stack)
		f->stack = live_stacks__of_user(u->s->stacks, f->pid, f->frames, f->nr_frames, sink,
						ctx, err);
	return f->stack;
}

/* NULL is nobody. */
static void want(struct live_unwind *u, const struct lk_task *t, bool holds)
{
	struct unwind_sleep w;

	if (!t || !t->user_regs || t->on_cpu || !u->s->unwinder)
		return;
	w = (struct unwind_sleep){ .tid = t->tid, .pid = t->pid, .start_ns = t->start_ns,
				   .switches = t->switches, .regs_at = t->user_regs,
				   .holds = holds };
	unwind_sleeps__want(&u->sleeps, &w);
}

void live_unwind__want_holders(struct live_unwind *u, const struct live_look *look,
			       const struct rec_lock_state *locks, uint32_t nr)
{
	uint32_t i, k;

	for (i = 0; i < nr; i++)
		for (k = 0; k < locks[i].nr_holders; k++)
			want(u, live_look__find(look, locks[i].holders[k].tid), true);
}

static bool waits_in_user_space(const struct rec_task *t)
{
	if (!t->has_wait)
		return false;
	switch (t->wait.lock.kind) {
	case KIND_FLOCK:
	case KIND_POSIX:
	case KIND_OFD:
	case KIND_LEASE:
	case KIND_FUTEX:
	case KIND_SYSV_SEM:
		return true;
	case KIND_RT_MUTEX:	/* a PI mutex, as the kernel has it */
		return t->state == 'S' && t->syscall_name && !strncmp(t->syscall_name, "futex", 5);
	default:
		return false;
	}
}

static int by_lock_and_age(const void *a, const void *b)
{
	const struct rec_wait *x = &(*(const struct rec_task *const *)a)->wait;
	const struct rec_wait *y = &(*(const struct rec_task *const *)b)->wait;

	if (x->lock.key != y->lock.key)
		return x->lock.key < y->lock.key ? -1 : 1;
	if (x->since_ns != y->since_ns)
		return x->since_ns < y->since_ns ? -1 : 1;
	return x->who.tid < y->who.tid ? -1 : x->who.tid > y->who.tid;
}

void live_unwind__want_waiters(struct live_unwind *u, const struct live_look *look,
			       const struct rec_task *tasks, uint32_t nr)
{
	uint32_t i, nr_waiters = 0, rank = 0;

	for (i = 0; i < nr; i++) {
		if (!waits_in_user_space(&tasks[i]))
			continue;
		if (!VEC_ROOM(u->waiters, nr_waiters, u->waiters_cap))
			return;	/* another look may have the memory */
		u->waiters[nr_waiters++] = &tasks[i];
	}
	if (nr_waiters)
		qsort(u->waiters, nr_waiters, sizeof(*u->waiters), by_lock_and_age);
	for (i = 0; i < nr_waiters; i++) {
		bool same = i && u->waiters[i]->wait.lock.key == u->waiters[i - 1]->wait.lock.key;

		rank = same ? rank + 1 : 0;
		if (rank < LIVE_UNWIND_WAITERS)
			want(u, live_look__find(look, u->waiters[i]->who.tid), false);
	}
}

uint32_t live_unwind__owed(const struct live_unwind *u, uint32_t *pid)
{
	uint32_t i, owed = 0;

	if (!u->asking || live__now() - u->moved_ns < OWED_NS)
		return 0;
	for (i = 0; i < u->sleeps.nr; i++) {
		const struct unwind_sleep *f = &u->sleeps.list[i];

		if (f->state != UNWIND_ASKED && f->state != UNWIND_WANTED)
			continue;
		*pid = f->pid;
		owed++;
	}
	return owed;
}

static bool read_regs(void *ctx, uint64_t at, struct unwind_regs *regs)
{
	const struct live_unwind *u = ctx;
	uint64_t raw[UNWIND_PT_REGS];
	size_t done, len;

	for (done = 0; done < sizeof(raw); done += len) {
		len = sizeof(raw) - done < PEEK_BYTES ? sizeof(raw) - done : PEEK_BYTES;
		if (!live_bpf__peek(&u->s->bpf, at + done, (char *)raw + done, len))
			return false;
	}
	unwind_regs__from(regs, raw);
	return true;
}

void live_unwind__ask(struct live_unwind *u)
{
	uint64_t now = live__now();
	struct unwind_probe *p;

	tell_failures(u);
	if (!u->s->unwinder || u->asking || now - u->answered_ns < SHARE * u->cost_ns)
		return;
	p = shared(u);
	if (!p || probe_child__is_busy(u->s->unwinder)) {
		replace(u);
		return;
	}
	u->nr_asked = unwind_sleeps__ask(&u->sleeps, p->queries, read_regs, u);
	if (!u->nr_asked)
		return;
	p->libdw = UNWIND_LIBDW;
	p->nr = u->nr_asked;
	p->at = u->at = 0;
	p->of_files = u->of_files = true;	/* first of all that of libdw */
	u->moved_ns = now;
	u->asking = !probe_child__start(u->s->unwinder, unwind_probe__run);
	if (u->asking)
		return;
	/* It died with nothing to do: nobody's fault, all are asked again. */
	unwind_sleeps__give_up(&u->sleeps, u->nr_asked, u->nr_asked, USER_STACK_CRASHED, 0);
	replace(u);
}
