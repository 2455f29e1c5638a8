/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * replay_decode.h - one line of a recording into one record.
 */
#ifndef LOCKSCOPE_SOURCE_REPLAY_DECODE_H
#define LOCKSCOPE_SOURCE_REPLAY_DECODE_H

#include "record/record.h"

struct decoder;

int decoder__new(struct decoder **out);
void decoder__free(struct decoder *d);

/* text has len bytes and a terminator behind them.  1: *rec is set and valid until
 * the next call; 0: a record of a type that replay does not use; -EBADMSG: no
 * whole record, decoder__why() says why; -EPROTONOSUPPORT: a header of a newer
 * schema, number in rec->header.schema; -ENOMEM. */
int decoder__decode(struct decoder *d, const char *text, size_t len, struct record *rec);
const char *decoder__why(const struct decoder *d);
/* Seen so far and ignored: record types and members that this build does not know. */
uint64_t decoder__unknown_types(const struct decoder *d);
uint64_t decoder__unknown_members(const struct decoder *d);

#endif
