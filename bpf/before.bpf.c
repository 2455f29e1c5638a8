// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * before.bpf.c - sleepers whose wait was not traced, with their stacks; kernel memory
 * for the search in user space (user/source/before.h) that tells what they wait for.
 *
 * The iterator runs as the one in snapshot.bpf.c does.  Nothing here takes a lock but
 * the update of `seen`, made for a task that went to sleep anew.
 */
#include "compat.bpf.h"
#include "taskwait.bpf.h"

#define TASK_INTERRUPTIBLE 1
#define TASK_UNINTERRUPTIBLE 2
#define TASK_NOLOAD 0x400

/* By task_struct, so that each sleep is told once.  What an LRU map drops is told
 * twice, no more. */
struct seen {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, __u64);
	__type(value, struct lk_seen);
};
struct seen seen SEC(".maps") __weak;

/* Set after the first pass, to which all sleepers are news, those of S state too. */
volatile __u32 before_settled = 0;
struct lk_layout layout = {};
struct lk_peek peek = {};

/* Too large for the stack.  One reader of the iterator at a time, so no lock. */
static __u64 words_out[LK_STACK_WORDS];

static __always_inline __u64 switches_of(struct task_struct *task)
{
	return BPF_CORE_READ(task, nvcsw) + BPF_CORE_READ(task, nivcsw);
}

static __always_inline __u64 off_cpu_at(struct task_struct *task)
{
	struct task_struct___se *t = (void *)task;

	return bpf_core_field_exists(t->se.exec_start) ? BPF_CORE_READ(t, se.exec_start) : 0;
}

/* How far the clock of this task's run queue has come: as far as any of its tasks saw. */
static __always_inline void note_clock(struct task_struct *task)
{
	__u32 cpu = task_cpu_nr(task);
	struct lk_cpu *c = bpf_map_lookup_elem(&cpus, &cpu);
	__u64 clock_ns = off_cpu_at(task);

	if (c && clock_ns > c->task_clock_ns)
		c->task_clock_ns = clock_ns;
}

static __always_inline int is_traced(struct task_struct *task)
{
	struct lk_task_wait *w = task_wait_find(address_of(task));

	return w && w->wait.lock && w->wait.tid == (__u32)task->pid;
}

/* Is this sleep to be told?  What began after the first pass is traced, but for some
 * waits in D state that pass no tracepoint, and those for a PI futex. */
static __always_inline int is_news(struct task_struct *task, struct lk_sleeper *s)
{
	__u64 key = (__u64)task;
	struct lk_seen *known = bpf_map_lookup_elem(&seen, &key);

	s->first = !before_settled;
	if (known && known->switches == s->switches && known->tid == s->tid) {
		s->first = known->first;
		s->tries = known->tries;
		return s->tries;
	}
	return s->first || s->state & TASK_UNINTERRUPTIBLE || task->pi_blocked_on;
}

static __always_inline void note_told(const struct lk_sleeper *s)
{
	struct lk_seen now = { .switches = s->switches, .tid = s->tid, .first = s->first };

	bpf_map_update_elem(&seen, &s->task, &now, BPF_ANY);
}

static __always_inline void read_fields(struct task_struct *task, struct lk_sleeper *s)
{
	struct task_struct___blocked_on *on = (void *)task;
	struct task_struct___blocker *by = (void *)task;

	if (bpf_core_field_exists(on->blocked_on))
		s->mutex = (__u64)BPF_CORE_READ(on, blocked_on);
	if (bpf_core_field_exists(by->blocker))
		s->blocker = BPF_CORE_READ(by, blocker) & ~BLOCKER_KIND;
	if (task->pi_blocked_on)
		s->rt_lock = (__u64)BPF_CORE_READ(task, pi_blocked_on, lock);
}

/* Fills words_out; 0: it could not be read. */
static __always_inline __u32 read_stack(struct task_struct *task, __u64 sp)
{
	__u64 first = (__u64)BPF_CORE_READ(task, stack), bytes;

	if (sp < first || sp >= first + THREAD_BYTES || sp & 7)
		return 0;
	bytes = first + THREAD_BYTES - sp;
	if (bytes > sizeof(words_out))
		bytes = sizeof(words_out);
	barrier_var(bytes);
	if (bytes > sizeof(words_out) ||
	    bpf_probe_read_kernel(words_out, bytes, (void *)sp))
		return 0;
	return bytes / 8;
}

