// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * live_futexes.c - when to look at futexes, and what to do when the memory of a process
 * does not answer.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/probe_child.h"
#include "lib/vec.h"
#include "source/futex_sleeps.h"
#include "source/live_futexes.h"

#define LOOK_NS 200000000ULL	/* between looks at who sleeps */
#define LOOK_SHARE 20		/* no more than a twentieth of the time is spent in them */
#define WAIT_NS 50000000ULL	/* an answer is waited for so long; then later looks take it */
#define HANG_NS 500000000ULL	/* the child hangs that has not answered by then */
#define UNREAD_NS 10000000000ULL	/* and so long its process is not asked again */
#define UNREAD_MAX 64

/* A process that did not answer. */
struct unread {
	uint32_t pid;
	bool names_only;	/* its memory did, the files it has mapped did not */
	uint64_t until_ns;
};

struct live_futexes {
	struct source_live *s;
	struct futex_sleeps sleeps;
	struct lk_futex *recs;
	size_t nr_recs, cap;
	struct lk_sem_undo *undos;	/* of the last look */
	size_t undo_bytes, undo_cap;
	bool knows_undos;
	uint64_t looked_ns, cost_ns;
	/* what the child has been asked */
	bool asking;
	uint32_t nr_asked;
	uint64_t asked_ns;
	struct unread unread[UNREAD_MAX];
	uint32_t nr_unread;
};

int live_futexes__new(struct live_futexes **out, struct source_live *s)
{
	struct live_futexes *f = calloc(1, sizeof(*f));

	*out = f;
	if (!f)
		return -ENOMEM;
	f->s = s;
	live__tell_helpers(s);
	return 0;
}

void live_futexes__free(struct live_futexes *f)
{
	if (!f)
		return;
	futex_sleeps__free(&f->sleeps);
	free(f->recs);
	free(f->undos);
	free(f);
}

/* Reads the iterator file to its end; a read never ends inside a record. */
static int read_pass(struct live_futexes *f, int fd)
{
	for (;;) {
		void *room = vec__grow(f->recs, &f->cap, f->nr_recs + 256, sizeof(*f->recs));
		ssize_t n;

		if (!room)
			return -ENOMEM;
		f->recs = room;
		n = read(fd, f->recs + f->nr_recs, (f->cap - f->nr_recs) * sizeof(*f->recs));
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n <= 0)
			return n ? -errno : 0;
		f->nr_recs += (size_t)n / sizeof(*f->recs);
	}
}

/* Read after the sleeps: what one of them holds does not change while it lasts. */
static void look_at_undos(struct live_futexes *f)
{
	char *buf = (char *)f->undos;

	f->knows_undos = false;
	if (!futex_sleeps__any_semop(&f->sleeps))
		return;
	f->knows_undos = !live_pass__read(f->s->bpf.undo_link_fd, &buf, &f->undo_bytes,
					  &f->undo_cap);
	f->undos = (struct lk_sem_undo *)buf;
}

/* Who sleeps on a futex or in semop() now. */
static int look(struct live_futexes *f)
{
	uint64_t now = live__now();
	int fd = bpf_iter_create(f->s->bpf.futex_link_fd), err;

	if (fd < 0)
		return -errno;
	f->nr_recs = 0;
	err = read_pass(f, fd);
	close(fd);
	err = err ?: futex_sleeps__look(&f->sleeps, f->recs, f->nr_recs, now);
	if (!err)
		look_at_undos(f);
	f->looked_ns = live__now();
	f->cost_ns = f->looked_ns - now;
	return err;
}

static bool is_noted(const struct live_futexes *f, uint32_t pid, bool names_only)
{
	uint32_t i;

	for (i = 0; i < f->nr_unread; i++)
		if (f->unread[i].pid == pid && f->unread[i].names_only == names_only)
			return true;
	return false;
}

static bool is_unread(void *ctx, uint32_t pid)
{
	return is_noted(ctx, pid, false);
}

static void note(struct live_futexes *f, uint32_t pid, bool names_only, uint64_t now)
{
	if (!names_only) {
		f->s->unread++;
		f->s->unread_pid = pid;
	}
	if (f->nr_unread < UNREAD_MAX)
		f->unread[f->nr_unread++] = (struct unread){ pid, names_only, now + UNREAD_NS };
}

static void forget_unread(struct live_futexes *f, uint64_t now)
{
	uint32_t i, nr = 0;

	for (i = 0; i < f->nr_unread; i++)
		if (f->unread[i].until_ns > now)
			f->unread[nr++] = f->unread[i];
	f->nr_unread = nr;
}

