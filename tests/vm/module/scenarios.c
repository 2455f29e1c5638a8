// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* The table of scenarios. A new one is a row here, and a body if none fits. */
#include <linux/kernel.h>
#include <linux/string.h>

#include "scenario.h"

#define KINDS(...) \
	.kinds = { __VA_ARGS__ }, \
	.nr_kinds = sizeof((enum lk_kind[]){ __VA_ARGS__ }) / sizeof(enum lk_kind)

/* n tasks, each waiting for the next one's lock, for ever. */
#define CYCLE(n) \
	.body = lk_body__cycle, .nr_tasks = n, .nr_locks = n, \
	.cycle = "abcdefgh", .nr_cycle = n

/* free tasks of n end up waiting for no lock; what they do: script.c */
#define SCRIPT(n, free, ...) \
	.body = lk_body__script, .nr_tasks = n, .nr_free = free, .script = { __VA_ARGS__ }

#define DEADLOCK(n) CYCLE(n), .stuck = true, .expect = "deadlock"

#define CYCLES_OF(kind, prefix, tag) \
	{ prefix "_abba", tag "ab", .owners = "word", DEADLOCK(2), KINDS(kind) }, \
	{ prefix "_cycle3", tag "c3", .owners = "word", DEADLOCK(3), KINDS(kind) }, \
	{ prefix "_cycle8", tag "c8", .owners = "word", DEADLOCK(8), KINDS(kind) }, \
	{ prefix "_self", tag "sf", .owners = "word", DEADLOCK(1), KINDS(kind) }

