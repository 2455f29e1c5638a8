/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * probe_child.h - a process for jobs that may never end: reads of the memory, the maps
 * and the files of a process that hangs.
 *
 * What worker.h does with a thread, with a process that can be killed and replaced: a
 * thread that is stuck in the kernel keeps its process from being reaped.  A child that
 * not even a kill ends is left behind, to end when it can, and never waited for; there
 * are only so many of those.  Job and child share some memory and nothing else.
 */
#ifndef LOCKSCOPE_LIB_PROBE_CHILD_H
#define LOCKSCOPE_LIB_PROBE_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define PROBE_CHILD_LEFT_MAX 3	/* killed and not yet gone */

struct probe_child;

/* Forks the first child: early, as long as there is little to copy and no thread.  It
 * takes no signal, keeps no file open, and ends with the calling thread.  bytes: of the
 * memory that jobs share, zeroed.  0 or -errno. */
int probe_child__new(struct probe_child **out, size_t bytes);
/* Kills the child, waits for nothing.  Takes NULL. */
void probe_child__free(struct probe_child *c);

/* The memory that is shared with the present child. */
void *probe_child__shared(struct probe_child *c);
/* The processes of c, so that others can leave them out: the present one (0: none),
 * then those left behind.  Returns how many. */
uint32_t probe_child__pids(const struct probe_child *c, pid_t pids[PROBE_CHILD_LEFT_MAX + 1]);

/* Begins job(shared) in the child: 0, -EBUSY while the last one goes on, -EPIPE when the
 * child has died. */
int probe_child__start(struct probe_child *c, void (*job)(void *shared));
/* A job goes on, or no child could be made. */
bool probe_child__is_busy(const struct probe_child *c);
/* True when no job goes on, at the latest after timeout_ns; 0 does not wait. *err, if it
 * went wrong: -EPIPE when the child died of it. */
bool probe_child__wait(struct probe_child *c, uint64_t timeout_ns, int *err);
/* Kills the child, whatever it does, and forks another, with memory of its own.  -EAGAIN
 * when too many are left behind; it can be tried again later. */
int probe_child__replace(struct probe_child *c);

/* In the child: what it does to itself there, by a file that lies, is to leave no core and
 * to be the first to go when memory is out. */
void probe_child__stand_back(void);

#endif
