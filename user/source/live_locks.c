// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "source/live_locks.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/map.h"
#include "source/live_before.h"
#include "source/live_spinners.h"

/* Of 32-bit x86 and ARM programs. */
#define COMPAT_FUTEX 240
#define COMPAT_FUTEX_TIME64 422

/* Holds at least so old are shown also when nobody waits for them. */
#define OLD_NS 100000000ULL

/* What the newest looks at a lock say of it. */
struct look_lock {
	struct rec_lock_state state;
	struct rec_holder by_word[1 + LIVE_MENTIONS];	/* and by what lies on stacks */
	char evidence[256];
};

struct live_locks {
	struct source_live *s;
	const struct live_before *before;
	const struct live_spinners *spinners;
	const struct live_look *look;
	struct held_seen seen;
	/* of semaphores: how many places each was seen to have, as long as it is held or waited for */
	struct u64map *places, *places_before;
	struct look_lock *list;		/* by address */
	struct rec_holder *holders;	/* of held entries, in the order of the list */
	struct rec_frame *sites;	/* of each */
	struct u64map *holding;		/* keys of tasks that are one of the holders */
	uint32_t nr, nr_holders, cap, holders_cap;
};

/* All that one look shows of one lock. */
struct group {
	const struct lk_task **waiting;	/* newest look last */
	struct held_entry *entries;
	uint32_t nr_waiting, nr_entries;
	const struct rec_stack *stack;	/* of one of the waits; NULL: not walked */
	uint64_t lock;
	enum lock_kind kind;
	bool spins;
	bool drained;	/* a writer waits for its readers, as its held entry says */
	bool unproven;	/* one of its waits may be over: see live_stale.c */
	bool of_program;	/* its owner is whom a program named in a PI futex */
	bool untold;	/* nothing tells whether one of its waits has a timeout */
};

int live_locks__new(struct live_locks **out, struct source_live *s,
		    const struct live_before *before, const struct live_spinners *spinners)
{
	struct live_locks *l = calloc(1, sizeof(*l));

	*out = l;
	if (!l)
		return -ENOMEM;
	l->s = s;
	l->before = before;
	l->spinners = spinners;
	return held_seen__new(&l->seen) ?: u64map__new(&l->holding, 0) ?:
	       u64map__new(&l->places, 0) ?: u64map__new(&l->places_before, 0);
}

void live_locks__free(struct live_locks *l)
{
	if (!l)
		return;
	held_seen__free(&l->seen);
	u64map__free(l->holding);
	u64map__free(l->places);
	u64map__free(l->places_before);
	free(l->list);
	free(l->holders);
	free(l->sites);
	free(l);
}

static int reserve(struct live_locks *l, uint32_t nr_locks, uint32_t nr_holders)
{
	void *p;

	if (nr_locks > l->cap) {
		p = realloc(l->list, (nr_locks + 64) * sizeof(*l->list));
		if (!p)
			return -ENOMEM;
		l->list = p;
		l->cap = nr_locks + 64;
	}
	if (nr_holders <= l->holders_cap)
		return 0;
	p = realloc(l->holders, (nr_holders + 64) * sizeof(*l->holders));
	if (!p)
		return -ENOMEM;
	l->holders = p;
	p = realloc(l->sites, (nr_holders + 64) * sizeof(*l->sites));
	if (!p)
		return -ENOMEM;
	l->sites = p;
	l->holders_cap = nr_holders + 64;
	return 0;
}

/* An idle task is one of its CPU. */
static uint64_t holder_key(uint32_t tid, int32_t cpu)
{
	return tid ? tid : 1ULL << 32 | (uint32_t)cpu;
}

/* The rt_mutex of a PI futex is made for the first who waits, and given to the thread whose
 * number the word has, whatever that has done: attach_to_pi_owner(), kernel/futex/pi.c. */
static bool is_in_futex(const struct lk_task *t)
{
	if (t->compat)
		return t->syscall == COMPAT_FUTEX || t->syscall == COMPAT_FUTEX_TIME64;
	return t->syscall == SYS_futex;
}

/* The holder a lock word names, if it names one that is really there. */
static void fill_named(struct live_locks *l, const struct group *g, const struct lk_task *t,
		       struct look_lock *out)
{
	const struct lk_task *owner = live_look__find(l->look, t->word.owner_tid);
	bool is_self = t->word.owner_pid == (uint32_t)getpid();
	bool reader = !(t->word.says & LK_WORD_OWNER);

