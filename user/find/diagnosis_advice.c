// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* What to do: free the machine, find the cause, keep the evidence, catch it next time. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "find/describe.h"
#include "find/diagnosis_int.h"

#define CAUSES_MAX 8u

/* The first wait of the stuck set that something can break. */
static int advise_break(struct diagnosis *d, const struct finding *f)
{
	static const char *const how[NR_BREAKABLE] = {
		[BREAK_KILL] = "kill -KILL %u (%s) breaks deadlock #%llu",
		[BREAK_SIGNAL] = "kill %u (%s) breaks deadlock #%llu: its wait heeds signals",
		[BREAK_TIMEOUT] = "wait: the timeout of %u (%s) will break deadlock #%llu",
	};

	for (uint32_t i = 0; i < f->nr_edges; i++) {
		const struct find_edge *e = &f->edges[i];

		if (e->breakable_by == BREAK_NONE)
			continue;
		for (uint32_t k = 0; k < f->nr_members; k++)
			if (f->members[k].who.tid == e->waiter_tid) {
				const char *who = describe__who(&f->members[k].who, d->arena);
				char text[256];

				snprintf(text, sizeof(text), how[e->breakable_by],
					 e->breakable_by == BREAK_TIMEOUT ? e->waiter_tid :
					 f->members[k].who.pid, who ? who : "?",
					 (unsigned long long)f->id);
				return diag_list__add(d, &d->advice, "%s", text);
			}
	}
	return diag_list__add(d, &d->advice, "nothing breaks deadlock #%llu but a reboot: no wait in it "
			      "has a timeout or heeds a signal, so killing its tasks does nothing",
			      (unsigned long long)f->id);
}

static bool has_unknown_site(const struct diagnosis *d)
{
	for (uint32_t i = 0; i < d->nr_paths; i++)
		if (!d->paths[i].deadlock->cycle[d->paths[i].at].holds_site.addr)
			return true;
	return false;
}

static bool is_of_files(const struct diagnosis *d)
{
	for (uint32_t i = 0; i < d->nr_paths; i++)
		if (d->paths[i].deadlock->cycle[d->paths[i].at].waits_for.addr)
			return false;
	return true;
}

static int advise_deadlocks(struct diagnosis *d, const struct diagnose_input *in)
{
	int err = 0;

	if (!d->nr_paths)
		return 0;
	for (size_t i = 0; !err && i < in->nr_findings; i++)
		if (in->findings[i]->kind == FIND_DEADLOCK && in->findings[i]->open)
			err = advise_break(d, in->findings[i]);
	if (!err)
		err = diag_list__add(d, &d->advice, "for good: let all of the paths above take their locks in "
				     "one order, or let one of them only try the second lock and give back "
				     "the first where it fails; start with the path that fewer callers share");
	if (!err && !is_of_files(d) && has_unknown_site(d))
		err = diag_list__add(d, &d->advice, "where the held locks were taken is known only when it "
				     "happens under `lockscope watch --level held`");
	return err;
}

/* One sentence for each cause, the gravest first. */
static int advise_causes(struct diagnosis *d, const struct diagnose_input *in)
{
	const struct blame *told[CAUSES_MAX];
	uint32_t nr = 0;
	int err = 0;

	for (uint32_t i = 0; !err && i < d->nr_groups && nr < CAUSES_MAX; i++) {
		const struct diag_group *g = &d->groups[i];
		const struct blame *b = g->blame;
		bool again = false;

		if (!b && g->root != SNAP_NONE)
			b = blame__of(model__stack(in->model, in->snap->tasks[g->root].stack));
		for (uint32_t k = 0; k < nr; k++)
			again |= told[k] == b;
		if (!b || again)
			continue;
		told[nr++] = b;
		err = diag_list__add(d, &d->advice, "who waits for %s: %s", b->what, b->advice);
	}
	return err;
}

static int advise_busy(struct diagnosis *d)
{
	for (uint32_t i = 0; i < d->nr_busy; i++) {
		const struct rec_thread *t = d->busy[i].thread;

		if (t->kernel && d->busy[i].percent >= 90)
			return diag_list__add(d, &d->advice, "see what %s/%u does all the time: "
					      "perf top -t %u, or its stack above", t->comm, t->tid,
					      t->tid);
	}
	return 0;
}

static int advise_evidence(struct diagnosis *d, const struct diagnose_input *in)
{
	const char *crash = facts__setting(model__facts(in->model), "/sys/kernel/kexec_crash_loaded");
	int err;

	if (in->saved)
		err = diag_list__add(d, &d->advice, "before a reboot: copy %s off this machine (`lockscope "
				     "diagnose FILE` and `lockscope report FILE` read it anywhere)", in->saved);
	else
		err = diag_list__add(d, &d->advice, "before a reboot: `lockscope diagnose --save FILE` keeps "
				     "all of this, on a file system that is not stuck; `lockscope diagnose "
				     "FILE` reads it anywhere");
	if (!err)
		err = diag_list__add(d, &d->advice, "echo w > /proc/sysrq-trigger adds the stacks of blocked "
				     "tasks to the kernel log, echo l those of all CPUs");
	if (!err && crash && *crash == '1')
		err = diag_list__add(d, &d->advice, "kdump is set up: echo c > /proc/sysrq-trigger crashes the "
				     "machine and keeps its memory");
	return err;
}

int diagnosis__advise(struct diagnosis *d, const struct diagnose_input *in)
{
	int err = 0;

	if (d->verdict == DIAG_UNKNOWN || d->verdict == DIAG_HEALTHY)
		return 0;
	err = advise_deadlocks(d, in);
	if (!err)
		err = advise_causes(d, in);
	if (!err)
		err = advise_busy(d);
	if (!err && diag_verdict__is_trouble(d->verdict))
		err = advise_evidence(d, in);
	if (!err && diag_verdict__is_trouble(d->verdict) && !is_of_files(d))
		err = diag_list__add(d, &d->advice, "to catch the next one as it happens: `lockscope watch "
				     "--level held --json -o FILE`, running from before it begins");
	return err;
}
