/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * filelocks_int.h - what the parts of filelocks share: the text of procfs, the
 * walk over processes, and the matching of waits with tasks.
 */
#ifndef LOCKSCOPE_SOURCE_FILELOCKS_INT_H
#define LOCKSCOPE_SOURCE_FILELOCKS_INT_H

#include <stdlib.h>
#include <string.h>
#include "lib/vec.h"
#include "source/filelocks.h"

#define FL_EOF INT64_MAX	/* a range's end: to the end of the file, however long */
#define FL_NONE UINT32_MAX

/* A growing array of plain structs; zeroed is empty.  FL_ROOM makes room for one
 * more: false when out of memory. */
#define FL_LIST(type) struct { type *at; size_t nr, cap; }
#define FL_ROOM(l) VEC_ROOM((l)->at, (l)->nr, (l)->cap)

/* One line of /proc/locks, or of the "lock:" lines in fdinfo. */
struct fl_line {
	uint64_t ino;
	int64_t start, end;
	uint32_t major, minor;
	int32_t pid;		/* thread group; -1: an OFD lock; 0: not to be seen from here */
	enum lock_kind kind;
	enum lock_mode mode;
	bool waits;		/* a "->" line: blocked by the last line without one */
	bool has_file;		/* false: "<none>:0", as for whoever breaks a lease */
};

/* Locks of a range, not of the whole file. */
static inline bool fl_is_range(enum lock_kind kind)
{
	return kind == KIND_POSIX || kind == KIND_OFD;
}

/* -EINVAL when the text is no lock.  Ends at the line's end. */
int fl_line__parse(const char *text, struct fl_line *out);
/* The same hold in all that procfs shows of it, its number aside. */
bool fl_line__same(const struct fl_line *a, const struct fl_line *b);
bool fl_line__same_file(const struct fl_line *a, const struct fl_line *b);
/* An order of files, inode first, for qsort(). */
int fl_line__by_file(const void *a, const void *b);
/* Whether a held lock keeps a waiter from its own (fs/locks.c, *_conflict), the
 * owners taken as different. */
bool fl_line__blocks(const struct fl_line *held, const struct fl_line *waiter);
/* The identity of the contract.  Device numbers are decimal, as in mountinfo. */
void fl_line__identity(const struct fl_line *line, char *buf, size_t size);

/* What a task asked the kernel for: /proc/TID/syscall, all numbers raw. */
struct fl_call {
	long nr;
	uint64_t args[6];
};
/* -EINVAL also for "running". */
int fl_call__parse(const char *text, struct fl_call *out);
/* The kind and mode of file lock that this call can wait for, KIND_LEASE for any
 * call that is no lock call.  False when it waits for none. *mode is only set
 * for flock; the others pass it in the task's memory. */
bool fl_call__wants(const struct fl_call *call, bool compat, enum lock_kind *kind,
		    enum lock_mode *mode);

/* Parent and state of a process from its stat file; -EINVAL when it is none. */
int fl_stat__parse(const char *text, uint32_t *ppid, char *state);

/* The number after "key:" at the begin of a line; false when there is none. */
bool fl_text__number(const char *text, const char *key, uint64_t *out);
/* The next line that begins with key, and then what follows it; NULL: no more. */
const char *fl_text__find(const char *text, const char *key);

/* A buffer for whole files of procfs. */
struct fl_buf {
	char *text;		/* NUL-terminated */
	size_t len, cap;
};
/* Reads all of dir/path, or up to max bytes when max is not 0.  0 or -errno. */
int fl_buf__read(struct fl_buf *buf, int dir, const char *path, size_t max);

/* A process that has a description with one of the wanted locks open. */
struct fl_found {
	struct fl_line line;
	uint32_t pid;
	int fd;
	char state;		/* letter of /proc/PID/stat */
	uint64_t file;		/* the description; 0: unknown */
	bool more_refs;		/* something else than descriptors keeps it open, too */
	uint32_t group;		/* the same description, or the same POSIX owner */
	uint32_t first_tid, nr_tids;
	char *path;
};

struct u64map;

struct fl_scan {
	FL_LIST(struct fl_found) found;
	FL_LIST(uint32_t) tids;
	FL_LIST(uint32_t) unreadable;	/* processes */
	bool in_flight;		/* some socket has descriptors in its queue */
	struct fl_buf buf;
};
void fl_scan__clear(struct fl_scan *s);
void fl_scan__free(struct fl_scan *s);
/* Looks at the listed processes, or at all when pids is NULL, for locks on the
 * files of lines, which are sorted by file.  0 or -errno. */
int fl_scan__run(struct fl_scan *s, int proc, const uint32_t *pids, uint32_t nr_pids,
		 const struct fl_line *lines, uint32_t nr_lines);
/* The same for the descriptors that the kernel has listed.  idle: those that hold
 * nothing, for sure, and need not be read: fl_scan__key() of them -> inode. */
int fl_scan__run_listed(struct fl_scan *s, int proc, const struct filelock_file *files,
			uint32_t nr_files, const struct fl_line *lines, uint32_t nr_lines,
			const struct u64map *idle);
static inline uint64_t fl_scan__key(uint32_t pid, int fd)
{
	return (uint64_t)pid << 32 | (uint32_t)fd;
}
/* Sets group and sorts what was found by group and process.  same tells whether two
 * descriptors are one description.  0 or -ENOMEM. */
int fl_scan__group(struct fl_scan *s, const struct fl_line *lines, uint32_t nr_lines,
		   filelocks_same_fn same, void *ctx, uint32_t *nr_groups);
/* Whether a process that could not be read may have inherited what the found ones
 * from first to first + nr have: it is the parent, a sibling or a descendant of one
 * of them.  Any other could only have been handed it through a socket. */
bool fl_scan__has_kin(const struct fl_scan *s, int proc, uint32_t first, uint32_t nr);
/* Changes whenever one of the tasks found has run or the set is another; 0 when
 * that cannot be told. */
uint64_t fl_scan__stamp(struct fl_scan *s, int proc);

/* A line of /proc/locks that waits, and who that is. */
struct fl_wait {
	uint32_t line;
	uint32_t root;		/* the held line it is listed under */
	uint32_t candidate;	/* FL_NONE: nobody fits */
	int fd;			/* of the candidate; -1: none */
	bool unsure;		/* another assignment would fit as well */
};

struct fl_match {
	const struct fl_line *lines;
	uint32_t nr_lines;
	struct fl_wait *waits;
	uint32_t nr_waits;
};
struct fl_asks;
/* Finds the task of each wait.  asks: kept from look to look.  0 or -errno. */
int fl_match__run(struct fl_match *m, int proc, const struct filelock_candidate *cands,
		  uint32_t nr_cands, struct fl_asks *asks, struct fl_buf *buf);

#endif
