/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * proto.h - messages in the wire format of Protocol Buffers
 * (https://protobuf.dev/programming-guides/encoding/): varints and what is
 * length-delimited.  The first -ENOMEM sticks; later calls do nothing.
 */
#ifndef LOCKSCOPE_LIB_PROTO_H
#define LOCKSCOPE_LIB_PROTO_H

#include <stddef.h>
#include <stdint.h>

/* One message as it grows; all zero is an empty one. */
struct proto {
	unsigned char *data;
	size_t len, cap;
	int error;		/* 0 or -ENOMEM */
};

/* An int64 or uint64 field; 0 is left out, as proto3 has it. */
void proto__u64(struct proto *p, uint32_t field, uint64_t value);
void proto__str(struct proto *p, uint32_t field, const char *str);
/* A field that is a message itself. */
void proto__message(struct proto *p, uint32_t field, const struct proto *inner);
/* A repeated int64 or uint64. */
void proto__packed(struct proto *p, uint32_t field, const uint64_t *values, size_t nr);
/* Empties it and keeps its room. */
void proto__clear(struct proto *p);
void proto__free(struct proto *p);

#endif
