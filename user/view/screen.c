// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#define _GNU_SOURCE	/* strcasestr */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "lib/fmt.h"
#include "view/screen_int.h"

const char *const screen_view_names[NR_SCREEN_VIEWS] = {
	"Locks", "Callers", "Tasks", "Chains", "Graph", "Findings", "Sites",
};

int screen__new(struct screen **out, const struct screen_settings *set, bool replay)
{
	struct screen *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->set = *set;
	s->replay = replay;
	s->page = 1;
	s->width = 80;
	*out = s;
	return 0;
}

static void forget_rows(struct screen *s)
{
	stat_table__free(s->table);
	s->table = NULL;
	free(s->passing);
	s->passing = NULL;
	s->nr_passing = 0;
	list__free(&s->list);
	s->nothing = "nothing";
}

void screen__free(struct screen *s)
{
	if (!s)
		return;
	forget_rows(s);
	free(s);
}

const struct screen_settings *screen__settings(const struct screen *s)
{
	return &s->set;
}

bool screen__paused(const struct screen *s)
{
	return s->paused;
}

bool screen__asks(const struct screen *s)
{
	return s->ask != ASK_NOTHING;
}

enum screen_step screen__step(const struct screen *s)
{
	return s->step;
}

const char *screen__save_name(const struct screen *s)
{
	return s->save;
}

const char *screen__user(const struct screen *s)
{
	return s->user;
}

void screen__say(struct screen *s, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(s->message, sizeof(s->message), fmt, ap);
	va_end(ap);
}

void screen__suggest(struct screen *s, const char *name)
{
	snprintf(s->suggestion, sizeof(s->suggestion), "%s", name);
}

bool screen__passes(const struct screen *s, const char *text)
{
	return !*s->filter || strcasestr(text, s->filter);
}

static bool row_passes(const struct screen *s, const struct list_row *row)
{
	for (size_t c = 0; c < LIST_COLUMNS; c++)
		if (row->cells[c] && screen__passes(s, row->cells[c]))
			return true;
	return false;
}

void screen_rows__filter(struct screen *s)
{
	size_t nr = 0;

	for (size_t i = 0; *s->filter && i < s->list.nr; i++) {
		struct list_row *row = &s->list.rows[i];

		if (row_passes(s, row)) {
			s->list.rows[nr++] = *row;
			continue;
		}
		for (size_t c = 0; c < LIST_COLUMNS; c++)
			free(row->cells[c]);
	}
	if (*s->filter)
		s->list.nr = nr;
}

size_t screen_rows__nr(const struct screen *s)
{
	return s->table ? s->nr_passing : s->list.nr;
}

struct target screen_rows__target(const struct screen *s, size_t i)
{
	if (i >= screen_rows__nr(s))
		return (struct target){ 0 };
	return s->table ? screen_table__target(s, i) : s->list.rows[i].target;
}

static bool same_target(const struct target *a, const struct target *b)
{
	return a->kind && a->kind == b->kind && a->id == b->id && a->start_ns == b->start_ns;
}

void screen_rows__move(struct screen *s, long step)
{
	long nr = (long)screen_rows__nr(s), to = (long)s->selected + step;

	if (to >= nr)
		to = nr - 1;
	s->selected = to < 0 ? 0 : (size_t)to;
	s->under = screen_rows__target(s, s->selected);
}

/* The cursor stays on what it is on, unless that is the first row: who has not moved
 * it wants to see what is on top. */
static void follow(struct screen *s)
{
	size_t nr = screen_rows__nr(s), best = nr;

	for (size_t i = 0; s->selected && i < nr; i++) {
		struct target t = screen_rows__target(s, i);

		if (!same_target(&t, &s->under))
			continue;
		/* several rows of one thing: the nearest to where it was */
		if (best == nr || labs((long)i - (long)s->selected) <
				  labs((long)best - (long)s->selected))
			best = i;
	}
	if (best < nr) {
		/* the rows around it stay where they are on the screen, too */
		if (s->first + best >= s->selected)
			s->first = s->first + best - s->selected;
		s->selected = best;
	}
	screen_rows__move(s, 0);
}

static int make_view(struct screen *s, const struct screen_input *input)
{
	static int (*const make[NR_SCREEN_VIEWS])(struct screen *s,
						  const struct screen_input *in) = {
		[SCREEN_LOCKS] = screen_table__make,
		[SCREEN_CALLERS] = screen_table__make,
		[SCREEN_TASKS] = screen_tasks__make,
		[SCREEN_CHAINS] = screen_chains__make,
		[SCREEN_GRAPH] = screen_graph__make,
		[SCREEN_FINDINGS] = screen_findings__make,
		[SCREEN_SITES] = screen_table__make,
	};

	if (s->cover == COVER_DETAIL)
		return screen_detail__make(s, input);
	if (s->cover == COVER_HELP) {
		screen_help__make(s);
		return 0;
	}
	return make[s->set.view](s, input);
}

int screen__update(struct screen *s, const struct screen_input *input)
{
	struct view_input in = *input->in;
	struct screen_input plain = *input;
	size_t nr_holds;
	int err;

	in.style.color = false;	/* how things look is the grid's business */
	plain.in = &in;
	forget_rows(s);
	model__holds(input->in->model, &nr_holds);
	s->has_sites = nr_holds && !view_filter__has_tasks(input->in->filter);
	if (s->set.view == SCREEN_SITES && !s->has_sites)
		s->set.view = SCREEN_LOCKS;
	screen_head__make(s, &plain);
	err = make_view(s, &plain);
	if (!err && !s->table && !s->list.columns[0].title[0])
		list__wrap(&s->list, s->width);
	if (!err)
		err = s->list.error;
	if (err)
		return err;
	follow(s);
	return 0;
}

