/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * gather_stat.h - what /proc says of one thread, parsed: pure.
 */
#ifndef LOCKSCOPE_SOURCE_GATHER_STAT_H
#define LOCKSCOPE_SOURCE_GATHER_STAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GATHER_COMM_LEN 64	/* a kworker's is longer than other tasks' */

struct gather_stat {
	uint32_t tid;
	char comm[GATHER_COMM_LEN], state;
	bool kernel;
	uint64_t user_ticks, system_ticks, start_ticks;
	int32_t cpu;		/* where it ran last; -1: unknown */
};

/* The one line of /proc/PID/task/TID/stat.  A comm may have anything in it, also
 * parentheses and newlines.  0 or -EINVAL. */
int gather_stat__parse(struct gather_stat *out, const char *text);

/* se.exec_start in ns, from /proc/TID/sched: when the task last ran, by the clock of
 * its CPU's run queue, which never runs faster than time.  0: not there, or the task
 * has been moved since. */
uint64_t gather_stat__last_ran(const char *sched);

/* One line of /proc/TID/stack, "[<0>] ext4_rename+0x19c/0x4a0 [ext4]", is cut to
 * pieces: *module is NULL for the kernel's own.  0 or -EINVAL. */
int gather_stat__frame(char *line, const char **sym, uint64_t *off, const char **module);

#endif
