// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * live.c - when a live run looks, collects, and ends.
 */
#define _GNU_SOURCE
#include "session/internal.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "session/timer.h"

#define NS_PER_MS 1000000LL
#define DRAIN_MS 40		/* at a stretch; the rest of the loop has its turn too */
#define DRAIN_ONLY_MS 500	/* a run without looks still empties the ring this often */
#define LAST_DRAIN_MS 1000	/* of a source that cannot be stopped */
#define COMMAND_END_MS 1000	/* how long a command asked to end is waited for */

/* What is there now is locked, the patient's disk may be what hangs; what comes
 * later is locked as it is touched, since all of it at once would cost megabytes
 * nobody uses.  Without the right to lock it goes on unlocked. */
static void lock_memory(void)
{
	if (!mlockall(MCL_CURRENT))
		mlockall(MCL_FUTURE | MCL_ONFAULT);
}

static int drain(struct session *s, int64_t at_most_ns)
{
	int err;

	s->drain_until_ns = at_most_ns ? session__now_ns() + at_most_ns : 0;
	err = s->src->ops->drain(s->src, session__take, s);
	s->drain_until_ns = 0;
	if (err == -ENODATA || err == -EAGAIN)
		err = 0;	/* what is left makes the source's descriptor readable again */
	if (!s->cfg.look_ms)
		model__forget_ended(s->model);	/* no detector will ask for them */
	return err;
}

static bool wants_confirm(const struct session *s)
{
	struct find_input in = {
		.model = s->model,
		.prev = model__previous(s->model),
		.cur = model__current(s->model),
		.cfg = &s->cfg.find,
	};

	return in.cur && find__wants_confirm(&in);
}

static int look(struct session *s, bool confirm)
{
	int err = drain(s, DRAIN_MS * NS_PER_MS);

	if (!s->cfg.look_ms)
		return err;
	if (!err)
		err = s->src->ops->read(s->src, confirm, session__take, s);
	if (err || confirm || s->confirming || !wants_confirm(s))
		return err;
	s->confirming = true;
	return timer__set(s->fds[SLOT_CONFIRM].fd, s->cfg.confirm_ms * NS_PER_MS, 0);
}

static int collect(struct session *s)
{
	return s->cfg.collect ? s->src->ops->collect(s->src, session__take, s) : 0;
}

static int tick(struct session *s)
{
	int err = collect(s);

	return err || !s->sink.tick ? err : session__from_sink(s, s->sink.tick(s->sink.ctx));
}

static int on_input(struct session *s)
{
	if (s->cfg.input_fd < 0 || !s->sink.input)
		return 0;
	return session__from_sink(s, s->sink.input(s->sink.ctx));
}

/* Something became ready; several at once are served in the order of the slots. */
static int serve(struct session *s, int slot)
{
	bool confirm;
	int err;

	switch (slot) {
	case SLOT_SIGNAL:
	case SLOT_DEADLINE:
		s->done = true;
		return 0;
	case SLOT_CHILD:
		child__reap(&s->child);
		s->done = true;
		return 0;
	case SLOT_LOOK:
	case SLOT_CONFIRM:
		confirm = slot == SLOT_CONFIRM;
		if (confirm)
			s->confirming = false;
		err = look(s, confirm);
		break;
	case SLOT_TICK:
		err = tick(s);
		break;
	case SLOT_OUT:
		return session__from_sink(s, -EPIPE);
	case SLOT_INPUT:
		return on_input(s);
	default:
		return drain(s, DRAIN_MS * NS_PER_MS);
	}
	timer__clear(s->fds[slot].fd);	/* also of what expired meanwhile: skipped, not made up */
	return err;
}

static int loop(struct session *s)
{
	int err = 0, nr;

	while (!err && !s->done) {
		nr = poll(s->fds, s->nr_fds, -1);
		if (nr < 0 && errno == EINTR) {
			err = on_input(s);	/* a resized terminal interrupts like this */
			continue;
		}
		if (nr < 0)
			return -errno;
		for (int i = 0; !err && !s->done && i < s->nr_fds; i++)
			if (s->fds[i].revents)
				err = serve(s, i);
	}
	return err;
}

