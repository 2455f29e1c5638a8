/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * child.h - the command that a run observes and ends with.
 */
#ifndef LOCKSCOPE_SESSION_CHILD_H
#define LOCKSCOPE_SESSION_CHILD_H

#include <signal.h>
#include <stdbool.h>

struct child {
	int pid;	/* 0: none, or reaped */
	int fd;		/* pidfd, readable once it has ended; -1: none */
	bool ended;
	int status;	/* as a shell shows it: exit status, or 128 + signal */
};

/* Runs argv with the signal mask given.  0, or -errno when it cannot be run
 * (-ENOENT: no such program). */
int child__start(struct child *c, char **argv, const sigset_t *mask);
/* Takes the status when it has ended; never blocks. */
void child__reap(struct child *c);
/* Asks a running one to end and waits for at most this long: a command that is
 * stuck on a lock must not take its observer with it. */
void child__stop(struct child *c, int timeout_ms);
void child__close(struct child *c);

#endif
