// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * load_process.c - loads on what the threads of a process share.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/futex.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "load.h"

/* siglock: a thread's mask is changed under the lock of all threads' signals. */
static int sigmask_op(struct worker *w)
{
	sigset_t set;

	(void)w;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	return pthread_sigmask(SIG_BLOCK, &set, NULL) || pthread_sigmask(SIG_UNBLOCK, &set, NULL) ?
		       -errno : 0;
}

/* futex-bucket: all look at one word that is not as they say, so nobody sleeps. */
static int futex_op(struct worker *w)
{
	static unsigned int word;

	(void)w;
	if (syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 1, NULL, NULL, 0) >= 0 || errno != EAGAIN)
		return -errno;
	return 0;
}

const struct load load_sigmask = {
	.name = "sigmask",
	.contends = "siglock, a spinlock: changing the signal mask",
	.nr_threads = 4,
	.op = sigmask_op,
};

const struct load load_futex_bucket = {
	.name = "futex-bucket",
	.contends = "a spinlock of a futex's bucket: looking at one word",
	.nr_threads = 4,
	.op = futex_op,
};
