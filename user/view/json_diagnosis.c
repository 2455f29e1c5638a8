// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* The one object of `diagnose --json`. */
#include "record/fact_json.h"
#include "view/json_parts.h"
#include "view/stack_ids.h"
#include "view/view.h"

static int collect_stacks(struct stack_ids *ids, const struct view_input *in,
			  const struct diagnosis *d)
{
	int err = 0;

	for (uint32_t i = 0; !err && i < d->nr_groups; i++) {
		err = stack_ids__add(ids, d->groups[i].stack);
		if (!err && d->groups[i].root != SNAP_NONE)
			err = stack_ids__add(ids, in->snap->tasks[d->groups[i].root].stack) ?:
			      stack_ids__add(ids, in->snap->tasks[d->groups[i].root].user_stack);
	}
	for (uint32_t i = 0; !err && i < d->nr_busy; i++)
		err = stack_ids__add(ids, d->busy[i].stack);
	for (size_t i = 0; !err && i < in->nr_findings; i++)
		err = stack_ids__add_finding(ids, in->findings[i]);
	stack_ids__sort(ids);
	return err;
}

static void put_task(struct json *j, const char *key, const struct diagnose_input *about,
		     uint32_t task)
{
	const struct snap_task *t;

	if (task == SNAP_NONE) {
		json__null(j, key);
		return;
	}
	t = &about->snap->tasks[task];
	json__object(j, key);
	json_parts__who(j, &t->who);
	json_parts__state(j, t->state);
	json_parts__syscall(j, t->syscall, t->syscall_name);
	json_parts__id(j, "stack", t->stack);
	json_parts__user_stack(j, t->user_stack);
	json__end_object(j);
}

static void put_member(struct json *j, const struct diagnose_input *about, uint32_t task)
{
	json__object(j, NULL);
	json_parts__who(j, &about->snap->tasks[task].who);
	json__i64(j, "blocked_ns", diagnosis__blocked_ns(about, task));
	json__end_object(j);
}

static void put_group(struct json *j, const struct diagnose_input *about,
		      const struct diag_group *g)
{
	json__object(j, NULL);
	json__array(j, "tasks");
	for (uint32_t i = 0; i < g->nr_tasks; i++)
		put_member(j, about, g->tasks[i]);
	json__end_array(j);
	json_parts__state(j, g->state);
	json__str(j, "syscall", g->syscall_name);
	json__i64(j, "blocked_ns", g->at_least_ns);
	json__bool(j, "in_deadlock", g->in_deadlock);
	if (g->lock == SNAP_NONE) {
		json__null(j, "waits_for");
	} else {
		const struct snap_lock *l = &about->snap->locks[g->lock];

		json__object(j, "waits_for");
		json_parts__lock(j, &l->lock);
		json_parts__name(j, l->name, l->name_source, l->name_guess, l->object);
		json__end_object(j);
	}
	json__str(j, "cause", g->blame ? g->blame->id : NULL);
	put_task(j, "root", about, g->root);
	json_parts__id(j, "stack", g->stack);
	json__end_object(j);
}

static void put_busy(struct json *j, const struct diag_busy *b)
{
	json__object(j, NULL);
	fact_json__thread(j, b->thread);
	json__u64(j, "percent", b->percent);
	json_parts__id(j, "stack", b->stack);
	json__end_object(j);
}

static void put_event(struct json *j, const struct diag_event *e)
{
	json__object(j, NULL);
	json__str(j, "kind", klog_kind__name(e->line.kind));
	json_parts__time(j, "t_ns", e->first_ns);
	json_parts__time(j, "last_ns", e->last_ns);
	json__u64(j, "times", e->nr);
	json__str(j, "text", e->message->text);
	json_parts__id(j, "tid", e->line.tid);
	json__str(j, "comm", *e->line.comm ? e->line.comm : NULL);
	if (e->line.cpu < 0)
		json__null(j, "cpu");
	else
		json__i64(j, "cpu", e->line.cpu);
	json_parts__id(j, "for_ns", e->line.ns);
	json_parts__id(j, "owner_tid", e->line.by_tid);
	json__bool(j, "still_blocked", e->alive);
	json__array(j, "locks");
	for (uint32_t i = 0; i < e->nr_details; i++)
		json__str(j, NULL, e->details[i]);
	json__end_array(j);
	json__end_object(j);
}

