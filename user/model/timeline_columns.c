// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "model/timeline_columns.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define TIME_MAX (INT64_MAX / 2)	/* no sum of two columns overflows; 146 years */

static void fold_lock(struct time_lock *l)
{
	uint32_t first = l->first / 2, nr;
	uint64_t *fitting;

	if (!l->nr)
		return;
	nr = (l->first + l->nr - 1) / 2 - first + 1;
	for (uint32_t i = 0; i < l->nr; i++) {
		uint64_t ns = l->wait_ns[i];

		/* never behind where it is read: the place is at most i */
		l->wait_ns[i] = 0;
		l->wait_ns[(l->first + i) / 2 - first] += ns;
	}
	l->first = first;
	l->nr = nr;
	fitting = realloc(l->wait_ns, nr * sizeof(*fitting));
	if (fitting) {
		l->wait_ns = fitting;
		l->cap = nr;
	}
}

static uint64_t nr_cells(const struct timeline *t)
{
	uint64_t nr = 0;

	for (size_t i = 0; i < t->nr_locks; i++)
		nr += t->locks[i].cap;
	return nr;
}

/* Two columns become one. */
static void widen(struct timeline *t)
{
	t->column_ns *= 2;
	for (uint32_t i = 0; i < t->nr_columns; i++) {
		struct time_column c = t->columns[i], *to = &t->columns[i / 2];

		t->columns[i] = (struct time_column){ 0 };
		to->nr_ended += c.nr_ended;
		to->sleep_ns += c.sleep_ns;
		to->spin_ns += c.spin_ns;
	}
	t->nr_columns = (t->nr_columns + 1) / 2;
	for (size_t i = 0; i < t->nr_locks; i++)
		fold_lock(&t->locks[i]);
	t->nr_cells = nr_cells(t);
}

/* Makes the columns first to last part of the lock's own.  Room behind them is zero. */
static int reach(struct time_lock *l, uint32_t first, uint32_t last)
{
	uint32_t from = l->nr && l->first < first ? l->first : first;
	uint32_t end = l->nr && l->first + l->nr > last + 1 ? l->first + l->nr : last + 1;
	uint32_t nr = end - from, cap = nr + nr / 2;
	uint64_t *room;

	if (l->nr && from == l->first && nr <= l->cap) {
		l->nr = nr;
		return 0;
	}
	room = calloc(cap, sizeof(*room));
	if (!room)
		return -ENOMEM;
	if (l->nr)
		memcpy(room + (l->first - from), l->wait_ns, l->nr * sizeof(*room));
	free(l->wait_ns);
	l->wait_ns = room;
	l->first = from;
	l->nr = nr;
	l->cap = cap;
	return 0;
}

/* How much of the wait lies in one column. */
static uint64_t overlap(int64_t since, int64_t until, int64_t column, int64_t width)
{
	int64_t from = column * width, to = from + width;

	if (since > from)
		from = since;
	if (until < to)
		to = until;
	return to > from ? (uint64_t)(to - from) : 0;
}

int timeline__span(struct timeline *t, const struct time_wait *w)
{
	struct time_lock *l = w->lock == TIMELINE_NONE ? NULL : &t->locks[w->lock];
	int64_t since = w->since_ns > 0 ? w->since_ns : 0, until = w->t_ns;
	uint32_t first, last, cap;

	if (until < 0 || until > TIME_MAX || w->since_ns == LK_NO_TIME || since > until)
		return 0;
	while (until / t->column_ns >= TIMELINE_COLUMNS)
		widen(t);
	first = (uint32_t)(since / t->column_ns);
	last = (uint32_t)(until / t->column_ns);
	if (last >= t->nr_columns)
		t->nr_columns = last + 1;
	cap = l ? l->cap : 0;
	if (l && reach(l, first, last))
		return -ENOMEM;
	for (uint32_t i = first; i <= last; i++) {
		uint64_t ns = overlap(since, until, i, t->column_ns);

		*(w->spin ? &t->columns[i].spin_ns : &t->columns[i].sleep_ns) += ns;
		if (l)
			l->wait_ns[i - l->first] += ns;
	}
	t->columns[last].nr_ended += !w->open;
	t->nr_cells += l ? l->cap - cap : 0;
	while (t->nr_cells > TIMELINE_CELLS && t->nr_columns > 1)
		widen(t);
	return 0;
}
