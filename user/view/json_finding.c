// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Findings as JSON: a record of their own, and inside the snapshot object. */
#include "view/json_parts.h"
#include "view/view.h"

static const char *edge_rule__name(enum edge_rule rule)
{
	static const char *const names[NR_EDGE_RULES] = { "and", "or", "queue" };

	return (unsigned int)rule < NR_EDGE_RULES ? names[rule] : "and";
}

static void put_waits_for(struct json *j, const struct find_task *t)
{
	if (!t->waits_for.key) {
		json__null(j, "waits_for");
		return;
	}
	json__object(j, "waits_for");
	json_parts__lock(j, &t->waits_for);
	json__str(j, "mode", mode__name(t->waits_mode));
	json_parts__name(j, t->waits_name, t->waits_name_source, t->waits_name_guess,
			 t->waits_object);
	json__bool(j, "spin", t->spin);
	json_parts__since(j, t->since_ns, t->since_at_least);
	json_parts__found_by(j, t->found_by);
	json_parts__id(j, "stack", t->wait_stack);
	json__end_object(j);
}

static void put_holds(struct json *j, const struct find_task *t)
{
	const struct rec_holder state = { .tid = t->who.tid, .cpu = t->holds_cpu,
					  .context = t->holds_context,
					  .spin = t->holds_cpu >= 0 };

	if (!t->holds.key) {
		json__null(j, "holds");
		return;
	}
	json__object(j, "holds");
	json_parts__lock(j, &t->holds);
	json__str(j, "mode", mode__name(t->holds_mode));
	json_parts__name(j, t->holds_name, t->holds_name_source, t->holds_name_guess,
			 t->holds_object);
	json_parts__time(j, "since_ns", t->holds_since_ns);
	json_parts__id(j, "id", t->hold_id);
	json_parts__site(j, &t->holds_site);
	json_parts__hold_state(j, &state);
	json__end_object(j);
}

static void put_task(struct json *j, const char *key, const struct find_task *t)
{
	json__object(j, key);
	json_parts__who(j, &t->who);
	json_parts__state(j, t->state);
	json_parts__cpu(j, t->cpu, t->context);
	json_parts__syscall(j, t->syscall, t->syscall_name);
	put_waits_for(j, t);
	put_holds(j, t);
	json_parts__id(j, "stack", t->stack);
	json_parts__user_stack(j, t->user_stack);
	json__end_object(j);
}

static void put_tasks(struct json *j, const char *key, const struct find_task *tasks, uint32_t nr)
{
	json__array(j, key);
	for (uint32_t i = 0; i < nr; i++)
		put_task(j, NULL, &tasks[i]);
	json__end_array(j);
}

static void put_edge(struct json *j, const struct find_edge *e)
{
	json__object(j, NULL);
	json__u64(j, "waiter", e->waiter_tid);
	json__u64(j, "holder", e->holder_tid);
	json_parts__lock(j, &e->lock);
	json__str(j, "rule", edge_rule__name(e->rule));
	json__str(j, "breakable_by", breakable__name(e->breakable_by));
	json__str(j, "certainty", certainty__name(e->certainty));
	json__end_object(j);
}

static void put_deadlock(struct json *j, const struct finding *f)
{
	put_tasks(j, "cycle", f->cycle, f->nr_cycle);
	put_tasks(j, "members", f->members, f->nr_members);
	json__array(j, "edges");
	for (uint32_t i = 0; i < f->nr_edges; i++)
		put_edge(j, &f->edges[i]);
	json__end_array(j);
	put_tasks(j, "behind", f->behind, f->nr_behind);
}

static void put_root(struct json *j, const struct finding *f)
{
	if (!f->has_root) {
		json__null(j, "root");
		return;
	}
	put_task(j, "root", &f->root);
	json__str(j, "root_confidence", certainty__name(f->root_confidence));
	if (f->root_in_cycle)
		json__bool(j, "root_in_cycle", true);
}

static void put_other(struct json *j, const struct finding *f)
{
	put_tasks(j, "tasks", f->tasks, f->nr_tasks);
	json__array(j, "locks");
	for (uint32_t i = 0; i < f->nr_locks; i++) {
		json__object(j, NULL);
		json_parts__lock(j, &f->locks[i]);
		json__end_object(j);
	}
	json__end_array(j);
	json__u64(j, "threshold_ns", f->threshold_ns);
	json__i64(j, "wait_ns", f->wait_ns);
	if (f->kind == FIND_ROOT_BLOCKER)
		json__u64(j, "blocked", f->nr_blocked);
	if (finding_kind__is_of_hold(f->kind))
		json__i64(j, "hold_ns", f->hold_ns);
	if (f->kind == FIND_SLEEP_IN_ATOMIC)
		json__u64(j, "times", f->nr_times);
	put_root(j, f);
}

void json_parts__finding(struct json *j, const struct finding *f)
{
	json__object(j, NULL);
	json__str(j, "type", "finding");
	json__str(j, "kind", finding_kind__name(f->kind));
	json__u64(j, "id", f->id);
	json__u64(j, "rev", f->rev);
	json__str(j, "state", f->open ? "open" : "closed");
	json_parts__time(j, "opened_ns", f->opened_ns);
	json_parts__time(j, "t_ns", f->t_ns);
	json__str(j, "confidence", certainty__name(f->confidence));
	json__str(j, "summary", f->summary ? f->summary : "");
	if (f->kind == FIND_DEADLOCK)
		put_deadlock(j, f);
	else
		put_other(j, f);
	json__array(j, "evidence");
	for (uint32_t i = 0; i < f->nr_evidence; i++)
		json__str(j, NULL, f->evidence[i]);
	json__end_array(j);
	json__end_object(j);
}

int view_json__finding(FILE *out, const struct finding *f)
{
	struct json j;

	json__init(&j, out);
	json_parts__finding(&j, f);
	return json__done(&j);
}
