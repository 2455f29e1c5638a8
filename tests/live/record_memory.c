// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * record_memory.c - the memory that the search for earlier waits looks at, and what it
 * should find there, for its unit tests (tests/unit/test_before_memory.c).
 *
 *   record_memory NR [SECONDS]    once the tracepoints show NR tasks that sleep for a
 *                                 lock, or after SECONDS (60) as many as there are
 *
 * Prints one thing a line, all numbers in hex:
 *   layout WORD...                struct lk_layout, 4 bytes each
 *   func NAME FROM TO             a function of the kernel that waits
 *   sleeper TID TASK STATE SP MUTEX BLOCKER RT_LOCK WORD...   as in struct lk_sleeper
 *   memory ADDR BYTES|-           what was read there; -: nothing could be
 *   wait TID LOCK FLAGS           what the tracepoints say the thread waits for
 * Sleepers without a wait sleep for something else.  Exit 1 when the search does not say
 * what the tracepoints do, 2 when there is nothing to record.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/hash.h"
#include "lib/map.h"
#include "sides.h"
#include "source/before_int.h"

#include "lockscope.skel.h" /* after abi.h: it uses its types */

#define OTHERS 8	/* sleepers that wait for no lock */
#define SAID (LK_F_READ | LK_F_WRITE | LK_F_RT | LK_F_PERCPU | LK_F_MUTEX)

struct recorder {
	struct side witness, seeker;
	struct before_funcs funcs;
	struct u64map *told;	/* memory that was printed, by address and length */
	const struct lk_sleeper **list;
	uint32_t nr;
};

static void print_bytes(const void *bytes, size_t len)
{
	const unsigned char *b = bytes;

	while (len--)
		printf("%02x", *b++);
}

static bool peek(void *ctx, uint64_t addr, void *to, size_t len)
{
	struct recorder *r = ctx;
	bool good = live_bpf__peek(&r->seeker.s->bpf, addr, to, len);
	uint64_t key = hash__add(hash__add(0, addr), len);

	if (u64map__get(r->told, key, NULL))
		return good;
	u64map__set(r->told, key, 1);
	printf("memory %" PRIx64 " ", addr);
	if (good)
		print_bytes(to, len);
	else
		printf("-");
	printf("\n");
	return good;
}

static const struct lk_task *wait_of(const struct recorder *r, uint32_t tid)
{
	const struct lk_task *t = live_look__find(&r->witness.look, tid);

	return t && side__sleeps_in_wait(t) ? t : NULL;
}

static uint32_t nr_waits(const struct recorder *r)
{
	uint32_t i, nr = 0;

	for (i = 0; i < r->witness.look.nr_waiting; i++)
		nr += side__sleeps_in_wait(r->witness.look.waiting[i]);
	return nr;
}

/* The waiters, and some others, as the seeker's pass has them. */
static void read_sleepers(struct recorder *r)
{
	const struct live_bpf *b = &r->seeker.s->bpf;
	size_t len = 0, cap = 0, at;
	uint32_t others = 0;
	char *buf = NULL;
	int err;

	b->skel->bss->before_settled = 0;
	err = live_pass__read(b->before_link_fd, &buf, &len, &cap);
	if (err)
		side__die("cannot read the sleepers", err);
	for (at = 0; at < len; at += ((const struct lk_sleeper *)(buf + at))->len) {
		const struct lk_sleeper *s = (const void *)(buf + at);

		if (!wait_of(r, s->tid) && (!s->nr_words || others++ >= OTHERS))
			continue;
		r->list = realloc(r->list, (r->nr + 1) * sizeof(*r->list));
		if (!r->list)
			side__die("no memory", 12);
		r->list[r->nr++] = s;
	}
}

static void print_what_is_known(const struct recorder *r)
{
	const struct lk_layout *layout = &r->seeker.s->bpf.skel->bss->layout;
	const uint32_t *words = (const void *)layout;
	size_t i;
	uint32_t k;

	printf("layout");
	for (i = 0; i < sizeof(*layout) / sizeof(*words); i++)
		printf(" %x", words[i]);
	printf("\n");
	for (i = 0; i < r->funcs.nr; i++)
		printf("func %s %" PRIx64 " %" PRIx64 "\n", r->funcs.list[i].kind->name,
		       r->funcs.list[i].from, r->funcs.list[i].to);
	if (r->funcs.percpu_wake)
		printf("func percpu_rwsem_wake_function %" PRIx64 " %" PRIx64 "\n",
		       r->funcs.percpu_wake, r->funcs.percpu_wake + 1);
	for (i = 0; i < r->nr; i++) {
		const struct lk_sleeper *s = r->list[i];

		printf("sleeper %x %llx %x %llx %llx %llx %llx", s->tid,
		       (unsigned long long)s->task, s->state, (unsigned long long)s->sp,
		       (unsigned long long)s->mutex, (unsigned long long)s->blocker,
		       (unsigned long long)s->rt_lock);
		for (k = 0; k < s->nr_words; k++)
			printf(" %" PRIx64, lk_sleeper__words(s)[k]);
		printf("\n");
	}
}

static int search(struct recorder *r)
{
	const struct lk_task *t;
	struct before_wait found;
	struct before *b;
	int wrong = 0, err;
	uint32_t i;

	err = before__new(&b, &r->seeker.s->bpf.skel->bss->layout, &r->funcs) ?:
	      before__begin(b, r->list, r->nr, peek, r);
	if (err)
		side__die("cannot search", err);
	for (i = 0; i < r->nr; i++) {
		enum before_result how = before__find(b, i, &found);

		t = wait_of(r, r->list[i]->tid);
		if (!t ? how == BEFORE_FOUND :
			 how != BEFORE_FOUND || found.lock != t->wait.lock ||
				 (found.flags & SAID) != (t->wait.flags & SAID)) {
			fprintf(stderr, "record_memory: thread %u: the search says other\n",
				r->list[i]->tid);
			wrong++;
		}
		if (t)
			printf("wait %x %llx %x\n", t->tid, (unsigned long long)t->wait.lock,
			       t->wait.flags & SAID);
	}
	before__free(b);
	return wrong != 0;
}

int main(int argc, char **argv)
{
	uint32_t wanted = argc > 1 ? (uint32_t)atoi(argv[1]) : 0;
	int tries = (argc > 2 ? atoi(argv[2]) : 60) * 10, err;
	struct recorder r = { .nr = 0 };

	if (!wanted) {
		fprintf(stderr, "usage: record_memory NR [SECONDS]\n");
		return 2;
	}
	side__open(&r.witness, true);
	side__open(&r.seeker, false);
	side__make_deaf(&r.seeker);
	fprintf(stderr, "record_memory: ready\n");
	for (side__look(&r.witness); nr_waits(&r) < wanted; side__look(&r.witness)) {
		if (!tries-- && nr_waits(&r))
			break;
		if (tries < 0) {
			fprintf(stderr, "record_memory: nobody waits\n");
			return 2;
		}
		usleep(100000);
	}
	symbols__each_function(r.seeker.s->symbols, before_funcs__add, &r.funcs);
	err = r.funcs.err ?: u64map__new(&r.told, 0) ?:
	      bpf_prog_test_run_opts(bpf_program__fd(r.seeker.s->bpf.skel->progs.before_layout), NULL);
	if (err)
		side__die("cannot prepare", err);
	read_sleepers(&r);
	print_what_is_known(&r);
	return search(&r);
}
