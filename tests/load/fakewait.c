// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * fakewait.c - threads of nobody's that lie about what they wait for.
 *
 *   fakewait mutex      two threads, each in a futex laid out as a glibc mutex, whose owner
 *                       is said to be the other one
 *   fakewait rwlock     the same as rwlocks
 *   fakewait pi         the same as words of a thread id and the waiters' bit, without PI
 *   fakewait lock-pi    both in FUTEX_LOCK_PI on a word that names the first thread, which has
 *                       not locked it: the kernel makes it the owner all the same
 *   fakewait ring       two threads in select(), whose bits lie on the kernel stack as a
 *                       waiter would: linked into a queue in user memory. Reads addresses
 *                       from stdin first, in hexadecimal: into mutex_lock()'s slow path, into
 *                       down_write()'s, of either thread's task_struct
 *
 * Prints {"pids":[P],"tids":[T,...],"blocked":[T,...]} and stays until it is killed.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <inttypes.h>
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NOBODY 65534
#define NR_THREADS 2
#define FDS 320		/* so many bits of each set are kept on the kernel stack */
#define SET_WORDS (FDS / 64)

struct mode {
	const char *name;
	void (*wait)(int me);
};

static atomic_int tids[NR_THREADS], nr_there, go;
static uint32_t locks[NR_THREADS][16] __attribute__((aligned(64)));
static uint32_t of_first;	/* lock-pi; the kernel adds the waiters' bit */
static uint64_t mutex_slow, rwsem_slow, tasks[NR_THREADS];
static int never[2];		/* a pipe that nobody writes to */

static void futex(uint32_t *word, int op, uint32_t val)
{
	syscall(SYS_futex, word, op | FUTEX_PRIVATE_FLAG, val, NULL);
}

/* As sysdeps/nptl/bits/struct_mutex.h has it: lock, count, owner, users, kind. */
static void wait_mutex(int me)
{
	uint32_t *l = locks[me];

	l[2] = (uint32_t)tids[!me];
	l[3] = 1;
	l[0] = 2;
	futex(&l[0], FUTEX_WAIT, 2);
}

/* struct_rwlock.h: readers, writers, phase, writers' futex, …, owner. */
static void wait_rwlock(int me)
{
	uint32_t *l = locks[me];

	l[0] = l[1] = 3;
	l[2] = 1;
	l[6] = (uint32_t)tids[!me];
	l[3] = 3;
	futex(&l[3], FUTEX_WAIT, 3);
}

static void wait_pi(int me)
{
	uint32_t *l = locks[me];

	l[0] = (uint32_t)tids[!me] | FUTEX_WAITERS;
	futex(l, FUTEX_WAIT, l[0]);
}

static void wait_lock_pi(int me)
{
	(void)me;
	futex(&of_first, FUTEX_LOCK_PI, 0);
}

/* A waiter in a queue that has a lock in it, in memory of ours that leads back at each step. */
struct ring {
	struct {
		uint64_t next, prev, task;
	} waiter;
	struct {
		uint64_t owner, wait_lock, next, prev;
	} lock;
};
static struct ring rings[NR_THREADS];

static void put_waiter(uint64_t *words, uint64_t back_to, struct ring *r, int me)
{
	r->lock.owner = tasks[!me] | 1;
	r->lock.next = r->lock.prev = (uintptr_t)&r->waiter;
	r->waiter.next = r->waiter.prev = (uintptr_t)&r->lock.next;
	r->waiter.task = tasks[me];
	words[0] = back_to;
	words[1] = words[2] = (uintptr_t)&r->lock.next;
	words[3] = tasks[me];
	words[4] = 0;	/* of an rwsem: it wants to write */
}

static void wait_ring(int me)
{
	uint64_t words[3 * SET_WORDS];

	put_waiter(words, mutex_slow, &rings[me], me);
	put_waiter(words + 5, rwsem_slow, &rings[me], me);
	put_waiter(words + 10, mutex_slow, &rings[me], me);
	syscall(SYS_pselect6, FDS, words, words + SET_WORDS, words + 2 * SET_WORDS, NULL, NULL);
}

static const struct mode modes[] = {
	{ "mutex", wait_mutex }, { "rwlock", wait_rwlock },   { "pi", wait_pi },
	{ "ring", wait_ring },	 { "lock-pi", wait_lock_pi },
};

static const struct mode *mode;

static void *run(void *arg)
{
	int me = (int)(intptr_t)arg;

	tids[me] = (int)syscall(SYS_gettid);
	nr_there++;
	while (!go)
		usleep(1000);
	mode->wait(me);
	fprintf(stderr, "fakewait: thread %d does not wait: %s\n", me, strerror(errno));
	_exit(1);
}

static void print(void)
{
	int i, k;

	printf("{\"pids\":[%d]", getpid());
	for (k = 0; k < 2; k++) {
		printf(",\"%s\":[", k ? "blocked" : "tids");
		for (i = 0; i < NR_THREADS; i++)
			printf(i ? ",%d" : "%d", tids[i]);
		printf("]");
	}
	printf("}\n");
	fflush(stdout);
}

/* The addresses; then every descriptor there can be is one that never becomes ready. */
static int ring_begin(void)
{
	int i;

	if (scanf("%" SCNx64 " %" SCNx64 " %" SCNx64 " %" SCNx64, &mutex_slow, &rwsem_slow,
		  &tasks[0], &tasks[1]) != 4 || pipe(never))
		return 1;
	never[0] = dup2(never[0], FDS);
	never[1] = dup2(never[1], FDS + 1);
	for (i = 0; i < FDS; i++)
		if (i != STDERR_FILENO && dup2(never[0], i) < 0)
			return 1;
	return dup2(never[0], STDERR_FILENO) < 0;
}

int main(int argc, char **argv)
{
	pthread_t id;
	size_t i;
	int k;

	for (i = 0; i < sizeof(modes) / sizeof(*modes) && argc > 1; i++)
		if (!strcmp(modes[i].name, argv[1]))
			mode = &modes[i];
	if (!mode) {
		fprintf(stderr, "usage: fakewait mutex|rwlock|pi|lock-pi|ring\n");
		return 2;
	}
	if (setresgid(NOBODY, NOBODY, NOBODY) || setresuid(NOBODY, NOBODY, NOBODY))
		return 1;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	of_first = (uint32_t)getpid();
	for (k = 0; k < NR_THREADS; k++)
		if (pthread_create(&id, NULL, run, (void *)(intptr_t)k))
			return 1;
	while (nr_there < NR_THREADS)
		usleep(1000);
	print();
	if (mode->wait == wait_ring && ring_begin())
		return 1;
	go = 1;
	for (;;)
		pause();
}
