// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * filedeadlock.c - real deadlocks and waits on file locks and locks of user space, for
 * demo and tests.
 *
 * Actors (processes, or threads of one) each take a lock, wait for one another
 * at a barrier, then want the next lock.  When all that must block are seen to
 * be blocked, one JSON line says who they are; then the scene stays until
 * SIGTERM, SIGINT, the time of --hold, or the death of this process.
 *
 * Build: gcc -O2 -static -pthread -o filedeadlock filedeadlock*.c
 */
#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "filedeadlock.h"

static const struct mode modes[] = {
	{ .name = "flock-abba", .about = "two processes, two files, opposite order: a deadlock",
	  .nr = 2, .deadlock = 1 },
	{ .name = "flock-cycle", .about = "the same with N processes and files (3)",
	  .nr = 3, .takes_nr = 1, .deadlock = 1 },
	{ .name = "ofd-abba", .about = "two processes, two files, OFD locks: a deadlock",
	  .kind = { OFD, OFD }, .nr = 2, .deadlock = 1 },
	{ .name = "mixed-abba", .about = "one flock, one POSIX lock: a deadlock",
	  .kind = { FLOCK, POSIX }, .nr = 2, .deadlock = 1 },
	{ .name = "posix-cycle", .about = "N POSIX locks (14): more than 12 outrun the kernel's own check",
	  .kind = { POSIX, POSIX }, .nr = 14, .takes_nr = 1, .deadlock = 1 },
	{ .name = "thread-flock", .about = "two threads of one process, flock: a deadlock",
	  .nr = 2, .threads = 1, .deadlock = 1 },
	{ .name = "flock-shared", .about = "flock-abba, but idle children share the descriptors: none",
	  .nr = 2, .sharers = IDLE_SHARERS },
	{ .name = "flock-shared-stuck", .about = "the children are stuck as well: a deadlock",
	  .nr = 2, .sharers = STUCK_SHARERS, .deadlock = 1 },
	{ .name = "posix-chain", .about = "N processes (4) in a line, POSIX locks: none",
	  .kind = { POSIX, POSIX }, .shape = CHAIN, .nr = 4, .takes_nr = 1 },
	{ .name = "flock-chain", .about = "the same with flock: none",
	  .shape = CHAIN, .nr = 4, .takes_nr = 1 },
	{ .name = "flock-queue", .about = "one holder and N waiters (5): none, a root",
	  .shape = QUEUE, .nr = 5, .takes_nr = 1 },
	{ .name = "lease", .about = "a write lease, and an open() that waits for it "
				    "(45 s, /proc/sys/fs/lease-break-time)",
	  .kind = { LEASE, LEASE }, .shape = QUEUE, .nr = 1 },
	{ .name = "mutex-abba", .about = "two threads, two pthread mutexes: a deadlock",
	  .kind = { MUTEX, MUTEX }, .nr = 2, .threads = 1, .deadlock = 1 },
	{ .name = "mutex-self", .about = "a thread takes its mutex again: a deadlock",
	  .kind = { MUTEX, MUTEX }, .nr = 1, .threads = 1, .deadlock = 1 },
	{ .name = "mutex-kinds", .about = "five threads, a mutex of each kind and an rwlock: a deadlock",
	  .kind = { RECURSIVE, ADAPTIVE, ROBUST, WRITE, MUTEX }, .nr_kinds = 5, .nr = 5, .threads = 1,
	  .deadlock = 1 },
	{ .name = "mutex-shared", .about = "two processes, two shared mutexes: a deadlock",
	  .kind = { MUTEX, MUTEX }, .nr = 2, .deadlock = 1 },
	{ .name = "mutex-timed", .about = "mutex-abba, for an hour at most",
	  .kind = { TIMED, TIMED }, .nr = 2, .threads = 1, .deadlock = 1 },
	{ .name = "mutex-queue", .about = "one thread holds a mutex, N (3) wait: none, a root",
	  .kind = { MUTEX, MUTEX }, .shape = QUEUE, .nr = 3, .takes_nr = 1, .threads = 1 },
	{ .name = "mutex-chain", .about = "N threads (3) in a line, pthread mutexes: none",
	  .kind = { MUTEX, MUTEX }, .shape = CHAIN, .nr = 3, .takes_nr = 1, .threads = 1 },
	{ .name = "pi-chain", .about = "the same with PI mutexes: none",
	  .kind = { PI, PI }, .shape = CHAIN, .nr = 3, .takes_nr = 1, .threads = 1 },
	{ .name = "mutex-flock-ofd", .about = "three processes, a mutex, a flock, an OFD lock: a deadlock",
	  .kind = { MUTEX, FLOCK, OFD }, .nr_kinds = 3, .nr = 3, .deadlock = 1 },
	{ .name = "condvar", .about = "N threads (5) wait for work: none",
	  .kind = { CONDVAR, CONDVAR }, .shape = QUEUE, .nr = 5, .takes_nr = 1, .threads = 1 },
	{ .name = "lie", .about = "two threads that only pretend mutex-abba",
	  .kind = { LIE, LIE }, .nr = 2, .threads = 1 },
	{ .name = "lie-of-init", .about = "a thread that pretends to wait for a mutex of init",
	  .kind = { LIE_OF_INIT, LIE_OF_INIT }, .shape = QUEUE, .nr = 1, .threads = 1 },
	{ .name = "sysv-abba", .about = "two processes, two SysV semaphores, SEM_UNDO: a deadlock",
	  .kind = { SYSV, SYSV }, .nr = 2, .deadlock = 1 },
	{ .name = "sysv-plain", .about = "the same without SEM_UNDO: a deadlock, or idle",
	  .kind = { SYSV_PLAIN, SYSV_PLAIN }, .nr = 2 },
	{ .name = "sysv-given", .about = "sysv-abba, raised before by a process with SEM_UNDO: may be idle",
	  .kind = { SYSV_GIVEN, SYSV_GIVEN }, .nr = 2 },
	{ .name = "sysv-threads", .about = "sysv-abba by two threads, whose adjustments are the same",
	  .kind = { SYSV, SYSV }, .nr = 2, .threads = 1 },
	{ .name = "sysv-self", .about = "a process lowers its semaphore again: a deadlock, or idle",
	  .kind = { SYSV, SYSV }, .nr = 1 },
	{ .name = "sysv-queue", .about = "one process lowered it with SEM_UNDO, N (3) wait: none, a root",
	  .kind = { SYSV, SYSV }, .shape = QUEUE, .nr = 3, .takes_nr = 1 },
	{ .name = "sysv-idle", .about = "the same without SEM_UNDO: N (3) may wait for work",
	  .kind = { SYSV_PLAIN, SYSV_PLAIN }, .shape = QUEUE, .nr = 3, .takes_nr = 1 },
};
#define NR_MODES (sizeof(modes) / sizeof(modes[0]))

