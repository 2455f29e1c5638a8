// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "source/futex_judge.h"

#include <string.h>

/* include/uapi/linux/futex.h */
#define FUTEX_WAITERS 0x80000000u
#define FUTEX_OWNER_DIED 0x40000000u
#define FUTEX_TID_MASK 0x3fffffffu

/* glibc, sysdeps/nptl/bits/struct_mutex.h of all 64-bit machines but for old ones: */
#define MUTEX_SINCE 3		/* of the Ns of glibc 2.N */
#define MUTEX_COUNT 4
#define MUTEX_OWNER 8
#define MUTEX_USERS 12
#define MUTEX_KIND 16
#define MUTEX_BYTES 24
/* and nptl/pthreadP.h: the type, robust, PI, protect, shared, elision */
#define MUTEX_TYPE 0x3u
#define MUTEX_RECURSIVE 1u
#define MUTEX_ROBUST 0x10u
#define MUTEX_PI 0x20u
#define MUTEX_PROTECT 0x40u
#define MUTEX_KINDS 0x3f3u

/* glibc 2.25 and later, sysdeps/nptl/bits/struct_rwlock.h, nptl/pthread_rwlock_common.c */
#define RWLOCK_SINCE 25
#define RWLOCK_READERS 0
#define RWLOCK_WRITERS 4
#define RWLOCK_PHASE_FUTEX 8
#define RWLOCK_WRITERS_FUTEX 12
#define RWLOCK_OWNER 24
#define RWLOCK_SHARED 28
#define RWLOCK_FLAGS 48
#define RWLOCK_IN_WRITE_PHASE 1u
#define RWLOCK_WRITE_LOCKED 2u
#define RWLOCK_FLAGS_MAX 2u
#define RWLOCK_FUTEX_USED 2u
#define RWLOCK_HANDED_OVER 0x80000000u
#define RWLOCK_WRITERS_MAX 0x400000u	/* threads there can be: PID_MAX_LIMIT */

static const char *const names[] = {
	[FUTEX_NO_LOCK] = "futex",
	[FUTEX_OWNED] = "futex",
	[FUTEX_MUTEX] = "pthread mutex",
	[FUTEX_RWLOCK] = "pthread rwlock",
};

const char *futex_lock__name(enum futex_lock l)
{
	return names[l];
}

bool futex_lock__is_of(enum futex_lock l, uint32_t glibc)
{
	switch (l) {
	case FUTEX_OWNED: return true;	/* the kernel's own convention */
	case FUTEX_MUTEX: return glibc >= MUTEX_SINCE;
	case FUTEX_RWLOCK: return glibc >= RWLOCK_SINCE;
	default: return false;
	}
}

/* The 32 bits at addr; false when they were not read. */
static bool word(const struct futex_memory *m, uint64_t addr, uint32_t *out)
{
	if (addr < m->addr || m->len < sizeof(*out) || addr - m->addr > m->len - sizeof(*out))
		return false;
	memcpy(out, m->bytes + (addr - m->addr), sizeof(*out));
	return true;
}

static void claim(struct futex_claim *out, enum futex_lock what, uint64_t addr, uint32_t owner)
{
	*out = (struct futex_claim){ .what = what, .addr = addr, .owner = owner,
				     .wanted = MODE_EXCLUSIVE, .held = MODE_EXCLUSIVE };
}

/* A word of a thread id and the waiters' bit: the kernel's own convention for robust and
 * PI futexes, which musl also follows for its other kinds. */
static bool is_owned(uint32_t now, uint32_t val, bool pi)
{
	if (!(now & FUTEX_TID_MASK) || now & FUTEX_OWNER_DIED)
		return false;
	return pi || (now & FUTEX_WAITERS && now == val);
}

/* A lock that one thread holds while others wait for it: the word is 2, the owner is
 * written down, and what a lock of such a kind never has is not there. */
static bool is_mutex(const struct futex_memory *m, uint64_t addr, uint32_t val, uint32_t *owner)
{
	uint32_t now, count, users, kind;

	if (!word(m, addr, &now) || !word(m, addr + MUTEX_COUNT, &count) ||
	    !word(m, addr + MUTEX_OWNER, owner) || !word(m, addr + MUTEX_USERS, &users) ||
	    !word(m, addr + MUTEX_KIND, &kind) || !word(m, addr + MUTEX_BYTES - 4, &(uint32_t){ 0 }))
		return false;
	if (val != 2 || now != 2 || !*owner || *owner & ~FUTEX_TID_MASK)
		return false;
	if (kind & ~MUTEX_KINDS || kind & (MUTEX_ROBUST | MUTEX_PI | MUTEX_PROTECT))
		return false;
	if (!users || users > FUTEX_TID_MASK)
		return false;
	return (kind & MUTEX_TYPE) == MUTEX_RECURSIVE ? count > 0 : count == 0;
}

/* A lock that a writer holds: both phase bits, the owner written down, no flag that is
 * none. */
static bool is_rwlock(const struct futex_memory *m, uint64_t addr, uint32_t *owner)
{
	const uint32_t both = RWLOCK_IN_WRITE_PHASE | RWLOCK_WRITE_LOCKED;
	uint32_t readers, writers, shared, flags;

	if (!word(m, addr + RWLOCK_READERS, &readers) ||
	    !word(m, addr + RWLOCK_WRITERS, &writers) || !word(m, addr + RWLOCK_OWNER, owner) ||
	    !word(m, addr + RWLOCK_SHARED, &shared) || !word(m, addr + RWLOCK_FLAGS, &flags))
		return false;
	if ((readers & both) != both || !*owner || *owner & ~FUTEX_TID_MASK)
		return false;
	return (writers & ~RWLOCK_HANDED_OVER) <= RWLOCK_WRITERS_MAX && shared <= 1 &&
	       flags <= RWLOCK_FLAGS_MAX;
}

void futex__judge(const struct futex_memory *m, uint64_t uaddr, uint32_t val, bool pi,
		  struct futex_claim *out)
{
	uint32_t now, owner;

	claim(out, FUTEX_NO_LOCK, uaddr, 0);
	if (!word(m, uaddr, &now))
		return;
	if (is_owned(now, val, pi)) {
		claim(out, FUTEX_OWNED, uaddr, now & FUTEX_TID_MASK);
	} else if (pi) {
		return;
	} else if (is_mutex(m, uaddr, val, &owner)) {
		claim(out, FUTEX_MUTEX, uaddr, owner);
	} else if (now == val && now & RWLOCK_FUTEX_USED && now <= 3) {
		/* a reader waits for the end of the write phase, a writer for the writer */
		if (is_rwlock(m, uaddr - RWLOCK_PHASE_FUTEX, &owner)) {
			claim(out, FUTEX_RWLOCK, uaddr - RWLOCK_PHASE_FUTEX, owner);
			out->wanted = MODE_READ;
			out->held = MODE_WRITE;
		} else if (is_rwlock(m, uaddr - RWLOCK_WRITERS_FUTEX, &owner)) {
			claim(out, FUTEX_RWLOCK, uaddr - RWLOCK_WRITERS_FUTEX, owner);
			out->wanted = out->held = MODE_WRITE;
		}
	}
}
