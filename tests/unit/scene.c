// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "scene.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmocka_all.h"
#include "lib/arena.h"
#include "lib/vec.h"

struct task {
	struct rec_task rec;
	char comm[24];
};

struct lock {
	struct rec_lock_state rec;
	struct rec_holder *holders;
	size_t cap;
};

struct scene {
	struct task **tasks;
	size_t nr_tasks, cap_tasks;
	struct lock **locks;
	size_t nr_locks, cap_locks;
	int64_t t_ns;
	uint64_t seq, next_wait, next_hold;
	struct model *model;
	struct find_config cfg;
	struct arena *arena;
	struct findings found;
};

struct scene *scene__new(void)
{
	struct scene *sc = calloc(1, sizeof(*sc));

	assert_non_null(sc);
	assert_int_equal(model__new(&sc->model), 0);
	find_config__defaults(&sc->cfg);
	sc->next_wait = 1;
	sc->next_hold = 1;
	return sc;
}

void scene__free(struct scene *sc)
{
	size_t i;

	for (i = 0; i < sc->nr_tasks; i++)
		free(sc->tasks[i]);
	for (i = 0; i < sc->nr_locks; i++) {
		free(sc->locks[i]->holders);
		free(sc->locks[i]);
	}
	free(sc->tasks);
	free(sc->locks);
	model__free(sc->model);
	arena__free(sc->arena);
	free(sc);
}

static bool is_idle(uint32_t tid)
{
	return tid >= IDLE(0);
}

static int32_t idle_cpu(uint32_t tid)
{
	return (int32_t)(tid - IDLE(0));
}

/* tid as the tests name it: an idle task is told by its CPU. */
static bool is_task(const struct rec_task *t, uint32_t tid)
{
	return is_idle(tid) ? !t->who.tid && t->cpu == idle_cpu(tid) : t->who.tid == tid;
}

static bool is_holder(const struct rec_holder *h, uint32_t tid)
{
	return is_idle(tid) ? !h->tid && h->cpu == idle_cpu(tid) : h->tid == tid;
}

static void fill_task(struct task *t, uint32_t tid)
{
	snprintf(t->comm, sizeof(t->comm), "t%u", tid);
	t->rec.who = (struct rec_who){ .tid = tid, .pid = tid, .ns_tid = tid,
				       .start_ns = 1000 + tid, .comm = t->comm };
	t->rec.state = 'D';
	t->rec.switches = 10;
	t->rec.syscall = -1;
	if (!is_idle(tid))
		return;
	snprintf(t->comm, sizeof(t->comm), "swapper/%d", idle_cpu(tid));
	t->rec.who = (struct rec_who){ .comm = t->comm };
	t->rec.state = 'R';
	t->rec.on_cpu = true;
	t->rec.cpu = idle_cpu(tid);
}

struct rec_task *scene__task(struct scene *sc, uint32_t tid)
{
	struct task *t;
	size_t i;

	for (i = 0; i < sc->nr_tasks; i++)
		if (is_task(&sc->tasks[i]->rec, tid))
			return &sc->tasks[i]->rec;
	assert_true(VEC_ROOM(sc->tasks, sc->nr_tasks, sc->cap_tasks));
	t = calloc(1, sizeof(*t));
	assert_non_null(t);
	fill_task(t, tid);
	sc->tasks[sc->nr_tasks++] = t;
	return &t->rec;
}

void scene__gone(struct scene *sc, uint32_t tid)
{
	size_t i;

	for (i = 0; i < sc->nr_locks; i++)
		scene__drop(sc, sc->locks[i]->rec.lock.addr, tid);
	for (i = 0; i < sc->nr_tasks; i++) {
		if (!is_task(&sc->tasks[i]->rec, tid))
			continue;
		free(sc->tasks[i]);
		sc->tasks[i] = sc->tasks[--sc->nr_tasks];
	}
}

struct rec_wait *scene__wait(struct scene *sc, uint32_t tid, uint64_t lock, enum lock_mode mode)
{
	struct rec_task *t = scene__task(sc, tid);

	t->has_wait = true;
	t->wait = (struct rec_wait){ .id = sc->next_wait++, .who = t->who, .mode = mode,
				     .t_ns = sc->t_ns, .since_ns = sc->t_ns };
	t->wait.lock = scene__lock(sc, lock)->lock;
	return &t->wait;
}

struct rec_wait *scene__spin(struct scene *sc, uint32_t tid, int32_t cpu, uint64_t lock,
			     enum lock_mode mode)
{
	struct rec_wait *w = scene__wait(sc, tid, lock, mode);
	struct rec_task *t = scene__task(sc, tid);

