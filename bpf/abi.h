/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * abi.h - records and map layouts shared by the BPF programs and user space.
 *
 * The one header both sides include; abi_*.h are parts of it.  Only fixed-width fields,
 * no pointers, no implicit padding.  All times are nanoseconds of CLOCK_BOOTTIME (it does
 * not stop in suspend); user space turns them into "since the capture began".
 */
#ifndef LOCKSCOPE_ABI_H
#define LOCKSCOPE_ABI_H

#ifndef __VMLINUX_H__
#include <linux/types.h>
#endif

#define LK_COMM_LEN 16
#define LK_STACK_DEPTH 32	/* frames kept of one stack; more is cut and marked */
#define LK_SPIN_DEPTH 8		/* nested spin waits of one CPU (task, softirq, hardirq, NMI, twice) */
#define LK_HIST_BUCKETS 64	/* bucket i counts waits in [2^i, 2^(i+1)) ns */
/* Waits younger than this are only listed: no stack, no search for the owner. */
#define LK_YOUNG_NS 5000000ULL
#define LK_NEW_WALKS 4		/* the first waits on a lock are always walked */
#define LK_PENDING_BITS 8	/* of lk_pending.state: the count */
#define LK_PENDING_MAX 16	/* a power of two */
#define LK_NR_SYSCALLS 16	/* system calls that can sleep on a file lock, for both ABIs */

/* include/trace/events/lock.h, LCB_F_*: the flags of contention_begin. */
enum lk_contention_flag {
	LK_F_SPIN = 1,
	LK_F_READ = 2,
	LK_F_WRITE = 4,
	LK_F_RT = 8,
	LK_F_PERCPU = 16,
	LK_F_MUTEX = 32,
	/* ours, in a spin wait that is open: */
	LK_F_SLOW = 64,		/* begun by the slow path's hook */
	LK_F_TRACED = 128,	/* the tracepoint has fired since */
	LK_F_IRQ = 256,		/* in an interrupt, not in the task it interrupted */
	LK_F_KERNEL = 63,	/* what comes from the kernel */
	/* ours, in a wait that was found, not traced: */
	LK_F_FOUND = 512,	/* on the stack of its task */
	LK_F_FIELDS = 1024,	/* and the task's own fields name the lock as well */
	LK_F_WW = 2048,		/* a mutex that is a ww_mutex */
	LK_F_TIMEOUT = 4096,	/* it ends by itself */
	LK_F_SAMPLED = 8192,	/* a spin: seen in the registers of its CPU, not on a stack */
};

/* Why walking a stack may be left out; see struct lk_settings.stacks. */
enum lk_stacks {
	LK_STACKS_NONE = 0,
	LK_STACKS_SAMPLED = 1,	/* new and long waits always, short ones now and then */
	LK_STACKS_ALL = 2,
};

/* What a lock function works on.  Values are part of lk_held.info. */
enum lk_kind {
	LK_KIND_MUTEX = 1,
	LK_KIND_WW_MUTEX,
	LK_KIND_RWSEM,
	LK_KIND_PERCPU_RWSEM,
	LK_KIND_SEMAPHORE,
	LK_KIND_RT_MUTEX,
	LK_KIND_SPINLOCK,
	LK_KIND_RWLOCK,
};

/* Settings, fixed before the programs are loaded (.rodata). */
struct lk_settings {
	__u32 nr_cpus;		/* entries of the cpu map */
	__u32 self_tgid;	/* lockscope's own process: never recorded */
	__u32 stacks;		/* enum lk_stacks */
	__u32 emit_waits;	/* 1: every ended wait goes to the ring buffer */
	__u32 agg_by_task;	/* 1: aggregates are split by thread, for filters */
	__u32 aggregate;	/* 1: ended waits are counted in the aggregate map */
	__u32 walk_interval_ns;	/* aim: at most one sampled stack walk a CPU in this time */
	__u32 page_bits;	/* log2 of the page size */
	__u64 long_walk_ns;	/* a wait at least this long is always walked at its end */
	__u64 long_wait_ns;	/* sleeping waits at least this long always go to the ring */
	__u64 long_spin_ns;	/* the same for spin waits */
	__u32 held;		/* 1: level held; then nr_slots is a power of two */
	__u32 spin;		/* 1: spinning locks too */
	__u32 nr_slots;
	__u32 nr_task_waits;	/* entries of the task_waits map: a power of two */
	__u32 pad;
	/* powers of two: rows of one lock each, and behind them those for what found no room */
	__u32 nr_hold_rows, nr_hold_rest;
	__u32 rdonly_cast;	/* 1: the kernel has bpf_rdonly_cast() */
	__u32 rethook_warns;	/* 1: no stack of another task that is in a function whose return is hooked */
	__u32 time_gives;	/* 1: the length of every hold is wanted, not only of open ones */
	__u64 hotplug_lock;	/* address of cpu_hotplug_lock; 0: unknown */
	__u64 per_cpu_offset;	/* address of __per_cpu_offset[]; 0: unknown */
	__u64 long_hold_ns;	/* sleeping locks held at least this long go to the ring */
	__u64 long_spin_hold_ns;	/* the same for spinning locks */
	__u32 filelock_nr[LK_NR_SYSCALLS];	/* native system call numbers plus 1; 0: none */
	__u32 filelock_nr_compat[LK_NR_SYSCALLS];
};

