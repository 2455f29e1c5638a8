/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * gzip.h - a compressed file (RFC 1952) on its way into a stream; no name and no
 * time in it, so that equal data gives equal files.
 */
#ifndef LOCKSCOPE_LIB_GZIP_H
#define LOCKSCOPE_LIB_GZIP_H

#include <stddef.h>
#include <stdio.h>

struct gzip;

/* 0 or -ENOMEM.  out stays the caller's and is neither flushed nor closed. */
int gzip__new(struct gzip **out, FILE *to);
/* 0 or -errno; after the first failure nothing more is written. */
int gzip__write(struct gzip *z, const void *data, size_t len);
/* Writes what is left and the trailer, and frees: 0 or the first -errno.  Takes NULL. */
int gzip__finish(struct gzip *z);

#endif
