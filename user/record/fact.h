/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * fact.h - what a diagnosis gathers besides waits: records too, so that a saved
 * diagnosis is a recording like any other.
 *
 * Strings and times as in record.h.
 */
#ifndef LOCKSCOPE_RECORD_FACT_H
#define LOCKSCOPE_RECORD_FACT_H

#include <stdbool.h>
#include <stdint.h>

/* One line of the kernel's log, of those that may matter. */
struct rec_message {
	uint64_t seq;		/* the kernel's own number */
	int64_t t_ns;		/* about: the log's clock stands still in suspend */
	uint32_t level;		/* 0 emergency .. 7 debug */
	const char *text;	/* one line */
};

/* One setting of the kernel, by the name it has below /proc. */
struct rec_setting {
	const char *name;	/* "sys/kernel/hung_task_timeout_secs" */
	const char *value;	/* NULL: this kernel has none */
};

/* The machine as a whole, from /proc/stat: two of these tell whether it moves. */
struct rec_machine {
	int64_t t_ns;
	uint32_t cpus, running, blocked;
	uint64_t switches, forks;	/* since boot, as are the next */
	uint64_t user_ns, system_ns, idle_ns, iowait_ns, irq_ns, steal_ns;
};

/* What /proc tells of one thread that is blocked, or takes much processor time. */
struct rec_thread {
	int64_t t_ns;
	uint32_t tid, pid;
	uint64_t start_ns;	/* in ticks of 10 ms: as exact as /proc has it */
	const char *comm;	/* of a kworker: with what it works on */
	char state;
	bool kernel;		/* a kernel thread */
	uint64_t user_ns, system_ns;	/* of over_ns */
	uint64_t over_ns;	/* between the two looks; 0: seen once */
	uint64_t asleep_ns;	/* it has slept at least that long; 0: unknown */
};

/* The program behind a process. */
struct rec_process {
	uint32_t pid;
	const char *command;	/* its command line; NULL: not known */
	const char *exe;	/* path of its file; NULL: not known */
};

/* What could not be seen, and why. */
struct rec_absent {
	const char *what, *why;
};

#endif