/* One wait, of a task (sleeping locks) or in a CPU's spin stack.  lock is
 * written last at the begin and cleared first at the end, so a reader that sees
 * the same lock and id before and after has read one wait. */
struct lk_wait {
	__u64 lock;		/* address; 0: not waiting */
	__u64 id;		/* unique while the programs are loaded, < 2^53 */
	__u64 since_ns;
	__u64 stack;		/* stack map key; 0: not walked */
	__u64 sp;		/* where the begin's arguments lay: just below the lock's own frames */
	__u64 utime;		/* spin waits: user time of the task then; it cannot move meanwhile */
	__u32 owner_tid;	/* by the lock word at begin; 0: none, or emit_waits is 0 */
	__u32 switches;		/* spin and found waits: of the task then, cut to 32 bits; cannot
				 * move either */
	__u32 flags;		/* enum lk_contention_flag */
	__u32 tid;
};

#define LK_WAIT_PROBES 16	/* places a task's wait can be at; see taskwait.bpf.h */

/* The sleeping wait of a task. */
struct lk_task_wait {
	__u64 task;		/* address of its task_struct; 0: never used, 1: freed */
	struct lk_wait wait;
};

#include "abi_held.h"

/* What each CPU counts; all only grow.  Read without a lock, summed by user space. */
struct lk_counters {
	__u64 waits;		/* waits that ended and were accounted */
	__u64 lost_ring;	/* wait records dropped: ring buffer full */
	__u64 lost_agg;		/* waits accounted in `overflow` only: aggregate map full */
	__u64 lost_stack;	/* stacks dropped: stack map full */
	__u64 lost_tasks;	/* waits never seen: no room for their task */
	__u64 lost_guard;	/* waits dropped by the guard: an interrupt inside a program */
	__u64 lost_spin;	/* spin waits nested deeper than LK_SPIN_DEPTH */
	__u64 stack_collisions;	/* two stacks, one key */
	__u64 self_waits;	/* waits of lockscope's own helpers, left out on purpose */
	__u64 replaced;		/* a begin found the wait of another lock: its end was missed */
	__u64 walks;		/* stack walks */
	__u64 stacks_kept;	/* of those, put into the stack map: it was not there yet */
	__u64 lost_slots;	/* takes not recorded: no slot for the task */
	__u64 held_overflow;	/* takes not recorded: too many held at once */
	__u64 unmatched;	/* gives without a take, of sleeping locks */
	__u64 spin_unmatched;	/* the same of spinning locks */
	__u64 spin_dropped;	/* takes of spinning locks dropped: an interrupt inside a hook */
	__u64 spin_stale;	/* entries of spinning locks that had missed their give */
	__u64 healed;		/* entries of sleeping locks that had missed their give */
	__u64 irq_takes;	/* sleeping locks tried by interrupts: not recorded */
	__u64 spin_moved;	/* entries of spinning locks dropped at a task switch: not yet taken,
				 * not even made, or their give was missed */
	__u64 atomic_sleeps;	/* tasks that went to sleep with a spinning lock */
	__u64 lost_holds;	/* ended holds not put into the hold statistics: map full */
	__u64 lost_places;	/* times that it was not kept where a lock lies: map full */
};

/* Waits that found no room in the aggregate map, by kind of flags. */
struct lk_overflow {
	__u64 count;
	__u64 total_ns;
	__u64 max_ns;
};

