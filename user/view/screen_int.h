/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * screen_int.h - what the files of the screen share: its state, and what each part
 * does with it.
 */
#ifndef LOCKSCOPE_VIEW_SCREEN_INT_H
#define LOCKSCOPE_VIEW_SCREEN_INT_H

#include "view/list.h"
#include "view/screen.h"
#include "view/spark.h"

#define SCREEN_COLUMNS_MAX 32
#define SCREEN_ANSWER 128
#define SCREEN_DEPTH 16
#define SCREEN_RATE_STEPS 30	/* periods of the rate, where there is room */

/* What is being typed at the foot. */
enum screen_ask { ASK_NOTHING, ASK_FILTER, ASK_DELAY, ASK_KINDS, ASK_USER, ASK_SAVE };

/* What covers the current view. */
enum screen_cover { COVER_NOTHING, COVER_DETAIL, COVER_HELP };

/* Where Esc leads back to. */
struct screen_place {
	enum screen_cover cover;
	struct target target, under;
	size_t first, selected;
};

struct screen {
	struct screen_settings set;
	bool paused, replay, has_sites;
	enum screen_cover cover;
	struct target target;		/* of the detail */
	struct screen_place places[SCREEN_DEPTH];	/* what lies below, the view first */
	int depth;
	char target_name[512];

	/* the rows of what is shown: a table's, or a list's */
	struct stat_table *table;	/* NULL: the list */
	uint32_t *passing;		/* rows of the table that pass the typed filter */
	size_t nr_passing;
	struct list list;
	const char *nothing;		/* what to say when there is no row */

	size_t first, selected;		/* row shown first, and under the cursor */
	struct target under;		/* what the cursor is on */
	int page;			/* rows that fit */

	/* the header and the alarm as text, made at an update */
	char head[3][512];		/* the last: what was lost, or nothing */
	char alarm[512];
	char rate[SCREEN_RATE_STEPS * SPARK_BYTES + 1];
	size_t nr_findings;
	enum grid_look alarm_look;

	enum screen_ask ask;
	char answer[SCREEN_ANSWER];
	char filter[SCREEN_ANSWER], user[SCREEN_ANSWER], save[SCREEN_ANSWER];
	char suggestion[SCREEN_ANSWER];
	char message[256];
	enum screen_step step;

	int width;			/* of the last picture: text is wrapped for it */
	/* where things stood in the last picture, for clicks */
	int y_alarm, y_tabs, y_head, y_rows;
	int tab_x[NR_SCREEN_VIEWS + 1];
	int column_x[SCREEN_COLUMNS_MAX], column_width[SCREEN_COLUMNS_MAX];
};

extern const char *const screen_view_names[NR_SCREEN_VIEWS];

/* the views; each fills the table or the list */
int screen_table__make(struct screen *s, const struct screen_input *input);
int screen_tasks__make(struct screen *s, const struct screen_input *input);
int screen_chains__make(struct screen *s, const struct screen_input *input);
int screen_graph__make(struct screen *s, const struct screen_input *input);
int screen_findings__make(struct screen *s, const struct screen_input *input);
/* The findings of a group, each to be opened. */
int screen_findings__group(struct screen *s, const struct screen_input *input);
int screen_detail__make(struct screen *s, const struct screen_input *input);
void screen_help__make(struct screen *s);
int screen_lock__make(struct screen *s, const struct screen_input *input);

/* lines of the details */
void screen_put__title(struct screen *s, const char *title);	/* after an empty line */
void screen_put__stack(struct screen *s, const struct view_input *in, uint32_t id,
		       const struct target *target);
void screen_put__user_stack(struct screen *s, const struct view_input *in, uint32_t id);
void screen_put__task(struct screen *s, const struct view_input *in, const char *role,
		      const struct snap_task *t, const char *more);
void screen_put__holder(struct screen *s, const struct view_input *in, const struct snap_hold *h);
void screen_put__waiter(struct screen *s, const struct view_input *in, const struct snap_task *t,
			bool with_stack);

/* a view of statistics: painting it, and what is in it */
void screen_table__draw_head(struct screen *s, struct grid *g, int y);
void screen_table__draw_row(const struct screen *s, struct grid *g, int y, size_t i);
struct target screen_table__target(const struct screen *s, size_t i);
/* Tells the names of lines apart; 0: it has none. */
uint64_t screen_table__name_id(const struct stat_line *line);
/* The next column that can be sorted by, of those shown; step 1 or -1. */
void screen_table__sort_by(struct screen *s, int step);

/* the header */
void screen_head__make(struct screen *s, const struct screen_input *input);
int screen_head__draw(struct screen *s, struct grid *g);	/* returns the first line below */
void screen_foot__draw(const struct screen *s, struct grid *g);

/* rows, whatever they are of */
size_t screen_rows__nr(const struct screen *s);
struct target screen_rows__target(const struct screen *s, size_t i);
void screen_rows__move(struct screen *s, long step);
/* Whether text holds what was typed as the filter; so does everything without one. */
bool screen__passes(const struct screen *s, const char *text);
/* Keeps only the rows of the list that pass. */
void screen_rows__filter(struct screen *s);

/* keys */
unsigned int screen_ask__key(struct screen *s, uint32_t key);
void screen_ask__begin(struct screen *s, enum screen_ask ask);
const char *screen_ask__prompt(const struct screen *s);
unsigned int screen__open(struct screen *s);
unsigned int screen__help(struct screen *s);
unsigned int screen__back(struct screen *s);
unsigned int screen__show(struct screen *s, enum screen_view view);

#endif
