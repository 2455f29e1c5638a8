/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * machine.h - a made-up machine for tests of file locks: its /proc in a temporary
 * folder, and the tasks that the iterator would have found.
 *
 * Needs _GNU_SOURCE.
 */
#ifndef TEST_MACHINE_H
#define TEST_MACHINE_H

#include <errno.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "source/filelocks.h"

#define MAX_CANDS 32

/* A machine: its /proc, and the tasks that the iterator would have found. */
struct machine {
	char dir[64];
	struct filelocks *locks;
	struct filelock_candidate cands[MAX_CANDS];
	uint32_t nr_cands;
	struct filelock_look look;
};

__attribute__((format(printf, 3, 4)))
static inline void put(const struct machine *m, const char *path, const char *fmt, ...)
{
	char full[256];
	va_list ap;
	FILE *f;

	snprintf(full, sizeof(full), "%s/%s", m->dir, path);
	for (char *p = full + strlen(m->dir) + 1; (p = strchr(p, '/')); *p++ = '/') {
		*p = '\0';
		mkdir(full, 0700);
	}
	f = fopen(full, "w");
	assert_non_null(f);
	va_start(ap, fmt);
	vfprintf(f, fmt, ap);
	va_end(ap);
	fclose(f);
}

static inline int setup(void **state)
{
	struct machine *m = calloc(1, sizeof(*m));

	strcpy(m->dir, "/tmp/test_filelocks.XXXXXX");
	assert_non_null(mkdtemp(m->dir));
	put(m, "sys/fs/lease-break-time", "45\n");
	assert_int_equal(filelocks__new(&m->locks, m->dir), 0);
	*state = m;
	return 0;
}

static inline int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static inline int teardown(void **state)
{
	struct machine *m = *state;

	filelocks__free(m->locks);
	nftw(m->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	free(m);
	return 0;
}

/* A thread; switches stands for all it ever ran. */
static inline void thread(const struct machine *m, uint32_t pid, uint32_t tid, uint32_t switches)
{
	char path[64];

	snprintf(path, sizeof(path), "%u/task/%u/status", pid, tid);
	put(m, path, "Name:\tx\nvoluntary_ctxt_switches:\t%u\nnonvoluntary_ctxt_switches:\t0\n",
	    switches);
}

static inline void process_of(const struct machine *m, uint32_t pid, uint32_t ppid)
{
	char path[128];

	snprintf(path, sizeof(path), "%u/stat", pid);
	put(m, path, "%u (a ) S 7 (b) S %u 1 1 0\n", pid, ppid);
	snprintf(path, sizeof(path), "%s/%u/fd", m->dir, pid);
	mkdir(path, 0700);
	thread(m, pid, pid, 5);
}

static inline void process(const struct machine *m, uint32_t pid)
{
	process_of(m, pid, 50000 + pid);
}

static inline void descriptor_in(const struct machine *m, const char *table, int fd,
				 const char *link, uint64_t ino, const char *locks)
{
	char path[256];

	snprintf(path, sizeof(path), "%sinfo/%d", table, fd);
	put(m, path, "pos:\t0\nflags:\t0100002\nmnt_id:\t27\nino:\t%llu\n%s",
	    (unsigned long long)ino, locks);
	snprintf(path, sizeof(path), "%s/%s", m->dir, table);
	mkdir(path, 0700);
	snprintf(path, sizeof(path), "%s/%s/%d", m->dir, table, fd);
	assert_int_equal(symlink(link, path), 0);
}

static inline void descriptor(const struct machine *m, uint32_t pid, int fd, const char *link,
			      uint64_t ino, const char *locks)
{
	char path[64];

	snprintf(path, sizeof(path), "%u/fd", pid);
	descriptor_in(m, path, fd, link, ino, locks);
}

/* A thread that sleeps in a call; it is a candidate. */
static inline void sleeper(struct machine *m, uint32_t pid, uint32_t tid, long nr, long arg0,
			   long arg1)
{
	char path[128], table[32];
	struct filelock_candidate *c = &m->cands[m->nr_cands++];

	thread(m, pid, tid, 9);
	snprintf(path, sizeof(path), "%u/task/%u/syscall", pid, tid);
	put(m, path, "%ld 0x%lx 0x%lx 0x7f00 0x0 0x0 0x0 0x7ffe 0x7f01\n", nr, arg0, arg1);
	snprintf(path, sizeof(path), "%s/%u/task/%u/fdinfo", m->dir, pid, tid);
	snprintf(table, sizeof(table), "../../fdinfo");
	assert_int_equal(symlink(table, path), 0);
	*c = (struct filelock_candidate){ .tid = tid, .pid = pid, .start_ns = 1000 + tid,
					  .syscall = nr };
}

static inline void wait_flock(struct machine *m, uint32_t pid, uint32_t tid, int fd)
{
	sleeper(m, pid, tid, SYS_flock, fd, 2);
}

#define OFD_SETLKW 38
#define SETLKW 7

static inline void wait_range(struct machine *m, uint32_t pid, int fd, int cmd)
{
	sleeper(m, pid, pid, SYS_fcntl, fd, cmd);
}

static inline const struct filelock_look *look(struct machine *m)
{
	assert_int_equal(filelocks__look(m->locks, m->cands, m->nr_cands, &m->look), 0);
	return &m->look;
}

static inline const struct rec_lock_state *lock_of(const struct machine *m, uint32_t tid)
{
	for (uint32_t i = 0; i < m->look.nr_waits; i++) {
		if (m->cands[m->look.waits[i].candidate].tid == tid)
			return &m->look.locks[m->look.waits[i].lock];
	}
	return NULL;
}

/* "101 102 " */
static inline const char *holders(const struct rec_lock_state *lock)
{
	static char buf[512];
	size_t n = 0;

	assert_non_null(lock);
	buf[0] = '\0';
	for (uint32_t i = 0; i < lock->nr_holders; i++)
		n += snprintf(buf + n, sizeof(buf) - n, "%u ", lock->holders[i].tid);
	return buf;
}

#define FLOCK(mode, pid, ino) "FLOCK  ADVISORY  " mode " " #pid " 08:01:" #ino " 0 EOF\n"
#define HAS(line) "lock:\t1: " line

/* 1 and 2 hold a and b, each wants the other's. */
static inline void put_abba(struct machine *m)
{
	process(m, 101);
	descriptor(m, 101, 3, "/srv/a", 11, HAS(FLOCK("WRITE", 101, 11)));
	descriptor(m, 101, 4, "/srv/b", 22, "");
	wait_flock(m, 101, 101, 4);
	process(m, 102);
	descriptor(m, 102, 3, "/srv/b", 22, HAS(FLOCK("WRITE", 102, 22)));
	descriptor(m, 102, 4, "/srv/a", 11, "");
	wait_flock(m, 102, 102, 4);
	put(m, "locks", "1: " FLOCK("WRITE", 101, 11) "1: -> " FLOCK("WRITE", 102, 11)
	    "2: " FLOCK("WRITE", 102, 22) "2: -> " FLOCK("WRITE", 101, 22)
	    "3: POSIX  ADVISORY  READ 99 08:01:33 0 EOF\n");
}

#define MACHINE_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

#endif
