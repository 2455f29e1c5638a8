/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * diagnosis.h - what is wrong with the machine, for whoever has to put it right: made
 * of the last read, the findings that are open, and the facts that were gathered.
 * Pure, so that a saved one is explained anywhere.
 *
 * Blocked is a task that sleeps uninterruptibly, or waits for a lock of the kernel, and
 * has not been switched for stall_ns; or is stuck because of one in a cycle.  Who waits
 * for a file's lock or a futex waits for other programs, which may be meant: such a
 * task is blocked only in a deadlock, or behind one that is blocked.
 */
#ifndef LOCKSCOPE_FIND_DIAGNOSIS_H
#define LOCKSCOPE_FIND_DIAGNOSIS_H

#include "find/blame.h"
#include "find/find.h"
#include "record/klog.h"

enum diag_verdict {
	DIAG_UNKNOWN,	/* no look at the machine's tasks came about */
	DIAG_HEALTHY,	/* nothing is blocked, and nothing speaks of trouble */
	DIAG_NOTICE,	/* nothing is blocked now; but something was, or burns, or waits */
	DIAG_STALLED,	/* tasks are blocked, but nothing proves that it is for good */
	DIAG_DEADLOCK,
	NR_DIAG_VERDICTS,
};
const char *diag_verdict__name(enum diag_verdict v);
/* It needs somebody now: what the exit status tells. */
static inline bool diag_verdict__is_trouble(enum diag_verdict v)
{
	return v >= DIAG_STALLED;
}

/* Blocked tasks with the same stack, system call and state. */
struct diag_group {
	uint32_t nr_tasks;
	uint32_t *tasks;	/* into the snapshot; longest first */
	uint32_t stack;		/* 0: not taken */
	char state;
	const char *syscall_name;	/* NULL: none, or unknown */
	uint32_t lock;		/* what all of them wait for; SNAP_NONE: nothing known, or several */
	bool many_locks;	/* they are several */
	uint32_t root;		/* where all their chains end; SNAP_NONE: themselves, or several */
	bool root_in_cycle;
	int64_t at_least_ns;	/* the longest has been blocked for at least that */
	bool in_deadlock;
	const struct blame *blame;	/* of a wait that is for no known lock; NULL */
};

/* A thread that takes much of a processor. */
struct diag_busy {
	const struct rec_thread *thread;
	uint32_t percent;	/* of one processor */
	uint32_t stack;		/* where it is, if a sample came; 0 */
};

/* What the kernel's log tells, several lines of one thing in one. */
struct diag_event {
	struct klog_line line;	/* ns: the longest of them */
	const struct rec_message *message;	/* the last */
	int64_t first_ns, last_ns;	/* when they came */
	uint32_t nr;
	uint32_t task;		/* a blocked task that it is about; SNAP_NONE */
	bool alive;		/* the thread is there, and the same as far as can be told */
	/* of a lockdep report and of "locks held": its lines on locks */
	const char **details;
	uint32_t nr_details;
};

/* One path of a deadlock: holds one lock, wants the next. */
struct diag_path {
	const struct finding *deadlock;
	uint32_t at;		/* into its cycle */
};

/* Code on the stacks of who is blocked or busy that is a module's. */
struct diag_module {
	const char *name;
	uint32_t nr_tasks;
	const struct rec_frame *frame;	/* one of them, the innermost */
};

struct diag_progress {
	bool known;
	int64_t over_ns;
	uint64_t switches, forks;
	uint32_t user, system, idle, iowait, irq, steal;	/* per cent of all processors */
	bool moves;		/* tasks are switched at all */
};

struct diag_list {
	const char **list;
	uint32_t nr;
};

struct diagnosis {
	enum diag_verdict verdict;
	const char *headline;
	uint32_t nr_deadlocks, nr_blocked;
	struct diag_group *groups;	/* deadlocks first, then the longest */
	struct diag_busy *busy;
	struct diag_event *events;	/* by when they came last */
	struct diag_path *paths;
	struct diag_module *modules;
	uint32_t nr_groups, nr_busy, nr_events, nr_paths, nr_modules;
	struct diag_progress progress;
	uint32_t nr_user_waits;	/* tasks that wait for a file's lock or a futex, and are not blocked */
	struct diag_list settings;	/* what the kernel's own detectors would say, as sentences */
	struct diag_list advice;	/* what to do, in this order */
	struct arena *arena;
};

struct diagnose_input {
	const struct model *model;
	const struct snapshot *snap;	/* NULL: none */
	const struct finding *const *findings;
	size_t nr_findings;
	uint64_t stall_ns;	/* how long without a switch is blocked */
	const char *saved;	/* where the records are kept; NULL: nowhere */
};

/* Lives until diagnosis__free(), and as long as what in points to.  0 or -ENOMEM. */
int diagnosis__new(struct diagnosis **out, const struct diagnose_input *in);
void diagnosis__free(struct diagnosis *d);
/* How long a task has been blocked at least, by all that is known. */
int64_t diagnosis__blocked_ns(const struct diagnose_input *in, uint32_t task);

#endif
