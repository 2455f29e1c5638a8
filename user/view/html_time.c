// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Time in a page: columns over all and of the locks waited for most, the longest
 * waits, and tasks. */
#include <errno.h>
#include <stdlib.h>
#include "view/html_page.h"
#include "view/json_parts.h"
#include "view/stat_part.h"

/* Columns as three arrays: waits that ended, ns slept, ns spun. */
static void put_columns(struct json *j, const struct timeline *t)
{
	json__array(j, "ended");
	for (uint32_t i = 0; i < t->nr_columns; i++)
		json__u64(j, NULL, t->columns[i].nr_ended);
	json__end_array(j);
	json__array(j, "sleep_ns");
	for (uint32_t i = 0; i < t->nr_columns; i++)
		json__u64(j, NULL, t->columns[i].sleep_ns);
	json__end_array(j);
	json__array(j, "spin_ns");
	for (uint32_t i = 0; i < t->nr_columns; i++)
		json__u64(j, NULL, t->columns[i].spin_ns);
	json__end_array(j);
}

static int locks_by_time(const void *a, const void *b)
{
	const struct time_lock *const *x = a, *const *y = b;
	int c = stat__compare_u64((*y)->total_ns, (*x)->total_ns);

	return c ? c : stat__compare_u64((*x)->lock.key, (*y)->lock.key);
}

/* [lock, waits, ns, longest, first column, [ns in each]] */
static void put_strip(struct html_page *p, const struct time_lock *l)
{
	struct json *j = &p->j;

	json__array(j, NULL);
	html_page__lock(p, &l->lock);
	json__u64(j, NULL, l->count);
	json__u64(j, NULL, l->total_ns);
	json__u64(j, NULL, l->max_ns);
	json__u64(j, NULL, l->first);
	json__array(j, NULL);
	for (uint32_t i = 0; i < l->nr; i++)
		json__u64(j, NULL, l->wait_ns[i]);
	json__end_array(j);
	json__end_array(j);
}

static void put_strips(struct html_page *p, const struct timeline *t)
{
	const struct time_lock **list = calloc(t->nr_locks + 1, sizeof(*list));
	size_t nr = t->nr_locks;

	if (!list) {
		p->error = -ENOMEM;
		return;
	}
	for (size_t i = 0; i < nr; i++)
		list[i] = &t->locks[i];
	qsort(list, nr, sizeof(*list), locks_by_time);
	json__array(&p->j, "strips");
	for (size_t i = 0; i < nr && i < HTML_STRIPS; i++)
		put_strip(p, list[i]);
	json__end_array(&p->j);
	json__u64(&p->j, "strips_left_out", nr > HTML_STRIPS ? nr - HTML_STRIPS : 0);
	free(list);
}

/* [who, waits, ns, longest, of it spun ns] */
static void put_task(struct json *j, const struct time_task *task)
{
	json__array(j, NULL);
	json__object(j, NULL);
	json_parts__who(j, &task->who);
	json__end_object(j);
	json__u64(j, NULL, task->count);
	json__u64(j, NULL, task->total_ns);
	json__u64(j, NULL, task->max_ns);
	json__u64(j, NULL, task->spin_ns);
	json__end_array(j);
}

static int tasks_by_time(const void *a, const void *b)
{
	const struct time_task *const *x = a, *const *y = b;
	int c = stat__compare_u64((*y)->total_ns, (*x)->total_ns);

	return c ? c : stat__compare_u64((*x)->who.tid, (*y)->who.tid);
}

static void put_tasks(struct html_page *p, const struct timeline *t)
{
	const struct time_task **list = calloc(t->nr_tasks + 1, sizeof(*list));
	size_t nr = t->nr_tasks;

	if (!list) {
		p->error = -ENOMEM;
		return;
	}
	for (size_t i = 0; i < nr; i++)
		list[i] = &t->tasks[i];
	qsort(list, nr, sizeof(*list), tasks_by_time);
	json__array(&p->j, "tasks");
	for (size_t i = 0; i < nr && i < HTML_ROWS; i++)
		put_task(&p->j, list[i]);
	json__end_array(&p->j);
	json__u64(&p->j, "tasks_left_out", nr > HTML_ROWS ? nr - HTML_ROWS : 0);
	json__u64(&p->j, "waits_without_task", t->nr_tasks_cut);
	free(list);
}

/* [lock, tid, start, comm, mode, spins, since, till, ns, stack, owner, its stack,
 * result, at least, goes on] */
static void put_wait(struct html_page *p, const struct timeline *t, const struct time_wait *w)
{
	const struct rec_who none = { .comm = "?" };
	const struct rec_who *who = w->task == TIMELINE_NONE ? &none : &t->tasks[w->task].who;
	struct json *j = &p->j;

	json__array(j, NULL);
	html_page__lock(p, w->lock == TIMELINE_NONE ? NULL : &t->locks[w->lock].lock);
	json__u64(j, NULL, who->tid);
	json__u64(j, NULL, who->start_ns);
	json__str(j, NULL, who->comm);
	json__str(j, NULL, mode__name(w->mode));
	json__bool(j, NULL, w->spin);
	html_page__time(p, w->since_ns);
	html_page__time(p, w->t_ns);
	json__u64(j, NULL, w->wait_ns);
	html_page__stack(p, w->stack);
	json_parts__id(j, NULL, w->owner_tid);
	html_page__stack(p, w->owner_stack);
	json__i64(j, NULL, w->result);
	json__bool(j, NULL, w->at_least);
	json__bool(j, NULL, w->open);
	json__end_array(j);
}

void html_page__put_time(struct html_page *p)
{
	const struct timeline *t = p->in->time;
	struct json *j = &p->j;

	if (!t) {
		json__null(j, "time");
		return;
	}
	json__object(j, "time");
	json__u64(j, "waits", t->nr_waits);
	json__u64(j, "wait_ns", t->total_ns);
	json__u64(j, "open", t->nr_open);
	json__i64(j, "column_ns", t->column_ns);
	put_columns(j, t);
	put_strips(p, t);
	put_tasks(p, t);
	json__array(j, "longest");
	for (size_t i = 0; i < t->nr_longest; i++)
		put_wait(p, t, &t->longest[i]);
	json__end_array(j);
	json__end_object(j);
}
