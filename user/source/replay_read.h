/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * replay_read.h - one read of the machine, kept until all its records are there.
 */
#ifndef LOCKSCOPE_SOURCE_REPLAY_READ_H
#define LOCKSCOPE_SOURCE_REPLAY_READ_H

#include "record/record.h"

struct read_buffer;

int read_buffer__new(struct read_buffer **out);
void read_buffer__free(struct read_buffer *b);

/* Forgets what is kept and starts anew. */
void read_buffer__begin(struct read_buffer *b, const struct rec_read *read);
/* Forgets what is kept; nothing is open then. */
void read_buffer__drop(struct read_buffer *b);
/* Deep-copies a task or lock record.  -EPROTO: more of them than the read said. */
int read_buffer__add(struct read_buffer *b, const struct record *rec);

bool read_buffer__is_open(const struct read_buffer *b);
bool read_buffer__is_whole(const struct read_buffer *b);
/* What was announced and how much of it is there. */
const struct rec_read *read_buffer__read(const struct read_buffer *b);
void read_buffer__count(const struct read_buffer *b, uint32_t *tasks, uint32_t *locks);

/* Passes the read and its records on, tasks first as in the recording, and
 * forgets them.  0 or the sink's -errno. */
int read_buffer__pass(struct read_buffer *b, record_fn sink, void *ctx);

#endif
