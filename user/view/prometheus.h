/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * prometheus.h - findings, waits and losses as metrics in Prometheus' text format
 * (https://prometheus.io/docs/instrumenting/exposition_formats/), for node_exporter's
 * textfile collector.
 *
 * The number of series is bounded.  Locks are told by name and kind, never by address,
 * callers by function, tasks not at all; locks without a name are "unnamed", callers
 * "unknown".  Of each, at most PROMETHEUS_SERIES ever have series of their own: those
 * among the PROMETHEUS_TOP of the most time that come first, and they keep them.  All else
 * is in the one called "other".  Counters never go back, also when a lock gets
 * series of its own or another name: what it counted before stays where it was.
 */
#ifndef LOCKSCOPE_VIEW_PROMETHEUS_H
#define LOCKSCOPE_VIEW_PROMETHEUS_H

#include "view/view.h"

#define PROMETHEUS_SERIES 64u
#define PROMETHEUS_TOP 20u

/* What has series, and what they showed last. */
struct prometheus;

int prometheus__new(struct prometheus **out);
void prometheus__free(struct prometheus *p);
/* Whenever a finding is told that passes the filter. */
void prometheus__finding(struct prometheus *p, const struct finding *f);

struct prometheus_input {
	const struct view_input *view;	/* findings: those open now */
	bool running;			/* false: the last ones of a run */
	bool looks;			/* findings are looked for */
	bool waits;			/* statistics are kept */
};
/* Writes all metrics.  0 or -errno. */
int prometheus__write(struct prometheus *p, FILE *out, const struct prometheus_input *in);

#endif
