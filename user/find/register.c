// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "find/register.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "find/copy.h"
#include "lib/arena.h"
#include "lib/hash.h"
#include "lib/map.h"
#include "lib/vec.h"

struct entry {
	struct finding f;
	struct arena *arena;	/* owns f */
	/* what it said when it was last passed on */
	int64_t told_age_ns;
	uint32_t told_root_tid;
	uint64_t told_root_start_ns;
	uint32_t told_user_stacks;	/* of a cycle, the most that were ever told */
	bool seen;		/* in this pass */
};

struct find_register {
	struct entry **entries;	/* in order of id */
	size_t nr, cap;
	size_t nr_closed;
	uint64_t next_id;
	uint64_t nr_forgotten;
};

/* One update. */
struct pass {
	struct find_register *r;
	int64_t t_ns;
	finding_fn fn;
	void *ctx;
	struct u64map *keys;	/* of open entries, to index */
	struct u64map *waits;	/* of open deadlocks' members, to index */
	struct u64map *again;	/* of closed entries of what can happen again, to index */
};

int find_register__new(struct find_register **out)
{
	*out = calloc(1, sizeof(**out));
	if (!*out)
		return -ENOMEM;
	(*out)->next_id = 1;
	return 0;
}

static void free_entry(struct entry *e)
{
	if (!e)
		return;
	arena__free(e->arena);
	free(e);
}

void find_register__free(struct find_register *r)
{
	size_t i;

	if (!r)
		return;
	for (i = 0; i < r->nr; i++)
		free_entry(r->entries[i]);
	free(r->entries);
	free(r);
}

/* Keys of different kinds must not meet. */
static uint64_t full_key(const struct finding *f)
{
	return hash__add(f->key, f->kind);
}

static uint64_t wait_key(const struct find_task *t)
{
	return hash__add(hash__add(hash__add(t->who.tid, t->who.start_ns), t->waits_for.key),
			 t->wait_id);
}

static int index_entries(struct pass *p)
{
	const struct finding *f;
	uint32_t k;
	size_t i;

	for (i = 0; i < p->r->nr; i++) {
		f = &p->r->entries[i]->f;
		p->r->entries[i]->seen = false;
		if (f->nr_times && u64map__set(p->again, full_key(f), i))
			return -ENOMEM;
		if (!f->open)
			continue;
		if (u64map__set(p->keys, full_key(f), i))
			return -ENOMEM;
		if (f->kind != FIND_DEADLOCK)
			continue;
		for (k = 0; k < f->nr_members; k++)
			if (u64map__set(p->waits, wait_key(&f->members[k]), i))
				return -ENOMEM;
	}
	return 0;
}

/* The open entry that is the same thing, not yet seen in this pass; or NULL. */
static struct entry *find_entry(struct pass *p, const struct finding *now)
{
	uint64_t i;
	uint32_t k;

	if (u64map__get(p->keys, full_key(now), &i))
		return p->r->entries[i];
	if (now->kind != FIND_DEADLOCK)
		return NULL;
	for (k = 0; k < now->nr_members; k++)
		if (u64map__get(p->waits, wait_key(&now->members[k]), &i) &&
		    !p->r->entries[i]->seen)
			return p->r->entries[i];
	return NULL;
}

/* Each number of tasks that a person would read one by one is news; beyond that
 * only 32, 64, 128, … are. */
static uint32_t magnitude(uint32_t n)
{
	return n <= 16 ? n : 16 + 32 - (uint32_t)__builtin_clz(n);
}

/* How long it lasts: of a hold, which may have no waiter at all, the hold's time. */
static int64_t age_ns(const struct finding *f)
{
	return f->hold_ns ? f->hold_ns : f->wait_ns;
}

/* The holder of a long hold may wait now and then: its first root is no news. */
static bool has_new_root(const struct entry *e, const struct finding *now)
{
	if (!now->has_root)
		return false;
	if (!e->f.has_root && !now->hold_ns)
		return true;
	return age_ns(now) / 2 >= e->told_age_ns &&
	       (e->told_root_tid != now->root.who.tid ||
		e->told_root_start_ns != now->root.who.start_ns);
}

/* The code of a module that has just been loaded gets its name a moment later; until
 * then it may seem to be that of the one before it. */
static bool has_new_name(const struct finding *f, const struct finding *now)
{
	const char *was, *is;

	if (!f->nr_tasks || !now->nr_tasks || f->tasks[0].hold_id != now->tasks[0].hold_id)
		return false;
	was = f->tasks[0].holds_site.sym;
	is = now->tasks[0].holds_site.sym;
	return is && (!was || strcmp(was, is));
}

static uint32_t nr_user_stacks(const struct finding *f)
{
	uint32_t i, nr = 0;

	for (i = 0; i < f->nr_cycle; i++)
		nr += f->cycle[i].user_stack != 0;
	return nr;
}

static bool has_changed(const struct entry *e, const struct finding *now)
{
	const struct finding *f = &e->f;

	return f->confidence != now->confidence || f->nr_edges != now->nr_edges ||
	       f->key != now->key || magnitude(f->nr_behind) != magnitude(now->nr_behind) ||
	       magnitude(f->nr_tasks) != magnitude(now->nr_tasks) || has_new_root(e, now) ||
	       has_new_name(f, now) ||
	       magnitude(nr_user_stacks(now)) > magnitude(e->told_user_stacks);
}

