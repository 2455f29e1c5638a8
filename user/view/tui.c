// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#define _GNU_SOURCE
#include "view/tui.h"

#include <curses.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>
#include <wchar.h>
#include "view/screen.h"

struct tui {
	SCREEN *screen;
	bool color;
	bool clear;	/* what the terminal kept of the old picture is unknown */
};

/* How each look is made, with colours and without. */
static const struct {
	short front, back;	/* -1: the terminal's own */
	attr_t with, without;
} looks[NR_LOOKS] = {
	[LOOK_PLAIN] = { -1, -1, A_NORMAL, A_NORMAL },
	[LOOK_STRONG] = { -1, -1, A_BOLD, A_BOLD },
	[LOOK_DIM] = { -1, -1, A_DIM, A_DIM },
	[LOOK_TITLE] = { COLOR_CYAN, -1, A_NORMAL, A_NORMAL },
	[LOOK_BAR] = { COLOR_BLACK, COLOR_GREEN, A_NORMAL, A_REVERSE },
	[LOOK_SORTED] = { COLOR_BLACK, COLOR_CYAN, A_NORMAL, A_REVERSE | A_BOLD | A_UNDERLINE },
	[LOOK_SELECTED] = { COLOR_BLACK, COLOR_CYAN, A_NORMAL, A_REVERSE },
	[LOOK_ALARM] = { COLOR_WHITE, COLOR_RED, A_BOLD, A_REVERSE | A_BOLD },
	[LOOK_WARN] = { COLOR_BLACK, COLOR_YELLOW, A_NORMAL, A_REVERSE | A_BOLD },
	[LOOK_BAD] = { COLOR_RED, -1, A_BOLD, A_BOLD },
	[LOOK_GRAPH] = { COLOR_GREEN, -1, A_NORMAL, A_NORMAL },
};

static void set_up_colors(struct tui *t)
{
	start_color();
	use_default_colors();
	for (short i = 0; i < NR_LOOKS; i++)
		init_pair((short)(i + 1), looks[i].front, looks[i].back);
	t->color = true;
}

int tui__open(struct tui **out, bool color)
{
	struct tui *t;

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return -ENOTTY;
	t = calloc(1, sizeof(*t));
	if (!t)
		return -ENOMEM;
	t->screen = newterm(NULL, stdout, stdin);	/* initscr() would exit by itself */
	if (!t->screen) {
		free(t);
		return -ENOTTY;
	}
	set_escdelay(25);
	cbreak();
	noecho();
	nonl();
	curs_set(0);
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	mouseinterval(0);	/* a press is enough, nothing waits for the second one */
	mousemask(BUTTON1_PRESSED | BUTTON4_PRESSED | BUTTON5_PRESSED, NULL);
	if (color && has_colors())
		set_up_colors(t);
	*out = t;
	return 0;
}

void tui__close(struct tui *t)
{
	if (!t)
		return;
	endwin();
	delscreen(t->screen);
	free(t);
}

void tui__size(const struct tui *t, int *width, int *height)
{
	(void)t;
	*width = COLS;
	*height = LINES;
}

static uint32_t special(wint_t key)
{
	static const struct {
		wint_t curses;
		uint32_t key;
	} keys[] = {
		{ KEY_UP, SK_UP },	 { KEY_DOWN, SK_DOWN },	     { KEY_LEFT, SK_LEFT },
		{ KEY_RIGHT, SK_RIGHT }, { KEY_PPAGE, SK_PAGE_UP },  { KEY_NPAGE, SK_PAGE_DOWN },
		{ KEY_HOME, SK_HOME },	 { KEY_END, SK_END },	     { KEY_ENTER, SK_ENTER },
		{ KEY_BTAB, SK_BACK_TAB }, { KEY_BACKSPACE, SK_BACKSPACE }, { KEY_F(1), SK_HELP },
		{ KEY_F(10), 'q' },
	};

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		if (keys[i].curses == key)
			return keys[i].key;
	return SK_OTHER;
}

static uint32_t character(wint_t key)
{
	switch (key) {
	case '\r':
	case '\n':
		return SK_ENTER;
	case 27:
		return SK_ESCAPE;
	case '\t':
		return SK_TAB;
	case 8:
	case 127:
		return SK_BACKSPACE;
	default:
		return (uint32_t)key;
	}
}

static void read_mouse(struct tui_event *event)
{
	MEVENT mouse;

	event->what = TUI_KEY;
	event->key = SK_OTHER;
	if (getmouse(&mouse) == ERR)
		return;
	if (mouse.bstate & BUTTON4_PRESSED)
		event->key = SK_UP;
	else if (mouse.bstate & BUTTON5_PRESSED)
		event->key = SK_DOWN;
	else if (mouse.bstate & BUTTON1_PRESSED)
		*event = (struct tui_event){ .what = TUI_CLICK, .y = mouse.y, .x = mouse.x };
}

/* A terminal that has hung up stays readable for ever. */
static bool is_gone(void)
{
	struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };

	return poll(&in, 1, 0) > 0 && in.revents & (POLLHUP | POLLERR | POLLNVAL);
}

void tui__event(struct tui *t, struct tui_event *event)
{
	wint_t key;
	int got = get_wch(&key);

	*event = (struct tui_event){ .what = TUI_KEY };
	if (got == ERR) {
		event->what = is_gone() ? TUI_GONE : TUI_NOTHING;
	} else if (got == KEY_CODE_YES && key == KEY_MOUSE) {
		read_mouse(event);
	} else if (got == KEY_CODE_YES && key == KEY_RESIZE) {
		t->clear = true;
		event->what = TUI_RESIZE;
	} else {
		event->key = got == KEY_CODE_YES ? special(key) : character(key);
		t->clear |= event->key == 'L' - '@';
	}
}

static void paint_cell(const struct tui *t, int y, int x, const struct grid_cell *cell)
{
	wchar_t text[] = { (wchar_t)cell->cp, L'\0' };
	attr_t attr = t->color ? looks[cell->look].with : looks[cell->look].without;
	cchar_t ch;

	if (!cell->cp)		/* the wide character before it stands here, too */
		return;
	if (setcchar(&ch, text, attr, (short)(t->color ? cell->look + 1 : 0), NULL) == OK)
		mvadd_wch(y, x, &ch);
}

void tui__paint(struct tui *t, const struct grid *g)
{
	if (t->clear)
		clearok(stdscr, TRUE);
	t->clear = false;
	erase();
	for (int y = 0; y < g->height && y < LINES; y++)
		for (int x = 0; x < g->width && x < COLS; x++)
			paint_cell(t, y, x, &g->cells[(size_t)y * (size_t)g->width + (size_t)x]);
	refresh();
}
