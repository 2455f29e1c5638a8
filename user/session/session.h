/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * session.h - the one loop: source -> model -> two frozen snapshots -> find ->
 * register -> sink.  Every command is a sink and a set of periods.
 */
#ifndef LOCKSCOPE_SESSION_SESSION_H
#define LOCKSCOPE_SESSION_SESSION_H

#include "find/register.h"
#include "lib/error.h"
#include "source/source.h"

struct session_config {
	struct find_config find;
	bool find_from_header;	/* thresholds of the recording instead; for replays */
	uint32_t look_ms;	/* a read of the machine this often; 0: never */
	uint32_t confirm_ms;	/* the second look at a suspected deadlock comes this soon */
	uint32_t tick_ms;	/* the sink's tick this often; 0: never */
	bool collect;		/* aggregates and losses before each tick and at the end */
	int64_t for_ns;		/* ends by itself after this; 0: does not */
	char **command;		/* run this, end with it; NULL: none */
	int out_fd;		/* its reader's going away ends the run; -1: none */
	/* The sink's input() is called when it is readable; -1: none.  A replay with it
	 * stops after each read, and once more at its end, until session__go_on(). */
	int input_fd;
};
void session_config__defaults(struct session_config *cfg);

/* What the session tells; each function may be NULL.  All return 0, or -errno,
 * which ends the run: -EPIPE quietly. */
struct session_sink {
	void *ctx;
	/* every record but the source's end, in order, already in the model */
	int (*record)(void *ctx, const struct record *rec);
	/* a read is complete and frozen; before the findings it gives */
	int (*read_done)(void *ctx, const struct snapshot *snap);
	/* opened, changed or closed; write and flush it now */
	int (*finding)(void *ctx, const struct finding *f);
	/* that were all of one read; not called where there were none */
	int (*findings_done)(void *ctx);
	/* in a replay with an input_fd: it has stopped, after a read and its findings */
	int (*tick)(void *ctx);
	int (*input)(void *ctx);
	/* the last call of a run that did not fail; rec is a REC_END without `records` */
	int (*end)(void *ctx, const struct record *rec);
};

struct session;

/* cfg and sink are copied; src stays the caller's. 0 or -errno. */
int session__new(struct session **out, struct source *src, const struct session_config *cfg,
		 const struct session_sink *sink);
void session__free(struct session *s);

/* Runs to the end: the recording's, the command's, the time's, or a signal's
 * (SIGINT, SIGTERM, SIGHUP, SIGQUIT; blocked meanwhile).  0, or -errno with *err
 * filled unless a sink failed: then it is the sink's error. */
int session__run(struct session *s, struct lk_error *err);
/* For sinks: ends the run after the current call. */
void session__stop(struct session *s);
/* For sinks: a replay that has stopped goes on to its next read. */
void session__go_on(struct session *s);
/* For sinks: whether a replay has passed its last record. */
bool session__is_at_end(const struct session *s);
/* For sinks: one more record, from elsewhere than the source.  0 or -errno. */
int session__add(struct session *s, const struct record *rec);
/* For sinks that show all of the last read: asks for the source lines of it all.  0 or -errno. */
int session__ask_all_lines(struct session *s);
/* For sinks: changes the period of ticks from now on. */
int session__set_tick(struct session *s, uint32_t tick_ms);

const struct model *session__model(const struct session *s);
const struct find_register *session__findings(const struct session *s);

#endif
