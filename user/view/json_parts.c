// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "view/json_parts.h"
#include "view/stack_ids.h"

void json_parts__who(struct json *j, const struct rec_who *who)
{
	json__u64(j, "tid", who->tid);
	json__u64(j, "pid", who->pid);
	if (who->ns_tid && who->ns_tid != who->tid)
		json__u64(j, "ns_tid", who->ns_tid);
	json__u64(j, "start_time", who->start_ns);
	json__u64(j, "cgroup", who->cgroup);
	json__str(j, "comm", who->comm ? who->comm : "");
}

void json_parts__lock(struct json *j, const struct rec_lock *lock)
{
	if (lock->str)
		json__str(j, "lock", lock->str);
	else if (lock->addr)
		json__hex(j, "lock", lock->addr);
	else
		json__null(j, "lock");
	json__str(j, "kind", kind__name(lock->kind));
}

void json_parts__name(struct json *j, const char *name, const char *source, bool guess,
		      const char *object)
{
	json__str(j, "name", name);
	json__str(j, "name_source", name && source ? source : "none");
	if (name && guess)
		json__bool(j, "name_guess", true);
	if (name && object)
		json__str(j, "object", object);
}

void json_parts__time(struct json *j, const char *key, int64_t t_ns)
{
	if (t_ns == LK_NO_TIME)
		json__null(j, key);
	else
		json__i64(j, key, t_ns);
}

void json_parts__id(struct json *j, const char *key, uint64_t id)
{
	if (id)
		json__u64(j, key, id);
	else
		json__null(j, key);
}

void json_parts__state(struct json *j, char state)
{
	char letter[2] = { state, '\0' };
	bool known = (state >= 'A' && state <= 'Z') || (state >= 'a' && state <= 'z');

	json__str(j, "state", known ? letter : NULL);
}

void json_parts__cpu(struct json *j, int32_t cpu, enum rec_context context)
{
	if (cpu < 0)
		json__null(j, "cpu");
	else
		json__i64(j, "cpu", cpu);
	json__str(j, "context", context__name(context));
}

void json_parts__syscall(struct json *j, int32_t nr, const char *name)
{
	if (nr < 0) {
		json__null(j, "syscall");
		return;
	}
	json__object(j, "syscall");
	json__i64(j, "nr", nr);
	json__str(j, "name", name);
	json__end_object(j);
}

static void put_frame(struct json *j, const struct rec_frame *frame)
{
	json__hex(j, "addr", frame->addr);
	json__str(j, "sym", frame->sym);
	json__u64(j, "off", frame->off);
	json__str(j, "module", frame->module);
}

void json_parts__frame(struct json *j, const struct rec_frame *frame)
{
	put_frame(j, frame);
	if (frame->line)
		json__str(j, "line", frame->line);
}

void json_parts__site(struct json *j, const struct rec_frame *site)
{
	if (!site || !site->addr) {
		json__null(j, "site");
		return;
	}
	json__object(j, "site");
	put_frame(j, site);
	json__str(j, "line", site->line);
	json__end_object(j);
}

void json_parts__hold_state(struct json *j, const struct rec_holder *h)
{
	if (h->spin && h->cpu >= 0)
		json__i64(j, "cpu", h->cpu);
	if (h->context != CONTEXT_TASK)
		json__str(j, "context", context__name(h->context));
	if (h->spin)
		json__bool(j, "spin", true);
	if (h->returned)
		json__bool(j, "returned", true);
	if (h->exited)
		json__bool(j, "exited", true);
}

void json_parts__unknown_holders(struct json *j, uint32_t nr)
{
	if (nr)
		json__u64(j, "unknown_holders", nr);
}

void json_parts__since(struct json *j, int64_t since_ns, bool at_least)
{
	json_parts__time(j, "since_ns", since_ns);
	if (at_least)
		json__bool(j, "since_at_least", true);
}

void json_parts__found_by(struct json *j, enum found_by f)
{
	if (f != FOUND_TRACED)
		json__str(j, "found_by", found_by__name(f));
}

void json_parts__wait_begin(struct json *j, const char *key, const struct rec_wait *w)
{
	json__object(j, key);
	json__str(j, "type", "wait_begin");
	json__u64(j, "id", w->id);
	json_parts__time(j, "t_ns", w->t_ns);
	json_parts__who(j, &w->who);
	json_parts__lock(j, &w->lock);
	json__str(j, "mode", mode__name(w->mode));
	json__bool(j, "spin", w->spin);
	json__str(j, "breakable_by", breakable__name(w->breakable_by));
	json_parts__since(j, w->since_ns, w->since_at_least);
	json_parts__found_by(j, w->found_by);
	json_parts__id(j, "stack", w->stack);
	json__end_object(j);
}

void json_parts__user_stack(struct json *j, uint32_t id)
{
	if (id)
		json_parts__id(j, "user_stack", id);
}

void json_parts__stack(struct json *j, const struct rec_stack *stack)
{
	json__u64(j, "id", stack->id);
	json__array(j, "frames");
	for (uint32_t i = 0; i < stack->nr_frames; i++) {
		json__object(j, NULL);
		json_parts__frame(j, &stack->frames[i]);
		json__end_object(j);
	}
	json__end_array(j);
}

void json_parts__lost(struct json *j, const struct rec_lost *lost)
{
	json_parts__time(j, "t_ns", lost->t_ns);
	json__u64(j, "ring", lost->ring);
	json__u64(j, "maps", lost->maps);
	json__u64(j, "recursion", lost->recursion);
	json__u64(j, "stack_collisions", lost->stack_collisions);
	json__u64(j, "held_overflow", lost->held_overflow);
	if (lost->looks)
		json__u64(j, "looks", lost->looks);
	if (lost->lines)
		json__u64(j, "lines", lost->lines);
	if (lost->unread) {
		json__u64(j, "unread", lost->unread);
		json__u64(j, "unread_pid", lost->unread_pid);
	}
	if (lost->user_stacks) {
		json__u64(j, "user_stacks", lost->user_stacks);
		json__u64(j, "user_stacks_pid", lost->user_stacks_pid);
		json__str(j, "user_stacks_why", user_stack_why__name(lost->user_stacks_why));
	}
}

void json_parts__stacks(struct json *j, const struct model *model, const struct stack_ids *ids)
{
	json__array(j, "stacks");
	for (size_t i = 0; i < ids->nr; i++) {
		const struct rec_stack *stack = model__stack(model, ids->ids[i]);

		if (!stack)
			continue;
		json__object(j, NULL);
		json_parts__stack(j, stack);
		json__end_object(j);
	}
	json__end_array(j);
}
