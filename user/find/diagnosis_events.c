// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* What the kernel's log tells, each thing once, tied to who is still there. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "find/diagnosis_int.h"

#define EVENTS_MAX 64u
#define DETAILS_MAX 8u

/* Two lines of one thing: the same task, the same CPU; for what names neither, the
 * same words. */
static bool is_same(const struct diag_event *e, const struct klog_line *line, const char *text)
{
	if (e->line.kind != line->kind || e->line.tid != line->tid || e->line.cpu != line->cpu)
		return false;
	if (line->tid || line->cpu >= 0 || *line->comm)
		return !strcmp(e->line.comm, line->comm);
	return !strcmp(e->message->text, text);
}

static struct diag_event *find_same(struct diagnosis *d, const struct klog_line *line,
				    const char *text)
{
	for (uint32_t i = d->nr_events; i-- > 0;)
		if (is_same(&d->events[i], line, text))
			return &d->events[i];
	return NULL;
}

/* Who it is about is there, and was when the kernel said so. */
static void tie(struct diag_event *e, const struct diagnosis *d, const struct diagnose_input *in)
{
	const struct rec_header *h = model__header(in->model);
	uint64_t boot_ns = h ? h->boot_ns : 0;

	e->task = SNAP_NONE;
	if (!e->line.tid)
		return;
	for (uint32_t i = 0; i < d->nr_groups && e->task == SNAP_NONE; i++)
		for (uint32_t k = 0; k < d->groups[i].nr_tasks; k++) {
			uint32_t at = d->groups[i].tasks[k];
			const struct rec_who *who = &in->snap->tasks[at].who;

			if (who->tid == e->line.tid &&
			    (int64_t)(who->start_ns - boot_ns) <= e->last_ns) {
				e->task = at;
				break;
			}
		}
	e->alive = e->task != SNAP_NONE;
}

/* The lines of a report that tell of locks. */
static bool is_detail(enum klog_kind kind, const char *text)
{
	const char *at = text + strspn(text, " \t");

	if (kind == KLOG_LOCKS_HELD)
		return *at == '#';
	if (kind != KLOG_LOCKDEP)
		return false;
	return strstr(text, "trying to acquire") || strstr(text, "already holding lock") ||
	       strstr(text, "trying to release") || strstr(text, "}, at: ");
}

/* Lines of other CPUs may stand between; a new report ends this one. */
static int add_details(struct diagnosis *d, struct diag_event *e, const struct facts *f, size_t at)
{
	uint32_t lines = klog_kind__lines(e->line.kind);
	struct klog_line other;

	if (e->line.kind != KLOG_LOCKDEP && e->line.kind != KLOG_LOCKS_HELD)
		return 0;
	e->details = arena__array(d->arena, DETAILS_MAX, sizeof(*e->details));
	if (!e->details)
		return -ENOMEM;
	for (size_t i = at + 1; i < f->nr_messages && i <= at + lines; i++) {
		const char *text = f->messages[i].text;

		if (klog__parse(text, &other) || e->nr_details == DETAILS_MAX)
			break;
		if (is_detail(e->line.kind, text))
			e->details[e->nr_details++] = text + strspn(text, " \t");
	}
	return 0;
}

/* Whom a hung task waits for is said by a line of its own. */
static bool join_blocker(struct diagnosis *d, const struct klog_line *line)
{
	for (uint32_t i = d->nr_events; line->kind == KLOG_BLOCKER && i-- > 0;) {
		struct klog_line *hung = &d->events[i].line;

		if (hung->kind != KLOG_HUNG_TASK || hung->tid != line->tid)
			continue;
		hung->by_tid = line->by_tid;
		memcpy(hung->by_comm, line->by_comm, sizeof(hung->by_comm));
		return true;
	}
	return false;
}

static int take_message(struct diagnosis *d, const struct diagnose_input *in, size_t at)
{
	const struct facts *f = model__facts(in->model);
	const struct rec_message *m = &f->messages[at];
	struct diag_event *e;
	struct klog_line line;

	if (!klog__parse(m->text, &line) || join_blocker(d, &line))
		return 0;
	e = find_same(d, &line, m->text);
	if (e) {
		e->nr++;
		e->last_ns = m->t_ns;
		e->message = m;
		e->line.ns = line.ns > e->line.ns ? line.ns : e->line.ns;
		return 0;
	}
	if (d->nr_events == EVENTS_MAX) {	/* the oldest makes room */
		memmove(d->events, d->events + 1, (EVENTS_MAX - 1) * sizeof(*d->events));
		d->nr_events--;
	}
	e = &d->events[d->nr_events++];
	*e = (struct diag_event){ .line = line, .message = m, .first_ns = m->t_ns,
				  .last_ns = m->t_ns, .nr = 1 };
	return add_details(d, e, f, at);
}

static int by_time(const void *a, const void *b)
{
	const struct diag_event *x = a, *y = b;

	if (x->last_ns != y->last_ns)
		return x->last_ns < y->last_ns ? -1 : 1;
	return x->message < y->message ? -1 : x->message > y->message;
}

int diagnosis__find_events(struct diagnosis *d, const struct diagnose_input *in)
{
	const struct facts *f = model__facts(in->model);
	int err = 0;

	d->events = arena__array(d->arena, EVENTS_MAX, sizeof(*d->events));
	if (!d->events)
		return -ENOMEM;
	for (size_t i = 0; !err && i < f->nr_messages; i++)
		err = take_message(d, in, i);
	qsort(d->events, d->nr_events, sizeof(*d->events), by_time);
	for (uint32_t i = 0; !err && i < d->nr_events; i++)
		tie(&d->events[i], d, in);
	return err;
}
