// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "view/ways.h"

#include <inttypes.h>

#include "lib/fmt.h"
#include "record/caller.h"
#include "view/stat_part.h"

static void set_frames(struct way *w, const struct view_input *in, uint32_t id)
{
	const struct rec_stack *stack = id ? model__stack(in->model, id) : NULL;
	uint32_t from, to;

	if (!stack)
		return;
	from = caller__index(stack);
	to = stack->nr_frames;
	while (to > from && caller__is_entry(stack->frames[to - 1].sym))
		to--;
	if (in->style.verbose || from == to) {
		from = 0;
		to = stack->nr_frames;
	}
	w->frames = stack->frames + from;
	w->nr_frames = to - from;
}

int ways__each(const struct view_input *in, way_fn fn, void *ctx, struct stat_sum *none)
{
	const struct stat_options opt = { .group = STAT_BY_CALLER };
	struct stat_parts parts = { 0 };
	int err = stat_parts__add_waits(&parts, in, &opt);

	if (!err)
		err = stat_share__unwalked(&parts);
	for (size_t i = 0; !err && i < parts.nr; i++) {
		const struct stat_part *p = &parts.list[i];
		struct way w = {
			.agg = p->agg,
			.name = p->name,
			.count = stat__add(p->count, p->share_count),
			.ns = stat__add(part__total(p), p->share_ns),
		};

		if (p->shared)
			continue;
		set_frames(&w, in, p->agg->stack);
		err = fn(ctx, &w);
	}
	*none = parts.unaccounted;
	stat_parts__free(&parts);
	return err;
}

const char *ways__frame(char *buf, size_t size, const struct rec_frame *frame)
{
	char sym[256], module[80];

	if (!frame->sym)
		snprintf(buf, size, "0x%" PRIx64, frame->addr);
	else if (frame->module)
		snprintf(buf, size, "%s [%s]", fmt__safe(sym, sizeof(sym), frame->sym, true),
			 fmt__safe(module, sizeof(module), frame->module, true));
	else
		fmt__safe(buf, size, frame->sym, true);
	return buf;
}

const char *ways__lock(char *buf, size_t size, const struct rec_lock *lock,
		       const struct rec_lock_name *name, enum lock_mode mode)
{
	const char *side = mode == MODE_EXCLUSIVE ? "" : mode__name(mode);
	bool named = name && name->name;
	char raw[256], safe[256];

	fmt__safe(safe, sizeof(safe), named ? name->name : rec_lock__format(lock, raw, sizeof(raw)),
		  true);
	snprintf(buf, size, "%s%s%s %s%s", side, *side ? " " : "", kind__name(lock->kind), safe,
		 named && name->guess ? "?" : "");
	return buf;
}
