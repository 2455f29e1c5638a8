// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "find/find.h"

#include <errno.h>
#include <string.h>

#include "find/detectors.h"
#include "lib/arena.h"

static const char *const kind_names[NR_FINDING_KINDS] = {
	[FIND_DEADLOCK] = "deadlock",
	[FIND_LONG_WAIT] = "long_wait",
	[FIND_LONG_SPIN] = "long_spin",
	[FIND_LONG_HOLD] = "long_hold",
	[FIND_LEAK] = "leak",
	[FIND_ROOT_BLOCKER] = "root_blocker",
	[FIND_SLEEP_IN_ATOMIC] = "sleep_in_atomic",
};

/* Deadlock comes first: the others leave out what it found. */
const struct detector *const detectors[] = {
	&detector_deadlock,
	&detector_long_wait,
	&detector_long_spin,
	&detector_long_hold,
	&detector_leak,
	&detector_root_blocker,
	&detector_sleep_in_atomic,
};
const size_t nr_detectors = sizeof(detectors) / sizeof(detectors[0]);

const char *finding_kind__name(enum finding_kind k)
{
	return (unsigned)k < NR_FINDING_KINDS ? kind_names[k] : "unknown";
}

int finding_kind__parse(const char *name, enum finding_kind *out)
{
	int i;

	for (i = 0; name && i < NR_FINDING_KINDS; i++) {
		if (!strcmp(kind_names[i], name)) {
			*out = i;
			return 0;
		}
	}
	return -EINVAL;
}

void find_config__defaults(struct find_config *cfg)
{
	cfg->long_wait_ns = 1000000000;
	cfg->long_spin_ns = 10000000;
	cfg->long_hold_ns = 1000000000;
	cfg->root_blocker_min = 3;
}

void findings__init(struct findings *f, struct arena *arena)
{
	memset(f, 0, sizeof(*f));
	f->arena = arena;
}

struct finding *findings__add(struct findings *f)
{
	struct finding *list, *new;
	size_t cap;

	if (f->nr == f->cap) {
		cap = f->cap ? 2 * f->cap : 8;
		list = arena__array(f->arena, cap, sizeof(*list));
		if (!list)
			return NULL;
		if (f->nr)
			memcpy(list, f->list, f->nr * sizeof(*list));
		f->list = list;
		f->cap = cap;
	}
	new = &f->list[f->nr++];
	memset(new, 0, sizeof(*new));
	return new;
}

void finding__each_task(struct finding *f, void (*fn)(void *ctx, struct find_task *t), void *ctx)
{
	const struct {
		struct find_task *tasks;
		uint32_t nr;
	} lists[] = {
		{ f->cycle, f->nr_cycle },   { f->members, f->nr_members },
		{ f->behind, f->nr_behind }, { f->tasks, f->nr_tasks },
		{ &f->root, f->has_root },
	};

	for (size_t k = 0; k < sizeof(lists) / sizeof(*lists); k++)
		for (uint32_t i = 0; i < lists[k].nr; i++)
			fn(ctx, &lists[k].tasks[i]);
}

static void fill_site(void *ctx, struct find_task *t)
{
	model__fill_line(ctx, &t->holds_site);
}

void findings__fill_lines(struct findings *f, const struct model *model)
{
	for (size_t i = 0; model && i < f->nr; i++)
		finding__each_task(&f->list[i], fill_site, (void *)model);
}

int find__run(const struct find_input *in, struct findings *out)
{
	size_t i;
	int err;

	if (!in->cur)
		return 0;
	for (i = 0; i < nr_detectors; i++) {
		err = detectors[i]->run(in, out);
		if (err)
			return err;
	}
	findings__fill_lines(out, in->model);
	return 0;
}