	if (owner && (owner->task != t->word.owner || owner->start_ns != t->word.owner_start_ns))
		owner = NULL;
	if (!owner && (lk_task__wait_age_ns(t) >= LK_YOUNG_NS || is_self)) {
		out->state.complete = false;
		snprintf(out->evidence, sizeof(out->evidence),
			 "owner word of 0x%" PRIx64 " names %s", g->lock,
			 is_self ? "lockscope itself" : "a task that is gone");
		return;
	}
	out->by_word[0] = (struct rec_holder){
		.tid = t->word.owner_tid, .start_ns = t->word.owner_start_ns,
		.since_ns = LK_NO_TIME, .mode = live_kind__mode(t->wait.flags), .cpu = -1,
		.certainty = owner && !g->unproven && !g->of_program ? SURE_CERTAIN : SURE_LIKELY,
	};
	out->state.holders = out->by_word;
	out->state.nr_holders = 1;
	if (t->word.says & LK_WORD_COUNT)
		out->by_word[0].mode = reader ? MODE_READ : MODE_WRITE;
	if (!reader) {
		snprintf(out->evidence, sizeof(out->evidence), "owner word of 0x%" PRIx64 "%s", g->lock,
			 g->of_program ? ", whom a program named in a PI futex" : "");
		return;
	}
	/* Only the last reader to come; it may have left before others. */
	out->by_word[0].certainty = t->word.nr_readers == 1 ? SURE_LIKELY : SURE_POSSIBLE;
	out->state.complete = false;
	snprintf(out->evidence, sizeof(out->evidence),
		 "0x%" PRIx64 " is held by %d reader%s; its word remembers only the last", g->lock,
		 t->word.nr_readers, t->word.nr_readers == 1 ? "" : "s");
}

/* A word that names nobody. */
static void tell_unnamed(const struct group *g, const struct lk_word *w, struct look_lock *out)
{
	char *to = out->evidence;
	size_t size = sizeof(out->evidence);

	if (g->kind == KIND_SEMAPHORE && w->says & LK_WORD_READ)
		snprintf(to, size, "semaphore 0x%" PRIx64 " names no holder; count %d", g->lock,
			 w->nr_readers);
	else if (g->kind == KIND_PERCPU_RWSEM && w->says & LK_WORD_COUNT)
		snprintf(to, size,
			 "percpu_rwsem 0x%" PRIx64 " names no holder; it counts %d readers",
			 g->lock, w->nr_readers);
	else if (out->state.verified && w->says & LK_WORD_PICKUP)
		snprintf(to, size, "0x%" PRIx64 " was handed to a waiter that has not run yet",
			 g->lock);
	else if (!out->state.verified)
		snprintf(to, size, "a %s does not name its holders", kind__name(g->kind));
}

/* Readers leave no name but the last one's.  Who has the lock or its object on the stack, and
 * sleeps for something else, may be one; or that is left over from an earlier call. */
static void add_mentions(struct live_locks *l, const struct group *g, struct look_lock *out)
{
	uint32_t tids[LIVE_MENTIONS], nr, i;
	size_t at;

	nr = live_before__mentions(l->before, g->lock, l->look, tids, LIVE_MENTIONS);
	out->state.holders = out->by_word;
	for (i = 0; i < nr; i++) {
		if (out->state.nr_holders && out->by_word[0].tid == tids[i])
			continue;
		at = strlen(out->evidence);
		snprintf(out->evidence + at, sizeof(out->evidence) - at,
			 "; %u has it, or its object, on its stack: it may read it", tids[i]);
		out->by_word[out->state.nr_holders++] = (struct rec_holder){
			.tid = tids[i], .start_ns = live_look__find(l->look, tids[i])->start_ns,
			.since_ns = LK_NO_TIME, .mode = MODE_READ, .cpu = -1,
			.certainty = SURE_POSSIBLE,
		};
	}
}

/* What the newest waiter's look at the word says. */
static void fill_by_word(struct live_locks *l, const struct group *g, struct look_lock *out)
{
	const struct lk_task *t = g->waiting[g->nr_waiting - 1];
	const struct lk_word *w = &t->word;
	bool word = w->says & LK_WORD_READ;
	bool names = w->owner_tid && w->says & (LK_WORD_OWNER | LK_WORD_READER);

	if (word && (g->kind == KIND_RWSEM || g->kind == KIND_PERCPU_RWSEM))
		out->state.nr_readers = w->nr_readers;
	out->state.verified = word && g->kind != KIND_SEMAPHORE && g->kind != KIND_PERCPU_RWSEM;
	/* A mutex that was handed over, or is free, has no holder: that is complete. */
	out->state.complete = out->state.verified &&
			      (names || w->says & (LK_WORD_PICKUP | LK_WORD_FREE));
	if (g->kind == KIND_PERCPU_RWSEM && word && w->nr_readers > 0)
		out->state.nr_unknown = (uint32_t)w->nr_readers;
	if (names)
		fill_named(l, g, t, out);
	else
		tell_unnamed(g, w, out);
	if (g->kind == KIND_RWSEM && w->says & LK_WORD_COUNT && !(w->says & LK_WORD_WRITER) &&
	    w->nr_readers > 0)
		add_mentions(l, g, out);
}

