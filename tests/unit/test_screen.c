// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* The full screen of `top` without a terminal: keys in, cells out. */
#include <stdlib.h>
#include <string.h>
#include "cmocka_all.h"
#include "scene.h"
#include "view/screen.h"
#include "view/spark.h"

/* A screen over a scene. */
struct desk {
	struct scene *scene;
	struct screen *screen;
	struct history *history;
	struct grid grid;
	struct view_input in;
	struct screen_input input;
	char *text;
};

static const struct view_filter no_filter;

static void look(struct desk *d)
{
	size_t size;
	FILE *out;

	d->in = (struct view_input){
		.model = scene__model(d->scene), .snap = scene__now(d->scene),
		.filter = &no_filter, .style = { .utf8 = true },
	};
	d->input.in = &d->in;
	d->input.history = d->history;
	assert_int_equal(screen__update(d->screen, &d->input), 0);
	screen__draw(d->screen, &d->grid);
	free(d->text);
	d->text = NULL;
	out = open_memstream(&d->text, &size);
	assert_non_null(out);
	assert_int_equal(grid__print(&d->grid, out, false), 0);
	fclose(out);
}

static struct desk *desk__new(int width, int height, bool replay)
{
	struct desk *d = calloc(1, sizeof(*d));
	struct screen_settings set;

	assert_non_null(d);
	d->scene = scene__new();
	d->grid.utf8 = true;
	screen_settings__defaults(&set);
	set.sum = true;
	assert_int_equal(history__new(&d->history), 0);
	assert_int_equal(screen__new(&d->screen, &set, replay), 0);
	assert_int_equal(grid__resize(&d->grid, width, height), 0);
	screen__resize(d->screen, width);
	return d;
}

static void desk__free(struct desk *d)
{
	screen__free(d->screen);
	history__free(d->history);
	scene__free(d->scene);
	grid__free(&d->grid);
	free(d->text);
	free(d);
}

static unsigned int press(struct desk *d, uint32_t key)
{
	unsigned int want = screen__key(d->screen, key);

	assert_int_equal(grid__resize(&d->grid, d->grid.width, d->grid.height), 0);
	look(d);
	return want;
}

static void type(struct desk *d, const char *text)
{
	for (; *text; text++)
		press(d, (uint8_t)*text);
}

static bool shows(const struct desk *d, const char *text)
{
	return strstr(d->text, text);
}

/* Waits of one lock, as the source counts them. */
static void count(struct desk *d, uint64_t lock, uint64_t nr, uint64_t each_ns)
{
	struct record rec = { .type = REC_AGG };

	rec_lock__set_addr(&rec.agg.lock, lock, KIND_MUTEX);
	rec.agg.count = nr;
	rec.agg.total_ns = nr * each_ns;
	rec.agg.max_ns = each_ns;
	rec.agg.hist = (struct rec_hist){ &nr, 20, 1 };
	rec.agg.who.comm = "";
	scene__send(d->scene, &rec);
}

/* The look of the first cell of a row. */
static enum grid_look look_at(const struct desk *d, int y)
{
	return (enum grid_look)d->grid.cells[y * d->grid.width].look;
}

static int selected_row(const struct desk *d)
{
	for (int y = 0; y < d->grid.height; y++)
		if (look_at(d, y) == LOOK_SELECTED)
			return y;
	return -1;
}

static void test_a_wide_character_at_the_edge_is_left_out(void **state)
{
	struct grid g = { .utf8 = true };

	(void)state;
	assert_int_equal(grid__resize(&g, 4, 1), 0);
	assert_int_equal(grid__text(&g, 0, 0, 4, LOOK_PLAIN, "a漢字"), 3);
	assert_int_equal(g.cells[1].cp, 0x6f22);
	assert_int_equal(g.cells[2].cp, 0);
	assert_int_equal(g.cells[3].cp, ' ');
	/* nothing is written beyond any edge */
	grid__text(&g, 0, -1, 4, LOOK_PLAIN, "x");
	grid__text(&g, 1, 0, 4, LOOK_PLAIN, "x");
	grid__right(&g, 0, 2, 99, LOOK_PLAIN, "zz");
	grid__fill(&g, 0, 3, 99, LOOK_BAR);
	grid__free(&g);
}

