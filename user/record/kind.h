/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * kind.h - lock kinds, modes and what can break a wait: enums and their names.
 */
#ifndef LOCKSCOPE_RECORD_KIND_H
#define LOCKSCOPE_RECORD_KIND_H

#include <stdbool.h>

enum lock_kind {
	KIND_UNKNOWN,
	KIND_MUTEX,
	KIND_WW_MUTEX,
	KIND_RWSEM,
	KIND_PERCPU_RWSEM,
	KIND_SEMAPHORE,
	KIND_RT_MUTEX,
	KIND_SPINLOCK,
	KIND_RWLOCK,
	KIND_FLOCK,
	KIND_POSIX,
	KIND_OFD,
	KIND_LEASE,
	KIND_FUTEX,
	KIND_SYSV_SEM,
	NR_KINDS,
};

enum lock_mode { MODE_EXCLUSIVE, MODE_READ, MODE_WRITE, NR_MODES };

/* What can end a wait besides the lock: nothing, kill, any signal, time. */
enum breakable { BREAK_NONE, BREAK_KILL, BREAK_SIGNAL, BREAK_TIMEOUT, NR_BREAKABLE };

/* Names as in the exports: "mutex", "read", "signal" (NULL for BREAK_NONE). */
const char *kind__name(enum lock_kind kind);
const char *mode__name(enum lock_mode mode);
const char *breakable__name(enum breakable b);

/* Return 0, or -EINVAL for a name that is none; *out is then untouched.
 * breakable__parse() takes NULL for BREAK_NONE. */
int kind__parse(const char *name, enum lock_kind *out);
int mode__parse(const char *name, enum lock_mode *out);
int breakable__parse(const char *name, enum breakable *out);

/* Whether two holders of this mode exclude each other. */
static inline bool mode__shared(enum lock_mode mode) { return mode == MODE_READ; }
/* Locks of files: identified by a string, not an address. */
static inline bool kind__is_file(enum lock_kind k) { return k >= KIND_FLOCK && k <= KIND_LEASE; }
/* Taken by programs: locks of files and of user space. */
static inline bool kind__is_of_programs(enum lock_kind k) { return k >= KIND_FLOCK; }
static inline bool kind__spins(enum lock_kind k) { return k == KIND_SPINLOCK || k == KIND_RWLOCK; }

#endif
