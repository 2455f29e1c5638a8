// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Findings that are open now, deadlocks first. */
#include <errno.h>
#include <stdlib.h>
#include "lib/fmt.h"
#include "view/finding_group.h"
#include "view/screen_int.h"
#include "view/text_parts.h"

static const struct list_column columns[] = {
	{ "#", 5, true, 60 },	     { "FINDING", 15, false, 0 }, { "CONFIDENCE", 10, false, 100 },
	{ "OPEN FOR", 10, true, 60 }, { "WHAT", 0, false, 0 },
};

static void put_group(struct screen *s, const struct screen_input *input,
		      const struct finding_group *g)
{
	const struct finding *f = g->first;
	const struct target one = { TARGET_FINDING, f->id, 0 }, all = { TARGET_GROUP, g->id, 0 };
	char text[FMT_LEN], summary[TEXT_LEN * 2];
	int64_t since_ns = f->opened_ns;

	list__row(&s->list, f->kind == FIND_DEADLOCK ? LOOK_BAD : LOOK_PLAIN, g->nr > 1 ? &all : &one);
	snprintf(text, sizeof(text), "%llu%s", (unsigned long long)f->id, g->nr > 1 ? "+" : "");
	list__cell(&s->list, 0, text);
	list__cell(&s->list, 1, finding_kind__name(f->kind));
	list__cell(&s->list, 2, certainty__name(g->confidence));
	list__cell(&s->list, 3, fmt__age(text, sizeof(text), input->facts.t_ns, since_ns));
	list__cell(&s->list, 4, finding_group__summary(summary, sizeof(summary), g));
}

static int put_kind(struct screen *s, const struct screen_input *input, int kind,
		    const struct finding **list)
{
	const struct view_input *in = input->in;
	struct finding_groups groups;
	size_t nr = 0;
	int err;

	for (size_t i = 0; i < in->nr_findings; i++)
		if ((int)in->findings[i]->kind == kind)
			list[nr++] = in->findings[i];
	err = finding_groups__make(&groups, list, nr, s->set.single ? GROUP_NONE : GROUP_NAMES);
	for (size_t i = 0; i < groups.nr; i++)
		put_group(s, input, &groups.list[i]);
	finding_groups__free(&groups);
	return err;
}

int screen_findings__make(struct screen *s, const struct screen_input *input)
{
	const struct finding **list = calloc(input->in->nr_findings + 1, sizeof(*list));
	int err = list ? 0 : -ENOMEM;

	s->nothing = "no findings";
	list__begin(&s->list, columns, sizeof(columns) / sizeof(*columns));
	for (int kind = 0; kind < NR_FINDING_KINDS && !err; kind++)
		err = put_kind(s, input, kind, list);
	free(list);
	screen_rows__filter(s);
	return err;
}

int screen_findings__group(struct screen *s, const struct screen_input *input)
{
	const struct view_input *in = input->in;

	s->nothing = "these findings are over";
	for (size_t i = 0; i < in->nr_findings; i++) {
		const struct finding *f = in->findings[i];
		const struct target target = { TARGET_FINDING, f->id, 0 };

		if (finding_group__id(f) != s->target.id)
			continue;
		if (!s->list.nr)
			snprintf(s->target_name, sizeof(s->target_name), "%s: %s",
				 finding_kind__name(f->kind), f->kind == FIND_LONG_HOLD ?
				 f->tasks[0].holds_name : f->tasks[0].waits_name);
		list__line(&s->list, LOOK_PLAIN, &target, "  #%-5llu %s", (unsigned long long)f->id,
			   f->summary);
	}
	return 0;
}
