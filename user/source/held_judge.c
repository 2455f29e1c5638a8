// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * held_judge.c - which entries of a lock are holds, and how sure that is.
 *
 * Entries and words are read one after another while the machine runs, so all this is
 * true of a moment only.  What rests on it compares two reads by the holds' ids: an id
 * that is there in both was held all the time between.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "source/held.h"

/* kernel/locking/qrwlock.c: the low byte is 0xff while a writer holds it, bit 8 says
 * that one waits, readers are counted above. */
#define QRW_WRITER 0xffu
#define QRW_READER_SHIFT 9

struct group {
	struct held_entry *e;
	uint32_t nr;
	const struct held_facts *facts;
	const struct lk_word *word;	/* the newest that could be read, or NULL */
	struct held_answer *out;
};

static bool is_meant(const struct group *g, const struct held_entry *e)
{
	return (e->cpu != NULL) == g->facts->spins;
}

static bool is_reader(const struct held_entry *e)
{
	return e->info & LK_HELD_READ;
}

static bool is_missed(const struct held_facts *facts, const struct held_entry *e)
{
	return facts->missed_ns && facts->missed_ns >= e->since_ns;
}

/* Somebody without an entry has released the lock since: maybe this hold. */
static bool is_crossed(const struct held_facts *facts, const struct held_entry *e)
{
	return facts->bucket.crossed_ns && facts->bucket.crossed_ns >= e->since_ns;
}

/* Where nothing counts or names the holder. */
static enum certainty sure_alone(const struct group *g, const struct held_entry *e)
{
	if (is_crossed(g->facts, e))
		return SURE_POSSIBLE;
	return is_missed(g->facts, e) || !e->stood || e->doubt != HELD_TAKEN ? SURE_LIKELY : SURE_CERTAIN;
}

static void believe(struct group *g, struct held_entry *e, enum certainty certainty)
{
	e->is_hold = true;
	e->certainty = certainty;
	g->out->nr_holders++;
}

static bool word_names(const struct lk_word *w, const struct held_entry *e)
{
	return w && e->task && w->says & LK_WORD_OWNER && w->owner == e->task->task;
}

/* The word that was read with the entry says that its task does not hold the lock. */
static bool is_denied(const struct held_entry *e)
{
	const struct lk_word *w = e->word;

	if (!w || !(w->says & LK_WORD_READ) || e->doubt != HELD_TAKEN || !e->stood)
		return false;
	if (is_reader(e))
		return w->says & LK_WORD_COUNT && !w->nr_readers;
	if (w->says & LK_WORD_WRITER && !(w->says & LK_WORD_OWNER))
		return false; /* between the stores of count and owner */
	return !word_names(w, e);
}

/* Mutexes of all sorts and the writer of a rwsem: the word says who. */
static void judge_named(struct group *g)
{
	uint32_t i;

	for (i = 0; i < g->nr; i++) {
		struct held_entry *e = &g->e[i];

		if (!is_meant(g, e) || is_reader(e))
			continue;
		/* The oldest: a second one is a task that waits for itself. */
		if (!g->out->nr_holders && word_names(g->word, e))
			believe(g, e, SURE_CERTAIN);
		else
			e->is_stale = is_denied(e);
	}
	if (g->out->nr_holders)
		snprintf(g->out->evidence, sizeof(g->out->evidence), "owner word of 0x%" PRIx64,
			 (uint64_t)g->e->lock);
}

/* Exclusive holders where no word names them. */
static void judge_unnamed(struct group *g)
{
	uint32_t i, nr = 0;

	for (i = 0; i < g->nr; i++)
		nr += is_meant(g, &g->e[i]) && !is_reader(&g->e[i]) &&
		      g->e[i].doubt != HELD_AWAITED;
	for (i = 0; i < g->nr; i++) {
		struct held_entry *e = &g->e[i];

		if (is_meant(g, e) && !is_reader(e) && e->doubt != HELD_AWAITED)
			believe(g, e, nr > 1 || e->unsure ? SURE_POSSIBLE : sure_alone(g, e));
	}
	g->out->complete = nr == 1;
	for (i = 0; i < g->nr; i++)
		if (g->e[i].is_hold && g->e[i].certainty != SURE_CERTAIN)
			g->out->complete = false;
}

static uint32_t count_readers(const struct group *g, enum held_doubt doubt)
{
	uint32_t i, nr = 0;

	for (i = 0; i < g->nr; i++)
		nr += is_meant(g, &g->e[i]) && is_reader(&g->e[i]) && g->e[i].doubt == doubt;
	return nr;
}

