/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * snapshot.h - what one read of the machine showed, frozen: tasks, locks, and
 * the wait-for graph between them.  Detectors and views see nothing else.
 *
 * Immutable once made.  Indices are into the arrays of the same snapshot;
 * SNAP_NONE is "none".
 */
#ifndef LOCKSCOPE_MODEL_SNAPSHOT_H
#define LOCKSCOPE_MODEL_SNAPSHOT_H

#include "record/record.h"

#define SNAP_NONE UINT32_MAX

struct snap_task {
	struct rec_who who;	/* comm lives as long as the snapshot */
	char state;
	bool on_cpu;
	int32_t cpu;
	enum rec_context context;
	uint64_t switches;
	int64_t stands_ns;	/* the first read that saw it like this: not switched since */
	int32_t syscall;
	const char *syscall_name;
	uint32_t stack;		/* now; 0: not taken */
	uint32_t user_stack;	/* 0: not known */
	bool listed;		/* a task record was there; else only named as a holder */
	/* It is gone and left locks held: who has no more than tid and start_ns, it
	 * waits for nothing, and a chain that comes here ends. */
	bool exited;
	/* the wait; wait_lock SNAP_NONE: none */
	uint32_t wait_lock;
	uint64_t wait_id;
	enum lock_mode wait_mode;
	bool wait_spin;
	enum breakable breakable_by;
	int64_t since_ns;
	bool since_at_least;	/* it began before since_ns */
	enum found_by found_by;
	uint32_t wait_stack;
	/* false: woken, running or not yet asleep, so the wait proves nothing */
	bool asleep_or_spinning;
	/* holds[first_hold .. first_hold + nr_holds) are this task's */
	uint32_t first_hold, nr_holds;
};

struct snap_lock {
	struct rec_lock lock;	/* str lives as long as the snapshot */
	enum hold_rule rule;
	bool complete, verified;
	int32_t nr_readers;
	const char *name, *name_source;
	bool name_guess;
	const char *object;	/* as in struct rec_lock_name */
	const char *evidence;
	uint32_t nr_unknown;	/* holders counted in the word but not known by name */
	uint32_t first_holder, nr_holders;	/* into holders */
	uint32_t first_waiter, nr_waiters;	/* into waiters, oldest first */
	/* Its holders can block its waiters in ways the edges do not tell: an OR lock
	 * whose holders are not all known, or of which one has exited: a semaphore has
	 * no owner, so any other task may give for it.  Nobody is ever stuck through it. */
	bool blind;
	bool cut;		/* too many edges: none were made for it */
};

struct snap_hold {
	uint32_t task, lock;
	enum lock_mode mode;
	enum certainty certainty;
	int64_t since_ns;
	uint64_t id;
	int32_t cpu;		/* as in struct rec_holder, as are the next four */
	enum rec_context context;
	bool spin, returned, exited;
	struct rec_frame site;	/* addr 0: unknown */
};

/* waiter waits for blocker.  QUEUE: blocker is a waiter queued ahead that
 * cannot be passed.  OR edges of one waiter stand for one condition: it waits
 * until any one of them lets go.  An edge is only possible, however sure the hold
 * is, when the blocker's own wait does not keep it from letting go: an interrupt
 * on top of the wait holds the lock. */
enum edge_rule { EDGE_AND, EDGE_OR, EDGE_QUEUE, NR_EDGE_RULES };

struct snap_edge {
	uint32_t waiter, blocker;	/* tasks */
	uint32_t lock;
	enum edge_rule rule;
	enum certainty certainty;
	uint32_t hold;			/* into holds; SNAP_NONE for QUEUE */
};

struct snapshot {
	uint64_t seq;
	int64_t t_ns;
	bool confirm;			/* as in struct rec_read */
	uint32_t nr_tasks, nr_locks, nr_holds, nr_edges;
	uint32_t nr_locks_cut;		/* locks left out of the graph: SNAP_EDGES_MAX */
	uint32_t nr_twice;		/* task and lock records left out: one was there already */
	struct snap_task *tasks;
	struct snap_lock *locks;
	struct snap_hold *holds;	/* grouped by task */
	uint32_t *holders;		/* hold indices, grouped by lock */
	uint32_t *waiters;		/* task indices, grouped by lock */
	struct snap_edge *edges;	/* grouped by waiter */
	uint32_t *first_edge;		/* nr_tasks + 1 entries into edges */
	struct rec_lost lost;		/* as known when the read was taken */
	struct snap_index *index;	/* behind snapshot__find_*() */
	struct arena *arena;		/* owns strings, holds and edges */
};

/* A lock with w waiters and h holders has up to w * h edges; beyond this many in
 * all, locks are left out and counted (nr_locks_cut). */
#define SNAP_EDGES_MAX 2000000u

/* Index by identity, or SNAP_NONE.  start_ns 0 matches any start.  Never a task that
 * has exited, nor the idle task of a known CPU: those only snapshot__find_same(). */
uint32_t snapshot__find_task(const struct snapshot *s, uint32_t tid, uint64_t start_ns);
/* The same task in another snapshot; tid 0, the idle task, is told by its CPU, and
 * one that has exited is another than the task it was. */
uint32_t snapshot__find_same(const struct snapshot *s, const struct snap_task *task);
/* A SysV semaphore that may be a signal as well as a lock: who waits for it may just
 * wait for work. */
static inline bool snapshot__is_signal(const struct snap_lock *l)
{
	return l->lock.kind == KIND_SYSV_SEM && l->blind;
}
uint32_t snapshot__find_lock(const struct snapshot *s, uint64_t key);
/* Takes NULL. */
void snapshot__free(struct snapshot *s);

/* How long a wait has lasted in this snapshot; 0 when its begin is unknown. */
uint64_t snapshot__wait_ns(const struct snapshot *s, const struct snap_task *task);

#endif
