/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * sysv_probe.h - what a thread in semop() waits for, asked in the child that may hang
 * (futex_probe.h): its operations lie in the memory of its process.
 */
#ifndef LOCKSCOPE_SOURCE_SYSV_PROBE_H
#define LOCKSCOPE_SOURCE_SYSV_PROBE_H

#include "source/sysv_judge.h"

struct sysv_call {
	uint32_t pid;		/* of the thread's process */
	uint64_t ops;		/* address of the operations there, */
	uint32_t nr_ops;
	int32_t semid;
	uint32_t ipc_ns;	/* inode number of the namespace that semid is of */
};

/* 0 or -errno; then nothing in *out counts. */
int sysv_probe__ask(const struct sysv_call *c, struct sysv_claim *out);

#endif
