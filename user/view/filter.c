// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include <fnmatch.h>
#include <string.h>
#include "view/view.h"

static bool filters_tasks(const struct view_filter *f)
{
	return f->nr_pids || f->nr_tids || f->comm_glob || f->nr_cgroups;
}

static bool filters_locks(const struct view_filter *f)
{
	return f->kinds || f->lock;
}

bool view_filter__is_empty(const struct view_filter *f)
{
	return !f || (!filters_tasks(f) && !filters_locks(f));
}

bool view_filter__has_tasks(const struct view_filter *f)
{
	return f && filters_tasks(f);
}

static bool has_u32(const uint32_t *list, size_t nr, uint32_t value)
{
	for (size_t i = 0; i < nr; i++)
		if (list[i] == value)
			return true;
	return false;
}

static bool has_u64(const uint64_t *list, size_t nr, uint64_t value)
{
	for (size_t i = 0; i < nr; i++)
		if (list[i] == value)
			return true;
	return false;
}

bool view_filter__task(const struct view_filter *f, const struct rec_who *who)
{
	if (!f)
		return true;
	if (f->nr_pids && !has_u32(f->pids, f->nr_pids, who->pid))
		return false;
	if (f->nr_tids && !has_u32(f->tids, f->nr_tids, who->tid))
		return false;
	if (f->nr_cgroups && !has_u64(f->cgroups, f->nr_cgroups, who->cgroup))
		return false;
	return !f->comm_glob || !fnmatch(f->comm_glob, who->comm ? who->comm : "", 0);
}

bool view_filter__lock(const struct view_filter *f, const struct rec_lock *lock, const char *name)
{
	struct rec_lock wanted = { 0 };

	if (!f)
		return true;
	if (f->kinds && !(f->kinds & 1u << lock->kind))
		return false;
	if (!f->lock)
		return true;
	if (name && (!strcmp(f->lock, name) || !fnmatch(f->lock, name, 0)))
		return true;
	if (lock->str)
		return !strcmp(f->lock, lock->str);
	return lock->addr && !rec_lock__parse(&wanted, f->lock, lock->kind) &&
	       wanted.addr == lock->addr;
}

bool view_filter__agg(const struct view_filter *f, const struct rec_agg *agg, const char *name)
{
	if (!f)
		return true;
	if (!view_filter__lock(f, &agg->lock, name))
		return false;
	return !filters_tasks(f) || (agg->by_task && view_filter__task(f, &agg->who));
}

bool view_filter__hold_agg(const struct view_filter *f, const struct rec_hold_agg *agg,
			   const char *name)
{
	return !f || (!filters_tasks(f) && view_filter__lock(f, &agg->lock, name));
}

static bool any_task(const struct view_filter *f, const struct find_task *tasks, uint32_t nr)
{
	for (uint32_t i = 0; i < nr; i++)
		if (view_filter__task(f, &tasks[i].who))
			return true;
	return false;
}

static bool lock_of_task(const struct view_filter *f, const struct find_task *t)
{
	return (t->waits_for.key && view_filter__lock(f, &t->waits_for, t->waits_name)) ||
	       (t->holds.key && view_filter__lock(f, &t->holds, t->holds_name));
}

static bool any_lock(const struct view_filter *f, const struct find_task *tasks, uint32_t nr)
{
	for (uint32_t i = 0; i < nr; i++)
		if (lock_of_task(f, &tasks[i]))
			return true;
	return false;
}

static bool finding_has_task(const struct view_filter *f, const struct finding *fd)
{
	return any_task(f, fd->cycle, fd->nr_cycle) || any_task(f, fd->members, fd->nr_members) ||
	       any_task(f, fd->behind, fd->nr_behind) || any_task(f, fd->tasks, fd->nr_tasks) ||
	       (fd->has_root && view_filter__task(f, &fd->root.who));
}

static bool finding_has_lock(const struct view_filter *f, const struct finding *fd)
{
	for (uint32_t i = 0; i < fd->nr_locks; i++)
		if (view_filter__lock(f, &fd->locks[i], NULL))
			return true;
	for (uint32_t i = 0; i < fd->nr_edges; i++)
		if (view_filter__lock(f, &fd->edges[i].lock, NULL))
			return true;
	return any_lock(f, fd->cycle, fd->nr_cycle) || any_lock(f, fd->members, fd->nr_members) ||
	       any_lock(f, fd->behind, fd->nr_behind) || any_lock(f, fd->tasks, fd->nr_tasks) ||
	       (fd->has_root && lock_of_task(f, &fd->root));
}

bool view_filter__finding(const struct view_filter *f, const struct finding *fd)
{
	if (!f)
		return true;
	return (!filters_tasks(f) || finding_has_task(f, fd)) &&
	       (!filters_locks(f) || finding_has_lock(f, fd));
}

bool view_filter__snap_task(const struct view_filter *f, const struct snapshot *s, uint32_t task)
{
	const struct snap_task *t = &s->tasks[task];

	if (!f)
		return true;
	if (!view_filter__task(f, &t->who))
		return false;
	if (!filters_locks(f))
		return true;
	if (t->wait_lock != SNAP_NONE &&
	    view_filter__lock(f, &s->locks[t->wait_lock].lock, s->locks[t->wait_lock].name))
		return true;
	for (uint32_t i = 0; i < t->nr_holds; i++) {
		const struct snap_lock *l = &s->locks[s->holds[t->first_hold + i].lock];

		if (view_filter__lock(f, &l->lock, l->name))
			return true;
	}
	return false;
}

bool view_filter__snap_lock(const struct view_filter *f, const struct snapshot *s, uint32_t lock)
{
	const struct snap_lock *l = &s->locks[lock];

	if (!f)
		return true;
	if (!view_filter__lock(f, &l->lock, l->name))
		return false;
	if (!filters_tasks(f))
		return true;
	for (uint32_t i = 0; i < l->nr_waiters; i++)
		if (view_filter__task(f, &s->tasks[s->waiters[l->first_waiter + i]].who))
			return true;
	for (uint32_t i = 0; i < l->nr_holders; i++) {
		const struct snap_hold *h = &s->holds[s->holders[l->first_holder + i]];

		if (view_filter__task(f, &s->tasks[h->task].who))
			return true;
	}
	return false;
}
