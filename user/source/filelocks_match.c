// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * filelocks_match.c - which task is behind a waiting line of /proc/locks.
 *
 * The line has the process at most; the thread is the one whose system call asks
 * for that kind of lock on a descriptor of that inode.
 */
#include <errno.h>
#include "source/filelocks_ask.h"

struct matcher {
	struct fl_match *m;
	FL_LIST(struct fl_ask) cands;
	FL_LIST(struct fl_ask) waits;
	const struct fl_line *own;	/* of the candidates */
};

static int by_ask(const void *a, const void *b)
{
	const struct fl_ask *x = a, *y = b;

	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	if (x->pid != y->pid)
		return x->pid < y->pid ? -1 : 1;
	if (x->ino != y->ino)
		return x->ino < y->ino ? -1 : 1;
	if (x->mode != y->mode)
		return x->mode < y->mode ? -1 : 1;
	return 0;
}

static int by_ask_and_index(const void *a, const void *b)
{
	const struct fl_ask *x = a, *y = b;
	int order = by_ask(a, b);

	return order ? order : x->index < y->index ? -1 : x->index > y->index;
}

static int add_wait(struct matcher *mt, uint32_t i)
{
	const struct fl_line *line = &mt->m->lines[mt->m->waits[i].line];

	if (!FL_ROOM(&mt->waits))
		return -ENOMEM;
	mt->waits.at[mt->waits.nr++] = (struct fl_ask){
		.kind = line->kind,
		.pid = line->pid,
		.ino = line->kind == KIND_LEASE ? 0 : line->ino,
		.mode = line->kind == KIND_FLOCK ? line->mode : MODE_EXCLUSIVE,
		.index = i,
	};
	return 0;
}

static int add_candidates(struct matcher *mt, const struct fl_asks *asks)
{
	for (uint32_t i = 0; i < asks->now.nr; i++) {
		if (!asks->now.at[i].wants)
			continue;
		if (!FL_ROOM(&mt->cands))
			return -ENOMEM;
		mt->cands.at[mt->cands.nr++] = asks->now.at[i].ask;
	}
	mt->own = asks->own.at;
	return 0;
}

static const struct fl_line *root_of(const struct matcher *mt, const struct fl_ask *wait)
{
	return &mt->m->lines[mt->m->waits[wait->index].root];
}

static bool is_single(const struct matcher *mt, const struct fl_line *hold)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < mt->m->nr_lines; i++)
		n += !mt->m->lines[i].waits && fl_line__same(&mt->m->lines[i], hold);
	return n == 1;
}

/* A description's own lock never blocks it. */
static bool may_wait(const struct matcher *mt, const struct fl_ask *cand, const struct fl_ask *wait)
{
	const struct fl_line *root = root_of(mt, wait);

	for (uint32_t i = 0; i < cand->nr_own; i++) {
		if (fl_line__same(&mt->own[cand->first_own + i], root) && is_single(mt, root))
			return false;
	}
	return true;
}

static void assign(struct matcher *mt, struct fl_ask *cand, struct fl_ask *wait, bool unsure)
{
	struct fl_wait *w = &mt->m->waits[wait->index];

	w->candidate = cand->index;
	w->fd = cand->fd;
	w->unsure = unsure;
	cand->taken = wait->taken = true;
}

/* The only one of list that fits, NULL when none or several do. */
static struct fl_ask *only_fit(const struct matcher *mt, const struct fl_ask *of, bool of_wait,
			    struct fl_ask *list, uint32_t nr)
{
	struct fl_ask *fit = NULL;

	for (uint32_t i = 0; i < nr; i++) {
		if (list[i].taken || !(of_wait ? may_wait(mt, &list[i], of) :
						 may_wait(mt, of, &list[i])))
			continue;
		if (fit)
			return NULL;
		fit = &list[i];
	}
	return fit;
}

#define DEDUCE_MAX 64	/* of a kind on one inode; the work grows with the cube */

/* Takes all that can be only one way, again and again.  Needs as many tasks as
 * lines: else a task that fits may be one that is in no line. */
