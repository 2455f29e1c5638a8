// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * load_many.c - many-locks: waits for very many locks, whatever else the machine does.
 *
 * Locks that are merely taken often are hardly waited for when the threads do not happen to
 * run at once.  So one thread, the gate, reads one byte of each of many open files in turn,
 * into a page that is missing: it sleeps with the file's f_pos mutex held until another,
 * the keeper, brings the page (userfaultfd), which it does when all others have come to
 * read the same file.  Each of them has waited then.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "load.h"

#define NR_FILES 10000
#define PATIENCE_MS 100
enum { GATE, KEEPER, NR_SPECIAL };

struct many {
	int uffd;
	char *page;			/* missing when the gate reads into it */
	size_t page_bytes;
	atomic_uint round;		/* the file's number and more; a futex */
	atomic_int nr_came;		/* for the round's file */
	atomic_int gate_left;
	int fds[NR_FILES];
};

/* Waits are short: whoever is called sees for itself whether to go on. */
static void futex(void *word, int op, unsigned int value)
{
	const struct timespec tick = { .tv_nsec = PATIENCE_MS * 1000000L };

	syscall(SYS_futex, word, op, value, op == FUTEX_WAIT_PRIVATE ? &tick : NULL, NULL, 0);
}

static int open_files(struct many *m, int dir_fd)
{
	struct rlimit room;

	if (getrlimit(RLIMIT_NOFILE, &room))
		return -errno;
	room.rlim_cur = room.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &room))
		return -errno;
	for (int i = 0; i < NR_FILES; i++) {
		m->fds[i] = openat(dir_fd, "many", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
		if (m->fds[i] < 0)
			return -errno;
	}
	return ftruncate(m->fds[0], INT_MAX) ? -errno : 0;
}

static int make_page(struct many *m)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_MISSING };

	m->page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	m->page = mmap(NULL, m->page_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	m->uffd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	if (m->page == MAP_FAILED || m->uffd < 0)
		return -errno;
	reg.range.start = (uintptr_t)m->page;
	reg.range.len = m->page_bytes;
	return ioctl(m->uffd, UFFDIO_API, &api) || ioctl(m->uffd, UFFDIO_REGISTER, &reg) ? -errno : 0;
}

static int many_setup(struct run *run)
{
	struct many *m = calloc(1, sizeof(*m));
	int err;

	if (!m)
		return -ENOMEM;
	run->state = m;
	m->uffd = -1;
	for (int i = 0; i < NR_FILES; i++)
		m->fds[i] = -1;
	if (run->nr_threads <= NR_SPECIAL)
		return -EINVAL;
	err = open_files(m, run->dir_fd);
	return err ? err : make_page(m);
}

static int many_prepare(struct worker *w)
{
	w->drains = w->index == KEEPER;
	return 0;
}

static int read_byte(const struct many *m, unsigned int round, char *into)
{
	return read(m->fds[round % NR_FILES], into, 1) < 0 ? -errno : 0;
}

static int pass_gate(struct many *m)
{
	if (madvise(m->page, m->page_bytes, MADV_DONTNEED))
		return -errno;
	return read_byte(m, m->round + 1, m->page);
}

static int fill_page(const struct many *m)
{
	struct uffdio_zeropage fill = { .range = { (uintptr_t)m->page, m->page_bytes } };

	return ioctl(m->uffd, UFFDIO_ZEROPAGE, &fill) ? -errno : 0;
}

/* Where the gate sleeps, the others are called, and it goes on once they are there. */
static int keep(struct worker *w)
{
	struct many *m = w->run->state;
	struct pollfd p = { .fd = m->uffd, .events = POLLIN };
	struct uffd_msg msg;
	int came;

	if (poll(&p, 1, PATIENCE_MS) < 0 && errno != EINTR)
		return -errno;
	if (read(m->uffd, &msg, sizeof(msg)) != sizeof(msg))
		return m->gate_left ? LOAD_DONE : 0;
	m->nr_came = 0;
	m->round++;
	futex(&m->round, FUTEX_WAKE_PRIVATE, INT_MAX);
	while (!w->run->stop && (came = m->nr_came) < w->run->nr_threads - NR_SPECIAL)
		futex(&m->nr_came, FUTEX_WAIT_PRIVATE, (unsigned int)came);
	return fill_page(m);
}

/* The last to come tells the keeper. */
static int come(struct worker *w)
{
	struct many *m = w->run->state;
	unsigned int round = m->round;
	char byte;

	if (round == (unsigned int)w->step) {
		futex(&m->round, FUTEX_WAIT_PRIVATE, round);
		round = m->round;
		if (round == (unsigned int)w->step)
			return 0;
	}
	w->step = (int)round;
	if (atomic_fetch_add(&m->nr_came, 1) + 1 == w->run->nr_threads - NR_SPECIAL)
		futex(&m->nr_came, FUTEX_WAKE_PRIVATE, 1);
	return read_byte(m, round, &byte);
}

static int many_op(struct worker *w)
{
	return w->index == GATE ? pass_gate(w->run->state) : w->index == KEEPER ? keep(w) : come(w);
}

static void many_finish(struct worker *w)
{
	struct many *m = w->run->state;

	if (w->index == GATE)
		m->gate_left = 1;
	/* without a keeper the gate would sleep for good; closed, its page is an empty one */
	if (w->index == KEEPER)
		close(m->uffd);
}

static void many_teardown(struct run *run)
{
	struct many *m = run->state;

	for (int i = 0; m && i < NR_FILES; i++)
		if (m->fds[i] >= 0)
			close(m->fds[i]);
	free(m);
}

const struct load load_many_locks = {
	.name = "many-locks",
	.contends = "f_pos mutexes of 10,000 open files, one after the other",
	.nr_threads = 18,
	.uses_dir = 1,
	.setup = many_setup,
	.prepare = many_prepare,
	.op = many_op,
	.finish = many_finish,
	.teardown = many_teardown,
};
