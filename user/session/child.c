// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * child.c - starts the command, tells why it could not, takes its status.
 */
#define _GNU_SOURCE
#include "session/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* In the child: never returns.  errno of a failed exec goes through fd. */
static void __attribute__((noreturn)) become(char **argv, const sigset_t *mask, int fd)
{
	ssize_t written;
	int err;

	signal(SIGPIPE, SIG_DFL);	/* ignored signals would stay so across the exec */
	sigprocmask(SIG_SETMASK, mask, NULL);
	execvp(argv[0], argv);
	err = errno;
	written = write(fd, &err, sizeof(err));
	(void)written;	/* nobody left to tell */
	_exit(127);
}

int child__start(struct child *c, char **argv, const sigset_t *mask)
{
	int fds[2], err = 0;
	ssize_t nr;

	*c = (struct child){ .fd = -1 };
	if (pipe2(fds, O_CLOEXEC))
		return -errno;
	c->pid = fork();
	if (c->pid < 0) {
		err = errno;
		close(fds[0]);
		close(fds[1]);
		c->pid = 0;
		return -err;
	}
	if (!c->pid)
		become(argv, mask, fds[1]);
	close(fds[1]);
	c->fd = (int)syscall(SYS_pidfd_open, c->pid, 0);
	if (c->fd < 0)
		err = errno;
	do {
		nr = read(fds[0], &err, sizeof(err));	/* nothing: the exec closed it */
	} while (nr < 0 && errno == EINTR);
	close(fds[0]);
	if (!err)
		return 0;
	kill(c->pid, SIGKILL);
	waitpid(c->pid, NULL, 0);
	child__close(c);
	c->pid = 0;
	return -err;
}

void child__reap(struct child *c)
{
	int status;

	if (c->pid <= 0 || waitpid(c->pid, &status, WNOHANG) != c->pid)
		return;
	c->pid = 0;
	c->ended = true;
	c->status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

void child__stop(struct child *c, int timeout_ms)
{
	struct pollfd p = { .fd = c->fd, .events = POLLIN };

	child__reap(c);
	if (c->pid <= 0)
		return;
	kill(c->pid, SIGTERM);
	poll(&p, 1, timeout_ms);
	child__reap(c);
}

void child__close(struct child *c)
{
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
}
