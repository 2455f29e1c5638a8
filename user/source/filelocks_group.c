// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * filelocks_group.c - of the processes found: who shares a hold, who is kin, who ran.
 */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
#include "lib/hash.h"
#include "source/filelocks_index.h"

static int by_hold(const void *a, const void *b)
{
	const struct fl_found *x = a, *y = b;
#define ORDER(field) do { if (x->field != y->field) return x->field < y->field ? -1 : 1; } while (0)
	ORDER(line.kind);
	ORDER(line.major);
	ORDER(line.minor);
	ORDER(line.ino);
	ORDER(line.start);
	ORDER(line.end);
	ORDER(line.mode);
	ORDER(line.pid);
	ORDER(pid);
	ORDER(fd);
#undef ORDER
	return 0;
}

static int by_group(const void *a, const void *b)
{
	const struct fl_found *x = a, *y = b;

	if (x->group != y->group)
		return x->group < y->group ? -1 : 1;
	return by_hold(a, b);
}

/* The held lines by their file.  0 or -ENOMEM. */
static int index_holds(struct fl_index *x, const struct fl_line *lines, uint32_t nr)
{
	int err = 0;

	for (uint32_t i = 0; i < nr && !err; i++)
		err = lines[i].waits ? 0 : fl_index__add(x, &lines[i], i);
	fl_index__sort(x);
	return err;
}

static uint32_t count_holds(const struct fl_index *x, const struct fl_line *lines,
			    const struct fl_line *like)
{
	uint32_t nr, n = 0;
	const struct fl_indexed *of = fl_index__find(x, like, &nr);

	for (uint32_t i = 0; i < nr; i++)
		n += fl_line__same(&lines[of[i].nr], like);
	return n;
}

/* Only shared holds can look alike and yet be several.  A process in
 * uninterruptible sleep is not asked: kcmp takes its exec_update_lock, which an
 * exec that hangs holds.  One group too few only makes the holders more. */
static bool is_same(const struct fl_found *a, const struct fl_found *b, filelocks_same_fn same,
		    void *ctx)
{
	if (a->file && b->file)
		return a->file == b->file;
	if (!same || a->state == 'D' || b->state == 'D')
		return true;
	return same(ctx, a->pid, a->fd, b->pid, b->fd) != 0;
}

static uint32_t number_groups(struct fl_scan *s, const struct fl_index *by_file,
			      const struct fl_line *lines, filelocks_same_fn same, void *ctx)
{
	struct fl_found *f = s->found.at;
	uint32_t nr = 0, first = 0, holds = 0;

	for (uint32_t i = 0; i < s->found.nr; i++) {
		uint32_t j = first, group = FL_NONE;

		if (!i || !fl_line__same(&f[i].line, &f[i - 1].line)) {
			first = j = i;
			holds = count_holds(by_file, lines, &f[i].line);
		}
		for (; j < i && group == FL_NONE; j++) {
			/* a POSIX lock is of the process, whatever the descriptor */
			if (holds <= 1 || f[i].line.kind == KIND_POSIX ||
			    is_same(&f[j], &f[i], same, ctx))
				group = f[j].group;
		}
		f[i].group = group == FL_NONE ? nr++ : group;
	}
	return nr;
}

int fl_scan__group(struct fl_scan *s, const struct fl_line *lines, uint32_t nr_lines,
		   filelocks_same_fn same, void *ctx, uint32_t *nr_groups)
{
	struct fl_index by_file = { 0 };
	int err = index_holds(&by_file, lines, nr_lines);

	*nr_groups = 0;
	if (!err && s->found.nr) {
		qsort(s->found.at, s->found.nr, sizeof(*s->found.at), by_hold);
		*nr_groups = number_groups(s, &by_file, lines, same, ctx);
		qsort(s->found.at, s->found.nr, sizeof(*s->found.at), by_group);
	}
	fl_index__free(&by_file);
	return err;
}

static uint32_t parent_of(int proc, uint32_t pid)
{
	char path[32], text[1024], state;
	uint32_t ppid = 0;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "%u/stat", pid);
	fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0)
		return 0;
	text[n] = '\0';
	return fl_stat__parse(text, &ppid, &state) ? 0 : ppid;
}

static bool is_found(const struct fl_scan *s, uint32_t first, uint32_t nr, uint32_t pid)
{
	for (uint32_t i = first; i < first + nr; i++) {
		if (s->found.at[i].pid == pid)
			return true;
	}
	return false;
}

#define ANCESTORS_MAX 64

bool fl_scan__has_kin(const struct fl_scan *s, int proc, uint32_t first, uint32_t nr)
{
	for (uint32_t u = 0; u < s->unreadable.nr; u++) {
		uint32_t pid = s->unreadable.at[u], parent = parent_of(proc, pid), up = parent;

		for (uint32_t i = first; i < first + nr; i++) {
			uint32_t of = parent_of(proc, s->found.at[i].pid);

			if (of && (of == pid || of == parent))
				return true;
		}
		for (int depth = 0; up && depth < ANCESTORS_MAX; depth++) {
			if (is_found(s, first, nr, up))
				return true;
			up = parent_of(proc, up);
		}
	}
	return false;
}

#define STAMP_MAX_TASKS 512	/* more are dearer to ask than to look for again */

uint64_t fl_scan__stamp(struct fl_scan *s, int proc)
{
	uint64_t h = 1, chosen, forced;
	char path[64];

	if (s->tids.nr > STAMP_MAX_TASKS)
		return 0;
	for (uint32_t i = 0; i < s->found.nr; i++) {
		const struct fl_found *f = &s->found.at[i];

		h = hash__add(hash__add(hash__add(h, f->pid), f->fd), f->group);
		for (uint32_t t = 0; t < f->nr_tids; t++) {
			uint32_t tid = s->tids.at[f->first_tid + t];

			snprintf(path, sizeof(path), "%u/task/%u/status", f->pid, tid);
			if (fl_buf__read(&s->buf, proc, path, 0) ||
			    !fl_text__number(s->buf.text, "voluntary_ctxt_switches:", &chosen) ||
			    !fl_text__number(s->buf.text, "nonvoluntary_ctxt_switches:", &forced))
				return 0;
			h = hash__add(hash__add(hash__add(h, tid), chosen), forced);
		}
	}
	return h ? h : 1;
}