static struct futex_probe *shared(struct live_futexes *f)
{
	return probe_child__shared(f->s->probe);
}

/* When there are too many that no kill ends, it stays as it is for now. */
static void replace(struct live_futexes *f)
{
	probe_child__replace(f->s->probe);
	live__tell_helpers(f->s);
}

/* The child hangs, or has died of a query: it is killed and another one takes its
 * place.  What it had answered by then counts. */
static int give_up(struct live_futexes *f, uint64_t now)
{
	struct futex_probe *p = shared(f);
	uint32_t at = p->at;
	bool naming = p->naming;
	int err;

	f->asking = false;
	if (at < f->nr_asked) {
		note(f, p->queries[at].pid, naming, now);
		if (naming)	/* all but the name is there */
			p->queries[at++].name[0] = '\0';
	}
	err = futex_sleeps__answer(&f->sleeps, p->queries, at, now);
	replace(f);
	return err;
}

/* Takes the answers that come within timeout_ns. */
static int take(struct live_futexes *f, uint64_t timeout_ns)
{
	bool ended;
	int err;

	if (!f->asking)
		return 0;
	ended = probe_child__wait(f->s->probe, timeout_ns, &err);
	if (err || (!ended && live__now() - f->asked_ns >= HANG_NS))
		return give_up(f, live__now());
	if (!ended)
		return 0;
	f->asking = false;
	return futex_sleeps__answer(&f->sleeps, shared(f)->queries, f->nr_asked, live__now());
}

static int ask(struct live_futexes *f, bool confirm)
{
	struct futex_probe *p = shared(f);
	uint32_t left, i;

	if (!p || probe_child__is_busy(f->s->probe)) {
		replace(f);
		return 0;
	}
	f->asked_ns = live__now();
	forget_unread(f, f->asked_ns);
	f->nr_asked = p->nr = futex_sleeps__ask(&f->sleeps, f->asked_ns, confirm, is_unread, f,
						p->queries, &left);
	f->s->unasked += left;
	if (!p->nr)
		return 0;
	for (i = 0; i < p->nr; i++)
		p->queries[i].wants_name &= !is_noted(f, p->queries[i].pid, true);
	p->at = 0;
	p->naming = false;
	f->asking = !probe_child__start(f->s->probe, futex_probe__run);
	if (!f->asking)
		replace(f);
	return take(f, WAIT_NS);
}

int live_futexes__update(struct live_futexes *f, bool confirm)
{
	uint64_t began = live__now();
	int err = take(f, 0);

	if (err || !f->s->probe)
		return err;
	if (confirm || (began - f->looked_ns >= LOOK_NS &&
			began - f->looked_ns >= LOOK_SHARE * f->cost_ns))
		err = look(f);
	if (err) {	/* what was known before it stays as it is, until the next one */
		f->s->failed_reads++;
		err = 0;
	}
	if (!f->asking)
		err = ask(f, confirm);
	return err ?: futex_sleeps__make_locks(&f->sleeps, confirm ? began : 0,
					       f->knows_undos ? f->undos : NULL,
					       f->undo_bytes / sizeof(*f->undos));
}

bool live_futexes__wait(const struct live_futexes *f, const struct lk_task *t, struct rec_wait *w)
{
	const struct futex_sleep *s = futex_sleeps__find(&f->sleeps, t->tid, t->start_ns,
							 t->switches);

	if (!s || t->on_cpu || !futex_sleep__is_shown(s))
		return false;
	w->id = live__sleep_id(t->tid, t->start_ns, t->switches);
	w->lock = f->sleeps.locks[s->found->lock].lock;
	w->mode = s->found->claim.wanted;
	w->spin = false;
	w->breakable_by = s->f.flags & LK_FUTEX_TIMEOUT ? BREAK_TIMEOUT :
			  s->f.flags & LK_FUTEX_SEMOP ? BREAK_SIGNAL : BREAK_KILL;
	w->since_ns = live__t(f->s, s->since_ns);
	w->since_at_least = s->at_least;
	w->t_ns = live__t(f->s, t->t_ns);
	return true;
}

const struct rec_lock_state *live_futexes__locks(const struct live_futexes *f, uint32_t *nr)
{
	*nr = f->sleeps.nr_locks;
	return f->sleeps.locks;
}

uint32_t live_futexes__waiter(const struct live_futexes *f, uint32_t *at)
{
	while (*at < f->sleeps.nr) {
		const struct futex_sleep *s = &f->sleeps.list[(*at)++];

		if (futex_sleep__is_shown(s))
			return s->f.tid;
	}
	return 0;
}
