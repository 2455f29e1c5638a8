/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * gather_kmsg.h - one record of /dev/kmsg, parsed: pure.
 */
#ifndef LOCKSCOPE_SOURCE_GATHER_KMSG_H
#define LOCKSCOPE_SOURCE_GATHER_KMSG_H

#include <stdint.h>

struct gather_kmsg {
	uint64_t seq, us;
	uint32_t level;
	char *text;	/* into the record; may have several lines */
};

/* "PRIORITY,SEQ,MICROSECONDS,FLAGS[,...];TEXT\n" and lines of a dictionary, which are
 * left out.  Cuts the record to pieces.  0 or -EINVAL. */
int gather_kmsg__parse(struct gather_kmsg *out, char *record);

#endif
