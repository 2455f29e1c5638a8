// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#define _GNU_SOURCE
#include "lib/errand.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Whoever reads our stdout waits until nobody has it open, and a map stays as long as
 * anybody has it: so the child keeps nothing. */
static void keep_only(int fd)
{
	int null = open("/dev/null", O_RDWR);

	for (int i = 0; null >= 0 && i <= 2; i++)
		dup2(null, i);
	if (fd > 3)
		syscall(SYS_close_range, 3, fd - 1, 0);
	syscall(SYS_close_range, fd + 1, ~0u, 0);
}

static void __attribute__((noreturn)) go(errand_fn fn, void *arg, int fd, char *doing)
{
	sigset_t none;
	FILE *out;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	keep_only(fd);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	out = fdopen(fd, "w");
	if (out) {
		fn(out, doing, arg);
		fflush(out);
	}
	_exit(0);
}

int errand__start(struct errand *e, errand_fn fn, void *arg)
{
	int fds[2], err;

	*e = (struct errand){ .fd = -1 };
	if (pipe2(fds, O_CLOEXEC))
		return -errno;
	if (fds[1] <= STDERR_FILENO) {	/* some of the first three were closed */
		int up = fcntl(fds[1], F_DUPFD_CLOEXEC, STDERR_FILENO + 1);

		close(fds[1]);
		fds[1] = up;
	}
	e->doing = mmap(NULL, ERRAND_DOING_LEN, PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (e->doing == MAP_FAILED) {
		e->doing = NULL;
		err = -ENOMEM;
		goto fail;
	}
	e->pid = fork();
	if (e->pid < 0) {
		err = -errno;
		e->pid = 0;
		goto fail;
	}
	if (!e->pid)
		go(fn, arg, fds[1], e->doing);
	close(fds[1]);
	e->fd = fds[0];
	fcntl(e->fd, F_SETFL, O_NONBLOCK);
	return 0;
fail:
	close(fds[0]);
	close(fds[1]);
	errand__end(e);
	return err;
}

ssize_t errand__read(struct errand *e, char *buf, size_t size)
{
	ssize_t n;

	if (e->fd < 0 || e->over)
		return 0;
	do {
		n = read(e->fd, buf, size);
	} while (n < 0 && errno == EINTR);
	if (!n)
		e->over = true;
	return n < 0 ? (errno == EAGAIN ? 0 : -errno) : n;
}

void errand__end(struct errand *e)
{
	if (e->pid > 0) {
		if (!e->over)
			kill(e->pid, SIGKILL);
		waitpid(e->pid, NULL, e->over ? 0 : WNOHANG);
	}
	if (e->fd >= 0)
		close(e->fd);
	if (e->doing)
		munmap(e->doing, ERRAND_DOING_LEN);
	*e = (struct errand){ .fd = -1 };
}
