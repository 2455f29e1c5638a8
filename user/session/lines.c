// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * lines.c - which addresses the source is asked the source lines of: those that a
 * finding, or a view of the last read, shows.
 */
#include "session/internal.h"

#include <errno.h>
#include <stdlib.h>
#include "lib/map.h"
#include "lib/vec.h"

struct ask {
	struct session *s;
	struct rec_frame *frames;
	size_t nr, cap;
	int err;
};

static void add_frame(struct ask *a, const struct rec_frame *frame)
{
	if (a->err || !frame->addr || !frame->sym || frame->line)
		return;
	if (VEC_ROOM(a->frames, a->nr, a->cap))
		a->frames[a->nr++] = *frame;
	else
		a->err = -ENOMEM;
}

/* Each stack once: what its answer is late with comes by itself. */
static void add_stack(struct ask *a, uint32_t id)
{
	const struct rec_stack *stack;

	if (a->err || !id || u64map__get(a->s->asked_stacks, id, NULL))
		return;
	stack = model__stack(a->s->model, id);
	for (uint32_t i = 0; stack && i < stack->nr_frames; i++)
		add_frame(a, &stack->frames[i]);
	if (stack && u64map__set(a->s->asked_stacks, id, 1))
		a->err = -ENOMEM;
}

static void add_task(void *ctx, struct find_task *t)
{
	add_stack(ctx, t->wait_stack);
	add_stack(ctx, t->stack);
	add_frame(ctx, &t->holds_site);
}

static int ask(struct ask *a)
{
	struct source *src = a->s->src;
	int err = a->err;

	if (!err)
		err = src->ops->lines(src, a->frames, a->nr, session__take, a->s);
	free(a->frames);
	return err == -EAGAIN || err == -ECANCELED ? 0 : err;
}

int session__ask_lines(struct session *s, struct findings *found)
{
	struct ask a = { .s = s };
	int err;

	if (!s->src->ops->lines)
		return 0;
	for (size_t i = 0; i < found->nr; i++)
		finding__each_task(&found->list[i], add_task, &a);
	err = ask(&a);
	findings__fill_lines(found, s->model);
	return err;
}

int session__ask_all_lines(struct session *s)
{
	const struct snapshot *snap = model__current(s->model);
	struct ask a = { .s = s };

	if (!snap || !s->src->ops->lines)
		return 0;
	for (uint32_t i = 0; i < snap->nr_tasks; i++) {
		add_stack(&a, snap->tasks[i].wait_stack);
		add_stack(&a, snap->tasks[i].stack);
	}
	for (uint32_t i = 0; i < snap->nr_holds; i++)
		add_frame(&a, &snap->holds[i].site);
	return ask(&a);
}
