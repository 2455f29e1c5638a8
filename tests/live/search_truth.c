// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * search_truth.c - is what the search finds on stacks what the tracepoints have seen?
 *
 *   search_truth ROUNDS KIND=NR...    until so many rounds are made, and so many waits for
 *                                     locks of each kind compared
 *
 * Two sources in one process, under whatever load there is. The witness traces, as always.
 * The seeker is deaf: its tracepoints are taken off, so that every sleeper is one that
 * slept before it came, and it has to search. A round is a look of the witness, a search
 * and a look of the seeker, and another look of the witness. A wait that both looks of
 * the witness show, its task asleep in it with unmoved switch counts, stood all the time
 * between: the seeker has to have found it, and found nothing else. Each wait is judged
 * once, at the first look that meets it. The other way round, whatever the seeker found
 * has to be a wait that the witness saw stand or end since the search began: tasks that
 * run, exit or wake meanwhile are no waiters. Waits from before the witness came are left out.
 *
 * Prints one JSON line: rounds, waits compared, those not found, by kind, waits told
 * wrong (those that nobody saw among them, invented), and how many were found. Exit 1 when
 * there is a wrong one, each told on stderr; 2 when it cannot compare.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/hash.h"
#include "lib/map.h"
#include "sides.h"
#include "source/live_before.h"

#include "lockscope.skel.h" /* after abi.h: it uses its types */

#define ROUNDS_MAX 100000	/* with too few waits in them: there is no load */
#define SAID_OF_A_WAIT (LK_F_READ | LK_F_WRITE | LK_F_RT | LK_F_PERCPU | LK_F_MUTEX)

enum kind { MUTEX, RWSEM, PERCPU, OTHER, NR };
static const char *const names[NR] = { "mutex", "rwsem", "percpu_rwsem", "other" };

struct tally {
	unsigned long compared[NR], missed[NR], wrong, gone, found, invented;
	struct u64map *judged;	/* by id */
	struct u64map *old;	/* waits from before the witness came: switch counts by thread */
	struct u64map *ended;	/* waits that the witness saw end: when, by thread and lock */
};

/* Waits that the witness shows now, before the seeker's turn. */
struct seen_wait {
	uint32_t tid, flags;
	uint64_t id, switches, lock;
};

static size_t keep_waits(const struct live_look *l, struct seen_wait **list)
{
	size_t nr = 0;
	uint32_t i;

	*list = realloc(*list, (l->nr_waiting + 1) * sizeof(**list));
	if (!*list)
		side__die("no memory", ENOMEM);
	for (i = 0; i < l->nr_waiting; i++)
		if (side__sleeps_in_wait(l->waiting[i]))
			(*list)[nr++] = (struct seen_wait){
				.tid = l->waiting[i]->tid, .flags = l->waiting[i]->wait.flags,
				.id = l->waiting[i]->wait.id, .lock = l->waiting[i]->wait.lock,
				.switches = l->waiting[i]->switches };
	return nr;
}

static bool still_in_it(const struct lk_task *t, const struct seen_wait *w)
{
	return t && side__sleeps_in_wait(t) && t->wait.id == w->id && t->switches == w->switches;
}

static enum kind kind_of(uint32_t flags)
{
	return flags & LK_F_MUTEX ? MUTEX : flags & LK_F_PERCPU ? PERCPU :
	       flags & (LK_F_READ | LK_F_WRITE) ? RWSEM : OTHER;
}

/* A wait that stood: the seeker found it, or nothing, or is wrong. */
static void judge(struct tally *t, const struct seen_wait *w, const struct lk_task *got)
{
	bool found = got && got->wait.lock && got->switches == w->switches;

	t->compared[kind_of(w->flags)]++;
	if (!found) {
		t->missed[kind_of(w->flags)]++;
	} else if (got->wait.lock != w->lock ||
		   (got->wait.flags & SAID_OF_A_WAIT) != (w->flags & SAID_OF_A_WAIT)) {
		t->wrong++;
		fprintf(stderr, "wrong: thread %u waits for %#llx (flags %#x), found %#llx (%#x)\n",
			w->tid, (unsigned long long)w->lock, w->flags & SAID_OF_A_WAIT,
			(unsigned long long)got->wait.lock, got->wait.flags & SAID_OF_A_WAIT);
	}
}

static void compare(struct tally *t, const struct seen_wait *w, size_t nr, const struct side *witness,
		    const struct side *seeker)
{
	size_t i;

	for (i = 0; i < nr; i++) {
		if (u64map__get(t->judged, w[i].id, NULL))
			continue;
		if (!still_in_it(live_look__find(&witness->look, w[i].tid), &w[i])) {
			t->gone++;
			continue;
		}
		judge(t, &w[i], live_look__find(&seeker->look, w[i].tid));
		if (u64map__set(t->judged, w[i].id, 1))
			side__die("no memory", ENOMEM);
	}
}

static uint64_t wait_key(uint32_t tid, uint64_t lock)
{
	return hash__add(hash__add(0, tid), lock);
}

static int note_end(void *ctx, const struct record *rec)
{
	struct tally *t = ctx;

	if (rec->type == REC_WAIT && !rec->wait.spin &&
	    u64map__set(t->ended, wait_key(rec->wait.who.tid, rec->wait.lock.addr),
			(uint64_t)rec->wait.t_ns))
		side__die("no memory", ENOMEM);
	return 0;
}

static bool has_ended_since(const struct tally *t, const struct lk_task *got, int64_t since_ns)
{
	uint64_t end_ns;

	return u64map__get(t->ended, wait_key(got->tid, got->wait.lock), &end_ns) &&
	       (int64_t)end_ns >= since_ns;
}

