// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* What the parts of a page name: locks, stacks, and each frame once. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "lib/hash.h"
#include "lib/map.h"
#include "lib/vec.h"
#include "record/caller.h"
#include "view/html_page.h"
#include "view/json_parts.h"

struct frame_list {
	const struct rec_frame **list;
	size_t nr, cap;
	struct u64map *keys;	/* hash, or the next free number after it, to index */
};

void html_page__time(struct html_page *p, int64_t t_ns)
{
	json_parts__time(&p->j, NULL, t_ns);
}

void html_page__stack(struct html_page *p, uint32_t id)
{
	if (stack_ids__add(&p->stacks, id))
		p->error = -ENOMEM;
	json_parts__id(&p->j, NULL, id);
}

void html_page__lock(struct html_page *p, const struct rec_lock *lock)
{
	uint64_t h, at;

	if (!lock || !lock->key) {
		json__i64(&p->j, NULL, -1);
		return;
	}
	for (h = hash__add(hash__u64(lock->key), lock->kind); u64map__get(p->lock_keys, h, &at); h++)
		if (p->locks[at].key == lock->key && p->locks[at].kind == lock->kind)
			break;
	if (!u64map__get(p->lock_keys, h, &at)) {
		at = p->nr_locks;
		if (!VEC_ROOM(p->locks, p->nr_locks, p->cap_locks) ||
		    u64map__set(p->lock_keys, h, at)) {
			p->error = -ENOMEM;
			return;
		}
		p->locks[p->nr_locks++] = *lock;
	}
	json__u64(&p->j, NULL, at);
}

static void put_locks(struct html_page *p)
{
	json__array(&p->j, "locks");
	for (size_t i = 0; i < p->nr_locks; i++) {
		const struct rec_lock_name none = { 0 }, *n = model__name(p->in->view.model, &p->locks[i]);

		n = n ? n : &none;
		json__object(&p->j, NULL);
		json_parts__lock(&p->j, &p->locks[i]);
		json_parts__name(&p->j, n->name, n->source, n->guess, n->object);
		json__end_object(&p->j);
	}
	json__end_array(&p->j);
}

static bool same_str(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

static bool same_frame(const struct rec_frame *a, const struct rec_frame *b)
{
	return a->addr == b->addr && a->off == b->off && same_str(a->sym, b->sym) &&
	       same_str(a->module, b->module);
}

/* The frame's index; -ENOMEM. */
static int64_t find_frame(struct frame_list *f, const struct rec_frame *frame)
{
	uint64_t h, at;

	for (h = hash__add(hash__u64(frame->addr), frame->off); u64map__get(f->keys, h, &at); h++)
		if (same_frame(f->list[at], frame))
			return (int64_t)at;
	if (!VEC_ROOM(f->list, f->nr, f->cap) || u64map__set(f->keys, h, f->nr))
		return -ENOMEM;
	f->list[f->nr] = frame;
	return (int64_t)f->nr++;
}

/* [id, index of the caller, [frames]], the innermost first. */
static int put_stack(struct html_page *p, const struct rec_stack *stack, struct frame_list *f)
{
	int64_t at = 0;

	json__array(&p->j, NULL);
	json__u64(&p->j, NULL, stack->id);
	json__u64(&p->j, NULL, caller__index(stack));
	json__array(&p->j, NULL);
	for (uint32_t i = 0; at >= 0 && i < stack->nr_frames; i++) {
		at = find_frame(f, &stack->frames[i]);
		json__i64(&p->j, NULL, at);
	}
	json__end_array(&p->j);
	json__end_array(&p->j);
	return at < 0 ? (int)at : 0;
}

/* [sym, off, module, addr, entry, line]; entry: the same at the end of every stack; line only
 * where it is known. */
static void put_frame(struct json *j, const struct rec_frame *frame)
{
	json__array(j, NULL);
	json__str(j, NULL, frame->sym);
	json__u64(j, NULL, frame->off);
	json__str(j, NULL, frame->module);
	json__hex(j, NULL, frame->addr);
	json__bool(j, NULL, caller__is_entry(frame->sym));
	if (frame->line)
		json__str(j, NULL, frame->line);
	json__end_array(j);
}

static int put_stacks(struct html_page *p, struct frame_list *f)
{
	int err = 0;

	stack_ids__sort(&p->stacks);
	json__array(&p->j, "stacks");
	for (size_t i = 0; !err && i < p->stacks.nr; i++) {
		const struct rec_stack *stack = model__stack(p->in->view.model, p->stacks.ids[i]);

		if (stack)
			err = put_stack(p, stack, f);
	}
	json__end_array(&p->j);
	json__array(&p->j, "frames");
	for (size_t i = 0; i < f->nr; i++)
		put_frame(&p->j, f->list[i]);
	json__end_array(&p->j);
	return err;
}

void html_page__put_named(struct html_page *p)
{
	struct frame_list f = { 0 };
	int err = u64map__new(&f.keys, 0);

	put_locks(p);
	if (!err)
		err = put_stacks(p, &f);
	if (err)
		p->error = err;
	u64map__free(f.keys);
	free(f.list);
}
