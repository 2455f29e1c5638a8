// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* The one table of keys: what each does, and what the help says of it. */
#include <string.h>
#include "view/screen_int.h"

static unsigned int move_by(struct screen *s, int arg)
{
	screen_rows__move(s, arg);
	return WANT_DRAW;
}

static unsigned int page_by(struct screen *s, int arg)
{
	screen_rows__move(s, (long)arg * s->page);
	return WANT_DRAW;
}

static unsigned int move_to_end(struct screen *s, int arg)
{
	screen_rows__move(s, arg * (long)screen_rows__nr(s));
	return WANT_DRAW;
}

static unsigned int open_row(struct screen *s, int arg)
{
	(void)arg;
	return screen__open(s);
}

static unsigned int back(struct screen *s, int arg)
{
	(void)arg;
	return screen__back(s);
}

static unsigned int show(struct screen *s, int arg)
{
	return screen__show(s, (enum screen_view)arg);
}

static unsigned int show_next(struct screen *s, int arg)
{
	int nr = NR_SCREEN_VIEWS - !s->has_sites;

	return screen__show(s, (enum screen_view)(((int)s->set.view + nr + arg) % nr));
}

static unsigned int sort_by(struct screen *s, int arg)
{
	if (!s->table && (s->set.view != SCREEN_TASKS || s->cover != COVER_NOTHING))
		return 0;
	screen_table__sort_by(s, arg);
	return WANT_UPDATE;
}

static unsigned int reverse(struct screen *s, int arg)
{
	(void)arg;
	s->set.reverse = !s->set.reverse;
	return WANT_UPDATE;
}

static unsigned int ask(struct screen *s, int arg)
{
	screen_ask__begin(s, (enum screen_ask)arg);
	return WANT_DRAW;
}

static unsigned int ask_user(struct screen *s, int arg)
{
	if (!s->replay)
		return ask(s, arg);
	screen__say(s, "a recording does not say whose a task was");
	return WANT_DRAW;
}

static unsigned int pause_or_go(struct screen *s, int arg)
{
	(void)arg;
	s->paused = !s->paused;
	return WANT_PERIOD | WANT_UPDATE;
}

static unsigned int zero(struct screen *s, int arg)
{
	(void)arg;
	s->set.sum = true;
	screen__say(s, "counting from now on; a shows the last period again");
	return WANT_ZERO | WANT_UPDATE;
}

static unsigned int sum_or_period(struct screen *s, int arg)
{
	(void)arg;
	s->set.sum = !s->set.sum;
	return WANT_UPDATE;
}

static unsigned int single_or_name(struct screen *s, int arg)
{
	(void)arg;
	s->set.single = !s->set.single;
	screen__say(s, s->set.single ? "each lock has a row of its own" :
				       "locks of one name share a row");
	return WANT_UPDATE;
}

static unsigned int save(struct screen *s, int arg)
{
	(void)arg;
	screen_ask__begin(s, ASK_SAVE);
	return WANT_DRAW;
}

static unsigned int write_settings(struct screen *s, int arg)
{
	(void)s, (void)arg;
	return WANT_SETTINGS;
}

static unsigned int measure_cost(struct screen *s, int arg)
{
	(void)s, (void)arg;
	return WANT_COST;
}

static unsigned int help(struct screen *s, int arg)
{
	(void)arg;
	return screen__help(s);
}

static unsigned int step(struct screen *s, int arg)
{
	s->step = (enum screen_step)arg;
	return WANT_STEP;
}

static unsigned int quit(struct screen *s, int arg)
{
	(void)s, (void)arg;
	return WANT_QUIT;
}

static unsigned int redraw(struct screen *s, int arg)
{
	(void)s, (void)arg;
	return WANT_UPDATE;
}

enum when { ALWAYS, LIVE, REPLAY };

