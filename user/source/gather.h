/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * gather.h - what a diagnosis needs besides the source's records: the kernel's log and
 * settings, what all threads do, the programs behind processes.  Every read is a child's,
 * so that one that hangs costs what it would have told, and that is told instead.
 */
#ifndef LOCKSCOPE_SOURCE_GATHER_H
#define LOCKSCOPE_SOURCE_GATHER_H

#include <poll.h>
#include "record/record.h"

struct gather;

/* Starts the children, which take some look_ms.  tasks: the source shows none, so show
 * the blocked ones.  Early in a run: a later fork has more to copy.  0 or -errno. */
int gather__new(struct gather **out, uint32_t look_ms, bool tasks);
void gather__free(struct gather *g);

/* Passes on what has come since, facts and, where asked for, reads.  boot_ns: of the
 * header, so that times fit.  0 or -errno, also the sink's. */
int gather__take(struct gather *g, uint64_t boot_ns, record_fn sink, void *ctx);
/* The same until all is there, at most timeout_ms; then what is missing is told. */
int gather__finish(struct gather *g, uint64_t boot_ns, int timeout_ms, record_fn sink, void *ctx);
/* The programs behind processes, at most GATHER_PROCESSES_MAX of them, and timeout_ms. */
#define GATHER_PROCESSES_MAX 16u
int gather__processes(const uint32_t *pids, size_t nr, int timeout_ms, record_fn sink, void *ctx);

#endif
