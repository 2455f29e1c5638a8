// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#define _GNU_SOURCE
#include "lib/probe_child.h"

#include <errno.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define NSEC_PER_MSEC 1000000ull

struct probe_child {
	pid_t pid;	/* 0: none */
	int sock;
	bool busy;
	void *shared;
	size_t bytes;
	pid_t left[PROBE_CHILD_LEFT_MAX + 1];	/* the last only on the way out */
	uint32_t nr_left;
};

typedef void (*job_fn)(void *shared);

/* In the child: never returns.  Descriptors would keep alive what they belong to, and
 * a reader of our output waiting. */
static void __attribute__((noreturn)) serve(int sock, void *shared, pid_t parent)
{
	job_fn job;
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NAME, "lockscope-probe");
	if (getppid() != parent || dup2(sock, 0) < 0)
		_exit(1);
	close_range(1, ~0U, 0);
	while (read(0, &job, sizeof(job)) == sizeof(job)) {
		job(shared);
		if (write(0, "", 1) != 1)
			break;
	}
	_exit(0);
}

static int spawn(struct probe_child *c)
{
	pid_t parent = getpid();
	int socks[2], err = 0;

	c->shared = mmap(NULL, c->bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (c->shared == MAP_FAILED) {
		c->shared = NULL;
		return -errno;
	}
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, socks))
		return -errno;
	c->pid = fork();
	if (!c->pid)
		serve(socks[1], c->shared, parent);
	if (c->pid < 0) {
		err = -errno;
		c->pid = 0;
		close(socks[0]);
	} else {
		c->sock = socks[0];
	}
	close(socks[1]);
	c->busy = false;
	return err;
}

/* Those left behind that have gone meanwhile. */
static void reap(struct probe_child *c)
{
	uint32_t i, nr = 0;

	for (i = 0; i < c->nr_left; i++)
		if (!waitpid(c->left[i], NULL, WNOHANG))
			c->left[nr++] = c->left[i];
	c->nr_left = nr;
}

static void leave(struct probe_child *c)
{
	if (c->sock >= 0)
		close(c->sock);
	if (c->shared)
		munmap(c->shared, c->bytes);
	if (c->pid) {
		kill(c->pid, SIGKILL);
		c->left[c->nr_left++] = c->pid;
	}
	c->sock = -1;
	c->shared = NULL;
	c->pid = 0;
	c->busy = false;
}

int probe_child__new(struct probe_child **out, size_t bytes)
{
	struct probe_child *c = calloc(1, sizeof(*c));
	int err;

	*out = NULL;
	if (!c)
		return -ENOMEM;
	c->sock = -1;
	c->bytes = bytes;
	err = spawn(c);
	if (err) {
		probe_child__free(c);
		return err;
	}
	*out = c;
	return 0;
}

void probe_child__free(struct probe_child *c)
{
	if (!c)
		return;
	leave(c);
	reap(c);
	free(c);
}

void *probe_child__shared(struct probe_child *c)
{
	return c->shared;
}

uint32_t probe_child__pids(const struct probe_child *c, pid_t pids[PROBE_CHILD_LEFT_MAX + 1])
{
	uint32_t i;

	pids[0] = c->pid;
	for (i = 0; i < c->nr_left; i++)
		pids[i + 1] = c->left[i];
	return i + 1;
}

int probe_child__start(struct probe_child *c, void (*job)(void *shared))
{
	if (!c->pid)
		return -EPIPE;
	if (c->busy)
		return -EBUSY;
	if (send(c->sock, &job, sizeof(job), MSG_NOSIGNAL | MSG_DONTWAIT) != sizeof(job))
		return -EPIPE;
	c->busy = true;
	return 0;
}

bool probe_child__is_busy(const struct probe_child *c)
{
	return c->busy || !c->pid;
}

bool probe_child__wait(struct probe_child *c, uint64_t timeout_ns, int *err)
{
	struct pollfd p = { .fd = c->sock, .events = POLLIN };
	ssize_t n;
	char done;

	*err = 0;
	if (!c->busy)
		return true;
	if (poll(&p, 1, (int)((timeout_ns + NSEC_PER_MSEC - 1) / NSEC_PER_MSEC)) <= 0)
		return false;
	n = recv(c->sock, &done, 1, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	c->busy = false;
	if (n != 1)
		*err = -EPIPE;
	return true;
}

int probe_child__replace(struct probe_child *c)
{
	reap(c);
	if (c->nr_left == PROBE_CHILD_LEFT_MAX)
		return -EAGAIN;
	leave(c);
	return spawn(c);
}

void probe_child__stand_back(void)
{
	FILE *f = fopen("/proc/self/oom_score_adj", "we");

	if (f) {
		fputs("1000", f);
		fclose(f);
	}
	setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
}
