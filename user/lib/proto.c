// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "lib/proto.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/vec.h"

#define VARINT_MAX 10
enum wire { WIRE_VARINT = 0, WIRE_LEN = 2 };

static void put(struct proto *p, const void *data, size_t len)
{
	void *grown;

	if (p->error || !len)
		return;
	grown = vec__grow(p->data, &p->cap, p->len + len, 1);
	if (!grown) {
		p->error = -ENOMEM;
		return;
	}
	p->data = grown;
	memcpy(p->data + p->len, data, len);
	p->len += len;
}

/* Seven bits a byte, the lowest first; the eighth says that more follow. */
static size_t varint(unsigned char *buf, uint64_t value)
{
	size_t len = 0;

	for (; value >= 0x80; value >>= 7)
		buf[len++] = (unsigned char)(value | 0x80);
	buf[len++] = (unsigned char)value;
	return len;
}

static void put_varint(struct proto *p, uint64_t value)
{
	unsigned char buf[VARINT_MAX];

	put(p, buf, varint(buf, value));
}

static void put_tag(struct proto *p, uint32_t field, enum wire wire)
{
	put_varint(p, (uint64_t)field << 3 | wire);
}

static void put_bytes(struct proto *p, uint32_t field, const void *data, size_t len)
{
	put_tag(p, field, WIRE_LEN);
	put_varint(p, len);
	put(p, data, len);
}

void proto__u64(struct proto *p, uint32_t field, uint64_t value)
{
	if (!value)
		return;
	put_tag(p, field, WIRE_VARINT);
	put_varint(p, value);
}

void proto__str(struct proto *p, uint32_t field, const char *str)
{
	put_bytes(p, field, str, strlen(str));
}

void proto__message(struct proto *p, uint32_t field, const struct proto *inner)
{
	if (inner->error)
		p->error = inner->error;
	put_bytes(p, field, inner->data, inner->len);
}

void proto__packed(struct proto *p, uint32_t field, const uint64_t *values, size_t nr)
{
	unsigned char buf[VARINT_MAX];
	size_t len = 0;

	for (size_t i = 0; i < nr; i++)
		len += varint(buf, values[i]);
	put_tag(p, field, WIRE_LEN);
	put_varint(p, len);
	for (size_t i = 0; i < nr; i++)
		put_varint(p, values[i]);
}

void proto__clear(struct proto *p)
{
	p->len = 0;
}

void proto__free(struct proto *p)
{
	free(p->data);
	*p = (struct proto){ 0 };
}
