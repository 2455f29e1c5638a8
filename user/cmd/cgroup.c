// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * cgroup.c - a cgroup's path as the ids that records carry.
 *
 * The id of a cgroup is its inode number in cgroup2 (kernfs, 64-bit machines).
 */
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include "cmd/cmd.h"

/* Where cgroup2 is mounted: alone, or beside version 1. */
static const char *const roots[] = { "", "/sys/fs/cgroup", "/sys/fs/cgroup/unified" };

/* Absolute paths are tried as they stand first, "/a/b" of /proc/PID/cgroup next. */
static int find_path(const char *path, char *buf, size_t size)
{
	int err = -ENOENT;
	struct statfs fs;

	for (size_t i = 0; i < sizeof(roots) / sizeof(*roots); i++) {
		if (!*roots[i] && *path != '/')
			continue;
		if (snprintf(buf, size, "%s%s%s", roots[i], *path == '/' ? "" : "/", path) >=
		    (int)size)
			return -ENAMETOOLONG;
		if (statfs(buf, &fs))
			continue;
		if (fs.f_type == CGROUP2_SUPER_MAGIC)
			return 0;
		err = -EXDEV;
	}
	return err;
}

static int add_id(uint64_t **ids, size_t *nr, uint64_t id)
{
	uint64_t *list = reallocarray(*ids, *nr + 1, sizeof(*list));

	if (!list)
		return -ENOMEM;
	*ids = list;
	list[(*nr)++] = id;
	return 0;
}

/* Directories that vanish meanwhile are skipped: their tasks are gone too. */
static int add_tree(char *path, uint64_t **ids, size_t *nr)
{
	char *const paths[] = { path, NULL };
	FTS *fts = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR | FTS_XDEV, NULL);
	FTSENT *entry;
	int err = 0;

	if (!fts)
		return -errno;
	while (!err && (entry = fts_read(fts)))
		if (entry->fts_info == FTS_D)
			err = add_id(ids, nr, entry->fts_statp->st_ino);
	fts_close(fts);
	return err ? err : *nr ? 0 : -ENOTDIR;
}

int cmd_cgroup__resolve(const char *path, uint64_t **ids, size_t *nr, struct lk_error *err)
{
	char buf[4096];
	int rc = find_path(path, buf, sizeof(buf));

	if (!rc)
		rc = add_tree(buf, ids, nr);
	if (!rc)
		return 0;
	lk_error__set(err, rc, rc == -EXDEV ? "--cgroup %s: not in a cgroup2 file system" :
		      rc == -ENOENT ? "--cgroup %s: no such cgroup" :
		      "--cgroup %s: cannot be read", path);
	lk_error__hint(err, "give a path as in /proc/PID/cgroup (0::/a/b) or below %s", roots[1]);
	return rc;
}
