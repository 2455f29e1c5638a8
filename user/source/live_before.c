// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "source/live_before.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>

#include "lib/map.h"
#include "lib/vec.h"
#include "source/before.h"

#include "lockscope.skel.h" /* after abi.h: it uses its types */

/* Queues under load move while they are read.  At once, then at later looks. */
#define TRIES_AT_ONCE 3
#define TRIES_MAX 8
/* Waits for a PI futex are in S state and pass no tracepoint: looked for now and then. */
#define LOOK_ANYWAY 10
#define KEEP_BYTES (1 << 20)
#define MENTIONS_MAX 256
/* From an object's address to a lock in it, at most. */
#define OBJECT_BYTES 2048
/* Ids of found waits: apart from those that the kernel side and others give. */
#define FOUND_IDS (1ULL << 51)

/* A wait that was found. */
struct known {
	uint64_t task;
	struct lk_wait wait;
	uint32_t place;
	bool first;
};

/* A lock's address, or its object's, on the stack of a sleeper that waits for something else. */
struct mention {
	uint64_t lock, switches;
	uint32_t tid;
};

struct live_before {
	struct source_live *s;
	struct before_funcs funcs;
	struct before *search;
	int found_fd, seen_fd;
	char *buf;
	size_t len, cap;
	const struct lk_sleeper **sleepers;	/* into buf */
	size_t nr, sleepers_cap;
	struct mention *mentions;
	size_t nr_mentions, mentions_cap;
	struct known *known;	/* those of the last pass come last, from nr_old on */
	size_t nr_known, nr_old, known_cap;
	uint64_t next_id;
	uint32_t nr_looks;
	bool unsure;		/* something is to be tried again */
};

static int run(int prog_fd)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts);

	return bpf_prog_test_run_opts(prog_fd, &opts);
}

int live_before__new(struct live_before **out, struct source_live *s)
{
	struct live_before *f = calloc(1, sizeof(*f));
	const struct lockscope_bpf *k = s->bpf.skel;
	int err;

	*out = f;
	if (!f)
		return -ENOMEM;
	f->s = s;
	f->found_fd = bpf_map__fd(k->maps.found_waits);
	f->seen_fd = bpf_map__fd(k->maps.seen);
	symbols__each_function(s->symbols, before_funcs__add, &f->funcs);
	err = f->funcs.err ?: run(bpf_program__fd(k->progs.before_layout));
	return err ?: before__new(&f->search, &k->bss->layout, &f->funcs);
}

void live_before__free(struct live_before *f)
{
	if (!f)
		return;
	before__free(f->search);
	before_funcs__free(&f->funcs);
	free(f->buf);
	free(f->sleepers);
	free(f->mentions);
	free(f->known);
	free(f);
}

static bool peek(void *ctx, uint64_t addr, void *to, size_t len)
{
	const struct live_before *f = ctx;

	return live_bpf__peek(&f->s->bpf, addr, to, len);
}

static int index_sleepers(struct live_before *f)
{
	size_t at = 0;

	f->nr = 0;
	while (at + sizeof(struct lk_sleeper) <= f->len) {
		const struct lk_sleeper *s = (const void *)(f->buf + at);

		if (s->len > f->len - at || s->nr_words > LK_STACK_WORDS ||
		    s->len != sizeof(*s) + s->nr_words * 8)
			return -EPROTO;
		if (!VEC_ROOM(f->sleepers, f->nr, f->sleepers_cap))
			return -ENOMEM;
		f->sleepers[f->nr++] = s;
		at += s->len;
	}
	return at == f->len ? 0 : -EPROTO;
}

/* When it went to sleep, at the latest: its run queue's clock has come so far since.
 * That clock stands still at times, never runs ahead. */
static uint64_t asleep_since(const struct live_before *f, const struct lk_sleeper *s)
{
	uint64_t since_ns = s->t_ns, clock_ns;

	if (s->cpu < f->s->bpf.nr_cpus && s->clock_ns) {
		clock_ns = ((const volatile struct lk_cpu *)&f->s->bpf.cpus[s->cpu])->task_clock_ns;
		if (clock_ns > s->clock_ns && clock_ns - s->clock_ns < since_ns)
			since_ns -= clock_ns - s->clock_ns;
	}
	return s->first && since_ns >= f->s->boot_ns ? f->s->boot_ns - 1 : since_ns;
}

static int add_known(struct live_before *f, const struct lk_sleeper *s,
		     const struct before_wait *found)
{
	if (!VEC_ROOM(f->known, f->nr_known, f->known_cap))
		return -ENOMEM;
	f->known[f->nr_known++] = (struct known){
		.task = s->task, .place = found->place, .first = s->first,
		.wait = { .lock = found->lock, .id = FOUND_IDS | ++f->next_id, .sp = s->sp,
			  .since_ns = asleep_since(f, s), .switches = (uint32_t)s->switches,
			  .flags = found->flags, .tid = s->tid },
	};
	return 0;
}

