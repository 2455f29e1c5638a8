// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "find/copy.h"

#include <errno.h>

#include "find/describe.h"

static int copy_tasks(struct find_task **tasks, uint32_t nr, struct arena *arena)
{
	uint32_t i;

	if (!nr) {
		*tasks = NULL;
		return 0;
	}
	*tasks = arena__memdup(arena, *tasks, nr * sizeof(**tasks));
	if (!*tasks)
		return -ENOMEM;
	for (i = 0; i < nr; i++)
		if (describe__own_task(&(*tasks)[i], arena))
			return -ENOMEM;
	return 0;
}

static int copy_edges(struct finding *f, struct arena *arena)
{
	uint32_t i;

	f->edges = f->nr_edges ? arena__memdup(arena, f->edges, f->nr_edges * sizeof(*f->edges)) :
				 NULL;
	if (f->nr_edges && !f->edges)
		return -ENOMEM;
	for (i = 0; i < f->nr_edges; i++)
		if (describe__own_lock(&f->edges[i].lock, arena))
			return -ENOMEM;
	return 0;
}

static int copy_locks(struct finding *f, struct arena *arena)
{
	uint32_t i;

	f->locks = f->nr_locks ? arena__memdup(arena, f->locks, f->nr_locks * sizeof(*f->locks)) :
				 NULL;
	if (f->nr_locks && !f->locks)
		return -ENOMEM;
	for (i = 0; i < f->nr_locks; i++)
		if (describe__own_lock(&f->locks[i], arena))
			return -ENOMEM;
	return 0;
}

static int copy_evidence(struct finding *f, struct arena *arena)
{
	const char **lines = arena__array(arena, f->nr_evidence, sizeof(*lines));
	uint32_t i;

	if (!lines)
		return -ENOMEM;
	for (i = 0; i < f->nr_evidence; i++) {
		lines[i] = arena__strdup(arena, f->evidence[i]);
		if (!lines[i])
			return -ENOMEM;
	}
	f->evidence = lines;
	return 0;
}

int finding__copy(struct finding *dst, const struct finding *src, struct arena *arena)
{
	*dst = *src;
	dst->summary = arena__strdup(arena, src->summary ? src->summary : "");
	if (!dst->summary || copy_tasks(&dst->cycle, dst->nr_cycle, arena) ||
	    copy_tasks(&dst->members, dst->nr_members, arena) ||
	    copy_tasks(&dst->behind, dst->nr_behind, arena) ||
	    copy_tasks(&dst->tasks, dst->nr_tasks, arena) || copy_edges(dst, arena) ||
	    copy_locks(dst, arena) || copy_evidence(dst, arena))
		return -ENOMEM;
	return dst->has_root ? describe__own_task(&dst->root, arena) : 0;
}
