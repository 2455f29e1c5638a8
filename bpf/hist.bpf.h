/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * hist.bpf.h - which bucket of a histogram a time belongs to.
 */
#ifndef LOCKSCOPE_HIST_BPF_H
#define LOCKSCOPE_HIST_BPF_H

#include "maps.bpf.h"

/* floor(log2(ns)); of 0 it is 0.  Always below LK_HIST_BUCKETS. */
static __always_inline __u32 hist_bucket(__u64 ns)
{
	__u32 r = 0;

	if (ns >> 32) { r += 32; ns >>= 32; }
	if (ns >> 16) { r += 16; ns >>= 16; }
	if (ns >> 8) { r += 8; ns >>= 8; }
	if (ns >> 4) { r += 4; ns >>= 4; }
	if (ns >> 2) { r += 2; ns >>= 2; }
	return (r + (ns >> 1 & 1)) & (LK_HIST_BUCKETS - 1);
}

#endif
