/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * progress.h - how far a long job is, as one line that is drawn over itself: on a
 * terminal's stderr only.  There is one such line; any message takes it away first.
 */
#ifndef LOCKSCOPE_CMD_PROGRESS_H
#define LOCKSCOPE_CMD_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct progress {
	bool wanted;
	uint64_t nr;		/* steps so far */
	int64_t began_ns, drawn_ns;
	const char *what;	/* drawn last: string constants */
};

void progress__init(struct progress *p, bool quiet);
/* One record more: "reading FILE: 12k records", from the second second on. */
void progress__step(struct progress *p, const char *what, const char *name);
/* A stage of a start or an end, at once: "attaching hooks: 12 of 69"; of 0: without
 * numbers. */
void progress__stage(struct progress *p, const char *what, size_t nr, size_t of);
/* Takes the line away, if there is one: before anything else goes to the terminal, and at
 * the end. */
void progress__clear(void);

#endif
