// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * filedeadlock_user.c - locks of user space in a scene: glibc's, memory that lies,
 * SysV semaphores.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sys/ipc.h>
#include <sys/prctl.h>
#include <sys/sem.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "filedeadlock.h"

#define TIMEOUT_S 3600

/* Those of the threads of one process; processes share those in struct shared. */
static union user_lock own_locks[MAX_ACTORS];

static union user_lock *user_lock(const struct scene *s, int file)
{
	return s->mode->threads ? &own_locks[file] : &s->shared->locks[file];
}

static int mutex_init(union user_lock *l, enum kind kind, int shared)
{
	pthread_mutexattr_t attr;
	int err;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setpshared(&attr, shared);
	if (kind == RECURSIVE || kind == ADAPTIVE)
		pthread_mutexattr_settype(&attr, kind == RECURSIVE ? PTHREAD_MUTEX_RECURSIVE
								   : PTHREAD_MUTEX_ADAPTIVE_NP);
	if (kind == ROBUST)
		pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	if (kind == PI)
		pthread_mutexattr_setprotocol(&attr, PTHREAD_PRIO_INHERIT);
	err = pthread_mutex_init(&l->mutex, &attr);
	pthread_mutexattr_destroy(&attr);
	return -err;
}

/* Removes the semaphores when this process ends, however it does: nobody else would. */
static int keep_semaphores(int semid)
{
	pid_t parent = getpid(), pid = fork();
	sigset_t term;
	int sig;

	if (pid)
		return pid < 0 ? -errno : 0;
	sigemptyset(&term);
	sigaddset(&term, SIGTERM);	/* blocked, as in the parent */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	setpgid(0, 0);
	if (getppid() == parent)
		sigwait(&term, &sig);
	semctl(semid, 0, IPC_RMID);
	_exit(0);
}

static int semaphore_add(int semid, int nr, int add, int flags)
{
	struct sembuf op = { (unsigned short)nr, (short)add, (short)flags };

	/* the one system call that actors_are_blocked() looks for */
	return syscall(SYS_semop, semid, &op, 1) ? -errno : 0;
}

static int semaphores_init(struct scene *s)
{
	int i, err, id = semget(IPC_PRIVATE, s->nr_files, 0600);

	if (id < 0)
		return -errno;
	err = keep_semaphores(id);
	if (err)
		semctl(id, 0, IPC_RMID);
	for (i = 0; i < s->nr_files && !err; i++)
		err = file_kind(s, i) == SYSV_GIVEN ? semaphore_add(id, i, 1, SEM_UNDO) :
		      semctl(id, i, SETVAL, 1) ? -errno : 0;
	s->shared->semid = id;
	return err;
}

static int semaphore_take(const struct scene *s, int file)
{
	return semaphore_add(s->shared->semid, file, -1,
			     file_kind(s, file) == SYSV_PLAIN ? 0 : SEM_UNDO);
}

int user_locks_init(struct scene *s)
{
	int shared = s->mode->threads ? PTHREAD_PROCESS_PRIVATE : PTHREAD_PROCESS_SHARED;
	int i, err = 0;

	if (kind_is_sysv(file_kind(s, 0)))
		return semaphores_init(s);
	for (i = 0; i < s->nr_files && !err; i++)
		if (kind_is_mutex(file_kind(s, i)))
			err = mutex_init(user_lock(s, i), file_kind(s, i), shared);
	return err;	/* the others are 0 at first */
}

/* As glibc's mutex looks that `owner` holds and others wait for. */
static void lie(union user_lock *l, int owner)
{
	l->words[2] = owner;
	l->words[3] = 1;
	l->words[0] = 2;
}

int user_lock_hold(const struct scene *s, int file)
{
	union user_lock *l = user_lock(s, file);
	enum kind kind = file_kind(s, file);

	if (kind == CONDVAR)
		return 0;
	if (kind != LIE && kind != LIE_OF_INIT)
		return user_lock_take(s, file);
	lie(l, kind == LIE ? (int)syscall(SYS_gettid) : 1);
	return 0;
}

int user_lock_take(const struct scene *s, int file)
{
	static pthread_mutex_t of_never = PTHREAD_MUTEX_INITIALIZER;
	static pthread_cond_t never = PTHREAD_COND_INITIALIZER;
	union user_lock *l = user_lock(s, file);
	struct timespec until;

	switch (file_kind(s, file)) {
	case TIMED:
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_sec += TIMEOUT_S;
		return -pthread_mutex_timedlock(&l->mutex, &until);
	case WRITE: return -pthread_rwlock_wrlock(&l->rwlock);
	case CONDVAR:
		pthread_mutex_lock(&of_never);
		return -pthread_cond_wait(&never, &of_never);
	case SYSV:
	case SYSV_GIVEN:
	case SYSV_PLAIN: return semaphore_take(s, file);
	case LIE:
	case LIE_OF_INIT:
		return syscall(SYS_futex, l->words, FUTEX_WAIT_PRIVATE, 2, NULL) ? -errno : 0;
	default: return -pthread_mutex_lock(&l->mutex);
	}
}
