/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * replay_parts.h - what the parts of the decoder share: replay_decode.c reads the
 * stream's own records, replay_state.c those about tasks and locks, replay_fact.c what a
 * diagnosis gathered.
 */
#ifndef LOCKSCOPE_SOURCE_REPLAY_PARTS_H
#define LOCKSCOPE_SOURCE_REPLAY_PARTS_H

#include "source/replay_decode.h"
#include "source/replay_fields.h"

struct decoder {
	struct json_tokener *tok;
	struct json_object *root;	/* of the line in use: strings point into it */
	struct rec_frame *frames;
	struct rec_holder *holders;
	struct rec_frame *sites;
	uint64_t hist[REC_HIST_BUCKETS];
	char **args;
	uint64_t unknown_types, unknown_members;
	char why[FIELD_WHY_LEN];
};

#define ROW(st, key, member, type, flags) { key, type, flags, offsetof(struct st, member), 0, 0 }
#define TID(st, key, member, flags) \
	{ key, FIELD_U32, flags, offsetof(struct st, member), 0, INT32_MAX }
#define COUNTED(table) table, sizeof(table) / sizeof((table)[0])

/* Each fills the zeroed rec from the object in r: 0, -EBADMSG or -ENOMEM. */
int decoder__lock_name(struct decoder *d, struct field_reader *r, struct record *rec);
int decoder__wait_begin(struct decoder *d, struct field_reader *r, struct record *rec);
int decoder__wait(struct decoder *d, struct field_reader *r, struct record *rec);
int decoder__hold(struct decoder *d, struct field_reader *r, struct record *rec);
int decoder__agg(struct decoder *d, struct field_reader *r, struct record *rec);
int decoder__hold_agg(struct decoder *d, struct field_reader *r, struct record *rec);
int decoder__task(struct decoder *d, struct field_reader *r, struct record *rec);
int decoder__lock(struct decoder *d, struct field_reader *r, struct record *rec);
/* replay_fact.c */
int decoder__message(struct decoder *d, struct field_reader *r, struct record *rec);
int decoder__setting(struct decoder *d, struct field_reader *r, struct record *rec);
int decoder__machine(struct decoder *d, struct field_reader *r, struct record *rec);
int decoder__thread(struct decoder *d, struct field_reader *r, struct record *rec);
int decoder__process(struct decoder *d, struct field_reader *r, struct record *rec);
int decoder__absent(struct decoder *d, struct field_reader *r, struct record *rec);

/* A frame's members from obj.  0, -EBADMSG. */
int decoder__read_frame(struct decoder *d, struct json_object *obj, struct rec_frame *frame);

#endif
