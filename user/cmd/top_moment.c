// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "cmd/top_int.h"

/* The collect that comes before each tick ends with the losses and their time. */
int64_t moment__time(const struct model *m)
{
	const struct rec_lost *lost = model__lost(m);
	const struct snapshot *snap = model__current(m);
	int64_t t_ns = lost && lost->t_ns > 0 ? lost->t_ns : 0;

	return snap && snap->t_ns > t_ns ? snap->t_ns : t_ns;
}

int moment__take(struct moment *m, const struct model *model)
{
	m->t_ns = moment__time(model);
	return stat_base__take(&m->stat, model);
}

void moment__free(struct moment *m)
{
	stat_base__free(&m->stat);
	m->t_ns = 0;
}
