// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "source/typepath.h"

#include <stdio.h>
#include <string.h>

#define MAX_DEPTH 16	/* structs in structs; deeper is a loop in a broken table */

/* Structs that are locks, outermost first as they contain each other. */
static const struct {
	enum lock_kind kind;
	const char *name;	/* of the struct, or of its typedef */
} lock_types[] = {
	{ KIND_MUTEX, "mutex" },		{ KIND_MUTEX, "ww_mutex" },
	{ KIND_WW_MUTEX, "ww_mutex" },		{ KIND_WW_MUTEX, "mutex" },
	{ KIND_RWSEM, "rw_semaphore" },		{ KIND_PERCPU_RWSEM, "percpu_rw_semaphore" },
	{ KIND_SEMAPHORE, "semaphore" },	{ KIND_RT_MUTEX, "rt_mutex" },
	{ KIND_RT_MUTEX, "rt_mutex_base" },	{ KIND_SPINLOCK, "spinlock" },
	{ KIND_SPINLOCK, "raw_spinlock" },	{ KIND_SPINLOCK, "spinlock_t" },
	{ KIND_SPINLOCK, "raw_spinlock_t" },	{ KIND_SPINLOCK, "qspinlock" },
	{ KIND_RWLOCK, "rwlock_t" },		{ KIND_RWLOCK, "qrwlock" },
};

struct search {
	const struct types *t;
	enum lock_kind kind;
	char *path;		/* being built; NULL: not wanted */
	size_t size;
	char *found;		/* the first */
	int nr;
};

static bool is_lock(const struct type_info *in, enum lock_kind kind)
{
	size_t i;

	for (i = 0; i < sizeof(lock_types) / sizeof(*lock_types); i++)
		if (lock_types[i].kind == kind && (!strcmp(lock_types[i].name, in->name) ||
						   !strcmp(lock_types[i].name, in->alias)))
			return true;
	return false;
}

uint32_t types__size(const struct types *t, uint32_t id)
{
	struct type_info in;
	uint64_t nr = 1;
	int depth;

	t->get(t->ctx, id, &in);
	for (depth = 0; in.kind == TYPE_ARRAY && depth < MAX_DEPTH; depth++) {
		nr *= in.nr;
		t->get(t->ctx, in.target, &in);
	}
	if (in.kind == TYPE_STRUCT)
		nr *= in.size;
	else
		nr = in.kind == TYPE_POINTER ? nr * 8 : 0;
	return nr > UINT32_MAX ? 0 : (uint32_t)nr;
}

static void search(struct search *x, uint32_t id, uint32_t off, size_t len, int depth);

/* Elements of an array; one without a size may go on to the end of its object. */
static void search_array(struct search *x, const struct type_info *in, uint32_t off, size_t len,
			 int depth)
{
	uint32_t element = types__size(x->t, in->target), i;
	int n = 0;

	if (!element)
		return;
	i = off / element;
	if (in->nr && i >= in->nr)
		return;
	if (x->path && len < x->size)
		n = snprintf(x->path + len, x->size - len, "[%u]", i);
	search(x, in->target, off % element, len + (size_t)n, depth + 1);
}

static void search_members(struct search *x, const struct type_info *in, uint32_t off, size_t len,
			   int depth)
{
	struct type_member m;
	struct type_info type;
	uint32_t i, size;

	for (i = 0; i < in->nr; i++) {
		size_t to = len;

		x->t->member(x->t->ctx, in, i, &m);
		if (m.off > off)
			continue;
		x->t->get(x->t->ctx, m.type, &type);
		if (type.kind != TYPE_STRUCT && type.kind != TYPE_ARRAY)
			continue;
		size = types__size(x->t, m.type);
		if (off - m.off >= size && !(type.kind == TYPE_ARRAY && !type.nr))
			continue;
		if (x->path && *m.name && len < x->size)
			to += (size_t)snprintf(x->path + len, x->size - len, "%s%s",
					       len ? "." : "", m.name);
		search(x, m.type, off - m.off, to, depth + 1);
	}
}

static void search(struct search *x, uint32_t id, uint32_t off, size_t len, int depth)
{
	struct type_info in;

	if (depth > MAX_DEPTH)
		return;
	x->t->get(x->t->ctx, id, &in);
	if (in.kind == TYPE_STRUCT && !off && is_lock(&in, x->kind)) {
		if (!x->nr++ && x->path)
			snprintf(x->found, x->size, "%.*s", (int)len, x->path);
		return;
	}
	if (in.kind == TYPE_ARRAY)
		search_array(x, &in, off, len, depth);
	else if (in.kind == TYPE_STRUCT)
		search_members(x, &in, off, len, depth);
}

int typepath__find(const struct types *t, uint32_t id, uint32_t off, enum lock_kind kind,
		   char *path, size_t size)
{
	char building[256];
	struct search x = { .t = t, .kind = kind, .path = path ? building : NULL, .found = path,
			    .size = size < sizeof(building) ? size : sizeof(building) };

	if (path && size)
		*path = '\0';
	search(&x, id, off, 0, 0);
	return x.nr;
}

bool typepath__has(const struct types *t, uint32_t id, uint32_t off, enum lock_kind kind)
{
	return typepath__find(t, id, off, kind, NULL, 0) > 0;
}
