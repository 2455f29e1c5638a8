// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "source/filelocks_async.h"
#include "source/live_files.h"
#include "source/live_flocks.h"

/* A read of /proc/locks stalls all file-lock traffic of the machine. */
#define LOOK_CHANGED_NS 200000000ULL	/* at most this often while waits come and go */
#define LOOK_SAME_NS 1000000000ULL	/* and this often while they stay the same */
#define LOOK_SHARE 10		/* no more than a tenth of the time is spent in looks */
#define COST_MAX_NS 2000000000ULL	/* longer is not the work: the machine hung meanwhile */
#define CANDIDATES_MAX 65536

/* A look is waited for so long, and twice the CPU time that the last one took. */
#define WAIT_NS 200000000ULL
#define WAIT_MAX_NS 1000000000ULL
/* After this long, and four times that CPU time, the one before it is too old. */
#define OLD_NS 1000000000ULL

/* One sleep of one task: as long as the switch count stands still, it is the same. */
struct sleep_seen {
	uint32_t tid;
	uint32_t candidate;
	uint64_t start_ns, switches;
	int64_t since_ns;	/* first seen */
	bool at_least;		/* by the first look: it is older */
	int32_t wait;		/* index into the look's waits, -1 none */
};

struct live_flocks {
	struct source_live *s;
	struct filelocks *filelocks;
	struct live_files *files;
	struct filelocks_async *async;
	struct sleep_seen *seen;	/* of the last update, by tid */
	struct filelock_candidate *cands;
	uint32_t nr, cap;
	struct sleep_seen *asked;	/* by candidate: what the newest look was begun with */
	uint32_t asked_cap;
	struct filelock_look look;	/* the last that ended */
	struct rec_lock_state *doubted;	/* its locks, once they may be out of date */
	struct rec_holder *doubted_holders;
	bool looking;		/* a look goes on */
	bool late;		/* for so long that the one before it is too old */
	uint32_t nr_steady;	/* looks taken since a sleep was new */
	uint64_t began_ns, ended_ns, cost_ns, nr_updates;
};

int live_flocks__new(struct live_flocks **out, struct source_live *s)
{
	struct live_flocks *f = calloc(1, sizeof(*f));
	int err;

	*out = f;
	if (!f)
		return -ENOMEM;
	f->s = s;
	err = filelocks__new(&f->filelocks, "/proc");
	err = err ?: live_files__new(&f->files, &s->bpf);
	if (!err)
		filelocks__set_list(f->filelocks, live_files__list, f->files);
	return err ?: filelocks_async__new(&f->async, f->filelocks);
}

void live_flocks__free(struct live_flocks *f)
{
	if (!f)
		return;
	/* A look that hangs keeps what it uses. */
	if (filelocks_async__free(f->async)) {
		filelocks__free(f->filelocks);
		live_files__free(f->files);
	}
	free(f->doubted);
	free(f->doubted_holders);
	free(f->asked);
	free(f->seen);
	free(f->cands);
	free(f);
}

static int by_tid(const void *a, const void *b)
{
	const struct sleep_seen *x = a, *y = b;

	return x->tid < y->tid ? -1 : x->tid > y->tid;
}

/* The sleep in a list sorted by tid; NULL when it is none of them. */
static struct sleep_seen *find_sleep(struct sleep_seen *list, uint32_t nr, uint32_t tid,
				     uint64_t start_ns, uint64_t switches)
{
	struct sleep_seen key = { .tid = tid };
	struct sleep_seen *s = nr ? bsearch(&key, list, nr, sizeof(key), by_tid) : NULL;

	return s && s->start_ns == start_ns && s->switches == switches ? s : NULL;
}

/* Is t asleep in a function that waits for a file lock? */
static bool is_candidate(struct live_flocks *f, const struct lk_task *t, const char **function,
			 record_fn sink, void *ctx, int *err)
{
	uint32_t id;
	bool unknown;

	if (!(t->why & LK_WHY_FILELOCK) || (t->why & LK_WHY_WAIT) || t->on_cpu)
		return false;
	id = live_stacks__by_frames(f->s->stacks, lk_task__ips(t), t->nr_ip, sink, ctx, err);
	*function = live_kind__filelock(live_stacks__get(f->s->stacks, id), &unknown);
	return *function || unknown;
}