SEC("iter/task")
int before_pass(struct bpf_iter__task *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct task_struct *task = ctx->task;
	struct lk_sleeper s = {};
	__u32 bytes;

	if (!task)
		return 0;
	note_clock(task);
	s.state = BPF_CORE_READ(task, __state);
	if (!(s.state & (TASK_INTERRUPTIBLE | TASK_UNINTERRUPTIBLE)) || s.state & TASK_NOLOAD ||
	    task->on_cpu || is_ours(task) || is_traced(task))
		return 0;
	s.tid = task->pid;
	s.switches = switches_of(task);
	if (!is_news(task, &s))
		return 0;
	s.task = (__u64)task;
	s.t_ns = bpf_ktime_get_boot_ns();
	s.sp = task_saved_sp(task);
	s.cpu = task_cpu_nr(task);
	s.clock_ns = off_cpu_at(task);
	read_fields(task, &s);
	s.nr_words = read_stack(task, s.sp);
	/* What ran meanwhile sleeps no more, or in another place.  A plain load, whose width
	 * CO-RE adapts: from 7.2 on on_cpu is a byte among others. */
	barrier();
	if (task->on_cpu || switches_of(task) != s.switches)
		return 0;
	bytes = s.nr_words * 8;
	s.len = sizeof(s) + bytes;
	/* What does not fit is told again as a whole, at the next read of the file. */
	if (bpf_seq_write(seq, &s, sizeof(s)) ||
	    (bytes && bytes <= sizeof(words_out) && bpf_seq_write(seq, words_out, bytes)))
		return 0;
	note_told(&s);
	return 0;
}

#define QUEUE(which, lock_type, waiter_type)                                                       \
	({                                                                                         \
		struct lk_queue *q_ = &layout.queue[which];                                        \
		q_->headless = bpf_core_field_exists(struct lock_type##___72, first_waiter);       \
		if (q_->headless)                                                                  \
			q_->head = bpf_core_field_offset(struct lock_type##___72, first_waiter);   \
		else                                                                               \
			q_->head = bpf_core_field_offset(struct lock_type, wait_list);             \
		q_->node = bpf_core_field_offset(struct waiter_type, list);                        \
		q_->task = bpf_core_field_offset(struct waiter_type, task);                        \
	})

/* Run once: CO-RE knows the offsets only inside a program. */
SEC("syscall")
int before_layout(void *ctx __attribute__((unused)))
{
	layout.task_pid = bpf_core_field_offset(struct task_struct, pid);
	layout.task_stack = bpf_core_field_offset(struct task_struct, stack);
	layout.stack_bytes = THREAD_BYTES;
	layout.semaphore_count = bpf_core_field_offset(struct semaphore, count);
	/* PREEMPT_RT builds mutexes and rwsems from rt_mutexes. */
	if (!bpf_core_field_exists(struct mutex, owner) ||
	    !bpf_core_type_exists(struct semaphore_waiter___any) ||
	    !bpf_core_field_exists(struct rw_semaphore, owner))
		return 0;
	QUEUE(LK_QUEUE_MUTEX, mutex, mutex_waiter);
	QUEUE(LK_QUEUE_RWSEM, rw_semaphore, rwsem_waiter);
	QUEUE(LK_QUEUE_SEMAPHORE, semaphore, semaphore_waiter___any);
	layout.mutex_owner = bpf_core_field_offset(struct mutex, owner);
	layout.rwsem_count = bpf_core_field_offset(struct rw_semaphore, count);
	layout.rwsem_owner = bpf_core_field_offset(struct rw_semaphore, owner);
	layout.rwsem_type = bpf_core_field_offset(struct rwsem_waiter, type);
	layout.queue[LK_QUEUE_PERCPU].head = bpf_core_field_offset(struct percpu_rw_semaphore, waiters) +
					     bpf_core_field_offset(struct wait_queue_head, head);
	layout.queue[LK_QUEUE_PERCPU].node = bpf_core_field_offset(struct wait_queue_entry, entry);
	layout.queue[LK_QUEUE_PERCPU].task = bpf_core_field_offset(struct wait_queue_entry, private);
	layout.entry_func = bpf_core_field_offset(struct wait_queue_entry, func);
	layout.entry_flags = bpf_core_field_offset(struct wait_queue_entry, flags);
	layout.percpu_writer = bpf_core_field_offset(struct percpu_rw_semaphore, writer) +
			       bpf_core_field_offset(struct rcuwait, task);
	layout.percpu_block = bpf_core_field_offset(struct percpu_rw_semaphore, block);
	layout.known = 1;
	return 0;
}

/* Faults are caught; nothing is written. */
SEC("syscall")
int before_peek(void *ctx __attribute__((unused)))
{
	__u32 len = peek.len;

	if (len > LK_PEEK_BYTES)
		len = LK_PEEK_BYTES;
	barrier_var(len);
	peek.err = len > LK_PEEK_BYTES ? -1 : bpf_probe_read_kernel(peek.bytes, len, (void *)peek.addr);
	return 0;
}