static const struct lk_scenario scenarios[] = {
	CYCLES_OF(LK_MUTEX, "mutex", "m"),
	CYCLES_OF(LK_WW_MUTEX, "ww_mutex", "w"),
	CYCLES_OF(LK_RWSEM, "rwsem", "rw"),
	CYCLES_OF(LK_RT_MUTEX, "rt_mutex", "rt"),
	{ "mixed_cycle3", "xc3", .owners = "word", DEADLOCK(3),
	  KINDS(LK_MUTEX, LK_RWSEM, LK_RT_MUTEX) },
	{ "mixed_cycle8", "xc8", .owners = "word", DEADLOCK(8),
	  KINDS(LK_MUTEX, LK_WW_MUTEX, LK_RWSEM, LK_RT_MUTEX) },
	/* killing one of the two lets the other go on */
	{ "mutex_killable_abba", "mk", .owners = "word", CYCLE(2),
	  .expect = "deadlock", .users = true, .how = LK_KILLABLE, KINDS(LK_MUTEX) },
	/* the reader in the word is a hint */
	{ "rwsem_rw_abba", "rrw", .owners = "hint", DEADLOCK(2), KINDS(LK_RWSEM),
	  .hold = { LK_READ, LK_READ }, .want = { LK_WRITE, LK_WRITE } },
	{ "rwsem_rdwr_abba", "rdw", .owners = "hint", DEADLOCK(2), KINDS(LK_RWSEM),
	  .hold = { LK_READ, LK_WRITE }, .want = { LK_WRITE, LK_WRITE } },
	/* the word names nobody */
	{ "percpu_rwsem_ww_abba", "pww", .owners = "none", DEADLOCK(2),
	  KINDS(LK_PERCPU_RWSEM) },
	{ "semaphore_abba", "sab", .owners = "none", DEADLOCK(2), KINDS(LK_SEMAPHORE) },
	{ "percpu_rwsem_rw_abba", "prw", .expect = "deadlock", .owners = "none",
	  .stuck = true, .cycle = "ab", .nr_cycle = 2, .nr_locks = 2,
	  KINDS(LK_PERCPU_RWSEM, LK_MUTEX), SCRIPT(2, 0, "r0 m2 t1", "t1 m2 t0") },
	/* a timeout of 5 s ends it: never a certain deadlock */
	{ "semaphore_timeout_abba", "sto", .expect = "waits", .owners = "none",
	  CYCLE(2), .how = LK_TIMEOUT, KINDS(LK_SEMAPHORE) },
	/* a signal does: never more than breakable */
	{ "mutex_interruptible_abba", "mi", .owners = "word", CYCLE(2),
	  .expect = "deadlock", .users = true, .how = LK_INTERRUPTIBLE, KINDS(LK_MUTEX) },
	{ "mutex_abba_behind", "mbh", .expect = "deadlock", .owners = "word",
	  .stuck = true, .cycle = "ab", .nr_cycle = 2, .nr_locks = 2, KINDS(LK_MUTEX),
	  SCRIPT(5, 0, "t0 m2 t1", "t1 m2 t0", "b0 b1 t0", "b0 b1 t1", "b2 t0") },

	/* counting semaphores: any of the holders can end the wait */
	{ "semaphore_free_holder", "sfh", .expect = "waits", .owners = "none",
	  .nr_locks = 2, .count = 2, KINDS(LK_SEMAPHORE, LK_MUTEX),
	  SCRIPT(3, 1, "t0 m3 s", "t0 m3 t1", "t1 m3 t0") },
	{ "semaphore_all_stuck", "sas", .expect = "deadlock", .owners = "none",
	  .stuck = true, .cycle = "bc", .nr_cycle = 2, .nr_locks = 2, .count = 2,
	  KINDS(LK_SEMAPHORE, LK_MUTEX),
	  SCRIPT(3, 0, "t0 m3 t1", "t0 m3 t1", "t1 m3 t0") },
	/* one place was taken by a task that is gone */
	{ "semaphore_gone_holder", "sgh", .expect = "waits", .owners = "none",
	  .nr_locks = 2, .count = 2, KINDS(LK_SEMAPHORE, LK_MUTEX),
	  SCRIPT(4, 2, "m3 s x0", "t0 l", "e1 t0 m3 t1", "e1 t1 m3 t0") },

	/* one place was taken, by a task that could give it, before the others began */
	{ "semaphore_early_holder", "seh", .expect = "waits", .owners = "none",
	  .nr_locks = 2, .count = 2, KINDS(LK_SEMAPHORE, LK_MUTEX),
	  SCRIPT(3, 1, "t0 s", "g t0 m2 t1", "g t1 m2 t0") },

	/* a writer waits for every reader, whichever the word names */
	{ "rwsem_reader_first", "rrf", .expect = "deadlock", .owners = "hint",
	  .stuck = true, .cycle = "bc", .nr_cycle = 2, .nr_locks = 2,
	  KINDS(LK_RWSEM, LK_MUTEX),
	  SCRIPT(3, 1, "w1 r0 m3 s", "r0 m3 t1", "w2 t1 m3 t0") },
	{ "rwsem_reader_last", "rrl", .expect = "deadlock", .owners = "hint",
	  .stuck = true, .cycle = "bc", .nr_cycle = 2, .nr_locks = 2,
	  KINDS(LK_RWSEM, LK_MUTEX),
	  SCRIPT(3, 1, "r0 m3 s", "w1 r0 m3 t1", "w2 t1 m3 t0") },
	/* the second read waits behind the writer, which waits for the first */
	{ "rwsem_recursive_read", "rrr", .expect = "deadlock", .owners = "hint",
	  .stuck = true, .cycle = "ab", .nr_cycle = 2, .nr_locks = 1, KINDS(LK_RWSEM),
	  SCRIPT(2, 0, "r0 m2 b1 r0", "m2 t0") },

	/* chains that end in a task which waits for no lock */
	{ "long_hold_queue", "lhq", .expect = "root", .owners = "word", .nr_locks = 1,
	  KINDS(LK_MUTEX), SCRIPT(11, 1, "t0 m11 s", "m11 t0") },
	{ "mutex_chain", "mch", .expect = "root", .owners = "word", .nr_locks = 3,
	  KINDS(LK_MUTEX), SCRIPT(4, 1, "t0 m4 s", "t1 m4 t0", "t2 m4 t1", "m4 t2") },
	{ "completion_cycle", "cc", .expect = "root", .owners = "word", .nr_locks = 1,
	  KINDS(LK_MUTEX), SCRIPT(2, 1, "t0 m2 p", "m2 t0 c") },
	{ "mutex_nest60", "n60", .expect = "waits", .owners = "word", .nr_locks = 60,
	  KINDS(LK_MUTEX), SCRIPT(2, 1, "n60 m2 s", "m2 t59") },

	{ "leak_exit", "lex", .expect = "leak", .owners = "word", .nr_locks = 1,
	  KINDS(LK_MUTEX), SCRIPT(1, 1, "t0 l") },
	{ "leak_read", "lrd", .expect = "leak", .owners = "hint", .nr_locks = 1,
	  KINDS(LK_RWSEM), SCRIPT(1, 1, "r0 l") },
	{ "leak_return", "lrt", .expect = "leak", .owners = "word", .nr_locks = 1,
	  .users = true, KINDS(LK_MUTEX), SCRIPT(1, 1, "t0 l") },

#ifndef CONFIG_PREEMPT_RT
	/* twice at one place */
	{ "sleep_in_atomic", "sia", .expect = "sleep_in_atomic", .owners = "none",
	  .nr_locks = 1, .users = true, KINDS(LK_SPINLOCK), SCRIPT(1, 1, "t0 k u t0 k u l") },
#endif

	{ "semaphore_cross_release", "sxr", .expect = "quiet", .owners = "none",
	  .nr_locks = 1, KINDS(LK_SEMAPHORE), SCRIPT(2, 2, "t0 m2 s", "m2 x0") },
	{ "rwsem_cross_release", "rxr", .expect = "quiet", .owners = "hint",
	  .nr_locks = 1, KINDS(LK_RWSEM), SCRIPT(2, 2, "r0 m2 s", "m2 x0") },
	{ "mutex_ordered", "mo", .expect = "quiet", .owners = "word", .nr_locks = 2,
	  KINDS(LK_MUTEX), SCRIPT(4, 4, "t0 z t1 z u u z o") },
	{ "mutex_trylock", "mt", .expect = "quiet", .owners = "word", .nr_locks = 2,
	  KINDS(LK_MUTEX), SCRIPT(2, 2, "t0 z y1 z u u z o", "t1 z y0 z u u z o") },
	/* two orders, but never at once: lock 0 is around both */
	{ "mutex_gated", "mg", .expect = "quiet", .owners = "word", .nr_locks = 3,
	  KINDS(LK_MUTEX), SCRIPT(2, 2, "t0 t1 z t2 z u u u z o", "t0 t2 z t1 z u u u z o") },
	{ "ww_backoff", "wb", .expect = "quiet", .owners = "word",
	  .body = lk_body__ww_backoff, .nr_tasks = 4, .nr_free = 4, .nr_locks = 3,
	  KINDS(LK_WW_MUTEX) },

#ifndef CONFIG_PREEMPT_RT /* whose spinlocks and rwlocks sleep */
	/* these end by themselves after param ms */
	{ "spin_long", "sl", .expect = "long_spin", .owners = "none",
	  .body = lk_body__long_spin, .nr_tasks = 3, .nr_free = 1, .nr_locks = 1,
	  .param = 300, .per_cpu = true, KINDS(LK_SPINLOCK) },
	{ "rwlock_long", "rwl", .expect = "long_spin", .owners = "none",
	  .body = lk_body__long_spin, .nr_tasks = 3, .nr_free = 1, .nr_locks = 1,
	  .param = 300, .per_cpu = true, KINDS(LK_RWLOCK),
	  .hold = { LK_WRITE }, .want = { LK_WRITE, LK_READ } },
	{ "spin_abba", "spab", .expect = "deadlock", .owners = "none",
	  .body = lk_body__spin_abba, .nr_tasks = 3, .nr_free = 1, .nr_locks = 2,
	  .param = 2000, .per_cpu = true, .cycle = "bc", .nr_cycle = 2,
	  KINDS(LK_SPINLOCK) },
	{ "rwlock_abba", "rlab", .expect = "deadlock", .owners = "none",
	  .body = lk_body__spin_abba, .nr_tasks = 3, .nr_free = 1, .nr_locks = 2,
	  .param = 2000, .per_cpu = true, .cycle = "bc", .nr_cycle = 2,
	  KINDS(LK_RWLOCK) },
	{ "spin_irq", "sirq", .expect = "deadlock", .owners = "none",
	  .body = lk_body__spin_irq, .nr_tasks = 2, .nr_free = 1, .nr_locks = 1,
	  .param = 2000, .per_cpu = true, .cycle = "b", .nr_cycle = 1,
	  KINDS(LK_SPINLOCK) },
#endif
};

const struct lk_scenario *lk_scenario__at(int i)
{
	return i < ARRAY_SIZE(scenarios) ? &scenarios[i] : NULL;
}

const struct lk_scenario *lk_scenario__find(const char *name)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(scenarios); i++)
		if (!strcmp(scenarios[i].name, name))
			return &scenarios[i];
	return NULL;
}
