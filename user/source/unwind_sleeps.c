// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "source/unwind_sleeps.h"

#include <stdlib.h>
#include <string.h>

void unwind_sleeps__free(struct unwind_sleeps *s)
{
	uint32_t i;

	for (i = 0; i < s->nr; i++)
		free(s->list[i].frames);
	s->nr = 0;
}

/* Where tid is, or belongs. */
static uint32_t place(const struct unwind_sleeps *s, uint32_t tid)
{
	uint32_t lo = 0, hi = s->nr;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (s->list[mid].tid < tid)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static struct unwind_sleep *find(struct unwind_sleeps *s, uint32_t tid, uint64_t start_ns,
				 uint64_t switches)
{
	uint32_t at = place(s, tid);
	struct unwind_sleep *f = &s->list[at];

	return at < s->nr && f->tid == tid && f->start_ns == start_ns && f->switches == switches ?
	       f : NULL;
}

struct unwind_sleep *unwind_sleeps__find(struct unwind_sleeps *s, uint32_t tid, uint64_t start_ns,
					 uint64_t switches)
{
	struct unwind_sleep *f = find(s, tid, start_ns, switches);

	return f && f->state == UNWIND_KNOWN ? f : NULL;
}

void unwind_sleeps__look(struct unwind_sleeps *s,
			 bool (*is_asleep)(void *ctx, const struct unwind_sleep *sleep), void *ctx,
			 uint64_t now_ns)
{
	uint32_t i, nr = 0;

	s->nr_left = 0;
	for (i = 0; i < s->nr; i++) {
		struct unwind_sleep *f = &s->list[i];

		if (!is_asleep(ctx, f)) {
			free(f->frames);
			continue;
		}
		if (f->state == UNWIND_ANSWERED)
			f->state = UNWIND_KNOWN;
		else if (f->state == UNWIND_NONE && f->again_ns && now_ns >= f->again_ns)
			f->state = UNWIND_WANTED;
		s->list[nr++] = *f;
	}
	s->nr = nr;
}

/* Of a crowd, all that is ever left out is counted once. */
static void leave_out(struct unwind_sleeps *s, const struct unwind_sleep *w)
{
	if (++s->nr_left <= s->nr_left_max)
		return;
	s->nr_left_max = s->nr_left;
	s->failed++;
	s->failed_pid = w->pid;
	s->failed_why = USER_STACK_MANY;
}

/* Makes room for a holder: one that only waits goes. */
static bool push_out(struct unwind_sleeps *s)
{
	uint32_t i = s->nr;

	while (i && s->list[i - 1].holds)
		i--;
	if (!i)
		return false;
	leave_out(s, &s->list[i - 1]);
	free(s->list[i - 1].frames);
	s->nr--;
	memmove(&s->list[i - 1], &s->list[i], (s->nr - (i - 1)) * sizeof(*s->list));
	return true;
}

void unwind_sleeps__want(struct unwind_sleeps *s, const struct unwind_sleep *w)
{
	uint32_t at = place(s, w->tid);
	struct unwind_sleep *f = &s->list[at];

	if (at < s->nr && f->tid == w->tid) {	/* after a look: that sleep */
		f->holds |= w->holds;
		return;
	}
	if (s->nr == UNWIND_SLEEPS_MAX) {
		if (!w->holds || !push_out(s)) {
			leave_out(s, w);
			return;
		}
		at = place(s, w->tid);
		f = &s->list[at];
	}
	memmove(f + 1, f, (s->nr - at) * sizeof(*f));
	s->nr++;
	*f = (struct unwind_sleep){ .tid = w->tid, .pid = w->pid, .start_ns = w->start_ns,
				    .switches = w->switches, .regs_at = w->regs_at,
				    .holds = w->holds };
}

uint32_t unwind_sleeps__ask(struct unwind_sleeps *s, struct unwind_query *out,
			    bool (*read)(void *ctx, uint64_t at, struct unwind_regs *regs), void *ctx)
{
	uint32_t i, nr = 0;
	int holds;

	for (holds = 1; holds >= 0; holds--)
		for (i = 0; i < s->nr && nr < UNWIND_QUERIES; i++) {
			struct unwind_sleep *f = &s->list[i];
			struct unwind_query *q = &out[nr];

			if (f->state != UNWIND_WANTED || f->holds != holds ||
			    !read(ctx, f->regs_at, &q->regs))
				continue;
			q->pid = f->pid;
			q->tid = f->tid;
			q->why = USER_STACK_MEMORY;
			q->nr_frames = q->text_len = 0;
			f->state = UNWIND_ASKED;
			s->asked[nr++] = *f;
		}
	return nr;
}

static void fail(struct unwind_sleeps *s, struct unwind_sleep *f, enum user_stack_why why,
		 uint64_t again_ns)
{
	f->state = UNWIND_NONE;
	f->again_ns = again_ns;
	s->failed++;
	s->failed_pid = f->pid;
	s->failed_why = why;
}

/* The name at `at`, where there is one: what the child says is checked, since a file may
 * have made it say anything. */
static const char *name_at(const char *text, uint32_t len, uint32_t at)
{
	return at && at < len && text[at] ? text + at : NULL;
}

static bool copy(struct unwind_sleep *f, const struct unwind_query *q)
{
	uint32_t nr = q->nr_frames < UNWIND_FRAMES ? q->nr_frames : UNWIND_FRAMES, i;
	uint32_t len = q->text_len < UNWIND_TEXT ? q->text_len : UNWIND_TEXT;
	char *text;

	f->frames = calloc(1, nr * sizeof(*f->frames) + len + 1);
	if (!f->frames)
		return false;
	text = (char *)(f->frames + nr);
	memcpy(text, q->text, len);	/* with a 0 behind it */
	for (i = 0; i < nr; i++) {
		const struct unwind_frame *u = &q->frames[i];

		f->frames[i] = (struct rec_frame){ .addr = u->addr, .off = u->off,
						   .sym = name_at(text, len, u->sym),
						   .module = name_at(text, len, u->module) };
	}
	f->nr_frames = nr;
	return true;
}

void unwind_sleeps__answer(struct unwind_sleeps *s, const struct unwind_query *queries, uint32_t nr)
{
	uint32_t i;

	for (i = 0; i < nr; i++) {
		const struct unwind_sleep *a = &s->asked[i];
		struct unwind_sleep *f = find(s, a->tid, a->start_ns, a->switches);
		enum user_stack_why why = queries[i].why;

		if (!f || f->state != UNWIND_ASKED)
			continue;
		if ((unsigned int)why >= NR_USER_STACK_WHY)
			why = USER_STACK_CRASHED;
		if (why == USER_STACK_THERE && queries[i].nr_frames && copy(f, &queries[i]))
			f->state = UNWIND_ANSWERED;
		else
			fail(s, f, why == USER_STACK_THERE ? USER_STACK_FILES : why, 0);
	}
}

void unwind_sleeps__give_up(struct unwind_sleeps *s, uint32_t at, uint32_t nr,
			    enum user_stack_why why, uint64_t again_ns)
{
	uint32_t pid = at < nr ? s->asked[at].pid : 0, i;

	for (i = 0; i < s->nr; i++) {
		struct unwind_sleep *f = &s->list[i];

		if (f->state != UNWIND_ASKED && f->state != UNWIND_WANTED)
			continue;
		if (pid && f->pid == pid)
			fail(s, f, why, again_ns);
		else
			f->state = UNWIND_WANTED;
	}
}