static void try_again(struct live_before *f, const struct lk_sleeper *s)
{
	struct lk_seen seen = { .switches = s->switches, .tid = s->tid, .first = s->first,
				.tries = s->tries + 1 };

	if (seen.tries > TRIES_MAX)
		return;
	f->unsure |= !bpf_map_update_elem(f->seen_fd, &s->task, &seen, BPF_ANY);
}

static int search_once(struct live_before *f)
{
	struct before_wait found;
	int err = live_pass__read(f->s->bpf.before_link_fd, &f->buf, &f->len, &f->cap);
	size_t i;

	err = err ?: index_sleepers(f);
	err = err ?: before__begin(f->search, f->sleepers, (uint32_t)f->nr, peek, f);
	f->unsure = false;
	for (i = 0; i < f->nr && !err; i++) {
		switch (before__find(f->search, (uint32_t)i, &found)) {
		case BEFORE_FOUND:
			err = add_known(f, f->sleepers[i], &found);
			break;
		case BEFORE_UNSURE:
			try_again(f, f->sleepers[i]);
			break;
		case BEFORE_NONE:
			break;
		}
	}
	return err;
}

static bool is_rwsem(const struct lk_wait *w)
{
	return w->flags & (LK_F_READ | LK_F_WRITE) &&
	       !(w->flags & (LK_F_SPIN | LK_F_RT | LK_F_PERCPU));
}

static bool is_mentioned(const struct live_before *f, uint64_t lock, uint32_t tid)
{
	size_t i;

	for (i = 0; i < f->nr_mentions; i++)
		if (f->mentions[i].lock == lock && f->mentions[i].tid == tid)
			return true;
	return false;
}

static int note_mention(struct live_before *f, const struct lk_sleeper *s, uint64_t lock)
{
	if (f->nr_mentions >= MENTIONS_MAX || is_mentioned(f, lock, s->tid))
		return 0;
	if (!VEC_ROOM(f->mentions, f->nr_mentions, f->mentions_cap))
		return -ENOMEM;
	f->mentions[f->nr_mentions++] = (struct mention){ lock, s->switches, s->tid };
	return 0;
}

/* What one pass tells of rwsems: whose address a word is, and who waits for which. */
struct addresses {
	struct u64map *lock_of;		/* of a lock, or of the object around it */
	struct u64map *waits_for;	/* by tid */
};

/* Who waits for a lock has it on its stack, and mostly the object that it is a part of. */
static int learn_addresses(const struct addresses *a, const struct lk_sleeper *s, uint64_t lock)
{
	uint32_t k;
	int err = u64map__set(a->lock_of, lock, lock);

	for (k = 0; k < s->nr_words && !err; k++) {
		uint64_t word = lk_sleeper__words(s)[k];

		if (word < lock && lock - word < OBJECT_BYTES && !(word & 7))
			err = u64map__set(a->lock_of, word, lock);
	}
	return err;
}

static int look_for_mentions(struct live_before *f, const struct addresses *a,
			     const struct lk_sleeper *s)
{
	uint64_t own = 0, lock;
	uint32_t k;
	int err = 0;

	u64map__get(a->waits_for, s->tid, &own);
	for (k = 0; k < s->nr_words && !err; k++) {
		uint64_t word = lk_sleeper__words(s)[k];

		/* addresses of the kernel are negative */
		if ((int64_t)word < 0 && u64map__get(a->lock_of, word, &lock) && lock != own)
			err = note_mention(f, s, lock);
	}
	return err;
}

/* An rwsem remembers its readers only as a number: who else has its address? */
static int find_mentions(struct live_before *f)
{
	struct addresses a = { .lock_of = NULL };
	bool any = false;
	uint64_t lock;
	size_t i;
	int err = u64map__new(&a.lock_of, 0) ?: u64map__new(&a.waits_for, 0);

	for (i = f->nr_old; i < f->nr_known && !err; i++) {
		const struct lk_wait *w = &f->known[i].wait;

		if (!is_rwsem(w))
			continue;
		any = true;
		err = u64map__set(a.waits_for, w->tid, w->lock);
	}
	for (i = 0; i < f->nr && any && !err; i++)
		if (u64map__get(a.waits_for, f->sleepers[i]->tid, &lock))
			err = learn_addresses(&a, f->sleepers[i], lock);
	for (i = 0; i < f->nr && any && !err; i++)
		err = look_for_mentions(f, &a, f->sleepers[i]);
	u64map__free(a.lock_of);
	u64map__free(a.waits_for);
	return err;
}

static int by_queue(const void *va, const void *vb)
{
	const struct known *a = va, *b = vb;

	if (a->wait.lock != b->wait.lock)
		return a->wait.lock < b->wait.lock ? -1 : 1;
	return a->place < b->place ? -1 : a->place > b->place;
}

