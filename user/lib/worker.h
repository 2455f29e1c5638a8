/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * worker.h - a thread for jobs that may never end: reads of /proc on a machine
 * that hangs.  One job at a time; who asks for it waits only as long as it likes.
 *
 * A thread, not a process: the BPF programs tell lockscope by its process.  The
 * price is that a process whose thread is stuck in the kernel is reaped only when
 * that thread comes back.
 */
#ifndef LOCKSCOPE_LIB_WORKER_H
#define LOCKSCOPE_LIB_WORKER_H

#include <stdbool.h>
#include <stdint.h>

struct worker;

/* The thread takes no signals.  0 or -errno. */
int worker__new(struct worker **out);
/* Begins job(arg) in the thread: 0, or -EBUSY while the last one goes on. */
int worker__start(struct worker *w, void (*job)(void *arg), void *arg);
/* True when no job goes on, at the latest after timeout_ns; what the job wrote is
 * then there to be read.  0 does not wait. */
bool worker__wait(struct worker *w, uint64_t timeout_ns);
/* Ends the thread and frees all: true.  False when a job goes on: the thread is left
 * to itself, and what the job uses has to stay as it is for good.  Takes NULL. */
bool worker__free(struct worker *w);

#endif
