/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * futex_probe.h - what a futex is, or what a semop() waits for, asked in a child that
 * may hang (lib/probe_child): it reads the memory, the maps and the files of the
 * process, which wait for its mmap_lock, for page faults and for file systems.
 */
#ifndef LOCKSCOPE_SOURCE_FUTEX_PROBE_H
#define LOCKSCOPE_SOURCE_FUTEX_PROBE_H

#include "source/futex_judge.h"
#include "source/sysv_judge.h"
#include "source/user_libc.h"

#define FUTEX_PROBE_MAX 1024
#define FUTEX_NAME_LEN 192

/* One waiting thread: what is asked, and the answer. */
struct futex_query {
	uint64_t uaddr;		/* semop: of the operations, nr_ops of them */
	uint64_t start_ns;	/* of the thread: another one of this id is not asked */
	uint32_t tid, pid, ns_tid;
	uint32_t val;		/* semop: the set, of the IPC namespace ipc_ns */
	uint32_t nr_ops, ipc_ns;
	bool pi, semop;
	bool shared;		/* perhaps known to others by another address */
	bool wants_name;
	/* the answer; nothing of it counts unless err is 0 */
	int err;
	struct sysv_claim sem;	/* semop; else: */
	struct futex_claim claim;
	uint32_t owner;		/* the kernel's tid of a living thread; 0: none */
	bool is_of_file;	/* shared memory; then these are its identity */
	uint32_t major, minor;
	uint64_t ino, offset;
	char name[FUTEX_NAME_LEN];	/* "": none */
};

/* What child and lockscope share. */
struct futex_probe {
	uint32_t nr;
	volatile uint32_t at;	/* the query that is being answered */
	volatile bool naming;	/* its memory has been read, its name is looked for */
	/* the child's own, from job to job */
	bool confined;		/* it can do no harm (lib/confine.h) */
	struct user_libcs libcs;
	struct futex_query queries[FUTEX_PROBE_MAX];
};

/* The job; shared is a struct futex_probe. */
void futex_probe__run(void *shared);

#endif
