// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * page.c - the page of a run.
 */
#include "cmd/page.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

bool page__passes(void *run, const struct rec_lock *lock, const struct rec_who *who)
{
	const struct run *r = run;

	return view_filter__task(&r->filter, who) &&
	       view_filter__lock(&r->filter, lock, model__lock_name(session__model(r->session), lock));
}

int page__write(struct run *r, const struct html_input *of)
{
	const struct find_register *all = session__findings(r->session);
	const struct finding **list = calloc(find_register__nr(all) + 1, sizeof(*list));
	struct html_input in = *of;
	size_t nr = 0, nr_open = 0;
	int err = list ? run__view_input(r, &in.view) : -ENOMEM;

	for (size_t i = 0; !err && i < find_register__nr(all); i++) {
		const struct finding *f = find_register__at(all, i);

		if (!view_filter__finding(&r->filter, f))
			continue;
		list[nr++] = f;
		nr_open += f->open;
	}
	if (!err) {
		in.view.findings = list;
		in.view.nr_findings = nr;
		in.nr_forgotten = find_register__nr_forgotten(all);
		err = view_html__page(output__file(r->out), &in);
	}
	if (!err && strcmp(r->opt->html, "-"))
		run__note(r, "%s: %zu findings, %zu of them open", r->opt->html, nr, nr_open);
	free(list);
	return err;
}
