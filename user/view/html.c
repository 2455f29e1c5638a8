// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#define _GNU_SOURCE	/* memmem */
/* The page: the template, and the data in the middle of it. */
#include "view/html.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/map.h"
#include "view/html_page.h"
#include "view/html_template.h"
#include "view/json_parts.h"
#include "view/text_parts.h"

#define FORMAT 1	/* of the object, between this program and its own template */

static void put_command(struct json *j, const struct rec_header *h)
{
	json__array(j, "command");
	for (char *const *arg = h ? h->command : NULL; arg && *arg; arg++)
		json__str(j, NULL, *arg);
	json__end_array(j);
}

static void put_about(struct html_page *p)
{
	const struct rec_header *h = model__header(p->in->view.model);
	const struct rec_end *end = model__end(p->in->view.model);
	struct json *j = &p->j;

	json__object(j, "about");
	json__str(j, "version", h ? h->version : NULL);
	json__str(j, "kernel", h ? h->kernel : NULL);
	json__str(j, "host", h ? h->host : NULL);
	json__str(j, "level", h ? h->level : NULL);
	json__str(j, "began_at", h ? h->began_at : NULL);
	json__str(j, "taken_at", p->in->taken_at);
	json__str(j, "file", p->in->file);
	put_command(j, h);
	json_parts__time(j, "end_ns", p->in->end_ns);
	json__u64(j, "records", p->in->nr_records);
	json__u64(j, "faults", p->in->nr_faults);
	json__bool(j, "cut_short", p->in->cut_short);
	if (end && end->has_status)
		json__i64(j, "command_status", end->command_status);
	json__end_object(j);
}

static bool comes_first(const struct finding *a, const struct finding *b)
{
	if (a->open != b->open)
		return a->open;
	return a->kind != b->kind ? a->kind < b->kind : a->id < b->id;
}

static int by_weight(const void *a, const void *b)
{
	const struct finding *const *x = a, *const *y = b;

	return comes_first(*x, *y) ? -1 : comes_first(*y, *x);
}

/* Those that are open before those that are over, deadlocks before the rest. */
static void put_findings(struct html_page *p)
{
	const struct view_input *in = &p->in->view;
	size_t nr = in->nr_findings < HTML_FINDINGS ? in->nr_findings : HTML_FINDINGS;
	const struct finding **list = calloc(in->nr_findings + 1, sizeof(*list));

	if (!list) {
		p->error = -ENOMEM;
		return;
	}
	if (in->nr_findings)
		memcpy(list, in->findings, in->nr_findings * sizeof(*list));
	qsort(list, in->nr_findings, sizeof(*list), by_weight);
	json__array(&p->j, "findings");
	for (size_t i = 0; i < nr; i++) {
		json_parts__finding(&p->j, list[i]);
		if (stack_ids__add_finding(&p->stacks, list[i]))
			p->error = -ENOMEM;
	}
	json__end_array(&p->j);
	json__u64(&p->j, "findings_left_out", in->nr_findings - nr + p->in->nr_forgotten);
	free(list);
}

int view_html__data(FILE *out, const struct html_input *in)
{
	struct html_page p = { .in = in };
	int err = u64map__new(&p.lock_keys, 0);

	if (err)
		return err;
	json__init(&p.j, out);
	json__object(&p.j, NULL);
	json__u64(&p.j, "format", FORMAT);
	put_about(&p);
	json_parts__all_lost(&p.j, &in->view);
	put_findings(&p);
	html_page__put_graph(&p);
	html_page__put_tables(&p);
	html_page__put_ways(&p);
	html_page__put_time(&p);
	html_page__put_named(&p);
	json__end_object(&p.j);
	err = json__done(&p.j);
	u64map__free(p.lock_keys);
	free(p.locks);
	stack_ids__free(&p.stacks);
	return p.error ? p.error : err;
}

int view_html__page(FILE *out, const struct html_input *in)
{
	const char *mark = memmem(html_template, (size_t)(html_template_end - html_template),
				  HTML_TEMPLATE_MARK, strlen(HTML_TEMPLATE_MARK));
	const char *rest = mark ? mark + strlen(HTML_TEMPLATE_MARK) : NULL;
	int err;

	if (!mark)
		return -EINVAL;
	fwrite(html_template, 1, (size_t)(mark - html_template), out);
	err = view_html__data(out, in);
	fwrite(rest, 1, (size_t)(html_template_end - rest), out);
	return err ? err : text__result(out);
}
