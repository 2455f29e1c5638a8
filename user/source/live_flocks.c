// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "source/live_flocks.h"

/* A read of /proc/locks stalls all file-lock traffic of the machine. */
#define LOOK_CHANGED_NS 200000000ULL	/* at most this often while waits come and go */
#define LOOK_SAME_NS 1000000000ULL	/* and this often while they stay the same */
#define LOOK_SHARE 10		/* no more than a tenth of the time is spent in looks */
#define CANDIDATES_MAX 65536

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
	struct sleep_seen *seen;	/* of the last update, in pass order */
	struct filelock_candidate *cands;
	uint32_t nr, cap;
	struct filelock_look look;
	uint64_t looked_ns, cost_ns, nr_updates;
};

int live_flocks__new(struct live_flocks **out, struct source_live *s)
{
	struct live_flocks *f = calloc(1, sizeof(*f));

	*out = f;
	if (!f)
		return -ENOMEM;
	f->s = s;
	return 0;
}

void live_flocks__free(struct live_flocks *f)
{
	if (!f)
		return;
	free(f->seen);
	free(f->cands);
	free(f);
}

static const struct sleep_seen *find_seen(const struct sleep_seen *list, uint32_t nr,
					  const struct lk_task *t)
{
	uint32_t i;

	for (i = 0; i < nr; i++)
		if (list[i].tid == t->tid && list[i].start_ns == t->start_ns &&
		    list[i].switches == t->switches)
			return &list[i];
	return NULL;
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

/* Collects the candidates of this pass; *fresh tells whether one is new. */
static int collect(struct live_flocks *f, const struct live_pass *p, bool *fresh, record_fn sink,
		   void *ctx)
{
	struct sleep_seen *old = f->seen;
	uint32_t nr_old = f->nr, i;
	int err = 0;

	f->seen = calloc(p->nr ? p->nr : 1, sizeof(*f->seen));
	f->nr = 0;
	if (p->nr > f->cap) {
		struct filelock_candidate *c = realloc(f->cands, p->nr * sizeof(*c));

		if (c) {
			f->cands = c;
			f->cap = p->nr;
		}
	}
	if (!f->seen || f->cap < p->nr) {
		free(old);
		return -ENOMEM;
	}
	for (i = 0; i < p->nr && !err && f->nr < CANDIDATES_MAX; i++) {
		const struct lk_task *t = p->tasks[i];
		const struct sleep_seen *before;
		const char *function = NULL;

		if (!is_candidate(f, t, &function, sink, ctx, &err))
			continue;
		before = find_seen(old, nr_old, t);
		*fresh |= !before;
		f->cands[f->nr] = (struct filelock_candidate){
			.tid = t->tid, .pid = t->pid, .start_ns = t->start_ns,
			.syscall = t->syscall, .compat = t->compat, .in_function = function,
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
	free(old);
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

int live_flocks__update(struct live_flocks *f, const struct live_pass *p, bool force,
			record_fn sink, void *ctx)
{
	uint64_t now = live__now();
	bool fresh = false;
	uint32_t i;
	int err = collect(f, p, &fresh, sink, ctx);

	f->nr_updates++;
	if (err)
		return err;
	if (!f->nr) {
		memset(&f->look, 0, sizeof(f->look));
		return 0;
	}
	if (!force && now - f->looked_ns < (fresh ? LOOK_CHANGED_NS : LOOK_SAME_NS))
		return 0;
	if (now - f->looked_ns < (force ? 1 : LOOK_SHARE) * f->cost_ns || spins_long(f, p))
		return 0;
	f->looked_ns = now;
	err = filelocks__look(f->s->filelocks, f->cands, f->nr, &f->look);
	f->cost_ns = live__now() - now;
	f->looked_ns = live__now();
	for (i = 0; i < f->nr; i++)
		f->seen[i].wait = -1;
	if (err) {
		memset(&f->look, 0, sizeof(f->look));
		return err;
	}
	for (i = 0; i < f->look.nr_waits; i++)
		f->seen[f->look.waits[i].candidate].wait = (int32_t)i;
	return 0;
}

/* Unique for a sleep, and never one of the kernel side's ids, whose bit 52 is
 * clear below 4096 CPUs. */
static uint64_t sleep_id(const struct sleep_seen *s)
{
	uint64_t h = s->start_ns ^ (uint64_t)s->tid << 40 ^ s->switches * 0x9e3779b97f4a7c15ULL;

	h ^= h >> 31;
	h *= 0xff51afd7ed558ccdULL;
	return (h >> 12 & ((1ULL << 52) - 1)) | 1ULL << 52;
}

bool live_flocks__wait(const struct live_flocks *f, const struct lk_task *t, struct rec_wait *w)
{
	const struct sleep_seen *s = find_seen(f->seen, f->nr, t);
	const struct filelock_wait *fw;

	if (!s || s->wait < 0 || (uint32_t)s->wait >= f->look.nr_waits)
		return false;
	fw = &f->look.waits[s->wait];
	w->id = sleep_id(s);
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
	return f->look.locks;
}
