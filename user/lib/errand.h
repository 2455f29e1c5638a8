/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * errand.h - a child process for what may never come back: reads of /proc on a
 * machine that hangs.  What it finds it writes as lines; whoever sent it reads them,
 * waits as long as he likes, and leaves it behind.
 *
 * A process, where a thread would do for less: one whose thread is stuck in the
 * kernel cannot be reaped, and whoever started it waits with it.  One with a stuck
 * child can.  lib/probe_child.h keeps one child for many small jobs; here each child has
 * one long one, and tells as it goes.
 */
#ifndef LOCKSCOPE_LIB_ERRAND_H
#define LOCKSCOPE_LIB_ERRAND_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#define ERRAND_DOING_LEN 128

struct errand {
	pid_t pid;		/* 0: not out */
	int fd;			/* its lines, non-blocking; -1: none */
	char *doing;		/* shared with it: what it was about to do last */
	bool over;		/* it has said everything */
};

/* In the child: writes lines to out; notes in doing (ERRAND_DOING_LEN bytes) what may
 * hang before it does it.  Nothing of the parent is open but out. */
typedef void (*errand_fn)(FILE *out, char *doing, void *arg);

/* 0 or -errno. */
int errand__start(struct errand *e, errand_fn fn, void *arg);
/* What has come since, without waiting: bytes read; 0 when there is nothing yet, or,
 * with e->over set, nothing more will come; -errno. */
ssize_t errand__read(struct errand *e, char *buf, size_t size);
/* Kills it, reaps it if that needs no waiting, else leaves it to itself.  For each
 * that was started, also when it is over. */
void errand__end(struct errand *e);

#endif
