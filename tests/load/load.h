/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * load.h - a load: what lockload's threads do over and over.
 */
#ifndef LOCKLOAD_LOAD_H
#define LOCKLOAD_LOAD_H

#include <stdatomic.h>
#include <stdint.h>

/* What all threads of a run share. */
struct run {
	int nr_threads;
	int dir_fd;		/* an empty folder of this run's own, removed at the end;
				 * -1 unless the load uses one */
	atomic_int stop;	/* set: no thread begins another op */
	atomic_int nr_busy;	/* threads that are not done */
	void *state;		/* the load's own, made by setup */
};

struct worker {
	struct run *run;
	int index;		/* 0 .. nr_threads - 1 */
	int drains;		/* 1, set by prepare: works until LOAD_DONE, its ops are not counted */
	int fd;			/* the load's own, -1 at first */
	int step;		/* the load's own, 0 at first */
};

#define LOAD_DONE 1

struct load {
	const char *name;
	const char *contends;	/* the lock, in words */
	int nr_threads;		/* when none are asked for */
	int uses_dir;
	/* All may be NULL but op; those that return int give 0 or -errno.
	 * setup and teardown run once, teardown also after a failed setup;
	 * prepare and finish in each thread, finish as its last act. */
	int (*setup)(struct run *run);
	int (*prepare)(struct worker *w);
	int (*op)(struct worker *w);	/* 0, LOAD_DONE or -errno */
	void (*finish)(struct worker *w);
	void (*teardown)(struct run *run);
};

extern const struct load load_shared_offset, load_uncontended, load_idle;
extern const struct load load_pipe, load_pipe_create, load_messaging;
extern const struct load load_rename, load_fs, load_flock;
extern const struct load load_mmap, load_fork;
extern const struct load load_socket, load_unix_read, load_many_locks;
extern const struct load load_sigmask, load_futex_bucket;

#endif
