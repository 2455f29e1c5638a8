// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Chains of waiting tasks as trees, the root that blocks the most first. */
#include <errno.h>
#include <stdlib.h>
#include "view/screen_int.h"
#include "view/text_chains.h"

struct walk {
	struct screen *s;
	const struct snapshot *snap;
};

static void on_line(void *ctx, uint32_t task, uint32_t depth, const char *line)
{
	const struct walk *w = ctx;
	const struct rec_who *who = &w->snap->tasks[task].who;
	const struct target target = { TARGET_TASK, who->tid, who->start_ns };

	list__line(&w->s->list, depth ? LOOK_PLAIN : LOOK_STRONG, &target, "%s", line);
}

int screen_chains__make(struct screen *s, const struct screen_input *input)
{
	struct walk w = { s, input->in->snap };
	int err;

	s->nothing = "no task waits for another";
	list__begin(&s->list, NULL, 0);
	if (!input->in->snap)
		return 0;
	err = text_chains__each(input->in, on_line, &w);
	screen_rows__filter(s);
	return err;
}
