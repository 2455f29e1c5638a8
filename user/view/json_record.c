// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Records as NDJSON lines: the recording format. */
#include <errno.h>
#include "record/fact_json.h"
#include "view/json_parts.h"
#include "view/view.h"

static void put_header(struct json *j, const struct record *rec)
{
	const struct rec_header *h = &rec->header;

	json__i64(j, "schema", h->schema);
	json__str(j, "version", h->version);
	json__str(j, "kernel", h->kernel);
	json__str(j, "host", h->host);
	json__str(j, "level", h->level);
	json__str(j, "began_at", h->began_at);
	json__array(j, "command");
	for (char *const *arg = h->command; arg && *arg; arg++)
		json__str(j, NULL, *arg);
	json__end_array(j);
	json__object(j, "thresholds");
	json__u64(j, "long_wait_ns", h->thresholds.long_wait_ns);
	json__u64(j, "long_spin_ns", h->thresholds.long_spin_ns);
	json__u64(j, "long_hold_ns", h->thresholds.long_hold_ns);
	json__end_object(j);
	json__u64(j, "boot_ns", h->boot_ns);
}

static void put_stack(struct json *j, const struct record *rec)
{
	json_parts__stack(j, &rec->stack);
}

static void put_line(struct json *j, const struct record *rec)
{
	json_parts__frame(j, &rec->line);
}

static void put_lock_name(struct json *j, const struct record *rec)
{
	const struct rec_lock_name *n = &rec->lock_name;

	json_parts__lock(j, &n->lock);
	json_parts__name(j, n->name, n->source, n->guess, n->object);
}

/* Also what begin and end of a wait share with "wait", in the same order. */
static void put_wait(struct json *j, const struct record *rec)
{
	const struct rec_wait *w = &rec->wait;

	json__u64(j, "id", w->id);
	json_parts__time(j, "t_ns", w->t_ns);
	json__i64(j, "wait_ns", w->wait_ns);
	json__i64(j, "result", w->result);
	json_parts__id(j, "owner_tid", w->owner_tid);
	json_parts__id(j, "owner_stack", w->owner_stack);
	json_parts__who(j, &w->who);
	json_parts__lock(j, &w->lock);
	json__str(j, "mode", mode__name(w->mode));
	json__bool(j, "spin", w->spin);
	json__str(j, "breakable_by", breakable__name(w->breakable_by));
	json_parts__since(j, w->since_ns, w->since_at_least);
	json_parts__found_by(j, w->found_by);
	json_parts__id(j, "stack", w->stack);
}

static void put_hist(struct json *j, const struct rec_hist *hist)
{
	json__array(j, "hist");
	for (int i = 0; i < REC_HIST_BUCKETS; i++)
		json__u64(j, NULL, rec_hist__at(hist, i));
	json__end_array(j);
}

static void put_hold(struct json *j, const struct record *rec)
{
	const struct rec_hold *h = &rec->hold;

	json__u64(j, "id", h->id);
	json_parts__time(j, "t_ns", h->t_ns);
	json_parts__who(j, &h->who);
	json_parts__lock(j, &h->lock);
	json__str(j, "mode", mode__name(h->mode));
	json__bool(j, "spin", h->spin);
	json__str(j, "end", hold_end__name(h->end));
	json__str(j, "certainty", certainty__name(h->certainty));
	json_parts__time(j, "since_ns", h->since_ns);
	json__i64(j, "hold_ns", h->hold_ns);
	json_parts__site(j, &h->site);
	if (h->cpu < 0)
		json__null(j, "cpu");
	else
		json__i64(j, "cpu", h->cpu);
	json_parts__id(j, "stack", h->stack);
}

static void put_agg(struct json *j, const struct record *rec)
{
	const struct rec_agg *a = &rec->agg;

	json_parts__lock(j, &a->lock);
	json__str(j, "mode", mode__name(a->mode));
	json__bool(j, "spin", a->spin);
	json_parts__id(j, "stack", a->stack);
	if (a->by_task)
		json_parts__who(j, &a->who);
	json__u64(j, "count", a->count);
	json__u64(j, "total_ns", a->total_ns);
	json__u64(j, "max_ns", a->max_ns);
	put_hist(j, &a->hist);
}

static void put_hold_agg(struct json *j, const struct record *rec)
{
	const struct rec_hold_agg *a = &rec->hold_agg;

	json_parts__lock(j, &a->lock);
	json__str(j, "mode", mode__name(a->mode));
	json_parts__site(j, &a->site);
	json__u64(j, "count", a->count);
	json__u64(j, "total_ns", a->total_ns);
	json__u64(j, "max_ns", a->max_ns);
	put_hist(j, &a->hist);
}

static void put_read(struct json *j, const struct record *rec)
{
	json__u64(j, "seq", rec->read.seq);
	json_parts__time(j, "t_ns", rec->read.t_ns);
	json__u64(j, "tasks", rec->read.nr_tasks);
	json__u64(j, "locks", rec->read.nr_locks);
	json__bool(j, "confirm", rec->read.confirm);
}