/* The JSON line. */

static void print_ids(const struct scene *s, const char *key, int (*id)(const struct scene *, int))
{
	const char *comma = "";
	int i;

	printf(",\"%s\":[", key);
	for (i = 0; i < s->nr_actors; i++) {
		if (!id(s, i))
			continue;
		printf("%s%d", comma, id(s, i));
		comma = ",";
	}
	printf("]");
}

static int id_pid(const struct scene *s, int i)
{
	return s->mode->threads && i ? 0 : s->shared->actors[i].pid;
}

static int id_tid(const struct scene *s, int i)
{
	return s->shared->actors[i].tid;
}

static int id_sharer(const struct scene *s, int i)
{
	return s->shared->actors[i].sharer;
}

static int id_blocked(const struct scene *s, int i)
{
	return file_wanted(s, i) < 0 ? 0 : id_tid(s, i);
}

static void print_string(const char *text)
{
	putchar('"');
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			printf("\\%c", *text);
		else if ((unsigned char)*text < ' ')
			printf("\\u%04x", *text);
		else
			putchar(*text);
	}
	putchar('"');
}

static void print(const struct scene *s)
{
	char path[FILE_PATH_MAX];
	int i;

	printf("{\"mode\":\"%s\",\"deadlock\":%s", s->mode->name,
	       s->mode->deadlock ? "true" : "false");
	print_ids(s, "pids", id_pid);
	print_ids(s, "tids", id_tid);
	print_ids(s, "blocked", id_blocked);
	print_ids(s, "sharers", id_sharer);
	printf(",\"files\":[");
	for (i = 0; i < s->nr_files; i++) {
		file_path(s, i, path);
		printf(i ? "," : "");
		print_string(path);
	}
	printf("]}\n");
	fflush(stdout);
}

/* Reaps those that a test killed, so that no zombie holds their number. */
static void stand_by(struct scene *s, const sigset_t *signals)
{
	const struct timespec tick = { .tv_nsec = 100 * 1000000 };
	double waited_s;
	int i;

	for (waited_s = 0; !(s->hold_s > 0) || waited_s < s->hold_s; waited_s += 0.1) {
		if (sigtimedwait(signals, NULL, &tick) > 0)
			return;
		for (i = 0; i < s->nr_children; i++)
			if (s->children[i] && waitpid(s->children[i], NULL, WNOHANG) > 0)
				s->children[i] = 0;
	}
}

