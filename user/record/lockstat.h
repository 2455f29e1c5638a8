/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * lockstat.h - what /proc/lock_stat says of the classes waited for longest
 * (Documentation/locking/lockstat.rst; kernel/locking/lockdep_proc.c).
 */
#ifndef LOCKSCOPE_RECORD_LOCKSTAT_H
#define LOCKSCOPE_RECORD_LOCKSTAT_H

#include <stddef.h>
#include <stdint.h>

#define LOCKSTAT_NAME 128

struct lockstat_row {
	char name[LOCKSTAT_NAME];	/* of the class; -R and -W: its readers and writers */
	uint64_t contentions;
	uint64_t total_ns, max_ns;	/* of waiting */
};

/* The rows of text with the largest total, the largest first, at most nr of them: how
 * many.  A last line that was cut off does not count. */
size_t lockstat__top(const char *text, struct lockstat_row *rows, size_t nr);

#endif
