// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "cmd/top_int.h"

/* The collect that comes before each tick ends with the losses and their time. */
int64_t moment__time(const struct model *m)
{
	const struct rec_lost *lost = model__lost(m);
	const struct snapshot *snap = model__current(m);
	int64_t t_ns = lost && lost->t_ns > 0 ? lost->t_ns : 0;

	return snap && snap->t_ns > t_ns ? snap->t_ns : t_ns;
}

static void *copy_of(const void *items, size_t nr, size_t size)
{
	void *copy = malloc(nr * size + 1);

	if (copy && nr)
		memcpy(copy, items, nr * size);
	return copy;
}

int moment__take(struct moment *m, const struct model *model)
{
	const struct stat_row *rows;
	const struct hold_row *holds;

	rows = model__stats(model, &m->nr);
	holds = model__holds(model, &m->nr_holds);
	m->t_ns = moment__time(model);
	m->rows = copy_of(rows, m->nr, sizeof(*rows));
	m->holds = copy_of(holds, m->nr_holds, sizeof(*holds));
	if (m->rows && m->holds)
		return 0;
	moment__free(m);
	return -ENOMEM;
}

void moment__free(struct moment *m)
{
	free(m->rows);
	free(m->holds);
	*m = (struct moment){ 0 };
}
