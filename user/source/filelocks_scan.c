// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * filelocks_scan.c - which processes have a locked description open.
 *
 * Never opens or stats a file itself, and none of the files of procfs that wait
 * for a process's memory map: fd (readlink), fdinfo, task, stat and status only.
 * Everything of a process is read relative to its opened directory, which stays
 * dead when its pid is used again.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>
#include "lib/map.h"
#include "source/filelocks_int.h"

struct wanted {
	const struct fl_line *lines;
	uint32_t nr;
};

static void drop_found(struct fl_scan *s, uint32_t first)
{
	while (s->found.nr > first)
		free(s->found.at[--s->found.nr].path);
}

void fl_scan__clear(struct fl_scan *s)
{
	drop_found(s, 0);
	s->tids.nr = 0;
	s->unreadable.nr = 0;
	s->in_flight = false;
}

void fl_scan__free(struct fl_scan *s)
{
	fl_scan__clear(s);
	free(s->found.at);
	free(s->tids.at);
	free(s->unreadable.at);
	free(s->buf.text);
}

static bool is_gone(int err)
{
	return err == -ENOENT || err == -ESRCH;
}

static DIR *open_dir(int at, const char *path, int *err)
{
	int fd = openat(at, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	*err = dir ? 0 : -errno;
	if (!dir && fd >= 0)
		close(fd);
	return dir;
}

/* The next entry that is a number; -1 at the end. */
static long next_number(DIR *dir)
{
	struct dirent *e;

	while ((e = readdir(dir))) {
		char *end;
		long n = strtol(e->d_name, &end, 10);

		if (!*end && n >= 0 && end != e->d_name)
			return n;
	}
	return -1;
}

/* The first line, sorted as they are, that is not before one of that inode. */
static uint32_t first_of_inode(const struct wanted *w, uint64_t ino)
{
	uint32_t lo = 0, hi = w->nr;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (w->lines[mid].ino < ino)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static bool names_wanted_inode(const struct wanted *w, const char *number)
{
	uint64_t ino = strtoull(number, NULL, 10);
	uint32_t i = first_of_inode(w, ino);

	return i < w->nr && w->lines[i].ino == ino;
}

static bool is_wanted(const struct wanted *w, uint64_t ino, uint32_t major, uint32_t minor)
{
	for (uint32_t i = first_of_inode(w, ino); i < w->nr && w->lines[i].ino == ino; i++) {
		if (w->lines[i].major == major && w->lines[i].minor == minor)
			return true;
	}
	return false;
}

/* What can have no wanted lock costs a readlink only.  Descriptors that share one
 * anonymous inode are left out: a lock on such a one gets no holder. */
static bool worth_reading(const struct wanted *w, const char *link)
{
	if (!strncmp(link, "pipe:[", 6))
		return names_wanted_inode(w, link + 6);
	return strncmp(link, "anon_inode:", 11) != 0;
}

/* All "lock:" lines of the fdinfo in the buffer that are of a wanted file. */
static int take_locks(struct fl_scan *s, const struct wanted *w, uint32_t pid, int fd,
		      const char *link)
{
	const char *at = fl_text__find(s->buf.text, "lock:");

	for (; at; at = fl_text__find(at, "lock:")) {
		struct fl_found *f;
		struct fl_line line;

		if (fl_line__parse(at, &line) || !line.has_file ||
		    !is_wanted(w, line.ino, line.major, line.minor))
			continue;
		if (!FL_ROOM(&s->found))
			return -ENOMEM;
		f = &s->found.at[s->found.nr];
		*f = (struct fl_found){ .line = line, .pid = pid, .fd = fd, .state = '?' };
		f->path = strdup(link);
		if (!f->path)
			return -ENOMEM;
		s->found.nr++;
	}
	return 0;
}

/* One descriptor.  0, or -errno when it could not be read. */
static int scan_fd(struct fl_scan *s, const struct wanted *w, int dir, const char *base,
		   uint32_t pid, long fd)
{
	char path[64], link[PATH_MAX];
	uint64_t nr;
	ssize_t n;
	int err;

	snprintf(path, sizeof(path), "%s/%ld", base, fd);
	n = readlinkat(dir, path, link, sizeof(link) - 1);
	if (n < 0)
		return -errno;
	link[n] = '\0';
	if (!worth_reading(w, link))
		return 0;
	snprintf(path, sizeof(path), "%sinfo/%ld", base, fd);
	err = fl_buf__read(&s->buf, dir, path, 0);
	if (err)
		return err;
	/* since 5.8 a unix socket tells how many descriptors lie in its queue */
	if (!strncmp(link, "socket:[", 8) &&
	    fl_text__number(s->buf.text, "scm_fds:", &nr) && nr)
		s->in_flight = true;
	return take_locks(s, w, pid, fd, link);
}

/* One table of descriptors.  *nr_fds is how many it has. */
static int scan_table(struct fl_scan *s, const struct wanted *w, int dir, const char *base,
		      uint32_t pid, uint32_t *nr_fds)
{
	bool unreadable = false;
	DIR *fds;
	long fd;
	int err;

	*nr_fds = 0;
	fds = open_dir(dir, base, &err);
	if (!fds)
		return err;
	while ((fd = next_number(fds)) >= 0) {
		(*nr_fds)++;
		err = scan_fd(s, w, dir, base, pid, fd);
		if (err == -ENOMEM)
			break;
		unreadable |= err && !is_gone(err);
		err = 0;
	}
	closedir(fds);
	return err ? err : unreadable ? -EACCES : 0;
}

/* A process whose first thread has exited shows no descriptors itself, but its
 * other threads do; they share one table. */
static int scan_threads(struct fl_scan *s, const struct wanted *w, int dir, uint32_t pid)
{
	char base[32];
	uint32_t nr = 0;
	DIR *tasks;
	long tid;
	int err;

	tasks = open_dir(dir, "task", &err);
	if (!tasks)
		return err;
	while (!nr && (tid = next_number(tasks)) >= 0) {
		if ((uint32_t)tid == pid)
			continue;
		snprintf(base, sizeof(base), "task/%ld/fd", tid);
		err = scan_table(s, w, dir, base, pid, &nr);
		if (err && !is_gone(err))
			break;
	}
	closedir(tasks);
	return err;
}

static int by_number(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static void set_details(struct fl_scan *s, uint32_t first_found, uint32_t first_tid,
			uint32_t nr_tids, char state)
{
	for (uint32_t i = first_found; i < s->found.nr; i++) {
		s->found.at[i].first_tid = first_tid;
		s->found.at[i].nr_tids = nr_tids;
		s->found.at[i].state = state;
	}
}

/* Threads and state of those found from first_found on, all of one process; often
 * that of the one found before. */
static int add_details(struct fl_scan *s, int dir, uint32_t first_found)
{
	const struct fl_found *before = first_found ? &s->found.at[first_found - 1] : NULL;
	uint32_t first = s->tids.nr;
	char state = '?';
	uint32_t ppid;
	DIR *tasks;
	long tid;
	int err;

	if (before && before->pid == s->found.at[first_found].pid && before->nr_tids) {
		set_details(s, first_found, before->first_tid, before->nr_tids, before->state);
		return 0;
	}
	tasks = open_dir(dir, "task", &err);
	if (!tasks)
		return err;
	while ((tid = next_number(tasks)) >= 0) {
		if (!FL_ROOM(&s->tids)) {
			closedir(tasks);
			return -ENOMEM;
		}
		s->tids.at[s->tids.nr++] = tid;
	}
	closedir(tasks);
	qsort(s->tids.at + first, s->tids.nr - first, sizeof(uint32_t), by_number);
	if (!fl_buf__read(&s->buf, dir, "stat", 0))
		fl_stat__parse(s->buf.text, &ppid, &state);
	set_details(s, first_found, first, s->tids.nr - first, state);
	return 0;
}

static int scan_process(struct fl_scan *s, const struct wanted *w, int proc, uint32_t pid)
{
	uint32_t nr_fds, first = s->found.nr;
	char name[16];
	int dir, err;

	snprintf(name, sizeof(name), "%u", pid);
	dir = openat(proc, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return is_gone(-errno) ? 0 : -errno;
	err = scan_table(s, w, dir, "fd", pid, &nr_fds);
	if (!err && !nr_fds)
		err = scan_threads(s, w, dir, pid);
	if ((!err || err == -EACCES) && s->found.nr > first) {
		int err2 = add_details(s, dir, first);

		err = err ? err : err2;
	}
	close(dir);
	if (is_gone(err)) {
		/* it died under our eyes: it holds nothing now */
		drop_found(s, first);
		return 0;
	}
	if (err == -EACCES || err == -EPERM) {
		if (!FL_ROOM(&s->unreadable))
			return -ENOMEM;
		s->unreadable.at[s->unreadable.nr++] = pid;
		return 0;
	}
	return err;
}

int fl_scan__run(struct fl_scan *s, int proc, const uint32_t *pids, uint32_t nr_pids,
		 const struct fl_line *lines, uint32_t nr_lines)
{
	struct wanted w = { lines, nr_lines };
	DIR *dir;
	long pid;
	int err = 0;

	fl_scan__clear(s);
	if (pids) {
		for (uint32_t i = 0; i < nr_pids && !err; i++)
			err = scan_process(s, &w, proc, pids[i]);
		return err;
	}
	dir = open_dir(proc, ".", &err);
	if (!dir)
		return err;
	while (!err && (pid = next_number(dir)) >= 0) {
		/* a descriptor that lockscope was started with is never unlocked by it */
		if (pid != getpid())
			err = scan_process(s, &w, proc, pid);
	}
	closedir(dir);
	return err;
}

/* Adds what one listed descriptor holds. */
static int scan_listed(struct fl_scan *s, const struct wanted *w, int proc,
		       const struct filelock_file *file, bool more_refs)
{
	uint32_t first = s->found.nr;
	char path[32];
	int dir, err;

	snprintf(path, sizeof(path), "%u", file->pid);
	dir = openat(proc, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return is_gone(-errno) ? 0 : -errno;
	snprintf(path, sizeof(path), "task/%u/fd", file->tid);
	err = scan_fd(s, w, dir, file->tid == file->pid ? "fd" : path, file->pid, file->fd);
	for (uint32_t i = first; i < s->found.nr; i++) {
		s->found.at[i].file = file->file;
		s->found.at[i].more_refs = more_refs;
	}
	if (!err && s->found.nr > first)
		err = add_details(s, dir, first);
	close(dir);
	if (is_gone(err))
		drop_found(s, first);
	return err;
}

/* A process that procfs does not let us read holds what its description holds, which
 * another process that shares it has shown. */
static int add_hidden(struct fl_scan *s, int proc, const struct filelock_file *file)
{
	uint32_t nr = s->found.nr, first = nr;
	char path[32];
	int dir, err;

	for (uint32_t i = 0; i < nr; i++) {
		struct fl_found copy = s->found.at[i];

		if (copy.file != file->file || copy.line.kind == KIND_POSIX)
			continue;
		copy.pid = file->pid;
		copy.fd = file->fd;
		copy.path = strdup(copy.path);
		if (!copy.path || !FL_ROOM(&s->found)) {
			free(copy.path);
			return -ENOMEM;
		}
		s->found.at[s->found.nr++] = copy;
		break;
	}
	if (s->found.nr == first)
		return 0;
	snprintf(path, sizeof(path), "%u", file->pid);
	dir = openat(proc, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	err = dir < 0 ? -errno : add_details(s, dir, first);
	if (dir >= 0)
		close(dir);
	return err;
}

/* How many descriptors each description has: description -> count.  NULL when out
 * of memory. */
static struct u64map *count_listed(const struct filelock_file *files, uint32_t nr)
{
	struct u64map *counts;

	if (u64map__new(&counts, nr))
		return NULL;
	for (uint32_t i = 0; i < nr; i++) {
		uint64_t n = 0;

		u64map__get(counts, files[i].file, &n);
		if (u64map__set(counts, files[i].file, n + 1)) {
			u64map__free(counts);
			return NULL;
		}
	}
	return counts;
}

/* The processes with a thread that has a table of its own: a number is then no
 * descriptor of the process.  NULL when out of memory. */
static struct u64map *list_split(const struct filelock_file *files, uint32_t nr)
{
	struct u64map *split;

	if (u64map__new(&split, 0))
		return NULL;
	for (uint32_t i = 0; i < nr; i++) {
		if (files[i].tid != files[i].pid && u64map__set(split, files[i].pid, 1)) {
			u64map__free(split);
			return NULL;
		}
	}
	return split;
}

static bool is_idle(const struct filelock_file *f, const struct u64map *idle,
		    const struct u64map *split)
{
	uint64_t ino;

	return u64map__get(idle, fl_scan__key(f->pid, f->fd), &ino) && ino == f->ino &&
	       !u64map__get(split, f->pid, NULL);
}

int fl_scan__run_listed(struct fl_scan *s, int proc, const struct filelock_file *files,
			uint32_t nr_files, const struct fl_line *lines, uint32_t nr_lines,
			const struct u64map *idle)
{
	struct wanted w = { lines, nr_lines };
	FL_LIST(const struct filelock_file *) hidden = { 0 };
	struct u64map *counts = count_listed(files, nr_files);
	struct u64map *split = list_split(files, nr_files);
	int err = counts && split ? 0 : -ENOMEM;

	fl_scan__clear(s);
	for (uint32_t i = 0; i < nr_files && !err; i++) {
		const struct filelock_file *f = &files[i];
		uint64_t n = 0;

		if (!is_wanted(&w, f->ino, f->major, f->minor) || f->pid == (uint32_t)getpid() ||
		    is_idle(f, idle, split))
			continue;
		u64map__get(counts, f->file, &n);
		err = scan_listed(s, &w, proc, f, f->refs > (int64_t)n);
		if (is_gone(err)) {
			err = 0;
		} else if (err && err != -ENOMEM) {
			err = FL_ROOM(&hidden) ? 0 : -ENOMEM;
			if (!err)
				hidden.at[hidden.nr++] = f;
		}
	}
	for (uint32_t i = 0; i < hidden.nr && !err; i++)
		err = add_hidden(s, proc, hidden.at[i]);
	u64map__free(counts);
	u64map__free(split);
	free(hidden.at);
	return err;
}
