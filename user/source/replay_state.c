// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Records about tasks and locks: waits, aggregates, and what one read saw. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "source/replay_parts.h"

#define MAX_HOLDERS 65536
#define MAX_CPU (1 << 20)
#define CPU(st) { "cpu", FIELD_I32, FIELD_OPTIONAL, offsetof(struct st, cpu), 0, MAX_CPU }

static const struct field who_fields[] = {
	TID(rec_who, "tid", tid, 0),
	TID(rec_who, "pid", pid, 0),
	TID(rec_who, "ns_tid", ns_tid, FIELD_OPTIONAL),
	ROW(rec_who, "start_time", start_ns, FIELD_U64, 0),
	ROW(rec_who, "cgroup", cgroup, FIELD_U64, FIELD_OPTIONAL),
	ROW(rec_who, "comm", comm, FIELD_STR, 0),
};

static int read_who(struct field_reader *r, struct rec_who *who)
{
	int err = field_reader__read(r, COUNTED(who_fields), who);

	if (!err && !who->ns_tid)
		who->ns_tid = who->tid;
	return err;
}

/* "lock" and "kind".  nullable: null stands for locks that found no room. */
static int read_lock_id(struct field_reader *r, struct rec_lock *lock, bool nullable)
{
	const struct field fields[] = {
		{ "lock", FIELD_STR, nullable ? FIELD_MAY_NULL : 0, offsetof(struct rec_lock, str),
		  0, 0 },
		ROW(rec_lock, "kind", kind, FIELD_KIND, 0),
	};
	enum lock_kind kind;
	int err = field_reader__read(r, COUNTED(fields), lock);

	if (err)
		return err;
	kind = lock->kind;
	if (!lock->str)
		return 0;
	if (rec_lock__parse(lock, lock->str, kind) || !lock->key)
		return field_reader__fail(r, "\"lock\" is no identity of a lock");
	return 0;
}

static const struct field name_fields[] = {
	ROW(rec_lock_name, "name", name, FIELD_STR, FIELD_OPTIONAL),
	ROW(rec_lock_name, "name_source", source, FIELD_STR, FIELD_OPTIONAL),
	ROW(rec_lock_name, "name_guess", guess, FIELD_BOOL, FIELD_MAY_MISS),
	ROW(rec_lock_name, "object", object, FIELD_STR, FIELD_OPTIONAL),
};

int decoder__lock_name(struct decoder *d, struct field_reader *r, struct record *rec)
{
	struct rec_lock_name *n = &rec->lock_name;
	int err = field_reader__read(r, COUNTED(name_fields), n);

	(void)d;
	if (!n->name)
		n->source = n->object = NULL;
	return err ? err : read_lock_id(r, &n->lock, false);
}

static const struct field wait_fields[] = {
	ROW(rec_wait, "id", id, FIELD_U64, 0),
	ROW(rec_wait, "t_ns", t_ns, FIELD_TIME, 0),
	ROW(rec_wait, "mode", mode, FIELD_MODE, 0),
	ROW(rec_wait, "spin", spin, FIELD_BOOL, FIELD_MAY_MISS),
	ROW(rec_wait, "breakable_by", breakable_by, FIELD_BREAKABLE, FIELD_MAY_MISS),
	ROW(rec_wait, "since_ns", since_ns, FIELD_TIME, FIELD_MAY_MISS),
	ROW(rec_wait, "since_at_least", since_at_least, FIELD_BOOL, FIELD_MAY_MISS),
	ROW(rec_wait, "found_by", found_by, FIELD_FOUND_BY, FIELD_MAY_MISS),
	ROW(rec_wait, "stack", stack, FIELD_U32, FIELD_OPTIONAL),
};

static const struct field ended_fields[] = {
	ROW(rec_wait, "wait_ns", wait_ns, FIELD_DURATION, 0),
	ROW(rec_wait, "result", result, FIELD_I32, 0),
	TID(rec_wait, "owner_tid", owner_tid, FIELD_OPTIONAL),
	ROW(rec_wait, "owner_stack", owner_stack, FIELD_U32, FIELD_OPTIONAL),
};