static void test_a_spark_shows_what_is_there(void **state)
{
	const uint64_t values[] = { 0, 1, 500, 1000 };
	char buf[4 * SPARK_BYTES + 1], bar[8 * SPARK_BYTES + 1];

	(void)state;
	assert_string_equal(spark__line(buf, values, 4, 0, true), " ▁▄█");
	assert_string_equal(spark__line(buf, values, 4, 0, false), " .-#");
	/* two rows: the half fills the lower one */
	assert_string_equal(spark__row(buf, values, 4, 0, 0, 2, true), "   █");
	assert_string_equal(spark__row(buf, values, 4, 0, 1, 2, true), " ▁██");
	assert_string_equal(spark__bar(bar, 1, 1000, 8, false), "#");
	assert_string_equal(spark__bar(bar, 1000, 1000, 8, false), "########");
	assert_string_equal(spark__bar(bar, 0, 0, 8, true), "");
}

static void test_history_is_of_steps(void **state)
{
	struct desk *d = desk__new(80, 24, false);
	struct model *m = scene__model(d->scene);
	uint64_t steps[3];

	(void)state;
	count(d, L1, 10, 1000);
	assert_int_equal(history__add(d->history, m, SEC), 0);
	assert_int_equal(history__last(d->history)->period_ns, 0);	/* only the begin */
	count(d, L1, 30, 1000);
	assert_int_equal(history__add(d->history, m, 3 * SEC), 0);
	assert_int_equal(history__last(d->history)->count, 20);
	assert_int_equal(history__last(d->history)->period_ns, 2 * SEC);
	assert_int_equal(history__add(d->history, m, 4 * SEC), 0);
	history__lock(d->history, L1, steps, 3);
	assert_int_equal(steps[0], 0);		/* there was none */
	assert_int_equal(steps[1], 20000);
	assert_int_equal(steps[2], 0);
	assert_int_equal(history__span_ns(d->history, 3), 3 * SEC);
	/* a counter that went back counts from its begin */
	count(d, L1, 5, 1000);
	assert_int_equal(history__add(d->history, m, 5 * SEC), 0);
	assert_int_equal(history__last(d->history)->count, 5);
	desk__free(d);
}

static void test_settings_come_back(void **state)
{
	struct screen_settings set, back;
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	screen_settings__defaults(&set);
	set.view = SCREEN_GRAPH;
	set.sort = stat_column__find("max");
	set.reverse = set.sum = true;
	set.delay_ns = 1500 * MS;
	assert_int_equal(screen_settings__print(&set, out), 0);
	fclose(out);
	screen_settings__defaults(&back);
	assert_int_equal(screen_settings__parse(&back, text), 0);
	assert_memory_equal(&set, &back, sizeof(set));
	free(text);
}

static void test_garbage_changes_no_setting(void **state)
{
	struct screen_settings set, before;
	char garbage[2000];

	(void)state;
	screen_settings__defaults(&set);
	before = set;
	memset(garbage, 'x', sizeof(garbage) - 1);
	garbage[sizeof(garbage) - 1] = '\0';
	assert_int_equal(screen_settings__parse(&set, garbage), 1);
	assert_int_equal(screen_settings__parse(&set, "view=nothing\nsort = \ndelay=1e999\n"
						      "delay=-1\n=\nsum=maybe\n\x01\xff"), 7);
	assert_memory_equal(&set, &before, sizeof(set));
	/* what is right counts all the same */
	assert_int_equal(screen_settings__parse(&set, "# a remark\n\n sort\t= count \r\nno\n"), 1);
	assert_string_equal(set.sort->id, "count");
}

