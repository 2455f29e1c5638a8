/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * spark.h - numbers as small graphs of block characters, or of ASCII where there is
 * no more.
 */
#ifndef LOCKSCOPE_VIEW_SPARK_H
#define LOCKSCOPE_VIEW_SPARK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SPARK_BYTES 4	/* a character takes at most so many */

/* One character a number, as high as it is in proportion to most (0: the largest of
 * them); what is not 0 is never shown as nothing.  buf must have room for
 * nr * SPARK_BYTES + 1; returns it. */
const char *spark__line(char *buf, const uint64_t *values, size_t nr, uint64_t most, bool utf8);
/* One row of a graph `height` rows high, row 0 on top. */
const char *spark__row(char *buf, const uint64_t *values, size_t nr, uint64_t most, int row,
		       int height, bool utf8);
/* A bar of at most `width` columns for value out of most; the same room. */
const char *spark__bar(char *buf, uint64_t value, uint64_t most, size_t width, bool utf8);

#endif
