/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * gather_tasks.h - blocked tasks as /proc has them, where BPF is not allowed: one read
 * of the machine, with the tasks' stacks and system calls but no lock.
 */
#ifndef LOCKSCOPE_SOURCE_GATHER_TASKS_H
#define LOCKSCOPE_SOURCE_GATHER_TASKS_H

#include <stdio.h>
#include "source/gather_stat.h"

struct gather_task {
	const struct gather_stat *stat;
	uint32_t pid;
	uint64_t start_ns;
};

/* Writes the stacks, then a read with its tasks.  The files it reads take the process's
 * exec_update_lock, so this may hang. */
void gather_tasks__put(FILE *out, const struct gather_task *tasks, uint32_t nr, uint64_t seq,
		       int64_t t_ns, char *doing);

#endif
