/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * held_exits.h - holds with which a task exited, where only a count could prove them:
 * readers of a rwsem, semaphores.  Knows nothing of libbpf.
 *
 * Their word names nobody, so at the exit it may count someone else; and the give may
 * have been missed, or the lock's memory be another lock's by now.  But what was really
 * left behind stays taken for good.  So the word is looked at again for a while: it must
 * count more than all holders that are known to be alive.
 */
#ifndef LOCKSCOPE_SOURCE_HELD_EXITS_H
#define LOCKSCOPE_SOURCE_HELD_EXITS_H

#include "abi.h"
#include "record/record.h"

/* How often and for how long a lock is looked at before its leak is told. */
#define HELD_EXIT_LOOKS 4
#define HELD_EXIT_NS 800000000ULL
/* Kept at a time; more are told at once, as possible. */
#define HELD_EXITS_MAX 1024

struct held_exit {
	struct lk_hold_event e;
	uint64_t since_ns;	/* first look */
	int64_t unknown;	/* what the word counted beside the known holders, in all looks */
	uint32_t nr_looks;
};

/* A zeroed one is empty. */
struct held_exits {
	struct held_exit *list;
	size_t nr, cap;
};

/* What is now to be read of the lock of an exit. */
struct held_exit_word {
	bool readable, writer;	/* writer: it is held for writing, so by no reader */
	int32_t count;		/* readers, or the places that a semaphore has free */
	uint32_t known;		/* holders with an entry */
};

/* What held_exits__look() asks and tells. */
struct held_exits_ops {
	void (*read)(void *ctx, const struct lk_hold_event *e, struct held_exit_word *out);
	/* Takes or gives of such a lock may have been missed since the hold began. */
	bool (*missed)(void *ctx, const struct lk_hold_event *e);
	int (*tell)(void *ctx, const struct lk_hold_event *e, enum certainty certainty);
	void *ctx;
};

/* Whether only a count could prove what this exit says. */
bool held_exits__wants(const struct lk_hold_event *e);
/* Keeps it: 0, -ENOSPC when there are too many already, or -ENOMEM. */
int held_exits__add(struct held_exits *x, const struct lk_hold_event *e);
/* Looks at each, tells those that have stood long enough and drops those that the word
 * denies.  last: no look comes after this one, so those that stood until now are told as
 * possible.  Calls must be some 100 ms apart, or looks prove little.  0, or what tell
 * returned. */
int held_exits__look(struct held_exits *x, uint64_t now_ns, bool last,
		     const struct held_exits_ops *ops);
void held_exits__free(struct held_exits *x);

#endif
