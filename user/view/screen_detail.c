// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* What Enter opens: one lock, task or finding, with everything known of it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "lib/fmt.h"
#include "view/screen_int.h"
#include "view/stat_line.h"
#include "view/text_parts.h"

#define MAX_CHAIN 20	/* links that are shown */

static void put_instance(struct screen *s, const struct view_input *in,
			 const struct stat_line *line)
{
	const struct target target = { TARGET_LOCK, line->lock.key, 0 };
	char text[TEXT_LEN * 2], name[TEXT_LEN], count[FMT_LEN], total[FMT_LEN];

	list__line(&s->list, LOOK_PLAIN, &target, "  %10s  %10s  %5u  %s",
		   fmt__count(count, sizeof(count), line->count),
		   fmt__ns(total, sizeof(total), line->total_ns), line->nr_waiters,
		   text__lock(text, sizeof(text), &line->lock,
			      text__lock_name(name, sizeof(name), line->name, line->name_guess,
					      line->object),
			      MODE_EXCLUSIVE, &in->style));
}

/* The locks of one name, each to be opened. */
static int make_name(struct screen *s, const struct screen_input *input)
{
	struct stat_options opt = input->stat;
	struct stat_table *table;
	int err;

	opt.group = STAT_BY_INSTANCE;
	opt.sort = s->set.sort->id;
	opt.reverse = s->set.reverse;
	err = stat_table__new(&table, input->in, &opt);
	if (err)
		return err;
	for (size_t i = 0; i < stat_table__nr(table); i++) {
		const struct stat_line *line = stat_table__line(table, i);

		if (screen_table__name_id(line) != s->target.id)
			continue;
		if (!s->list.nr) {
			snprintf(s->target_name, sizeof(s->target_name), "%s", line->name);
			list__line(&s->list, LOOK_STRONG, NULL, "  %10s  %10s  %5s  %s", "waits",
				   "total wait", "now", "lock");
		}
		put_instance(s, input->in, line);
	}
	stat_table__free(table);
	return 0;
}

/* Up the chain: what the task waits for, who holds that, and so on to the root. */
static void put_chain(struct screen *s, const struct view_input *in, uint32_t task)
{
	const struct snapshot *snap = in->snap;
	char text[TEXT_LEN * 2], name[TEXT_LEN];

	for (int i = 0; i < MAX_CHAIN && snap->tasks[task].wait_lock != SNAP_NONE; i++) {
		const struct snap_lock *l = &snap->locks[snap->tasks[task].wait_lock];
		const struct target target = { TARGET_LOCK, l->lock.key, 0 };

		list__line(&s->list, LOOK_STRONG, &target, "  for %s",
			   text__lock(text, sizeof(text), &l->lock,
				      text__lock_name(name, sizeof(name), l->name, l->name_guess,
						      l->object),
				      snap->tasks[task].wait_mode, &in->style));
		if (!l->nr_holders) {
			list__line(&s->list, LOOK_PLAIN, NULL, "  whose holder is not known");
			return;
		}
		screen_put__holder(s, in, &snap->holds[snap->holders[l->first_holder]]);
		task = snap->holds[snap->holders[l->first_holder]].task;
		if (snap->tasks[task].who.tid == s->target.id) {
			list__line(&s->list, LOOK_BAD, NULL, "  which closes a cycle");
			return;
		}
	}
}

static void put_holds(struct screen *s, const struct view_input *in, const struct snap_task *t)
{
	const struct snapshot *snap = in->snap;
	char text[TEXT_LEN * 2], name[TEXT_LEN], site[TEXT_LEN], age[FMT_LEN];

	if (t->nr_holds)
		screen_put__title(s, "HOLDS");
	for (uint32_t i = 0; i < t->nr_holds; i++) {
		const struct snap_hold *h = &snap->holds[t->first_hold + i];
		const struct snap_lock *l = &snap->locks[h->lock];
		const struct target target = { TARGET_LOCK, l->lock.key, 0 };

		list__line(&s->list, LOOK_PLAIN, &target, "  %s (%s)%s%s%s%s, %u waiting",
			   text__lock(text, sizeof(text), &l->lock,
				      text__lock_name(name, sizeof(name), l->name, l->name_guess,
						      l->object),
				      h->mode, &in->style),
			   certainty__name(h->certainty),
			   h->since_ns == LK_NO_TIME ? "" : ", for ",
			   h->since_ns == LK_NO_TIME ? "" :
				fmt__age(age, sizeof(age), snap->t_ns, h->since_ns),
			   h->site.addr ? ", taken at " : "",
			   h->site.addr ?
				text__frame(site, sizeof(site), &h->site, &in->style) : "",
			   l->nr_waiters);
	}
}

static int make_task(struct screen *s, const struct screen_input *input)
{
	const struct view_input *in = input->in;
	uint32_t at = in->snap ? snapshot__find_task(in->snap, (uint32_t)s->target.id,
						     s->target.start_ns) : SNAP_NONE;
	const struct snap_task *t;
	char who[TEXT_LEN];

	snprintf(s->target_name, sizeof(s->target_name), "task %u", (unsigned int)s->target.id);
	s->nothing = "this task neither waits nor holds anything now";
	if (at == SNAP_NONE)
		return 0;
	t = &in->snap->tasks[at];
	text__task(who, sizeof(who), &t->who, &in->style);
	snprintf(s->target_name, sizeof(s->target_name), "%s", who);
	screen_put__task(s, in, "task", t, "");
	list__line(&s->list, LOOK_PLAIN, NULL, "  process %u%s%s", t->who.pid,
		   t->syscall_name ? ", in system call " : "",
		   t->syscall_name ? t->syscall_name : "");
	screen_put__stack(s, in, t->stack, NULL);
	screen_put__user_stack(s, in, t->user_stack);
	if (t->wait_lock != SNAP_NONE) {
		screen_put__title(s, "WAITS");
		screen_put__waiter(s, in, t, t->wait_stack != t->stack);
		put_chain(s, in, at);
	}
	put_holds(s, in, t);
	return 0;
}

static int make_finding(struct screen *s, const struct screen_input *input)
{
	const struct view_input *in = input->in;
	struct view_input plain = *in;
	char *text = NULL;
	size_t size;
	FILE *out;
	int err;

	plain.style.color = false;
	snprintf(s->target_name, sizeof(s->target_name), "finding #%llu",
		 (unsigned long long)s->target.id);
	s->nothing = "this finding is over";
	for (size_t i = 0; i < in->nr_findings; i++) {
		if (in->findings[i]->id != s->target.id)
			continue;
		out = open_memstream(&text, &size);
		if (!out)
			return -ENOMEM;
		err = view_text__finding(out, &plain, in->findings[i]);
		fclose(out);
		list__text(&s->list, LOOK_PLAIN, NULL, text);
		free(text);
		return err;
	}
	return 0;
}

int screen_detail__make(struct screen *s, const struct screen_input *input)
{
	s->nothing = "nothing more is known of it now";
	list__begin(&s->list, NULL, 0);
	switch (s->target.kind) {
	case TARGET_LOCK:
		return screen_lock__make(s, input);
	case TARGET_NAME:
		return make_name(s, input);
	case TARGET_TASK:
		return make_task(s, input);
	case TARGET_FINDING:
		return make_finding(s, input);
	case TARGET_GROUP:
		return screen_findings__group(s, input);
	default:
		return 0;
	}
}
