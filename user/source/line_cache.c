// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "source/line_cache.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/arena.h"
#include "lib/hash.h"
#include "lib/map.h"
#include "lib/probe_child.h"
#include "lib/vec.h"

#define FIRST_NS 2000000000ull
#define WAIT_NS 200000000ull
#define HANG_NS 10000000000ull
/* Then it is the debug info's fault, and there are no lines any more. */
#define FAILURES_MAX 3
#define ASKED_MAX 65536	/* addresses, for a run that never ends */

struct line_cache {
	struct line_config cfg;
	struct probe_child *child;
	uint64_t stext;
	bool started, off;
	bool asking;		/* the child is at the first nr_sent of the list */
	uint32_t nr_sent, nr_failures;
	uint64_t sent_ns, lost;
	struct u64map *asked;
	struct u64map *opened;	/* modules whose debug info has answered once */
	struct rec_frame *list;	/* still to be answered */
	struct arena *strings;	/* theirs; NULL: there are none */
	size_t nr, cap;
};

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000ull + (uint64_t)ts.tv_nsec;
}

void line_config__defaults(struct line_config *cfg)
{
	*cfg = (struct line_config){
		.libdw = "libdw.so.1",
		.root = "",
		.first_ns = FIRST_NS,
		.wait_ns = WAIT_NS,
		.hang_ns = HANG_NS,
	};
}

int line_cache__new(struct line_cache **out, const struct line_config *cfg)
{
	struct line_cache *c = calloc(1, sizeof(*c));
	int err;

	*out = NULL;
	if (!c)
		return -ENOMEM;
	c->cfg = *cfg;
	err = u64map__new(&c->asked, 0) ?: u64map__new(&c->opened, 0);
	err = err ? err : probe_child__new(&c->child, sizeof(struct line_probe));
	if (err) {
		line_cache__free(c);
		return err;
	}
	*out = c;
	return 0;
}

void line_cache__free(struct line_cache *c)
{
	if (!c)
		return;
	probe_child__free(c->child);
	u64map__free(c->asked);
	u64map__free(c->opened);
	free(c->list);
	arena__free(c->strings);
	free(c);
}

static struct line_probe *shared(struct line_cache *c)
{
	return probe_child__shared(c->child);
}

static uint64_t module_of(const struct rec_frame *f)
{
	return f->module ? hash__str(f->module) : 0;
}

static uint64_t id_of(const struct rec_frame *f)
{
	uint64_t h = hash__add(hash__str(f->sym), f->addr);

	return hash__add(h, module_of(f));
}

static void put_query(struct line_query *q, const struct rec_frame *f)
{
	/* A return address is behind the call; the begin of a function is none. */
	q->addr = f->addr - (f->off > 0);
	q->line[0] = '\0';
	snprintf(q->module, sizeof(q->module), "%s", f->module ? f->module : "");
}

/* The child gets the next ones; none are fine, it then looks what there is. */
static void send(struct line_cache *c)
{
	struct line_probe *p = shared(c);

	c->nr_sent = 0;
	if (!p)
		return;
	p->libdw = c->cfg.libdw;
	p->root = c->cfg.root;
	p->stext = c->stext;
	p->at = 0;
	p->nr = c->nr_sent = c->nr < LINE_QUERIES ? (uint32_t)c->nr : LINE_QUERIES;
	for (uint32_t i = 0; i < p->nr; i++)
		put_query(&p->queries[i], &c->list[i]);
	c->sent_ns = now_ns();
	c->asking = !probe_child__start(c->child, c->cfg.job);
}

static void forget(struct line_cache *c, size_t nr)
{
	if (!nr)
		return;
	c->nr -= nr;
	memmove(c->list, c->list + nr, c->nr * sizeof(*c->list));
	if (!c->nr) {
		arena__free(c->strings);
		c->strings = NULL;
	}
}

/* Tells what the child has answered so far. */
static int take_answers(struct line_cache *c, record_fn sink, void *ctx)
{
	struct line_probe *p = shared(c);
	uint32_t at = p ? p->at : 0, nr = at < c->nr_sent ? at : c->nr_sent;
	int err = 0;

	for (uint32_t i = 0; i < nr && !err && sink; i++) {
		struct record rec = { .type = REC_LINE, .line = c->list[i] };
		char line[LINE_LEN];

		snprintf(line, sizeof(line), "%.*s", LINE_LEN - 1, p->queries[i].line);
		rec.line.line = line;
		err = u64map__set(c->opened, module_of(&rec.line), 1);
		if (!err && line[0])
			err = sink(ctx, &rec);
	}
	forget(c, nr);
	c->nr_sent -= nr;
	return err;
}

