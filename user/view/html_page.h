/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * html_page.h - inside the HTML view: the data of a page while it is written.  The
 * parts name locks by index and stacks by id; what was named is written last.
 */
#ifndef LOCKSCOPE_VIEW_HTML_PAGE_H
#define LOCKSCOPE_VIEW_HTML_PAGE_H

#include "lib/json.h"
#include "view/html.h"
#include "view/stack_ids.h"

struct html_page {
	struct json j;
	const struct html_input *in;
	struct rec_lock *locks;		/* those named so far */
	size_t nr_locks, cap_locks;
	struct u64map *lock_keys;	/* hash of key and kind to index */
	struct stack_ids stacks;
	int error;			/* the first -ENOMEM; nothing has to be checked before the end */
};

/* A lock as its index, -1 for one that found no room; a stack as its id or null. */
void html_page__lock(struct html_page *p, const struct rec_lock *lock);
void html_page__stack(struct html_page *p, uint32_t id);
/* A time as an element: null for LK_NO_TIME. */
void html_page__time(struct html_page *p, int64_t t_ns);

/* The parts, each one or more members of the page's object. */
void html_page__put_tables(struct html_page *p);	/* "tables", "totals" */
void html_page__put_ways(struct html_page *p);		/* "ways": waits by lock and stack */
void html_page__put_time(struct html_page *p);		/* "time" */
void html_page__put_graph(struct html_page *p);		/* "graph": the last read */
/* "locks", "stacks", "frames": what the others named. */
void html_page__put_named(struct html_page *p);

#endif
