/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * abi_spinner.h - what the ticks of a CPU see it spin for.  Part of abi.h.
 */
#ifndef LOCKSCOPE_ABI_SPINNER_H
#define LOCKSCOPE_ABI_SPINNER_H

/* The kernel's code that spins for a lock, as /proc/kallsyms tells; see spinner.bpf.c. */
#define LK_NR_SPIN_CODE 5
struct lk_spin_code {
	__u64 from, to;		/* 0: not there */
	__u32 flags;		/* of the waits: enum lk_contention_flag */
	__u32 pad;
};

#define LK_SPINNER_WORDS 256
#define LK_SPINNER_IDS (1ULL << 51 | 1ULL << 50)	/* apart from those of traced and found waits */

/* The spin that a CPU's last tick interrupted; value of an mmapable array.  lock is
 * cleared first and written last: equal before and after with id, all else belongs to it. */
struct lk_spinner {
	__u64 lock;		/* 0: it did not spin */
	__u64 id;		/* counts the spins of this CPU that were seen */
	__u64 first_ns, last_ns;	/* ticks that saw it */
	__u64 nr_ticks;
	__u64 task, switches, utime;
	__u32 tid;
	__u32 flags;		/* enum lk_contention_flag */
	__u32 nr_words;
	__u32 pad;
	/* The registers that calls keep, then the stack from its pointer up; at the first tick. */
	__u64 words[LK_SPINNER_WORDS];
};

#endif
