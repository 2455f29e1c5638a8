// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "find/diagnosis.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "find/describe.h"
#include "find/diagnosis_int.h"
#include "lib/fmt.h"

#define LIST_MAX 32u
#define BUSY_PERCENT 90u	/* of one processor, by a kernel thread: worth a word at the top */

const char *diag_verdict__name(enum diag_verdict v)
{
	static const char *const names[NR_DIAG_VERDICTS] = {
		[DIAG_UNKNOWN] = "unknown", [DIAG_HEALTHY] = "healthy", [DIAG_NOTICE] = "notice",
		[DIAG_STALLED] = "stalled", [DIAG_DEADLOCK] = "deadlock",
	};

	return names[v];
}

int diag_list__add(struct diagnosis *d, struct diag_list *list, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	if (!list->list)
		list->list = arena__array(d->arena, LIST_MAX, sizeof(*list->list));
	if (!list->list)
		return -ENOMEM;
	if (list->nr == LIST_MAX)
		return 0;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	list->list[list->nr] = arena__strdup(d->arena, text);
	return list->list[list->nr] ? (list->nr++, 0) : -ENOMEM;
}

static uint32_t share(uint64_t part, uint64_t whole)
{
	return whole ? (uint32_t)(part * 100 / whole) : 0;
}

/* Of the first and the last look at the whole machine. */
static void find_progress(struct diagnosis *d, const struct diagnose_input *in)
{
	const struct facts *f = model__facts(in->model);
	const struct rec_machine *a = f->machines, *b = a ? &a[f->nr_machines - 1] : NULL;
	struct diag_progress *p = &d->progress;
	uint64_t all;

	if (f->nr_machines < 2 || a->t_ns == LK_NO_TIME || b->t_ns <= a->t_ns ||
	    b->switches < a->switches)
		return;
	p->known = true;
	p->over_ns = b->t_ns - a->t_ns;
	p->switches = b->switches - a->switches;
	p->forks = b->forks - a->forks;
	all = (b->user_ns - a->user_ns) + (b->system_ns - a->system_ns) + (b->idle_ns - a->idle_ns) +
	      (b->iowait_ns - a->iowait_ns) + (b->irq_ns - a->irq_ns) + (b->steal_ns - a->steal_ns);
	p->user = share(b->user_ns - a->user_ns, all);
	p->system = share(b->system_ns - a->system_ns, all);
	p->idle = share(b->idle_ns - a->idle_ns, all);
	p->iowait = share(b->iowait_ns - a->iowait_ns, all);
	p->irq = share(b->irq_ns - a->irq_ns, all);
	p->steal = share(b->steal_ns - a->steal_ns, all);
	p->moves = p->switches > 0;
}

/* Findings that are trouble though no task sleeps for it. */
static const struct finding *spinning(const struct diagnose_input *in)
{
	for (size_t i = 0; i < in->nr_findings; i++)
		if (in->findings[i]->kind == FIND_LONG_SPIN && in->findings[i]->open)
			return in->findings[i];
	return NULL;
}

static const struct finding *deadlock(const struct diagnose_input *in)
{
	for (size_t i = 0; i < in->nr_findings; i++)
		if (in->findings[i]->kind == FIND_DEADLOCK && in->findings[i]->open)
			return in->findings[i];
	return NULL;
}

/* What the log tells of earlier trouble, or is about to become it. */
static uint32_t nr_alarming(const struct diagnosis *d)
{
	uint32_t nr = 0;

	for (uint32_t i = 0; i < d->nr_events; i++)
		nr += d->events[i].line.kind != KLOG_LOCKS_HELD &&
		      d->events[i].line.kind != KLOG_OOM;
	return nr;
}

static uint32_t nr_burning(const struct diagnosis *d)
{
	uint32_t nr = 0;

	for (uint32_t i = 0; i < d->nr_busy; i++)
		nr += d->busy[i].thread->kernel && d->busy[i].percent >= BUSY_PERCENT;
	return nr;
}

static const char *stalled_headline(struct diagnosis *d, const struct diagnose_input *in)
{
	const struct diag_group *g = &d->groups[0];
	char age[FMT_LEN];
	const char *root;

	fmt__ns(age, sizeof(age), (uint64_t)g->at_least_ns);
	if (g->root != SNAP_NONE) {
		root = describe__who(&in->snap->tasks[g->root].who, d->arena);
		return arena__printf(d->arena, "%u task%s blocked, the longest for at least %s, "
				     "behind %s; no deadlock is known", d->nr_blocked,
				     d->nr_blocked == 1 ? " is" : "s are", age, root ? root : "?");
	}
	return arena__printf(d->arena, "%u task%s blocked, the longest for at least %s%s%s; no "
			     "deadlock is known", d->nr_blocked, d->nr_blocked == 1 ? " is" : "s are",
			     age, g->blame ? ", waiting for " : "", g->blame ? g->blame->what : "");
}

static const char *notice_headline(struct diagnosis *d)
{
	uint32_t alarming = nr_alarming(d), burning = nr_burning(d);

	return arena__printf(d->arena, "nothing is blocked now%s%s%s%s",
			     alarming || burning ? ", but " : "",
			     burning ? "a kernel thread takes a whole processor" : "",
			     alarming && burning ? " and " : "",
			     alarming ? "the kernel log tells of trouble" : "");
}

int diagnosis__conclude(struct diagnosis *d, const struct diagnose_input *in)
{
	const struct finding *spin = spinning(in), *dead = deadlock(in);

	if (dead) {
		d->verdict = DIAG_DEADLOCK;
		d->headline = d->nr_deadlocks == 1 ? dead->summary :
			arena__printf(d->arena, "%u deadlocks; the first: %s", d->nr_deadlocks,
				      dead->summary);
	} else if (d->nr_groups) {
		d->verdict = DIAG_STALLED;
		d->headline = stalled_headline(d, in);
	} else if (spin) {
		d->verdict = DIAG_STALLED;
		d->headline = spin->summary;
	} else if (d->progress.known && !d->progress.moves) {
		d->verdict = DIAG_STALLED;
		d->headline = "no task has been switched while lockscope looked: the machine stands "
			      "still";
	} else if (!in->snap) {
		d->headline = "no look at the machine's tasks came about, so nothing is known of them";
	} else if (nr_alarming(d) || nr_burning(d)) {
		d->verdict = DIAG_NOTICE;
		d->headline = notice_headline(d);
	} else {
		d->verdict = DIAG_HEALTHY;
		d->headline = "nothing is blocked, and the kernel log tells of no trouble";
	}
	return d->headline ? 0 : -ENOMEM;
}

int diagnosis__new(struct diagnosis **out, const struct diagnose_input *in)
{
	struct arena *arena;
	struct diagnosis *d;
	int err = arena__new(&arena);

	*out = NULL;
	if (err)
		return err;
	d = arena__alloc(arena, sizeof(*d));
	if (!d) {
		arena__free(arena);
		return -ENOMEM;
	}
	d->arena = arena;
	find_progress(d, in);
	err = diagnosis__find_groups(d, in);
	if (!err)
		err = diagnosis__find_busy(d, in);
	if (!err)
		err = diagnosis__find_events(d, in);
	if (!err)
		err = diagnosis__find_modules(d, in);
	if (!err)
		err = diagnosis__find_settings(d, in);
	if (!err)
		err = diagnosis__conclude(d, in);
	if (!err)
		err = diagnosis__advise(d, in);
	if (err)
		diagnosis__free(d);
	else
		*out = d;
	return err;
}

void diagnosis__free(struct diagnosis *d)
{
	if (d)
		arena__free(d->arena);
}
