// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "source/gather.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/errand.h"
#include "source/gather_jobs.h"
#include "source/replay_decode.h"

#define LINE_MAX_LEN (64 * 1024)	/* a record of ours is far shorter */

/* One child, and the line of it that is not yet whole. */
struct teller {
	struct errand errand;
	const char *what;	/* what is missing without it */
	char *line;
	size_t len;
};

static const struct {
	errand_fn fn;
	const char *what;
} jobs[] = {
	{ gather_job__log, "kernel log" },
	{ gather_job__machine, "kernel settings, and whether the machine makes progress" },
	{ gather_job__threads, "since when threads are blocked, and who takes the processors" },
};
#define NR_JOBS (sizeof(jobs) / sizeof(jobs[0]))

struct gather {
	struct gather_order order;
	struct teller tellers[NR_JOBS];
	struct decoder *decoder;
};

static int teller__start(struct teller *t, errand_fn fn, const char *what,
			 struct gather_order *order)
{
	t->what = what;
	t->line = malloc(LINE_MAX_LEN);
	return t->line ? errand__start(&t->errand, fn, order) : -ENOMEM;
}

static void teller__end(struct teller *t)
{
	if (t->errand.pid)
		errand__end(&t->errand);
	free(t->line);
	t->line = NULL;
}

int gather__new(struct gather **out, uint32_t look_ms, bool tasks)
{
	struct gather *g = calloc(1, sizeof(*g));
	int err;

	*out = g;
	if (!g)
		return -ENOMEM;
	g->order = (struct gather_order){ .look_ms = look_ms, .tasks = tasks };
	err = decoder__new(&g->decoder);
	for (size_t i = 0; !err && i < NR_JOBS; i++)
		err = teller__start(&g->tellers[i], jobs[i].fn, jobs[i].what, &g->order);
	if (err) {
		gather__free(g);
		*out = NULL;
	}
	return err;
}

void gather__free(struct gather *g)
{
	if (!g)
		return;
	for (size_t i = 0; i < NR_JOBS; i++)
		teller__end(&g->tellers[i]);
	decoder__free(g->decoder);
	free(g);
}

/* From since boot to since the capture began. */
static void shift(struct record *rec, uint64_t boot_ns)
{
	int64_t *t_ns = rec->type == REC_MESSAGE ? &rec->message.t_ns :
			rec->type == REC_MACHINE ? &rec->machine.t_ns :
			rec->type == REC_THREAD  ? &rec->thread.t_ns :
			rec->type == REC_READ	 ? &rec->read.t_ns :
			rec->type == REC_TASK	 ? &rec->task.t_ns : NULL;

	if (t_ns && *t_ns != LK_NO_TIME)
		*t_ns -= (int64_t)boot_ns;
}

static int pass_line(struct decoder *d, const char *line, size_t len, uint64_t boot_ns,
		     record_fn sink, void *ctx)
{
	struct record rec;
	int got = decoder__decode(d, line, len, &rec);

	if (got != 1)
		return got == -ENOMEM ? got : 0;	/* cut by the child's end */
	shift(&rec, boot_ns);
	return sink(ctx, &rec);
}

/* Every whole line in the buffer; the rest moves to its begin. */
static int pass_lines(struct teller *t, struct decoder *d, uint64_t boot_ns, record_fn sink,
		      void *ctx)
{
	char *line = t->line, *end;
	int err = 0;

	t->line[t->len] = '\0';
	while (!err && (end = memchr(line, '\n', t->len - (size_t)(line - t->line)))) {
		*end = '\0';
		err = pass_line(d, line, (size_t)(end - line), boot_ns, sink, ctx);
		line = end + 1;
	}
	t->len -= (size_t)(line - t->line);
	memmove(t->line, line, t->len);
	if (t->len == LINE_MAX_LEN - 1)
		t->len = 0;
	return err;
}

