// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * tui.c - scan, update and draw are distinct: keys change the state, the command
 * makes the table for it, draw shows what it is given.
 */
#define _GNU_SOURCE
#include "view/tui.h"

#include <ctype.h>
#include <curses.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>
#include "lib/fmt.h"
#include "lib/options.h"

#define FINDINGS_SHOWN 4
#define CELL_BYTES 512
#define MAX_COLUMNS 32
#define SHORTEST_DELAY_NS 100000000LL

enum color_pair { PAIR_FINDING = 1, PAIR_HEAD, PAIR_SORT };

struct tui {
	SCREEN *screen;
	struct tui_state state;
	size_t first, selected, nr_rows;	/* rows: shown first, under the cursor, in all */
	int page;				/* rows that fit */
	bool shown[MAX_COLUMNS];		/* columns of the last picture */
	size_t sorted;				/* the one it was sorted by */
	bool has_sites;				/* as it was then */
	bool asking;				/* for a delay */
	char answer[16];
};

int tui__open(struct tui **out, const struct tui_state *state, bool color)
{
	struct tui *t;

	if (nr_stat_columns > MAX_COLUMNS)
		return -E2BIG;
	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return -ENOTTY;
	t = calloc(1, sizeof(*t));
	if (!t)
		return -ENOMEM;
	t->state = *state;
	t->sorted = state->sort;
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
	if (color && has_colors()) {
		start_color();
		use_default_colors();
		init_pair(PAIR_FINDING, COLOR_RED, -1);
		init_pair(PAIR_HEAD, COLOR_CYAN, -1);
		init_pair(PAIR_SORT, COLOR_YELLOW, -1);
	}
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

const struct tui_state *tui__state(const struct tui *t)
{
	return &t->state;
}

static void move_by(struct tui *t, long step)
{
	long to = (long)t->selected + step;

	if (to >= (long)t->nr_rows)
		to = (long)t->nr_rows - 1;
	t->selected = to < 0 ? 0 : (size_t)to;
}

/* A key while the delay is being typed. */
static enum tui_event ask_key(struct tui *t, int key)
{
	size_t len = strlen(t->answer);

	if (key == '\r' || key == '\n' || key == KEY_ENTER) {
		int64_t delay_ns;

		t->asking = false;
		if (option__seconds(&delay_ns, t->answer))
			return TUI_REDRAW;
		t->state.delay_ns = delay_ns < SHORTEST_DELAY_NS ? SHORTEST_DELAY_NS : delay_ns;
		return TUI_PERIOD;
	}
	if (key == 27)
		t->asking = false;
	else if ((key == KEY_BACKSPACE || key == 127 || key == 8) && len)
		t->answer[len - 1] = '\0';
	else if ((key == '.' || (key < 128 && isdigit(key))) && len + 1 < sizeof(t->answer))
		t->answer[len] = (char)key;	/* the rest of answer is zero */
	return TUI_REDRAW;
}

/* From the column the picture is sorted by to the next one in it. */
static void sort_by(struct tui *t, size_t step)
{
	t->state.sort = t->sorted;
	do
		t->state.sort = (t->state.sort + step) % nr_stat_columns;
	while (!t->shown[t->state.sort] && t->state.sort != t->sorted);
	t->selected = 0;
}

enum tui_event tui__key(struct tui *t)
{
	int key = getch();

	if (key == ERR)
		return TUI_NOTHING;
	if (t->asking)
		return ask_key(t, key);
	switch (key) {
	case 'q':
	case 'Q':
		return TUI_QUIT;
	case 's':
	case '>':
	case KEY_RIGHT:
		sort_by(t, 1);
		break;
	case '<':
	case KEY_LEFT:
		sort_by(t, nr_stat_columns - 1);
		break;
	case 'r':
		t->state.reverse = !t->state.reverse;
		break;
	case 'h':
		if (t->has_sites)
			t->state.sites = !t->state.sites;
		t->selected = 0;
		break;
	case ' ':
		t->state.paused = !t->state.paused;
		return TUI_PERIOD;
	case 'd':
		t->asking = true;
		memset(t->answer, 0, sizeof(t->answer));
		break;
	case KEY_UP:
	case 'k':
		move_by(t, -1);
		break;
	case KEY_DOWN:
	case 'j':
		move_by(t, 1);
		break;
	case KEY_PPAGE:
		move_by(t, -t->page);
		break;
	case KEY_NPAGE:
		move_by(t, t->page);
		break;
	case KEY_HOME:
		t->selected = 0;
		break;
	case KEY_END:
		move_by(t, (long)t->nr_rows);
		break;
	case KEY_RESIZE:
		clearok(stdscr, TRUE);	/* what the terminal kept of the old picture is unknown */
		break;
	default:
		return TUI_REDRAW;
	}
	return TUI_REDRAW;
}

/* Writes text into `width` columns and fills them; what does not fit is cut at a
 * character, never inside one. */
static void put(int y, int x, int width, const char *text, bool right)
{
	wchar_t wide[CELL_BYTES];
	char safe[CELL_BYTES];
	size_t nr;
	int used;

	if (width > COLS - x)
		width = COLS - x;
	if (width <= 0)
		return;
	nr = mbstowcs(wide, fmt__safe(safe, sizeof(safe), text, true), CELL_BYTES - 1);
	if (nr == (size_t)-1)	/* no UTF-8 terminal */
		nr = mbstowcs(wide, fmt__safe(safe, sizeof(safe), text, false), CELL_BYTES - 1);
	if (nr == (size_t)-1)
		return;
	wide[nr] = L'\0';
	while ((used = wcswidth(wide, nr)) > width)
		wide[--nr] = L'\0';
	if (used < 0)
		used = (int)nr;
	mvhline(y, x, ' ', width);
	mvaddwstr(y, right ? x + width - used : x, wide);
}

static int needed(const int *widths)
{
	int sum = -1;	/* no blank after the last */

	for (size_t i = 0; i < nr_stat_columns; i++)
		sum += widths[i] ? widths[i] + 1 : 0;
	return sum;
}

/* Which column is how wide; 0: left out.  On a narrow screen numbers go before the
 * lock and its caller do, the least telling first; on a wide one the last column,
 * the caller, takes what is left. */
static void lay_out(const bool *shown, int *widths)
{
	static const struct {
		const char *id;
		int width;
	} steps[] = {
		{ "lock", 18 }, { "site", 28 }, { "caller", 20 }, { "p99", 0 }, { "mode", 0 },
		{ "avg", 0 }, { "hold_avg", 0 }, { "kind", 8 }, { "count", 0 }, { "holds", 0 },
		{ "max", 0 }, { "kind", 0 }, { "hold_max", 0 }, { "lock", 0 },
	};
	size_t nr_steps = sizeof(steps) / sizeof(*steps), last = 0;

	for (size_t i = 0; i < nr_stat_columns; i++) {
		widths[i] = shown[i] ? stat_columns[i].width : 0;
		last = shown[i] ? i : last;
	}
	for (size_t i = 0; i < nr_steps && needed(widths) > COLS; i++) {
		const struct stat_column *c = stat_column__find(steps[i].id);

		if (c && widths[c - stat_columns] > steps[i].width)
			widths[c - stat_columns] = steps[i].width;
	}
	if (needed(widths) < COLS)
		widths[last] += COLS - needed(widths);
}

static void draw_head(const struct tui *t, const int *widths, int y)
{
	int x = 0;

	attron(A_REVERSE);
	mvhline(y, 0, ' ', COLS);
	for (size_t i = 0; i < nr_stat_columns; i++) {
		const struct stat_column *c = &stat_columns[i];
		int mark = i == t->sorted ? A_BOLD | A_UNDERLINE : 0;

		attron(mark);
		put(y, x, widths[i], c->title, !c->is_text);
		attroff(mark);
		x += widths[i] ? widths[i] + 1 : 0;
	}
	attroff(A_REVERSE);
}

static void draw_row(const struct stat_line *line, const int *widths, int y)
{
	char cell[CELL_BYTES];
	int x = 0;

	for (size_t i = 0; i < nr_stat_columns; i++) {
		const struct stat_column *c = &stat_columns[i];

		if (!widths[i])
			continue;
		c->text(line, cell, sizeof(cell));
		put(y, x, widths[i], cell, !c->is_text);
		x += widths[i] + 1;
	}
}

/* What the keys need to know of the picture. */
static void remember(struct tui *t, const struct tui_frame *frame)
{
	for (size_t i = 0; i < nr_stat_columns; i++)
		t->shown[i] = &stat_columns[i] != frame->hidden &&
			      stat_table__shows(frame->table, &stat_columns[i]);
	t->sorted = (size_t)(stat_table__sort(frame->table) - stat_columns);
	t->has_sites = frame->has_sites;
	t->nr_rows = stat_table__nr(frame->table);
}

static void draw_table(struct tui *t, const struct tui_frame *frame, int top)
{
	const struct stat_table *table = frame->table;
	int y = top + 1, widths[MAX_COLUMNS];

	remember(t, frame);
	t->page = LINES - 1 - y;
	if (t->page < 1)
		t->page = 1;
	move_by(t, 0);	/* the table may have shrunk */
	if (t->selected < t->first)
		t->first = t->selected;
	if (t->selected >= t->first + (size_t)t->page)
		t->first = t->selected - (size_t)t->page + 1;
	lay_out(t->shown, widths);
	draw_head(t, widths, top);
	for (size_t i = t->first; i < t->nr_rows && y < LINES - 1; i++, y++) {
		int mark = i == t->selected ? A_BOLD : 0;

		attron(mark);
		draw_row(stat_table__line(table, i), widths, y);
		attroff(mark);
	}
	if (!t->nr_rows)
		put(y, 0, COLS, t->state.sites ? "no holds" : "no contended waits", false);
}

/* Returns the first line below. */
static int draw_findings(const struct view_input *in, int y)
{
	char line[CELL_BYTES];

	for (size_t i = 0; i < in->nr_findings && i < FINDINGS_SHOWN && y < LINES - 3; i++, y++) {
		const struct finding *f = in->findings[i];

		attron(A_BOLD | COLOR_PAIR(PAIR_FINDING));
		snprintf(line, sizeof(line), "%s #%llu (%s): %s", finding_kind__name(f->kind),
			 (unsigned long long)f->id, certainty__name(f->confidence),
			 f->summary ? f->summary : "");
		put(y, 0, COLS, line, false);
		attroff(A_BOLD | COLOR_PAIR(PAIR_FINDING));
	}
	if (in->nr_findings > FINDINGS_SHOWN) {
		snprintf(line, sizeof(line), "... and %zu findings more",
			 in->nr_findings - FINDINGS_SHOWN);
		put(y++, 0, COLS, line, false);
	}
	return y;
}

static void draw_foot(const struct tui *t)
{
	char line[CELL_BYTES];

	if (t->asking)
		snprintf(line, sizeof(line), "Seconds between refreshes: %s_", t->answer);
	else
		snprintf(line, sizeof(line), "q quit  < > sort column  r %s  %sd delay  space %s  "
			 "arrows scroll", t->state.reverse ? "largest first" : "smallest first",
			 !t->has_sites ? "" : t->state.sites ? "h locks  " : "h sites  ",
			 t->state.paused ? "go on" : "pause");
	attron(A_DIM);
	put(LINES - 1, 0, COLS, line, false);
	attroff(A_DIM);
}

void tui__draw(struct tui *t, const struct tui_frame *frame)
{
	erase();
	attron(A_BOLD);
	put(0, 0, COLS, frame->title, false);
	attroff(A_BOLD);
	if (t->state.paused && COLS > 8)
		put(0, COLS - 8, 8, "[paused]", false);
	draw_table(t, frame, draw_findings(frame->in, 1));
	draw_foot(t);
	refresh();
}