static bool is_in(const struct seen_wait *w, size_t nr, const struct lk_task *got)
{
	size_t i;

	for (i = 0; i < nr; i++)
		if (w[i].tid == got->tid && w[i].lock == got->wait.lock)
			return true;
	return false;
}

/* What the seeker found and the witness knows nothing of.  since_ns: when it began. */
static void look_for_invented(struct tally *t, const struct seen_wait *w, size_t nr,
			      struct side *witness, const struct side *seeker, int64_t since_ns,
			      bool is_first)
{
	uint64_t switches;
	uint32_t i;
	int err = witness->base->ops->drain(witness->base, note_end, t);

	if (err)
		side__die("cannot drain", err);
	for (i = 0; i < seeker->look.nr_waiting; i++) {
		const struct lk_task *got = seeker->look.waiting[i];
		const struct lk_task *now = live_look__find(&witness->look, got->tid);

		/* A writer that drains its readers passes no tracepoint. */
		if ((got->wait.flags & (LK_F_PERCPU | LK_F_WRITE)) == (LK_F_PERCPU | LK_F_WRITE))
			continue;
		t->found++;
		if (is_in(w, nr, got) || (now && now->wait.lock == got->wait.lock) ||
		    has_ended_since(t, got, since_ns))
			continue;
		if (is_first && u64map__set(t->old, got->tid, got->switches))
			side__die("no memory", ENOMEM);
		if (u64map__get(t->old, got->tid, &switches) && switches == got->switches)
			continue;
		t->wrong++;
		t->invented++;
		fprintf(stderr, "invented: thread %u (%s) waits for %#llx (flags %#x)\n", got->tid,
			got->comm, (unsigned long long)got->wait.lock,
			got->wait.flags & SAID_OF_A_WAIT);
	}
}

static unsigned long sum(const unsigned long nr[NR])
{
	return nr[MUTEX] + nr[RWSEM] + nr[PERCPU] + nr[OTHER];
}

static bool is_enough(const struct tally *t, const unsigned long wanted[NR])
{
	enum kind k;

	for (k = 0; k < NR && t->compared[k] >= wanted[k]; k++)
		;
	return k == NR;
}

static void print_kinds(const char *name, const unsigned long nr[NR])
{
	enum kind k;

	printf(",\"%s\":{", name);
	for (k = 0; k < NR; k++)
		printf("%s\"%s\":%lu", k ? "," : "", names[k], nr[k]);
	printf("}");
}

static void usage(void)
{
	fprintf(stderr, "usage: search_truth ROUNDS KIND=NR...  "
			"KIND: mutex, rwsem, percpu_rwsem, other\n");
	exit(2);
}

static unsigned long number(const char *text)
{
	char *end;
	unsigned long nr = strtoul(text, &end, 10);

	if (*end || !nr)
		usage();
	return nr;
}

static void parse(char **args, unsigned long wanted[NR])
{
	enum kind k;

	for (; *args; args++) {
		for (k = 0; k < NR && (strncmp(*args, names[k], strlen(names[k])) ||
				       (*args)[strlen(names[k])] != '='); k++)
			;
		if (k == NR)
			usage();
		wanted[k] = number(*args + strlen(names[k]) + 1);
	}
}

int main(int argc, char **argv)
{
	unsigned long rounds = argc > 1 ? number(argv[1]) : 1, wanted[NR] = { 0 }, i;
	struct side witness = { 0 }, seeker = { 0 };
	struct seen_wait *list = NULL;
	struct live_before *search;
	/* Time for the load to get on, or all rounds are about the same few waits. */
	const struct timespec pause = { .tv_nsec = 1000000 };
	struct tally t = { 0 };
	/* Somebody is blocked and nothing tells why: it is worth a search each time. */
	struct lk_task blocked = { .why = LK_WHY_BLOCKED };
	const struct lk_task *riddle = &blocked;
	struct live_look before = { .pass = { .tasks = &riddle, .nr = 1 } };
	int64_t began_ns;
	size_t nr;
	int err;

	if (argc < 3)
		usage();
	parse(argv + 2, wanted);
	side__open(&witness, true);
	side__open(&seeker, false);
	side__make_deaf(&seeker);
	err = u64map__new(&t.judged, 0) ?: u64map__new(&t.ended, 0) ?: u64map__new(&t.old, 0) ?:
	      live_before__new(&search, seeker.s);
	for (i = 0; !err && i < ROUNDS_MAX && (i < rounds || !is_enough(&t, wanted)); i++) {
		side__look(&witness);
		nr = keep_waits(&witness.look, &list);
		began_ns = live__t(witness.s, live__now());
		/* As if it had just come: nothing is told apart as old. */
		seeker.s->bpf.skel->bss->before_settled = 0;
		err = live_before__search(search, &before);
		side__look(&seeker);
		side__look(&witness);
		compare(&t, list, nr, &witness, &seeker);
		look_for_invented(&t, list, nr, &witness, &seeker, began_ns, !i);
		live_before__forget(search, &seeker.look);
		nanosleep(&pause, NULL);
	}
	if (err)
		side__die("cannot search", err);
	printf("{\"rounds\":%lu,\"compared\":%lu,\"missed\":%lu,\"wrong\":%lu,\"invented\":%lu,\"found\":%lu,\"gone\":%lu", i,
	       sum(t.compared), sum(t.missed), t.wrong, t.invented, t.found, t.gone);
	print_kinds("compared_by_kind", t.compared);
	print_kinds("missed_by_kind", t.missed);
	printf("}\n");
	live_before__free(search);
	side__close(&witness);
	side__close(&seeker);
	u64map__free(t.judged);
	u64map__free(t.ended);
	u64map__free(t.old);
	free(list);
	return t.wrong ? 1 : i == ROUNDS_MAX ? 2 : 0;
}
