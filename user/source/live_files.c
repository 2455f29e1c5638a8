// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * live_files.c - open descriptors from the kernel's iterator over all files.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/vec.h"
#include "source/live_files.h"

#include "lockscope.skel.h" /* after abi.h: it uses its types */

struct live_files {
	int prog_fd, map_fd, link_fd;
	uint64_t *wanted;	/* what the map has now */
	size_t nr_wanted, wanted_cap;
	struct filelock_file *list;
	size_t nr, cap;
};

int live_files__new(struct live_files **out, const struct live_bpf *b)
{
	struct live_files *f = calloc(1, sizeof(*f));
	int err;

	*out = NULL;
	if (!f)
		return -ENOMEM;
	f->link_fd = f->map_fd = -1;
	f->prog_fd = fcntl(bpf_program__fd(b->skel->progs.open_files), F_DUPFD_CLOEXEC, 0);
	if (f->prog_fd >= 0)
		f->map_fd = fcntl(bpf_map__fd(b->skel->maps.wanted_inodes), F_DUPFD_CLOEXEC, 0);
	if (f->map_fd < 0) {
		err = -errno;
		live_files__free(f);
		return err;
	}
	*out = f;
	return 0;
}

static void close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

void live_files__free(struct live_files *f)
{
	if (!f)
		return;
	close_fd(f->link_fd);
	close_fd(f->map_fd);
	close_fd(f->prog_fd);
	free(f->wanted);
	free(f->list);
	free(f);
}

static int set_wanted(struct live_files *f, const uint64_t *inos, uint32_t nr)
{
	uint32_t one = 1;

	while (f->nr_wanted)
		bpf_map_delete_elem(f->map_fd, &f->wanted[--f->nr_wanted]);
	for (uint32_t i = 0; i < nr; i++) {
		if (!VEC_ROOM(f->wanted, f->nr_wanted, f->wanted_cap))
			return -ENOMEM;
		if (bpf_map_update_elem(f->map_fd, &inos[i], &one, BPF_ANY))
			return -errno;
		f->wanted[f->nr_wanted++] = inos[i];
	}
	return 0;
}

static int take(struct live_files *f, const struct lk_file *rec)
{
	if (!VEC_ROOM(f->list, f->nr, f->cap))
		return -ENOMEM;
	f->list[f->nr++] = (struct filelock_file){
		.file = rec->file, .refs = rec->refs, .ino = rec->ino,
		.major = rec->dev >> 20, .minor = rec->dev & 0xfffff,
		.pid = rec->pid, .tid = rec->tid, .fd = (int)rec->fd,
	};
	return 0;
}

/* Reads the iterator file to its end.  EAGAIN and EINTR are no end; a read never
 * ends inside a record. */
static int read_all(struct live_files *f, int fd)
{
	struct lk_file recs[256];

	for (;;) {
		ssize_t n = read(fd, recs, sizeof(recs));
		int err = 0;

		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n <= 0)
			return n ? -errno : 0;
		if (n % sizeof(*recs))
			return -EPROTO;
		for (size_t i = 0; i < n / sizeof(*recs) && !err; i++)
			err = take(f, &recs[i]);
		if (err)
			return err;
	}
}

/* One pass of the iterator, for as many inodes as the map takes. */
static int add_pass(struct live_files *f, const uint64_t *inos, uint32_t nr)
{
	int err = set_wanted(f, inos, nr), fd;

	if (err)
		return err;
	fd = bpf_iter_create(f->link_fd);
	if (fd < 0)
		return -errno;
	err = read_all(f, fd);
	close(fd);
	return err;
}

int live_files__list(void *ctx, const uint64_t *inos, uint32_t nr_inos,
		     const struct filelock_file **files, uint32_t *nr_files)
{
	struct live_files *f = ctx;
	int err = 0;

	if (f->link_fd < 0)
		f->link_fd = bpf_link_create(f->prog_fd, 0, BPF_TRACE_ITER, NULL);
	if (f->link_fd < 0)
		return -errno;
	f->nr = 0;
	for (uint32_t i = 0; i < nr_inos && !err; i += LK_WANTED_INODES)
		err = add_pass(f, inos + i, nr_inos - i < LK_WANTED_INODES ? nr_inos - i
									   : LK_WANTED_INODES);
	*files = f->list;
	*nr_files = f->nr;
	return err;
}
