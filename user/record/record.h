/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * record.h - the records that flow from a source to the model and to a file.
 *
 * A record is what one NDJSON line says.  Sources make them, the model and the
 * recording take them; nobody else knows where they come from.  All strings and
 * arrays a record points to are valid only during the call that passes it on.
 *
 * Times: t_ns and since_ns count from the begin of the capture (may be
 * negative); LK_NO_TIME is "unknown" (null in JSON).  start_ns is since boot.
 */
#ifndef LOCKSCOPE_RECORD_RECORD_H
#define LOCKSCOPE_RECORD_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "record/fact.h"
#include "record/kind.h"

#define LK_NO_TIME INT64_MIN
#define REC_HIST_BUCKETS 64
#define REC_SCHEMA 1

enum rec_type {
	REC_HEADER,
	REC_STACK,
	REC_LINE,
	REC_LOCK_NAME,
	REC_WAIT_BEGIN,
	REC_WAIT,
	REC_HOLD,
	REC_AGG,
	REC_HOLD_AGG,
	REC_READ,
	REC_TASK,
	REC_LOCK,
	REC_FINDING,
	REC_LOST,
	REC_MESSAGE,	/* this and the next: record/fact.h */
	REC_SETTING,
	REC_MACHINE,
	REC_THREAD,
	REC_PROCESS,
	REC_ABSENT,
	REC_END,
	NR_REC_TYPES,
};

/* A lock: addr is the kernel address; for file locks it is 0 and str is the
 * identity ("flock:8:1:1234").  key identifies the lock among those alive: the
 * address, or a 63-bit hash of str.  Set both with rec_lock__set_*(). */
struct rec_lock {
	uint64_t key;
	uint64_t addr;
	const char *str;	/* NULL for kernel locks */
	enum lock_kind kind;
};

struct rec_who {
	uint32_t tid, pid;
	uint32_t ns_tid;	/* in the task's own pid namespace; equal to tid: not written */
	uint32_t pad;
	uint64_t start_ns;	/* with tid the identity of a task; 0: unknown */
	uint64_t cgroup;
	const char *comm;	/* never NULL; raw bytes */
};

struct rec_frame {
	uint64_t addr;
	const char *sym;	/* NULL: unknown */
	uint64_t off;
	const char *module;	/* NULL: the kernel itself */
	const char *line;	/* "fs/ext4/inode.c:123"; NULL: not known */
};

/* Innermost frame first.  id > 0; 0 means "no stack" in all records. */
struct rec_stack {
	uint32_t id;
	uint32_t nr_frames;
	const struct rec_frame *frames;
};

/* What a lock is called.  Comes before what it is to name; a later one of the same lock
 * replaces it.  Two locks can lie at one address, one that spins at the begin of one
 * that sleeps: each has its own. */
struct rec_lock_name {
	struct rec_lock lock;
	const char *name;	/* NULL: it has none any more */
	const char *source;	/* as in the contract; NULL when name is */
	const char *object;	/* which one of those that have this name; NULL: not known */
	bool guess;
};

/* How a wait came to be known. */
enum found_by {
	FOUND_TRACED,	/* its begin was seen; not written */
	FOUND_STACK,	/* on the stack of its task: it began before the start */
	FOUND_FIELDS,	/* the same, and the task's own fields name the lock */
	FOUND_SAMPLE,	/* in the registers of a CPU that spins */
	NR_FOUND_BY,
};
const char *found_by__name(enum found_by f);	/* "stack", "fields", "sample"; NULL for FOUND_TRACED */
/* NULL is FOUND_TRACED. */
int found_by__parse(const char *name, enum found_by *out);

/* A wait; as "wait_begin", as "wait" once ended, or inside a task record. */
struct rec_wait {
	uint64_t id;
	struct rec_who who;	/* in a task record the same as the task's */
	struct rec_lock lock;
	enum lock_mode mode;
	bool spin;
	enum breakable breakable_by;
	int64_t t_ns;		/* wait_begin: when it was seen; wait: its end */
	int64_t since_ns;
	bool since_at_least;	/* first seen then; it began earlier, nobody knows when */
	enum found_by found_by;
	uint32_t stack;
	/* only once ended */
	int64_t wait_ns;
	int result;		/* 0 or -errno */
	uint32_t owner_tid;	/* 0: unknown */
	uint32_t owner_stack;
};

/* How many lasted [2^i, 2^(i+1)) ns, as told for few buckets in a row: most of the others
 * are empty, and thousands of rows are kept. */
struct rec_hist {
	const uint64_t *counts;	/* of the buckets from first on */
	uint8_t first, nr;	/* nr 0: all are empty */
};

