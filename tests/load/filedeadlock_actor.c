// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * filedeadlock_actor.c - what the actors and the sharers of their descriptors do.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "filedeadlock.h"

struct thread_arg {
	struct scene *scene;
	int index;
};

static void sleep_ms(int ms)
{
	const struct timespec t = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L };

	nanosleep(&t, NULL);
}

int file_held(const struct scene *s, int actor)
{
	return s->mode->shape == QUEUE && actor ? -1 : actor;
}

int file_wanted(const struct scene *s, int actor)
{
	switch (s->mode->shape) {
	case RING: return (actor + 1) % s->nr_actors;
	case CHAIN: return actor - 1;
	default: return actor ? 0 : -1;
	}
}

enum kind file_kind(const struct scene *s, int file)
{
	return s->mode->kind[file % (s->mode->nr_kinds ? s->mode->nr_kinds : 2)];
}

void file_path(const struct scene *s, int file, char path[FILE_PATH_MAX])
{
	snprintf(path, FILE_PATH_MAX, "%s/lock-%d", s->dir, file);
}

static int file_open(const struct scene *s, int file)
{
	char path[FILE_PATH_MAX];
	int fd;

	file_path(s, file, path);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	return fd < 0 ? -errno : fd;
}

/* Takes the lock, waiting as long as it must. */
static int lock_take(int fd, enum kind kind)
{
	struct flock range = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int err = 0;

	switch (kind) {
	case FLOCK: err = flock(fd, LOCK_EX); break;
	case POSIX: err = fcntl(fd, F_SETLKW, &range); break;
	case OFD: err = fcntl(fd, F_OFD_SETLKW, &range); break;
	case LEASE: err = fcntl(fd, F_SETLEASE, F_WRLCK); break;
	default: break;
	}
	return err ? -errno : 0;
}

static void name_self(const char *role, int index)
{
	char name[16];

	snprintf(name, sizeof(name), "%s-%d", role, index);
	prctl(PR_SET_NAME, name);
}

/* In a new child: die with the parent, take signals as anyone does. */
static void child_begin(const struct scene *s, pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	sigprocmask(SIG_SETMASK, &s->old_mask, NULL);
	signal(SIGIO, SIG_IGN);
}

static void __attribute__((noreturn)) stay(void)
{
	for (;;)
		pause();
}

static void fail(struct actor *a, const char *step, int err)
{
	a->step = step;
	a->err = -err;
	stay();
}

/* Opens what is wanted, but for a lease, where opening is the waiting. */
static int wanted_open(const struct scene *s, int file)
{
	if (file < 0 || file_kind(s, file) == LEASE || kind_is_user(file_kind(s, file)))
		return -1;
	return file_open(s, file);
}

static void want(struct scene *s, struct actor *a, int file, int fd)
{
	int err;

	if (file < 0)
		stay();
	if (kind_is_user(file_kind(s, file))) {
		err = user_lock_take(s, file);
	} else if (file_kind(s, file) == LEASE) {
		err = file_open(s, file);
		err = err < 0 ? err : 0;
	} else {
		err = fd < 0 ? fd : lock_take(fd, file_kind(s, file));
	}
	if (err)
		fail(a, "second lock", err);
	stay(); /* somebody let go: keep what we have now */
}

static int hold(struct scene *s, int file)
{
	int fd;

	if (kind_is_user(file_kind(s, file)))
		return user_lock_hold(s, file);
	fd = file_open(s, file);
	return fd < 0 ? fd : lock_take(fd, file_kind(s, file));
}

static void wait_for_go(const struct scene *s)
{
	while (!s->shared->go)
		sleep_ms(1);
}

/* A child of an actor; its descriptors are the actor's. */
static void sharer_start(struct scene *s, int index)
{
	struct actor *a = &s->shared->actors[index];
	pid_t parent = getpid(), pid = fork();
	int file = file_wanted(s, index);

	if (pid < 0)
		fail(a, "fork", -errno);
	if (pid) {
		a->sharer = pid;
		return;
	}
	child_begin(s, parent);
	name_self("sharer", index);
	if (s->mode->sharers == IDLE_SHARERS)
		stay();
	wait_for_go(s);
	want(s, a, file, wanted_open(s, file));
}

static void __attribute__((noreturn)) actor_run(struct scene *s, int index)
{
	struct actor *a = &s->shared->actors[index];
	int file = file_held(s, index), wanted_fd, err;

	name_self("locker", index);
	a->pid = getpid();
	a->tid = (int)syscall(SYS_gettid);
	if (file >= 0) {
		err = hold(s, file);
		if (err)
			fail(a, "first lock", err);
	}
	file = file_wanted(s, index);
	wanted_fd = wanted_open(s, file);
	if (s->mode->sharers)
		sharer_start(s, index);
	s->shared->nr_ready++;
	wait_for_go(s);
	want(s, a, file, wanted_fd);
	stay();
}

static void *actor_thread(void *arg)
{
	struct thread_arg *t = arg;

	actor_run(t->scene, t->index);
}

static void host_threads(struct scene *s)
{
	static struct thread_arg args[MAX_ACTORS];
	pthread_t id;
	int i;

	/* The first thread is an actor too: left idle it could still unlock, since all
	 * threads have the same descriptors, and then this were no deadlock. */
	for (i = 1; i < s->nr_actors; i++) {
		args[i] = (struct thread_arg){ s, i };
		if (pthread_create(&id, NULL, actor_thread, &args[i]))
			_exit(1);
	}
	actor_run(s, 0);
}

int actors_start(struct scene *s)
{
	pid_t parent = getpid();
	int i, nr = s->mode->threads ? 1 : s->nr_actors, err = user_locks_init(s);

	if (err)
		return err;
	for (i = 0; i < nr; i++) {
		pid_t pid = fork();

		if (pid < 0)
			return -errno;
		if (!pid) {
			child_begin(s, parent);
			if (s->mode->threads)
				host_threads(s);
			actor_run(s, i);
		}
		s->children[s->nr_children++] = pid;
	}
	return 0;
}