static void deduce(struct matcher *mt, struct fl_ask *cands, struct fl_ask *waits, uint32_t nr)
{
	bool more = nr <= DEDUCE_MAX;

	while (more) {
		more = false;
		for (uint32_t i = 0; i < nr; i++) {
			struct fl_ask *fit;

			fit = waits[i].taken ? NULL : only_fit(mt, &waits[i], true, cands, nr);
			if (fit) {
				assign(mt, fit, &waits[i], false);
				more = true;
			}
			fit = cands[i].taken ? NULL : only_fit(mt, &cands[i], false, waits, nr);
			if (fit) {
				assign(mt, &cands[i], fit, false);
				more = true;
			}
		}
	}
}

/* Whether it is all the same which task is in which line. */
static bool all_alike(const struct matcher *mt, const struct fl_ask *waits, uint32_t nr)
{
	for (uint32_t i = 1; i < nr; i++) {
		if (!fl_line__same(root_of(mt, &waits[0]), root_of(mt, &waits[i])))
			return false;
	}
	return true;
}

/* Tasks and lines that look alike. */
static void match_alike(struct matcher *mt, struct fl_ask *cands, uint32_t nr_cands,
			struct fl_ask *waits, uint32_t nr_waits)
{
	uint32_t c, w, free_from = 0;
	bool unsure = nr_cands > nr_waits ||
		      (nr_waits > 1 && !all_alike(mt, waits, nr_waits));

	if (unsure && nr_cands == nr_waits)
		deduce(mt, cands, waits, nr_waits);
	/* what is left, each in its own order, so that two looks agree */
	for (w = 0; w < nr_waits; w++) {
		if (waits[w].taken)
			continue;
		while (free_from < nr_cands && cands[free_from].taken)
			free_from++;
		for (c = free_from; c < nr_cands; c++) {
			if (!cands[c].taken && may_wait(mt, &cands[c], &waits[w]))
				break;
		}
		if (c < nr_cands)
			assign(mt, &cands[c], &waits[w], unsure);
	}
}

/* Leases: when stacks tell who breaks one, only those count. */
static uint32_t keep_breakers(struct fl_ask *cands, uint32_t nr)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < nr; i++) {
		if (cands[i].names_break)
			cands[kept++] = cands[i];
	}
	return kept ? kept : nr;
}

static void match_all(struct matcher *mt)
{
	struct fl_ask *c = mt->cands.at, *w = mt->waits.at;
	struct fl_ask *c_end = c + mt->cands.nr, *w_end = w + mt->waits.nr;

	while (c < c_end && w < w_end) {
		struct fl_ask *c_next = c, *w_next = w;
		uint32_t nr_cands;
		int order = by_ask(c, w);

		if (order < 0) {
			c++;
			continue;
		}
		if (order > 0) {
			w++;
			continue;
		}
		while (c_next < c_end && !by_ask(c, c_next))
			c_next++;
		while (w_next < w_end && !by_ask(w, w_next))
			w_next++;
		nr_cands = c_next - c;
		if (c->kind == KIND_LEASE)
			nr_cands = keep_breakers(c, nr_cands);
		match_alike(mt, c, nr_cands, w, w_next - w);
		c = c_next;
		w = w_next;
	}
}

int fl_match__run(struct fl_match *m, int proc, const struct filelock_candidate *cands,
		  uint32_t nr_cands, struct fl_asks *asks, struct fl_buf *buf)
{
	struct matcher mt = { .m = m };
	int err = fl_asks__begin(asks, m->lines, m->nr_lines);

	for (uint32_t i = 0; i < m->nr_waits && !err; i++)
		err = add_wait(&mt, i);
	for (uint32_t i = 0; i < nr_cands && !err; i++)
		err = fl_asks__add(asks, proc, &cands[i], i, buf);
	if (!err)
		err = add_candidates(&mt, asks);
	if (!err && mt.cands.nr && mt.waits.nr) {
		qsort(mt.cands.at, mt.cands.nr, sizeof(struct fl_ask), by_ask_and_index);
		qsort(mt.waits.at, mt.waits.nr, sizeof(struct fl_ask), by_ask_and_index);
		match_all(&mt);
	}
	free(mt.cands.at);
	free(mt.waits.at);
	return err;
}
