// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include <string.h>
#include "record/caller.h"

/* A trailing * stands for any rest; else the name is whole, up to a compiler's
 * suffix as in foo.isra.0.  down* would take in down_timeout() but also functions
 * that have nothing to do with semaphores, so those are spelt out. */
static const char *const inner[] = {
	/* the tracer and what lies between it and the lock */
	"bpf_prog_*", "bpf_trampoline_*", "bpf_trace_run*", "__bpf_trace_*", "__bpf_prog_*",
	"__traceiter_*", "trace_contention_*", "bpf_get_stack*", "bpf_get_task_stack*",
	"__bpf_get_stack*", "get_perf_callchain", "perf_trace_*", "trace_event_raw_event_*",
	"arch_stack_walk", "stack_trace_save*", "ftrace_trampoline*",
	/* the scheduler below a sleeping wait */
	"__schedule", "schedule", "schedule_preempt_disabled", "schedule_timeout",
	"preempt_schedule*", "__cond_resched", "schedule_rtlock", "rt_mutex_schedule",
	/* mutex, ww_mutex */
	"__mutex_lock*", "mutex_lock*", "_mutex_lock*", "mutex_trylock*", "mutex_optimistic_spin",
	"mutex_spin_on_owner", "osq_lock", "__ww_mutex_lock*", "ww_mutex_lock*",
	"atomic_dec_and_mutex_lock",
	/* rwsem, percpu_rwsem */
	"down_read*", "down_write*", "__down_read*", "__down_write*", "rwsem_down_*",
	"rwsem_read_*", "rwsem_write_*", "rwsem_optimistic_spin", "rwsem_spin_on_owner",
	"percpu_down_*", "__percpu_down_*", "percpu_rwsem_*", "__percpu_rwsem_*",
	/* semaphore */
	"down", "down_interruptible", "down_killable", "down_timeout", "down_trylock", "__down",
	"__down_common", "___down_common", "__down_interruptible", "__down_killable",
	"__down_timeout",
	/* rt_mutex and what PREEMPT_RT makes of the others */
	"rt_mutex_*", "__rt_mutex_*", "rt_spin_*", "__rt_spin_*", "rtlock_slowlock*",
	"rt_read_lock", "rt_read_trylock", "rt_write_lock", "rt_write_trylock", "rwbase_*",
	"task_blocks_on_rt_mutex",
	/* spinlock, rwlock */
	"_raw_spin_*", "__raw_spin_*", "do_raw_spin_*", "_raw_read_*", "_raw_write_*",
	"__raw_read_*", "__raw_write_*", "do_raw_read_*", "do_raw_write_*",
	"queued_spin_lock_slowpath", "native_queued_spin_lock_slowpath",
	"__pv_queued_spin_lock_slowpath", "pv_queued_spin_lock_slowpath", "queued_read_lock_*",
	"queued_write_lock_*", "__pv_*", "pv_wait*", "kvm_wait", "virt_spin_lock",
};

static const char *const entries[] = {
	"entry_SYSCALL_64*", "do_syscall_64", "x64_sys_call", "entry_SYSENTER_compat*",
	"do_int80_syscall_32*", "__do_fast_syscall_32", "do_fast_syscall_32", "do_SYSENTER_32",
	"el0_svc*", "do_el0_svc", "el0t_64_sync*", "invoke_syscall*", "ret_from_fork*",
};

/* In a program that is linked statically, or by their own names: glibc's, musl's. */
static const char *const user_inner[] = {
	"pthread_*", "__pthread_*", "___pthread_*", "__lll_*", "lll_*", "futex_*", "__futex_*",
	"__timedwait*", "flock", "__flock", "lockf", "lockf64", "fcntl", "fcntl64", "__fcntl*",
	"__libc_fcntl*", "__GI_*", "semop", "semtimedop", "__semtimedop*", "syscall", "__syscall*",
	"open", "open64", "openat", "openat64", "creat", "__open*", "__libc_open*", "truncate",
	"truncate64", "ftruncate", "ftruncate64",
};

/* Of what wraps system calls and locks for others: its inner functions have no symbols. */
static const char *const user_libraries[] = {
	"libc.so*", "libc-2.*", "libpthread.so*", "libpthread-2.*", "libc.musl-*", "ld-musl-*",
	"libstdc++.so*", "libc++.so*", "[vdso]",
};

/* Where a walk begins: the program, what called it, the tracepoint. */
static const char *const tracer[] = {
	"bpf_prog_*", "bpf_trampoline_*", "bpf_get_stack*", "bpf_trace_run*", "__bpf_trace_*",
	"__traceiter_*",
};

static bool matches(const char *pattern, const char *sym)
{
	size_t len = strcspn(pattern, "*");

	if (strncmp(pattern, sym, len))
		return false;
	return pattern[len] == '*' || !sym[len] || sym[len] == '.';
}

static bool any_matches(const char *const *patterns, size_t nr, const char *sym)
{
	for (size_t i = 0; sym && i < nr; i++)
		if (matches(patterns[i], sym))
			return true;
	return false;
}

bool caller__is_inner(const char *sym)
{
	return any_matches(inner, sizeof(inner) / sizeof(inner[0]), sym);
}

bool caller__is_entry(const char *sym)
{
	return any_matches(entries, sizeof(entries) / sizeof(entries[0]), sym);
}

uint32_t caller__nr_tracer(const struct rec_frame *frames, uint32_t nr)
{
	uint32_t i, skip = 0;

	for (i = 0; i < nr; i++) {
		if (any_matches(tracer, sizeof(tracer) / sizeof(tracer[0]), frames[i].sym))
			skip = i + 1;
		else if (frames[i].sym && !frames[i].module)
			break;
	}
	return skip;
}

uint32_t caller__index(const struct rec_stack *stack)
{
	uint32_t i = 0;

	while (stack && i < stack->nr_frames && caller__is_inner(stack->frames[i].sym))
		i++;
	return i;
}

const struct rec_frame *caller__frame(const struct rec_stack *stack)
{
	uint32_t i = caller__index(stack);

	if (!stack || !stack->nr_frames)
		return NULL;
	return &stack->frames[i < stack->nr_frames ? i : stack->nr_frames - 1];
}

static bool is_user_inner(const struct rec_frame *f)
{
	return any_matches(user_libraries, sizeof(user_libraries) / sizeof(user_libraries[0]), f->module) ||
	       any_matches(user_inner, sizeof(user_inner) / sizeof(user_inner[0]), f->sym);
}

const struct rec_frame *caller__user_frame(const struct rec_stack *stack)
{
	uint32_t i = 0;

	while (stack && i < stack->nr_frames && is_user_inner(&stack->frames[i]))
		i++;
	/* code that was made at run time: its address says nothing, and who called it is not it */
	if (!stack || i == stack->nr_frames || !(stack->frames[i].sym || stack->frames[i].module))
		return NULL;
	return &stack->frames[i];
}
