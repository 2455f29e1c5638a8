/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * tui.h - a terminal taken over: shows grids, gives keys.  The only file that knows
 * ncurses; what is shown and what keys mean is the screen's business.
 */
#ifndef LOCKSCOPE_VIEW_TUI_H
#define LOCKSCOPE_VIEW_TUI_H

#include "view/grid.h"

struct tui;

enum tui_what {
	TUI_NOTHING,	/* no key was waiting */
	TUI_KEY,
	TUI_CLICK,
	TUI_RESIZE,
	TUI_GONE,	/* there is no terminal any more */
};

struct tui_event {
	enum tui_what what;
	uint32_t key;		/* a character or an enum screen_key */
	int y, x;		/* of a click */
};

/* Takes the terminal over; -ENOTTY when there is none that can be drawn on. */
int tui__open(struct tui **out, bool color);
/* Gives it back as it was; NULL-safe. */
void tui__close(struct tui *t);
void tui__size(const struct tui *t, int *width, int *height);
/* Takes one event if there is one; never blocks. */
void tui__event(struct tui *t, struct tui_event *event);
void tui__paint(struct tui *t, const struct grid *g);

#endif
