// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * live_files.c - open descriptors from the kernel's iterator over all files.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/vec.h"
#include "source/live_files.h"

#include "lockscope.skel.h" /* after abi.h: it uses its types */

struct live_files {
	const struct live_bpf *bpf;
	struct bpf_link *link;
	uint64_t *wanted;	/* what the map has now */
	size_t nr_wanted, wanted_cap;
	struct filelock_file *list;
	size_t nr, cap;
};

int live_files__new(struct live_files **out, const struct live_bpf *b)
{
	struct live_files *f = calloc(1, sizeof(*f));

	*out = f;
	if (!f)
		return -ENOMEM;
	f->bpf = b;
	return 0;
}

void live_files__free(struct live_files *f)
{
	if (!f)
		return;
	bpf_link__destroy(f->link);
	free(f->wanted);
	free(f->list);
	free(f);
}

static int set_wanted(struct live_files *f, const uint64_t *inos, uint32_t nr)
{
	int map = bpf_map__fd(f->bpf->skel->maps.wanted_inodes);
	uint32_t one = 1;

	while (f->nr_wanted)
		bpf_map_delete_elem(map, &f->wanted[--f->nr_wanted]);
	for (uint32_t i = 0; i < nr; i++) {
		if (!VEC_ROOM(f->wanted, f->nr_wanted, f->wanted_cap))
			return -ENOMEM;
		if (bpf_map_update_elem(map, &inos[i], &one, BPF_ANY))
			return -errno;	/* E2BIG: more than the map takes */
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

int live_files__list(void *ctx, const uint64_t *inos, uint32_t nr_inos,
		     const struct filelock_file **files, uint32_t *nr_files)
{
	struct live_files *f = ctx;
	int fd, err;

	if (!f->link)
		f->link = bpf_program__attach_iter(f->bpf->skel->progs.open_files, NULL);
	if (!f->link)
		return -errno;
	err = set_wanted(f, inos, nr_inos);
	if (err)
		return err;
	fd = bpf_iter_create(bpf_link__fd(f->link));
	if (fd < 0)
		return -errno;
	f->nr = 0;
	err = read_all(f, fd);
	close(fd);
	*files = f->list;
	*nr_files = f->nr;
	return err;
}