	t->state = 'R';
	t->on_cpu = true;
	t->cpu = cpu;
	w->spin = true;
	return w;
}

void scene__stop_wait(struct scene *sc, uint32_t tid)
{
	scene__task(sc, tid)->has_wait = false;
}

static struct lock *find_lock(struct scene *sc, uint64_t addr)
{
	size_t i;

	for (i = 0; i < sc->nr_locks; i++)
		if (sc->locks[i]->rec.lock.addr == addr)
			return sc->locks[i];
	return NULL;
}

static struct lock *get_lock(struct scene *sc, uint64_t addr)
{
	struct lock *l = find_lock(sc, addr);

	if (l)
		return l;
	assert_true(VEC_ROOM(sc->locks, sc->nr_locks, sc->cap_locks));
	l = calloc(1, sizeof(*l));
	assert_non_null(l);
	rec_lock__set_addr(&l->rec.lock, addr, KIND_MUTEX);
	l->rec.complete = true;
	l->rec.verified = true;
	l->rec.nr_readers = -1;
	sc->locks[sc->nr_locks++] = l;
	return l;
}

struct rec_lock_state *scene__lock(struct scene *sc, uint64_t addr)
{
	return &get_lock(sc, addr)->rec;
}

struct rec_lock_state *scene__lock_of(struct scene *sc, uint64_t addr, enum lock_kind kind)
{
	struct rec_lock_state *l = scene__lock(sc, addr);

	l->lock.kind = kind;
	return l;
}

struct rec_holder *scene__hold(struct scene *sc, uint64_t addr, uint32_t tid, enum lock_mode mode)
{
	struct lock *l = get_lock(sc, addr);
	struct rec_holder *h;

	assert_true(VEC_ROOM(l->holders, l->rec.nr_holders, l->cap));
	l->rec.holders = l->holders;
	h = &l->holders[l->rec.nr_holders++];
	*h = (struct rec_holder){ .tid = is_idle(tid) ? 0 : tid, .mode = mode,
				  .since_ns = LK_NO_TIME, .cpu = -1 };
	if (is_idle(tid))
		h->cpu = idle_cpu(tid);
	else if (tid)
		h->start_ns = 1000 + tid;
	return h;
}

struct rec_holder *scene__entry(struct scene *sc, uint64_t addr, uint32_t tid, enum lock_mode mode)
{
	static const struct rec_frame site = { .addr = 0xffffffff81000040, .sym = "taker",
					       .off = 0x40 };
	struct rec_holder *h = scene__hold(sc, addr, tid, mode);

	h->id = sc->next_hold++;
	h->since_ns = sc->t_ns;
	h->site = &site;
	return h;
}

struct rec_holder *scene__spin_hold(struct scene *sc, uint64_t addr, uint32_t tid, int32_t cpu,
				    enum lock_mode mode)
{
	struct rec_holder *h = scene__entry(sc, addr, tid, mode);

	h->spin = true;
	h->cpu = cpu;
	return h;
}

struct rec_lock_state *scene__semaphore(struct scene *sc, uint64_t addr)
{
	struct rec_lock_state *l = scene__lock_of(sc, addr, KIND_SEMAPHORE);

	l->rule = RULE_OR;
	return l;
}

struct rec_hold *scene__ended_hold(struct scene *sc, struct record *rec, uint32_t tid,
				   uint64_t addr, enum hold_end end)
{
	const struct rec_task *t = scene__task(sc, tid);

	memset(rec, 0, sizeof(*rec));
	rec->type = REC_HOLD;
	rec->hold = (struct rec_hold){ .id = sc->next_hold++, .who = t->who, .end = end,
				       .t_ns = sc->t_ns, .since_ns = sc->t_ns, .cpu = t->cpu };
	rec->hold.lock = scene__lock(sc, addr)->lock;
	return &rec->hold;
}

struct rec_holder *scene__holder(struct scene *sc, uint64_t addr, uint32_t tid)
{
	struct lock *l = find_lock(sc, addr);
	uint32_t i;

	for (i = 0; l && i < l->rec.nr_holders; i++)
		if (is_holder(&l->holders[i], tid))
			return &l->holders[i];
	return NULL;
}

void scene__drop(struct scene *sc, uint64_t addr, uint32_t tid)
{
	struct lock *l = find_lock(sc, addr);
	struct rec_holder *h = scene__holder(sc, addr, tid);

	if (h)
		*h = l->holders[--l->rec.nr_holders];
}

