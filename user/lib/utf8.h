/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * utf8.h - reading text that may not be what it claims to be.
 */
#ifndef LOCKSCOPE_LIB_UTF8_H
#define LOCKSCOPE_LIB_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UTF8_BAD UINT32_MAX	/* no character: the bytes are broken */
#define UTF8_REPAIR "\xef\xbf\xbd"	/* U+FFFD, what stands for broken bytes */

/* Reads one character of s, which has len > 0 bytes left.  Returns how many
 * bytes it takes (1 to 4) and sets *cp, to UTF8_BAD for broken bytes: then the
 * return value is the longest begin of a valid sequence, so that one U+FFFD
 * replaces it (Unicode 15, 3.9, "maximal subpart"). */
size_t utf8__next(const char *s, size_t len, uint32_t *cp);

/* Writes a character, at most 4 bytes and no NUL; returns how many. */
size_t utf8__put(uint32_t cp, char *buf);

/* Characters that move the cursor, colour the terminal or reorder the text:
 * controls, separators, and invisible and bidirectional formatting. */
bool utf8__is_unsafe(uint32_t cp);

/* Columns of a terminal that cp takes: 0, 1 or 2.  Knows the wide blocks and the
 * combining marks in common use, and needs no locale. */
int utf8__width(uint32_t cp);

#endif
