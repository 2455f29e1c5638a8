// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Who burns processor time, whose modules are on the stacks, what the kernel's own
 * detectors are set to. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "find/diagnosis_int.h"

#define MODULES_MAX 64u
#define BUSY_PERCENT 20u	/* of one processor; a blocked thread that ran a little is not busy */

int diagnosis__find_busy(struct diagnosis *d, const struct diagnose_input *in)
{
	const struct facts *f = model__facts(in->model);

	d->busy = arena__array(d->arena, f->nr_threads, sizeof(*d->busy));
	if (!d->busy)
		return -ENOMEM;
	for (size_t i = 0; i < f->nr_threads; i++) {
		const struct rec_thread *t = &f->threads[i];
		uint64_t used = t->user_ns + t->system_ns;
		uint32_t at;

		if (!t->over_ns || !used || used * 100 / t->over_ns < BUSY_PERCENT)
			continue;
		at = in->snap ? snapshot__find_task(in->snap, t->tid, 0) : SNAP_NONE;
		d->busy[d->nr_busy++] = (struct diag_busy){
			.thread = t, .percent = (uint32_t)(used * 100 / t->over_ns),
			.stack = at == SNAP_NONE ? 0 : in->snap->tasks[at].stack,
		};
	}
	return 0;
}

static void note_module(struct diagnosis *d, const struct rec_frame *frame, uint32_t nr_tasks)
{
	for (uint32_t i = 0; i < d->nr_modules; i++)
		if (!strcmp(d->modules[i].name, frame->module)) {
			d->modules[i].nr_tasks += nr_tasks;
			return;
		}
	if (d->nr_modules < MODULES_MAX)
		d->modules[d->nr_modules++] = (struct diag_module){ frame->module, nr_tasks, frame };
}

/* The innermost frame of each module on the stack. */
static void note_stack(struct diagnosis *d, const struct diagnose_input *in, uint32_t id,
		       uint32_t nr_tasks)
{
	const struct rec_stack *stack = id ? model__stack(in->model, id) : NULL;

	for (uint32_t i = 0; stack && i < stack->nr_frames; i++) {
		const char *module = stack->frames[i].module;
		bool again = false;

		for (uint32_t k = 0; module && k < i; k++)
			again |= stack->frames[k].module && !strcmp(stack->frames[k].module, module);
		if (module && strcmp(module, "bpf") && !again)
			note_module(d, &stack->frames[i], nr_tasks);
	}
}

int diagnosis__find_modules(struct diagnosis *d, const struct diagnose_input *in)
{
	d->modules = arena__array(d->arena, MODULES_MAX, sizeof(*d->modules));
	if (!d->modules)
		return -ENOMEM;
	for (uint32_t i = 0; i < d->nr_groups; i++)
		note_stack(d, in, d->groups[i].stack, d->groups[i].nr_tasks);
	for (uint32_t i = 0; i < d->nr_busy; i++)
		note_stack(d, in, d->busy[i].stack, 1);
	return 0;
}

static long number(const struct facts *f, const char *name, long otherwise)
{
	const char *value = facts__setting(f, name);

	return value && *value ? strtol(value, NULL, 10) : otherwise;
}

static int add_hung_task(struct diagnosis *d, const struct facts *f)
{
	long seconds = number(f, "sys/kernel/hung_task_timeout_secs", -1);
	long left = number(f, "sys/kernel/hung_task_warnings", -1);
	long seen = number(f, "sys/kernel/hung_task_detect_count", 0);

	if (seconds < 0)
		return diag_list__add(d, &d->settings, "this kernel has no detector of hung tasks "
				      "(CONFIG_DETECT_HUNG_TASK)");
	if (!seconds)
		return diag_list__add(d, &d->settings, "the detector of hung tasks is off "
				      "(hung_task_timeout_secs is 0): the log says nothing of them");
	if (!left)
		return diag_list__add(d, &d->settings, "the detector of hung tasks has used up its "
				      "reports (hung_task_warnings is 0): later ones are not in the log");
	return diag_list__add(d, &d->settings, "hung tasks are logged after %ld s%s", seconds,
			      seen ? "; some were, since boot" : "");
}

static int add_watchdog(struct diagnosis *d, const struct facts *f)
{
	long on = number(f, "sys/kernel/watchdog", -1), soft = number(f, "sys/kernel/soft_watchdog", -1);
	long hard = number(f, "sys/kernel/nmi_watchdog", -1);
	long seconds = number(f, "sys/kernel/watchdog_thresh", 10);

	if (on < 0)
		return diag_list__add(d, &d->settings, "this kernel has no watchdog for lockups");
	return diag_list__add(d, &d->settings, "CPUs that stay in the kernel are %slogged%s; that take "
			      "no interrupts %s", on && soft ? "" : "not ",
			      on && soft ? seconds == 10 ? " after 20 s" : " (watchdog_thresh)" : "",
			      on && hard > 0 ? "are, too" : "are not (nmi_watchdog)");
}

static int add_lockdep(struct diagnosis *d, const struct facts *f)
{
	const char *debug = facts__setting(f, "lockdep_stats");
	const char *lock_stat = facts__setting(f, "lock_stat");
	int err;

	if (!debug)
		return diag_list__add(d, &d->settings, "this kernel has no lockdep: locks taken in two "
				      "orders are noticed only once they deadlock");
	if (*debug == '0')
		err = diag_list__add(d, &d->settings, "lockdep has turned itself off after its first "
				     "report, which is the one that counts");
	else
		err = diag_list__add(d, &d->settings, "lockdep is on, and has found nothing wrong so far");
	if (!err && number(f, "sys/kernel/lock_stat", 0))
		err = diag_list__add(d, &d->settings, "lock_stat is on%s%s; /proc/lock_stat has every lock "
				     "class's waits and holds", lock_stat && *lock_stat ? ": waited for "
				     "longest " : "", lock_stat ?: "");
	return err;
}

int diagnosis__find_settings(struct diagnosis *d, const struct diagnose_input *in)
{
	const struct facts *f = model__facts(in->model);
	int err = 0;

	if (!f->nr_settings)
		return 0;
	err = add_hung_task(d, f);
	if (!err)
		err = add_watchdog(d, f);
	if (!err)
		err = add_lockdep(d, f);
	if (!err && number(f, "sys/kernel/tainted", 0) & 1 << 7)
		err = diag_list__add(d, &d->settings, "a task has died in the kernel (an oops) since "
				     "boot: any lock it held then was never released");
	return err;
}