static inline uint64_t rec_hist__at(const struct rec_hist *h, int bucket)
{
	int i = bucket - h->first;

	return i >= 0 && i < h->nr ? h->counts[i] : 0;
}

/* Of all buckets, which have to stay where they are. */
struct rec_hist rec_hist__of(const uint64_t *buckets);
/* Copies from into mine, whose counts are its own (zeroed: none yet) and grow.  0 or
 * -ENOMEM.  rec_hist__drop() frees them. */
int rec_hist__keep(struct rec_hist *mine, const struct rec_hist *from);
void rec_hist__drop(struct rec_hist *mine);

/* Waits of one lock, mode and stack so far: cumulative.  stack 0 counts those
 * whose stack was not walked; all rows of a lock together are exact. */
struct rec_agg {
	struct rec_lock lock;	/* key 0 with addr 0: locks that found no room */
	enum lock_mode mode;
	bool spin;
	uint32_t stack;
	uint64_t count, total_ns, max_ns;
	struct rec_hist hist;
	bool by_task;		/* who is set: the row is of one thread */
	struct rec_who who;
};

/* How sure the source is that a holder holds the lock. */
enum certainty { SURE_CERTAIN, SURE_LIKELY, SURE_POSSIBLE, NR_CERTAINTY };
const char *certainty__name(enum certainty c);
int certainty__parse(const char *name, enum certainty *out);

/* Holds of one lock from one call site so far: cumulative, exact.  Level held. */
struct rec_hold_agg {
	struct rec_lock lock;
	enum lock_mode mode;
	struct rec_frame site;	/* where it was taken; addr 0: unknown */
	uint64_t count, total_ns, max_ns;
	struct rec_hist hist;
};

/* How a hold came to the notice of the source. */
enum hold_end {
	HOLD_RELEASED,	/* it ended, after a time past the threshold */
	HOLD_EXITED,	/* its task exited without a release */
	HOLD_SLEPT,	/* a spinning lock whose task went to sleep; the hold goes on */
	NR_HOLD_ENDS,
};
const char *hold_end__name(enum hold_end e);	/* "released", "exited", "slept" */
int hold_end__parse(const char *name, enum hold_end *out);

/* One hold that is over, or that did what no hold should. */
struct rec_hold {
	uint64_t id;
	struct rec_who who;
	struct rec_lock lock;
	enum lock_mode mode;
	bool spin;
	enum hold_end end;
	enum certainty certainty;	/* exited: whether the lock word still names the task */
	int64_t t_ns;			/* its end, or when it slept */
	int64_t since_ns;
	int64_t hold_ns;
	struct rec_frame site;		/* addr 0: unknown */
	uint32_t stack;			/* where it ended or slept; 0: not taken */
	int32_t cpu;			/* -1: unknown */
};

/* Where a task runs that is on a CPU. */
enum rec_context { CONTEXT_TASK, CONTEXT_SOFTIRQ, CONTEXT_HARDIRQ, CONTEXT_NMI, NR_CONTEXTS };
const char *context__name(enum rec_context c);
int context__parse(const char *name, enum rec_context *out);

/* A read is one look at the whole machine: this record, then nr_tasks task
 * records and nr_locks lock records, then nothing else until all are there. */
struct rec_read {
	uint64_t seq;
	int64_t t_ns;
	uint32_t nr_tasks, nr_locks;
	bool confirm;		/* taken early, to confirm what the last one showed */
};

/* One task as one read saw it: blocked, waiting, or holding. */
struct rec_task {
	struct rec_who who;
	char state;		/* letter of /proc/PID/stat */
	bool on_cpu;
	int32_t cpu;		/* -1: unknown */
	enum rec_context context;
	uint64_t switches;	/* context switches so far */
	int32_t syscall;	/* -1: none or unknown */
	const char *syscall_name;	/* NULL: unknown */
	bool has_wait;
	struct rec_wait wait;	/* stack: the task's, if the wait has none */
	uint32_t stack;		/* kernel stack now, 0: not taken */
	uint32_t user_stack;	/* where in its program it is; 0: not known */
	int64_t t_ns;
};

/* One holder of a lock as one read saw it. */
struct rec_holder {
	uint32_t tid;
	uint64_t start_ns;
	enum lock_mode mode;
	enum certainty certainty;
	int64_t since_ns;	/* LK_NO_TIME: unknown */
	uint64_t id;		/* generation of the hold; 0: unknown (a lock word named the holder) */
	const struct rec_frame *site;	/* where it was taken; NULL: unknown */
	int32_t cpu;		/* of a spinning lock's holder; -1: not meant.  tid 0, the
				 * idle task, is told by it */
	enum rec_context context;	/* that of the hold: an interrupt can hold a spinning lock */
	bool spin;		/* the hold is of a spinning lock */
	bool returned;		/* its task has since left the system call it was taken in */
	bool exited;		/* its task exited with it: nobody will release it */
};

