/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * internal.h - what the two halves of a session share: what a run does with a
 * record (session.c), and when it gets one (live.c).
 */
#ifndef LOCKSCOPE_SESSION_INTERNAL_H
#define LOCKSCOPE_SESSION_INTERNAL_H

#include "session/child.h"
#include "session/session.h"

/* What the loop waits for; the source's own descriptors follow. */
enum slot {
	SLOT_SIGNAL,
	SLOT_DEADLINE,
	SLOT_LOOK,
	SLOT_CONFIRM,
	SLOT_TICK,
	SLOT_CHILD,
	SLOT_OUT,
	SLOT_INPUT,
	NR_SLOTS,
};
#define NR_SOURCE_FDS 8

struct session {
	struct source *src;
	struct session_config cfg;
	struct session_sink sink;
	struct model *model;
	struct find_register *findings;
	struct child child;
	sigset_t old_mask;
	struct pollfd fds[NR_SLOTS + NR_SOURCE_FDS];
	int nr_fds;
	bool done;
	bool held;		/* a replay that waits for session__go_on() */
	bool at_end;
	bool sink_failed;	/* the error is the sink's, not the source's */
	bool look_due;		/* of a replay: a read is whole, its findings are still to be made */
	struct u64map *asked_stacks;	/* whose source lines were asked for */
	bool found;		/* this read has told of findings */
	bool confirming;	/* the second look is on its way */
	uint64_t nr_records;
	int64_t drain_until_ns;	/* a live drain stops here, there may be no end to it; 0: goes on */
	int64_t last_t_ns;	/* the newest time a record gave */
};

/* A record_fn: into the model, to the sink, and through the detectors when it
 * completes a read. */
int session__take(void *ctx, const struct record *rec);
/* After the last record: what ended since the last read. */
int session__last_look(struct session *s);
/* Marks an error as the sink's own. */
int session__from_sink(struct session *s, int err);
/* Whether a signal has asked the run to end. */
bool session__signalled(struct session *s);

/* Asks where in the source code the findings are, and gives them what is known. */
int session__ask_lines(struct session *s, struct findings *found);

int64_t session__now_ns(void);	/* CLOCK_BOOTTIME, for what is no record's business */
int session__run_live(struct session *s, struct lk_error *err);

#endif