/* The last look shows what came since the last tick, and a deadlock of the last
 * moment gets its second look.  Then nothing new comes in, and all is written. */
static int last_looks(struct session *s)
{
	struct pollfd none = { .fd = -1 };
	int err = look(s, false);

	if (!err && s->confirming) {
		poll(&none, 1, (int)s->cfg.confirm_ms);
		err = look(s, true);
	}
	if (s->src->ops->stop)
		s->src->ops->stop(s->src);
	if (!err)
		err = drain(s, s->src->ops->stop ? 0 : LAST_DRAIN_MS * NS_PER_MS);
	if (!err)
		err = collect(s);
	return err || !s->cfg.look_ms ? err : session__last_look(s);
}

static int finish(struct session *s)
{
	const struct rec_header *header = model__header(s->model);
	struct record rec = { .type = REC_END };
	int err = last_looks(s);

	if (err)
		return err;
	child__stop(&s->child, COMMAND_END_MS);
	rec.end.t_ns = header ? session__now_ns() - (int64_t)header->boot_ns : 0;
	rec.end.has_status = s->child.ended;
	rec.end.command_status = s->child.status;
	return s->sink.end ? session__from_sink(s, s->sink.end(s->sink.ctx, &rec)) : 0;
}

static int open_timers(struct session *s)
{
	static const enum slot timers[] = { SLOT_DEADLINE, SLOT_LOOK, SLOT_CONFIRM, SLOT_TICK };

	for (size_t i = 0; i < sizeof(timers) / sizeof(*timers); i++) {
		int fd = timer__open();

		if (fd < 0)
			return fd;
		s->fds[timers[i]].fd = fd;
	}
	return 0;
}

static void close_timers(struct session *s)
{
	for (int i = SLOT_DEADLINE; i <= SLOT_TICK; i++)
		if (s->fds[i].fd >= 0)
			close(s->fds[i].fd);
}

static int start_timers(struct session *s)
{
	int64_t look_ns = (s->cfg.look_ms ? s->cfg.look_ms : DRAIN_ONLY_MS) * NS_PER_MS;
	int err = 0;

	if (s->cfg.for_ns)
		err = timer__set(s->fds[SLOT_DEADLINE].fd, s->cfg.for_ns, 0);
	if (!err)
		err = timer__set(s->fds[SLOT_LOOK].fd, 1, look_ns);	/* the first at once */
	return err ? err : session__set_tick(s, s->cfg.tick_ms);
}

int session__set_tick(struct session *s, uint32_t tick_ms)
{
	s->cfg.tick_ms = tick_ms;
	return timer__set(s->fds[SLOT_TICK].fd, tick_ms * NS_PER_MS, tick_ms * NS_PER_MS);
}

static int start_command(struct session *s, struct lk_error *err)
{
	int rc;

	if (!s->cfg.command)
		return 0;
	rc = child__start(&s->child, s->cfg.command, &s->old_mask);
	if (rc)
		return lk_error__set(err, rc, "cannot run %s: %s", s->cfg.command[0],
				     strerror(-rc));
	s->fds[SLOT_CHILD].fd = s->child.fd;
	return 0;
}

int session__run_live(struct session *s, struct lk_error *err)
{
	int rc = open_timers(s);

	s->fds[SLOT_OUT].fd = s->cfg.out_fd;
	s->fds[SLOT_OUT].events = 0;	/* poll still tells of POLLERR: no reader left */
	s->fds[SLOT_INPUT].fd = s->cfg.input_fd;
	if (!rc)
		s->nr_fds = NR_SLOTS + s->src->ops->fds(s->src, s->fds + NR_SLOTS, NR_SOURCE_FDS);
	if (!rc)
		rc = s->src->ops->header(s->src, session__take, s);
	if (!rc)
		rc = start_timers(s);
	lock_memory();
	if (!rc)
		rc = start_command(s, err);
	if (!rc)
		rc = loop(s);
	if (!rc)
		rc = finish(s);
	child__stop(&s->child, 0);
	child__close(&s->child);
	close_timers(s);
	return rc;
}
