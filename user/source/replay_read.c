// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "lib/arena.h"
#include "source/replay_read.h"

struct read_buffer {
	struct arena *arena;	/* strings and arrays of the records */
	struct record *recs;
	size_t nr, cap;
	struct rec_read read;
	uint32_t nr_tasks, nr_locks;
	bool open;
};

int read_buffer__new(struct read_buffer **out)
{
	struct read_buffer *b = calloc(1, sizeof(*b));

	if (!b)
		return -ENOMEM;
	*out = b;
	return 0;
}

void read_buffer__free(struct read_buffer *b)
{
	if (!b)
		return;
	arena__free(b->arena);
	free(b->recs);
	free(b);
}

void read_buffer__drop(struct read_buffer *b)
{
	arena__free(b->arena);
	b->arena = NULL;
	b->nr = 0;
	b->nr_tasks = b->nr_locks = 0;
	b->open = false;
}

void read_buffer__begin(struct read_buffer *b, const struct rec_read *read)
{
	read_buffer__drop(b);
	b->read = *read;
	b->open = true;
}

static int copy_str(struct arena *a, const char **str)
{
	if (!*str)
		return 0;
	*str = arena__strdup(a, *str);
	return *str ? 0 : -ENOMEM;
}

static int copy_task(struct arena *a, struct rec_task *t)
{
	if (copy_str(a, &t->who.comm) || copy_str(a, &t->syscall_name))
		return -ENOMEM;
	if (!t->has_wait)
		return 0;
	t->wait.who = t->who;
	return copy_str(a, &t->wait.lock.str);
}

static int copy_site(struct arena *a, const struct rec_frame **site)
{
	struct rec_frame *copy;

	if (!*site)
		return 0;
	copy = arena__alloc(a, sizeof(*copy));
	if (!copy)
		return -ENOMEM;
	*copy = **site;
	*site = copy;
	return copy_str(a, &copy->sym) || copy_str(a, &copy->module) || copy_str(a, &copy->line) ?
		       -ENOMEM : 0;
}

static int copy_lock(struct arena *a, struct rec_lock_state *l)
{
	struct rec_holder *holders;

	if (copy_str(a, &l->lock.str) || copy_str(a, &l->name) || copy_str(a, &l->name_source) ||
	    copy_str(a, &l->object) || copy_str(a, &l->evidence))
		return -ENOMEM;
	if (!l->nr_holders)
		return 0;
	holders = arena__alloc(a, l->nr_holders * sizeof(*holders));
	if (!holders)
		return -ENOMEM;
	memcpy(holders, l->holders, l->nr_holders * sizeof(*holders));
	l->holders = holders;
	for (uint32_t i = 0; i < l->nr_holders; i++)
		if (copy_site(a, &holders[i].site))
			return -ENOMEM;
	return 0;
}

static struct record *push(struct read_buffer *b)
{
	size_t cap = b->cap ? b->cap * 2 : 64;
	struct record *recs;

	if (b->nr < b->cap)
		return &b->recs[b->nr++];
	recs = realloc(b->recs, cap * sizeof(*recs));
	if (!recs)
		return NULL;
	b->recs = recs;
	b->cap = cap;
	return &b->recs[b->nr++];
}

int read_buffer__add(struct read_buffer *b, const struct record *rec)
{
	bool is_task = rec->type == REC_TASK;
	struct record *copy;

	if (is_task ? b->nr_tasks >= b->read.nr_tasks : b->nr_locks >= b->read.nr_locks)
		return -EPROTO;
	if (!b->arena && arena__new(&b->arena))
		return -ENOMEM;
	copy = push(b);
	if (!copy)
		return -ENOMEM;
	*copy = *rec;
	if (is_task)
		b->nr_tasks++;
	else
		b->nr_locks++;
	return is_task ? copy_task(b->arena, &copy->task) : copy_lock(b->arena, &copy->lock);
}

bool read_buffer__is_open(const struct read_buffer *b)
{
	return b->open;
}

bool read_buffer__is_whole(const struct read_buffer *b)
{
	return b->open && b->nr_tasks == b->read.nr_tasks && b->nr_locks == b->read.nr_locks;
}

const struct rec_read *read_buffer__read(const struct read_buffer *b)
{
	return &b->read;
}

void read_buffer__count(const struct read_buffer *b, uint32_t *tasks, uint32_t *locks)
{
	*tasks = b->nr_tasks;
	*locks = b->nr_locks;
}

int read_buffer__pass(struct read_buffer *b, record_fn sink, void *ctx)
{
	struct record rec = { .type = REC_READ, .read = b->read };
	int err = sink(ctx, &rec);

	for (size_t i = 0; i < b->nr && err >= 0; i++)
		err = sink(ctx, &b->recs[i]);
	read_buffer__drop(b);
	return err < 0 ? err : 0;
}