/* It hangs, or died: the one it was at is left out, the others are asked again. */
static int give_up(struct line_cache *c, record_fn sink, void *ctx)
{
	int err = take_answers(c, sink, ctx);

	c->asking = false;
	if (c->nr_sent) {
		forget(c, 1);
		c->lost++;
	}
	c->off = ++c->nr_failures == FAILURES_MAX || probe_child__replace(c->child);
	if (c->off) {
		c->lost += c->nr;
		forget(c, c->nr);
	}
	return err;
}

/* At the latest after timeout_ns. */
static int take(struct line_cache *c, uint64_t timeout_ns, record_fn sink, void *ctx)
{
	bool ended;
	int err;

	ended = probe_child__wait(c->child, timeout_ns, &err);
	if (err || (!ended && now_ns() - c->sent_ns >= c->cfg.hang_ns))
		return give_up(c, sink, ctx);
	if (!ended)
		return 0;
	c->asking = false;
	if (shared(c)->state == LINES_NO_LIBDW) {
		c->off = true;
		forget(c, c->nr);
	}
	return c->off ? 0 : take_answers(c, sink, ctx);
}

static int add(struct line_cache *c, const struct rec_frame *f)
{
	struct rec_frame copy = *f;
	uint64_t id;

	if (!f->sym || !f->addr)
		return 0;
	id = id_of(f);
	if (u64map__get(c->asked, id, NULL))
		return 0;
	if (u64map__nr(c->asked) >= ASKED_MAX)
		u64map__clear(c->asked);	/* what is asked again is told again */
	if (!c->strings && arena__new(&c->strings))
		return -ENOMEM;
	copy.sym = arena__strdup(c->strings, f->sym);
	copy.module = f->module ? arena__strdup(c->strings, f->module) : NULL;
	if (!copy.sym || (f->module && !copy.module) || !VEC_ROOM(c->list, c->nr, c->cap) ||
	    u64map__set(c->asked, id, 1))
		return -ENOMEM;
	c->list[c->nr++] = copy;
	return 0;
}

void line_cache__start(struct line_cache *c, uint64_t stext)
{
	c->stext = stext;
	c->started = true;
	if (!c->asking)
		send(c);
}

/* A file is opened for the first of each. */
static uint64_t limit(const struct line_cache *c)
{
	for (size_t i = 0; i < c->nr; i++)
		if (!u64map__get(c->opened, module_of(&c->list[i]), NULL))
			return c->cfg.first_ns;
	return c->cfg.wait_ns;
}

int line_cache__ask(struct line_cache *c, const struct rec_frame *frames, size_t nr, record_fn sink,
		    void *ctx)
{
	uint64_t began = now_ns(), from, most, past;
	int err = 0;

	if (c->off || !c->started)
		return 0;
	for (size_t i = 0; i < nr && !err; i++)
		err = add(c, &frames[i]);
	while (!err && !c->off && (c->asking || c->nr)) {
		if (!c->asking)
			send(c);
		if (!c->asking) {	/* it has died meanwhile */
			c->nr_sent = 0;
			err = give_up(c, sink, ctx);
			continue;
		}
		/* Only those who ask for something new wait. */
		most = nr ? limit(c) : 0;
		/* What is late already is not waited for again. */
		from = c->sent_ns < began ? c->sent_ns : began;
		past = now_ns() - from;
		err = take(c, past < most ? most - past : 0, sink, ctx);
		if (c->asking && now_ns() - from >= most)
			break;
	}
	return err;
}

uint64_t line_cache__lost(const struct line_cache *c)
{
	return c->lost;
}

enum line_state line_cache__state(struct line_cache *c, char detail[LINE_FILE_LEN])
{
	struct line_probe *p;

	if (c->asking)
		take(c, c->cfg.first_ns, NULL, NULL);
	p = shared(c);
	detail[0] = '\0';
	if (!p || c->asking || p->state == LINES_NOT_LOOKED)
		return LINES_NOT_LOOKED;
	snprintf(detail, LINE_FILE_LEN, "%.*s", LINE_FILE_LEN - 1, p->detail);
	return p->state;
}

uint32_t line_cache__pids(const struct line_cache *c, pid_t *pids)
{
	return probe_child__pids(c->child, pids);
}
