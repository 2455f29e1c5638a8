/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * sysv_judge.h - which of the operations of a semop() has to wait, and what there is to
 * say of who keeps it waiting.  Pure.
 */
#ifndef LOCKSCOPE_SOURCE_SYSV_JUDGE_H
#define LOCKSCOPE_SOURCE_SYSV_JUDGE_H

#include <sys/ipc.h>
#include <sys/sem.h>

#include "abi.h"
#include "record/record.h"

#define SYSV_OPS_MAX 64		/* calls with more are not looked into */
#define SYSV_THREADS_MAX 8	/* of the process that operated last */
#define SYSV_HOLDERS_MAX 64	/* of one semaphore */

/* What the kernel says of the semaphore that a thread waits for. */
struct sysv_claim {
	uint16_t num;		/* in its set */
	bool for_zero;		/* waits until it is 0; else to lower it */
	bool undo;		/* lowers it with SEM_UNDO */
	bool foreign;		/* of another IPC namespace: nothing else is known of it */
	int32_t key;
	uint32_t last;		/* process that operated on it last; 0: gone, or unknown */
	bool is_last;		/* that is the waiter's own */
	uint32_t nr_threads;	/* of `last`, another one's; some of them, at most */
	uint32_t threads[SYSV_THREADS_MAX];
};

/* Finds the first operation that cannot be done now, as perform_atomic_semop() does
 * (ipc/sem.c); value() is that of semaphore num, or -errno.  Fills in num, for_zero and
 * undo.  -EAGAIN: none has to wait, -E2BIG: too many, or none at all; else what value()
 * returned. */
int sysv__judge(const struct sembuf *ops, size_t nr, int (*value)(void *ctx, uint16_t num),
		void *ctx, struct sysv_claim *out);

/* One semaphore, and one thread that waits for it. */
struct sysv_waiter {
	uint32_t ipc_ns;
	int32_t semid;
	uint32_t tid, pid;
	const struct sysv_claim *claim;
};
/* Who keeps these threads waiting, all for the same semaphore, into *l (rule, complete,
 * verified, the number of holders) and holders, which has room for SYSV_HOLDERS_MAX.
 *
 * A semaphore has no owner.  Those count as holders that have lowered it with SEM_UNDO
 * and not raised it since, by what the kernel would give back for them (undos; NULL: not
 * known), where all of the waiters want to do the same, none of their processes has done
 * so before, and nobody has raised it first: a lock then, as far as can be told.  Else whoever operated on it last is
 * a hint, that proves nothing: *l is not complete.  Who waits for a 0 waits for nobody. */
void sysv__holders(const struct sysv_waiter *w, size_t nr, const struct lk_sem_undo *undos,
		   size_t nr_undos, struct rec_lock_state *l, struct rec_holder *holders);

#endif
