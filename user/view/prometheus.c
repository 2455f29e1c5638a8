// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include "lib/fmt.h"
#include "view/prometheus_int.h"
#include "view/text_parts.h"

#define NS_PER_S 1000000000u

struct prometheus {
	struct series_set locks, callers;
	uint64_t opened[NR_FINDING_KINDS];
};

int prometheus__new(struct prometheus **out)
{
	struct prometheus *p = calloc(1, sizeof(*p));

	*out = p;
	if (!p)
		return -ENOMEM;
	series_set__init(&p->locks);
	series_set__init(&p->callers);
	return 0;
}

void prometheus__free(struct prometheus *p)
{
	if (!p)
		return;
	series_set__free(&p->locks);
	series_set__free(&p->callers);
	free(p);
}

void prometheus__finding(struct prometheus *p, const struct finding *f)
{
	p->opened[f->kind] += f->open && f->rev == 1;
}

static void put_head(FILE *out, const char *name, const char *type, const char *help)
{
	fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* text is valid UTF-8 without control characters; what is left to escape is this. */
static void put_label(FILE *out, const char *before, const char *key, const char *text)
{
	fprintf(out, "%s%s=\"", before, key);
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			fputc('\\', out);
		fputc(*text, out);
	}
	fputc('"', out);
}

static void put_seconds(FILE *out, uint64_t ns)
{
	fprintf(out, " %" PRIu64 ".%09" PRIu64 "\n", ns / NS_PER_S, ns % NS_PER_S);
}

static void put_foreign(FILE *out, const char *before, const char *key, const char *text)
{
	char safe[200];

	put_label(out, before, key, fmt__safe(safe, sizeof(safe), text, true));
}

static void put_about(FILE *out, const struct prometheus_input *in)
{
	const struct rec_header *h = model__header(in->view->model);
	const struct rec_lost *lost = model__lost(in->view->model);

	put_head(out, "lockscope_info", "gauge", "What wrote this, always 1.");
	fprintf(out, "lockscope_info");
	put_foreign(out, "{", "version", h ? h->version : "");
	put_foreign(out, ",", "kernel", h ? h->kernel : "");
	put_foreign(out, ",", "level", h ? h->level : "");
	fprintf(out, "} 1\n");
	put_head(out, "lockscope_up", "gauge", "Whether lockscope still runs; 0: it has ended.");
	fprintf(out, "lockscope_up %d\n", in->running);
	put_head(out, "lockscope_observed_seconds_total", "counter", "How long it has observed.");
	fprintf(out, "lockscope_observed_seconds_total");
	put_seconds(out, lost && lost->t_ns > 0 ? (uint64_t)lost->t_ns : 0);
}

static void put_open(FILE *out, const struct view_input *in)
{
	uint64_t open[NR_FINDING_KINDS][NR_CERTAINTY] = { 0 };

	for (size_t i = 0; i < in->nr_findings; i++)
		open[in->findings[i]->kind][in->findings[i]->confidence]++;
	put_head(out, "lockscope_findings_open", "gauge", "Findings that are open now.");
	for (int k = 0; k < NR_FINDING_KINDS; k++) {
		for (int c = 0; c < NR_CERTAINTY; c++) {
			fprintf(out, "lockscope_findings_open");
			put_label(out, "{", "kind", finding_kind__name((enum finding_kind)k));
			put_label(out, ",", "confidence", certainty__name((enum certainty)c));
			fprintf(out, "} %" PRIu64 "\n", open[k][c]);
		}
	}
}

static void put_opened(FILE *out, const struct prometheus *p)
{
	put_head(out, "lockscope_findings_total", "counter", "Findings so far, each counted once.");
	for (int k = 0; k < NR_FINDING_KINDS; k++) {
		fprintf(out, "lockscope_findings_total");
		put_label(out, "{", "kind", finding_kind__name((enum finding_kind)k));
		fprintf(out, "} %" PRIu64 "\n", p->opened[k]);
	}
}

static const struct {
	size_t offset;
	const char *what;	/* as the record's members are called */
} losses[] = {
	{ offsetof(struct rec_lost, ring), "ring" },
	{ offsetof(struct rec_lost, maps), "maps" },
	{ offsetof(struct rec_lost, recursion), "recursion" },
	{ offsetof(struct rec_lost, stack_collisions), "stack_collisions" },
	{ offsetof(struct rec_lost, held_overflow), "held_overflow" },
	{ offsetof(struct rec_lost, looks), "looks" },
	{ offsetof(struct rec_lost, unread), "unread" },
	{ offsetof(struct rec_lost, lines), "lines" },
	{ offsetof(struct rec_lost, user_stacks), "user_stacks" },
};