static enum certainty sure_reader(const struct group *g, const struct held_entry *e,
				  int32_t counted, uint32_t nr)
{
	if (e->unsure || (counted >= 0 && (uint32_t)counted < nr))
		return SURE_POSSIBLE;
	/* A count that fits proves nothing more: one take and one give missed fit too. */
	return sure_alone(g, e);
}

static void tell_readers(struct group *g, int32_t counted, uint32_t nr)
{
	char *to = g->out->evidence;
	size_t size = sizeof(g->out->evidence);
	uint64_t lock = g->e->lock;

	if (!nr && counted <= 0)
		return;
	if (counted < 0)
		snprintf(to, size, "0x%" PRIx64 " counts no readers; %u known by held stacks", lock,
			 nr);
	else if ((uint32_t)counted == nr)
		snprintf(to, size, "reader count of 0x%" PRIx64 " (%d) is that of the held stacks",
			 lock, counted);
	else if ((uint32_t)counted > nr)
		snprintf(to, size,
			 "0x%" PRIx64 " counts %d readers, %u of them known by held stacks", lock,
			 counted, nr);
	else
		snprintf(to, size, "0x%" PRIx64 " counts %d reader%s, but held stacks have %u",
			 lock, counted, counted == 1 ? "" : "s", nr);
}

static void mark_stale_readers(struct group *g)
{
	uint32_t i;

	for (i = 0; i < g->nr; i++)
		if (is_meant(g, &g->e[i]) && is_reader(&g->e[i]))
			g->e[i].is_stale = is_denied(&g->e[i]);
}

/* counted: what the word says; -1: nothing. */
static void judge_readers(struct group *g, int32_t counted)
{
	uint32_t taken = count_readers(g, HELD_TAKEN), coming = count_readers(g, HELD_COMING);
	/* If all are counted, those that were on their way have arrived. */
	bool with_coming = counted < 0 || (uint32_t)counted >= taken + coming;
	uint32_t i, nr = taken + (with_coming ? coming : 0);
	bool clean = true;

	mark_stale_readers(g);
	g->out->nr_readers = counted;
	for (i = 0; i < g->nr; i++) {
		struct held_entry *e = &g->e[i];

		if (!is_meant(g, e) || !is_reader(e) || e->doubt == HELD_AWAITED)
			continue;
		if (!counted || (e->doubt == HELD_COMING && !with_coming))
			continue;
		believe(g, e, sure_reader(g, e, counted, nr));
		clean &= e->certainty == SURE_CERTAIN;
	}
	if (counted > 0 && (uint32_t)counted > nr)
		g->out->nr_unknown = (uint32_t)counted - nr;
	g->out->complete = counted >= 0 && (uint32_t)counted == nr && clean;
	tell_readers(g, counted, g->out->nr_holders);
}

static int32_t counted_readers(const struct group *g)
{
	/* The sum over CPUs is not read in one moment. */
	return g->word && g->word->says & LK_WORD_COUNT && g->word->nr_readers >= 0 ?
		       g->word->nr_readers : -1;
}

static void judge_rwsem(struct group *g)
{
	if (!g->word) {
		judge_unnamed(g);
		if (!g->out->nr_holders)
			judge_readers(g, -1);
		return;
	}
	judge_named(g);
	g->out->verified = true;
	g->out->nr_readers = counted_readers(g);
	g->out->complete = g->out->nr_holders > 0;
	if (!g->out->nr_holders)
		judge_readers(g, counted_readers(g));
	else
		mark_stale_readers(g);
}

static void judge_mutex(struct group *g)
{
	if (!g->word) {
		judge_unnamed(g);
		return;
	}
	judge_named(g);
	g->out->complete = g->out->verified = true;
}

static void judge_percpu_rwsem(struct group *g)
{
	int32_t counted = counted_readers(g);

	judge_unnamed(g);
	if (!g->out->nr_holders) {
		judge_readers(g, counted);
		g->out->verified = counted >= 0;
		return;
	}
	mark_stale_readers(g);
	snprintf(g->out->evidence, sizeof(g->out->evidence),
		 "percpu_rwsem 0x%" PRIx64 " names no holder; the held stack of its writer does",
		 (uint64_t)g->e->lock);
}

/* A semaphore's initial count is stored nowhere.  What it had free when one of the
 * holders came, and the holders of then, are places it must have. */
static uint32_t places_seen(const struct group *g, uint32_t free_now, uint32_t nr)
{
	uint32_t places = free_now + nr, before = 0, i;

	for (i = 0; i < g->nr; i++) {
		if (!g->e[i].is_hold)
			continue;
		if (g->e[i].free + before > places)
			places = g->e[i].free + before;
		before++;
	}
	return places;
}