/* An empty list for this pass.  *before, *nr_before: the one until now, to be freed. */
static int begin_list(struct live_flocks *f, uint32_t nr, struct sleep_seen **before,
		      uint32_t *nr_before)
{
	*before = f->seen;
	*nr_before = f->nr;
	f->seen = calloc(nr ? nr : 1, sizeof(*f->seen));
	f->nr = 0;
	if (nr > f->cap) {
		struct filelock_candidate *c = realloc(f->cands, nr * sizeof(*c));

		if (c) {
			f->cands = c;
			f->cap = nr;
		}
	}
	return f->seen && f->cap >= nr ? 0 : -ENOMEM;
}

static void add(struct live_flocks *f, const struct lk_task *t, const char *function,
		const struct sleep_seen *before)
{
	f->cands[f->nr] = (struct filelock_candidate){
		.tid = t->tid, .pid = t->pid, .start_ns = t->start_ns,
		.switches = t->switches, .syscall = t->syscall, .compat = t->compat,
		.in_function = function,
	};
	f->seen[f->nr] = (struct sleep_seen){
		.tid = t->tid, .candidate = f->nr, .start_ns = t->start_ns,
		.switches = t->switches,
		.since_ns = before ? before->since_ns : live__t(f->s, t->t_ns),
		.at_least = before ? before->at_least : !f->nr_updates,
		.wait = before ? before->wait : -1,
	};
	f->nr++;
}

/* Collects the candidates of this pass. */
static int collect(struct live_flocks *f, const struct live_pass *p, record_fn sink, void *ctx)
{
	struct sleep_seen *old;
	uint32_t nr_old, i;
	int err = begin_list(f, p->nr, &old, &nr_old);

	for (i = 0; i < p->nr && !err && f->nr < CANDIDATES_MAX; i++) {
		const struct lk_task *t = p->tasks[i];
		const struct sleep_seen *before;
		const char *function = NULL;

		if (!is_candidate(f, t, &function, sink, ctx, &err))
			continue;
		before = find_sleep(old, nr_old, t->tid, t->start_ns, t->switches);
		if (!before)
			f->nr_steady = 0;
		add(f, t, function, before);
	}
	free(old);
	if (f->nr)
		qsort(f->seen, f->nr, sizeof(*f->seen), by_tid);
	return err;
}

/* A read of /proc/locks waits for RCU (percpu_down_write), and a CPU that spins with
 * preemption off does not let RCU go on: the look would last as long as the spin. */
static bool spins_long(const struct live_flocks *f, const struct live_pass *p)
{
	uint32_t i;

	for (i = 0; i < p->nr; i++)
		if (p->tasks[i]->why & LK_WHY_SPIN &&
		    lk_task__wait_age_ns(p->tasks[i]) >= f->s->cfg.thresholds.long_spin_ns / 2)
			return true;
	return false;
}

/* What was found for a first look at new sleeps counts only with a second one. */
static bool is_due(const struct live_flocks *f, const struct live_pass *p, bool force,
		   uint64_t now)
{
	uint64_t pause_ns = f->nr_steady ? LOOK_SAME_NS : LOOK_CHANGED_NS;

	if (spins_long(f, p))
		return false;
	if (force)
		return f->nr_steady < 2 || now - f->ended_ns >= f->cost_ns;
	return now - f->began_ns >= pause_ns && now - f->ended_ns >= LOOK_SHARE * f->cost_ns;
}

static int begin_look(struct live_flocks *f, uint64_t now)
{
	uint32_t i;
	int err;

	if (f->asked_cap < f->nr) {
		struct sleep_seen *more = realloc(f->asked, f->nr * sizeof(*more));

		if (!more)
			return -ENOMEM;
		f->asked = more;
		f->asked_cap = f->nr;
	}
	for (i = 0; i < f->nr; i++)
		f->asked[f->seen[i].candidate] = f->seen[i];
	err = filelocks_async__start(f->async, f->cands, f->nr);
	f->looking = !err;
	f->began_ns = now;
	return err;
}

static void drop_doubted(struct live_flocks *f)
{
	free(f->doubted);
	free(f->doubted_holders);
	f->doubted = NULL;
	f->doubted_holders = NULL;
}

static void forget_look(struct live_flocks *f)
{
	uint32_t i;

	drop_doubted(f);
	memset(&f->look, 0, sizeof(f->look));
	for (i = 0; i < f->nr; i++)
		f->seen[i].wait = -1;
}

