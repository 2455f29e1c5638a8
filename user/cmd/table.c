// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * table.c - statistics, for those commands that end with a table.
 */
#include "cmd/table.h"

#define TEXT_ROWS 30	/* unless --limit says otherwise */

void table__options(const struct cmd_options *opt, struct stat_options *st)
{
	*st = (struct stat_options){
		.group = opt->group,
		.sort = opt->sort,
		.limit = opt->limit != OPT_UNSET ? (size_t)opt->limit : opt->json ? 0 : TEXT_ROWS,
	};
}

int table__print(struct run *r)
{
	struct stat_options st;
	struct view_input in;
	int err = run__view_input(r, &in);

	table__options(r->opt, &st);
	return err ? err : view_text__stat(output__file(r->out), &in, &st);
}

static int waits_json(struct run *r)
{
	struct record rec = { .type = REC_AGG };
	size_t nr;
	const struct stat_row *rows = model__stats(session__model(r->session), &nr);
	int err = 0;

	for (size_t i = 0; !err && i < nr; i++) {
		if (!run__shows_row(r, &rows[i].agg))
			continue;
		rec.agg = rows[i].agg;
		err = stream__stack(&r->stream, rec.agg.stack);
		if (!err)
			err = stream__name(&r->stream, &rec.agg.lock);
		if (!err)
			err = stream__record(&r->stream, &rec);
	}
	return err;
}

static int holds_json(struct run *r)
{
	const struct model *model = session__model(r->session);
	struct record rec = { .type = REC_HOLD_AGG };
	size_t nr;
	const struct hold_row *rows = model__holds(model, &nr);
	int err = 0;

	for (size_t i = 0; !err && i < nr; i++) {
		rec.hold_agg = rows[i].agg;
		if (!view_filter__hold_agg(&r->filter, &rec.hold_agg,
					   model__lock_name(model, &rec.hold_agg.lock)))
			continue;
		err = stream__name(&r->stream, &rec.hold_agg.lock);
		if (!err)
			err = stream__record(&r->stream, &rec);
	}
	return err;
}

int table__json(struct run *r)
{
	int err = waits_json(r);

	return err ? err : holds_json(r);
}
