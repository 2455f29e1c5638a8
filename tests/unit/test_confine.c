// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * A child that only reads: what it needs goes on, all else fails.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include "cmocka_all.h"
#include "lib/confine.h"
#include "lib/probe_child.h"

#define LONG_NS 10000000000ull	/* never reached when all is well */

struct shared {
	char path[64];
	pid_t parent;
	int confined;
	bool reads, has_memory, sees_sems;
	/* errno of each */
	int writes, creates, truncates, execs, forks, connects, kills, traces, removes_sems, chmods;
};

static int error_of(long rc)
{
	return rc < 0 ? errno : 0;
}

static bool can_read(const char *path)
{
	char text[16];
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	bool can = fd >= 0 && pread(fd, text, sizeof(text), 0) > 0 && read(fd, text, 1) == 1;

	close(fd);
	return can;
}

static void try_all(void *arg)
{
	struct shared *s = arg;
	char *argv[] = { "true", NULL };
	void *more;
	int set;

	s->confined = confine__to_reading();
	s->reads = can_read(s->path) && can_read("/proc/self/maps");
	more = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	s->has_memory = more != MAP_FAILED && !munmap(more, 1 << 20);
	set = semget(IPC_PRIVATE, 1, 0600);
	s->sees_sems = set < 0 && errno == EPERM && semctl(0x7ffffff, 0, GETVAL) < 0 && errno == EINVAL;
	s->writes = error_of(open(s->path, O_RDWR));
	s->creates = error_of(open("/tmp/lockscope-confine", O_RDONLY | O_CREAT, 0600));
	s->truncates = error_of(open(s->path, O_RDONLY | O_TRUNC));
	s->execs = error_of(execv("/bin/true", argv));
	s->forks = error_of(fork());
	s->connects = error_of(socket(AF_INET, SOCK_STREAM, 0));
	s->kills = error_of(kill(s->parent, 0));
	s->traces = error_of(ptrace(PTRACE_TRACEME, 0, NULL, NULL));
	s->removes_sems = error_of(semctl(0x7ffffff, 0, IPC_RMID));
	s->chmods = error_of(chmod(s->path, 0666));
}

static void test_it_only_reads(void **state)
{
	struct probe_child *c;
	struct shared *s;
	int err, fd;

	(void)state;
	assert_int_equal(probe_child__new(&c, sizeof(*s)), 0);
	s = probe_child__shared(c);
	strcpy(s->path, "/tmp/lockscope-confine-XXXXXX");
	fd = mkstemp(s->path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "text", 4), 4);
	close(fd);
	s->parent = getpid();
	assert_int_equal(probe_child__start(c, try_all), 0);
	assert_true(probe_child__wait(c, LONG_NS, &err));
	unlink(s->path);
	assert_int_equal(err, 0);	/* it can still answer */
	assert_int_equal(s->confined, 0);
	assert_true(s->reads);
	assert_true(s->has_memory);
	assert_true(s->sees_sems);
	assert_int_equal(s->writes, EPERM);
	assert_int_equal(s->creates, EPERM);
	assert_int_equal(s->truncates, EPERM);
	assert_int_equal(s->execs, EPERM);
	assert_int_equal(s->forks, EPERM);
	assert_int_equal(s->connects, EPERM);
	assert_int_equal(s->kills, EPERM);
	assert_int_equal(s->traces, EPERM);
	assert_int_equal(s->removes_sems, EPERM);
	assert_int_equal(s->chmods, EPERM);
	probe_child__free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_it_only_reads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