static void test_keys_choose_views_and_order(void **state)
{
	struct desk *d = desk__new(120, 24, false);

	(void)state;
	count(d, L1, 1, 9000);
	count(d, L2, 50, 100);
	press(d, SK_HOME);
	assert_true(strstr(d->text, "888000000100") < strstr(d->text, "888000000200"));
	assert_true(press(d, '<') & WANT_UPDATE);	/* by count */
	assert_string_equal(screen__settings(d->screen)->sort->id, "count");
	assert_true(strstr(d->text, "888000000100") > strstr(d->text, "888000000200"));
	press(d, 'R');
	assert_true(strstr(d->text, "888000000100") < strstr(d->text, "888000000200"));
	press(d, 'w');
	assert_int_equal(screen__settings(d->screen)->view, SCREEN_GRAPH);
	assert_true(shows(d, "no task waits for another"));
	press(d, SK_TAB);
	assert_int_equal(screen__settings(d->screen)->view, SCREEN_FINDINGS);
	press(d, '7');		/* no holds are counted */
	assert_int_equal(screen__settings(d->screen)->view, SCREEN_FINDINGS);
	assert_int_equal(press(d, 'q') & WANT_QUIT, WANT_QUIT);
	desk__free(d);
}

static void test_a_filter_hides_and_escape_shows_again(void **state)
{
	struct desk *d = desk__new(120, 24, false);

	(void)state;
	count(d, L1, 1, 9000);
	count(d, L2, 50, 100);
	press(d, '/');
	type(d, "000000200x");
	press(d, SK_BACKSPACE);
	assert_true(shows(d, "Show rows with: 000000200_"));
	press(d, SK_ENTER);
	assert_false(shows(d, "888000000100"));
	assert_true(shows(d, "888000000200"));
	press(d, SK_ESCAPE);
	assert_true(shows(d, "888000000100"));
	press(d, '/');
	type(d, "nothing like it");
	press(d, SK_ENTER);
	assert_true(shows(d, "nothing passes the filter"));
	desk__free(d);
}

static void test_what_is_typed_is_checked(void **state)
{
	struct desk *d = desk__new(80, 24, false);

	(void)state;
	press(d, 'd');
	type(d, "x");
	assert_false(press(d, SK_ENTER) & WANT_PERIOD);
	assert_true(shows(d, "not a number of seconds"));
	press(d, 'd');
	type(d, "0.001");
	assert_true(press(d, SK_ENTER) & WANT_PERIOD);
	assert_int_equal(screen__settings(d->screen)->delay_ns, 100 * MS);
	press(d, 'K');
	type(d, "mutex,tractor");
	assert_false(press(d, SK_ENTER) & WANT_FILTER);
	press(d, 'K');
	type(d, "mutex,rwsem");
	assert_true(press(d, SK_ENTER) & WANT_FILTER);
	assert_int_equal(screen__settings(d->screen)->kinds, 1 << KIND_MUTEX | 1 << KIND_RWSEM);
	desk__free(d);
}

static void test_the_cursor_stays_on_its_row(void **state)
{
	struct desk *d = desk__new(120, 24, false);
	int y;

	(void)state;
	count(d, L1, 3, 100);
	count(d, L2, 2, 100);
	count(d, L3, 1, 100);
	press(d, SK_HOME);
	y = selected_row(d);
	press(d, SK_DOWN);
	assert_int_equal(selected_row(d), y + 1);
	count(d, L2, 9, 100);		/* now the first */
	press(d, SK_OTHER);
	press(d, SK_ENTER);
	assert_true(shows(d, "mutex 0xffff888000000200"));
	assert_false(shows(d, "mutex 0xffff888000000100"));
	press(d, SK_ESCAPE);
	press(d, SK_HOME);		/* who is on top sees what is on top */
	count(d, L3, 99, 100);
	press(d, SK_OTHER);
	press(d, SK_ENTER);
	assert_true(shows(d, "mutex 0xffff888000000300"));
	desk__free(d);
}

static void test_a_list_that_shrinks_keeps_the_cursor_inside(void **state)
{
	struct desk *d = desk__new(80, 24, false);

	(void)state;
	for (uint32_t tid = 2; tid < 40; tid++)
		scene__blocks(d->scene, 1, L1, tid);
	scene__read(d->scene, SEC);
	press(d, '3');
	press(d, SK_END);
	for (uint32_t tid = 3; tid < 40; tid++)
		scene__gone(d->scene, tid);
	scene__read(d->scene, SEC);
	press(d, SK_OTHER);
	assert_true(selected_row(d) > 0);
	assert_true(shows(d, "t2/2"));
	desk__free(d);
}

