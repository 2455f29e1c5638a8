/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * futex_sleeps.h - the sleeps on futexes and in semop(), from look to look: what is
 * known of each, which
 * to ask about next, which locks they are for.  Pure.
 */
#ifndef LOCKSCOPE_SOURCE_FUTEX_SLEEPS_H
#define LOCKSCOPE_SOURCE_FUTEX_SLEEPS_H

#include "abi.h"
#include "source/futex_probe.h"

/* What the memory has said of one sleep. */
struct futex_found {
	struct futex_claim claim;	/* semop: wanted only */
	struct sysv_claim sem;	/* semop */
	uint32_t owner;
	uint32_t nr_same;	/* times in a row; shown from the second on */
	uint64_t t_ns;		/* of the last */
	uint32_t lock;		/* index, when shown */
	char id[80], name[FUTEX_NAME_LEN], evidence[256];
};

/* One sleep of one thread: as long as its switch count stands still. */
struct futex_sleep {
	struct lk_futex f;
	uint64_t since_ns;	/* first seen; boot clock */
	bool at_least;		/* by the first look: it is older */
	int32_t query;		/* about it, while one is out; -1: none */
	uint64_t next_ns;	/* when to ask */
	uint64_t pause_ns;	/* after that */
	struct futex_found *found;	/* NULL: no lock, or not known to be one */
};

struct futex_sleeps {
	struct futex_sleep *list;	/* by tid */
	size_t nr, cap;
	uint64_t nr_looks;
	uint32_t from;		/* where asking begins: everybody has his turn */
	struct rec_lock_state *locks;
	struct rec_holder *holders;
	uint32_t nr_locks, nr_holders;
};

void futex_sleeps__free(struct futex_sleeps *s);

/* The sleeps of a new look; what is known of those that go on is kept.  0 or -ENOMEM. */
int futex_sleeps__look(struct futex_sleeps *s, const struct lk_futex *recs, size_t nr,
		       uint64_t now_ns);
/* Fills in what is to be asked now, one query for all who sleep on the same word; confirm:
 * all that was found too.  skip: processes not to be asked.  *left: how many found no
 * room.  Returns how many queries. */
uint32_t futex_sleeps__ask(struct futex_sleeps *s, uint64_t now_ns, bool confirm,
			   bool (*skip)(void *ctx, uint32_t pid), void *ctx, struct futex_query *out,
			   uint32_t *left);
/* Takes the answers to the first nr queries; of the others nothing is known any more. */
int futex_sleeps__answer(struct futex_sleeps *s, const struct futex_query *q, uint32_t nr,
			 uint64_t now_ns);
/* Any of them is in semop(). */
bool futex_sleeps__any_semop(const struct futex_sleeps *s);
/* Makes the locks of what is shown; fresh_ns: only of what was read since.  undos: as in
 * sysv__holders(). */
int futex_sleeps__make_locks(struct futex_sleeps *s, uint64_t fresh_ns,
			     const struct lk_sem_undo *undos, size_t nr_undos);
/* The sleep of this thread; NULL when it is none of them, or another one. */
const struct futex_sleep *futex_sleeps__find(const struct futex_sleeps *s, uint32_t tid,
					     uint64_t start_ns, uint64_t switches);
/* It is for one of the locks. */
bool futex_sleep__is_shown(const struct futex_sleep *s);

#endif
