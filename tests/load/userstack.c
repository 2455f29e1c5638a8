// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * userstack.c - a deadlock whose way through the program is known, for tests.
 *
 * usage: userstack [moving]
 *
 * Two threads take two pthread mutexes in opposite order, each through functions of its
 * own: work > transfer_out > pay_out, work > transfer_in > pay_in.  One JSON line says who
 * is who once both wait.
 *
 * moving: no deadlock; one thread holds ledger and cash by turns, for most of a second each, and
 * eight wait for ledger in pay_in() and for cash in pay_out().  The line has the addresses of both.
 *
 * Build: gcc -O2 -fomit-frame-pointer -pthread -o userstack userstack.c
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* Nothing behind a call may make it a jump, or its caller is not on the stack. */
#define STAY() asm volatile("" ::: "memory")
#define FUNCTION __attribute__((noinline, noclone))

static pthread_mutex_t ledger = PTHREAD_MUTEX_INITIALIZER, cash = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t both_hold;
static volatile int tids[2];
static char second;	/* its address tells the second thread from the first */

static FUNCTION void pay_out(void)
{
	pthread_mutex_lock(&cash);
	STAY();
}

static FUNCTION void pay_in(void)
{
	pthread_mutex_lock(&ledger);
	STAY();
}

static FUNCTION void transfer_out(void)
{
	pthread_mutex_lock(&ledger);
	pthread_barrier_wait(&both_hold);
	pay_out();
	STAY();
}

static FUNCTION void transfer_in(void)
{
	pthread_mutex_lock(&cash);
	pthread_barrier_wait(&both_hold);
	pay_in();
	STAY();
}

static FUNCTION void *work(void *arg)
{
	int index = arg != NULL;

	tids[index] = (int)syscall(SYS_gettid);
	if (index)
		transfer_in();
	else
		transfer_out();
	STAY();
	return NULL;
}

static const struct timespec turn = { .tv_nsec = 800000000 };

static FUNCTION void *wait_by_turns(void *arg)
{
	for (;;) {
		pay_in();
		pthread_mutex_unlock(&ledger);
		pay_out();
		pthread_mutex_unlock(&cash);
	}
	return arg;
}

static FUNCTION int move(void)
{
	pthread_t thread;
	int i;

	pthread_mutex_lock(&ledger);
	for (i = 0; i < 8; i++)
		if (pthread_create(&thread, NULL, wait_by_turns, NULL))
			return 1;
	printf("{\"pid\":%d,\"ledger\":\"futex:%d:%p\",\"cash\":\"futex:%d:%p\"}\n", getpid(), getpid(),
	       (void *)&ledger, getpid(), (void *)&cash);
	fflush(stdout);
	for (;;) {
		pthread_mutex_lock(&cash);
		nanosleep(&turn, NULL);
		pthread_mutex_unlock(&ledger);
		nanosleep(&turn, NULL);
		pthread_mutex_lock(&ledger);
		pthread_mutex_unlock(&cash);
	}
}

int main(int argc, char **argv)
{
	const struct timespec moment = { .tv_nsec = 50000000 };
	pthread_t threads[2];
	int i;

	if (argc > 1 && argv[1][0] == 'm')
		return move();
	pthread_barrier_init(&both_hold, NULL, 2);
	for (i = 0; i < 2; i++)
		if (pthread_create(&threads[i], NULL, work, i ? &second : NULL))
			return 1;
	while (!tids[0] || !tids[1])
		nanosleep(&moment, NULL);
	nanosleep(&moment, NULL);
	printf("{\"pid\":%d,\"out\":%d,\"in\":%d,\"tids\":[%d,%d]}\n", getpid(), tids[0], tids[1],
	       tids[0], tids[1]);
	fflush(stdout);
	for (;;)
		pause();
}
