/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * filelocks_async.h - looks at the file locks that keep nobody waiting.
 *
 * A read of /proc/locks waits for RCU (percpu_down_write), so a CPU that spins with
 * preemption off stops it for as long as that lasts; fdinfo and syscall files can
 * hang on a stuck process.  So a look is made in a thread of its own: one at a
 * time, picked up whenever it ends.
 */
#ifndef LOCKSCOPE_SOURCE_FILELOCKS_ASYNC_H
#define LOCKSCOPE_SOURCE_FILELOCKS_ASYNC_H

#include "source/filelocks.h"

struct filelocks_async;

/* From here on only the thread touches f, and what f calls. */
int filelocks_async__new(struct filelocks_async **out, struct filelocks *f);
/* Begins a look; copies cands.  0; -EBUSY while the last one goes on; -ENOMEM. */
int filelocks_async__start(struct filelocks_async *a, const struct filelock_candidate *cands,
			   uint32_t nr);
/* Waits for the end of the look, at most so long.  True: it has ended, or none was
 * begun since the last true. *err is then the look's, and *out what it found, valid
 * until the look after the next begins; its candidates are those of the start. */
bool filelocks_async__wait(struct filelocks_async *a, uint64_t timeout_ns,
			   struct filelock_look *out, int *err);
/* CPU time of the last look that ended. */
uint64_t filelocks_async__cpu_ns(const struct filelocks_async *a);
/* True: all is freed but f.  False: a look goes on, and f and what it calls have to
 * stay for good.  Takes NULL. */
bool filelocks_async__free(struct filelocks_async *a);

#endif
