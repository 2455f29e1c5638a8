// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * live_kind.c - what the tracepoint's flags, the stack and the task state tell.
 */
#include <string.h>

#include "source/live_priv.h"

/* include/linux/sched.h; TASK_UNINTERRUPTIBLE with TASK_NOLOAD is TASK_IDLE. */
#define TASK_INTERRUPTIBLE 0x1
#define TASK_UNINTERRUPTIBLE 0x2
#define TASK_STOPPED 0x4
#define TASK_TRACED 0x8
#define TASK_DEAD 0x80
#define TASK_EXIT 0x30
#define TASK_PARKED 0x40
#define TASK_WAKEKILL 0x100
#define TASK_NOLOAD 0x400
#define TASK_RTLOCK_WAIT 0x1000

static bool stack_has(const struct rec_stack *stack, const char *prefix)
{
	uint32_t i;

	for (i = 0; stack && i < stack->nr_frames; i++)
		if (stack->frames[i].sym && !strncmp(stack->frames[i].sym, prefix, strlen(prefix)))
			return true;
	return false;
}

/* The flags do not tell a ww_mutex from a mutex; the function that took it does.
 * On PREEMPT_RT all sleeping spinlocks come as RT, and so do mutexes, whose functions leave
 * no frame: they go over into rt_mutex_slowlock(). */
enum lock_kind live_kind__of(uint32_t flags, const struct rec_stack *stack)
{
	if (flags & LK_F_WW)
		return KIND_WW_MUTEX;
	if (flags & LK_F_MUTEX)
		return stack_has(stack, "__ww_mutex_lock") || stack_has(stack, "ww_mutex_lock") ?
			       KIND_WW_MUTEX : KIND_MUTEX;
	if (flags & LK_F_PERCPU)
		return KIND_PERCPU_RWSEM;
	if (flags & LK_F_RT) {
		if (flags & (LK_F_READ | LK_F_WRITE))
			return stack_has(stack, "rt_read_lock") || stack_has(stack, "rt_write_lock") ?
				       KIND_RWLOCK : KIND_RWSEM;
		return stack_has(stack, "rt_spin_lock") ? KIND_SPINLOCK : KIND_RT_MUTEX;
	}
	if (flags & (LK_F_READ | LK_F_WRITE))
		return flags & LK_F_SPIN ? KIND_RWLOCK : KIND_RWSEM;
	return flags & LK_F_SPIN ? KIND_SPINLOCK : KIND_SEMAPHORE;
}

enum lock_mode live_kind__mode(uint32_t flags)
{
	return flags & LK_F_READ ? MODE_READ : flags & LK_F_WRITE ? MODE_WRITE : MODE_EXCLUSIVE;
}

/* enum lk_kind counts as enum lock_kind does. */
_Static_assert((int)LK_KIND_MUTEX == KIND_MUTEX && (int)LK_KIND_RWLOCK == KIND_RWLOCK, "kinds");

void live_kind__held(uint32_t info, uint64_t addr, struct rec_lock *lock, enum lock_mode *mode,
		     bool *spin)
{
	enum lock_kind kind = (enum lock_kind)LK_HELD_KIND(info);

	rec_lock__set_addr(lock, addr, kind <= KIND_RWLOCK ? kind : KIND_UNKNOWN);
	*mode = info & LK_HELD_READ ? MODE_READ : info & LK_HELD_WRITE ? MODE_WRITE : MODE_EXCLUSIVE;
	/* On PREEMPT_RT these sleep; their entries carry the system call of a task. */
	*spin = kind == KIND_SPINLOCK || kind == KIND_RWLOCK;
}

bool live_kind__spins(uint32_t flags)
{
	return (flags & LK_F_SPIN) && !(flags & LK_F_MUTEX);
}

enum found_by live_kind__found_by(uint32_t flags)
{
	if (flags & LK_F_SAMPLED)
		return FOUND_SAMPLE;
	return flags & LK_F_FIELDS ? FOUND_FIELDS : flags & LK_F_FOUND ? FOUND_STACK : FOUND_TRACED;
}

enum breakable live_kind__breakable(uint32_t flags, uint32_t state, const struct rec_stack *stack)
{
	if (flags & LK_F_TIMEOUT || stack_has(stack, "down_timeout") || stack_has(stack, "__down_timeout"))
		return BREAK_TIMEOUT;
	if (state & TASK_INTERRUPTIBLE)
		return BREAK_SIGNAL;
	if ((state & TASK_UNINTERRUPTIBLE) && (state & TASK_WAKEKILL))
		return BREAK_KILL;
	return BREAK_NONE;
}

