// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "model/model.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/arena.h"
#include "lib/map.h"
#include "lib/vec.h"
#include "model/build.h"
#include "model/ended.h"
#include "model/intern.h"
#include "model/lines.h"
#include "model/names.h"
#include "model/rows.h"

struct known_stack {
	struct rec_stack stack;
	struct rec_frame *frames;	/* those of stack */
	size_t nr_lines;		/* how many were known when the frames got theirs */
};

struct model {
	struct arena *arena;		/* header, frames, interned strings */
	struct intern *strings;
	struct rec_header header;
	bool has_header, has_end;
	struct rec_lost lost;
	struct rec_end end;

	struct known_stack *stacks;
	struct u64map *stack_ids;	/* id to index */
	size_t nr_stacks, cap_stacks;

	struct rows *rows;

	struct names *names;
	struct lines *lines;

	struct ended ended;
	struct facts facts;

	struct build *build;		/* the read that is coming in */
	uint64_t reads_cut;
	struct snapshot *cur, *prev;
};

int model__new(struct model **out)
{
	struct model *m = calloc(1, sizeof(*m));

	*out = NULL;
	if (!m)
		return -ENOMEM;
	if (arena__new(&m->arena) || intern__new(&m->strings, m->arena) ||
	    rows__new(&m->rows, m->strings) || u64map__new(&m->stack_ids, 0) ||
	    names__new(&m->names, m->strings) || lines__new(&m->lines, m->strings)) {
		model__free(m);
		return -ENOMEM;
	}
	m->lost.t_ns = LK_NO_TIME; /* nothing is known about losses yet */
	*out = m;
	return 0;
}

void model__free(struct model *m)
{
	if (!m)
		return;
	build__free(m->build);
	snapshot__free(m->cur);
	snapshot__free(m->prev);
	rows__free(m->rows);
	names__free(m->names);
	lines__free(m->lines);
	intern__free(m->strings);
	u64map__free(m->stack_ids);
	free(m->stacks);
	ended__free(&m->ended);
	facts__free(&m->facts);
	arena__free(m->arena);
	free(m);
}

/* The model's own copy; *err is set when memory is out. */
static const char *keep(struct model *m, const char *s, int *err)
{
	const char *copy = intern__str(m->strings, s);

	if (s && !copy)
		*err = -ENOMEM;
	return copy;
}

static int keep_command(struct model *m, const struct rec_header *h)
{
	size_t n = 0, i;
	char **copy;
	int err = 0;

	while (h->command && h->command[n])
		n++;
	copy = arena__array(m->arena, n + 1, sizeof(*copy));
	if (!copy)
		return -ENOMEM;
	for (i = 0; i < n; i++)
		copy[i] = (char *)keep(m, h->command[i], &err);
	m->header.command = copy;
	return err;
}

static int apply_header(struct model *m, const struct rec_header *h)
{
	int err = 0;

	m->header = *h;
	m->header.version = keep(m, h->version, &err);
	m->header.kernel = keep(m, h->kernel, &err);
	m->header.host = keep(m, h->host, &err);
	m->header.level = keep(m, h->level, &err);
	m->header.began_at = keep(m, h->began_at, &err);
	m->has_header = true;
	if (!m->ended.keep_wait_ns && !m->ended.keep_spin_ns)
		model__keep_ended(m, h->thresholds.long_wait_ns, h->thresholds.long_spin_ns);
	return err ? err : keep_command(m, h);
}

/* An id that comes again means the new frames: a source never does it. */
static int apply_stack(struct model *m, const struct rec_stack *st)
{
	struct rec_frame *frames;
	uint64_t at;
	uint32_t i;
	int err = 0;

	frames = arena__array(m->arena, st->nr_frames, sizeof(*frames));
	if (!frames || !VEC_ROOM(m->stacks, m->nr_stacks, m->cap_stacks))
		return -ENOMEM;
	for (i = 0; i < st->nr_frames; i++) {
		frames[i] = st->frames[i];
		frames[i].sym = keep(m, st->frames[i].sym, &err);
		frames[i].module = keep(m, st->frames[i].module, &err);
		frames[i].line = keep(m, st->frames[i].line, &err);
	}
	if (!u64map__get(m->stack_ids, st->id, &at)) {
		at = m->nr_stacks;
		if (u64map__set(m->stack_ids, st->id, at))
			return -ENOMEM;
		m->nr_stacks++;
	}
	m->stacks[at] = (struct known_stack){ { st->id, st->nr_frames, frames }, frames, 0 };
	return err;
}

static void fill_holds(const struct model *m, struct snapshot *s)
{
	for (uint32_t i = 0; i < s->nr_holds; i++)
		lines__fill(m->lines, &s->holds[i].site);
}

static int apply_line(struct model *m, const struct rec_frame *frame)
{
	int err = lines__set(m->lines, frame);

	if (!err && m->cur)
		fill_holds(m, m->cur);
	return err;
}

static int keep_name(struct model *m, const struct rec_lock_state *l)
{
	const struct rec_lock_name name = { .lock = l->lock, .name = l->name,
					    .source = l->name_source, .object = l->object,
					    .guess = l->name_guess };

	return l->name ? names__set(m->names, &name) : 0;
}

