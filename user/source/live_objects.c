// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "source/live_objects.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/arena.h"
#include "source/live_places.h"

/* Structs whose objects can say which one they are. */
static const struct {
	const char *type;
	enum lk_object what;
} tellers[] = {
	{ "inode", LK_OBJECT_INODE },
	{ "file", LK_OBJECT_FILE },
	{ "task_struct", LK_OBJECT_TASK },
	{ "mm_struct", LK_OBJECT_MM },
	{ "sighand_struct", LK_OBJECT_SIGHAND },
	{ "sock", LK_OBJECT_SOCKET },
	{ "request_queue", LK_OBJECT_QUEUE },
};

#define PART_DEPTH 4	/* tcp6_sock has a tcp_sock, that an inet_connection_sock, ... */

/* Where in id a struct of this name is, if at its top or among its members' members;
 * -1: nowhere. */
static int64_t find_part(const struct types *t, uint32_t id, const char *name, int depth)
{
	struct type_member m;
	struct type_info in;
	uint32_t i;

	t->get(t->ctx, id, &in);
	if (in.kind != TYPE_STRUCT)
		return -1;
	if (!strcmp(in.name, name))
		return 0;
	for (i = 0; depth && i < in.nr; i++) {
		int64_t at;

		t->member(t->ctx, &in, i, &m);
		at = m.off == UINT32_MAX ? -1 : find_part(t, m.type, name, depth - 1);
		if (at >= 0)
			return m.off + at;
	}
	return -1;
}

enum lk_object live_objects__find(const struct types *t, uint32_t id, uint32_t *off)
{
	size_t k;

	for (k = 0; k < sizeof(tellers) / sizeof(*tellers); k++) {
		int64_t at = find_part(t, id, tellers[k].type, PART_DEPTH);

		if (at < 0)
			continue;
		*off = (uint32_t)at;
		return tellers[k].what;
	}
	return LK_OBJECT_OTHER;
}

static const char *describe_socket(struct arena *strings, const struct lk_place *p)
{
	uint32_t family = p->a & 0xffff, local = p->a >> 16 & 0xffff, remote = p->a >> 32 & 0xffff;
	char a[INET6_ADDRSTRLEN], b[INET6_ADDRSTRLEN];
	const char *colon = family == AF_INET6 ? "]:" : ":", *open = family == AF_INET6 ? "[" : "";
	size_t half = family == AF_INET6 ? 16 : 4;

	if (family == AF_UNIX && *p->name)
		return arena__printf(strings, "%s, socket %" PRIu64, p->name, (uint64_t)p->b);
	if ((family == AF_INET || family == AF_INET6) && local &&
	    inet_ntop((int)family, p->name, a, sizeof(a)) &&
	    inet_ntop((int)family, p->name + half, b, sizeof(b)))
		return remote ? arena__printf(strings, "%s%s%s%u to %s%s%s%u", open, a, colon, local, open,
					      b, colon, remote) :
				arena__printf(strings, "%s%s%s%u", open, a, colon, local);
	return p->b ? arena__printf(strings, "socket %" PRIu64, (uint64_t)p->b) : NULL;
}

const char *live_objects__describe(struct arena *strings, const struct lk_place *p)
{
	switch (p->what) {
	case LK_OBJECT_INODE:
	case LK_OBJECT_FILE:
		if (!p->b)
			return NULL;
		return arena__printf(strings, "%s%sinode %u:%u:%" PRIu64, p->name,
				     *p->name ? ", " : "", (uint32_t)p->a >> 20,
				     (uint32_t)p->a & 0xfffff, (uint64_t)p->b);
	case LK_OBJECT_TASK:
	case LK_OBJECT_MM:
	case LK_OBJECT_SIGHAND:
		return p->b ? arena__printf(strings, "%s/%" PRIu64, p->name, (uint64_t)p->b) : NULL;
	case LK_OBJECT_SOCKET:
		return describe_socket(strings, p);
	case LK_OBJECT_QUEUE:
		return p->b ? arena__strdup(strings, p->name) : NULL;
	default:
		return NULL;
	}
}
