// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * timer.c - timerfd(2) in nanoseconds.
 */
#include "session/timer.h"

#include <errno.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define NS_PER_S 1000000000LL

int timer__open(void)
{
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int timer__set(int fd, int64_t first_ns, int64_t period_ns)
{
	struct itimerspec spec = {
		.it_value = { first_ns / NS_PER_S, first_ns % NS_PER_S },
		.it_interval = { period_ns / NS_PER_S, period_ns % NS_PER_S },
	};

	return timerfd_settime(fd, 0, &spec, NULL) ? -errno : 0;
}

void timer__clear(int fd)
{
	uint64_t nr;
	ssize_t got = read(fd, &nr, sizeof(nr));

	(void)got;	/* nonblocking: nothing to take is fine */
}