static void test_a_deadlock_is_in_red_above_all(void **state)
{
	struct finding deadlock = { .kind = FIND_DEADLOCK, .id = 7, .open = true,
				    .summary = "2 tasks wait for each other" };
	struct finding late = { .kind = FIND_LONG_WAIT, .id = 3, .open = true, .summary = "late" };
	const struct finding *both[] = { &late, &deadlock };
	static const int sizes[][2] = { { 80, 24 }, { 40, 10 }, { 200, 50 }, { 20, 4 }, { 10, 2 } };

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		struct desk *d = desk__new(sizes[i][0], sizes[i][1], false);
		int y = 0;

		look(d);
		d->in.findings = both;
		d->in.nr_findings = 2;
		assert_int_equal(screen__update(d->screen, &d->input), 0);
		assert_int_equal(grid__resize(&d->grid, d->grid.width, d->grid.height), 0);
		screen__draw(d->screen, &d->grid);
		while (y < d->grid.height && look_at(d, y) != LOOK_ALARM)
			y++;
		assert_true(y < d->grid.height);
		assert_int_equal(d->grid.cells[y * d->grid.width + 1].cp, 'D');
		/* clicking it leads there */
		screen__click(d->screen, y, 0);
		assert_int_equal(screen__settings(d->screen)->view, SCREEN_FINDINGS);
		desk__free(d);
	}
}

static void test_a_recording_has_keys_of_its_own(void **state)
{
	struct desk *live = desk__new(80, 24, false), *replay = desk__new(80, 24, true);

	(void)state;
	assert_false(press(live, 'n') & WANT_STEP);
	assert_true(press(live, ' ') & WANT_PERIOD);
	assert_true(screen__paused(live->screen));
	assert_true(press(replay, 'n') & WANT_STEP);
	assert_int_equal(screen__step(replay->screen), STEP_NEXT);
	assert_true(press(replay, SK_LEFT) & WANT_STEP);
	assert_int_equal(screen__step(replay->screen), STEP_PREVIOUS);
	assert_true(press(replay, 'G') & WANT_STEP);
	assert_int_equal(screen__step(replay->screen), STEP_LAST);
	assert_false(press(replay, ' ') & WANT_PERIOD);
	desk__free(live);
	desk__free(replay);
}

static void test_any_size_takes_any_key(void **state)
{
	static const uint32_t keys[] = { '1', SK_ENTER, '3', SK_ENTER, SK_END, SK_ESCAPE, '4',
					 SK_ENTER, '5', SK_PAGE_DOWN, '6', '?', SK_DOWN, '/', 'a',
					 SK_ENTER, SK_PAGE_UP, 'r', SK_BACKSPACE, SK_ESCAPE };

	(void)state;
	for (int width = 1; width < 130; width += 7)
		for (int height = 1; height < 12; height++) {
			struct desk *d = desk__new(width, height, true);

			scene__blocks(d->scene, 1, L1, 2);
			scene__blocks(d->scene, 2, L2, 1);
			scene__read(d->scene, SEC);
			count(d, L1, 5, 100);
			for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
				press(d, keys[i]);
				screen__click(d->screen, height / 2, width / 2);
			}
			desk__free(d);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_wide_character_at_the_edge_is_left_out),
		cmocka_unit_test(test_a_spark_shows_what_is_there),
		cmocka_unit_test(test_history_is_of_steps),
		cmocka_unit_test(test_settings_come_back),
		cmocka_unit_test(test_garbage_changes_no_setting),
		cmocka_unit_test(test_keys_choose_views_and_order),
		cmocka_unit_test(test_a_filter_hides_and_escape_shows_again),
		cmocka_unit_test(test_what_is_typed_is_checked),
		cmocka_unit_test(test_the_cursor_stays_on_its_row),
		cmocka_unit_test(test_a_list_that_shrinks_keeps_the_cursor_inside),
		cmocka_unit_test(test_a_deadlock_is_in_red_above_all),
		cmocka_unit_test(test_a_recording_has_keys_of_its_own),
		cmocka_unit_test(test_any_size_takes_any_key),
	};

	return cmocka_run_group_tests_name("screen", tests, NULL, NULL);
}
