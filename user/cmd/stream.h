/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * stream.h - an NDJSON stream that counts its lines, and defines each stack and
 * each lock's name before the first line that needs it, and only those.
 */
#ifndef LOCKSCOPE_CMD_STREAM_H
#define LOCKSCOPE_CMD_STREAM_H

#include <stdio.h>
#include "find/find.h"

struct stream {
	FILE *out;
	const struct model *model;	/* where stacks and names are looked up; NULL: nowhere */
	uint64_t nr_lines;
	uint8_t *defined;		/* a bit per stack id */
	size_t defined_bytes;
	struct u64map *named;		/* locks to the name that was told last, as a hash */
};

void stream__init(struct stream *s, FILE *out, const struct model *model);
void stream__free(struct stream *s);

/* All return 0 or -errno. */
int stream__record(struct stream *s, const struct record *rec);
int stream__finding(struct stream *s, const struct finding *f);
/* The stack's record, unless the stream has it; id 0 and unknown ids are nothing. */
int stream__stack(struct stream *s, uint32_t id);
/* What the lock is called, unless the stream has told so. */
int stream__name(struct stream *s, const struct rec_lock *lock);
/* A REC_END with the number of lines before it. */
int stream__end(struct stream *s, const struct record *end);

#endif
