/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * fmt.h - durations, counts and foreign text, as people should see them.
 *
 * Each writes into buf, always terminates it, and returns buf.
 */
#ifndef LOCKSCOPE_LIB_FMT_H
#define LOCKSCOPE_LIB_FMT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FMT_LEN 32	/* enough for every number below */

/* "456 ns", "12.3 us", "12.3 ms", "1.234 s", "2 min 05 s", "3 h 04 min", "12 d 05 h".
 * What is no duration (more than ten years: a clock went back, a field is
 * garbage) is "> 10 y". */
const char *fmt__ns(char *buf, size_t size, uint64_t ns);
/* From since_ns to t_ns.  INT64_MIN for either: "?".  A since in the future is a
 * race between two clock reads: "0 ns". */
const char *fmt__age(char *buf, size_t size, int64_t t_ns, int64_t since_ns);
/* Exact up to 999999, then "1.23 M", "1.23 G", "1.23 T", "> 999 T". */
const char *fmt__count(char *buf, size_t size, uint64_t n);

/* Foreign text (comms, paths, symbols) made harmless for a terminal: control
 * characters become \n, \t, \xNN, invisible and bidirectional ones \u{NNNN},
 * broken UTF-8 one U+FFFD (utf8 false: ?).  With utf8 false, arrows become -> and
 * other non-ASCII characters \u{NNNN}.  What does not fit ends in "...".  str NULL
 * is "". */
const char *fmt__safe(char *buf, size_t size, const char *str, bool utf8);
/* Columns that valid text takes on a terminal. */
size_t fmt__width(const char *str);

#endif
