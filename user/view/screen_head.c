// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* What stands above the rows and below them. */
#include <stdarg.h>
#include <string.h>
#include "lib/fmt.h"
#include "view/screen_int.h"
#include "view/spark.h"
#include "view/text_parts.h"

/* Appends to what is in buf; what does not fit is left out. */
static void __attribute__((format(printf, 3, 4)))
add(char *buf, size_t size, const char *fmt, ...)
{
	size_t len = strlen(buf);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(buf + len, size - len, fmt, ap);
	va_end(ap);
}

static void make_origin(struct screen *s, const struct screen_input *input)
{
	const struct rec_header *h = model__header(input->in->model);
	char *line = s->head[0];
	size_t size = sizeof(s->head[0]);

	snprintf(line, size, "lockscope  %s",
		 h && h->kernel && *h->kernel ? h->kernel : "unknown kernel");
	if (h && h->host && *h->host)
		add(line, size, " on %s", h->host);
	add(line, size, "  level %s  %.1f s", h && h->level && *h->level ? h->level : "unknown",
	    input->facts.t_ns == LK_NO_TIME ? 0.0 : (double)input->facts.t_ns / 1e9);
	if (s->replay)
		add(line, size, "  look %llu%s", input->in->snap ?
		    (unsigned long long)input->in->snap->seq : 0ULL,
		    input->facts.at_end ? ", the last" : "");
	else
		add(line, size, "  every %.1f s", (double)s->set.delay_ns / 1e9);
	if (s->paused)
		add(line, size, "  [paused]");
	if (input->facts.recording)
		add(line, size, "  [recording]");
}

static uint64_t per_second(uint64_t nr, int64_t period_ns)
{
	return period_ns > 0 ? (uint64_t)((double)nr * 1e9 / (double)period_ns) : 0;
}

/* Of the CPU time there was, or in tasks where the number of CPUs is not known. */
static void add_share(char *buf, size_t size, const char *what, uint64_t ns,
		      const struct history_sum *sum, unsigned int nr_cpus)
{
	double tasks = sum->period_ns > 0 ? (double)ns / (double)sum->period_ns : 0;

	if (nr_cpus)
		add(buf, size, "  %s %.1f %%", what, tasks * 100 / nr_cpus);
	else
		add(buf, size, "  %s %.2f tasks", what, tasks);
}

static uint32_t nr_waiting(const struct view_input *in)
{
	uint32_t nr = 0;

	for (uint32_t i = 0; in->snap && i < in->snap->nr_tasks; i++)
		nr += in->snap->tasks[i].wait_lock != SNAP_NONE;
	return nr;
}

static void add_cost(char *buf, size_t size, const struct screen_facts *facts)
{
	if (facts->own_share < 0)
		return;
	add(buf, size, "  own %.1f %%", facts->own_share * 100);
	if (facts->bpf_share >= 0)
		add(buf, size, " + %.1f %% BPF", facts->bpf_share * 100);
}

static void make_rates(struct screen *s, const struct screen_input *input)
{
	const struct history_sum *sum = history__last(input->history);
	const struct screen_facts *facts = &input->facts;
	char *line = s->head[1], num[FMT_LEN];
	size_t size = sizeof(s->head[1]);

	line[0] = '\0';
	if (sum->period_ns) {
		add(line, size, "%s waits/s", fmt__count(num, sizeof(num),
							per_second(sum->count, sum->period_ns)));
		add_share(line, size, "asleep", sum->sleep_ns, sum, facts->nr_cpus);
		add_share(line, size, "spinning", sum->spin_ns, sum, facts->nr_cpus);
		if (facts->nr_cpus)
			add(line, size, " of CPU");
		if (sum->holds)
			add(line, size, "  %s holds/s", fmt__count(num, sizeof(num),
							per_second(sum->holds, sum->period_ns)));
		add(line, size, "  ");
	}
	add(line, size, "%u waiting now", nr_waiting(input->in));
	s->head[2][0] = '\0';
	if (facts->lost && *facts->lost)
		snprintf(s->head[2], sizeof(s->head[2]), "lost: %s", facts->lost);
	else
		add(line, size, "  lost nothing");
	add_cost(line, size, facts);
}

/* Deadlocks before everything else, then what is open the longest. */
static const struct finding *worst(const struct view_input *in)
{
	const struct finding *f = NULL;

	for (size_t i = 0; i < in->nr_findings; i++)
		if (!f || in->findings[i]->kind < f->kind)
			f = in->findings[i];
	return f;
}

