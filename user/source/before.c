// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "source/before.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/map.h"
#include "source/before_int.h"

/* include/linux/wait.h: WQ_FLAG_CUSTOM marks a reader; 8 up to 6.5, then 4 (what was 4
 * before, a bookmark, is no waiter). */
#define ENTRY_READER 0xc
/* kernel/locking/rwsem.c, enum rwsem_waiter_type */
#define FOR_WRITE 0
#define FOR_READ 1

int before__new(struct before **out, const struct lk_layout *layout,
		const struct before_funcs *funcs)
{
	struct before *b = calloc(1, sizeof(*b));

	*out = NULL;
	if (!b || u64map__new(&b->nodes, 0)) {
		free(b);
		return -ENOMEM;
	}
	b->layout = layout;
	b->funcs = funcs;
	*out = b;
	return 0;
}

void before__free(struct before *b)
{
	if (!b)
		return;
	u64map__free(b->nodes);
	free(b->by_sp);
	free(b->rings);
	free(b->walk);
	free(b);
}

static int by_sp(const void *va, const void *vb)
{
	const struct lk_sleeper *a = *(const struct lk_sleeper *const *)va;
	const struct lk_sleeper *b = *(const struct lk_sleeper *const *)vb;

	return a->sp < b->sp ? -1 : a->sp > b->sp;
}

int before__begin(struct before *b, const struct lk_sleeper *const *sleepers, uint32_t nr,
		  before_read_fn read, void *ctx)
{
	const struct lk_sleeper **list = realloc(b->by_sp, ((size_t)nr + 1) * sizeof(*list));
	uint32_t i;

	if (!list)
		return -ENOMEM;
	b->by_sp = list;
	b->nr_by_sp = 0;
	for (i = 0; i < nr; i++)
		if (sleepers[i]->nr_words)
			list[b->nr_by_sp++] = sleepers[i];
	qsort(list, b->nr_by_sp, sizeof(*list), by_sp);
	b->sleepers = sleepers;
	b->nr = nr;
	b->read = read;
	b->read_ctx = ctx;
	b->nr_rings = 0;
	u64map__clear(b->nodes);
	return 0;
}

