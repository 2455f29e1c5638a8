// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * filelocks.c - one look at the file locks: read, match, look for holders, tell.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>
#include <linux/kcmp.h>
#include <sys/syscall.h>
#include "lib/hash.h"
#include "lib/map.h"
#include "source/filelocks_ask.h"
#include "source/filelocks_show.h"

#define NSEC 1000000000ull
/* Looking at all processes: in a row at most this long, then this share of the time. */
#define CREDIT_MAX_NS 200000000
#define CREDIT_SHARE 20

struct filelocks {
	int proc;
	filelocks_same_fn same;
	void *same_ctx;
	filelocks_list_fn list;
	void *list_ctx;
	FL_LIST(uint64_t) inos;
	uint32_t nr_unreadable;	/* by the last whole scan */
	struct fl_buf buf;
	FL_LIST(struct fl_line) lines;
	FL_LIST(struct fl_wait) waits;
	FL_LIST(struct fl_line) files;	/* one line for each file waited on */
	FL_LIST(uint32_t) pids;
	struct fl_asks asks;
	struct fl_scan scan;
	struct fl_show show[2];	/* of this look and of the one before */
	unsigned int turn;
	uint32_t nr_groups;
	uint64_t stamp;		/* of the last whole scan; 0: look again */
	uint32_t nr_agreed;	/* whole scans in a row that found the same */
	int64_t credit_ns;
	uint64_t last_ns;
};

static int ask_kcmp(void *ctx, uint32_t pid1, int fd1, uint32_t pid2, int fd2)
{
	long res = syscall(SYS_kcmp, pid1, pid2, KCMP_FILE, fd1, fd2);

	(void)ctx;
	return res < 0 ? -errno : res == 0;
}

