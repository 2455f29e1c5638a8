// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * load_file.c - loads on files and folders.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "load.h"

#define NAME_LEN 32

/* shared-offset, uncontended: f_pos_lock of one open file. */

struct offset {
	int fd;
	int dup_fd;	/* with one descriptor only, the kernel may leave the lock out */
};

static int offset_setup(struct run *run)
{
	static const char page[4096];
	struct offset *o = calloc(1, sizeof(*o));

	if (!o)
		return -ENOMEM;
	run->state = o;
	o->dup_fd = -1;
	o->fd = openat(run->dir_fd, "offset", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (o->fd < 0)
		return -errno;
	o->dup_fd = dup(o->fd);
	if (o->dup_fd < 0 || write(o->fd, page, sizeof(page)) != sizeof(page))
		return -errno;
	return 0;
}

static int offset_read(struct worker *w)
{
	struct offset *o = w->run->state;
	char byte;
	ssize_t got = read(o->fd, &byte, 1);

	if (!got)
		got = lseek(o->fd, 0, SEEK_SET);
	return got < 0 ? -errno : 0;
}

static int offset_seek(struct worker *w)
{
	struct offset *o = w->run->state;

	return lseek(o->fd, 0, SEEK_CUR) < 0 ? -errno : 0;
}

static void offset_teardown(struct run *run)
{
	struct offset *o = run->state;

	if (!o)
		return;
	close(o->dup_fd);
	close(o->fd);
	free(o);
}

/* rename: each thread moves its own file between two folders, which the file
 * system does one at a time (s_vfs_rename_mutex).  Within one folder it would be
 * the folder's rwsem, whose writers spin where no tracepoint sees them. */

#define SUB "sub"

static void own_name(char *name, const struct worker *w, const char *suffix)
{
	snprintf(name, NAME_LEN, "t%d%s", w->index, suffix);
}

static int create(const struct worker *w, const char *name)
{
	int fd = openat(w->run->dir_fd, name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	return fd < 0 ? -errno : fd;
}

static int rename_setup(struct run *run)
{
	return mkdirat(run->dir_fd, SUB, 0700) ? -errno : 0;
}

static int rename_prepare(struct worker *w)
{
	char name[NAME_LEN];

	own_name(name, w, "");
	w->fd = create(w, name);
	return w->fd < 0 ? w->fd : 0;
}

static int rename_op(struct worker *w)
{
	char up[NAME_LEN], down[NAME_LEN];
	int dir_fd = w->run->dir_fd;

	snprintf(up, sizeof(up), "t%d", w->index);
	snprintf(down, sizeof(down), SUB "/t%d", w->index);
	w->step = !w->step;
	return renameat(dir_fd, w->step ? up : down, dir_fd, w->step ? down : up) ? -errno : 0;
}

static void rename_teardown(struct run *run)
{
	char down[NAME_LEN];
	int i;

	for (i = 0; i < run->nr_threads; i++) {
		snprintf(down, sizeof(down), SUB "/t%d", i);
		unlinkat(run->dir_fd, down, 0);
	}
	unlinkat(run->dir_fd, SUB, AT_REMOVEDIR);
}

static void file_finish(struct worker *w)
{
	if (w->fd >= 0)
		close(w->fd);
}

/* fs: a file's whole life in a folder shared with the other threads. */

static int list_folder(const struct worker *w)
{
	int fd = openat(w->run->dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	int err;

	if (!dir) {
		err = -errno;
		if (fd >= 0)
			close(fd);
		return err;
	}
	while (readdir(dir))
		;
	closedir(dir);
	return 0;
}

static int fs_op(struct worker *w)
{
	static const char data[8192];
	char first[NAME_LEN], second[NAME_LEN];
	int fd, err = 0;

	own_name(first, w, ".new");
	own_name(second, w, ".old");
	fd = create(w, first);
	if (fd < 0)
		return fd;
	if (write(fd, data, sizeof(data)) != sizeof(data) ||
	    renameat(w->run->dir_fd, first, w->run->dir_fd, second))
		err = -errno;
	close(fd);
	if (!err && ++w->step % 8 == 0)
		err = list_folder(w);
	if (!err && unlinkat(w->run->dir_fd, second, 0))
		err = -errno;
	return err;
}

/* flock: one file, one lock at a time, so no deadlock. */

static int flock_prepare(struct worker *w)
{
	w->fd = create(w, "lock");
	return w->fd < 0 ? w->fd : 0;
}

static int flock_op(struct worker *w)
{
	if (flock(w->fd, LOCK_EX))
		return -errno;
	sched_yield();
	return flock(w->fd, LOCK_UN) ? -errno : 0;
}

/* idle: what a tracer sees when nothing happens. */

static int idle_op(struct worker *w)
{
	const struct timespec pause = { .tv_nsec = 10 * 1000 * 1000 };

	(void)w;
	nanosleep(&pause, NULL);
	return 0;
}

const struct load load_shared_offset = {
	.name = "shared-offset",
	.contends = "f_pos mutex: one shared file offset, read byte by byte",
	.nr_threads = 4,
	.uses_dir = 1,
	.setup = offset_setup,
	.op = offset_read,
	.teardown = offset_teardown,
};

const struct load load_uncontended = {
	.name = "uncontended",
	.contends = "nothing: one thread takes and gives a free f_pos mutex (lseek)",
	.nr_threads = 1,
	.uses_dir = 1,
	.setup = offset_setup,
	.op = offset_seek,
	.teardown = offset_teardown,
};

const struct load load_rename = {
	.name = "rename",
	.contends = "s_vfs_rename_mutex: moving files between two folders",
	.nr_threads = 4,
	.uses_dir = 1,
	.setup = rename_setup,
	.prepare = rename_prepare,
	.op = rename_op,
	.finish = file_finish,
	.teardown = rename_teardown,
};

const struct load load_fs = {
	.name = "fs",
	.contends = "one folder: create, write, rename, list, unlink",
	.nr_threads = 4,
	.uses_dir = 1,
	.op = fs_op,
};

const struct load load_flock = {
	.name = "flock",
	.contends = "flock of one file, held for a moment",
	.nr_threads = 4,
	.uses_dir = 1,
	.prepare = flock_prepare,
	.op = flock_op,
	.finish = file_finish,
};

const struct load load_idle = {
	.name = "idle",
	.contends = "nothing: sleeps of 10 ms",
	.nr_threads = 1,
	.op = idle_op,
};
