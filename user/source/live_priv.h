/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * live_priv.h - what the files of the live source share.
 */
#ifndef LOCKSCOPE_SOURCE_LIVE_PRIV_H
#define LOCKSCOPE_SOURCE_LIVE_PRIV_H

#include <string.h>
#include <sys/types.h>
#include <time.h>

#include "abi.h"
#include "source/held_exits.h"
#include "source/held_missed.h"
#include "source/live.h"
#include "source/live_hooks.h"
#include "source/live_names.h"
#include "source/live_stacks.h"
#include "source/symbols.h"

struct lockscope_bpf;
struct ring_buffer;
struct live_types;
struct probe_child;
struct line_cache;
struct u64map;

/* The loaded programs and their maps, seen from user space. */
struct live_bpf {
	struct lockscope_bpf *skel;
	struct ring_buffer *ring;
	int iter_link_fd, futex_link_fd, undo_link_fd, before_link_fd;
	uint32_t nr_cpus;
	struct lk_cpu *cpus;	/* mmaped; only written before the programs are attached */
	size_t cpus_bytes;
	const struct lk_spinner *spinners;	/* by CPU; written by its ticks */
	size_t spinners_bytes;
	/* level held; else NULL */
	struct live_hooks *hooks;
	int cpu_link_fd;	/* -1 without --spin */
	volatile struct lk_slot *slots;
	const volatile struct lk_bucket *buckets;
	const volatile struct lk_hold_row *hold_rows;
	uint32_t nr_slots, nr_hold_rows;
	size_t slots_bytes, buckets_bytes, hold_rows_bytes;
};

/* Level held, before the rest: looks what there is to hook.  0 or -errno with *err filled. */
int live_bpf__choose_hooks(struct live_bpf *b, const struct live_config *cfg,
			   const struct symbols *symbols, const struct btf *types,
			   struct lk_error *err);
/* Loads and attaches.  types NULL: none are to be had.  ring_fn takes each event. */
int live_bpf__open(struct live_bpf *b, const struct live_config *cfg,
		   const struct live_types *types,
		   int (*ring_fn)(void *ctx, void *data, size_t size), void *ctx,
		   struct lk_error *err);
/* cfg: of live_bpf__open(). */
void live_bpf__close(struct live_bpf *b, const struct live_config *cfg);
/* Our processes besides this one, LK_HELPERS at most: their waits are nobody's. */
void live_bpf__set_helpers(const struct live_bpf *b, const pid_t *pids, uint32_t nr);
/* Sums of what all CPUs counted. */
void live_bpf__counters(const struct live_bpf *b, struct lk_counters *sum);
/* Puts every ended wait that a CPU has only written down into the aggregate map, which is
 * exact up to now afterwards.  0 or -errno. */
int live_bpf__settle(const struct live_bpf *b);
void live_bpf__overflow(const struct live_bpf *b, struct lk_overflow sum[64]);
/* What is known of a lock's bucket (struct lk_bucket); level held, else all zero. */
struct lk_bucket live_bpf__bucket(const struct live_bpf *b, uint64_t lock);
/* Asks the task to drop a held entry that was proven to be stale, at its next take
 * or give.  One at a time; a second one waits for the next read. */
void live_bpf__drop_held(const struct live_bpf *b, uint64_t task, uint32_t tid, uint32_t id);
/* Takes or gives of sleeping locks that may have been missed so far, by kind: no slot,
 * too many held, programs skipped by the kernel.  Those of the hooks on one kind say
 * nothing of another: where programs can be preempted (7.0) mutexes miss some all the time. */
void live_bpf__missed_holds(const struct live_bpf *b, uint64_t by_kind[NR_KINDS]);
/* Reads kernel memory, a few hundred bytes at most; false where there is none. */
bool live_bpf__peek(const struct live_bpf *b, uint64_t addr, void *to, size_t len);
/* Times the kernel skipped one of our programs because it was running already.  Not
 * those that see spinning locks taken and given: interrupts meet them all the time and
 * mostly lose a take with its give; what they lose of one alone is undone
 * (bpf/spin.bpf.h).  live_bpf__cost() counts those in spin_dropped. */
uint64_t live_bpf__recursion_misses(const struct live_bpf *b);
int live_bpf__cost(const struct live_bpf *b, struct live_cost *out);

