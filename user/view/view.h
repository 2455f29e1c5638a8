/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * view.h - renderers: each turns the same snapshot, statistics and findings
 * into one form.  They write to a stream and return 0 or -errno (-EIO and the
 * like when the stream failed); they keep no state between calls.
 */
#ifndef LOCKSCOPE_VIEW_VIEW_H
#define LOCKSCOPE_VIEW_VIEW_H

#include <stdio.h>
#include "find/diagnosis.h"
#include "find/find.h"

/* What is shown; never what the graph is built from.  Empty lists pass all. */
struct view_filter {
	const uint32_t *pids, *tids;
	size_t nr_pids, nr_tids;
	const char *comm_glob;		/* fnmatch(3) */
	const uint64_t *cgroups;	/* ids of the cgroup and all below it */
	size_t nr_cgroups;
	uint32_t kinds;			/* bit 1 << enum lock_kind; 0: all */
	const char *lock;		/* name, pattern of names, or "0x…"; NULL: all */
};
bool view_filter__is_empty(const struct view_filter *f);
bool view_filter__has_tasks(const struct view_filter *f);	/* it restricts tasks */
bool view_filter__task(const struct view_filter *f, const struct rec_who *who);
bool view_filter__lock(const struct view_filter *f, const struct rec_lock *lock, const char *name);
/* A finding passes when any of its tasks and any of its locks pass. */
bool view_filter__finding(const struct view_filter *f, const struct finding *fd);
/* A task of a snapshot passes when it passes itself and, where locks are filtered,
 * it waits for or holds one that passes; a lock the other way round. */
bool view_filter__snap_task(const struct view_filter *f, const struct snapshot *s, uint32_t task);
bool view_filter__snap_lock(const struct view_filter *f, const struct snapshot *s, uint32_t lock);
/* A row that says nothing of its task cannot pass a filter on tasks. */
bool view_filter__agg(const struct view_filter *f, const struct rec_agg *agg, const char *name);
/* Holds are counted by lock and site, never by task: a filter on tasks passes none. */
bool view_filter__hold_agg(const struct view_filter *f, const struct rec_hold_agg *agg,
			   const char *name);

struct view_style {
	bool color;		/* ANSI sequences */
	bool utf8;		/* arrows and the like */
	int width;		/* columns; 0: as wide as needed */
	int verbose;		/* 0: normal; 1: all frames */
};

struct view_input {
	const struct model *model;
	const struct snapshot *snap;	/* may be NULL: no read yet */
	const struct finding *const *findings;
	size_t nr_findings;
	bool single;			/* each lock apart, not those of one name as one */
	const struct view_filter *filter;
	struct view_style style;
};

/* records and findings as NDJSON lines; findings reference stacks by id */
int view_json__record(FILE *out, const struct record *rec);
int view_json__finding(FILE *out, const struct finding *f);
/* the one object of `snapshot --json` */
int view_json__snapshot(FILE *out, const struct view_input *in, const char *taken_at);

/* one finding for a person: summary, cycle, who holds what where, stacks */
int view_text__finding(FILE *out, const struct view_input *in, const struct finding *f);
/* Findings about locks of one name as one: a line about all, the longest of them as above */
struct finding_group;
int view_text__finding_group(FILE *out, const struct view_input *in,
			     const struct finding_group *g);
/* `snapshot`: blocked tasks, locks with owners and waiters, chains, findings */
int view_text__snapshot(FILE *out, const struct view_input *in);

/* `diagnose`: a verdict, what is behind it, what to do */
int view_text__diagnosis(FILE *out, const struct view_input *in, const struct diagnosis *d);
/* the one object of `diagnose --json` */
int view_json__diagnosis(FILE *out, const struct view_input *in, const struct diagnosis *d,
			 const char *taken_at);

/* the wait-for graph for graphviz */
int view_dot__snapshot(FILE *out, const struct view_input *in);

/* statistics: rows grouped by lock (those of one name are one), by single lock, by caller,
 * by task, or holds by where they were taken, sorted by a column */
enum stat_group { STAT_BY_LOCK, STAT_BY_CALLER, STAT_BY_TASK, STAT_BY_INSTANCE, STAT_BY_SITE };
struct stat_base;
struct stat_options {
	enum stat_group group;
	const char *sort;	/* column id; NULL: total */
	bool reverse;
	size_t limit;		/* rows; 0: all */
	/* an earlier moment of the same model, subtracted, so that top shows what happened
	 * since; NULL: everything */
	const struct stat_base *base;
};
/* What a column tells of: those of holds say nothing where none were counted, those of
 * locks only where a line is one. */
enum stat_about { ABOUT_BOTH, ABOUT_WAITS, ABOUT_HOLDS, ABOUT_SITES, ABOUT_LOCKS };
/* The one table of columns: text, JSON and top read it. */
struct stat_line;		/* one row after grouping */
struct stat_column {
	const char *id, *title;
	int width;
	bool is_text;		/* left-aligned */
	/* writes the cell as text; returns its length as snprintf does */
	int (*text)(const struct stat_line *line, char *buf, size_t size);
	/* for sorting and JSON; NULL: text */
	uint64_t (*value)(const struct stat_line *line);
	const char *json;	/* the member's name */
	enum stat_about about;
	const char *of_holds;	/* a column of waits: the one of holds that is like it */
};
extern const struct stat_column stat_columns[];
extern const size_t nr_stat_columns;
const struct stat_column *stat_column__find(const char *id);

struct stat_table;
/* Groups and sorts; never limits.  -EINVAL for an unknown sort column.  By caller,
 * the waits of a lock whose stack was not walked are spread over its walked
 * callers, histogram bucket by bucket; such estimates begin with ~ as text.  Holds
 * stand in the line of their lock or caller, or in one of their own.  By site, where
 * only holds are, a column of waits sorts as the one of holds that is like it.  Lines
 * point into the model and into the bases: valid until any of them changes. */
int stat_table__new(struct stat_table **out, const struct view_input *in,
		    const struct stat_options *opt);
size_t stat_table__nr(const struct stat_table *t);
const struct stat_line *stat_table__line(const struct stat_table *t, size_t i);
void stat_table__free(struct stat_table *t);
bool stat_table__has_holds(const struct stat_table *t);
/* Whether a column says anything in this table. */
bool stat_table__shows(const struct stat_table *t, const struct stat_column *column);
/* The column it is sorted by. */
const struct stat_column *stat_table__sort(const struct stat_table *t);
/* The lock of a line; NULL when it sums up several. */
const struct rec_lock *stat_line__lock(const struct stat_line *line);
/* Waits, and holds, that found no room in the kernel's table and so belong to no line. */
struct stat_sum {
	uint64_t count, total_ns;
};
struct stat_sum stat_table__unaccounted(const struct stat_table *t);
struct stat_sum stat_table__unaccounted_holds(const struct stat_table *t);
/* The table as text; where holds were counted, a second one of them by site. */
int view_text__stat(FILE *out, const struct view_input *in, const struct stat_options *opt);

#endif
