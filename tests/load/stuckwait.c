// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * stuckwait - real waits for kernel locks that last until it is killed
 *
 *   stuckwait DIR          prints what waits for what as one JSON line, then stays
 *   stuckwait DIR crowd N  the same, of N threads behind one pipe; prints {}
 *   stuckwait DIR churn    for ever: threads that live shorter than a look, fighting for
 *                          the lock of a pipe
 *
 * A thread that reads or writes with a buffer whose page is withheld (userfaultfd) keeps
 * the lock that the call holds meanwhile: of an inode, a pipe, a directory. Others queue
 * behind it. The page's owner dies with the process, and with it all waits.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PAGE 4096

static int file, dir, pipe_fds[2];
static char *withheld;	/* a page for each holder */

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void withhold(void)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register range = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC);

	withheld = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	range.range.start = (unsigned long)withheld;
	range.range.len = 3 * PAGE;
	if (fd < 0 || withheld == MAP_FAILED || ioctl(fd, UFFDIO_API, &api) ||
	    ioctl(fd, UFFDIO_REGISTER, &range))
		die("userfaultfd");
}

static void hold_file(void) { (void)!pwrite(file, withheld, 8, 0); }
static void wait_file(void) { (void)!pwrite(file, "waiting", 8, 0); }
static void hold_pipe(void) { (void)!write(pipe_fds[1], withheld + PAGE, 8); }
static void wait_pipe(void) { (void)!write(pipe_fds[1], "waiting", 8); }
static void read_dir(void)
{
	int fd = open("stuck", O_RDONLY | O_DIRECTORY);

	syscall(SYS_getdents64, fd, withheld + 2 * PAGE, PAGE);
}
static void hold_dir(void) { syscall(SYS_getdents64, dir, withheld + 2 * PAGE, PAGE); }
static void wait_dir(void) { (void)!renameat(dir, "a", dir, "b"); }
static void behind_dir(void) { close(openat(dir, "new", O_CREAT | O_WRONLY, 0600)); }

/* In the order in which they are started; each waits for the lock of the last holder. */
static const struct role {
	const char *name;
	void (*run)(void);
	const char *kind, *mode;	/* of the wait; NULL: holds it */
} roles[] = {
	{ "hold-file", hold_file, NULL, NULL },
	{ "wait-file-1", wait_file, "rwsem", "write" },
	{ "wait-file-2", wait_file, "rwsem", "write" },
	{ "hold-pipe", hold_pipe, NULL, NULL },
	{ "wait-pipe-1", wait_pipe, "mutex", "exclusive" },
	{ "wait-pipe-2", wait_pipe, "mutex", "exclusive" },
	{ "read-dir", read_dir, NULL, NULL },	/* the next one is the last reader */
	{ "hold-dir", hold_dir, NULL, NULL },
	{ "wait-dir", wait_dir, "rwsem", "write" },
	{ "behind-dir", behind_dir, "rwsem", "write" },
};
#define NR_ROLES (sizeof(roles) / sizeof(*roles))

static volatile int tids[NR_ROLES];

static void *play(void *arg)
{
	const struct role *r = arg;

	pthread_setname_np(pthread_self(), r->name);
	tids[r - roles] = gettid();
	r->run();
	return NULL;
}

static void *call(void *arg)
{
	((struct role *)arg)->run();
	return NULL;
}

/* Sleeps it, and not on its way here? */
static int is_asleep(int tid)
{
	char path[64], line[512] = "", *end;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", tid);
	f = fopen(path, "r");
	if (f) {
		(void)!fgets(line, sizeof(line), f);
		fclose(f);
	}
	end = strrchr(line, ')');
	return end && (end[2] == 'D' || end[2] == 'S');
}

static void stick(void)
{
	const char *comma = "";
	pthread_t thread;
	int holder = 0, reader = 0;
	size_t i;

	withhold();
	for (i = 0; i < NR_ROLES; i++) {
		if (pthread_create(&thread, NULL, play, (void *)&roles[i]))
			die("pthread_create");
		while (!tids[i] || !is_asleep(tids[i]))
			usleep(1000);
		usleep(20000); /* a lock that is spun for is slept for soon */
	}
	printf("{\"waits\":[");
	for (i = 0; i < NR_ROLES; i++) {
		if (roles[i].run == read_dir)
			reader = tids[i];
		if (!roles[i].kind) {
			holder = tids[i];
			continue;
		}
		printf("%s{\"tid\":%d,\"kind\":\"%s\",\"mode\":\"%s\",\"holder\":%d}", comma,
		       tids[i], roles[i].kind, roles[i].mode, holder);
		comma = ",";
	}
	printf("],\"reader\":%d}\n", reader);
	fflush(stdout);
	pause();
}

static void crowd(int nr)
{
	struct role holder = { .run = hold_pipe }, waiter = { .run = wait_pipe };
	pthread_attr_t attr;
	pthread_t thread;
	int i;

	withhold();
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 65536);
	for (i = 0; i <= nr; i++) {
		if (pthread_create(&thread, &attr, call, i ? &waiter : &holder))
			die("pthread_create");
		if (!i)
			usleep(100000);
	}
	usleep(500000);
	printf("{}\n");
	fflush(stdout);
	pause();
}

static void *write_some(void *arg)
{
	char c[64] = "";
	int i;

	for (i = 0; i < 20; i++)
		(void)!write(pipe_fds[1], c, sizeof(c));
	return arg;
}

static void *drain(void *arg)
{
	char c[4096];

	while (read(pipe_fds[0], c, sizeof(c)) > 0)
		;
	return arg;
}

static void churn(void)
{
	pthread_t threads[8];
	size_t i;

	pthread_create(&threads[0], NULL, drain, NULL);
	printf("{}\n");
	fflush(stdout);
	for (;;) {
		for (i = 0; i < 8; i++)
			if (pthread_create(&threads[i], NULL, write_some, NULL))
				die("pthread_create");
		for (i = 0; i < 8; i++)
			pthread_join(threads[i], NULL);
	}
}

int main(int argc, char **argv)
{
	if (argc < 2 || chdir(argv[1]) || pipe(pipe_fds))
		die("stuckwait DIR [churn | crowd N]");
	mkdir("stuck", 0700);
	close(open("stuck/a", O_CREAT | O_WRONLY, 0600));
	dir = open("stuck", O_RDONLY | O_DIRECTORY);
	file = open("stuck-file", O_CREAT | O_RDWR, 0600);
	if (dir < 0 || file < 0)
		die(argv[1]);
	if (argc > 3)
		crowd(atoi(argv[3]));
	else if (argc > 2)
		churn();
	else
		stick();
	return 0;
}