/* Counts are of use only if nobody else can have come or gone. */
static bool are_all_known(const struct group *g)
{
	bool known = g->word && !g->facts->bucket.leaked_ns;
	uint32_t i;

	for (i = 0; i < g->nr; i++) {
		const struct held_entry *e = &g->e[i];

		if (!is_meant(g, e) || e->doubt == HELD_AWAITED)
			continue;
		known &= e->stood && e->doubt == HELD_TAKEN && !is_crossed(g->facts, e) &&
			 !is_missed(g->facts, e);
	}
	return known;
}

static void judge_semaphore(struct group *g)
{
	uint32_t free_now = counted_readers(g) > 0 ? (uint32_t)g->word->nr_readers : 0, i, places;

	for (i = 0; i < g->nr; i++)
		if (is_meant(g, &g->e[i]) && g->e[i].doubt == HELD_TAKEN)
			believe(g, &g->e[i], is_crossed(g->facts, &g->e[i]) ? SURE_POSSIBLE : SURE_LIKELY);
	if (!g->out->nr_holders)
		return;
	places = places_seen(g, free_now, g->out->nr_holders);
	if (places < g->facts->places)
		places = g->facts->places;
	g->out->places = places;
	g->out->nr_unknown = places - free_now - g->out->nr_holders;
	g->out->complete = places == g->out->nr_holders && are_all_known(g);
	snprintf(g->out->evidence, sizeof(g->out->evidence),
		 "held stacks have %u of the %u place%s seen in semaphore 0x%" PRIx64
		 "; how many it began with is stored nowhere",
		 g->out->nr_holders, places, places == 1 ? "" : "s", (uint64_t)g->e->lock);
}

/* What the newest look at a spinning lock showed; false: nobody could read it. */
static bool spin_word(const struct group *g, uint32_t *word)
{
	uint64_t newest_ns = 0;
	uint32_t i;

	for (i = 0; i < g->nr; i++) {
		if (!is_meant(g, &g->e[i]) || !g->e[i].spin_readable || g->e[i].t_ns < newest_ns)
			continue;
		newest_ns = g->e[i].t_ns;
		*word = g->e[i].spin_word;
	}
	return newest_ns != 0;
}

static void judge_spinning(struct group *g)
{
	bool shared = g->facts->kind == KIND_RWLOCK;
	uint32_t word;

	if (!spin_word(g, &word))
		return;
	if (!word) {
		/* Nobody holds it, whatever the entries say. */
		g->out->complete = g->out->verified = true;
		return;
	}
	if (shared && (word & QRW_WRITER) != QRW_WRITER) {
		g->out->verified = true;
		judge_readers(g, (int32_t)(word >> QRW_READER_SHIFT));
		return;
	}
	judge_unnamed(g);
	if (g->out->nr_holders)
		snprintf(g->out->evidence, sizeof(g->out->evidence),
			 "%s 0x%" PRIx64 " is locked; held stack of its CPU",
			 kind__name(g->facts->kind), (uint64_t)g->e->lock);
}

static const struct lk_word *newest_word(const struct group *g)
{
	const struct lk_word *word = g->facts->word;
	uint64_t newest_ns = g->facts->word_t_ns;
	uint32_t i;

	if (word && !(word->says & LK_WORD_READ))
		word = NULL;
	for (i = 0; i < g->nr; i++) {
		const struct held_entry *e = &g->e[i];

		if (!e->word || !(e->word->says & LK_WORD_READ) || (word && e->t_ns < newest_ns))
			continue;
		word = e->word;
		newest_ns = e->t_ns;
	}
	return word;
}

void held__judge(struct held_entry *e, uint32_t nr, const struct held_facts *facts,
		 struct held_answer *out)
{
	struct group g = { .e = e, .nr = nr, .facts = facts, .out = out };
	uint32_t i;

	memset(out, 0, sizeof(*out));
	out->nr_readers = -1;
	for (i = 0; i < nr; i++)
		e[i].is_hold = e[i].is_stale = false;
	if (!nr)
		return;
	g.word = newest_word(&g);
	if (facts->spins)
		judge_spinning(&g);
	else if (facts->kind == KIND_RWSEM)
		judge_rwsem(&g);
	else if (facts->kind == KIND_SEMAPHORE)
		judge_semaphore(&g);
	else if (facts->kind == KIND_PERCPU_RWSEM)
		judge_percpu_rwsem(&g);
	else if (facts->kind == KIND_RWLOCK) /* PREEMPT_RT: its waiters sleep */
		judge_rwsem(&g);
	else
		judge_mutex(&g);
}

bool held__may_be_given(const struct held_entry *e, const struct held_facts *facts)
{
	return e->certainty != SURE_CERTAIN && (is_missed(facts, e) || is_crossed(facts, e));
}
