// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * filedeadlock_blocked.c - waiting until the actors are really blocked.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "filedeadlock.h"

#define BLOCK_DEADLINE_MS 10000

static int read_text(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? -1 : read(fd, text, size - 1);

	if (fd >= 0)
		close(fd);
	text[got > 0 ? got : 0] = 0;
	return got > 0 ? 0 : -1;
}

/* Sleeping, and where the kernel shows it, in the system call we mean. */
static int is_blocked(int tid, long syscall_nr)
{
	char path[64], text[1024], *after_name;

	snprintf(path, sizeof(path), "/proc/%d/stat", tid);
	if (read_text(path, text, sizeof(text)))
		return 0;
	after_name = strrchr(text, ')');
	if (!after_name || strncmp(after_name, ") S ", 4))
		return 0;
	snprintf(path, sizeof(path), "/proc/%d/syscall", tid);
	if (read_text(path, text, sizeof(text)))
		return access(path, F_OK) != 0;
	return strtol(text, NULL, 10) == syscall_nr;
}

static long blocking_syscall(enum kind kind)
{
	if (kind_is_sysv(kind))
		return SYS_semop;
	if (kind_is_user(kind))
		return SYS_futex;
	return kind == FLOCK ? SYS_flock : kind == LEASE ? SYS_openat : SYS_fcntl;
}

int actors_are_blocked(const struct scene *s)
{
	int i;

	for (i = 0; i < s->nr_actors; i++) {
		const struct actor *a = &s->shared->actors[i];
		int file = file_wanted(s, i);

		if (file < 0)
			continue;
		if (!is_blocked(a->tid, blocking_syscall(file_kind(s, file))))
			return 0;
		if (s->mode->sharers == STUCK_SHARERS &&
		    !is_blocked(a->sharer, blocking_syscall(file_kind(s, file))))
			return 0;
	}
	return 1;
}

int actors_are_ready(const struct scene *s)
{
	return s->shared->nr_ready == s->nr_actors;
}

int actors_wait(const struct scene *s, int (*is_so)(const struct scene *), const char *what,
		const sigset_t *signals)
{
	const struct timespec tick = { .tv_nsec = 2000000 };
	int i, ms;

	for (ms = 0; ms < BLOCK_DEADLINE_MS; ms += 2) {
		for (i = 0; i < s->nr_actors; i++) {
			const struct actor *a = &s->shared->actors[i];

			if (a->err) {
				fprintf(stderr, "filedeadlock: actor %d: %s: %s\n", i, a->step,
					strerror(a->err));
				return -1;
			}
		}
		if (is_so(s))
			return 0;
		if (sigtimedwait(signals, NULL, &tick) > 0)
			return 1;
	}
	fprintf(stderr, "filedeadlock: not all processes are %s after %d s\n", what,
		BLOCK_DEADLINE_MS / 1000);
	return -1;
}
