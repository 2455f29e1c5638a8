/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * when.h - moments as people write them.
 */
#ifndef LOCKSCOPE_CMD_WHEN_H
#define LOCKSCOPE_CMD_WHEN_H

#include "record/record.h"

#define WHEN_LEN 64

/* Now, RFC 3339, UTC, with nanoseconds. */
const char *when__now(char *buf, size_t size);
/* The moment t_ns after the capture's begin: "2026-11-20T12:00:03Z +3.210 s".  Only
 * the second part where the header does not say when that was. */
const char *when__at(char *buf, size_t size, const struct rec_header *header, int64_t t_ns);

#endif
