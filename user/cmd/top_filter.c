// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* What the keys K and u restrict; the graph is made of everything all the same. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "cmd/top_int.h"
#include "lib/options.h"
#include "lib/vec.h"

#define NOBODY UINT32_MAX	/* a pid nobody has: an empty list would pass all */

static int find_user(const char *user, uid_t *uid)
{
	uint64_t number;
	struct passwd *pw;

	if (!option__parse_u64(user, UINT32_MAX - 1, &number)) {
		*uid = (uid_t)number;
		return 0;
	}
	pw = getpwnam(user);
	if (!pw)
		return -ENOENT;
	*uid = pw->pw_uid;
	return 0;
}

/* The processes of a user: who owns their directories, for which no lock of a process
 * is taken, so that one that hangs does not matter. */
static int list_processes(uid_t uid, uint32_t **pids, size_t *nr)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	size_t cap = 0;
	int err = 0;

	if (!proc)
		return -errno;
	*nr = 0;
	while (!err && (entry = readdir(proc))) {
		struct stat st;

		if (!isdigit((unsigned char)entry->d_name[0]) ||
		    fstatat(dirfd(proc), entry->d_name, &st, 0) || st.st_uid != uid)
			continue;
		if (VEC_ROOM(*pids, *nr, cap))
			(*pids)[(*nr)++] = (uint32_t)strtoul(entry->d_name, NULL, 10);
		else
			err = -ENOMEM;
	}
	closedir(proc);
	if (!err && !*nr && VEC_ROOM(*pids, *nr, cap))
		(*pids)[(*nr)++] = NOBODY;
	return err;
}

static int apply_user(struct top *t)
{
	const char *user = screen__user(t->screen);
	struct view_filter *f = &t->run.filter;
	uint32_t *pids = NULL;
	uid_t uid;
	int err;

	f->pids = t->run.opt->pids.list;
	f->nr_pids = t->run.opt->pids.nr;
	free(t->user_pids);
	t->user_pids = NULL;
	if (!*user || t->path)
		return 0;
	if (find_user(user, &uid)) {
		screen__say(t->screen, "no such user: %s; all are shown", user);
		return 0;
	}
	err = list_processes(uid, &pids, &f->nr_pids);
	t->user_pids = pids;
	f->pids = pids;
	return err;
}

int top_filter__apply(struct top *t)
{
	const struct screen_settings *set = screen__settings(t->screen);
	int err = apply_user(t);

	t->run.filter.kinds = set->kinds ? set->kinds : t->run.opt->kinds;
	if (!t->path)
		source_live__split_tasks(t->run.src, set->view == SCREEN_TASKS ||
					 view_filter__has_tasks(&t->run.filter));
	return err;
}