void scene__blocks(struct scene *sc, uint32_t a, uint64_t lock, uint32_t b)
{
	scene__task(sc, a);
	scene__hold(sc, lock, a, MODE_EXCLUSIVE);
	scene__wait(sc, b, lock, MODE_EXCLUSIVE);
}

void scene__send(struct scene *sc, const struct record *rec)
{
	assert_true(model__apply(sc->model, rec) >= 0);
}

void scene__read(struct scene *sc, int64_t after_ns)
{
	struct record rec = { .type = REC_READ };
	size_t i;

	sc->t_ns += after_ns;
	rec.read.seq = ++sc->seq;
	rec.read.t_ns = sc->t_ns;
	rec.read.nr_tasks = (uint32_t)sc->nr_tasks;
	rec.read.nr_locks = (uint32_t)sc->nr_locks;
	scene__send(sc, &rec);
	for (i = 0; i < sc->nr_tasks; i++) {
		rec.type = REC_TASK;
		rec.task = sc->tasks[i]->rec;
		if (rec.task.has_wait)
			rec.task.wait.lock = scene__lock(sc, rec.task.wait.lock.addr)->lock;
		scene__send(sc, &rec);
	}
	for (i = 0; i < sc->nr_locks; i++) {
		rec.type = REC_LOCK;
		rec.lock = sc->locks[i]->rec;
		scene__send(sc, &rec);
	}
	assert_non_null(scene__now(sc));
	assert_int_equal(scene__now(sc)->seq, sc->seq);
}

size_t scene__nr_tasks(const struct scene *sc)
{
	return sc->nr_tasks;
}

const struct rec_task *scene__task_at(const struct scene *sc, size_t i)
{
	return &sc->tasks[i]->rec;
}

size_t scene__nr_locks(const struct scene *sc)
{
	return sc->nr_locks;
}

const struct rec_lock_state *scene__lock_at(const struct scene *sc, size_t i)
{
	return &sc->locks[i]->rec;
}

struct model *scene__model(struct scene *sc)
{
	return sc->model;
}

const struct snapshot *scene__now(struct scene *sc)
{
	return model__current(sc->model);
}

struct find_config *scene__config(struct scene *sc)
{
	return &sc->cfg;
}

struct find_input scene__input(struct scene *sc)
{
	return (struct find_input){ .model = sc->model, .prev = model__previous(sc->model),
				    .cur = model__current(sc->model), .cfg = &sc->cfg };
}

const struct findings *scene__find(struct scene *sc)
{
	struct find_input in = scene__input(sc);

	arena__free(sc->arena);
	assert_int_equal(arena__new(&sc->arena), 0);
	findings__init(&sc->found, sc->arena);
	assert_int_equal(find__run(&in, &sc->found), 0);
	return &sc->found;
}

size_t scene__nr(struct scene *sc, enum finding_kind kind)
{
	size_t i, n = 0;

	for (i = 0; i < sc->found.nr; i++)
		n += sc->found.list[i].kind == kind;
	return n;
}

const struct finding *scene__finding(struct scene *sc, enum finding_kind kind, size_t n)
{
	size_t i;

	for (i = 0; i < sc->found.nr; i++)
		if (sc->found.list[i].kind == kind && !n--)
			return &sc->found.list[i];
	fail_msg("no such finding: %s", finding_kind__name(kind));
	return NULL;
}

uint32_t scene__index(struct scene *sc, uint32_t tid)
{
	const struct snap_task like = { .cpu = idle_cpu(tid) };
	uint32_t i = is_idle(tid) ? snapshot__find_same(scene__now(sc), &like) :
				    snapshot__find_task(scene__now(sc), tid, 0);

	assert_int_not_equal(i, SNAP_NONE);
	return i;
}

int scene__edges(struct scene *sc, uint32_t waiter, uint32_t blocker, enum edge_rule rule)
{
	const struct snapshot *s = scene__now(sc);
	uint32_t w = scene__index(sc, waiter), b = scene__index(sc, blocker), k;
	int n = 0;

	for (k = s->first_edge[w]; k < s->first_edge[w + 1]; k++)
		n += s->edges[k].blocker == b && s->edges[k].rule == rule;
	return n;
}

bool scene__are(const struct find_task *tasks, uint32_t nr, ...)
{
	uint32_t n = 0, tid;
	va_list ap;

	va_start(ap, nr);
	for (tid = va_arg(ap, uint32_t); tid; tid = va_arg(ap, uint32_t), n++)
		if (n >= nr || tasks[n].who.tid != (is_idle(tid) ? 0 : tid) ||
		    (is_idle(tid) && tasks[n].cpu != idle_cpu(tid)))
			break;
	va_end(ap);
	return !tid && n == nr;
}
