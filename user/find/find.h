/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * find.h - what a detector gets and gives.
 *
 * A detector is a pure function over two frozen snapshots and the findings of
 * those before it in the list.  It reports what is true now; the register
 * (find/register.h) gives ids, opens, revises and closes.
 *
 * What is one finding, and what its key is made of:
 * - deadlock: the smallest set of tasks that keep each other from running, seen
 *   in two reads with nothing changed between.  Key: its waits.  When it grows or
 *   shrinks, the register knows it again by the waits that stayed.  Edges that
 *   are only `possible` (one of several readers, a stale last reader) never make
 *   one: they are shown in the graph, but a false deadlock is the worst fault.
 * - long_wait, long_spin: all waits of one lock past the threshold, as long as
 *   there is one.  Key: the lock.  Members of a reported deadlock are left out
 *   (the deadlock says it all); those behind it are not.  Waits that began and
 *   ended between two reads come once, already over; key: the first such wait.
 * - long_hold: one hold past the threshold (long_hold_ns for sleeping locks,
 *   long_spin_ns for spinning ones), while it goes on, or already over when it came
 *   as a hold record (end released).  Key: task, lock and hold id.  The tasks list has
 *   the holder, then those that wait for the lock, longest first; root is where the
 *   holder's own chain ends, if it waits.  Holds of a deadlock's members are left out.
 * - leak: a hold whose task exited (hold record with end exited: confidence as the
 *   record says, opens and closes at once), or a hold older than long_hold_ns whose
 *   task has left the system call it was taken in (rec_holder.returned): possible,
 *   open as long as it goes on.  Such a hold is no long_hold at the same time.  Never
 *   for percpu_rwsem: the freeze of a file system returns with it, and its task may
 *   exit.  Key: as of long_hold.
 * - sleep_in_atomic: a task went to sleep with a spinning lock (hold record with end
 *   slept): opens and closes at once.  Key: task, site, so that one place that does
 *   it again and again is one finding with a rising rev.
 * A hold that is only `possible` makes no finding, except a leak, which is then possible.
 * - root_blocker: one task that waits for nothing and keeps others waiting.
 *   Key: the task.
 */
#ifndef LOCKSCOPE_FIND_FIND_H
#define LOCKSCOPE_FIND_FIND_H

#include "model/model.h"

enum finding_kind {
	FIND_DEADLOCK,
	FIND_LONG_WAIT,
	FIND_LONG_SPIN,
	FIND_LONG_HOLD,
	FIND_LEAK,
	FIND_ROOT_BLOCKER,
	FIND_SLEEP_IN_ATOMIC,
	NR_FINDING_KINDS,
};
const char *finding_kind__name(enum finding_kind k);
int finding_kind__parse(const char *name, enum finding_kind *out);
/* It is about one hold: its first task is the holder. */
static inline bool finding_kind__is_of_hold(enum finding_kind k)
{
	return k == FIND_LONG_HOLD || k == FIND_LEAK || k == FIND_SLEEP_IN_ATOMIC;
}

/* One task in a finding, copied out of the snapshot so that a finding outlives it. */
struct find_task {
	struct rec_who who;
	int32_t cpu;		/* of a task on a CPU; else -1 */
	enum rec_context context;
	char state;
	int32_t syscall;
	const char *syscall_name;
	uint32_t stack;		/* kernel stack of the task when it was seen; 0: none */
	uint32_t user_stack;	/* and where in its program it was; 0: not known */
	/* what it waits for; lock.key 0: nothing */
	struct rec_lock waits_for;
	const char *waits_name, *waits_name_source, *waits_object;
	bool waits_name_guess;
	enum lock_mode waits_mode;
	int64_t since_ns;
	bool since_at_least;	/* it began before since_ns */
	enum found_by found_by;
	uint64_t wait_id;
	uint32_t wait_stack;
	bool spin;
	enum breakable breakable_by;
	/* what it holds in this finding; lock.key 0: nothing known */
	struct rec_lock holds;
	const char *holds_name, *holds_name_source, *holds_object;
	bool holds_name_guess;
	enum lock_mode holds_mode;
	struct rec_frame holds_site;	/* addr 0: unknown */
	int64_t holds_since_ns;	/* LK_NO_TIME: unknown */
	uint64_t hold_id;	/* 0: unknown */
	int32_t holds_cpu;	/* of a spinning lock; else -1 */
	enum rec_context holds_context;
};

