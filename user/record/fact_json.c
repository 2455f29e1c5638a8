// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "record/fact_json.h"

static void put_time(struct json *j, int64_t t_ns)
{
	if (t_ns == LK_NO_TIME)
		json__null(j, "t_ns");
	else
		json__i64(j, "t_ns", t_ns);
}

void fact_json__message(struct json *j, const struct rec_message *m)
{
	json__u64(j, "seq", m->seq);
	put_time(j, m->t_ns);
	json__u64(j, "level", m->level);
	json__str(j, "text", m->text ? m->text : "");
}

void fact_json__setting(struct json *j, const struct rec_setting *s)
{
	json__str(j, "name", s->name);
	json__str(j, "value", s->value);
}

void fact_json__machine(struct json *j, const struct rec_machine *m)
{
	put_time(j, m->t_ns);
	json__u64(j, "cpus", m->cpus);
	json__u64(j, "running", m->running);
	json__u64(j, "blocked", m->blocked);
	json__u64(j, "switches", m->switches);
	json__u64(j, "forks", m->forks);
	json__u64(j, "user_ns", m->user_ns);
	json__u64(j, "system_ns", m->system_ns);
	json__u64(j, "idle_ns", m->idle_ns);
	json__u64(j, "iowait_ns", m->iowait_ns);
	json__u64(j, "irq_ns", m->irq_ns);
	json__u64(j, "steal_ns", m->steal_ns);
}

void fact_json__thread(struct json *j, const struct rec_thread *t)
{
	const char state[2] = { t->state, '\0' };

	put_time(j, t->t_ns);
	json__u64(j, "tid", t->tid);
	json__u64(j, "pid", t->pid);
	json__u64(j, "start_time", t->start_ns);
	json__str(j, "comm", t->comm ? t->comm : "");
	json__str(j, "state", state[0] >= 'A' && state[0] <= 'z' ? state : NULL);
	json__bool(j, "kernel_thread", t->kernel);
	json__u64(j, "user_ns", t->user_ns);
	json__u64(j, "system_ns", t->system_ns);
	json__u64(j, "over_ns", t->over_ns);
	if (t->asleep_ns)
		json__u64(j, "asleep_ns", t->asleep_ns);
	else
		json__null(j, "asleep_ns");
}

void fact_json__process(struct json *j, const struct rec_process *p)
{
	json__u64(j, "pid", p->pid);
	json__str(j, "command", p->command);
	json__str(j, "exe", p->exe);
}

void fact_json__absent(struct json *j, const struct rec_absent *a)
{
	json__str(j, "what", a->what);
	json__str(j, "why", a->why);
}
