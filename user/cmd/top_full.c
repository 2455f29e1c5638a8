// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* The full screen: scan, update and draw are three steps; keys ask for them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>
#include "cmd/summary.h"
#include "cmd/top_int.h"

#define NS_PER_MS 1000000LL

static uint32_t to_ms(int64_t ns)
{
	return (uint32_t)((ns + NS_PER_MS - 1) / NS_PER_MS);
}

static int64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

static int64_t own_cpu_ns(void)
{
	struct rusage u;

	if (getrusage(RUSAGE_SELF, &u))
		return 0;
	return (u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000000000LL +
	       (u.ru_utime.tv_usec + u.ru_stime.tv_usec) * 1000LL;
}

/* What lockscope itself took since the last tick, outside BPF and in it. */
static void measure(struct top *t)
{
	int64_t at_ns = now_ns(), own_ns = own_cpu_ns(), period_ns = at_ns - t->cost_at_ns;
	struct live_cost cost = { 0 };
	bool known = t->cost_at_ns && period_ns > 0;

	t->own_share = known ? (double)(own_ns - t->own_ns) / (double)period_ns : -1;
	t->bpf_share = -1;
	if (!source_live__cost(t->run.src, &cost) && known && cost.run_ns > t->bpf_ns)
		t->bpf_share = (double)(cost.run_ns - t->bpf_ns) / (double)period_ns;
	t->cost_at_ns = at_ns;
	t->own_ns = own_ns;
	t->bpf_ns = cost.run_ns;
}

static unsigned int nr_cpus(const struct top *t)
{
	long nr = t->path ? 0 : sysconf(_SC_NPROCESSORS_ONLN);

	return nr > 0 ? (unsigned int)nr : 0;
}

static const char *lost(struct top *t, const struct model *m)
{
	return strcmp(summary__lost(m, t->losses, sizeof(t->losses)), "nothing") ? t->losses : NULL;
}

static int update(struct top *t)
{
	struct view_input in;
	struct screen_input input = { .in = &in, .history = t->history };
	int width, height, err = run__view_input(&t->run, &in);

	if (err)
		return err;
	tui__size(t->tui, &width, &height);
	screen__resize(t->screen, width);
	top__options(t, screen__settings(t->screen)->sum, &input.stat);
	input.facts = (struct screen_facts){
		.t_ns = moment__time(in.model),
		.nr_cpus = nr_cpus(t),
		.own_share = t->path ? -1 : t->own_share,
		.bpf_share = t->bpf_share,
		.lost = lost(t, in.model),
		.at_end = t->path && session__is_at_end(t->run.session),
		.recording = t->save.file,
	};
	return screen__update(t->screen, &input);
}

static int draw(struct top *t)
{
	int width, height, err;

	tui__size(t->tui, &width, &height);
	err = grid__resize(&t->grid, width, height);
	if (err)
		return err == -EINVAL ? 0 : err;	/* a terminal of no size shows nothing */
	screen__draw(t->screen, &t->grid);
	tui__paint(t->tui, &t->grid);
	return 0;
}

int top_full__show(struct top *t)
{
	int err = update(t);

	return err ? err : draw(t);
}

static int take_history(struct top *t)
{
	const struct model *m = session__model(t->run.session);

	return history__add(t->history, m, moment__time(m));
}

static int tick_live(struct top *t)
{
	int err = take_history(t);

	measure(t);
	if (!err && *screen__user(t->screen))
		err = top_filter__apply(t);	/* processes come and go */
	if (!err && !t->nr_ticks)
		err = session__set_tick(t->run.session, to_ms(t->delay_ns));
	return err ? err : top_full__show(t);
}

/* A recording has stopped after a read: is this the one that is wanted? */
static int tick_replay(struct top *t)
{
	int err = t->has_news ? take_history(t) : 0;

	t->at++;
	t->has_news = false;
	if (err)
		return err;
	if (t->at < t->target && !session__is_at_end(t->run.session)) {
		session__go_on(t->run.session);
		return t->at % 64 ? 0 : top_full__input(t);	/* a long way: q ends it */
	}
	return top_full__show(t);
}

int top_full__tick(struct top *t)
{
	return t->path ? tick_replay(t) : tick_live(t);
}

int top_full__news(struct top *t)
{
	return t->path || screen__paused(t->screen) ? 0 : top_full__show(t);
}

static void step_forward(struct top *t, uint64_t target)
{
	if (session__is_at_end(t->run.session)) {
		screen__say(t->screen, "the recording ends here");
		return;
	}
	t->target = target;
	session__go_on(t->run.session);
}

static void step_back(struct top *t, uint64_t target)
{
	if (t->at <= 1) {
		screen__say(t->screen, "this is the first look");
		return;
	}
	t->target = target;
	t->rewind = true;
	session__stop(t->run.session);
}

static void take_step(struct top *t)
{
	switch (screen__step(t->screen)) {
	case STEP_NEXT:
		step_forward(t, t->at + 1);
		break;
	case STEP_LAST:
		step_forward(t, UINT64_MAX);
		break;
	case STEP_PREVIOUS:
		step_back(t, t->at - 1);
		break;
	case STEP_FIRST:
		step_back(t, 1);
		break;
	}
}

/* While paused nothing is collected either: what is shown stays what it was. */
static int take_period(struct top *t)
{
	t->delay_ns = screen__settings(t->screen)->delay_ns;
	if (t->path)
		return 0;
	return session__set_tick(t->run.session,
				 screen__paused(t->screen) ? 0 : to_ms(t->delay_ns));
}

static int take_zero(struct top *t)
{
	return moment__take(&t->zero, session__model(t->run.session));
}

static void take_cost(struct top *t)
{
	bool on = t->bpf_share < 0;
	int err = source_live__measure(t->run.src, on);

	if (err)
		screen__say(t->screen, "the kernel cannot measure BPF programs: %s",
			    strerror(-err));
	else
		screen__say(t->screen, on ? "time in BPF programs is measured; that takes two "
			    "reads of the clock a run" : "time in BPF programs is not measured");
}

/* What a key has asked for, but for the picture. */
static int obey(struct top *t, unsigned int want)
{
	int err = 0;

	if (want & WANT_QUIT)
		session__stop(t->run.session);
	if (want & WANT_PERIOD)
		err = take_period(t);
	if (!err && want & WANT_ZERO)
		err = take_zero(t);
	if (!err && want & WANT_FILTER)
		err = top_filter__apply(t);
	if (want & WANT_SAVE)
		top_save__toggle(t);
	if (want & WANT_SETTINGS)
		top_settings__write(t);
	if (want & WANT_COST && !t->path)
		take_cost(t);
	if (want & WANT_STEP)
		take_step(t);
	return err;
}

static unsigned int take_event(struct top *t, const struct tui_event *event)
{
	switch (event->what) {
	case TUI_KEY:
		/* a recording that is made is ended by the key that began it */
		if (event->key == 'r' && t->save.file && !screen__asks(t->screen))
			return WANT_SAVE | WANT_UPDATE;
		return screen__key(t->screen, event->key);
	case TUI_CLICK:
		return screen__click(t->screen, event->y, event->x);
	case TUI_GONE:
		return WANT_QUIT;
	default:
		return WANT_UPDATE;
	}
}

int top_full__input(struct top *t)
{
	unsigned int want = 0;
	struct tui_event event;
	int err = 0;

	for (tui__event(t->tui, &event); !err && event.what != TUI_NOTHING;
	     tui__event(t->tui, &event)) {
		unsigned int now = take_event(t, &event);

		err = obey(t, now);
		/* rows first, so that the next key moves over those it is meant for */
		if (!err && now & (WANT_UPDATE | WANT_FILTER | WANT_ZERO | WANT_SAVE))
			err = update(t);
		want |= now;
		if (err || want & (WANT_QUIT | WANT_STEP))
			break;
	}
	return err || !want || want & WANT_QUIT ? err : draw(t);
}

static void suggest_name(struct top *t)
{
	char name[64];
	time_t now = time(NULL);
	struct tm tm;

	localtime_r(&now, &tm);
	strftime(name, sizeof(name), t->path ? "lockscope-%Y%m%d-%H%M%S.json" :
		 "lockscope-%Y%m%d-%H%M%S.ndjson", &tm);
	screen__suggest(t->screen, name);
}

static void take_options(const struct top *t, struct screen_settings *set)
{
	const struct cmd_options *opt = t->run.opt;
	static const enum screen_view views[] = {
		[STAT_BY_LOCK] = SCREEN_LOCKS,
		[STAT_BY_INSTANCE] = SCREEN_LOCKS,
		[STAT_BY_CALLER] = SCREEN_CALLERS,
		[STAT_BY_TASK] = SCREEN_TASKS,
	};

	if (opt->group != STAT_BY_LOCK)
		set->view = views[opt->group];
	set->single |= opt->group == STAT_BY_INSTANCE;
	if (opt->sort)
		set->sort = stat_column__find(opt->sort);
	if (opt->delay_ns != OPT_UNSET)
		set->delay_ns = opt->delay_ns;
	if (t->path)
		set->sum = true;	/* of a recording all there is, unless asked */
}

int top_full__open(struct top *t)
{
	struct screen_settings set;
	size_t nr_bad;
	int err;

	if (t->tui)
		return 0;	/* a recording is read once more */
	screen_settings__defaults(&set);
	t->settings_path = top_settings__path();
	top_settings__read(t->settings_path, &set, &nr_bad);
	take_options(t, &set);
	t->delay_ns = set.delay_ns;
	t->grid.utf8 = t->run.style.utf8;
	err = screen__new(&t->screen, &set, t->path);
	if (err)
		return err;
	suggest_name(t);
	if (nr_bad)
		screen__say(t->screen, "%s: %zu lines make no sense", t->settings_path, nr_bad);
	err = tui__open(&t->tui, t->run.style.color);
	return !err ? 0 : lk_error__set(&t->run.err, err,
					"this terminal cannot be drawn on; try -b");
}

void top_full__close(struct top *t)
{
	tui__close(t->tui);
	t->tui = NULL;
}

void top_full__free(struct top *t)
{
	top_full__close(t);
	screen__free(t->screen);
	history__free(t->history);
	grid__free(&t->grid);
	free(t->settings_path);
	free(t->user_pids);
}