/* Nothing says who holds a spinning lock; where another CPU that spins has it to give
 * back, as its stack suggests, that is a hint.  The address may as well be left over from
 * a hold that is over, so it is no ground for a deadlock. */
static bool fill_by_spinner(struct live_locks *l, const struct group *g, struct look_lock *out)
{
	const struct lk_task *t;
	struct spinner_hint hint;
	char below[40] = "the address of";

	if (!live_spinners__holder(l->spinners, g->lock, &hint, &t))
		return false;
	out->by_word[0] = (struct rec_holder){
		.tid = t->tid, .start_ns = t->start_ns, .since_ns = LK_NO_TIME,
		.mode = g->kind == KIND_RWLOCK ? MODE_WRITE : MODE_EXCLUSIVE,
		.certainty = SURE_POSSIBLE,
		.cpu = (int32_t)hint.cpu, .spin = true,
	};
	out->state.holders = out->by_word;
	out->state.nr_holders = 1;
	if (hint.below)
		snprintf(below, sizeof(below), "an address %u bytes below", hint.below);
	snprintf(out->evidence, sizeof(out->evidence),
		 "%s 0x%" PRIx64 " lies on the stack of %u, which spins on CPU %u: it may hold it",
		 below, g->lock, t->tid, hint.cpu);
	return true;
}

static void add_holder(struct live_locks *l, const struct group *g, const struct held_entry *e,
		       bool returned)
{
	struct rec_holder *h = &l->holders[l->nr_holders];
	struct rec_frame *site = &l->sites[l->nr_holders++];

	*h = (struct rec_holder){
		.tid = e->tid, .start_ns = e->task ? e->task->start_ns : 0,
		.mode = e->info & LK_HELD_READ ? MODE_READ :
			e->info & LK_HELD_WRITE ? MODE_WRITE : MODE_EXCLUSIVE,
		.certainty = e->certainty, .since_ns = live__t(l->s, e->since_ns),
		.id = (uint64_t)e->tid << 32 | (uint32_t)e->id,
		.cpu = e->cpu ? (int32_t)e->cpu->cpu : -1,
		.context = e->in_irq ? CONTEXT_HARDIRQ : CONTEXT_TASK, .spin = e->cpu != NULL,
		.returned = returned,
	};
	if (g->unproven && h->certainty == SURE_CERTAIN)
		h->certainty = SURE_LIKELY;
	if (e->site) {
		symbols__refresh(l->s->symbols, live__now());
		symbols__code(l->s->symbols, e->site, site);
		h->site = site;
	}
	/* Without memory for it the task is shown only if it waits. */
	u64map__set(l->holding, holder_key(e->tid, h->cpu), 1);
}

static void fill_by_entries(struct live_locks *l, const struct group *g,
			    const struct held_answer *a, const bool *returned,
			    struct look_lock *out)
{
	uint32_t i;

	/* With holders that are not all known it makes no deadlock. */
	out->state.complete = a->complete && !g->untold;
	out->state.verified = a->verified;
	out->state.nr_readers = a->nr_readers;
	out->state.nr_unknown = a->nr_unknown;
	out->state.holders = &l->holders[l->nr_holders];
	out->state.nr_holders = a->nr_holders;
	for (i = 0; i < g->nr_entries; i++)
		if (g->entries[i].is_hold)
			add_holder(l, g, &g->entries[i], returned[i]);
	if (g->nr_waiting || g->drained)
		snprintf(out->evidence, sizeof(out->evidence), "%s", a->evidence);
}

static void fill_name(struct live_locks *l, const struct group *g, struct look_lock *out)
{
	const struct rec_lock_name *name = live_names__get(l->s->names, &out->state.lock, g->stack);

	if (!name)
		return;
	out->state.name = name->name;
	out->state.name_source = name->source;
	out->state.name_guess = name->guess;
	out->state.object = name->object;
}

