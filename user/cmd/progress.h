/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * progress.h - how far a long job is, as one line that is drawn over itself: on a
 * terminal's stderr only, from the second second on.
 */
#ifndef LOCKSCOPE_CMD_PROGRESS_H
#define LOCKSCOPE_CMD_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
	const char *what;	/* "reading" */
	const char *name;	/* of what; harmless text is made of it */
	bool wanted, shown;
	uint64_t nr;		/* steps so far */
	int64_t began_ns, drawn_ns;
};

void progress__init(struct progress *p, const char *what, const char *name, bool quiet);
/* One record more. */
void progress__step(struct progress *p);
/* Takes the line away: before anything else is said, and at the end. */
void progress__clear(struct progress *p);

#endif
