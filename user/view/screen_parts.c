// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Lines that the details of a lock and of a task share. */
#include <errno.h>
#include <stdlib.h>
#include "lib/fmt.h"
#include "view/screen_int.h"
#include "view/text_parts.h"

#define STACK_INDENT "      "

static void put_text(struct screen *s, const struct view_input *in, uint32_t id,
		     const struct target *target,
		     void (*text_of)(FILE *out, const struct view_input *in, uint32_t id,
				     const char *indent))
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out) {
		s->list.error = -ENOMEM;
		return;
	}
	text_of(out, in, id, STACK_INDENT);
	fclose(out);
	if (text)
		list__text(&s->list, LOOK_DIM, target, text);
	free(text);
}

void screen_put__stack(struct screen *s, const struct view_input *in, uint32_t id,
		       const struct target *target)
{
	put_text(s, in, id, target, text__stack);
}

void screen_put__user_stack(struct screen *s, const struct view_input *in, uint32_t id)
{
	put_text(s, in, id, NULL, text__user_stack);
}

void screen_put__title(struct screen *s, const char *title)
{
	list__line(&s->list, LOOK_PLAIN, NULL, "%s", "");
	list__line(&s->list, LOOK_STRONG, NULL, "%s", title);
}

void screen_put__task(struct screen *s, const struct view_input *in, const char *role,
		      const struct snap_task *t, const char *more)
{
	const struct target target = { TARGET_TASK, t->who.tid, t->who.start_ns };
	char who[TEXT_LEN], state[64];

	list__line(&s->list, LOOK_STRONG, &target, "  %s %s%s%s", role,
		   text__task(who, sizeof(who), &t->who, &in->style),
		   text__state(state, sizeof(state), t->state, t->on_cpu ? t->cpu : -1, t->context),
		   more);
}

void screen_put__holder(struct screen *s, const struct view_input *in, const struct snap_hold *h)
{
	const struct snap_task *t = &in->snap->tasks[h->task];
	const struct target target = { TARGET_TASK, t->who.tid, t->who.start_ns };
	char more[TEXT_LEN * 2], site[TEXT_LEN], age[FMT_LEN];
	int len = snprintf(more, sizeof(more), " (%s)", certainty__name(h->certainty));

	if (h->since_ns != LK_NO_TIME)
		len += snprintf(more + len, sizeof(more) - (size_t)len, ", for %s",
				fmt__age(age, sizeof(age), in->snap->t_ns, h->since_ns));
	if (h->site.addr)
		snprintf(more + len, sizeof(more) - (size_t)len, ", taken at %s",
			 text__frame(site, sizeof(site), &h->site, &in->style));
	screen_put__task(s, in, "held by", t, more);
	screen_put__stack(s, in, t->stack, &target);
}

void screen_put__waiter(struct screen *s, const struct view_input *in, const struct snap_task *t,
			bool with_stack)
{
	const struct target target = { TARGET_TASK, t->who.tid, t->who.start_ns };
	char more[TEXT_LEN], age[FMT_LEN];

	snprintf(more, sizeof(more), ", %s%s", t->since_at_least ? "at least " : "",
		 fmt__age(age, sizeof(age), in->snap->t_ns, t->since_ns));
	screen_put__task(s, in, t->wait_spin ? "spins" : "waits", t, more);
	if (with_stack)
		screen_put__stack(s, in, t->wait_stack ? t->wait_stack : t->stack, &target);
}