/* Decides which waits have their stack walked; see stack.bpf.h. */
struct lk_sampler {
	__u32 skip;		/* waits to go until the next walk */
	__u32 skip_max;
	__u32 credit;		/* walks saved up while waits were rare */
	__u32 rnd;
	__u64 last_walk_ns;
};

struct lk_agg_key {
	__u64 lock;
	__u64 stack;		/* 0: waits whose stack was not walked */
	__u32 flags;
	__u32 tid;		/* 0 unless agg_by_task */
};

/* Waits of tasks that have ended on one CPU and are not yet in the aggregate map: finding
 * their row costs more than all else at an end, where the lock is already held; see
 * pending.bpf.h. */
struct lk_pending {
	__u64 state;		/* how many wait below, and above them a number that changes
				 * whenever they are taken out */
	struct lk_agg_key key;	/* of all of them, its row exists; lock 0: none */
	struct lk_agg_key last;	/* the last wait that was not put here */
	__u64 full;		/* 1: another lock wants this place */
	__u64 ns[LK_PENDING_MAX];
};

#define LK_SPIN_OFF 0x80000000U	/* lk_cpu.spin_inside */

/* One CPU; value of an mmapable array, so user space reads it with no system call. */
struct lk_cpu {
	__u64 busy[2];		/* the guard: 0 free, else the task inside; [0] task, [1] interrupt */
	__u64 next_id;
	__u32 depth;		/* spin waits in use */
	__u32 pad2;
	struct lk_sampler sampler[2];	/* [0] spinning, [1] going to sleep */
	struct lk_wait spins[LK_SPIN_DEPTH];
	struct lk_counters nr;
	struct lk_overflow overflow[64];	/* by flags & 63 */
	struct lk_pending pending;
	__u32 spin_inside;	/* 0: hooks of spinning locks record here.  Else one runs: interrupts
				 * of it are dropped whole, and a task switch makes it 0.  Or
				 * LK_SPIN_OFF, until the first task switch that is seen */
	__u32 pad3;
	__u64 cur;		/* as of the last task switch: the task, */
	__u64 cur_stack;	/* and where its stack begins */
	__u64 cur_stack_end;	/* and ends */
	__u64 next_spin_id;
	__u64 rq_lock;		/* the run queue's lock, as learnt from task switches */
	__u64 maybe_rq_lock;	/* the only lock held at the last of them */
	struct lk_spin_stack spin_held[2];	/* [0] task, [1] interrupt */
	__u64 nr_longs;		/* long holds of spinning locks so far */
	struct lk_spin_long longs[LK_SPIN_LONGS];	/* the last of them, by number % size */
	__u64 task_clock_ns;	/* the latest lk_sleeper.clock_ns of a task of this CPU */
	__u64 pad[3];
};
_Static_assert(sizeof(struct lk_cpu) % 64 == 0, "CPUs must not share a cache line");

/* A stack; key of its map is a 64-bit hash of the frames, check a second one. */
struct lk_stack {
	__u64 check;
	__u32 nr;
	__u32 cut;		/* 1: deeper than LK_STACK_DEPTH */
	__u64 ip[LK_STACK_DEPTH];
};

struct lk_agg {
	__u64 count;
	__u64 total_ns;
	__u64 max_ns;
	__u64 cgroup;		/* of the first task counted here, as are the next three */
	__u64 start_ns;
	__u32 pid;
	__u32 tid;
	__u32 walks;		/* row of stack 0: waits of this lock walked because it was new */
	__u32 pad;
	char comm[LK_COMM_LEN];
	__u64 hist[LK_HIST_BUCKETS];
};

/* The ring buffer carries these; the first word of each is its type. */
enum lk_event_type { LK_EVENT_WAIT = 1, LK_EVENT_HOLD = 2 };

/* One ended wait, through the ring buffer. */
struct lk_event {
	__u32 type;		/* LK_EVENT_WAIT */
	__u32 pad2;
	struct lk_wait wait;
	__u64 end_ns;
	__u64 cgroup;
	__u64 start_ns;		/* task start, ns since boot */
	__s32 result;		/* 0 or -errno: what contention_end said */
	__u32 pid;
	__u32 cpu;
	__u32 pad;
	char comm[LK_COMM_LEN];
};

/* Why the iterator shows a task. */
enum lk_why {
	LK_WHY_WAIT = 1,	/* a recorded wait is open */
	LK_WHY_BLOCKED = 2,	/* uninterruptible sleep */
	LK_WHY_FILELOCK = 4,	/* sleeps in a system call that takes file locks */
	LK_WHY_ASKED = 8,	/* user space asked for it (the owner of something) */
	LK_WHY_SPIN = 16,	/* runs on a CPU that spins: wait is the innermost spin */
	LK_WHY_HOLD = 32,	/* holds a sleeping lock for some time */
};