/* How the holders of a lock block a waiter. */
enum hold_rule {
	RULE_AND,	/* waits for every holder */
	RULE_OR,	/* any one holder can let it go on */
};

/* One lock that somebody waits for or holds, as one read saw it. */
struct rec_lock_state {
	struct rec_lock lock;
	enum hold_rule rule;
	bool complete;		/* all holders are known */
	bool verified;		/* the lock word was read and names or counts them */
	uint32_t nr_holders;
	const struct rec_holder *holders;
	int32_t nr_readers;	/* -1: unknown; else as counted in the lock word */
	const char *name;	/* NULL: none */
	const char *name_source;	/* as in the contract; NULL when name is */
	bool name_guess;
	const char *object;	/* as in struct rec_lock_name */
	const char *evidence;	/* e.g. "owner word of 0x…"; NULL: none */
	uint32_t nr_unknown;	/* holders that are counted in the lock word but not known by
				 * name, as far as that can be told; 0: none, or unknown */
};

/* Why there is no user stack of a thread that should have one. */
enum user_stack_why {
	USER_STACK_THERE,	/* there is one; not written */
	USER_STACK_NO_LIBDW,	/* nothing can unwind it here */
	USER_STACK_MEMORY,	/* the memory of its process could not be read */
	USER_STACK_FILES,	/* its files say nothing of use */
	USER_STACK_LATE,	/* no answer in time */
	USER_STACK_CRASHED,	/* who unwinds it has died of it */
	USER_STACK_MANY,	/* more at once than are looked at */
	NR_USER_STACK_WHY,
};
const char *user_stack_why__name(enum user_stack_why why);	/* NULL for USER_STACK_THERE */
/* NULL is USER_STACK_THERE. */
int user_stack_why__parse(const char *name, enum user_stack_why *out);

struct rec_lost {
	int64_t t_ns;
	uint64_t ring, maps, recursion, stack_collisions, held_overflow;
	uint64_t looks;		/* at the machine, that failed or did not end in time */
	uint64_t lines;		/* of the source, that debug info did not give in time */
	uint64_t unread;	/* times that a process's memory did not answer in time, */
	uint64_t unread_pid;	/* and the last such process */
	uint64_t user_stacks;	/* that should be there and are not, */
	uint64_t user_stacks_pid;	/* the last such process, */
	enum user_stack_why user_stacks_why;	/* and why that was */
};

struct rec_thresholds {
	uint64_t long_wait_ns, long_spin_ns, long_hold_ns;
};

struct rec_header {
	int schema;
	const char *version, *kernel, *host, *level;
	const char *began_at;	/* RFC 3339 with ns, UTC */
	char *const *command;	/* NULL-terminated */
	struct rec_thresholds thresholds;
	uint64_t boot_ns;	/* CLOCK_BOOTTIME when the capture began */
};

struct rec_end {
	int64_t t_ns;
	uint64_t records;	/* lines before this one */
	bool has_status;
	int command_status;	/* wait status of `-- COMMAND` as a shell shows it */
};

struct record {
	enum rec_type type;
	union {
		struct rec_header header;
		struct rec_stack stack;
		struct rec_frame line;	/* one whose line is known; comes before what it is of use for */
		struct rec_lock_name lock_name;
		struct rec_wait wait;	/* REC_WAIT_BEGIN, REC_WAIT */
		struct rec_agg agg;
		struct rec_hold hold;
		struct rec_hold_agg hold_agg;
		struct rec_read read;
		struct rec_task task;
		struct rec_lock_state lock;
		struct rec_lost lost;
		struct rec_message message;
		struct rec_setting setting;
		struct rec_machine machine;
		struct rec_thread thread;
		struct rec_process process;
		struct rec_absent absent;
		struct rec_end end;
	};
};

/* Takes each record.  Returns 0, or -errno, which stops the source. */
typedef int (*record_fn)(void *ctx, const struct record *rec);

void rec_lock__set_addr(struct rec_lock *lock, uint64_t addr, enum lock_kind kind);
/* str is kept, not copied. */
void rec_lock__set_str(struct rec_lock *lock, const char *str, enum lock_kind kind);
/* Parses "0x…" or a file lock's identity; -EINVAL when it is neither. */
int rec_lock__parse(struct rec_lock *lock, const char *str, enum lock_kind kind);
/* Writes the identity; returns buf.  40 bytes always suffice for an address. */
const char *rec_lock__format(const struct rec_lock *lock, char *buf, size_t size);

#endif
