// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "find/members.h"

#include <errno.h>

#include "lib/hash.h"
#include "lib/map.h"

static uint64_t task_key(const struct rec_who *who, int32_t cpu)
{
	return hash__add(hash__add(who->tid, who->start_ns), who->tid ? 0 : (uint32_t)cpu);
}

static int add_members(struct u64map *members, const struct finding *f)
{
	uint32_t i;

	for (i = 0; i < f->nr_members; i++)
		if (u64map__set(members, task_key(&f->members[i].who, f->members[i].cpu), 1))
			return -ENOMEM;
	return 0;
}

int members__collect(const struct findings *out, struct u64map **members)
{
	size_t k;
	int err = u64map__new(members, 0);

	for (k = 0; k < out->nr && !err; k++)
		if (out->list[k].kind == FIND_DEADLOCK)
			err = add_members(*members, &out->list[k]);
	return err;
}

bool members__has(const struct u64map *members, const struct snap_task *task)
{
	return u64map__get(members, task_key(&task->who, task->on_cpu ? task->cpu : -1), NULL);
}
