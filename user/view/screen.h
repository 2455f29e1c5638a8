/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * screen.h - the full screen of `top` without a terminal: takes keys, is given what is
 * to be shown, draws a grid.  Three steps that never mix: screen__key() changes the
 * state, screen__update() makes the rows for it, screen__draw() paints them.
 */
#ifndef LOCKSCOPE_VIEW_SCREEN_H
#define LOCKSCOPE_VIEW_SCREEN_H

#include "view/grid.h"
#include "view/history.h"
#include "view/view.h"

enum screen_view {
	SCREEN_LOCKS,
	SCREEN_CALLERS,
	SCREEN_TASKS,
	SCREEN_CHAINS,
	SCREEN_GRAPH,
	SCREEN_FINDINGS,
	SCREEN_SITES,
	NR_SCREEN_VIEWS,
};

/* What is kept from one run to the next. */
struct screen_settings {
	enum screen_view view;
	const struct stat_column *sort;
	bool reverse;
	bool single;		/* each lock apart, not all of a name in one row */
	bool sum;		/* since the start, or since zeroed; else the last period */
	int64_t delay_ns;
	uint32_t kinds;		/* bit 1 << enum lock_kind; 0: all */
};

void screen_settings__defaults(struct screen_settings *set);
/* Reads "key = value" lines over what is there.  Lines that make no sense are left
 * out; returns how many these were. */
size_t screen_settings__parse(struct screen_settings *set, const char *text);
int screen_settings__print(const struct screen_settings *set, FILE *out);

/* A key as a terminal gives it: a character, or one of these. */
enum screen_key {
	SK_OTHER = 0x110000,	/* above every character */
	SK_UP, SK_DOWN, SK_LEFT, SK_RIGHT, SK_PAGE_UP, SK_PAGE_DOWN, SK_HOME, SK_END, SK_ENTER,
	SK_ESCAPE, SK_BACKSPACE, SK_TAB, SK_BACK_TAB, SK_HELP,
};

/* What a key asks of the command, as bits. */
enum screen_want {
	WANT_DRAW = 1,		/* a picture; every other bit wants that, too */
	WANT_UPDATE = 2,	/* screen__update() before it */
	WANT_QUIT = 4,
	WANT_PERIOD = 8,	/* the delay or the pause has changed */
	WANT_ZERO = 16,		/* count from now on */
	WANT_FILTER = 32,	/* the kinds or the user have changed */
	WANT_SAVE = 64,		/* to screen__save_name(); again: stop a recording */
	WANT_SETTINGS = 128,	/* to be written down */
	WANT_STEP = 256,	/* screen__step() in a recording */
	WANT_COST = 512,	/* own BPF run time: measure it, or no longer */
};

/* Where in a recording to go. */
enum screen_step { STEP_NEXT, STEP_PREVIOUS, STEP_FIRST, STEP_LAST };

/* Numbers of the header that the model does not know. */
struct screen_facts {
	int64_t t_ns;		/* of what is shown */
	unsigned int nr_cpus;	/* 0: not known */
	double bpf_share;	/* of one CPU, in BPF programs; below 0: not measured */
	double own_share;	/* of one CPU, in user space; below 0: not known */
	const char *lost;	/* what; NULL or empty: nothing */
	bool replay, at_end;	/* stepping through a recording; there is no next read */
	bool recording;		/* to a file, just now */
};

struct screen_input {
	const struct view_input *in;
	struct stat_options stat;	/* the base; group and sort are the screen's own */
	const struct history *history;
	struct screen_facts facts;
};

struct screen;

int screen__new(struct screen **out, const struct screen_settings *set, bool replay);
void screen__free(struct screen *s);	/* takes NULL */
const struct screen_settings *screen__settings(const struct screen *s);
bool screen__paused(const struct screen *s);
/* Makes rows of what there is now.  Rows point into the model and the bases: nothing
 * may be drawn once the statistics have changed, until the next update.  0 or -errno. */
int screen__update(struct screen *s, const struct screen_input *input);
/* How wide the next picture will be: what updates make is broken into lines for it. */
void screen__resize(struct screen *s, int width);
void screen__draw(struct screen *s, struct grid *g);
/* Both return bits of enum screen_want; 0: nothing has changed. */
unsigned int screen__key(struct screen *s, uint32_t key);
/* A click on a cell of the last picture. */
unsigned int screen__click(struct screen *s, int y, int x);

/* Whether keys are an answer just now. */
bool screen__asks(const struct screen *s);
enum screen_step screen__step(const struct screen *s);
const char *screen__save_name(const struct screen *s);
const char *screen__user(const struct screen *s);	/* "": all */
/* One line at the foot until the next key. */
void screen__say(struct screen *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The name that is offered when a file is to be saved. */
void screen__suggest(struct screen *s, const char *name);

#endif