static int read_wait(struct field_reader *r, struct rec_wait *w)
{
	int err;

	w->since_ns = LK_NO_TIME;
	err = field_reader__read(r, COUNTED(wait_fields), w);
	if (!err)
		err = read_who(r, &w->who);
	if (!err)
		err = read_lock_id(r, &w->lock, false);
	return err;
}

int decoder__wait_begin(struct decoder *d, struct field_reader *r, struct record *rec)
{
	(void)d;
	return read_wait(r, &rec->wait);
}

int decoder__wait(struct decoder *d, struct field_reader *r, struct record *rec)
{
	int err = field_reader__read(r, COUNTED(ended_fields), &rec->wait);

	(void)d;
	return err ? err : read_wait(r, &rec->wait);
}

/* "site": site->addr stays 0 when it is null or missing. */
static int read_site(struct decoder *d, struct field_reader *r, struct rec_frame *site)
{
	struct json_object *where;
	int err = field_reader__nested(r, "site", json_type_object, false, &where);

	return err || !where ? err : decoder__read_frame(d, where, site);
}

static const struct field hold_fields[] = {
	ROW(rec_hold, "id", id, FIELD_U64, 0),
	ROW(rec_hold, "t_ns", t_ns, FIELD_TIME, 0),
	ROW(rec_hold, "mode", mode, FIELD_MODE, 0),
	ROW(rec_hold, "spin", spin, FIELD_BOOL, FIELD_MAY_MISS),
	ROW(rec_hold, "end", end, FIELD_HOLD_END, 0),
	ROW(rec_hold, "certainty", certainty, FIELD_CERTAINTY, 0),
	ROW(rec_hold, "since_ns", since_ns, FIELD_TIME, FIELD_MAY_MISS),
	ROW(rec_hold, "hold_ns", hold_ns, FIELD_DURATION, 0),
	CPU(rec_hold),
	ROW(rec_hold, "stack", stack, FIELD_U32, FIELD_OPTIONAL),
};

int decoder__hold(struct decoder *d, struct field_reader *r, struct record *rec)
{
	struct rec_hold *h = &rec->hold;
	int err;

	h->since_ns = LK_NO_TIME;
	h->cpu = -1;
	err = field_reader__read(r, COUNTED(hold_fields), h);
	if (!err)
		err = read_who(r, &h->who);
	if (!err)
		err = read_lock_id(r, &h->lock, false);
	return err ? err : read_site(d, r, &h->site);
}

static const struct field agg_fields[] = {
	ROW(rec_agg, "mode", mode, FIELD_MODE, 0),
	ROW(rec_agg, "spin", spin, FIELD_BOOL, FIELD_MAY_MISS),
	ROW(rec_agg, "stack", stack, FIELD_U32, FIELD_OPTIONAL),
	ROW(rec_agg, "count", count, FIELD_U64, 0),
	ROW(rec_agg, "total_ns", total_ns, FIELD_U64, 0),
	ROW(rec_agg, "max_ns", max_ns, FIELD_U64, 0),
};

static int read_hist(struct decoder *d, struct field_reader *r, struct rec_hist *out)
{
	struct json_object *hist;
	size_t nr;
	int err = field_reader__nested(r, "hist", json_type_array, true, &hist);

	if (err)
		return err;
	nr = json_object_array_length(hist);
	if (nr != REC_HIST_BUCKETS)
		return field_reader__fail(r, "\"hist\" has %zu buckets", nr);
	for (size_t i = 0; i < nr; i++) {
		struct json_object *n = json_object_array_get_idx(hist, i);

		if (!json_object_is_type(n, json_type_int) || json_object_get_int64(n) < 0)
			return field_reader__fail(r, "\"hist\" has an impossible value");
		d->hist[i] = json_object_get_uint64(n);
	}
	*out = rec_hist__of(d->hist);
	return 0;
}