/* One pass of the task iterator. */
struct live_pass {
	char *buf;		/* the records, one after another */
	size_t len, cap;
	const struct lk_task **tasks;	/* into buf */
	uint32_t nr, tasks_cap;
	/* level held with --spin: CPUs that spin or hold; nr_cpus is 0 otherwise */
	char *cpu_buf;
	size_t cpu_len, cpu_cap;
	const struct lk_cpu_record **cpus;	/* into cpu_buf */
	uint32_t nr_cpus, cpus_cap;
};
int live_pass__run(struct live_pass *p, const struct live_bpf *b);
void live_pass__free(struct live_pass *p);
/* All that one run of an iterator writes, in *buf of *cap bytes, which grows. */
int live_pass__read(int link_fd, char **buf, size_t *len, size_t *cap);
static inline const uint64_t *lk_task__ips(const struct lk_task *t)
{
	return (const uint64_t *)(t + 1);
}

/* What the task holds, nr_held of them, newest last. */
static inline const struct lk_hold *lk_task__holds(const struct lk_task *t)
{
	return (const struct lk_hold *)(lk_task__ips(t) + t->nr_ip);
}
/* Nothing was taken or given while the holds were read. */
static inline bool lk_task__holds_stood(const struct lk_task *t)
{
	uint64_t after;

	if (!t->nr_held)
		return true;
	memcpy(&after, lk_task__holds(t) + t->nr_held, sizeof(after));
	return after == t->held_seq && !(after & 1);
}
/* What the CPU holds: nr_held of them, those of task context first. */
static inline const struct lk_cpu_hold *lk_cpu_record__holds(const struct lk_cpu_record *c)
{
	return (const struct lk_cpu_hold *)(c + 1);
}

/* The clocks of two CPUs may differ by a little. */
static inline uint64_t lk_task__wait_age_ns(const struct lk_task *t)
{
	return t->t_ns > t->wait.since_ns ? t->t_ns - t->wait.since_ns : 0;
}

/* Which tasks the next pass shall show besides those that wait, and samples of
 * those of them that run. */
struct live_asked;
int live_asked__new(struct live_asked **out, const struct live_bpf *b);
void live_asked__free(struct live_asked *a);
/* Begins a new set; then ask for each task; then done drops those not asked again. */
void live_asked__begin(struct live_asked *a);
/* Returns 1 when it is new, 0 when it was asked for before, -ENOSPC when full. */
int live_asked__add(struct live_asked *a, uint32_t tid);
void live_asked__done(struct live_asked *a);
/* Whether the CPUs sample asked tasks that run at their ticks. */
void live_asked__sampling(struct live_asked *a, bool on);
/* The last sample of tid not older than since_ns: 1 with its stack key in *key,
 * for live_stacks__by_sample(); else 0. */
int live_asked__sampled(struct live_asked *a, uint32_t tid, uint64_t since_ns, uint64_t *key);

struct source_live {
	struct source base;
	struct live_config cfg;
	struct live_bpf bpf;
	struct live_types *types;	/* NULL: none are to be had */
	struct symbols *symbols;
	struct live_stacks *stacks;
	struct live_names *names;
	struct live_asked *asked;
	struct probe_child *probe;	/* reads what may hang; NULL: none could be made */
	struct probe_child *unwinder;	/* user stacks; NULL: nobody looks, or none could be made */
	struct line_cache *lines;	/* NULL: nobody shows findings, or no child could be made */
	struct live_reader *reader;
	struct live_aggs *aggs;
	struct u64map *owners;	/* of long waits, by wait id: tid and stack, 32 bits each */
	uint32_t wanted[LIVE_ASKED_MAX], nr_wanted;	/* asked for by the user */
	uint64_t unasked;	/* owners not looked at: too many at once */
	uint64_t failed_reads;	/* looks at the machine that did not come about */
	uint64_t unread, unread_pid;	/* as in struct rec_lost */
	uint64_t user_stacks, user_stacks_pid;	/* as in struct rec_lost; so is the next */
	enum user_stack_why user_stacks_why;
	bool may_miss_ends;	/* this kernel can preempt BPF programs: 6.19 and later */
	uint64_t stale_waits;	/* open waits found to be over: their end was missed */
	uint64_t *longs_seen;	/* per CPU: long spin holds passed on; NULL without --spin */
	uint64_t longs_lost;
	struct held_missed missed[NR_KINDS];	/* takes or gives; of spinning locks: ends of spins */
	bool missed_noted;	/* since the drain began */
	struct held_exits exits;	/* leaks that are not proven yet */
	bool stopped;		/* nothing new comes in */
	int run_time_fd;	/* the kernel measures BPF run time while it is open; -1 */
	uint64_t boot_ns;	/* CLOCK_BOOTTIME when recording was turned on */
	char began_at[40], kernel[128], host[80];
	/* during drain: where events go */
	record_fn sink;
	void *sink_ctx;
	int sink_err;
};

