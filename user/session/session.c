// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * session.c - what becomes of each record, and the replay of a recording.
 */
#define _GNU_SOURCE
#include "session/internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>
#include "lib/arena.h"
#include "lib/map.h"

#define CHECK_MASK 0xff		/* signals and clocks are looked at every 256 records */

void session_config__defaults(struct session_config *cfg)
{
	*cfg = (struct session_config){
		.confirm_ms = 15,
		.out_fd = -1,
		.input_fd = -1,
	};
	find_config__defaults(&cfg->find);
}

int session__new(struct session **out, struct source *src, const struct session_config *cfg,
		 const struct session_sink *sink)
{
	struct session *s = calloc(1, sizeof(*s));
	int err;

	if (!s)
		return -ENOMEM;
	s->src = src;
	s->cfg = *cfg;
	s->sink = *sink;
	s->child.fd = -1;
	for (int i = 0; i < NR_SLOTS + NR_SOURCE_FDS; i++)
		s->fds[i] = (struct pollfd){ .fd = -1, .events = POLLIN };
	err = model__new(&s->model);
	if (!err)
		err = find_register__new(&s->findings);
	if (!err)
		err = u64map__new(&s->asked_stacks, 0);
	if (err) {
		session__free(s);
		return err;
	}
	/* The user's thresholds may be below those the recording was made with. */
	if (!cfg->find_from_header)
		model__keep_ended(s->model, cfg->find.long_wait_ns, cfg->find.long_spin_ns);
	*out = s;
	return 0;
}

void session__free(struct session *s)
{
	if (!s)
		return;
	find_register__free(s->findings);
	u64map__free(s->asked_stacks);
	model__free(s->model);
	free(s);
}

const struct model *session__model(const struct session *s)
{
	return s->model;
}

const struct find_register *session__findings(const struct session *s)
{
	return s->findings;
}

void session__stop(struct session *s)
{
	s->done = true;
}

void session__go_on(struct session *s)
{
	s->held = false;
}

bool session__is_at_end(const struct session *s)
{
	return s->at_end;
}

int64_t session__now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

int session__from_sink(struct session *s, int err)
{
	if (err)
		s->sink_failed = true;
	return err;
}

bool session__signalled(struct session *s)
{
	struct pollfd p = s->fds[SLOT_SIGNAL];

	return poll(&p, 1, 0) > 0;
}

static int tell_finding(void *ctx, const struct finding *f)
{
	struct session *s = ctx;

	s->found = true;
	return s->sink.finding ? session__from_sink(s, s->sink.finding(s->sink.ctx, f)) : 0;
}

static int look_for_findings(struct session *s)
{
	struct find_input in = {
		.model = s->model,
		.prev = model__previous(s->model),
		.cur = model__current(s->model),
		.cfg = &s->cfg.find,
	};
	struct findings found;
	struct arena *arena;
	int err;

	err = arena__new(&arena);
	if (err)
		return err;
	findings__init(&found, arena);
	s->found = false;
	err = find__run(&in, &found);
	if (!err)
		err = session__ask_lines(s, &found);
	if (!err)
		err = find_register__update(s->findings, &found, in.cur->t_ns, tell_finding, s);
	if (!err && s->found && s->sink.findings_done)
		err = session__from_sink(s, s->sink.findings_done(s->sink.ctx));
	arena__free(arena);
	model__forget_ended(s->model);
	return err;
}

static void note_time(struct session *s, const struct record *rec)
{
	int64_t t_ns = LK_NO_TIME;

	if (rec->type == REC_WAIT || rec->type == REC_WAIT_BEGIN)
		t_ns = rec->wait.t_ns;
	else if (rec->type == REC_HOLD)
		t_ns = rec->hold.t_ns;
	else if (rec->type == REC_READ)
		t_ns = rec->read.t_ns;
	else if (rec->type == REC_LOST)
		t_ns = rec->lost.t_ns;
	if (t_ns > s->last_t_ns)
		s->last_t_ns = t_ns;
}

static void take_thresholds(struct find_config *cfg, const struct rec_thresholds *t)
{
	if (t->long_wait_ns)
		cfg->long_wait_ns = t->long_wait_ns;
	if (t->long_spin_ns)
		cfg->long_spin_ns = t->long_spin_ns;
	if (t->long_hold_ns)
		cfg->long_hold_ns = t->long_hold_ns;
}

/* A recording can be endless, and so can a drain when waits come in faster than
 * they are written: -ECANCELED, -EAGAIN.  The wait at hand is done with; stopping
 * at a stack would lose the wait that it belongs to. */
static int interrupt(struct session *s, const struct record *rec)
{
	if (++s->nr_records & CHECK_MASK)
		return 0;
	if (!s->src->is_live)
		return session__signalled(s) ? -ECANCELED : 0;
	if (rec->type != REC_WAIT || !s->drain_until_ns)
		return 0;
	return session__now_ns() > s->drain_until_ns ? -EAGAIN : 0;
}