int decoder__agg(struct decoder *d, struct field_reader *r, struct record *rec)
{
	struct rec_agg *a = &rec->agg;
	int err = field_reader__read(r, COUNTED(agg_fields), a);

	if (!err)
		err = read_lock_id(r, &a->lock, true);
	if (!err)
		err = read_hist(d, r, &a->hist);
	if (err)
		return err;
	a->who.comm = "";
	a->by_task = json_object_object_get_ex(r->obj, "tid", NULL);
	return a->by_task ? read_who(r, &a->who) : 0;
}

static const struct field hold_agg_fields[] = {
	ROW(rec_hold_agg, "mode", mode, FIELD_MODE, 0),
	ROW(rec_hold_agg, "count", count, FIELD_U64, 0),
	ROW(rec_hold_agg, "total_ns", total_ns, FIELD_U64, 0),
	ROW(rec_hold_agg, "max_ns", max_ns, FIELD_U64, 0),
};

int decoder__hold_agg(struct decoder *d, struct field_reader *r, struct record *rec)
{
	struct rec_hold_agg *a = &rec->hold_agg;
	int err = field_reader__read(r, COUNTED(hold_agg_fields), a);

	if (!err)
		err = read_lock_id(r, &a->lock, true);
	if (!err)
		err = read_site(d, r, &a->site);
	return err ? err : read_hist(d, r, &a->hist);
}

static const struct field task_fields[] = {
	ROW(rec_task, "t_ns", t_ns, FIELD_TIME, 0),
	ROW(rec_task, "state", state, FIELD_LETTER, 0),
	ROW(rec_task, "on_cpu", on_cpu, FIELD_BOOL, 0),
	CPU(rec_task),
	ROW(rec_task, "context", context, FIELD_CONTEXT, FIELD_MAY_MISS),
	ROW(rec_task, "switches", switches, FIELD_U64, 0),
	ROW(rec_task, "stack", stack, FIELD_U32, FIELD_OPTIONAL),
	ROW(rec_task, "user_stack", user_stack, FIELD_U32, FIELD_OPTIONAL),
};

static const struct field syscall_fields[] = {
	{ "nr", FIELD_I32, 0, offsetof(struct rec_task, syscall), 0, INT32_MAX },
	ROW(rec_task, "name", syscall_name, FIELD_STR, FIELD_OPTIONAL),
};

static int read_task_wait(struct decoder *d, struct json_object *obj, struct rec_task *t)
{
	struct field_reader r;
	int err;

	field_reader__init(&r, obj, d->why);
	err = read_wait(&r, &t->wait);
	if (err)
		return err;
	if (t->wait.who.tid != t->who.tid || t->wait.who.start_ns != t->who.start_ns)
		return field_reader__fail(&r, "\"wait\" is of another task");
	t->has_wait = true;
	r.known += json_object_object_get_ex(obj, "type", NULL);
	d->unknown_members += field_reader__unknown(&r);
	return 0;
}

int decoder__task(struct decoder *d, struct field_reader *r, struct record *rec)
{
	struct rec_task *t = &rec->task;
	struct json_object *wait, *syscall;
	struct field_reader sub;
	int err;

	t->cpu = t->syscall = -1;
	err = field_reader__read(r, COUNTED(task_fields), t);
	if (!err)
		err = read_who(r, &t->who);
	if (!err)
		err = field_reader__nested(r, "syscall", json_type_object, false, &syscall);
	if (!err && syscall) {
		field_reader__init(&sub, syscall, d->why);
		err = field_reader__read(&sub, COUNTED(syscall_fields), t);
		d->unknown_members += field_reader__unknown(&sub);
	}
	if (!err)
		err = field_reader__nested(r, "wait", json_type_object, false, &wait);
	return err || !wait ? err : read_task_wait(d, wait, t);
}

