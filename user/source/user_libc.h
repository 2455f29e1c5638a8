/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * user_libc.h - whose pthread locks a process has: the layouts that futex_judge knows are
 * glibc's.
 *
 * Reads the maps and the memory of the process, no files, so it can wait for its
 * mmap_lock and for page faults: only in a process that may hang (lib/probe_child).
 */
#ifndef LOCKSCOPE_SOURCE_USER_LIBC_H
#define LOCKSCOPE_SOURCE_USER_LIBC_H

#include <stdint.h>

#define USER_LIBC_FILES 16
#define USER_LIBC_PIDS 32

/* What has been found out; all zero at first. */
struct user_libcs {
	struct {
		uint64_t ino;
		uint32_t major, minor;
		uint32_t glibc;
	} files[USER_LIBC_FILES];
	struct {
		uint32_t pid, glibc;
	} pids[USER_LIBC_PIDS];
	uint32_t nr_files, nr_pids;	/* so far; the newest replaces the oldest */
};

/* Forgets processes, which may have become others by execve(); not files. */
void user_libcs__begin(struct user_libcs *l);
/* The N of glibc 2.N that the process uses, or of an earlier one, where that is all that
 * can be told.  0: another libc, several, or none that is known. */
uint32_t user_libcs__glibc(struct user_libcs *l, uint32_t pid);

enum user_libc_name {
	USER_LIBC_NONE,
	USER_LIBC_GLIBC,
	USER_LIBC_OTHER,
};
/* What a mapped file is by its name. */
enum user_libc_name user_libc__named(const char *path);
/* Of an ELF file that is mapped at base of the memory that mem reads: the N of the highest
 * version GLIBC_2.N that it defines; of a glibc that was linked into a program, at least.
 * 0: none. */
uint32_t user_libc__defines(int mem, uint64_t base);
uint32_t user_libc__contains(int mem, uint64_t base);

#endif
