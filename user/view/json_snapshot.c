// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* The one object of `snapshot --json`. */
#include <errno.h>
#include "view/json_parts.h"
#include "view/stack_ids.h"
#include "view/view.h"

static int collect_stacks(struct stack_ids *ids, const struct view_input *in)
{
	const struct snapshot *s = in->snap;
	int err = 0;

	for (uint32_t i = 0; s && i < s->nr_tasks && !err; i++) {
		if (!view_filter__snap_task(in->filter, s, i))
			continue;
		err = stack_ids__add(ids, s->tasks[i].stack) ?:
		      stack_ids__add(ids, s->tasks[i].user_stack);
		if (!err && s->tasks[i].wait_lock != SNAP_NONE)
			err = stack_ids__add(ids, s->tasks[i].wait_stack);
	}
	for (size_t i = 0; i < in->nr_findings && !err; i++)
		if (view_filter__finding(in->filter, in->findings[i]))
			err = stack_ids__add_finding(ids, in->findings[i]);
	stack_ids__sort(ids);
	return err;
}

static void put_wait(struct json *j, const struct snapshot *s, const struct snap_task *t)
{
	struct rec_wait w;

	if (t->wait_lock == SNAP_NONE) {
		json__null(j, "wait");
		return;
	}
	w = (struct rec_wait){
		.id = t->wait_id,
		.who = t->who,
		.lock = s->locks[t->wait_lock].lock,
		.mode = t->wait_mode,
		.spin = t->wait_spin,
		.breakable_by = t->breakable_by,
		.t_ns = s->t_ns,
		.since_ns = t->since_ns,
		.since_at_least = t->since_at_least,
		.found_by = t->found_by,
		.stack = t->wait_stack,
	};
	json_parts__wait_begin(j, "wait", &w);
}

static void put_hold(struct json *j, const struct snapshot *s, const struct snap_hold *h)
{
	const struct snap_lock *l = &s->locks[h->lock];

	json__object(j, NULL);
	json_parts__lock(j, &l->lock);
	json__str(j, "mode", mode__name(h->mode));
	json_parts__name(j, l->name, l->name_source, l->name_guess, l->object);
	json__str(j, "certainty", certainty__name(h->certainty));
	json_parts__time(j, "since_ns", h->since_ns);
	json_parts__id(j, "id", h->id);
	json_parts__site(j, &h->site);
	json_parts__hold_state(j, &(struct rec_holder){
		.tid = s->tasks[h->task].who.tid,
		.cpu = h->cpu,
		.context = h->context,
		.spin = h->spin,
		.returned = h->returned,
		.exited = h->exited,
	});
	json__end_object(j);
}

void json_parts__snap_task(struct json *j, const struct snapshot *s, const struct snap_task *t)
{
	json__object(j, NULL);
	json_parts__who(j, &t->who);
	json_parts__state(j, t->state);
	json__bool(j, "on_cpu", t->on_cpu);
	json_parts__cpu(j, t->cpu, t->context);
	json_parts__syscall(j, t->syscall, t->syscall_name);
	put_wait(j, s, t);
	json__array(j, "holds");
	for (uint32_t i = 0; i < t->nr_holds; i++)
		put_hold(j, s, &s->holds[t->first_hold + i]);
	json__end_array(j);
	json_parts__id(j, "stack", t->stack);
	json_parts__user_stack(j, t->user_stack);
	json__end_object(j);
}

static void put_tasks(struct json *j, const struct view_input *in)
{
	const struct snapshot *s = in->snap;

	json__array(j, "tasks");
	for (uint32_t i = 0; s && i < s->nr_tasks; i++)
		if (view_filter__snap_task(in->filter, s, i))
			json_parts__snap_task(j, s, &s->tasks[i]);
	json__end_array(j);
}

void json_parts__snap_lock(struct json *j, const struct snapshot *s, const struct snap_lock *l)
{
	json__object(j, NULL);
	json_parts__lock(j, &l->lock);
	json_parts__name(j, l->name, l->name_source, l->name_guess, l->object);
	json__array(j, "owners");
	for (uint32_t i = 0; i < l->nr_holders; i++)
		json__u64(j, NULL,
			  s->tasks[s->holds[s->holders[l->first_holder + i]].task].who.tid);
	json__end_array(j);
	json__array(j, "waiters");
	for (uint32_t i = 0; i < l->nr_waiters; i++)
		json__u64(j, NULL, s->tasks[s->waiters[l->first_waiter + i]].who.tid);
	json__end_array(j);
	json__str(j, "rule", l->rule == RULE_OR ? "or" : "and");
	json__bool(j, "complete", l->complete);
	json__bool(j, "verified", l->verified);
	if (l->nr_readers < 0)
		json__null(j, "readers");
	else
		json__i64(j, "readers", l->nr_readers);
	json__str(j, "evidence", l->evidence);
	json_parts__unknown_holders(j, l->nr_unknown);
	json__end_object(j);
}

static void put_locks(struct json *j, const struct view_input *in)
{
	const struct snapshot *s = in->snap;

	json__array(j, "locks");
	for (uint32_t i = 0; s && i < s->nr_locks; i++)
		if (view_filter__snap_lock(in->filter, s, i))
			json_parts__snap_lock(j, s, &s->locks[i]);
	json__end_array(j);
}

void json_parts__all_lost(struct json *j, const struct view_input *in)
{
	const struct rec_lost none = { .t_ns = LK_NO_TIME }, *lost = model__lost(in->model);

	json__object(j, "lost");
	json_parts__lost(j, lost ? lost : &none);
	if (model__reads_cut(in->model))
		json__u64(j, "reads_cut", model__reads_cut(in->model));
	if (in->snap && in->snap->nr_locks_cut)
		json__u64(j, "locks_cut", in->snap->nr_locks_cut);
	json__end_object(j);
}

int view_json__snapshot(FILE *out, const struct view_input *in, const char *taken_at)
{
	const struct rec_header *h = model__header(in->model);
	struct stack_ids ids = { 0 };
	struct json j;
	int err = collect_stacks(&ids, in);

	if (err)
		goto out;
	json__init(&j, out);
	json__object(&j, NULL);
	json__i64(&j, "schema", REC_SCHEMA);
	json__str(&j, "version", h ? h->version : NULL);
	json__str(&j, "kernel", h ? h->kernel : NULL);
	json__str(&j, "host", h ? h->host : NULL);
	json__str(&j, "level", h ? h->level : NULL);
	json__str(&j, "began_at", h ? h->began_at : NULL);
	json__str(&j, "taken_at", taken_at);
	json_parts__time(&j, "t_ns", in->snap ? in->snap->t_ns : LK_NO_TIME);
	json_parts__stacks(&j, in->model, &ids);
	put_tasks(&j, in);
	put_locks(&j, in);
	json__array(&j, "findings");
	for (size_t i = 0; i < in->nr_findings; i++)
		if (view_filter__finding(in->filter, in->findings[i]))
			json_parts__finding(&j, in->findings[i]);
	json__end_array(&j);
	json_parts__all_lost(&j, in);
	json__end_object(&j);
	err = json__done(&j);
out:
	stack_ids__free(&ids);
	return err;
}
