// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Findings that are open now, deadlocks first. */
#include <stdlib.h>
#include "lib/fmt.h"
#include "view/screen_int.h"
#include "view/text_parts.h"

static const struct list_column columns[] = {
	{ "#", 5, true, 60 },	     { "FINDING", 15, false, 0 }, { "CONFIDENCE", 10, false, 100 },
	{ "OPEN FOR", 10, true, 60 }, { "WHAT", 0, false, 0 },
};

static void put_finding(struct screen *s, const struct screen_input *input, const struct finding *f)
{
	const struct target target = { TARGET_FINDING, f->id, 0 };
	char text[FMT_LEN];

	list__row(&s->list, f->kind == FIND_DEADLOCK ? LOOK_BAD : LOOK_PLAIN, &target);
	snprintf(text, sizeof(text), "%llu", (unsigned long long)f->id);
	list__cell(&s->list, 0, text);
	list__cell(&s->list, 1, finding_kind__name(f->kind));
	list__cell(&s->list, 2, certainty__name(f->confidence));
	list__cell(&s->list, 3, fmt__age(text, sizeof(text), input->facts.t_ns, f->opened_ns));
	list__cell(&s->list, 4, f->summary ? f->summary : "");
}

int screen_findings__make(struct screen *s, const struct screen_input *input)
{
	const struct view_input *in = input->in;

	s->nothing = "no findings";
	list__begin(&s->list, columns, sizeof(columns) / sizeof(*columns));
	for (int kind = 0; kind < NR_FINDING_KINDS; kind++)
		for (size_t i = 0; i < in->nr_findings; i++)
			if ((int)in->findings[i]->kind == kind)
				put_finding(s, input, in->findings[i]);
	screen_rows__filter(s);
	return 0;
}