static bool is_queued_before(const struct live_before *f, uint64_t lock)
{
	size_t i;

	for (i = 0; i < f->nr_old; i++)
		if (f->known[i].wait.lock == lock)
			return true;
	return false;
}

/* Who came first matters to readers and writers of one lock (model/graph.c).  Who is
 * ahead in the queue came first; where that is not known of all, no time is told. */
static void order(struct live_before *f)
{
	struct known *k = f->known + f->nr_old;
	size_t nr = f->nr_known - f->nr_old, i;

	if (!nr)
		return;
	qsort(k, nr, sizeof(*k), by_queue);
	for (i = nr - 1; i--;)
		if (k[i].wait.lock == k[i + 1].wait.lock &&
		    k[i].wait.since_ns >= k[i + 1].wait.since_ns)
			k[i].wait.since_ns = k[i + 1].wait.since_ns - 1;
	for (i = 0; i < nr; i++)
		if (k[i].wait.flags & (LK_F_READ | LK_F_WRITE) && !(k[i].wait.flags & LK_F_PERCPU) &&
		    (!k[i].first || is_queued_before(f, k[i].wait.lock)))
			k[i].wait.since_ns = 0;
}

/* Owners are asked for before the pass that shows the waits, or it would have to be made
 * twice to have them together.  Whoever turns out not to be one is dropped again. */
static void ask_owners(const struct live_before *f)
{
	const struct known *k = f->known + f->nr_old;
	size_t nr = f->nr_known - f->nr_old, i;
	uint32_t tid;

	for (i = 0; i < nr; i++) {
		if (i && k[i].wait.lock == k[i - 1].wait.lock)
			continue;
		tid = before__owner(f->search, k[i].wait.lock, k[i].wait.flags);
		if (tid)
			live_asked__add(f->s->asked, tid);
	}
}

static void hand_over(struct live_before *f)
{
	size_t i;

	for (i = f->nr_old; i < f->nr_known; i++)
		if (bpf_map_update_elem(f->found_fd, &f->known[i].task, &f->known[i].wait, BPF_ANY))
			f->s->unasked++;
}

/* Somebody is blocked and waits for nothing we know. */
static bool is_puzzled(const struct live_look *last)
{
	uint32_t i;

	for (i = 0; i < last->pass.nr; i++)
		if (last->pass.tasks[i]->why & LK_WHY_BLOCKED && !last->pass.tasks[i]->wait.lock)
			return true;
	return false;
}

int live_before__search(struct live_before *f, const struct live_look *last)
{
	int tries, err = 0;

	if (f->nr_looks++ % LOOK_ANYWAY && !f->unsure && !is_puzzled(last))
		return 0;
	for (tries = 0; tries < TRIES_AT_ONCE && !err && (!tries || f->unsure); tries++) {
		f->nr_old = f->nr_known;
		err = search_once(f) ?: find_mentions(f);
		f->s->bpf.skel->bss->before_settled = 1;
		order(f);
		ask_owners(f);
		hand_over(f);
	}
	if (f->cap > KEEP_BYTES) {
		free(f->buf);
		f->buf = NULL;
		f->cap = 0;
	}
	return err;
}

/* Another one may have been found for the task since. */
static void take_back(struct live_before *f, const struct known *k)
{
	struct lk_wait wait;

	if (!bpf_map_lookup_elem(f->found_fd, &k->task, &wait) && wait.id == k->wait.id)
		bpf_map_delete_elem(f->found_fd, &k->task);
}

void live_before__forget(struct live_before *f, const struct live_look *look)
{
	const struct lk_task *t;
	size_t i, kept = 0;

	for (i = 0; i < f->nr_known; i++) {
		t = live_look__find(look, f->known[i].wait.tid);
		if (t && t->wait.id == f->known[i].wait.id)
			f->known[kept++] = f->known[i];
		else
			take_back(f, &f->known[i]);
	}
	f->nr_known = kept;
	for (i = kept = 0; i < f->nr_mentions; i++) {
		t = live_look__find(look, f->mentions[i].tid);
		if (!t || t->switches == f->mentions[i].switches)
			f->mentions[kept++] = f->mentions[i];
	}
	f->nr_mentions = kept;
}

uint32_t live_before__mentions(const struct live_before *f, uint64_t lock,
			       const struct live_look *look, uint32_t *tids, uint32_t nr)
{
	uint32_t found = 0;
	size_t i;

	for (i = 0; i < f->nr_mentions && found < nr; i++) {
		const struct mention *m = &f->mentions[i];
		const struct lk_task *t = look ? live_look__find(look, m->tid) : NULL;

		if (m->lock == lock && (!look || (t && !t->on_cpu && t->switches == m->switches)))
			tids[found++] = m->tid;
	}
	return found;
}
