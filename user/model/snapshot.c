// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "model/snapshot.h"

#include <stdlib.h>

#include "lib/arena.h"
#include "model/build.h"

uint64_t index__key(uint32_t tid, int32_t cpu, bool exited)
{
	if (exited)
		return UINT64_C(2) << 32 | tid;
	return tid || cpu < 0 ? tid : UINT64_C(1) << 32 | (uint32_t)cpu;
}

uint32_t index__find(const struct snapshot *s, uint64_t key, uint64_t start_ns)
{
	uint64_t first;
	uint32_t i;

	if (!u64map__get(s->index->tids, key, &first))
		return SNAP_NONE;
	for (i = (uint32_t)first; i != SNAP_NONE; i = s->index->next_same[i])
		if (!start_ns || !s->tasks[i].who.start_ns || s->tasks[i].who.start_ns == start_ns)
			return i;
	return SNAP_NONE;
}

uint32_t snapshot__find_task(const struct snapshot *s, uint32_t tid, uint64_t start_ns)
{
	return index__find(s, index__key(tid, -1, false), start_ns);
}

uint32_t snapshot__find_same(const struct snapshot *s, const struct snap_task *task)
{
	return index__find(s, index__key(task->who.tid, task->cpu, task->exited),
			   task->who.start_ns);
}

uint32_t snapshot__find_lock(const struct snapshot *s, uint64_t key)
{
	uint64_t i;

	return u64map__get(s->index->locks, key, &i) ? (uint32_t)i : SNAP_NONE;
}

uint64_t snapshot__wait_ns(const struct snapshot *s, const struct snap_task *task)
{
	if (task->wait_lock == SNAP_NONE || task->since_ns == LK_NO_TIME ||
	    s->t_ns == LK_NO_TIME || task->since_ns > s->t_ns)
		return 0;
	/* unsigned: the difference of two int64_t always fits */
	return (uint64_t)s->t_ns - (uint64_t)task->since_ns;
}

void snapshot__free(struct snapshot *s)
{
	if (!s)
		return;
	if (s->index) {
		u64map__free(s->index->tids);
		u64map__free(s->index->locks);
		free(s->index->next_same);
		free(s->index);
	}
	free(s->tasks);
	free(s->locks);
	arena__free(s->arena);
	free(s);
}