int filelocks__new(struct filelocks **out, const char *proc)
{
	struct filelocks *f = calloc(1, sizeof(*f));
	int err;

	if (!f)
		return -ENOMEM;
	f->proc = open(proc, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (f->proc < 0) {
		err = -errno;
		free(f);
		return err;
	}
	if (!strcmp(proc, "/proc"))
		f->same = ask_kcmp;
	f->credit_ns = CREDIT_MAX_NS;
	*out = f;
	return 0;
}

void filelocks__free(struct filelocks *f)
{
	if (!f)
		return;
	close(f->proc);
	fl_asks__free(&f->asks);
	fl_scan__free(&f->scan);
	fl_show__free(&f->show[0]);
	fl_show__free(&f->show[1]);
	free(f->buf.text);
	free(f->lines.at);
	free(f->waits.at);
	free(f->files.at);
	free(f->pids.at);
	free(f->inos.at);
	free(f);
}

void filelocks__set_same(struct filelocks *f, filelocks_same_fn fn, void *ctx)
{
	f->same = fn;
	f->same_ctx = ctx;
}

void filelocks__set_list(struct filelocks *f, filelocks_list_fn fn, void *ctx)
{
	f->list = fn;
	f->list_ctx = ctx;
}

static int add_line(struct filelocks *f, const struct fl_line *line, uint32_t *root)
{
	if (!line->waits)
		*root = f->lines.nr;
	else if (*root == FL_NONE)
		return 0;
	if (line->waits) {
		if (!FL_ROOM(&f->waits))
			return -ENOMEM;
		f->waits.at[f->waits.nr++] = (struct fl_wait){
			.line = f->lines.nr, .root = *root, .candidate = FL_NONE, .fd = -1,
		};
	}
	if (!FL_ROOM(&f->lines))
		return -ENOMEM;
	f->lines.at[f->lines.nr++] = *line;
	return 0;
}

static int parse_locks(struct filelocks *f)
{
	char *at = f->buf.text, *next;
	uint32_t root = FL_NONE;
	int err = 0;

	f->lines.nr = f->waits.nr = 0;
	for (; *at && !err; at = next) {
		struct fl_line line;

		/* One string a line: sscanf() measures all that it is given. */
		next = at + strcspn(at, "\n");
		if (*next)
			*next++ = '\0';
		if (!fl_line__parse(at, &line) && (line.waits || line.has_file))
			err = add_line(f, &line, &root);
		else
			root = FL_NONE;	/* of a kind unknown here: its waiters are too */
	}
	return err;
}

/* The files that known tasks wait on, once each. */
static int list_files(struct filelocks *f)
{
	uint32_t nr = 0;

	f->files.nr = 0;
	for (uint32_t i = 0; i < f->waits.nr; i++) {
		if (f->waits.at[i].candidate == FL_NONE)
			continue;
		if (!FL_ROOM(&f->files))
			return -ENOMEM;
		f->files.at[f->files.nr++] = f->lines.at[f->waits.at[i].root];
	}
	if (!f->files.nr)
		return 0;
	qsort(f->files.at, f->files.nr, sizeof(*f->files.at), fl_line__by_file);
	for (uint32_t i = 0; i < f->files.nr; i++) {
		if (!nr || !fl_line__same_file(&f->files.at[nr - 1], &f->files.at[i]))
			f->files.at[nr++] = f->files.at[i];
	}
	f->files.nr = nr;
	return 0;
}

/* Drops the lines of all other files. */
static void keep_files(struct filelocks *f)
{
	uint32_t nr = 0, nr_waits = 0, root = 0, wait = 0;

	for (uint32_t i = 0; i < f->lines.nr; i++) {
		struct fl_line line = f->lines.at[i];
		bool keep = line.waits || bsearch(&line, f->files.at, f->files.nr, sizeof(line),
						  fl_line__by_file);

		if (!line.waits)
			root = keep ? nr : FL_NONE;
		if (line.waits) {
			struct fl_wait w = f->waits.at[wait++];

			keep = root != FL_NONE && w.candidate != FL_NONE;
			w.root = root;
			w.line = nr;
			if (keep)
				f->waits.at[nr_waits++] = w;
		}
		if (keep)
			f->lines.at[nr++] = line;
	}
	f->lines.nr = nr;
	f->waits.nr = nr_waits;
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * NSEC + ts.tv_nsec;
}

static int by_number(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* The processes that are likely to have it open: those named, those that had it
 * open before, those that wait. */
static int list_suspects(struct filelocks *f, const struct filelock_candidate *cands)
{
	uint32_t nr = 0;

	f->pids.nr = 0;
	for (uint32_t i = 0; i < f->lines.nr + f->scan.found.nr + f->waits.nr; i++) {
		uint32_t j = i - f->lines.nr, k = j - f->scan.found.nr;
		int64_t pid;

		if (i < f->lines.nr)
			pid = f->lines.at[i].pid;
		else if (j < f->scan.found.nr)
			pid = f->scan.found.at[j].pid;
		else
			pid = cands[f->waits.at[k].candidate].pid;
		if (pid <= 0)
			continue;
		if (!FL_ROOM(&f->pids))
			return -ENOMEM;
		f->pids.at[f->pids.nr++] = pid;
	}
	if (!f->pids.nr)
		return 0;
	qsort(f->pids.at, f->pids.nr, sizeof(*f->pids.at), by_number);
	for (uint32_t i = 0; i < f->pids.nr; i++) {
		if (!nr || f->pids.at[nr - 1] != f->pids.at[i])
			f->pids.at[nr++] = f->pids.at[i];
	}
	f->pids.nr = nr;
	return 0;
}

/* Of the holds and waits, and of every task that could release: unchanged only when
 * none of them ran, so that none can have passed its descriptor on. */
static uint64_t stamp(struct filelocks *f)
{
	uint64_t h = fl_scan__stamp(&f->scan, f->proc);

	for (uint32_t i = 0; h && i < f->lines.nr; i++) {
		const struct fl_line *l = &f->lines.at[i];
		const uint64_t of[] = { l->ino, l->major, l->minor, l->pid, l->start, l->end,
					l->kind, l->mode, l->waits };

		for (size_t j = 0; j < sizeof(of) / sizeof(*of); j++)
			h = hash__add(h, of[j]);
	}
	return h;
}

/* What the waiters wait through, where it holds nothing itself: of thousands of
 * descriptors most.  0 or -ENOMEM. */
static int list_idle(struct filelocks *f, const struct filelock_candidate *cands,
		     struct u64map **out)
{
	int err = u64map__new(out, f->asks.now.nr);

	for (uint32_t i = 0; i < f->asks.now.nr && !err; i++) {
		const struct fl_ask *a = &f->asks.now.at[i].ask;

		if (a->fd >= 0 && !a->nr_own)
			err = u64map__set(*out, fl_scan__key(cands[a->index].pid, a->fd), a->ino);
	}
	return err;
}

static int scan_listed(struct filelocks *f, const struct filelock_candidate *cands)
{
	const struct filelock_file *files;
	struct u64map *idle = NULL;
	uint32_t nr;
	int err;

	f->inos.nr = 0;
	for (uint32_t i = 0; i < f->files.nr; i++) {
		if (f->inos.nr && f->inos.at[f->inos.nr - 1] == f->files.at[i].ino)
			continue;
		if (!FL_ROOM(&f->inos))
			return -ENOMEM;
		f->inos.at[f->inos.nr++] = f->files.at[i].ino;
	}
	err = f->list(f->list_ctx, f->inos.at, f->inos.nr, &files, &nr);
	if (!err)
		err = list_idle(f, cands, &idle);
	if (!err)
		err = fl_scan__run_listed(&f->scan, f->proc, files, nr, f->files.at, f->files.nr,
					  idle);
	u64map__free(idle);
	return err;
}

static int scan_all(struct filelocks *f, const struct filelock_candidate *cands)
{
	uint64_t before = f->stamp, start_ns = now_ns();
	int err = f->list ? scan_listed(f, cands) : -ENOSYS;

	if (err && err != -ENOMEM)
		err = fl_scan__run(&f->scan, f->proc, NULL, 0, f->files.at, f->files.nr);
	f->credit_ns -= now_ns() - start_ns;
	f->stamp = 0;
	f->nr_unreadable = f->scan.unreadable.nr;
	if (err)
		return err;
	err = fl_scan__group(&f->scan, f->lines.at, f->lines.nr, f->same, f->same_ctx,
			     &f->nr_groups);
	if (err)
		return err;
	f->stamp = stamp(f);
	f->nr_agreed = f->stamp && f->stamp == before ? f->nr_agreed + 1 : 1;
	return 0;
}

/* Looks for the holders.  *whole: every process was looked at.  Two whole scans that
 * agree, with no releaser having run from the first on, hold as long as that stays
 * so: one scan alone may miss a descriptor that is passed on behind its back. */
static int find_holders(struct filelocks *f, const struct filelock_candidate *cands, bool *whole)
{
	uint64_t now = now_ns();
	int err;

	f->credit_ns += f->last_ns ? (now - f->last_ns) / CREDIT_SHARE : 0;
	if (f->credit_ns > CREDIT_MAX_NS)
		f->credit_ns = CREDIT_MAX_NS;
	f->last_ns = now;

	*whole = true;
	if (f->stamp && f->nr_agreed >= 2 && stamp(f) == f->stamp)
		return 0;
	if (f->credit_ns > 0)
		return scan_all(f, cands);
	*whole = false;
	f->stamp = 0;
	err = list_suspects(f, cands);
	if (!err)
		err = fl_scan__run(&f->scan, f->proc, f->pids.at, f->pids.nr, f->files.at,
				   f->files.nr);
	if (!err)
		err = fl_scan__group(&f->scan, f->lines.at, f->lines.nr, f->same, f->same_ctx,
				     &f->nr_groups);
	return err;
}

/* A lease is taken by force after this many seconds; 0: never. */
static enum breakable lease_breakable(struct filelocks *f)
{
	int err = fl_buf__read(&f->buf, f->proc, "sys/fs/lease-break-time", 0);

	return !err && atoi(f->buf.text) > 0 ? BREAK_TIMEOUT : BREAK_SIGNAL;
}

int filelocks__look(struct filelocks *f, const struct filelock_candidate *cands, uint32_t nr,
		    struct filelock_look *out)
{
	struct fl_match match;
	uint32_t nr_lines;
	bool whole;
	int err;

	*out = (struct filelock_look){ 0 };
	if (!nr)
		return 0;
	err = fl_buf__read(&f->buf, f->proc, "locks", 0);
	if (err)
		return err;
	err = parse_locks(f);
	if (err || !f->waits.nr)
		return err;
	match = (struct fl_match){ f->lines.at, f->lines.nr, f->waits.at, f->waits.nr };
	nr_lines = f->waits.nr;
	err = fl_match__run(&match, f->proc, cands, nr, &f->asks, &f->buf);
	if (!err)
		err = list_files(f);
	if (err)
		return err;
	keep_files(f);
	out->nr_unmatched = nr_lines - f->waits.nr;
	if (!f->waits.nr)
		return 0;
	err = find_holders(f, cands, &whole);
	if (err)
		return err;
	f->turn = !f->turn;
	err = fl_show__run(&f->show[f->turn], &(struct fl_shown){
		.lines = f->lines.at, .nr_lines = f->lines.nr,
		.waits = f->waits.at, .nr_waits = f->waits.nr,
		.cands = cands, .nr_cands = nr, .scan = &f->scan, .nr_groups = f->nr_groups,
		.whole = whole, .lease = lease_breakable(f),
		.proc = f->proc }, out);
	out->nr_unreadable = f->nr_unreadable;
	return err;
}