/* A semaphore's wait with a timeout ends by itself.  Where no stack shows which function
 * waits, its entry does: down() alone is hooked before it waits.  A found wait was by that
 * function. */
static bool tells_timeout(const struct lk_task *t, const struct rec_stack *stack)
{
	const struct lk_held *e = t->nr_held ? &lk_task__holds(t)[t->nr_held - 1].held : NULL;

	return t->wait.flags & LK_F_FOUND || live_kind__tells_timeout(t->state, stack) ||
	       (e && e->lock == t->wait.lock && !e->free &&
		!(e->info & (LK_HELD_TRY | LK_HELD_WANTED)));
}

/* The kind of any waiter's stack serves all: only some stacks tell a ww_mutex from a
 * mutex.  An entry has it from the function that took the lock. */
static void find_kind(struct live_locks *l, struct group *g)
{
	uint32_t i, id;

	for (i = 0; i < g->nr_waiting; i++) {
		const struct lk_task *t = g->waiting[i];
		const struct rec_stack *stack;
		enum lock_kind kind;

		id = live_stacks__by_key(l->s->stacks, t->wait.stack, NULL, NULL, NULL);
		stack = live_stacks__get(l->s->stacks, id);
		kind = live_kind__of(t->wait.flags, stack);
		if (!g->stack)
			g->stack = stack;
		if (g->kind == KIND_UNKNOWN || kind == KIND_WW_MUTEX)
			g->kind = kind;
		g->unproven |= live_stale__is_unproven(l->s, t);
		g->of_program |= kind == KIND_RT_MUTEX && is_in_futex(t);
		g->untold |= kind == KIND_SEMAPHORE && !tells_timeout(t, stack);
	}
	g->spins = !g->nr_waiting || live_kind__spins(g->waiting[g->nr_waiting - 1]->wait.flags);
	for (i = 0; i < g->nr_entries; i++)
		g->spins &= g->entries[i].cpu != NULL;
	for (i = 0; i < g->nr_entries; i++) {
		const struct held_entry *e = &g->entries[i];
		struct rec_lock lock;
		enum lock_mode mode;
		bool spin;

		if ((e->cpu != NULL) != g->spins)
			continue;
		live_kind__held(e->info, e->lock, &lock, &mode, &spin);
		if (g->kind != KIND_WW_MUTEX)
			g->kind = lock.kind;
		g->drained |= e->task && held__drains(e->task) &&
			      held__drains(e->task)->held.id == e->id;
	}
}

static bool is_old(const struct live_locks *l, const struct held_entry *e)
{
	uint64_t old_ns = e->cpu ? l->s->cfg.thresholds.long_spin_ns :
				   l->s->cfg.thresholds.long_hold_ns;

	if (old_ns > OLD_NS)
		old_ns = OLD_NS;
	return e->is_hold && e->t_ns >= e->since_ns + old_ns;
}

/* Since when nobody can have taken or given the lock; UINT64_MAX: not known.
 * A semaphore hands each place that is given to the first in its queue (up() in
 * kernel/locking/semaphore.c), and has none to take while somebody waits.  So since the
 * oldest of those that wait began, only one that stood before them can have come to a
 * place: that of a holder whose give was seen, which then is missing among the places that
 * earlier reads have seen, or was missed as well. */
static uint64_t settled_ns(const struct group *g)
{
	uint64_t oldest_ns = UINT64_MAX;
	uint32_t i;

	if (g->kind != KIND_SEMAPHORE || g->unproven)
		return UINT64_MAX;
	for (i = 0; i < g->nr_waiting; i++) {
		const struct lk_wait *w = &g->waiting[i]->wait;

		if (!(w->flags & LK_F_FOUND) && w->since_ns < oldest_ns)
			oldest_ns = w->since_ns;
	}
	return oldest_ns;
}

/* Judges the entries; true when one of them is worth showing by itself.  returned: one
 * for each entry. */
