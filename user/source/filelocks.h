/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * filelocks.h - flock, POSIX and OFD locks and leases: who waits, who holds.
 *
 * From /proc/locks (waits), /proc/PID/fdinfo (owners, sharers of a descriptor)
 * and /proc/PID/fd (paths).  Every read of /proc/locks stalls all file-lock
 * traffic (it takes a percpu_rwsem for writing), so callers read only while some
 * task sleeps in a system call that can take one.
 */
#ifndef LOCKSCOPE_SOURCE_FILELOCKS_H
#define LOCKSCOPE_SOURCE_FILELOCKS_H

#include "record/record.h"

struct filelocks;

/* proc: "/proc", or a made-up one in tests. */
int filelocks__new(struct filelocks **out, const char *proc);
void filelocks__free(struct filelocks *f);

/* Whether two open descriptors are one open file description: 1, 0, or -errno when
 * that cannot be told.  The default asks kcmp(2) when proc is "/proc". */
typedef int (*filelocks_same_fn)(void *ctx, uint32_t pid1, int fd1, uint32_t pid2, int fd2);
void filelocks__set_same(struct filelocks *f, filelocks_same_fn fn, void *ctx);

/* An open descriptor, as the kernel itself lists them. */
struct filelock_file {
	uint64_t file;		/* the open file description: equal for all that share it */
	int64_t refs;		/* references to it: descriptors, and what else keeps it open */
	uint64_t ino;
	uint32_t major, minor;
	uint32_t pid;
	uint32_t tid;		/* whose table of descriptors it is; mostly pid */
	int fd;
};
/* Lists all descriptors of the machine with these inode numbers, whatever the
 * device; *files is valid until the next call.  0 or -errno.  With it nobody has to
 * walk through procfs, no process is hidden, and the references prove that all who
 * share a description are known.  Without it, or when it fails, procfs it is. */
typedef int (*filelocks_list_fn)(void *ctx, const uint64_t *inos, uint32_t nr_inos,
				 const struct filelock_file **files, uint32_t *nr_files);
void filelocks__set_list(struct filelocks *f, filelocks_list_fn fn, void *ctx);

/* A task that sleeps in a system call that can wait for a file lock; the
 * iterator found it.  ofd waiters have no pid in /proc/locks, so this is how
 * their thread is known. */
struct filelock_candidate {
	uint32_t tid, pid;
	uint64_t start_ns;
	uint64_t switches;	/* as long as they stand still it is the same sleep; 0: unknown */
	int32_t syscall;	/* native number */
	bool compat;
	const char *in_function;	/* a lock function on its kernel stack, or NULL */
};

struct filelock_wait {
	uint32_t candidate;	/* index */
	uint32_t lock;		/* index into locks */
	enum lock_mode mode;
	enum breakable breakable_by;
};

/* What one look found; valid until the look after the next begins, or free.
 *
 * A lock here is what a task waits for, so it has one rule:
 * - OR: one hold, which every thread of every process with that open file
 *   description (for POSIX locks: of the owning process) can release.
 * - AND: several shared flocks or leases, each of which one thread alone can
 *   release.
 * A waiter that several shared holds block, some with many releasers, needs one of
 * each; that is neither rule.  Then the lock shows the one hold with the fewest
 * releasers that do not wait for a file lock themselves: as long as nobody
 * releases that one, the waiter cannot go on, whatever the others do.  Range locks
 * (POSIX, OFD) are always shown one hold a lock; "@PID" (the lowest process that
 * can release it) ends the identity of such that others share with the same range.
 *
 * A holder's start_ns is the candidate's when it is one, else 0, unknown; one look
 * never mixes two tasks that had the same pid.  complete is false when a process
 * whose descriptors could not be read is kin of a holder (so that it may have
 * inherited the descriptor), when nobody was found who has the description open (a
 * file server in the kernel, an owner out of sight), when the waiting task is only a
 * guess, or when there was no time to look at all processes (at most a twentieth of
 * the time goes into that; nobody is looked for again while the same holders sleep
 * on).  Holders of a description are only `likely` when they may not be all: it has
 * more references than descriptors (one lies in a socket's queue or an io_uring's
 * table, or it is mapped); or, by procfs alone, any process cannot be read or any
 * descriptor lies in the queue of a unix socket.  Procfs alone does not see a
 * description that is only in an io_uring's or in a thread's own table. */
struct filelock_look {
	uint32_t nr_waits, nr_locks;
	const struct filelock_wait *waits;
	const struct rec_lock_state *locks;	/* verified: the kernel names the holders */
	uint32_t nr_unmatched;	/* waits in /proc/locks that fit no candidate */
	uint32_t nr_unreadable;	/* processes whose descriptors could not be read */
};

/* Returns 0 or -errno.  Never touches a locked file or its file system, but the
 * kernel may make any read of /proc wait: see filelocks_async.h. */
int filelocks__look(struct filelocks *f, const struct filelock_candidate *cands, uint32_t nr,
		    struct filelock_look *out);

#endif