/* Since when each task has not been switched, as far as reads show it. */
static void note_standing(struct snapshot *s, const struct snapshot *before)
{
	for (uint32_t i = 0; i < s->nr_tasks; i++) {
		struct snap_task *t = &s->tasks[i];
		uint32_t same = before ? snapshot__find_same(before, t) : SNAP_NONE;
		const struct snap_task *was = same == SNAP_NONE ? NULL : &before->tasks[same];

		t->stands_ns = s->t_ns;
		if (was && was->listed && t->listed && was->switches == t->switches &&
		    was->state == t->state)
			t->stands_ns = was->stands_ns;
	}
}

/* Ends the read that is coming in; 1, or -ENOMEM. */
static int finish_read(struct model *m)
{
	struct snapshot *s;
	int err = build__finish(m->build, &m->lost, &s);

	build__free(m->build);
	m->build = NULL;
	if (err)
		return err;
	note_standing(s, m->cur);
	fill_holds(m, s);
	snapshot__free(m->prev);
	m->prev = m->cur;
	m->cur = s;
	return 1;
}

static int apply_read(struct model *m, const struct rec_read *read)
{
	int err;

	if (m->build) {
		build__free(m->build);
		m->build = NULL;
		m->reads_cut++;
	}
	err = build__new(&m->build, read);
	if (err)
		return err;
	return build__is_whole(m->build) ? finish_read(m) : 0;
}

/* What build__add_*() returned: 1 makes the read whole. */
static int after_add(struct model *m, int ret)
{
	if (ret < 0) {
		build__free(m->build);
		m->build = NULL;
	}
	return ret == 1 ? finish_read(m) : ret;
}

static int apply_lock(struct model *m, const struct rec_lock_state *l)
{
	int err;

	if (!m->build)
		return -EPROTO;
	err = keep_name(m, l);
	return err ? err : after_add(m, build__add_lock(m->build, l));
}

int model__apply(struct model *m, const struct record *rec)
{
	switch (rec->type) {
	case REC_HEADER:
		return apply_header(m, &rec->header);
	case REC_STACK:
		return apply_stack(m, &rec->stack);
	case REC_LINE:
		return apply_line(m, &rec->line);
	case REC_LOCK_NAME:
		return names__set(m->names, &rec->lock_name);
	case REC_WAIT:
		return ended__add_wait(&m->ended, &rec->wait);
	case REC_HOLD:
		return ended__add_hold(&m->ended, &rec->hold);
	case REC_AGG:
		return rows__add_agg(m->rows, &rec->agg);
	case REC_HOLD_AGG:
		return rows__add_hold_agg(m->rows, &rec->hold_agg);
	case REC_READ:
		return apply_read(m, &rec->read);
	case REC_TASK:
		return m->build ? after_add(m, build__add_task(m->build, &rec->task)) : -EPROTO;
	case REC_LOCK:
		return apply_lock(m, &rec->lock);
	case REC_LOST:
		m->lost = rec->lost;
		return 0;
	case REC_END:
		m->end = rec->end;
		m->has_end = true;
		return 0;
	default:
		return facts__add(&m->facts, m->strings, rec);
	}
}

uint64_t model__reads_cut(const struct model *m)
{
	return m->reads_cut;
}

const struct snapshot *model__current(const struct model *m)
{
	return m->cur;
}

const struct snapshot *model__previous(const struct model *m)
{
	return m->prev;
}

const struct rec_stack *model__stack(const struct model *m, uint32_t id)
{
	struct known_stack *s;
	uint64_t at;

	if (!u64map__get(m->stack_ids, id, &at))
		return NULL;
	s = &m->stacks[at];
	if (s->nr_lines != lines__nr(m->lines))
		for (uint32_t i = 0; i < s->stack.nr_frames; i++)
			lines__fill(m->lines, &s->frames[i]);
	s->nr_lines = lines__nr(m->lines);
	return &s->stack;
}

const struct rec_header *model__header(const struct model *m)
{
	return m->has_header ? &m->header : NULL;
}

const struct rec_lost *model__lost(const struct model *m)
{
	return &m->lost;
}

const struct rec_end *model__end(const struct model *m)
{
	return m->has_end ? &m->end : NULL;
}

const struct stat_row *model__stats(const struct model *m, size_t *nr)
{
	return rows__stats(m->rows, nr);
}

const struct rec_wait *model__ended(const struct model *m, size_t *nr)
{
	*nr = m->ended.nr_waits;
	return m->ended.waits;
}

void model__forget_ended(struct model *m)
{
	ended__forget(&m->ended);
}

const struct rec_hold *model__ended_holds(const struct model *m, size_t *nr)
{
	*nr = m->ended.nr_holds;
	return m->ended.holds;
}

const struct hold_row *model__holds(const struct model *m, size_t *nr)
{
	return rows__holds(m->rows, nr);
}

const struct facts *model__facts(const struct model *m)
{
	return &m->facts;
}

void model__keep_ended(struct model *m, uint64_t wait_ns, uint64_t spin_ns)
{
	m->ended.keep_wait_ns = wait_ns;
	m->ended.keep_spin_ns = spin_ns;
}

const struct rec_lock_name *model__name(const struct model *m, const struct rec_lock *lock)
{
	return names__get(m->names, lock);
}

const char *model__lock_name(const struct model *m, const struct rec_lock *lock)
{
	const struct rec_lock_name *name = names__get(m->names, lock);

	return name ? name->name : NULL;
}

void model__fill_line(const struct model *m, struct rec_frame *frame)
{
	lines__fill(m->lines, frame);
}
