// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * stream.c - NDJSON with stacks defined on demand.
 */
#include "cmd/stream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "lib/hash.h"
#include "lib/map.h"
#include "view/view.h"

void stream__init(struct stream *s, FILE *out, const struct model *model)
{
	*s = (struct stream){ .out = out, .model = model };
}

void stream__free(struct stream *s)
{
	free(s->defined);
	u64map__free(s->named);
	s->named = NULL;
	s->defined = NULL;
	s->defined_bytes = 0;
}

/* 1: it was defined before; 0: now it counts as defined; -ENOMEM. */
static int define(struct stream *s, uint32_t id)
{
	size_t byte = id / 8, want;
	uint8_t bit = (uint8_t)(1U << id % 8), *bits;

	if (byte >= s->defined_bytes) {
		want = byte + 1 + s->defined_bytes;
		bits = realloc(s->defined, want);
		if (!bits)
			return -ENOMEM;
		memset(bits + s->defined_bytes, 0, want - s->defined_bytes);
		s->defined = bits;
		s->defined_bytes = want;
	}
	if (s->defined[byte] & bit)
		return 1;
	s->defined[byte] |= bit;
	return 0;
}

int stream__record(struct stream *s, const struct record *rec)
{
	int err = rec->type == REC_STACK ? define(s, rec->stack.id) : 0;

	if (err)
		return err < 0 ? err : 0; /* a finding has brought it already */
	err = view_json__record(s->out, rec);
	if (!err)
		s->nr_lines++;
	return err;
}

int stream__stack(struct stream *s, uint32_t id)
{
	const struct rec_stack *stack = id && s->model ? model__stack(s->model, id) : NULL;

	if (!stack)
		return 0;
	return stream__record(s, &(struct record){ .type = REC_STACK, .stack = *stack });
}

int stream__name(struct stream *s, const struct rec_lock *lock)
{
	const struct rec_lock_name *n = s->model ? model__name(s->model, lock) : NULL;
	uint64_t key = hash__add(lock->key, kind__spins(lock->kind)), hash, told;

	if (!n || (!s->named && u64map__new(&s->named, 0)))
		return n ? -ENOMEM : 0;
	hash = hash__add(hash__str(n->name), n->object ? hash__str(n->object) : n->guess);
	if (u64map__get(s->named, key, &told) && told == hash)
		return 0;
	if (u64map__set(s->named, key, hash))
		return -ENOMEM;
	return stream__record(s, &(struct record){ .type = REC_LOCK_NAME, .lock_name = *n });
}

static int task_stacks(struct stream *s, const struct find_task *tasks, uint32_t nr)
{
	int err = 0;

	for (uint32_t i = 0; !err && i < nr; i++) {
		err = stream__stack(s, tasks[i].wait_stack);
		if (!err)
			err = stream__stack(s, tasks[i].stack);
		if (!err)
			err = stream__stack(s, tasks[i].user_stack);
	}
	return err;
}

int stream__finding(struct stream *s, const struct finding *f)
{
	int err = task_stacks(s, f->cycle, f->nr_cycle);

	if (!err)
		err = task_stacks(s, f->members, f->nr_members);
	if (!err)
		err = task_stacks(s, f->behind, f->nr_behind);
	if (!err)
		err = task_stacks(s, f->tasks, f->nr_tasks);
	if (!err && f->has_root)
		err = task_stacks(s, &f->root, 1);
	if (!err)
		err = view_json__finding(s->out, f);
	if (!err)
		s->nr_lines++;
	return err;
}

int stream__end(struct stream *s, const struct record *end)
{
	struct record rec = *end;

	rec.end.records = s->nr_lines;
	return stream__record(s, &rec);
}
