/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * filedeadlock.h - a scene of actors that wait for each other's file locks, and locks of
 * user space; "file" in what follows is either.
 */
#ifndef FILEDEADLOCK_H
#define FILEDEADLOCK_H

#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/types.h>

#define MAX_ACTORS 256
#define FILE_PATH_MAX (PATH_MAX + 32)

enum kind {
	FLOCK, POSIX, OFD, LEASE,
	MUTEX, RECURSIVE, ADAPTIVE, ROBUST, PI, TIMED,
	WRITE,			/* an rwlock, by writers */
	CONDVAR,		/* nobody holds it, and nobody ever signals */
	LIE, LIE_OF_INIT,	/* memory that looks like a mutex, of its actor or of init */
	SYSV, SYSV_PLAIN,	/* a SysV semaphore of 1, lowered with SEM_UNDO or without */
	SYSV_GIVEN,		/* the same with SEM_UNDO, and raised so by another process */
};
#define KINDS_MAX 5		/* in one scene */
enum shape {
	RING,	/* each holds its file and wants the next one's */
	CHAIN,	/* the same without the closing link: the first one wants none */
	QUEUE,	/* the first one holds the only file, the others want it */
};
enum sharers {
	NO_SHARERS,
	IDLE_SHARERS,	/* a child of each actor has its descriptors, and sleeps */
	STUCK_SHARERS,	/* it wants the same lock as its parent */
};

struct mode {
	const char *name;
	const char *about;
	enum kind kind[KINDS_MAX];	/* of the files in turn, */
	int nr_kinds;			/* so many of them; 0: 2 */
	enum shape shape;
	int nr;			/* actors when no number is given */
	int takes_nr;
	enum sharers sharers;
	int threads;		/* 1: actors are threads of one process */
	int deadlock;
};

/* One actor, in memory shared by all processes. */
struct actor {
	atomic_int pid, tid;
	atomic_int sharer;	/* its pid; 0: none */
	atomic_int err;
	const char *step;	/* what failed */
};

union user_lock {
	pthread_mutex_t mutex;
	pthread_rwlock_t rwlock;
	int words[4];
};

struct shared {
	atomic_int nr_ready;
	atomic_int go;
	int semid;		/* of the semaphores, one for each file; 0: none */
	union user_lock locks[MAX_ACTORS];
	struct actor actors[MAX_ACTORS];
};

struct scene {
	const struct mode *mode;
	int nr_actors, nr_files;
	double hold_s;		/* 0: until a signal comes */
	char dir[PATH_MAX];
	struct shared *shared;
	sigset_t old_mask;
	int nr_children;
	pid_t children[MAX_ACTORS];	/* 0: reaped */
};

/* Who holds and wants which file; -1: none. */
int file_held(const struct scene *s, int actor);
int file_wanted(const struct scene *s, int actor);
enum kind file_kind(const struct scene *s, int file);
void file_path(const struct scene *s, int file, char path[FILE_PATH_MAX]);

static inline int kind_is_sysv(enum kind k) { return k >= SYSV && k <= SYSV_GIVEN; }
static inline int kind_is_user(enum kind k) { return k >= MUTEX; }
static inline int kind_is_mutex(enum kind k) { return k >= MUTEX && k <= TIMED; }
/* Before anybody else is there.  0 or -errno, as are the others. */
int user_locks_init(struct scene *s);
int user_lock_hold(const struct scene *s, int file);
int user_lock_take(const struct scene *s, int file);

/* Starts all; each takes its first lock and waits for shared->go.  0 or -errno. */
int actors_start(struct scene *s);

/* Waits until is_so; 0, 1 when a signal came first, -1 (it said why) when an
 * actor failed or it took too long. */
int actors_wait(const struct scene *s, int (*is_so)(const struct scene *), const char *what,
		const sigset_t *signals);
int actors_are_ready(const struct scene *s);
/* All that want something sleep in the system call that should block. */
int actors_are_blocked(const struct scene *s);

#endif
