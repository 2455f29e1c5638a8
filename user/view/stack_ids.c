// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include <errno.h>
#include <stdlib.h>
#include "lib/vec.h"
#include "view/stack_ids.h"

int stack_ids__add(struct stack_ids *s, uint32_t id)
{
	if (!id)
		return 0;
	if (!VEC_ROOM(s->ids, s->nr, s->cap))
		return -ENOMEM;
	s->ids[s->nr++] = id;
	return 0;
}

static int add_tasks(struct stack_ids *s, const struct find_task *tasks, uint32_t nr)
{
	for (uint32_t i = 0; i < nr; i++)
		if (stack_ids__add(s, tasks[i].stack) || stack_ids__add(s, tasks[i].wait_stack) ||
		    stack_ids__add(s, tasks[i].user_stack))
			return -ENOMEM;
	return 0;
}

int stack_ids__add_finding(struct stack_ids *s, const struct finding *f)
{
	if (add_tasks(s, f->cycle, f->nr_cycle) || add_tasks(s, f->members, f->nr_members) ||
	    add_tasks(s, f->behind, f->nr_behind) || add_tasks(s, f->tasks, f->nr_tasks))
		return -ENOMEM;
	return f->has_root ? add_tasks(s, &f->root, 1) : 0;
}

static int compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

void stack_ids__sort(struct stack_ids *s)
{
	size_t nr = 0;

	if (!s->nr)
		return;
	qsort(s->ids, s->nr, sizeof(*s->ids), compare);
	for (size_t i = 0; i < s->nr; i++)
		if (!nr || s->ids[nr - 1] != s->ids[i])
			s->ids[nr++] = s->ids[i];
	s->nr = nr;
}

void stack_ids__free(struct stack_ids *s)
{
	free(s->ids);
	*s = (struct stack_ids){ 0 };
}