/* Rows of one function stand together in the help: the first has its text. */
static const struct key_row {
	uint32_t key;
	enum when when;
	unsigned int (*press)(struct screen *s, int arg);
	int arg;
	const char *names, *help;
} rows[] = {
	{ 'n', REPLAY, step, STEP_NEXT, "n p  left right", "next, previous look of the recording" },
	{ 'p', REPLAY, step, STEP_PREVIOUS, NULL, NULL },
	{ SK_RIGHT, REPLAY, step, STEP_NEXT, NULL, NULL },
	{ SK_LEFT, REPLAY, step, STEP_PREVIOUS, NULL, NULL },
	{ 'g', REPLAY, step, STEP_FIRST, "g G", "first, last look" },
	{ 'G', REPLAY, step, STEP_LAST, NULL, NULL },
	{ '1', ALWAYS, show, SCREEN_LOCKS, "1 l", "locks: how often, how long, how many wait now" },
	{ 'l', ALWAYS, show, SCREEN_LOCKS, NULL, NULL },
	{ '2', ALWAYS, show, SCREEN_CALLERS, "2 c", "callers: which code waits" },
	{ 'c', ALWAYS, show, SCREEN_CALLERS, NULL, NULL },
	{ '3', ALWAYS, show, SCREEN_TASKS, "3 t", "tasks: who is blocked now, and who has waited" },
	{ 't', ALWAYS, show, SCREEN_TASKS, NULL, NULL },
	{ '4', ALWAYS, show, SCREEN_CHAINS, "4 b", "chains: who blocks whom, the root on top" },
	{ 'b', ALWAYS, show, SCREEN_CHAINS, NULL, NULL },
	{ '5', ALWAYS, show, SCREEN_GRAPH, "5 w", "wait-for graph of the moment, cycles first" },
	{ 'w', ALWAYS, show, SCREEN_GRAPH, NULL, NULL },
	{ '6', ALWAYS, show, SCREEN_FINDINGS, "6 f", "findings: deadlocks and what else is wrong" },
	{ 'f', ALWAYS, show, SCREEN_FINDINGS, NULL, NULL },
	{ '7', ALWAYS, show, SCREEN_SITES, "7",
	  "sites: where locks were taken and held (level held)" },
	{ SK_TAB, ALWAYS, show_next, 1, "Tab", "next view (Shift-Tab: previous)" },
	{ SK_BACK_TAB, ALWAYS, show_next, -1, NULL, NULL },
	{ SK_UP, ALWAYS, move_by, -1, "arrows  j k",
	  "move; also PgUp PgDn Home End and the mouse" },
	{ SK_DOWN, ALWAYS, move_by, 1, NULL, NULL },
	{ 'k', ALWAYS, move_by, -1, NULL, NULL },
	{ 'j', ALWAYS, move_by, 1, NULL, NULL },
	{ SK_PAGE_UP, ALWAYS, page_by, -1, NULL, NULL },
	{ SK_PAGE_DOWN, ALWAYS, page_by, 1, NULL, NULL },
	{ SK_HOME, ALWAYS, move_to_end, -1, NULL, NULL },
	{ SK_END, ALWAYS, move_to_end, 1, NULL, NULL },
	{ 'g', LIVE, move_to_end, -1, NULL, NULL },
	{ 'G', LIVE, move_to_end, 1, NULL, NULL },
	{ SK_ENTER, ALWAYS, open_row, 0, "Enter",
	  "open: stacks, owners, history of what the cursor is on" },
	{ SK_ESCAPE, ALWAYS, back, 0, "Esc", "back; takes a filter away" },
	{ '>', ALWAYS, sort_by, 1, "< >  s", "sort by the column to the left, right" },
	{ '<', ALWAYS, sort_by, -1, NULL, NULL },
	{ 's', ALWAYS, sort_by, 1, NULL, NULL },
	{ SK_RIGHT, LIVE, sort_by, 1, NULL, NULL },
	{ SK_LEFT, LIVE, sort_by, -1, NULL, NULL },
	{ 'R', ALWAYS, reverse, 0, "R", "reverse the order" },
	{ '/', ALWAYS, ask, ASK_FILTER, "/", "only rows that hold some text" },
	{ 'K', ALWAYS, ask, ASK_KINDS, "K", "only some kinds of locks" },
	{ 'u', ALWAYS, ask_user, ASK_USER, "u", "only tasks of one user" },
	{ 'i', ALWAYS, single_or_name, 0, "i", "locks of one name (and findings) in one row, or each apart" },
	{ 'a', ALWAYS, sum_or_period, 0, "a", "everything since the start, or the last period" },
	{ 'z', ALWAYS, zero, 0, "z", "count from now on" },
	{ ' ', LIVE, pause_or_go, 0, "space", "stop and go on; what happens is still found" },
	{ 'd', LIVE, ask, ASK_DELAY, "d", "time between refreshes" },
	{ 'o', LIVE, measure_cost, 0, "o", "measure own time in BPF programs, or no longer" },
	{ 'r', ALWAYS, save, 0, "r", "save a recording, a snapshot or the screen; again: stop" },
	{ 'W', ALWAYS, write_settings, 0, "W", "keep view, order and delay for the next time" },
	{ '?', ALWAYS, help, 0, "? h", "this help" },
	{ 'h', ALWAYS, help, 0, NULL, NULL },
	{ SK_HELP, ALWAYS, help, 0, NULL, NULL },
	{ 'L' - '@', ALWAYS, redraw, 0, NULL, NULL },
	{ 'q', ALWAYS, quit, 0, "q", "quit" },
	{ 'Q', ALWAYS, quit, 0, NULL, NULL },
};
#define NR_ROWS (sizeof(rows) / sizeof(*rows))

static bool counts(const struct key_row *row, bool replay)
{
	return row->when == ALWAYS || (row->when == REPLAY) == replay;
}

unsigned int screen__key(struct screen *s, uint32_t key)
{
	s->message[0] = '\0';
	if (s->ask != ASK_NOTHING)
		return screen_ask__key(s, key);
	for (size_t i = 0; i < NR_ROWS; i++)
		if (rows[i].key == key && counts(&rows[i], s->replay))
			return rows[i].press(s, rows[i].arg) | WANT_DRAW;
	return WANT_DRAW;
}

static bool has_help(size_t i, bool replay)
{
	return rows[i].names && counts(&rows[i], replay);
}

void screen_help__make(struct screen *s)
{
	static const struct list_column columns[] = { { "KEY", 16, false, 0 },
						      { "WHAT IT DOES", 0, false, 0 } };

	list__begin(&s->list, columns, 2);
	for (size_t i = 0; i < NR_ROWS; i++) {
		if (!has_help(i, s->replay))
			continue;
		list__row(&s->list, LOOK_PLAIN, NULL);
		list__cell(&s->list, 0, rows[i].names);
		list__cell(&s->list, 1, rows[i].help);
	}
}