/* No line is lost: the page follows the cursor, and a shrunk list fills it. */
static void scroll(struct screen *s, int page)
{
	size_t nr = screen_rows__nr(s), rows = (size_t)(page < 1 ? 1 : page);

	s->page = (int)rows;
	if (s->selected < s->first)
		s->first = s->selected;
	if (s->selected >= s->first + rows)
		s->first = s->selected - rows + 1;
	if (s->first + rows > nr)
		s->first = nr > rows ? nr - rows : 0;
}

static void draw_rows(struct screen *s, struct grid *g, int y, int end)
{
	size_t nr = screen_rows__nr(s);

	for (size_t i = s->first; i < nr && y < end; i++, y++) {
		if (s->table)
			screen_table__draw_row(s, g, y, i);
		else
			list__draw_row(&s->list, g, y, i);
		if (i == s->selected)
			grid__look(g, y, 0, g->width, LOOK_SELECTED);
	}
	if (!nr && y < end)
		grid__text(g, y, 0, g->width, LOOK_DIM, *s->filter ?
			   "nothing passes the filter (/ changes it)" : s->nothing);
}

void screen__resize(struct screen *s, int width)
{
	s->width = width;
}

/* The order of dropping on a low screen: the head goes before rows do. */
void screen__draw(struct screen *s, struct grid *g)
{
	int y = screen_head__draw(s, g);
	bool has_head = s->table || s->list.columns[0].title[0];

	s->y_head = -1;
	if (has_head && y + 2 < g->height) {
		s->y_head = y;
		if (s->table)
			screen_table__draw_head(s, g, y++);
		else
			list__draw_head(&s->list, g, y++);
	}
	s->y_rows = y;
	scroll(s, g->height - 1 - y);
	draw_rows(s, g, y, g->height - 1);
	if (g->height > 1)
		screen_foot__draw(s, g);
}

/* Lays something over what is shown; false when there is too much already. */
static bool cover(struct screen *s, enum screen_cover what, const struct target *target)
{
	if (s->depth == SCREEN_DEPTH)
		return false;
	s->places[s->depth++] = (struct screen_place){ s->cover, s->target, s->under, s->first,
						       s->selected };
	s->cover = what;
	s->target = target ? *target : (struct target){ 0 };
	s->target_name[0] = '\0';
	s->under = (struct target){ 0 };
	s->first = s->selected = 0;
	return true;
}

unsigned int screen__open(struct screen *s)
{
	struct target t = screen_rows__target(s, s->selected);

	if (!t.kind || same_target(&t, &s->target) || !cover(s, COVER_DETAIL, &t))
		return 0;
	return WANT_UPDATE;
}

unsigned int screen__help(struct screen *s)
{
	if (s->cover == COVER_HELP)
		return screen__back(s);
	return cover(s, COVER_HELP, NULL) ? WANT_UPDATE : 0;
}

unsigned int screen__back(struct screen *s)
{
	const struct screen_place *place;

	if (!s->depth) {
		if (!*s->filter)
			return 0;
		s->filter[0] = '\0';
		return WANT_UPDATE;
	}
	place = &s->places[--s->depth];
	s->cover = place->cover;
	s->target = place->target;
	s->under = place->under;
	s->first = place->first;
	s->selected = place->selected;
	return WANT_UPDATE;
}

unsigned int screen__show(struct screen *s, enum screen_view view)
{
	if (view == SCREEN_SITES && !s->has_sites) {
		screen__say(s, "holds are counted at level held only, and not with a filter on "
			    "tasks");
		return WANT_DRAW;
	}
	s->set.view = view;
	s->cover = COVER_NOTHING;
	s->depth = 0;
	s->target = s->under = (struct target){ 0 };
	s->first = s->selected = 0;
	/* tasks are counted apart only where they are shown */
	return WANT_UPDATE | WANT_FILTER;
}

unsigned int screen__click(struct screen *s, int y, int x)
{
	size_t row = s->first + (size_t)(y - s->y_rows);

	s->message[0] = '\0';
	if (y == s->y_alarm)
		return screen__show(s, SCREEN_FINDINGS);
	for (enum screen_view v = 0; y == s->y_tabs && v < NR_SCREEN_VIEWS; v++)
		if (x >= s->tab_x[v] && x < s->tab_x[v + 1])
			return screen__show(s, v);
	for (size_t i = 0; y == s->y_head && s->table && i < nr_stat_columns; i++) {
		if (!s->column_width[i] || x < s->column_x[i] ||
		    x >= s->column_x[i] + s->column_width[i])
			continue;
		s->set.reverse = s->set.sort == &stat_columns[i] && !s->set.reverse;
		s->set.sort = &stat_columns[i];
		return WANT_UPDATE;
	}
	if (y < s->y_rows || row >= screen_rows__nr(s) || y >= s->y_rows + s->page)
		return 0;
	if (row == s->selected)
		return screen__open(s) | WANT_DRAW;
	screen_rows__move(s, (long)row - (long)s->selected);
	return WANT_DRAW;
}