bool live_kind__tells_timeout(uint32_t state, const struct rec_stack *stack)
{
	static const char *const names[] = { "down", "down_interruptible", "down_killable",
					     "down_timeout" };
	uint32_t i;
	size_t k;

	/* down_timeout() sleeps uninterruptibly */
	if (state & (TASK_INTERRUPTIBLE | TASK_WAKEKILL))
		return true;
	for (i = 0; stack && i < stack->nr_frames; i++)
		for (k = 0; stack->frames[i].sym && k < sizeof(names) / sizeof(*names); k++)
			if (!strcmp(stack->frames[i].sym, names[k]))
				return true;
	return false;
}

/* As fs/proc/array.c, task_state_array. */
char live_kind__state_letter(uint32_t state)
{
	if (state & TASK_EXIT)
		return state & 0x20 ? 'Z' : 'X';
	if (state & TASK_DEAD)
		return 'X';
	if ((state & (TASK_UNINTERRUPTIBLE | TASK_NOLOAD)) == (TASK_UNINTERRUPTIBLE | TASK_NOLOAD))
		return 'I';
	if (state & (TASK_UNINTERRUPTIBLE | TASK_RTLOCK_WAIT))
		return 'D';
	if (state & TASK_INTERRUPTIBLE)
		return 'S';
	if (state & TASK_STOPPED)
		return 'T';
	if (state & TASK_TRACED)
		return 't';
	return state & TASK_PARKED ? 'P' : 'R';
}

static const struct {
	const char *prefix;
	enum rec_context context;
} context_marks[] = {
	{ "asm_exc_nmi", CONTEXT_NMI },		{ "exc_nmi", CONTEXT_NMI },
	{ "asm_sysvec_", CONTEXT_HARDIRQ },	{ "asm_common_interrupt", CONTEXT_HARDIRQ },
	{ "common_interrupt", CONTEXT_HARDIRQ }, { "sysvec_", CONTEXT_HARDIRQ },
	{ "handle_softirqs", CONTEXT_SOFTIRQ },	{ "__do_softirq", CONTEXT_SOFTIRQ },
	{ "__softirqentry", CONTEXT_SOFTIRQ },	{ "el1_interrupt", CONTEXT_HARDIRQ },
};

/* The innermost mark on the stack: what runs now. */
enum rec_context live_kind__context(const struct rec_stack *stack)
{
	uint32_t i;
	size_t k;

	for (i = 0; stack && i < stack->nr_frames; i++) {
		const char *sym = stack->frames[i].sym;

		for (k = 0; sym && k < sizeof(context_marks) / sizeof(*context_marks); k++)
			if (!strncmp(sym, context_marks[k].prefix, strlen(context_marks[k].prefix)))
				return context_marks[k].context;
	}
	return CONTEXT_TASK;
}

static const char *const filelock_functions[] = {
	"flock_lock_inode_wait", "posix_lock_inode_wait", "locks_lock_inode_wait",
	"do_lock_file_wait", "fcntl_setlk", "__break_lease", "__do_sys_flock", "__x64_sys_flock",
	"__arm64_sys_flock", "__se_sys_flock", "__ia32_sys_flock", "nlmclnt_lock", "nfs4_proc_lock",
	"ceph_lock_message", "fuse_file_flock", "fuse_setlk", "gfs2_flock", "ocfs2_file_lock",
};

/* The function on the stack that waits for a file lock, or NULL.  *unknown is
 * set when no frame has a symbol, so that nothing can be said. */
const char *live_kind__filelock(const struct rec_stack *stack, bool *unknown)
{
	uint32_t i;
	size_t k;

	*unknown = true;
	for (i = 0; stack && i < stack->nr_frames; i++) {
		const char *sym = stack->frames[i].sym;

		if (!sym)
			continue;
		*unknown = false;
		for (k = 0; k < sizeof(filelock_functions) / sizeof(*filelock_functions); k++)
			if (!strncmp(sym, filelock_functions[k], strlen(filelock_functions[k])))
				return filelock_functions[k];
	}
	return NULL;
}

static const char *const spin_functions[] = {
	"native_queued_spin_lock_slowpath", "__pv_queued_spin_lock_slowpath", "queued_read_lock_slowpath",
	"queued_write_lock_slowpath", "queued_spin_lock_slowpath", "_raw_spin_", "_raw_read_lock",
	"_raw_write_lock", "__raw_callee_save___pv_queued_spin", "pv_wait", "kvm_wait", "do_raw_spin",
};

bool live_kind__in_spin(const struct rec_stack *stack)
{
	size_t k;

	for (k = 0; k < sizeof(spin_functions) / sizeof(*spin_functions); k++)
		if (stack_has(stack, spin_functions[k]))
			return true;
	return false;
}
