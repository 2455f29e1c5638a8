// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "view/stat_base.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "lib/vec.h"

static bool make_room(struct stat_befores *b, size_t nr, size_t nr_hists)
{
	struct stat_before *rows = b->rows;
	uint64_t *hists = b->hists;

	if (nr > b->cap) {
		rows = vec__grow(b->rows, &b->cap, nr, sizeof(*rows));
		if (!rows)
			return false;
		b->rows = rows;
	}
	if (nr_hists > b->cap_hists) {
		hists = vec__grow(b->hists, &b->cap_hists, nr_hists, sizeof(*hists));
		if (!hists)
			return false;
		b->hists = hists;
	}
	return true;
}

static bool add(struct stat_befores *b, uint64_t count, uint64_t total_ns, uint64_t max_ns,
		const struct rec_hist *hist)
{
	if (!make_room(b, b->nr + 1, b->nr_hists + hist->nr))
		return false;
	b->rows[b->nr++] = (struct stat_before){ count, total_ns, max_ns, b->nr_hists, hist->first,
						 hist->nr };
	if (hist->nr)
		memcpy(b->hists + b->nr_hists, hist->counts, hist->nr * sizeof(*hist->counts));
	b->nr_hists += hist->nr;
	return true;
}

int stat_base__take(struct stat_base *b, const struct model *model)
{
	size_t nr, nr_holds, i;
	const struct stat_row *rows = model__stats(model, &nr);
	const struct hold_row *holds = model__holds(model, &nr_holds);
	bool ok = true;

	b->waits.nr = b->waits.nr_hists = b->holds.nr = b->holds.nr_hists = 0;
	for (i = 0; ok && i < nr; i++)
		ok = add(&b->waits, rows[i].agg.count, rows[i].agg.total_ns, rows[i].agg.max_ns,
			 &rows[i].agg.hist);
	for (i = 0; ok && i < nr_holds; i++)
		ok = add(&b->holds, holds[i].agg.count, holds[i].agg.total_ns, holds[i].agg.max_ns,
			 &holds[i].agg.hist);
	if (ok)
		return 0;
	stat_base__free(b);
	return -ENOMEM;
}

void stat_base__free(struct stat_base *b)
{
	free(b->waits.rows);
	free(b->waits.hists);
	free(b->holds.rows);
	free(b->holds.hists);
	*b = (struct stat_base){ 0 };
}

struct stat_counts stat_befores__get(const struct stat_befores *b, size_t i)
{
	const struct stat_before *row;

	if (i >= b->nr)
		return (struct stat_counts){ 0 };
	row = &b->rows[i];
	return (struct stat_counts){ row->count, row->total_ns, row->max_ns,
				     { b->hists + row->hist, row->first, row->nr } };
}