static void put_progress(struct json *j, const struct diag_progress *p)
{
	if (!p->known) {
		json__null(j, "progress");
		return;
	}
	json__object(j, "progress");
	json__i64(j, "over_ns", p->over_ns);
	json__u64(j, "switches", p->switches);
	json__u64(j, "forks", p->forks);
	json__u64(j, "user_percent", p->user);
	json__u64(j, "system_percent", p->system);
	json__u64(j, "irq_percent", p->irq);
	json__u64(j, "steal_percent", p->steal);
	json__u64(j, "iowait_percent", p->iowait);
	json__u64(j, "idle_percent", p->idle);
	json__end_object(j);
}

static void put_list(struct json *j, const char *key, const struct diag_list *list)
{
	json__array(j, key);
	for (uint32_t i = 0; i < list->nr; i++)
		json__str(j, NULL, list->list[i]);
	json__end_array(j);
}

static void put_modules(struct json *j, const struct diagnosis *d)
{
	json__array(j, "modules");
	for (uint32_t i = 0; i < d->nr_modules; i++) {
		json__object(j, NULL);
		json__str(j, "name", d->modules[i].name);
		json__u64(j, "tasks", d->modules[i].nr_tasks);
		json__str(j, "sym", d->modules[i].frame->sym);
		json__u64(j, "off", d->modules[i].frame->off);
		json__end_object(j);
	}
	json__end_array(j);
}

static void put_facts(struct json *j, const struct facts *f)
{
	json__array(j, "values");
	for (size_t i = 0; i < f->nr_settings; i++) {
		json__object(j, NULL);
		fact_json__setting(j, &f->settings[i]);
		json__end_object(j);
	}
	json__end_array(j);
	json__array(j, "programs");
	for (size_t i = 0; i < f->nr_processes; i++) {
		json__object(j, NULL);
		fact_json__process(j, &f->processes[i]);
		json__end_object(j);
	}
	json__end_array(j);
	json__array(j, "absent");
	for (size_t i = 0; i < f->nr_absent; i++) {
		json__object(j, NULL);
		fact_json__absent(j, &f->absent[i]);
		json__end_object(j);
	}
	json__end_array(j);
}

static void put_header(struct json *j, const struct view_input *in, const struct diagnosis *d,
		       const char *taken_at)
{
	const struct rec_header *h = model__header(in->model);

	json__i64(j, "schema", REC_SCHEMA);
	json__str(j, "version", h ? h->version : NULL);
	json__str(j, "kernel", h ? h->kernel : NULL);
	json__str(j, "host", h ? h->host : NULL);
	json__str(j, "level", h ? h->level : NULL);
	json__str(j, "began_at", h ? h->began_at : NULL);
	json__str(j, "taken_at", taken_at);
	json_parts__time(j, "t_ns", in->snap ? in->snap->t_ns : LK_NO_TIME);
	json__str(j, "verdict", diag_verdict__name(d->verdict));
	json__str(j, "headline", d->headline);
}

static void put_diagnosis(struct json *j, const struct view_input *in, const struct diagnosis *d)
{
	const struct diagnose_input about = { .model = in->model, .snap = in->snap };

	json__u64(j, "blocked_tasks", d->nr_blocked);
	json__u64(j, "user_waits", d->nr_user_waits);
	json__array(j, "blocked");
	for (uint32_t i = 0; i < d->nr_groups; i++)
		put_group(j, &about, &d->groups[i]);
	json__end_array(j);
	json__array(j, "findings");
	for (size_t i = 0; i < in->nr_findings; i++)
		json_parts__finding(j, in->findings[i]);
	json__end_array(j);
	json__array(j, "busy");
	for (uint32_t i = 0; i < d->nr_busy; i++)
		put_busy(j, &d->busy[i]);
	json__end_array(j);
	put_progress(j, &d->progress);
	json__array(j, "log");
	for (uint32_t i = 0; i < d->nr_events; i++)
		put_event(j, &d->events[i]);
	json__end_array(j);
	put_modules(j, d);
	put_list(j, "settings", &d->settings);
	put_list(j, "advice", &d->advice);
	put_facts(j, model__facts(in->model));
}

int view_json__diagnosis(FILE *out, const struct view_input *in, const struct diagnosis *d,
			 const char *taken_at)
{
	const struct rec_lost none = { .t_ns = LK_NO_TIME }, *lost = model__lost(in->model);
	struct stack_ids ids = { 0 };
	struct json j;
	int err = collect_stacks(&ids, in, d);

	if (!err) {
		json__init(&j, out);
		json__object(&j, NULL);
		put_header(&j, in, d, taken_at);
		json_parts__stacks(&j, in->model, &ids);
		put_diagnosis(&j, in, d);
		json__object(&j, "lost");
		json_parts__lost(&j, lost ? lost : &none);
		json__end_object(&j);
		json__end_object(&j);
		err = json__done(&j);
	}
	stack_ids__free(&ids);
	return err;
}