struct find_edge {
	uint32_t waiter_tid, holder_tid;
	struct rec_lock lock;
	enum edge_rule rule;
	enum breakable breakable_by;
	enum certainty certainty;
};

struct finding {
	enum finding_kind kind;
	uint64_t key;		/* the same as long as it is the same thing */
	uint64_t id;		/* set by the register, as are the next four */
	int64_t opened_ns;	/* when it was seen first */
	uint32_t rev;
	bool open;
	int64_t t_ns;
	enum certainty confidence;
	const char *summary;
	/* deadlock: cycle is one witness, entry i waits for what i+1 holds */
	uint32_t nr_cycle, nr_members, nr_edges, nr_behind, nr_evidence;
	struct find_task *cycle, *members, *behind;
	struct find_edge *edges;
	const char **evidence;
	/* the other kinds */
	uint32_t nr_tasks, nr_locks;
	struct find_task *tasks;	/* longest wait first; of a hold, the holder first */
	struct rec_lock *locks;
	uint64_t threshold_ns;
	int64_t wait_ns;	/* the longest so far */
	int64_t hold_ns;	/* long_hold, leak, sleep_in_atomic: how long so far */
	uint32_t nr_times;	/* sleep_in_atomic: how often; the register adds them up */
	bool over;		/* ended before it was seen: the register opens and closes it */
	bool has_root;
	bool root_in_cycle;	/* the chain ends in a cycle; root is where it enters */
	enum certainty root_confidence;	/* the weakest edge on the way to the root */
	struct find_task root;
	uint32_t nr_blocked;	/* root_blocker: how many wait for the root, directly or not */
};

struct find_config {
	uint64_t long_wait_ns;	/* default 1 s */
	uint64_t long_spin_ns;	/* default 10 ms */
	uint64_t long_hold_ns;	/* default 1 s */
	uint32_t root_blocker_min;	/* default 3 waiters */
};
void find_config__defaults(struct find_config *cfg);

struct arena;
/* The findings of one pass; everything in them lives in the arena. */
struct findings {
	struct arena *arena;
	struct finding *list;
	size_t nr, cap;
};
void findings__init(struct findings *f, struct arena *arena);
/* Returns a zeroed new finding at the end, NULL when out of memory.  Moves the
 * others: pointers into list are good only until the next call. */
struct finding *findings__add(struct findings *f);

struct find_input {
	const struct model *model;	/* NULL: no ended waits */
	const struct snapshot *prev;	/* NULL on the first read */
	const struct snapshot *cur;
	const struct find_config *cfg;
};

struct detector {
	const char *name;
	int (*run)(const struct find_input *in, struct findings *out);
};
/* The one list of detectors, in the order they run. */
extern const struct detector *const detectors[];
extern const size_t nr_detectors;

/* Calls fn for each task in f, those that are in several of its lists several times. */
void finding__each_task(struct finding *f, void (*fn)(void *ctx, struct find_task *t), void *ctx);
/* Gives the sites in them the source lines that the model knows by now; find__run() has
 * done so with those known before.  model may be NULL. */
void findings__fill_lines(struct findings *f, const struct model *model);

/* Runs every detector; 0 or -errno. */
int find__run(const struct find_input *in, struct findings *out);
/* True when the current read alone shows a deadlock with a wait in it that the
 * read before did not show: the session then reads again at once.  Waits that
 * were there and could not be confirmed (they keep waking up) do not ask again. */
bool find__wants_confirm(const struct find_input *in);

#endif