static void put_task(struct json *j, const struct record *rec)
{
	const struct rec_task *t = &rec->task;

	json_parts__time(j, "t_ns", t->t_ns);
	json_parts__who(j, &t->who);
	json_parts__state(j, t->state);
	json__bool(j, "on_cpu", t->on_cpu);
	json_parts__cpu(j, t->cpu, t->context);
	json__u64(j, "switches", t->switches);
	json_parts__syscall(j, t->syscall, t->syscall_name);
	if (t->has_wait)
		json_parts__wait_begin(j, "wait", &t->wait);
	else
		json__null(j, "wait");
	json_parts__id(j, "stack", t->stack);
	json_parts__user_stack(j, t->user_stack);
}

static void put_holder(struct json *j, const struct rec_holder *h)
{
	json__object(j, NULL);
	json__u64(j, "tid", h->tid);
	json__u64(j, "start_time", h->start_ns);
	json__str(j, "mode", mode__name(h->mode));
	json__str(j, "certainty", certainty__name(h->certainty));
	json_parts__time(j, "since_ns", h->since_ns);
	json_parts__id(j, "id", h->id);
	json_parts__site(j, h->site);
	json_parts__hold_state(j, h);
	json__end_object(j);
}

static void put_lock(struct json *j, const struct record *rec)
{
	const struct rec_lock_state *l = &rec->lock;

	json_parts__lock(j, &l->lock);
	json__str(j, "rule", l->rule == RULE_OR ? "or" : "and");
	json__bool(j, "complete", l->complete);
	json__bool(j, "verified", l->verified);
	if (l->nr_readers < 0)
		json__null(j, "readers");
	else
		json__i64(j, "readers", l->nr_readers);
	json_parts__unknown_holders(j, l->nr_unknown);
	json__array(j, "holders");
	for (uint32_t i = 0; i < l->nr_holders; i++)
		put_holder(j, &l->holders[i]);
	json__end_array(j);
	json_parts__name(j, l->name, l->name_source, l->name_guess, l->object);
	json__str(j, "evidence", l->evidence);
}

static void put_lost(struct json *j, const struct record *rec)
{
	json_parts__lost(j, &rec->lost);
}

static void put_message(struct json *j, const struct record *rec)
{
	fact_json__message(j, &rec->message);
}

static void put_setting(struct json *j, const struct record *rec)
{
	fact_json__setting(j, &rec->setting);
}

static void put_machine(struct json *j, const struct record *rec)
{
	fact_json__machine(j, &rec->machine);
}

static void put_thread(struct json *j, const struct record *rec)
{
	fact_json__thread(j, &rec->thread);
}

static void put_process(struct json *j, const struct record *rec)
{
	fact_json__process(j, &rec->process);
}

static void put_absent(struct json *j, const struct record *rec)
{
	fact_json__absent(j, &rec->absent);
}

static void put_end(struct json *j, const struct record *rec)
{
	json_parts__time(j, "t_ns", rec->end.t_ns);
	json__u64(j, "records", rec->end.records);
	if (rec->end.has_status)
		json__i64(j, "command_status", rec->end.command_status);
	else
		json__null(j, "command_status");
}

/* wait_begin stands alone (its object is also a part of others), and findings are
 * written by view_json__finding(). */
static const struct {
	const char *name;
	void (*put)(struct json *j, const struct record *rec);
} types[NR_REC_TYPES] = {
	[REC_HEADER] = { "header", put_header },
	[REC_STACK] = { "stack", put_stack },
	[REC_LINE] = { "line", put_line },
	[REC_LOCK_NAME] = { "lock_name", put_lock_name },
	[REC_WAIT] = { "wait", put_wait },
	[REC_HOLD] = { "hold", put_hold },
	[REC_AGG] = { "agg", put_agg },
	[REC_HOLD_AGG] = { "hold_agg", put_hold_agg },
	[REC_READ] = { "read", put_read },
	[REC_TASK] = { "task", put_task },
	[REC_LOCK] = { "lock", put_lock },
	[REC_LOST] = { "lost", put_lost },
	[REC_MESSAGE] = { "message", put_message },
	[REC_SETTING] = { "setting", put_setting },
	[REC_MACHINE] = { "machine", put_machine },
	[REC_THREAD] = { "thread", put_thread },
	[REC_PROCESS] = { "process", put_process },
	[REC_ABSENT] = { "absent", put_absent },
	[REC_END] = { "end", put_end },
};

int view_json__record(FILE *out, const struct record *rec)
{
	struct json j;

	json__init(&j, out);
	if (rec->type == REC_WAIT_BEGIN) {
		json_parts__wait_begin(&j, NULL, &rec->wait);
		return json__done(&j);
	}
	if ((unsigned int)rec->type >= NR_REC_TYPES || !types[rec->type].put)
		return -EINVAL;
	json__object(&j, NULL);
	json__str(&j, "type", types[rec->type].name);
	types[rec->type].put(&j, rec);
	json__end_object(&j);
	return json__done(&j);
}