const struct lk_sleeper *before__on_stack(const struct before *b, uint64_t addr)
{
	uint32_t lo = 0, hi = b->nr_by_sp;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (b->by_sp[mid]->sp <= addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (!lo || addr - b->by_sp[lo - 1]->sp >= (uint64_t)b->by_sp[lo - 1]->nr_words * 8)
		return NULL;
	return b->by_sp[lo - 1];
}

bool before__read(const struct before *b, uint64_t addr, void *to, size_t len)
{
	const struct lk_sleeper *s = before__on_stack(b, addr);
	uint64_t at;

	if (!s)
		return b->read(b->read_ctx, addr, to, len);
	at = addr - s->sp;
	if (at + len > (uint64_t)s->nr_words * 8)
		return false;
	memcpy(to, (const char *)lk_sleeper__words(s) + at, len);
	return true;
}

uint64_t before__word(const struct before *b, uint64_t addr)
{
	uint64_t word;

	return before__read(b, addr, &word, sizeof(word)) ? word : 0;
}

/* The kind of the function into which this is a return address, or NULL. */
static const struct before_kind *kind_at(const struct before_funcs *f, uint64_t addr)
{
	size_t lo = 0, hi = f->nr;

	if (!f->nr || addr <= f->list[0].from || addr > f->list[f->nr - 1].to)
		return NULL;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (f->list[mid].from < addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo && addr <= f->list[lo - 1].to ? f->list[lo - 1].kind : NULL;
}

/* One attempt: the waiter of this kind in the words from at on. */
struct attempt {
	const struct lk_sleeper *s;
	const uint64_t *words;
	uint32_t at;
	const struct before_kind *kind;
};

static bool names(const struct lk_sleeper *s, uint64_t lock)
{
	return s->mutex == lock || s->blocker == lock || s->rt_lock == lock;
}

static uint64_t hint_of(const struct attempt *a)
{
	if (a->kind->shape == SHAPE_MUTEX && a->s->mutex)
		return a->s->mutex;
	return a->s->blocker;
}

static uint32_t rwsem_mode(const struct before *b, uint64_t waiter)
{
	int32_t type;

	if (!before__read(b, waiter + (uint64_t)b->layout->rwsem_type, &type, sizeof(type)))
		return 0;
	return type == FOR_READ ? LK_F_READ : type == FOR_WRITE ? LK_F_WRITE : 0;
}

static enum before_result found(const struct attempt *a, uint64_t lock, uint32_t flags,
				struct before_wait *out)
{
	out->lock = lock;
	out->flags = flags | LK_F_FOUND | (names(a->s, lock) ? LK_F_FIELDS : 0);
	return BEFORE_FOUND;
}

/* Is there a waiter of the task with its task field here, in a queue of a lock? */
static enum before_result try_waiter(struct before *b, const struct attempt *a, uint32_t task_at,
				     enum before_shape shape, struct before_wait *out)
{
	const struct lk_queue *q = before__queue(b, shape);
	uint64_t waiter = a->s->sp + task_at * 8ULL - (uint64_t)q->task;
	uint64_t node = waiter + (uint64_t)q->node;
	uint32_t flags = a->kind->flags;
	const struct before_ring *ring;

	if (waiter < a->s->sp + a->at * 8ULL || !is_kernel(before__word(b, node)))
		return BEFORE_NONE;
	if (shape == SHAPE_RWSEM) {
		flags |= rwsem_mode(b, waiter);
		if (!(flags & (LK_F_READ | LK_F_WRITE)))
			return BEFORE_NONE;
	}
	ring = before__ring(b, shape, node, hint_of(a), &out->place);
	if (!ring || !ring->fits)
		return BEFORE_UNSURE;
	return found(a, ring->lock, flags, out);
}

static enum before_result try_list(struct before *b, const struct attempt *a,
				   struct before_wait *out)
{
	enum before_result r;
	uint32_t i;

	for (i = a->at; i < a->s->nr_words; i++) {
		if (a->words[i] != a->s->task)
			continue;
		r = try_waiter(b, a, i, a->kind->shape, out);
		if (r == BEFORE_FOUND)
			return r;
	}
	return BEFORE_UNSURE;
}

static enum before_result try_percpu(struct before *b, const struct attempt *a,
				     struct before_wait *out)
{
	const struct lk_layout *l = b->layout;
	int32_t task_off = l->queue[LK_QUEUE_PERCPU].task - l->entry_func;
	enum before_result r;
	uint32_t i, flags;

	for (i = a->at + 2; i < a->s->nr_words && b->funcs->percpu_wake; i++) {
		uint64_t entry = a->s->sp + i * 8ULL - (uint64_t)l->entry_func;
		uint32_t task_at = (uint32_t)((int32_t)i + task_off / 8);

		if (a->words[i] != b->funcs->percpu_wake || task_at >= a->s->nr_words ||
		    a->words[task_at] != a->s->task ||
		    !before__read(b, entry + (uint64_t)l->entry_flags, &flags, sizeof(flags)))
			continue;
		r = try_waiter(b, a, task_at, SHAPE_PERCPU, out);
		if (r != BEFORE_FOUND)
			continue;
		out->flags &= ~(uint32_t)(LK_F_READ | LK_F_WRITE);
		out->flags |= flags & ENTRY_READER ? LK_F_READ : LK_F_WRITE;
		return r;
	}
	return BEFORE_UNSURE;
}

/* Its writer waits with nothing of its own in a queue: the lock names it. */
static enum before_result try_drain(struct before *b, const struct attempt *a,
				    struct before_wait *out)
{
	uint64_t writer_off = (uint64_t)b->layout->percpu_writer, lock;
	uint32_t i, k;

	/* It may still be on its way to that, in the queue. */
	if (try_percpu(b, a, out) == BEFORE_FOUND)
		return BEFORE_FOUND;
	for (i = 0; i < a->s->nr_words; i++) {
		if (before__on_stack(b, a->words[i]))
			continue;
		/* The lock, or its member. */
		for (k = 0; k < 2; k++) {
			lock = a->words[i] - (k ? writer_off : 0);
			if (!is_kernel(lock) || before__word(b, lock + writer_off) != a->s->task ||
			    !before__fits(b, SHAPE_DRAIN, lock))
				continue;
			out->place = 0;
			return found(a, lock, a->kind->flags, out);
		}
	}
	return BEFORE_UNSURE;
}

static enum before_result attempt(struct before *b, const struct attempt *a,
				  struct before_wait *out)
{
	switch (a->kind->shape) {
	case SHAPE_PERCPU:
		return try_percpu(b, a, out);
	case SHAPE_DRAIN:
		return try_drain(b, a, out);
	default:
		return try_list(b, a, out);
	}
}

/* Innermost function first; what was tried of its shape further in is not again. */
static enum before_result find_on_stack(struct before *b, const struct lk_sleeper *s,
					struct before_wait *out)
{
	struct attempt a = { .s = s, .words = lk_sleeper__words(s) };
	enum before_result r = BEFORE_NONE;
	bool tried[NR_SHAPES] = { false }, timeout = false;
	const struct before_kind *kind;
	uint32_t i;

	for (i = 0; i < s->nr_words; i++) {
		kind = kind_at(b->funcs, a.words[i]);
		if (!kind)
			continue;
		timeout |= !!(kind->flags & LK_F_TIMEOUT);
		if (r == BEFORE_FOUND || tried[kind->shape])
			continue;
		tried[kind->shape] = true;
		a.kind = kind;
		a.at = i + 1;
		r = attempt(b, &a, out);
	}
	if (r == BEFORE_FOUND && timeout)
		out->flags |= LK_F_TIMEOUT;
	return r;
}

enum before_result before__find(struct before *b, uint32_t i, struct before_wait *out)
{
	const struct lk_sleeper *s = b->sleepers[i];

	*out = (struct before_wait){ 0 };
	/* Set and cleared by the task itself, under the lock that the search would need. */
	if (is_kernel(s->rt_lock)) {
		out->lock = s->rt_lock;
		out->flags = LK_F_RT | LK_F_FOUND | LK_F_FIELDS;
		return BEFORE_FOUND;
	}
	return b->layout->known ? find_on_stack(b, s, out) : BEFORE_NONE;
}
