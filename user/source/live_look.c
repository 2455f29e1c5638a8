// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "source/live_look.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

void live_look__free(struct live_look *l)
{
	live_pass__free(&l->pass);
	held__free(&l->held);
	free(l->tasks);
	free(l->by_tid);
	free(l->waiting);
	free(l->idle);
}

static int reserve(struct live_look *l, uint32_t nr)
{
	void *p;

	if (nr <= l->cap)
		return 0;
	nr += nr / 2 + 64;
	/* Each keeps its old block on failure, so nothing is lost. */
	p = realloc(l->tasks, nr * sizeof(*l->tasks));
	if (!p)
		return -ENOMEM;
	l->tasks = p;
	p = realloc(l->by_tid, nr * sizeof(*l->by_tid));
	if (!p)
		return -ENOMEM;
	l->by_tid = p;
	p = realloc(l->waiting, nr * sizeof(*l->waiting));
	if (!p)
		return -ENOMEM;
	l->waiting = p;
	l->cap = nr;
	return 0;
}

static int by_tid(const void *a, const void *b)
{
	const struct lk_task *x = *(const struct lk_task *const *)a;
	const struct lk_task *y = *(const struct lk_task *const *)b;

	return x->tid < y->tid ? -1 : x->tid > y->tid;
}

static int by_lock(const void *a, const void *b)
{
	const struct lk_task *x = *(const struct lk_task *const *)a;
	const struct lk_task *y = *(const struct lk_task *const *)b;

	if (x->wait.lock != y->wait.lock)
		return x->wait.lock < y->wait.lock ? -1 : 1;
	return x->t_ns < y->t_ns ? -1 : x->t_ns > y->t_ns;
}

/* The idle task of this CPU waits for or holds something. */
static bool has_idle(const struct lk_cpu_record *c)
{
	uint32_t i;

	if (c->wait.lock && !c->wait.tid)
		return true;
	for (i = 0; i < c->nr_held; i++)
		if (!lk_cpu_record__holds(c)[i].held.tid)
			return true;
	return false;
}

static void add_idle(struct live_look *l, const struct lk_cpu_record *c)
{
	struct lk_task *t = &l->idle[l->nr_idle++];

	*t = (struct lk_task){ .len = sizeof(*t), .t_ns = c->t_ns, .on_cpu = 1, .cpu = c->cpu,
			       .syscall = -1 };
	snprintf(t->comm, sizeof(t->comm), "swapper/%u", c->cpu);
	if (c->wait.lock && !c->wait.tid) {
		t->why = LK_WHY_SPIN;
		t->wait = c->wait;
	}
	l->tasks[l->nr++] = t;
}

static int add_idles(struct live_look *l)
{
	const struct live_pass *p = &l->pass;
	uint32_t i;

	l->nr_idle = 0;
	if (!p->nr_cpus)
		return 0;
	free(l->idle);
	l->idle = calloc(p->nr_cpus, sizeof(*l->idle));
	if (!l->idle)
		return -ENOMEM;
	for (i = 0; i < p->nr_cpus; i++)
		if (has_idle(p->cpus[i]))
			add_idle(l, p->cpus[i]);
	return 0;
}

static const struct lk_task *find(const void *ctx, uint32_t tid)
{
	return live_look__find(ctx, tid);
}

int live_look__take(struct live_look *l, const struct live_bpf *b)
{
	int err = live_pass__run(&l->pass, b);
	uint32_t i;

	err = err ?: reserve(l, l->pass.nr + l->pass.nr_cpus + 1);
	if (err)
		return err;
	for (l->nr = 0; l->nr < l->pass.nr; l->nr++)
		l->tasks[l->nr] = l->by_tid[l->nr] = l->pass.tasks[l->nr];
	qsort(l->by_tid, l->pass.nr, sizeof(*l->by_tid), by_tid);
	err = add_idles(l);
	if (err)
		return err;
	l->nr_waiting = 0;
	for (i = 0; i < l->nr; i++)
		if (l->tasks[i]->wait.lock)
			l->waiting[l->nr_waiting++] = l->tasks[i];
	qsort(l->waiting, l->nr_waiting, sizeof(*l->waiting), by_lock);
	return held__take(&l->held, &l->pass, find, l);
}

const struct lk_task *live_look__find(const struct live_look *l, uint32_t tid)
{
	uint32_t lo = 0, hi = l->pass.nr;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (l->by_tid[mid]->tid == tid)
			return l->by_tid[mid];
		if (l->by_tid[mid]->tid < tid)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}
