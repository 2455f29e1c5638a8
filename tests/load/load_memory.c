// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * load_memory.c - loads on the address space that the threads share.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "load.h"

#define MAP_BYTES (16 * 4096)

static int mmap_op(struct worker *w)
{
	volatile char *p;
	int i;

	(void)w;
	p = mmap(NULL, MAP_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		return -errno;
	for (i = 0; i < MAP_BYTES; i += 4096)
		p[i] = 1;
	return munmap((void *)p, MAP_BYTES) ? -errno : 0;
}

/* The bare system calls: the C library's fork() has locks of its own, which
 * would keep the threads apart before they reach the kernel's. */
static int fork_op(struct worker *w)
{
	long pid = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);

	(void)w;
	if (!pid)
		syscall(SYS_exit_group, 0);
	if (pid < 0)
		return -errno;
	return waitpid((pid_t)pid, NULL, 0) < 0 ? -errno : 0;
}

const struct load load_mmap = {
	.name = "mmap",
	.contends = "mmap_lock, a rwsem: mapping, touching, unmapping",
	.nr_threads = 4,
	.op = mmap_op,
};

const struct load load_fork = {
	.name = "fork",
	.contends = "mmap_lock and task lists: forking, exiting, waiting",
	.nr_threads = 4,
	.op = fork_op,
};
