// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * lockload.c - makes lock contention: threads that do one thing over and over.
 *
 * Build: gcc -O2 -static -pthread -o lockload lockload.c load_*.c
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "load.h"

static const struct load *const loads[] = {
	&load_shared_offset, &load_pipe,      &load_rename, &load_pipe_create,
	&load_messaging,     &load_mmap,      &load_fork,   &load_fs,
	&load_flock,	     &load_socket,    &load_idle,   &load_uncontended,
	&load_unix_read,     &load_sigmask,   &load_futex_bucket, &load_many_locks,
};
#define NR_LOADS (sizeof(loads) / sizeof(loads[0]))

struct options {
	const struct load *load;
	const char *dir;
	int nr_threads;
	uint64_t ops;		/* of each thread; 0: until `seconds` are over */
	double seconds;
	int pin;		/* thread i runs on the CPU i modulo their number */
	int json;
};

/* Threads must not contend on cache lines of ours. */
struct thread {
	_Alignas(128) struct worker w;
	const struct load *load;
	pthread_barrier_t *start;
	int pin;
	uint64_t max_ops;
	uint64_t ops;
	uint64_t begin_ns, end_ns;
	int err;
	pthread_t id;
};

struct result {
	uint64_t ops, min_ops, max_ops;
	double seconds, min_seconds;	/* until the last and the first thread was done */
};

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* Works until the thread's share is done; drainers until there is nothing left. */
static int work(struct thread *t)
{
	int err = 0;

	while (t->w.drains || (t->ops < t->max_ops && !t->w.run->stop)) {
		err = t->load->op(&t->w);
		if (err)
			break;
		t->ops++;
	}
	return err == LOAD_DONE ? 0 : err;
}

/* To one of the CPUs this process may use. */
static void pin_self(int index)
{
	cpu_set_t allowed, one;
	int cpu;

	if (sched_getaffinity(0, sizeof(allowed), &allowed))
		return;
	index %= CPU_COUNT(&allowed);
	for (cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &allowed) && !index--)
			break;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	sched_setaffinity(0, sizeof(one), &one);
}

static void *thread_main(void *arg)
{
	struct thread *t = arg;

	t->w.fd = -1;
	if (t->pin)
		pin_self(t->w.index);
	if (t->load->prepare)
		t->err = t->load->prepare(&t->w);
	pthread_barrier_wait(t->start);
	t->begin_ns = now_ns();
	if (!t->err)
		t->err = work(t);
	t->end_ns = now_ns();
	if (t->err)
		t->w.run->stop = 1;
	if (t->load->finish)
		t->load->finish(&t->w);
	if (atomic_fetch_sub(&t->w.run->nr_busy, 1) == 1)
		kill(getpid(), SIGUSR1);
	return NULL;
}

/* Until all are done, the time is over (0: none is set), or SIGINT or SIGTERM
 * comes.  The last thread sends SIGUSR1. */
static void wait_for_end(struct run *run, double seconds, const sigset_t *signals)
{
	uint64_t end_ns = now_ns() + (uint64_t)(seconds * 1e9);

	while (run->nr_busy && !run->stop) {
		uint64_t now = now_ns(), left_ns = 100 * 1000 * 1000;
		struct timespec tick = { 0 };

		if (seconds > 0 && now >= end_ns)
			break;
		if (seconds > 0 && end_ns - now < left_ns)
			left_ns = end_ns - now;
		tick.tv_nsec = (long)left_ns;
		if (sigtimedwait(signals, NULL, &tick) > 0)
			break;
	}
	run->stop = 1;
}

