/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * page.h - the page of a run, for those commands that have --html.
 */
#ifndef LOCKSCOPE_CMD_PAGE_H
#define LOCKSCOPE_CMD_PAGE_H

#include "cmd/run.h"
#include "view/html.h"

/* A timeline_filter_fn over a struct run: what the options let through. */
bool page__passes(void *run, const struct rec_lock *lock, const struct rec_who *who);
/* Writes the page.  of: all but its view and nr_forgotten, which the run knows. */
int page__write(struct run *r, const struct html_input *of);

#endif
