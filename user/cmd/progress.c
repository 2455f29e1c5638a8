// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "cmd/progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/fmt.h"

#define LOOK_EVERY 4096		/* steps between looks at the clock */
#define FIRST_NS 1000000000LL
#define DRAW_NS 200000000LL

static bool is_shown;

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

void progress__init(struct progress *p, bool quiet)
{
	const char *term = getenv("TERM");

	*p = (struct progress){
		.wanted = !quiet && term && strcmp(term, "dumb") && isatty(STDERR_FILENO),
		.began_ns = now_ns(),
	};
}

static void begin_line(struct progress *p, const char *what, int64_t now)
{
	p->drawn_ns = now;
	p->what = what;
	is_shown = true;
	fprintf(stderr, "\r\033[Klockscope: %s", what);
}

void progress__step(struct progress *p, const char *what, const char *name)
{
	char safe[64], nr[FMT_LEN];
	int64_t now;

	if (++p->nr % LOOK_EVERY || !p->wanted)
		return;
	now = now_ns();
	if (now - p->began_ns < FIRST_NS || now - p->drawn_ns < DRAW_NS)
		return;
	begin_line(p, what, now);
	fprintf(stderr, " %s: %s records", fmt__safe(safe, sizeof(safe), name, false),
		fmt__count(nr, sizeof(nr), p->nr));
	fflush(stderr);
}

void progress__stage(struct progress *p, const char *what, size_t nr, size_t of)
{
	int64_t now;

	if (!p->wanted)
		return;
	now = now_ns();
	if (p->what && !strcmp(p->what, what) && now - p->drawn_ns < DRAW_NS)
		return;
	begin_line(p, what, now);
	if (of)
		fprintf(stderr, ": %zu of %zu", nr, of);
	fflush(stderr);
}

void progress__clear(void)
{
	if (is_shown)
		fprintf(stderr, "\r\033[K");
	is_shown = false;
}