static int run_threads(struct thread *threads, const struct options *o, struct run *run,
		       const sigset_t *signals)
{
	pthread_barrier_t start;
	int i, err;

	run->nr_busy = o->nr_threads;
	pthread_barrier_init(&start, NULL, o->nr_threads + 1);
	for (i = 0; i < o->nr_threads; i++) {
		threads[i].w.run = run;
		threads[i].w.index = i;
		threads[i].load = o->load;
		threads[i].start = &start;
		threads[i].pin = o->pin;
		threads[i].max_ops = o->ops ? o->ops : UINT64_MAX;
		err = pthread_create(&threads[i].id, NULL, thread_main, &threads[i]);
		if (err) {
			/* Threads wait at the barrier: leaving is the only way out. */
			fprintf(stderr, "lockload: thread %d: %s\n", i, strerror(err));
			_exit(1);
		}
	}
	pthread_barrier_wait(&start);
	wait_for_end(run, o->ops ? 0 : o->seconds, signals);
	for (i = 0; i < o->nr_threads; i++)
		pthread_join(threads[i].id, NULL);
	pthread_barrier_destroy(&start);
	for (err = 0, i = 0; i < o->nr_threads && !err; i++)
		err = threads[i].err;
	return err;
}

static void sum_up(const struct thread *threads, int nr, struct result *r)
{
	uint64_t start_ns = UINT64_MAX;
	int i;

	for (i = 0; i < nr; i++)
		if (threads[i].begin_ns < start_ns)
			start_ns = threads[i].begin_ns;
	*r = (struct result){ .min_ops = UINT64_MAX, .min_seconds = 1e18 };
	for (i = 0; i < nr; i++) {
		double seconds = (double)(threads[i].end_ns - start_ns) / 1e9;

		if (seconds > r->seconds)
			r->seconds = seconds;
		if (threads[i].w.drains)
			continue;
		r->ops += threads[i].ops;
		if (threads[i].ops < r->min_ops)
			r->min_ops = threads[i].ops;
		if (threads[i].ops > r->max_ops)
			r->max_ops = threads[i].ops;
		if (seconds < r->min_seconds)
			r->min_seconds = seconds;
	}
}

static void print(const struct options *o, const struct result *r)
{
	double rate = r->seconds > 0 ? (double)r->ops / r->seconds : 0;

	if (o->json)
		printf("{\"load\":\"%s\",\"threads\":%d,\"ops\":%" PRIu64 ",\"seconds\":%.6f,"
		       "\"ops_per_second\":%.0f,\"thread_ops_min\":%" PRIu64
		       ",\"thread_ops_max\":%" PRIu64 ",\"thread_seconds_min\":%.6f}\n",
		       o->load->name, o->nr_threads, r->ops, r->seconds, rate, r->min_ops,
		       r->max_ops, r->min_seconds);
	else
		printf("%s: %" PRIu64 " ops in %.3f s, %.0f/s, %d threads "
		       "(%" PRIu64 " to %" PRIu64 " ops, first done after %.3f s)\n",
		       o->load->name, r->ops, r->seconds, rate, o->nr_threads, r->min_ops,
		       r->max_ops, r->min_seconds);
}

/* Makes the run's own folder below dir; path is its name. */
static int folder_make(const char *dir, char path[PATH_MAX])
{
	int fd;

	if (snprintf(path, PATH_MAX, "%s/lockload.XXXXXX", dir) >= PATH_MAX)
		return -ENAMETOOLONG;
	if (!mkdtemp(path))
		return -errno;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static void folder_remove(int fd, const char *path)
{
	DIR *dir = fdopendir(fd);
	struct dirent *e;

	while (dir && (e = readdir(dir)))
		if (e->d_name[0] != '.')
			unlinkat(fd, e->d_name, 0);
	if (dir)
		closedir(dir);
	rmdir(path);
}

static int run_load(const struct options *o)
{
	struct run run = { .nr_threads = o->nr_threads, .dir_fd = -1 };
	size_t bytes = o->nr_threads * sizeof(struct thread);
	struct thread *threads = aligned_alloc(_Alignof(struct thread), bytes);
	char path[PATH_MAX];
	struct result result;
	sigset_t signals;
	int err;

	/* Blocked in all threads; wait_for_end() takes them, so that a run that
	 * is broken off still cleans up and prints what it did. */
	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGUSR1);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	if (threads)
		memset(threads, 0, bytes);
	err = threads ? 0 : -ENOMEM;
	if (!err && o->load->uses_dir)
		err = run.dir_fd = folder_make(o->dir, path);
	if (err < 0) {
		fprintf(stderr, "lockload: %s: %s\n", o->dir, strerror(-err));
		goto out;
	}
	err = o->load->setup ? o->load->setup(&run) : 0;
	if (!err)
		err = run_threads(threads, o, &run, &signals);
	if (o->load->teardown)
		o->load->teardown(&run);
	if (o->load->uses_dir)
		folder_remove(run.dir_fd, path);
	if (err) {
		fprintf(stderr, "lockload: %s: %s\n", o->load->name, strerror(-err));
		goto out;
	}
	sum_up(threads, o->nr_threads, &result);
	print(o, &result);
out:
	free(threads);
	return err ? 1 : 0;
}