static void make_alarm(struct screen *s, const struct screen_input *input)
{
	const struct finding *f = worst(input->in);
	char kind[32], more[64] = "";

	s->nr_findings = input->in->nr_findings;
	s->alarm[0] = '\0';
	if (!f)
		return;
	snprintf(kind, sizeof(kind), "%s", finding_kind__name(f->kind));
	for (char *c = kind; *c; c++)
		*c = *c == '_' ? ' ' : *c >= 'a' && *c <= 'z' ? (char)(*c - 'a' + 'A') : *c;
	if (s->nr_findings > 1)
		snprintf(more, sizeof(more), "+%zu more  ", s->nr_findings - 1);
	s->alarm_look = f->kind == FIND_DEADLOCK ? LOOK_ALARM : LOOK_WARN;
	snprintf(s->alarm, sizeof(s->alarm), " %s #%llu (%s)  %s%s", kind,
		 (unsigned long long)f->id, certainty__name(f->confidence), more,
		 f->summary ? f->summary : "");
}

static void make_spark(struct screen *s, const struct screen_input *input)
{
	uint64_t counts[SCREEN_RATE_STEPS];

	history__all(input->history, counts, SCREEN_RATE_STEPS);
	spark__line(s->rate, counts, SCREEN_RATE_STEPS, 0, input->in->style.utf8);
}

void screen_head__make(struct screen *s, const struct screen_input *input)
{
	make_origin(s, input);
	make_rates(s, input);
	make_alarm(s, input);
	make_spark(s, input);
}

static int draw_tabs(struct screen *s, struct grid *g, int y)
{
	int x = 0;

	s->y_tabs = y;
	for (int v = 0; v < NR_SCREEN_VIEWS; v++) {
		enum grid_look look = (int)s->set.view == v ? LOOK_STRONG : LOOK_DIM;
		char text[64];

		s->tab_x[v] = x;
		if (v == SCREEN_SITES && !s->has_sites)
			continue;
		if (v == SCREEN_FINDINGS && s->nr_findings)
			snprintf(text, sizeof(text), "%d %s(%zu)", v + 1, screen_view_names[v],
				 s->nr_findings);
		else
			snprintf(text, sizeof(text), "%d %s", v + 1, screen_view_names[v]);
		x += grid__text(g, y, x, g->width - x, look, text) + 2;
	}
	s->tab_x[NR_SCREEN_VIEWS] = x;
	if (s->cover == COVER_DETAIL)
		grid__text(g, y, x, g->width - x, LOOK_STRONG, s->target_name);
	return y + 1;
}

/* On a low screen the numbers go first, the alarm never. */
int screen_head__draw(struct screen *s, struct grid *g)
{
	int y = 0, used;

	s->y_alarm = s->y_tabs = -1;
	if (g->height > 4) {
		used = grid__text(g, y, 0, g->width, LOOK_STRONG, s->head[0]);
		if (used + 2 + SCREEN_RATE_STEPS <= g->width)
			grid__text(g, y, g->width - SCREEN_RATE_STEPS, SCREEN_RATE_STEPS,
				   LOOK_GRAPH, s->rate);
		y++;
	}
	if (g->height > 6)
		grid__text(g, y++, 0, g->width, LOOK_TITLE, s->head[1]);
	if (*s->head[2] && g->height > 7)
		grid__text(g, y++, 0, g->width, LOOK_BAD, s->head[2]);
	if (*s->alarm) {
		s->y_alarm = y;
		grid__fill(g, y, 0, g->width, s->alarm_look);
		grid__text(g, y++, 0, g->width, s->alarm_look, s->alarm);
	}
	return g->height > 5 ? draw_tabs(s, g, y) : y;
}

static void place_text(const struct screen *s, char *buf, size_t size)
{
	size_t nr = screen_rows__nr(s);

	buf[0] = '\0';
	if (nr > (size_t)s->page)
		snprintf(buf, size, " %zu-%zu of %zu", s->first + 1,
			 s->first + (size_t)s->page < nr ? s->first + (size_t)s->page : nr, nr);
}

void screen_foot__draw(const struct screen *s, struct grid *g)
{
	char line[512], place[64];
	int y = g->height - 1;

	if (s->ask != ASK_NOTHING) {
		snprintf(line, sizeof(line), "%s: %s_", screen_ask__prompt(s), s->answer);
		grid__text(g, y, 0, g->width, LOOK_STRONG, line);
		return;
	}
	if (*s->message) {
		grid__text(g, y, 0, g->width, LOOK_STRONG, s->message);
		return;
	}
	snprintf(line, sizeof(line), "q quit  ? help  Enter open  %s/ filter  < > sort  %s  %s",
		 s->cover == COVER_NOTHING ? "" : "Esc back  ",
		 s->replay ? "n p next, previous look" : s->paused ? "space go on" : "space pause",
		 s->set.sum ? "a last period" : "a since start");
	if (*s->filter)
		snprintf(line, sizeof(line), "filter: %s  (Esc: none)", s->filter);
	grid__text(g, y, 0, g->width, LOOK_DIM, line);
	place_text(s, place, sizeof(place));
	grid__right(g, y, 0, g->width, LOOK_DIM, place);
}
