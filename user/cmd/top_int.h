/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * top_int.h - what the files of `top` share.
 */
#ifndef LOCKSCOPE_CMD_TOP_INT_H
#define LOCKSCOPE_CMD_TOP_INT_H

#include "cmd/run.h"
#include "view/screen.h"
#include "view/stat_base.h"
#include "view/tui.h"

/* A copy of the statistics at one moment; all zero: nothing was counted yet. */
struct moment {
	struct stat_base stat;
	int64_t t_ns;
};
/* As the model has them now; m was taken before, or is all zero.  0 or -ENOMEM. */
int moment__take(struct moment *m, const struct model *model);
void moment__free(struct moment *m);
/* The newest time the model knows. */
int64_t moment__time(const struct model *m);

/* A file that `r` began and that records go to until it is pressed again. */
struct top_save {
	FILE *file;			/* NULL: none */
	struct stream stream;
	int error;			/* the first of any write */
};

struct top {
	struct run run;
	int64_t delay_ns;
	int64_t nr_ticks;
	struct moment base, latest;	/* the last period lies between them */
	struct moment zero;		/* where counting began anew */

	/* the full screen; all NULL in batch */
	struct tui *tui;
	struct screen *screen;
	struct history *history;
	struct grid grid;
	struct top_save save;
	char *settings_path;		/* NULL: there is no place for them */
	char losses[300];
	uint32_t *user_pids;
	/* own cost between the last two ticks */
	int64_t cost_at_ns, own_ns;
	uint64_t bpf_ns;
	double own_share, bpf_share;	/* of one CPU; below 0: not known */

	/* a recording */
	const char *path;		/* NULL: live */
	uint64_t at, target;		/* reads seen, and where to stop; the end is one more */
	bool rewind;			/* the target lies behind: read it again from its begin */
	bool has_news;			/* statistics came since the last moment */
	int64_t next_tick_ns;		/* batch */
	uint64_t nr_faults;
	char fault[200];		/* the first */
};

/* top_batch.c */
int top_batch__print(struct top *t);
/* What a table is made of: the columns' options with the period's begin. */
void top__options(const struct top *t, bool sum, struct stat_options *opt);

/* top_full.c: the full screen */
int top_full__open(struct top *t);
void top_full__close(struct top *t);	/* the terminal is as it was; NULL-safe */
void top_full__free(struct top *t);
int top_full__tick(struct top *t);
int top_full__input(struct top *t);
/* Made anew and painted. */
int top_full__show(struct top *t);
/* A finding has opened, changed or closed. */
int top_full__news(struct top *t);

/* top_filter.c */
int top_filter__apply(struct top *t);

/* top_save.c */
/* Saves under the screen's name: what is meant is told by how it ends.  Ends a
 * recording instead when there is one.  Tells of it on the screen. */
void top_save__toggle(struct top *t);
void top_save__record(struct top *t, const struct record *rec);
void top_save__finding(struct top *t, const struct finding *f);
void top_save__end(struct top *t);	/* also when there is none */

/* top_settings.c */
/* $XDG_CONFIG_HOME/lockscope/toprc, or the like in $HOME; NULL: neither is set. */
char *top_settings__path(void);
/* Reads them over what is there; what is no settings file is told on the screen. */
void top_settings__read(const char *path, struct screen_settings *set, size_t *nr_bad);
void top_settings__write(struct top *t);

#endif