static void usage(FILE *to)
{
	size_t i;

	fprintf(to, "usage: lockload NAME [-t THREADS] [-s SECONDS | -n OPS] [--pin] [--dir DIR] [--json]\n\n"
		    "  -t  threads (each load has its own number)\n"
		    "  -s  run for that long (default 5)\n"
		    "  -n  or do so many ops in each thread\n"
		    "  -p  tie each thread to one CPU, in turn\n"
		    "  -d  folder to work in (default $TMPDIR or /tmp)\n"
		    "  -j  print the result as JSON\n\n");
	for (i = 0; i < NR_LOADS; i++)
		fprintf(to, "  %-14s %s (%d)\n", loads[i]->name, loads[i]->contends,
			loads[i]->nr_threads);
}

static const struct load *load_find(const char *name)
{
	size_t i;

	for (i = 0; i < NR_LOADS; i++)
		if (!strcmp(loads[i]->name, name))
			return loads[i];
	return NULL;
}

static double number(const char *text, double min, double max)
{
	char *end;
	double value = strtod(text, &end);

	if (end == text || *end || !(value >= min && value <= max)) {
		fprintf(stderr, "lockload: '%s' is no number from %.15g to %.15g\n", text, min, max);
		exit(2);
	}
	return value;
}

static void parse(int argc, char **argv, struct options *o)
{
	static const struct option rows[] = {
		{ "threads", required_argument, NULL, 't' },
		{ "seconds", required_argument, NULL, 's' },
		{ "ops", required_argument, NULL, 'n' },
		{ "pin", no_argument, NULL, 'p' },
		{ "dir", required_argument, NULL, 'd' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "t:s:n:pd:jh", rows, NULL)) != -1) {
		switch (c) {
		case 't': o->nr_threads = (int)number(optarg, 1, 4096); break;
		case 's': o->seconds = number(optarg, 0.001, 1e6); break;
		case 'n': o->ops = (uint64_t)number(optarg, 1, 1e15); break;
		case 'p': o->pin = 1; break;
		case 'd': o->dir = optarg; break;
		case 'j': o->json = 1; break;
		case 'h': usage(stdout); exit(0);
		default: usage(stderr); exit(2);
		}
	}
	if (optind + 1 != argc || (o->ops && o->seconds > 0)) {
		usage(stderr);
		exit(2);
	}
	o->load = load_find(argv[optind]);
	if (!o->load) {
		fprintf(stderr, "lockload: no load '%s'; see 'lockload --help'\n", argv[optind]);
		exit(2);
	}
	if (!o->nr_threads)
		o->nr_threads = o->load->nr_threads;
	if (!(o->seconds > 0))
		o->seconds = 5;
}

int main(int argc, char **argv)
{
	const char *tmp = getenv("TMPDIR");
	struct options o = { .dir = tmp && *tmp ? tmp : "/tmp" };

	parse(argc, argv, &o);
	return run_load(&o);
}