/* Takes what a look has found that ends within timeout_ns. */
static int take_look(struct live_flocks *f, uint64_t timeout_ns)
{
	struct filelock_look look;
	uint32_t i;
	int err;

	if (!filelocks_async__wait(f->async, timeout_ns, &look, &err))
		return 0;
	f->looking = f->late = false;
	f->ended_ns = live__now();
	f->cost_ns = f->ended_ns - f->began_ns;
	if (f->cost_ns > COST_MAX_NS)
		f->cost_ns = COST_MAX_NS;
	forget_look(f);
	if (err)
		return err;
	f->look = look;
	f->nr_steady++;
	for (i = 0; i < look.nr_waits; i++) {
		const struct sleep_seen *a = &f->asked[look.waits[i].candidate];
		struct sleep_seen *now = find_sleep(f->seen, f->nr, a->tid, a->start_ns,
						    a->switches);

		if (now)
			now->wait = (int32_t)i;
	}
	return 0;
}

/* The last look is out of date, and proves nothing until there is a new one. */
static void doubt(struct live_flocks *f)
{
	const struct filelock_look *look = &f->look;
	uint32_t i, k, nr = 0;

	if (f->doubted || !look->nr_locks)
		return;
	for (i = 0; i < look->nr_locks; i++)
		nr += look->locks[i].nr_holders;
	f->doubted = calloc(look->nr_locks, sizeof(*f->doubted));
	f->doubted_holders = calloc(nr ? nr : 1, sizeof(*f->doubted_holders));
	if (!f->doubted || !f->doubted_holders) {
		forget_look(f);
		return;
	}
	for (i = nr = 0; i < look->nr_locks; i++) {
		struct rec_lock_state *l = &f->doubted[i];

		*l = look->locks[i];
		l->complete = l->verified = false;
		l->evidence = "an earlier look: /proc/locks has not answered since";
		l->holders = l->nr_holders ? f->doubted_holders + nr : NULL;
		for (k = 0; k < l->nr_holders; k++, nr++) {
			f->doubted_holders[nr] = look->locks[i].holders[k];
			f->doubted_holders[nr].certainty = SURE_POSSIBLE;
		}
	}
}

static void note_late(struct live_flocks *f, bool force)
{
	uint64_t old_ns = OLD_NS + 4 * filelocks_async__cpu_ns(f->async);
	bool late = live__now() - f->began_ns >= old_ns;

	if (late && !f->late)
		f->s->failed_reads++;
	f->late = late;
	if (late || (force && f->nr_steady < 2))
		doubt(f);
}

int live_flocks__update(struct live_flocks *f, const struct live_pass *p, bool force,
			record_fn sink, void *ctx)
{
	uint64_t now = live__now(), wait_ns = 0;
	int err = collect(f, p, sink, ctx);

	f->nr_updates++;
	if (!err && f->looking)
		err = take_look(f, 0);
	if (err)
		return err;
	if (f->nr && !f->looking && is_due(f, p, force, now)) {
		wait_ns = WAIT_NS + 2 * filelocks_async__cpu_ns(f->async);
		err = begin_look(f, now);
		if (!err)
			err = take_look(f, wait_ns < WAIT_MAX_NS ? wait_ns : WAIT_MAX_NS);
	}
	if (f->looking)
		note_late(f, force);
	else if (!f->nr)
		forget_look(f);
	return err;
}

bool live_flocks__wait(const struct live_flocks *f, const struct lk_task *t, struct rec_wait *w)
{
	const struct sleep_seen *s = find_sleep(f->seen, f->nr, t->tid, t->start_ns, t->switches);
	const struct filelock_wait *fw;

	if (!s || s->wait < 0 || (uint32_t)s->wait >= f->look.nr_waits)
		return false;
	fw = &f->look.waits[s->wait];
	w->id = live__sleep_id(s->tid, s->start_ns, s->switches);
	w->lock = f->look.locks[fw->lock].lock;
	w->mode = fw->mode;
	w->spin = false;
	w->breakable_by = fw->breakable_by;
	w->since_ns = s->since_ns;
	w->since_at_least = s->at_least;
	w->t_ns = live__t(f->s, t->t_ns);
	return true;
}

const struct rec_lock_state *live_flocks__locks(const struct live_flocks *f, uint32_t *nr)
{
	*nr = f->look.nr_locks;
	return f->doubted ? f->doubted : f->look.locks;
}
