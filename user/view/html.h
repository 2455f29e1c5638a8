/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * html.h - everything that is known as one page that needs nothing but itself.
 *
 * The page is a template (user/view/html/, bundled, part of the program) and, in the
 * middle of it, one JSON object: what of the machine there is to show, reduced to
 * what a browser can hold.  The page puts it in as text only.
 */
#ifndef LOCKSCOPE_VIEW_HTML_H
#define LOCKSCOPE_VIEW_HTML_H

#include "model/timeline.h"
#include "view/view.h"

struct html_input {
	struct view_input view;		/* findings: the open ones and those that are over */
	uint64_t nr_forgotten;		/* findings that are no longer there */
	const struct timeline *time;	/* finished; NULL: single waits were not looked at */
	const char *file;		/* the recording's name; NULL: the machine itself */
	const char *taken_at;		/* RFC 3339; NULL: unknown */
	int64_t end_ns;			/* LK_NO_TIME: unknown */
	uint64_t nr_records, nr_faults;	/* of the recording */
	bool cut_short;
};

/* 0 or -errno.  Rows, stacks and the like beyond these are left out, the least first,
 * and counted in the page. */
#define HTML_FINDINGS 500u
#define HTML_ROWS 2000u		/* of each table */
#define HTML_WAYS 20000u	/* of lock and stack */
#define HTML_STRIPS 60u		/* locks with columns of their own */
#define HTML_GRAPH_TASKS 400u	/* of the last read */
int view_html__page(FILE *out, const struct html_input *in);
/* The object alone, on a line of its own.  Its shape is the template's business. */
int view_html__data(FILE *out, const struct html_input *in);

#endif
