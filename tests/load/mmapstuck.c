// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * mmapstuck.c - a process whose mmap_lock is stuck, for tests.
 *
 * usage: mmapstuck FILE [LOCKED]
 *
 * Two of its threads are in a deadlock of two pthread mutexes.  On SIGUSR1, by when FILE's
 * file system has been frozen, a third writes to FILE's mapping, which waits for the file
 * system, and a fourth unmaps its other half, which waits for the third with the mmap_lock
 * taken or queued for.  From then on nobody can read this process's memory.  One JSON line says who
 * is who, a second one that it is stuck.  With LOCKED, a file elsewhere that somebody has
 * flocked, a fifth thread waits for that lock.
 *
 * Build: gcc -O2 -static -pthread -o mmapstuck mmapstuck.c
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define PAGES 2
#define DEADLINE_MS 10000

static pthread_mutex_t mutexes[2] = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER };
static pthread_barrier_t both_hold;
static char *mapping;
static size_t mapping_bytes;

struct thread {
	pthread_t id;
	void (*run)(int index);
	int index, go;
	volatile int tid;
};

static void lock_both(int index)
{
	pthread_mutex_lock(&mutexes[index]);
	pthread_barrier_wait(&both_hold);
	pthread_mutex_lock(&mutexes[!index]);
}

static void touch(int index)
{
	mapping[index] = 1;	/* in the first half */
}

/* The other half, which the fault does not need. */
static void unmap(int index)
{
	munmap(mapping + mapping_bytes / 2 * index, mapping_bytes / 2);
}

static int locked = -1;

static void wait_for_flock(int index)
{
	flock(locked, LOCK_EX);
	(void)index;
}

/* All are there before anything is stuck: making a thread takes the mmap_lock. */
static struct thread threads[] = {
	{ .run = lock_both, .index = 0, .go = 1 },
	{ .run = lock_both, .index = 1, .go = 1 },
	{ .run = touch },
	{ .run = unmap, .index = 1 },
	{ .run = wait_for_flock, .go = 1 },
};
#define NR_THREADS (sizeof(threads) / sizeof(*threads))	/* the last only with LOCKED */

static void sleep_ms(int ms)
{
	const struct timespec t = { .tv_nsec = ms * 1000000L };

	nanosleep(&t, NULL);
}

static void *start(void *arg)
{
	struct thread *t = arg;

	t->tid = (int)syscall(SYS_gettid);
	while (!__atomic_load_n(&t->go, __ATOMIC_ACQUIRE))
		sleep_ms(1);
	t->run(t->index);
	return NULL;
}

/* Until the thread is in the state; no read of /proc/TID/stat takes the mmap_lock. */
static int await_state(const struct thread *t, char state)
{
	char path[64], text[512], *after_name;
	int ms, fd;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", t->tid);
	for (ms = 0; ms < DEADLINE_MS; ms += 2) {
		fd = open(path, O_RDONLY | O_CLOEXEC);
		n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
		if (fd >= 0)
			close(fd);
		text[n > 0 ? n : 0] = '\0';
		after_name = strrchr(text, ')');
		if (after_name && after_name[1] && after_name[2] == state)
			return 0;
		sleep_ms(2);
	}
	fprintf(stderr, "mmapstuck: thread %d is not in state %c\n", t->tid, state);
	return -1;
}

static int go(struct thread *t)
{
	__atomic_store_n(&t->go, 1, __ATOMIC_RELEASE);
	return await_state(t, 'D');
}

/* Read once, so that only the write has something to wait for. */
static int map_file(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	mapping_bytes = PAGES * (size_t)sysconf(_SC_PAGESIZE);
	if (fd < 0 || ftruncate(fd, (off_t)mapping_bytes))
		return -1;
	mapping = mmap(NULL, mapping_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	return mapping == MAP_FAILED ? -1 : *(volatile char *)mapping;
}

int main(int argc, char **argv)
{
	size_t i, nr = argc == 3 ? NR_THREADS : NR_THREADS - 1;
	sigset_t signals;
	int sig;

	sigemptyset(&signals);
	sigaddset(&signals, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	pthread_barrier_init(&both_hold, NULL, 2);
	if (argc == 3)
		locked = open(argv[2], O_RDONLY | O_CLOEXEC);
	if (argc < 2 || argc > 3 || map_file(argv[1])) {
		perror("mmapstuck");
		return 1;
	}
	for (i = 0; i < nr; i++)
		if (pthread_create(&threads[i].id, NULL, start, &threads[i]))
			return 1;
	for (i = 0; i < nr; i++)
		while (!threads[i].tid)
			sleep_ms(1);
	if (await_state(&threads[0], 'S') || await_state(&threads[1], 'S'))
		return 1;
	printf("{\"pid\":%d,\"blocked\":[%d,%d],\"faulter\":%d,\"unmapper\":%d,\"flocker\":%d}\n",
	       getpid(), threads[0].tid, threads[1].tid, threads[2].tid, threads[3].tid,
	       threads[4].tid);
	fflush(stdout);
	sigwait(&signals, &sig);
	if (go(&threads[2]) || go(&threads[3]))
		return 1;
	printf("{\"stuck\":true}\n");
	fflush(stdout);
	for (;;)
		pause();
}
