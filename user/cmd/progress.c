// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "cmd/progress.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "lib/fmt.h"

#define LOOK_EVERY 4096		/* steps between looks at the clock */
#define FIRST_NS 1000000000LL
#define DRAW_NS 200000000LL

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

void progress__init(struct progress *p, const char *what, const char *name, bool quiet)
{
	*p = (struct progress){
		.what = what,
		.name = name,
		.wanted = !quiet && isatty(STDERR_FILENO),
		.began_ns = now_ns(),
	};
}

void progress__step(struct progress *p)
{
	char safe[64], nr[FMT_LEN];
	int64_t now;

	if (++p->nr % LOOK_EVERY || !p->wanted)
		return;
	now = now_ns();
	if (now - p->began_ns < FIRST_NS || now - p->drawn_ns < DRAW_NS)
		return;
	p->drawn_ns = now;
	p->shown = true;
	fprintf(stderr, "\r\033[Klockscope: %s %s: %s records", p->what,
		fmt__safe(safe, sizeof(safe), p->name, false), fmt__count(nr, sizeof(nr), p->nr));
	fflush(stderr);
}

void progress__clear(struct progress *p)
{
	if (p->shown)
		fprintf(stderr, "\r\033[K");
	p->shown = false;
}
