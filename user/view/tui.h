/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * tui.h - the full-screen view of `top`: draws a table of statistics, reads keys.
 * The only file that knows ncurses.
 */
#ifndef LOCKSCOPE_VIEW_TUI_H
#define LOCKSCOPE_VIEW_TUI_H

#include "view/view.h"

struct tui;

/* What the keys have chosen. */
struct tui_state {
	size_t sort;		/* index into stat_columns */
	bool reverse, paused;
	bool sites;		/* holds by where they were taken, in place of the locks */
	int64_t delay_ns;
};

enum tui_event {
	TUI_NOTHING,		/* no key was waiting */
	TUI_REDRAW,		/* something that shows has changed */
	TUI_QUIT,
	TUI_PERIOD,		/* delay_ns or paused has changed */
};

/* One picture. */
struct tui_frame {
	const char *title;	/* the first line */
	const struct view_input *in;	/* its findings are shown above the table */
	const struct stat_table *table;
	const struct stat_column *hidden;	/* a column not to be shown; or NULL */
	bool has_sites;		/* there are holds to switch to */
};

/* Takes the terminal over; -ENOTTY when there is none that can be drawn on. */
int tui__open(struct tui **out, const struct tui_state *state, bool color);
/* Gives it back as it was; NULL-safe. */
void tui__close(struct tui *t);
const struct tui_state *tui__state(const struct tui *t);
/* Takes one key if there is one; never blocks. */
enum tui_event tui__key(struct tui *t);
void tui__draw(struct tui *t, const struct tui_frame *frame);

#endif