/* Shows where a replay stands and waits for keys; -ECANCELED when it is to end. */
static int hold(struct session *s)
{
	struct pollfd fds[] = { s->fds[SLOT_SIGNAL], { .fd = s->cfg.input_fd, .events = POLLIN } };
	int err;

	s->held = true;
	err = s->sink.tick ? session__from_sink(s, s->sink.tick(s->sink.ctx)) : 0;
	while (!err && s->held && !s->done) {
		int nr = poll(fds, 2, -1);

		if (nr < 0 && errno != EINTR)
			return -errno;
		if (nr > 0 && fds[0].revents)
			return -ECANCELED;
		/* also when interrupted: a resized terminal does that */
		err = session__from_sink(s, s->sink.input(s->sink.ctx));
	}
	return err ? err : s->done ? -ECANCELED : 0;
}

static bool stops_at_reads(const struct session *s)
{
	return !s->src->is_live && s->cfg.input_fd >= 0 && s->sink.input;
}

static int finish_read(struct session *s)
{
	int err;

	s->look_due = false;
	err = look_for_findings(s);
	return !err && stops_at_reads(s) ? hold(s) : err;
}

/* What a recording tells of source lines stands behind the read whose findings show
 * them, with what was told of that read's waits: these come first. */
static bool goes_before_findings(const struct record *rec)
{
	return rec->type == REC_LINE || rec->type == REC_WAIT_BEGIN;
}

int session__take(void *ctx, const struct record *rec)
{
	struct session *s = ctx;
	int read_done, err = 0;

	if (s->look_due && !goes_before_findings(rec))
		err = finish_read(s);
	if (err)
		return err;
	read_done = model__apply(s->model, rec);
	if (read_done < 0)
		return read_done;
	note_time(s, rec);
	if (rec->type == REC_HEADER && s->cfg.find_from_header)
		take_thresholds(&s->cfg.find, &rec->header.thresholds);
	if (rec->type != REC_END && s->sink.record)
		err = session__from_sink(s, s->sink.record(s->sink.ctx, rec));
	if (!err && read_done && s->sink.read_done)
		err = session__from_sink(s, s->sink.read_done(s->sink.ctx,
							     model__current(s->model)));
	if (read_done)
		s->look_due = true;
	if (!err && s->look_due && s->src->is_live)
		err = finish_read(s);
	return err ? err : interrupt(s, rec);
}

int session__add(struct session *s, const struct record *rec)
{
	int err = session__take(s, rec);

	return err == -EAGAIN || err == -ECANCELED ? 0 : err;
}

/* The end of a replay repeats what the recording's own end said. */
static int end_replay(struct session *s)
{
	const struct rec_end *recorded = model__end(s->model);
	struct record rec = { .type = REC_END, .end.t_ns = s->last_t_ns };

	if (recorded)
		rec.end = *recorded;
	return s->sink.end ? session__from_sink(s, s->sink.end(s->sink.ctx, &rec)) : 0;
}

/* Long waits that ended after the last read are news, too. */
int session__last_look(struct session *s)
{
	return model__current(s->model) ? look_for_findings(s) : 0;
}

static int run_replay(struct session *s)
{
	int err = s->src->ops->header(s->src, session__take, s);

	while (!err)
		err = s->src->ops->drain(s->src, session__take, s);
	if (err == -ENODATA && s->look_due)
		err = finish_read(s) ?: -ENODATA;
	if (err != -ENODATA && err != -ECANCELED)
		return err;
	s->at_end = err == -ENODATA;
	err = session__last_look(s);
	if (!err && s->at_end && stops_at_reads(s))
		err = hold(s);
	return err && err != -ECANCELED ? err : end_replay(s);
}

/* From here on a signal is something to read, so that nothing is cut in two. */
static int take_signals(struct session *s)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGQUIT);
	sigprocmask(SIG_BLOCK, &set, &s->old_mask);
	s->fds[SLOT_SIGNAL].fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	return s->fds[SLOT_SIGNAL].fd < 0 ? -errno : 0;
}

/* The signal that ended the run is taken, or it would end lockscope's last words;
 * the mask stays: a second signal must not cut them either. */
static void drop_signals(struct session *s)
{
	if (s->fds[SLOT_SIGNAL].fd >= 0)
		close(s->fds[SLOT_SIGNAL].fd);
	s->fds[SLOT_SIGNAL].fd = -1;
}

int session__run(struct session *s, struct lk_error *err)
{
	int rc = take_signals(s);

	if (!rc)
		rc = s->src->is_live ? session__run_live(s, err) : run_replay(s);
	drop_signals(s);
	if (rc && !s->sink_failed && !err->what[0])
		lk_error__set(err, rc, "%s: %s", s->src->ops->name, strerror(-rc));
	return rc;
}