/* What the lock word says; bits of lk_word.says. */
enum lk_word_says {
	LK_WORD_READ = 1,	/* the word could be read and has a known layout */
	LK_WORD_OWNER = 2,	/* owner is the task that holds it */
	LK_WORD_READER = 4,	/* owner is only the last reader: a hint */
	LK_WORD_PICKUP = 8,	/* handed to a waiter that has not run: nobody holds it */
	LK_WORD_FREE = 16,	/* the word says: nobody */
	LK_WORD_WAITERS = 32,	/* the word's waiters bit is set */
	LK_WORD_COUNT = 64,	/* nr_readers is meant */
	LK_WORD_WRITER = 128,	/* held for writing */
};

struct lk_word {
	__u64 owner;		/* task_struct, 0: none */
	__u64 owner_start_ns;
	__u32 owner_tid;
	__u32 owner_pid;
	__u32 says;		/* enum lk_word_says */
	__s32 nr_readers;	/* rwsem: readers counted in the word; semaphore: free count */
};

/* A held lock in a record of the iterator. */
struct lk_hold {
	struct lk_held held;
	struct lk_word word;
};

/* One task, written by the iterator; nr_ip frames follow (8 bytes each), then
 * nr_held of struct lk_hold, then, if nr_held, one __u64: the slot's seq after. */
struct lk_task {
	__u32 len;		/* of this record with its frames */
	__u32 why;		/* enum lk_why */
	__u64 task;		/* task_struct, to compare with lock words */
	__u64 start_ns;
	__u64 cgroup;
	__u64 switches;		/* voluntary plus involuntary */
	__u64 t_ns;		/* when it was read */
	__u32 tid;
	__u32 pid;
	__u32 ns_tid;		/* id in the task's own pid namespace */
	__u32 state;		/* task->__state */
	__u32 task_flags;	/* PF_* */
	__s32 syscall;		/* -1: none or unknown */
	__u32 compat;		/* 1: syscall is of the 32-bit ABI */
	__u32 on_cpu;		/* 1: running */
	__u32 cpu;
	__u32 nr_ip;
	__u32 proven;		/* 1: the task's own fields say it is blocked on wait.lock */
	__u32 nr_held;
	__u64 held_seq;		/* the slot's seq before its entries were read */
	__u64 utime;
	__u64 sp;		/* saved kernel stack pointer, of a task off the CPU */
	__u64 user_regs;	/* address of its pt_regs; 0: none, or of a 32-bit program */
	char comm[LK_COMM_LEN];
	struct lk_wait wait;	/* lock 0: none */
	struct lk_word word;	/* of wait.lock */
};

/* One CPU that spins or holds spinning locks, written by the iterator over `cpus`;
 * nr_held of struct lk_cpu_hold follow, those of task context first. */
struct lk_cpu_record {
	__u32 len;
	__u32 cpu;
	__u64 t_ns;
	__u32 nr_held;
	__u32 nr_task_held;	/* of those, in task context */
	__u32 depth;		/* spin waits; wait is the innermost */
	__u32 pad;
	struct lk_wait wait;	/* lock 0: none */
};

struct lk_cpu_hold {
	struct lk_spin_held held;
	__u32 word;		/* of the lock: the first 32 bits */
	__u32 readable;		/* 1: word could be read */
};

/* A sample of a running task that user space asked for. */
struct lk_sample {
	__u64 t_ns;
	__u64 stack;		/* stack map key; begins in the tick's own frames */
	__u32 cpu;
	__u32 pad;
};

#define LK_HELPERS 8		/* processes of ours that may hang beside lockscope */

#define LK_WANTED_INODES 1024	/* files with waiters that one pass can look for */

/* A descriptor of a file with a waiter. */
struct lk_file {
	__u64 file;		/* the open file description: equal for all that share it */
	__s64 refs;		/* references to it, descriptors and others */
	__u64 ino;
	__u32 dev;		/* major << 20 | minor */
	__u32 pid;
	__u32 tid;		/* other than pid: a thread with a table of its own */
	__u32 fd;
};

#include "abi_found.h"
#include "abi_futex.h"
#include "abi_place.h"
#include "abi_spinner.h"

#endif
