/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * replay.h - a recording as a source.
 *
 * Whatever a file says: every value is checked for type and range, memory stays
 * in proportion to what is there, and what is whole is passed on.
 *  - A line that is no whole record is reported and skipped.
 *  - A read is passed on only when all its tasks and locks are there, since a graph
 *    with holes proves nothing; else it is reported and dropped.
 *  - A read whose seq does not rise, a second header (two files in one) and what
 *    stands behind the end are reported and left out.
 *  - Record types and members that this build does not know are counted and
 *    ignored, as are findings: they are made again from the rest.
 */
#ifndef LOCKSCOPE_SOURCE_REPLAY_H
#define LOCKSCOPE_SOURCE_REPLAY_H

#include "lib/error.h"
#include "source/source.h"

/* What was wrong with a recording; reading goes on after each bad line. */
struct replay_fault {
	uint64_t line;		/* from 1; 0: the file as a whole */
	const char *what;
};
typedef void (*replay_fault_fn)(void *ctx, const struct replay_fault *fault);

/* path "-" is stdin.  fault_fn (may be NULL) is called for each line that is no
 * whole record and for a missing header or end; a file of garbage has a fault a
 * line, so the caller limits what it shows.  -errno with *err filled when the file
 * cannot be opened, or -EPROTONOSUPPORT when its schema is newer than this build
 * knows.  Without a header the source makes one of level "unknown". */
int source_replay__new(struct source **out, const char *path, replay_fault_fn fault_fn,
		       void *fault_ctx, struct lk_error *err);

struct replay_counts {
	uint64_t lines, faults;
	uint64_t reads, reads_dropped;
	uint64_t unknown_types, unknown_members;
};
void source_replay__counts(const struct source *s, struct replay_counts *out);

#endif