static bool judge(struct live_locks *l, const struct group *g, struct held_answer *a,
		  bool *returned)
{
	struct held_facts facts = { .kind = g->kind, .spins = g->spins };
	bool any_old = false, stale_again;
	uint64_t places;
	uint32_t i;

	if (g->nr_waiting) {
		facts.word = &g->waiting[g->nr_waiting - 1]->word;
		facts.word_t_ns = g->waiting[g->nr_waiting - 1]->t_ns;
	}
	/* What is known of misses is of sleeping locks; the others heal in the kernel. */
	if (!g->spins) {
		facts.missed_ns = held_missed__last(&l->s->missed[g->kind], settled_ns(g));
		facts.bucket = live_bpf__bucket(&l->s->bpf, g->lock);
	}
	if (g->kind == KIND_SEMAPHORE && u64map__get(l->places_before, g->lock, &places))
		facts.places = (uint32_t)places;
	held__judge(g->entries, g->nr_entries, &facts, a);
	if (a->places < facts.places)
		a->places = facts.places;
	/* Without memory for it a later read knows fewer of them. */
	if (a->places)
		u64map__set(l->places, g->lock, a->places);
	for (i = 0; i < g->nr_entries; i++) {
		struct held_entry *e = &g->entries[i];

		returned[i] = false;
		any_old |= is_old(l, e);
		if (e->cpu) {
			/* Who holds it is known; since when, perhaps not. */
			if (e->is_hold && e->certainty == SURE_CERTAIN &&
			    live__missed_since(l->s, e->info, e->since_ns))
				e->certainty = SURE_LIKELY;
			continue;
		}
		held_seen__note(&l->seen, e, &stale_again, &returned[i]);
		if (returned[i] && held__may_be_given(e, &facts)) {
			returned[i] = false;
			e->certainty = SURE_POSSIBLE;
		}
		if (stale_again)
			live_bpf__drop_held(&l->s->bpf, e->task->task, e->tid, (uint32_t)e->id);
	}
	return any_old;
}

static int add_group(struct live_locks *l, struct group *g)
{
	struct look_lock *out = &l->list[l->nr];
	bool *returned = calloc(g->nr_entries + 1, sizeof(*returned)), any_old;
	struct held_answer answer;

	if (!returned)
		return -ENOMEM;
	find_kind(l, g);
	any_old = judge(l, g, &answer, returned);
	if (!g->nr_waiting && !g->drained && !any_old) {
		free(returned);
		return 0;
	}
	memset(out, 0, sizeof(*out));
	rec_lock__set_addr(&out->state.lock, g->lock, g->kind);
	out->state.rule = g->kind == KIND_SEMAPHORE ? RULE_OR : RULE_AND;
	out->state.nr_readers = -1;
	if (answer.nr_holders || !g->nr_waiting)
		fill_by_entries(l, g, &answer, returned, out);
	else if (!g->spins || !fill_by_spinner(l, g, out))
		fill_by_word(l, g, out);
	if (out->evidence[0])
		out->state.evidence = out->evidence;
	fill_name(l, g, out);
	l->nr++;
	free(returned);
	return 0;
}

int live_locks__collect(struct live_locks *l, const struct live_look *look)
{
	uint32_t w = 0, e = 0, nr_entries = (uint32_t)look->held.nr;
	int err = reserve(l, look->nr_waiting + nr_entries, nr_entries);
	struct u64map *swap;

	l->look = look;
	l->nr = l->nr_holders = 0;
	u64map__clear(l->holding);
	held_seen__next_read(&l->seen);
	swap = l->places;
	l->places = l->places_before;
	l->places_before = swap;
	u64map__clear(l->places);
	live__note_missed(l->s);
	/* Both are sorted by lock. */
	while ((w < look->nr_waiting || e < nr_entries) && !err) {
		uint64_t waited = w < look->nr_waiting ? look->waiting[w]->wait.lock : UINT64_MAX;
		uint64_t held = e < nr_entries ? look->held.list[e].lock : UINT64_MAX;
		struct group g = { .waiting = &look->waiting[w] };

		g.lock = waited < held ? waited : held;
		g.entries = nr_entries ? &look->held.list[e] : NULL;
		while (w < look->nr_waiting && look->waiting[w]->wait.lock == g.lock)
			g.nr_waiting++, w++;
		while (e < nr_entries && look->held.list[e].lock == g.lock)
			g.nr_entries++, e++;
		err = add_group(l, &g);
	}
	return err;
}

uint32_t live_locks__nr(const struct live_locks *l)
{
	return l->nr;
}

const struct rec_lock_state *live_locks__at(const struct live_locks *l, uint32_t i)
{
	return &l->list[i].state;
}

const struct rec_lock_state *live_locks__find(const struct live_locks *l, uint64_t addr)
{
	uint32_t lo = 0, hi = l->nr;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (l->list[mid].state.lock.addr < addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < l->nr && l->list[lo].state.lock.addr == addr ? &l->list[lo].state : NULL;
}

bool live_locks__has_holder(const struct live_locks *l, const struct lk_task *t)
{
	return u64map__get(l->holding, holder_key(t->tid, (int32_t)t->cpu), NULL);
}
