/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * export.h - the same statistics, waits and findings in forms that other programs
 * read.  Names from the trace are data there: escaped as each form has it, and
 * harmless for a terminal.  All return 0 or -errno.
 */
#ifndef LOCKSCOPE_VIEW_EXPORT_H
#define LOCKSCOPE_VIEW_EXPORT_H

#include "view/view.h"

/* Waits by stack, a line each: frames from the outermost to the caller of the lock
 * function, joined by ";", then the lock, a blank and the ns waited.  Sorted, equal ones
 * added up.  in->style.verbose: whole stacks.  A ";" in a name becomes ":".
 * (flamegraph.pl, "collapsed" stacks of speedscope and inferno) */
int view_folded__waits(FILE *out, const struct view_input *in);

/* The same as a profile for pprof: gzip over google/pprof's profile.proto, with samples of
 * [contentions/count, delay/nanoseconds] as Go's own mutex profiles have; the lock is in
 * the labels "lock", "kind", "mode" and, of rows by thread, "task" with "tid".
 * end_ns: how long the capture was; LK_NO_TIME: unknown.  Binary. */
int view_pprof__waits(FILE *out, const struct view_input *in, int64_t end_ns);

/* The table of statistics, with the members of a row of `top` as columns, whatever was
 * counted: a cell that says nothing is empty.  RFC 4180 but for line ends, which are \n.
 * A text that a spreadsheet would take for a formula gets a ' before it. */
int view_csv__stat(FILE *out, const struct view_input *in, const struct stat_options *opt);

#endif
