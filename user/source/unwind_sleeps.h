/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * unwind_sleeps.h - whose user stacks are known or still to be asked for, from look to
 * look.  Pure.
 *
 * A stack belongs to one sleep of a thread: registers and memory are read without
 * stopping it, so what was read counts once a later look shows that the thread has not
 * run since.  Each sleep is asked about once.
 */
#ifndef LOCKSCOPE_SOURCE_UNWIND_SLEEPS_H
#define LOCKSCOPE_SOURCE_UNWIND_SLEEPS_H

#include "source/unwind_probe.h"

#define UNWIND_SLEEPS_MAX 512

enum unwind_state {
	UNWIND_WANTED,
	UNWIND_ASKED,
	UNWIND_ANSWERED,	/* and not yet known to be of this sleep */
	UNWIND_KNOWN,
	UNWIND_NONE,		/* there is none to be had */
};

struct unwind_sleep {
	uint32_t tid, pid;
	uint64_t start_ns, switches;	/* with tid the identity of the sleep */
	uint64_t regs_at;	/* where the kernel keeps its registers */
	bool holds;		/* others wait for it: asked first */
	enum unwind_state state;
	uint64_t again_ns;	/* UNWIND_NONE: wanted anew from then on; 0: never */
	struct rec_frame *frames;	/* ANSWERED and KNOWN; one block with their names */
	uint32_t nr_frames;
	uint32_t stack;		/* its id, kept here for who gives it one; 0: none yet */
};

struct unwind_sleeps {
	struct unwind_sleep list[UNWIND_SLEEPS_MAX];	/* by tid */
	uint32_t nr;
	struct unwind_sleep asked[UNWIND_QUERIES];	/* who the queries are about */
	uint32_t nr_left, nr_left_max;	/* that found no room since the last look; the most ever */
	/* stacks that were wanted and are not to be had */
	uint64_t failed;
	uint32_t failed_pid;	/* and the last process */
	enum user_stack_why failed_why;
};

void unwind_sleeps__free(struct unwind_sleeps *s);

/* After each look: forgets those that is_asleep() denies and takes the answers of the
 * others for known. */
void unwind_sleeps__look(struct unwind_sleeps *s,
			 bool (*is_asleep)(void *ctx, const struct unwind_sleep *sleep), void *ctx,
			 uint64_t now_ns);
/* The stack of this sleep is wanted: who, regs_at and holds of *w are taken.  Who holds
 * finds room, as long as not all do. */
void unwind_sleeps__want(struct unwind_sleeps *s, const struct unwind_sleep *w);
/* Fills queries about those still wanted, all but the registers, which read() does;
 * returns how many. */
uint32_t unwind_sleeps__ask(struct unwind_sleeps *s, struct unwind_query *out,
			    bool (*read)(void *ctx, uint64_t at, struct unwind_regs *regs),
			    void *ctx);
/* The first nr of them have been answered, by a process whose word is not trusted. */
void unwind_sleeps__answer(struct unwind_sleeps *s, const struct unwind_query *queries, uint32_t nr);
/* The query at `at` of nr was not answered, for this reason, and those after it were not
 * asked: they are wanted still, but those of the same process no sooner than again_ns. */
void unwind_sleeps__give_up(struct unwind_sleeps *s, uint32_t at, uint32_t nr,
			    enum user_stack_why why, uint64_t again_ns);
/* Of a sleep whose stack is known, else NULL. */
struct unwind_sleep *unwind_sleeps__find(struct unwind_sleeps *s, uint32_t tid, uint64_t start_ns,
					 uint64_t switches);

#endif