static void put_lost(FILE *out, const struct model *model)
{
	static const struct rec_lost none;
	const struct rec_lost *lost = model__lost(model);

	put_head(out, "lockscope_lost_total", "counter", "What lockscope could not see, by reason.");
	for (size_t i = 0; i < sizeof(losses) / sizeof(*losses); i++) {
		fprintf(out, "lockscope_lost_total");
		put_label(out, "{", "what", losses[i].what);
		fprintf(out, "} %" PRIu64 "\n",
			*(const uint64_t *)((const char *)(lost ? lost : &none) + losses[i].offset));
	}
	fprintf(out, "lockscope_lost_total{what=\"reads_cut\"} %" PRIu64 "\n",
		model__reads_cut(model));
}

enum of { OF_BOTH, OF_LOCKS };

static const struct metric {
	const char *name, *type, *help;
	size_t offset;		/* in struct series */
	bool seconds, holds;
	enum of of;
} metrics[] = {
	{ "waits_total", "counter", "Waits that ended.",
	  offsetof(struct series, shown[COUNT_WAITS]), false, false, OF_BOTH },
	{ "wait_seconds_total", "counter", "Time waited, all tasks together.",
	  offsetof(struct series, shown[COUNT_WAIT_NS]), true, false, OF_BOTH },
	{ "wait_max_seconds", "gauge", "The longest wait so far.",
	  offsetof(struct series, wait_max_ns), true, false, OF_BOTH },
	{ "waiters", "gauge", "Tasks that wait now.",
	  offsetof(struct series, waiters), false, false, OF_LOCKS },
	{ "holds_total", "counter", "Holds that ended.",
	  offsetof(struct series, shown[COUNT_HOLDS]), false, true, OF_LOCKS },
	{ "hold_seconds_total", "counter", "Time held, all tasks together.",
	  offsetof(struct series, shown[COUNT_HOLD_NS]), true, true, OF_LOCKS },
	{ "hold_max_seconds", "gauge", "The longest hold so far.",
	  offsetof(struct series, hold_max_ns), true, true, OF_LOCKS },
};

/* of: "lock" or "caller", the metrics' prefix and the label. */
static void put_metric(FILE *out, const struct metric *m, const struct series_set *s,
		       const char *of)
{
	char name[64];

	snprintf(name, sizeof(name), "lockscope_%s_%s", of, m->name);
	put_head(out, name, m->type, m->help);
	for (size_t i = 0; i < s->nr; i++) {
		const struct series *slot = &s->slots[i];
		uint64_t value = *(const uint64_t *)((const char *)slot + m->offset);

		fprintf(out, "%s", name);
		put_label(out, "{", of, slot->name ? slot->name : "other");
		put_label(out, ",", "kind", slot->kind);
		fputc('}', out);
		if (m->seconds)
			put_seconds(out, value);
		else
			fprintf(out, " %" PRIu64 "\n", value);
	}
}

static void put_set(FILE *out, const struct series_set *s, const char *of, bool locks, bool looks)
{
	for (size_t i = 0; i < sizeof(metrics) / sizeof(*metrics); i++) {
		const struct metric *m = &metrics[i];
		bool needs_looks = m->offset == offsetof(struct series, waiters);

		if ((m->of == OF_BOTH || locks) && (!m->holds || s->has_holds) &&
		    (!needs_looks || looks))
			put_metric(out, m, s, of);
	}
}

int prometheus__write(struct prometheus *p, FILE *out, const struct prometheus_input *in)
{
	int err = 0;

	put_about(out, in);
	if (in->looks) {
		put_open(out, in->view);
		put_opened(out, p);
	}
	put_lost(out, in->view->model);
	if (in->waits) {
		err = series_set__update(&p->locks, in->view, STAT_BY_LOCK);
		if (!err)
			err = series_set__update(&p->callers, in->view, STAT_BY_CALLER);
		put_set(out, &p->locks, "lock", true, in->looks);
		put_set(out, &p->callers, "caller", false, in->looks);
	}
	return err ? err : text__result(out);
}
