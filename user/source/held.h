/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * held.h - who holds a lock, from the held entries of one pass: which of them to
 * believe, and how far.  Knows nothing of libbpf.
 *
 * An entry says that a task has entered a function that takes a lock, or has left
 * it with the lock, and has not given it since.  It may lie: the newest one may be
 * about to be taken, a give may have been missed, another task may have given it.
 * The lock word decides where it names or counts the holders; where it does not,
 * what is known to have been missed lowers the certainty.
 */
#ifndef LOCKSCOPE_SOURCE_HELD_H
#define LOCKSCOPE_SOURCE_HELD_H

#include "abi.h"
#include "record/record.h"

struct live_pass;
struct u64map;

enum held_doubt {
	HELD_TAKEN,	/* its task has the lock, unless something was missed */
	HELD_COMING,	/* the newest entry of a task that is awake: maybe not taken yet */
	HELD_AWAITED,	/* its task waits for this very take: no hold */
};

/* One entry, of a task or of a CPU, and after held__judge() what it is worth. */
struct held_entry {
	uint64_t lock, since_ns, site, id;
	uint64_t t_ns;		/* when it was read */
	const struct lk_task *task;	/* NULL: of a CPU, and its task is not in the pass */
	const struct lk_cpu_record *cpu;	/* spinning locks; NULL: of a task */
	const struct lk_word *word;	/* read with it; NULL: of a CPU */
	uint32_t spin_word;		/* the same of a spinning lock */
	bool spin_readable;
	bool in_irq;		/* spinning locks: taken in an interrupt */
	bool unsure;		/* spinning locks: maybe a waiter's, or its task has moved */
	bool stood;		/* nothing was taken or given while its task's were read */
	uint32_t info, tid;
	uint32_t free;		/* semaphore: what it had free before the take */
	enum held_doubt doubt;
	/* held__judge() */
	bool is_hold;
	bool is_stale;		/* the word read with it proves that there is no such hold */
	enum certainty certainty;	/* of a hold */
};

/* All entries of one pass, by lock, and the older first. */
struct held {
	struct held_entry *list;
	size_t nr, cap;
};
/* find: the task of that tid in the pass, or NULL.  Pointers into the pass are kept.
 * 0 or -ENOMEM.  A zeroed struct held is an empty one. */
int held__take(struct held *h, const struct live_pass *p,
	       const struct lk_task *(*find)(const void *ctx, uint32_t tid), const void *ctx);
void held__free(struct held *h);
/* The entries of one lock; NULL with *nr 0 when there are none. */
struct held_entry *held__of_lock(const struct held *h, uint64_t lock, uint32_t *nr);

/* The entry of a percpu_rwsem that its task sleeps for while it drains the readers,
 * which no tracepoint shows; NULL: none. */
const struct lk_hold *held__drains(const struct lk_task *t);
/* The id of that wait: the same as long as it lasts, unlike any recorded wait's. */
uint64_t held__drain_id(const struct lk_task *t, const struct lk_hold *h);

/* What else is known of the lock. */
struct held_facts {
	enum lock_kind kind;
	/* It is waited for or held by CPUs.  Some sleeping locks begin with a spinning one
	 * of the same address: only entries of the same sort are looked at. */
	bool spins;
	const struct lk_word *word;	/* the newest that a waiter's record has; NULL: none */
	uint64_t word_t_ns;
	struct lk_bucket bucket;
	/* When takes or gives may last have been missed; 0: never.  An entry from after
	 * that has not missed its give. */
	uint64_t missed_ns;
	uint32_t places;	/* semaphore: how many it was seen to have at least, in earlier reads */
};

struct held_answer {
	uint32_t nr_holders;	/* entries with is_hold */
	uint32_t nr_unknown;	/* holders that the word counts and no entry tells */
	int32_t nr_readers;	/* as counted in the word; -1: unknown */
	uint32_t places;	/* semaphore: seen by now, at least */
	bool complete, verified;	/* as in struct rec_lock_state */
	char evidence[160];	/* for nr_holders > 0; else "" */
};

/* Where the lock function was called in which the CPU spins: the return address, or 0. */
uint64_t held__awaited_site(const struct lk_cpu_record *c);
/* Judges the entries of one lock, all of them, as held__of_lock() gives them. (held_judge.c) */
void held__judge(struct held_entry *e, uint32_t nr, const struct held_facts *facts,
		 struct held_answer *out);

/* Whether a judged hold may have been given long since: nothing names its holder, and a
 * give was skipped, or came from somebody without an entry.  That leaves the same behind
 * as a task that goes back to user mode with the lock, and a count that others keep above
 * zero tells nothing. (held_judge.c) */
bool held__may_be_given(const struct held_entry *e, const struct held_facts *facts);

/* What reads before this one showed of the entries. (held_seen.c) */
struct held_seen {
	struct u64map *now, *before;
};
/* 0 or -ENOMEM; free takes a zeroed one, too. */
int held_seen__new(struct held_seen *s);
void held_seen__free(struct held_seen *s);
/* Forgets what the read before the last showed. */
void held_seen__next_read(struct held_seen *s);
/* Notes a judged entry of a task: once in a read. *stale_again: it was stale in the
 * read before, too. *returned: its task is a user task that sleeps and has left the
 * system call it took the lock in. */
void held_seen__note(struct held_seen *s, const struct held_entry *e, bool *stale_again,
		     bool *returned);

#endif