static int teller__take(struct teller *t, struct decoder *d, uint64_t boot_ns, record_fn sink,
			void *ctx)
{
	ssize_t n;
	int err = 0;

	if (!t->errand.pid || t->errand.over)
		return 0;
	while (!err && (n = errand__read(&t->errand, t->line + t->len,
					 LINE_MAX_LEN - 1 - t->len)) > 0) {
		t->len += (size_t)n;
		err = pass_lines(t, d, boot_ns, sink, ctx);
	}
	return err;
}

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

/* Until each has said all, or the time is over. */
static int take_all(struct teller *tellers, size_t nr, struct decoder *d, uint64_t boot_ns,
		    int timeout_ms, record_fn sink, void *ctx)
{
	int64_t until = now_ms() + timeout_ms, left = timeout_ms;
	struct pollfd fds[GATHER_PROCESSES_MAX + NR_JOBS];
	nfds_t nr_fds = 1;
	int err = 0;

	for (; !err && nr_fds && left >= 0; left = until - now_ms()) {
		nr_fds = 0;
		for (size_t i = 0; !err && i < nr; i++) {
			err = teller__take(&tellers[i], d, boot_ns, sink, ctx);
			if (tellers[i].errand.pid && !tellers[i].errand.over)
				fds[nr_fds++] = (struct pollfd){ .fd = tellers[i].errand.fd,
								 .events = POLLIN };
		}
		if (nr_fds && left > 0)
			poll(fds, nr_fds, (int)left);
		else if (nr_fds)
			break;
	}
	return err;
}

/* Of a child that has not said all: what is missing, and where it hangs. */
static int tell_absence(const struct teller *t, int timeout_ms, record_fn sink, void *ctx)
{
	struct record rec = { .type = REC_ABSENT };
	char why[ERRAND_DOING_LEN + 96];

	if (!t->errand.pid || t->errand.over)
		return 0;
	snprintf(why, sizeof(why), "reading %.*s did not end within %d ms", ERRAND_DOING_LEN,
		 *t->errand.doing ? t->errand.doing : "it", timeout_ms);
	rec.absent = (struct rec_absent){ t->what, why };
	return sink(ctx, &rec);
}

int gather__take(struct gather *g, uint64_t boot_ns, record_fn sink, void *ctx)
{
	int err = 0;

	for (size_t i = 0; !err && i < NR_JOBS; i++)
		err = teller__take(&g->tellers[i], g->decoder, boot_ns, sink, ctx);
	return err;
}

int gather__finish(struct gather *g, uint64_t boot_ns, int timeout_ms, record_fn sink, void *ctx)
{
	int err = take_all(g->tellers, NR_JOBS, g->decoder, boot_ns, timeout_ms, sink, ctx);

	for (size_t i = 0; !err && i < NR_JOBS; i++)
		err = tell_absence(&g->tellers[i], timeout_ms, sink, ctx);
	return err;
}

int gather__processes(const uint32_t *pids, size_t nr, int timeout_ms, record_fn sink, void *ctx)
{
	struct teller tellers[GATHER_PROCESSES_MAX] = { 0 };
	struct gather_order orders[GATHER_PROCESSES_MAX];
	struct decoder *d;
	int err = decoder__new(&d);

	if (nr > GATHER_PROCESSES_MAX)
		nr = GATHER_PROCESSES_MAX;
	for (size_t i = 0; !err && i < nr; i++) {
		orders[i] = (struct gather_order){ .pid = pids[i] };
		err = teller__start(&tellers[i], gather_job__process, "the program of a process",
				    &orders[i]);
	}
	if (!err)
		err = take_all(tellers, nr, d, 0, timeout_ms, sink, ctx);
	for (size_t i = 0; i < nr; i++) {
		if (!err)
			err = tell_absence(&tellers[i], timeout_ms, sink, ctx);
		teller__end(&tellers[i]);
	}
	decoder__free(d);
	return err;
}