/* Sharers go with their parents. */
static void clean_up(struct scene *s)
{
	char path[FILE_PATH_MAX];
	int i;

	for (i = 0; i < s->nr_children; i++)
		if (s->children[i])
			kill(s->children[i], SIGKILL);
	for (i = 0; i < s->nr_children; i++)
		if (s->children[i])
			waitpid(s->children[i], NULL, 0);
	for (i = 0; i < s->nr_files; i++) {
		file_path(s, i, path);
		unlink(path);
	}
	rmdir(s->dir);
}

static int play(struct scene *s)
{
	sigset_t signals;
	int err;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	sigprocmask(SIG_BLOCK, &signals, &s->old_mask);
	if (!mkdtemp(s->dir)) {
		fprintf(stderr, "filedeadlock: %s: %s\n", s->dir, strerror(errno));
		return 1;
	}
	err = actors_start(s);
	if (err)
		fprintf(stderr, "filedeadlock: fork: %s\n", strerror(-err));
	else
		err = actors_wait(s, actors_are_ready, "ready", &signals);
	if (!err) {
		s->shared->go = 1;
		err = actors_wait(s, actors_are_blocked, "blocked", &signals);
	}
	if (!err) {
		print(s);
		stand_by(s, &signals);
	}
	clean_up(s);
	return err < 0;
}

static void usage(FILE *to)
{
	size_t i;

	fprintf(to, "usage: filedeadlock MODE [N] [--dir DIR] [--hold SECONDS]\n\n");
	for (i = 0; i < NR_MODES; i++)
		fprintf(to, "  %-18s %s\n", modes[i].name, modes[i].about);
}

static int bad_usage(const char *why, const char *what)
{
	fprintf(stderr, "filedeadlock: %s '%s'; see 'filedeadlock --help'\n", why, what);
	return 2;
}

/* The mode and its number, if it takes one. */
static int parse_mode(char **words, int nr_words, struct scene *s)
{
	const char *name = nr_words ? words[0] : "";
	char *end;
	long nr;
	size_t i;

	for (i = 0; i < NR_MODES && !s->mode; i++)
		if (!strcmp(modes[i].name, name))
			s->mode = &modes[i];
	if (!s->mode)
		return bad_usage("no mode", name);
	nr = s->mode->nr;
	if (nr_words > 1) {
		nr = strtol(words[1], &end, 10);
		if (!s->mode->takes_nr || nr_words > 2 || *end || nr >= MAX_ACTORS ||
		    nr < (s->mode->shape == QUEUE ? 1 : 2))
			return bad_usage("unexpected", words[1]);
	}
	s->nr_actors = (int)nr + (s->mode->shape == QUEUE);
	s->nr_files = s->mode->shape == QUEUE ? 1 : s->nr_actors;
	return 0;
}

static int parse(int argc, char **argv, struct scene *s)
{
	static const struct option rows[] = {
		{ "dir", required_argument, NULL, 'd' },
		{ "hold", required_argument, NULL, 's' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	const char *tmp = getenv("TMPDIR"), *dir = tmp && *tmp ? tmp : "/tmp";
	char *end;
	int c;

	while ((c = getopt_long(argc, argv, "d:s:h", rows, NULL)) != -1) {
		switch (c) {
		case 'd': dir = optarg; break;
		case 's':
			s->hold_s = strtod(optarg, &end);
			if (*end || !(s->hold_s > 0))
				return bad_usage("no time in seconds", optarg);
			break;
		case 'h': usage(stdout); exit(0);
		default: usage(stderr); return 2;
		}
	}
	if (snprintf(s->dir, sizeof(s->dir), "%s/filedeadlock.XXXXXX", dir) >= (int)sizeof(s->dir))
		return bad_usage("too long a folder name", dir);
	return parse_mode(argv + optind, argc - optind, s);
}

int main(int argc, char **argv)
{
	static struct scene scene;
	int err = parse(argc, argv, &scene);

	if (err)
		return err;
	scene.shared = mmap(NULL, sizeof(*scene.shared), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (scene.shared == MAP_FAILED) {
		fprintf(stderr, "filedeadlock: %s\n", strerror(errno));
		return 1;
	}
	return play(&scene);
}
