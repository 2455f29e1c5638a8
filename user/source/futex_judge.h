/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * futex_judge.h - what the memory around a futex says: which lock it is, who owns it.
 * Pure.
 *
 * User space may write there what it likes, so this is a claim at most: whoever uses
 * it checks that the owner lives where the lock does, and says `likely`.
 */
#ifndef LOCKSCOPE_SOURCE_FUTEX_JUDGE_H
#define LOCKSCOPE_SOURCE_FUTEX_JUDGE_H

#include "record/record.h"

enum futex_lock {
	FUTEX_NO_LOCK,	/* or none that names its owner */
	FUTEX_OWNED,	/* the word itself names the owner: PI, robust, musl's */
	FUTEX_MUTEX,	/* glibc's pthread_mutex_t */
	FUTEX_RWLOCK,	/* glibc's pthread_rwlock_t, held by a writer */
};
const char *futex_lock__name(enum futex_lock l);
/* Whether that is what such a lock looks like in a process of glibc 2.N; 0: of another
 * libc, or nobody knows. */
bool futex_lock__is_of(enum futex_lock l, uint32_t glibc);

/* Memory as it was read, in [addr, addr + len). */
struct futex_memory {
	uint64_t addr;
	uint32_t len;
	uint8_t bytes[60];
};
#define FUTEX_BEFORE 12		/* bytes of interest before the word */

struct futex_claim {
	enum futex_lock what;
	uint64_t addr;		/* of the lock, whose word need not be its first */
	uint32_t owner;		/* tid, as the process itself counts */
	enum lock_mode wanted, held;
};

/* What lies at uaddr, on which a thread sleeps since the word was val.  pi: in one of
 * the system calls that make the kernel keep the owner in the word.  Claims nothing of
 * a lock that is free just now. */
void futex__judge(const struct futex_memory *m, uint64_t uaddr, uint32_t val, bool pi,
		  struct futex_claim *out);

#endif
