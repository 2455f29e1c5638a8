// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * load_pipe.c - loads on pipes and sockets.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "load.h"

/* pipe: all write into one; whoever finds it full empties it.  Whole pages: with
 * single bytes one thread at times keeps the lock for itself, and runs differ
 * threefold in speed. */

#define PAGE_LEN 4096

struct one_pipe {
	int read_fd, write_fd;
};

/* The two ends become the load's state. */
static int keep_ends(struct run *run, const int fds[2])
{
	struct one_pipe *p = calloc(1, sizeof(*p));

	if (!p) {
		close(fds[0]);
		close(fds[1]);
		return -ENOMEM;
	}
	p->read_fd = fds[0];
	p->write_fd = fds[1];
	run->state = p;
	return 0;
}

static int pipe_setup(struct run *run)
{
	int fds[2];

	return pipe2(fds, O_CLOEXEC | O_NONBLOCK) ? -errno : keep_ends(run, fds);
}

static int pipe_op(struct worker *w)
{
	const struct one_pipe *p = w->run->state;
	static const char page[PAGE_LEN];
	char all[16 * PAGE_LEN];

	while (write(p->write_fd, page, sizeof(page)) != sizeof(page)) {
		if (errno != EAGAIN)
			return -errno;
		if (read(p->read_fd, all, sizeof(all)) < 0 && errno != EAGAIN)
			return -errno;
	}
	return 0;
}

static void pipe_teardown(struct run *run)
{
	struct one_pipe *p = run->state;

	if (!p)
		return;
	close(p->read_fd);
	close(p->write_fd);
	free(p);
}

/* pipe-create */

static int pipe_create_op(struct worker *w)
{
	int fds[2];

	(void)w;
	if (pipe2(fds, O_CLOEXEC))
		return -errno;
	close(fds[0]);
	close(fds[1]);
	return 0;
}

/* unix-read: all write to one end of a pair of sockets and read from the other: readers
 * have a mutex of that socket (iolock). */

static int unix_setup(struct run *run)
{
	int fds[2];

	return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) ? -errno : keep_ends(run, fds);
}

static int unix_op(struct worker *w)
{
	const struct one_pipe *p = w->run->state;
	static const char page[PAGE_LEN];
	char got[PAGE_LEN];

	if (write(p->write_fd, page, sizeof(page)) < 0 && errno != EAGAIN)
		return -errno;
	return read(p->read_fd, got, sizeof(got)) < 0 && errno != EAGAIN ? -errno : 0;
}

/* messaging: groups of four senders and four receivers, as the scheduler
 * benchmark does it; every sender writes to every receiver of its group.  An op
 * is one round of a sender.  Even groups talk through pipes, odd ones through
 * sockets.  The last sender closes the group's channels, so receivers end. */

#define GROUP_HALF 4
#define GROUP (2 * GROUP_HALF)
#define MESSAGE_LEN 100

struct group {
	int nr_senders;
	int nr_receivers;
	atomic_int senders_left;
	int read_fd[GROUP_HALF];
	int write_fd[GROUP_HALF];
};

struct messaging {
	int nr_groups;
	struct group *groups;
};

static int group_open(struct group *g, int nr_members, int sockets)
{
	int i, fds[2];

	if (nr_members < 2)
		return -EINVAL;
	g->nr_senders = nr_members / 2;
	g->senders_left = g->nr_senders;
	for (i = 0; i < nr_members - g->nr_senders; i++) {
		if (sockets ? socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds)
			    : pipe2(fds, O_CLOEXEC))
			return -errno;
		g->read_fd[i] = fds[0];
		g->write_fd[i] = fds[1];
		g->nr_receivers = i + 1;
	}
	return 0;
}

static int messaging_setup(struct run *run)
{
	struct messaging *m = calloc(1, sizeof(*m));
	int i, left = run->nr_threads, err = 0;

	if (!m)
		return -ENOMEM;
	run->state = m;
	m->nr_groups = (run->nr_threads + GROUP - 1) / GROUP;
	m->groups = calloc(m->nr_groups, sizeof(*m->groups));
	if (!m->groups)
		return -ENOMEM;
	for (i = 0; i < m->nr_groups && !err; i++, left -= GROUP)
		err = group_open(&m->groups[i], left < GROUP ? left : GROUP, i % 2);
	return err;
}

static struct group *group_of(const struct worker *w)
{
	struct messaging *m = w->run->state;

	return &m->groups[w->index / GROUP];
}

static int messaging_prepare(struct worker *w)
{
	w->drains = w->index % GROUP >= group_of(w)->nr_senders;
	return 0;
}

static int receive(struct worker *w, struct group *g)
{
	char message[MESSAGE_LEN];
	ssize_t got = read(g->read_fd[w->index % GROUP - g->nr_senders], message, sizeof(message));

	return got < 0 ? -errno : got ? 0 : LOAD_DONE;
}

static int messaging_op(struct worker *w)
{
	static const char message[MESSAGE_LEN];
	struct group *g = group_of(w);
	int i;

	if (w->drains)
		return receive(w, g);
	for (i = 0; i < g->nr_receivers; i++)
		if (write(g->write_fd[i], message, sizeof(message)) != sizeof(message))
			return -errno;
	return 0;
}

static void messaging_finish(struct worker *w)
{
	struct group *g = group_of(w);
	int i;

	if (w->drains || atomic_fetch_sub(&g->senders_left, 1) != 1)
		return;
	for (i = 0; i < g->nr_receivers; i++)
		close(g->write_fd[i]);
}

static void messaging_teardown(struct run *run)
{
	struct messaging *m = run->state;
	int i, k;

	if (!m)
		return;
	for (i = 0; m->groups && i < m->nr_groups; i++)
		for (k = 0; k < m->groups[i].nr_receivers; k++)
			close(m->groups[i].read_fd[k]);
	free(m->groups);
	free(m);
}

const struct load load_pipe = {
	.name = "pipe",
	.contends = "the mutex of one pipe: page writes",
	.nr_threads = 4,
	.setup = pipe_setup,
	.op = pipe_op,
	.teardown = pipe_teardown,
};

const struct load load_pipe_create = {
	.name = "pipe-create",
	.contends = "spinlocks: making and closing pipes",
	.nr_threads = 4,
	.op = pipe_create_op,
};

const struct load load_messaging = {
	.name = "messaging",
	.contends = "pipes, sockets, run queues: groups of 4 senders and 4 receivers",
	.nr_threads = 32,
	.setup = messaging_setup,
	.prepare = messaging_prepare,
	.op = messaging_op,
	.finish = messaging_finish,
	.teardown = messaging_teardown,
};

const struct load load_unix_read = {
	.name = "unix-read",
	.contends = "the readers' mutex of one unix socket (iolock)",
	.nr_threads = 4,
	.setup = unix_setup,
	.op = unix_op,
	.teardown = pipe_teardown,
};