static const struct field holder_fields[] = {
	TID(rec_holder, "tid", tid, 0),
	ROW(rec_holder, "start_time", start_ns, FIELD_U64, 0),
	ROW(rec_holder, "mode", mode, FIELD_MODE, 0),
	ROW(rec_holder, "certainty", certainty, FIELD_CERTAINTY, 0),
	ROW(rec_holder, "since_ns", since_ns, FIELD_TIME, FIELD_MAY_MISS),
	ROW(rec_holder, "id", id, FIELD_U64, FIELD_OPTIONAL),
	CPU(rec_holder),
	ROW(rec_holder, "context", context, FIELD_CONTEXT, FIELD_MAY_MISS),
	ROW(rec_holder, "spin", spin, FIELD_BOOL, FIELD_MAY_MISS),
	ROW(rec_holder, "returned", returned, FIELD_BOOL, FIELD_MAY_MISS),
	ROW(rec_holder, "exited", exited, FIELD_BOOL, FIELD_MAY_MISS),
};

static int read_holder(struct decoder *d, struct json_object *obj, struct rec_holder *h,
		       struct rec_frame *site)
{
	struct field_reader r;
	int err;

	field_reader__init(&r, obj, d->why);
	if (!json_object_is_type(obj, json_type_object))
		return field_reader__fail(&r, "a holder is no object");
	h->since_ns = LK_NO_TIME;
	h->cpu = -1;
	err = field_reader__read(&r, COUNTED(holder_fields), h);
	if (!err)
		err = read_site(d, &r, site);
	if (err)
		return err;
	d->unknown_members += field_reader__unknown(&r);
	if (site->addr)
		h->site = site;
	return 0;
}

static int read_holders(struct decoder *d, struct field_reader *r, struct json_object *holders,
			struct rec_lock_state *l)
{
	size_t nr = json_object_array_length(holders);
	int err = 0;

	if (nr > MAX_HOLDERS)
		return field_reader__fail(r, "a lock with %zu holders", nr);
	d->holders = calloc(nr + 1, sizeof(*d->holders));
	d->sites = calloc(nr + 1, sizeof(*d->sites));
	if (!d->holders || !d->sites)
		return -ENOMEM;
	for (size_t i = 0; i < nr && !err; i++)
		err = read_holder(d, json_object_array_get_idx(holders, i), &d->holders[i],
				  &d->sites[i]);
	l->nr_holders = (uint32_t)nr;
	l->holders = d->holders;
	return err;
}

static const struct field lock_fields[] = {
	ROW(rec_lock_state, "complete", complete, FIELD_BOOL, 0),
	ROW(rec_lock_state, "verified", verified, FIELD_BOOL, 0),
	{ "readers", FIELD_I32, FIELD_OPTIONAL, offsetof(struct rec_lock_state, nr_readers), 0,
	  INT32_MAX },
	ROW(rec_lock_state, "name", name, FIELD_STR, FIELD_OPTIONAL),
	ROW(rec_lock_state, "name_source", name_source, FIELD_STR, FIELD_OPTIONAL),
	ROW(rec_lock_state, "name_guess", name_guess, FIELD_BOOL, FIELD_MAY_MISS),
	ROW(rec_lock_state, "object", object, FIELD_STR, FIELD_OPTIONAL),
	ROW(rec_lock_state, "evidence", evidence, FIELD_STR, FIELD_OPTIONAL),
	ROW(rec_lock_state, "unknown_holders", nr_unknown, FIELD_U32, FIELD_OPTIONAL),
};

int decoder__lock(struct decoder *d, struct field_reader *r, struct record *rec)
{
	struct rec_lock_state *l = &rec->lock;
	const char *rule = NULL;
	const struct field rule_field = { "rule", FIELD_STR, 0, 0, 0, 0 };
	struct json_object *holders;
	int err;

	l->nr_readers = -1;
	err = field_reader__read(r, COUNTED(lock_fields), l);
	if (!err)
		err = field_reader__read(r, &rule_field, 1, &rule);
	if (!err)
		err = read_lock_id(r, &l->lock, false);
	if (!err)
		err = field_reader__nested(r, "holders", json_type_array, true, &holders);
	if (!err)
		err = read_holders(d, r, holders, l);
	if (err)
		return err;
	if (strcmp(rule, "and") && strcmp(rule, "or"))
		return field_reader__fail(r, "\"rule\" has an impossible value");
	l->rule = strcmp(rule, "or") ? RULE_AND : RULE_OR;
	if (!l->name)
		l->name_source = l->object = NULL;
	return 0;
}