/* CLOCK_BOOTTIME in ns, the clock of the BPF side. */
static inline uint64_t live__now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000000000ULL + (uint64_t)ts.tv_nsec;
}

static inline int64_t live__t(const struct source_live *s, uint64_t boot_ns)
{
	return (int64_t)(boot_ns - s->boot_ns);
}

/* The wait of a task that sleeps, where nothing else numbers it: unique for the sleep,
 * and never one of the kernel side's ids, whose bit 52 is clear below 4096 CPUs. */
static inline uint64_t live__sleep_id(uint32_t tid, uint64_t start_ns, uint64_t switches)
{
	uint64_t h = start_ns ^ (uint64_t)tid << 40 ^ switches * 0x9e3779b97f4a7c15ULL;

	h ^= h >> 31;
	h *= 0xff51afd7ed558ccdULL;
	return (h >> 12 & ((1ULL << 52) - 1)) | 1ULL << 52;
}

/* live_kind.c: what the tracepoint's flags and the frames tell. */
enum lock_kind live_kind__of(uint32_t flags, const struct rec_stack *stack);
enum lock_mode live_kind__mode(uint32_t flags);
bool live_kind__spins(uint32_t flags);
/* The same for lk_held.info. */
void live_kind__held(uint32_t info, uint64_t addr, struct rec_lock *lock, enum lock_mode *mode,
		     bool *spin);
enum breakable live_kind__breakable(uint32_t flags, uint32_t task_state,
				    const struct rec_stack *stack);
enum found_by live_kind__found_by(uint32_t flags);
/* Whether a semaphore's wait that seems to have no timeout surely has none: the stack of
 * the wait shows the function that waits, or the task's state is of another one. */
bool live_kind__tells_timeout(uint32_t task_state, const struct rec_stack *stack);
char live_kind__state_letter(uint32_t state);
enum rec_context live_kind__context(const struct rec_stack *stack);
/* A spinning lock function is on the stack. */
bool live_kind__in_spin(const struct rec_stack *stack);
const char *live_kind__filelock(const struct rec_stack *stack, bool *unknown);
/* syscalls.c: the name of a native system call, or NULL. */
const char *syscall__name(int32_t nr);

/* live_stale.c: is the task of an open wait no longer in it?  recorded and now are
 * stack ids, 0 for none; since_ns: when samples of interest begin. */
/* Nothing proves that the task still is in its wait, on a kernel where an end can be
 * missed.  For waits that are not stale. */
bool live_stale__is_unproven(const struct source_live *s, const struct lk_task *t);
bool live_stale__wait(const struct source_live *s, const struct lk_task *t, uint32_t recorded,
		      uint32_t now, uint64_t since_ns);

/* The programs in the kernel are to leave out our children as they are now. */
void live__tell_helpers(const struct source_live *s);
/* Notes in s->missed what the kernel has counted by now. */
void live__note_missed(struct source_live *s);
/* Whether a take or give of such a lock, or the end of its spin, may have been missed
 * since then, as far as was noted. */
bool live__missed_since(const struct source_live *s, uint32_t info, uint64_t since_ns);

/* Tells a hold of which e speaks; during a drain or read (s->sink). */
int live__tell_hold(struct source_live *s, const struct lk_hold_event *e, enum certainty certainty);
/* live_exits.c: looks again at what tasks that exited left behind (held_exits.h), with a
 * look at the machine of just now.  last: no look comes after this one. */
struct live_look;
int live_exits__look(struct source_live *s, const struct live_look *look, bool last);

/* live_read.c */
struct live_reader;
int live_reader__new(struct live_reader **out, struct source_live *s);
void live_reader__free(struct live_reader *r);
int live_reader__read(struct live_reader *r, bool confirm, record_fn sink, void *ctx);
/* The last look; an empty one before the first. */
const struct live_look *live_reader__look(const struct live_reader *r);
/* As live_unwind__owed(). */
uint32_t live_reader__owed_user_stacks(const struct live_reader *r, uint32_t *pid);

/* live_agg.c */
struct live_aggs;
int live_aggs__new(struct live_aggs **out, struct source_live *s);
void live_aggs__free(struct live_aggs *a);
int live_aggs__collect(struct live_aggs *a, record_fn sink, void *ctx);

#endif