static int tell(struct pass *p, struct entry *e)
{
	uint32_t user_stacks = nr_user_stacks(&e->f);

	if (user_stacks > e->told_user_stacks)
		e->told_user_stacks = user_stacks;
	e->told_age_ns = age_ns(&e->f);
	e->told_root_tid = e->f.root.who.tid;
	e->told_root_start_ns = e->f.root.who.start_ns;
	return p->fn ? p->fn(p->ctx, &e->f) : 0;
}

/* Replaces what an entry says, keeping its id. */
static int replace(struct entry *e, const struct finding *now, uint32_t rev)
{
	struct arena *arena;
	struct finding f;
	uint64_t id = e->f.id;
	int64_t opened_ns = e->f.opened_ns;

	if (arena__new(&arena))
		return -ENOMEM;
	if (finding__copy(&f, now, arena)) {
		arena__free(arena);
		return -ENOMEM;
	}
	arena__free(e->arena);
	e->arena = arena;
	e->f = f;
	e->f.id = id;
	e->f.opened_ns = opened_ns;
	e->f.rev = rev;
	e->f.open = true;
	return 0;
}

static int revise(struct pass *p, struct entry *e, const struct finding *now)
{
	bool changed = has_changed(e, now);
	int err = replace(e, now, e->f.rev + changed);

	e->seen = true;
	return err || !changed ? err : tell(p, e);
}

static int close_entry(struct pass *p, struct entry *e, int64_t t_ns)
{
	e->f.open = false;
	e->f.rev++;
	e->f.t_ns = t_ns;
	p->r->nr_closed++;
	return tell(p, e);
}

static int open_entry(struct pass *p, const struct finding *now)
{
	struct find_register *r = p->r;
	struct entry *e;
	int err;

	if (!VEC_ROOM(r->entries, r->nr, r->cap))
		return -ENOMEM;
	e = calloc(1, sizeof(*e));
	if (!e)
		return -ENOMEM;
	if (replace(e, now, 1)) {
		free_entry(e);
		return -ENOMEM;
	}
	e->f.id = r->next_id++;
	e->f.opened_ns = now->t_ns;
	e->seen = true;
	r->entries[r->nr++] = e;
	err = tell(p, e);
	if (err || !now->over)
		return err;
	return close_entry(p, e, now->t_ns);
}

/* An old finding that has happened again: told like tasks that join one. */
static int repeat(struct pass *p, struct entry *e, const struct finding *now)
{
	uint32_t before = e->f.nr_times, times;
	bool news;
	int err;

	times = now->nr_times < UINT32_MAX - before ? before + now->nr_times : UINT32_MAX;
	news = magnitude(times) != magnitude(before);
	err = replace(e, now, e->f.rev + news);
	e->f.nr_times = times;
	e->f.open = news;
	if (err || !news)
		return err;
	p->r->nr_closed--;
	err = tell(p, e);
	return err ? err : close_entry(p, e, now->t_ns);
}

/* Something that happened again, or a thing of its own. */
static int begin(struct pass *p, const struct finding *now)
{
	uint64_t i;

	if (u64map__get(p->again, full_key(now), &i))
		return repeat(p, p->r->entries[i], now);
	return open_entry(p, now);
}

/* Gives up the oldest closed entries once there are many more than are kept. */
static void forget(struct find_register *r)
{
	size_t i, left = 0, drop = 0;

	if (r->nr_closed > FIND_KEEP_CLOSED + FIND_KEEP_CLOSED / 4)
		drop = r->nr_closed - FIND_KEEP_CLOSED;
	if (!drop)
		return;
	for (i = 0; i < r->nr; i++) {
		if (drop && !r->entries[i]->f.open) {
			free_entry(r->entries[i]);
			drop--;
			r->nr_closed--;
			r->nr_forgotten++;
			continue;
		}
		r->entries[left++] = r->entries[i];
	}
	r->nr = left;
}

/* First what goes on, so that a deadlock that lost members is not closed, with the last
 * words on what was open; then what is over; then what is new. */
static int run(struct pass *p, const struct findings *now, struct entry **matched)
{
	size_t i, nr_old = p->r->nr;
	int err = index_entries(p);

	for (i = 0; i < now->nr && !err; i++) {
		matched[i] = find_entry(p, &now->list[i]);
		if (!matched[i] || matched[i]->seen)
			continue;
		err = revise(p, matched[i], &now->list[i]);
		if (!err && now->list[i].over)
			err = close_entry(p, matched[i], now->list[i].t_ns);
	}
	for (i = 0; i < nr_old && !err; i++)
		if (p->r->entries[i]->f.open && !p->r->entries[i]->seen)
			err = close_entry(p, p->r->entries[i], p->t_ns);
	for (i = 0; i < now->nr && !err; i++)
		if (!matched[i])
			err = begin(p, &now->list[i]);
	return err;
}

int find_register__update(struct find_register *r, const struct findings *now, int64_t t_ns,
			  finding_fn fn, void *ctx)
{
	struct pass p = { .r = r, .t_ns = t_ns, .fn = fn, .ctx = ctx };
	struct entry **matched = calloc(now->nr + 1, sizeof(struct entry *));
	int err = -ENOMEM;

	if (matched && !u64map__new(&p.keys, 0) && !u64map__new(&p.waits, 0) &&
	    !u64map__new(&p.again, 0))
		err = run(&p, now, matched);
	u64map__free(p.keys);
	u64map__free(p.waits);
	u64map__free(p.again);
	free(matched);
	forget(r);
	return err;
}

const struct finding *find_register__at(const struct find_register *r, size_t i)
{
	return &r->entries[i]->f;
}

size_t find_register__nr(const struct find_register *r)
{
	return r->nr;
}

uint64_t find_register__nr_forgotten(const struct find_register *r)
{
	return r->nr_forgotten;
}
