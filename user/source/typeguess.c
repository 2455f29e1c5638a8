// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "source/typeguess.h"

#include <stdlib.h>
#include <string.h>

#include "lib/hash.h"
#include "lib/map.h"

#define CANDIDATES_MAX 512
#define NAMESAKES_MAX 512
#define MAX_HOPS 3
#define MAX_VISITED 8192	/* structs looked at from the roots on */
#define PARTS_DEEP 4
#define FAR 9			/* the distance of what cannot be reached */
#define NEAR_ENOUGH 2
#define TOKEN_BONUS 2		/* what a name in common counts, in hops */
#define TOKEN_MIN 3		/* letters */
#define MODULE_BONUS 1		/* what it counts that only the function's module knows it */

struct guess {
	const struct types *t;
	const struct guess_clues *clues;
	uint32_t list[CANDIDATES_MAX];
	uint32_t nr;
	/* structs with a name as the functions have */
	uint32_t namesakes[NAMESAKES_MAX], nr_namesakes;
	struct u64map *seen;		/* struct to its distance */
	uint32_t *queue, queued;	/* structs in the order of their distance */
	uint64_t hops;			/* of those that are being visited */
	bool leads_anywhere;		/* one of them has a pointer without a type */
};

/* "pipe_write" has the word "pipe". */
static bool has_word(const char *name, const char *word, size_t len)
{
	const char *p;

	for (p = name; (p = strstr(p, word)); p++)
		if ((p == name || p[-1] == '_') && (!p[len] || p[len] == '_' || p[len] == '.'))
			return true;
	return false;
}

/* Whether a function is named after it, by its first word. */
static bool is_in_functions(const struct guess *g, const char *name)
{
	size_t len = strcspn(name, "_");
	char word[32];
	uint32_t i;

	if (len < TOKEN_MIN || len >= sizeof(word))
		return false;
	memcpy(word, name, len);
	word[len] = '\0';
	for (i = 0; i < g->clues->nr_functions; i++)
		if (has_word(g->clues->functions[i], word, len))
			return true;
	return false;
}

static bool collect(struct guess *g)
{
	const struct guess_clues *c = g->clues;
	struct type_info in;
	uint32_t id;

	for (id = 1; id <= g->t->nr; id++) {
		g->t->get(g->t->ctx, id, &in);
		if (in.kind != TYPE_STRUCT || in.id != id || !*in.name)
			continue;
		if (g->nr_namesakes < NAMESAKES_MAX && is_in_functions(g, in.name))
			g->namesakes[g->nr_namesakes++] = id;
		if (in.size <= c->min_bytes || in.size > c->max_bytes ||
		    (c->cached && u64map__get(c->cached, hash__str(in.name), NULL)) ||
		    !typepath__has(g->t, id, c->off, c->kind))
			continue;
		if (g->nr == CANDIDATES_MAX)
			return false;
		g->list[g->nr++] = id;
	}
	return true;
}

static void visit(struct guess *g, uint32_t id)
{
	if (g->queued == MAX_VISITED || u64map__get(g->seen, id, NULL) ||
	    u64map__set(g->seen, id, g->hops))
		return;
	g->queue[g->queued++] = id;
}

/* What the struct points to, and what the structs in it do. */
static void follow(struct guess *g, uint32_t id, int depth)
{
	struct type_member m;
	struct type_info in, to;
	uint32_t i;

	g->t->get(g->t->ctx, id, &in);
	for (i = 0; in.kind == TYPE_STRUCT && i < in.nr; i++) {
		g->t->member(g->t->ctx, &in, i, &m);
		g->t->get(g->t->ctx, m.type, &to);
		if (to.kind == TYPE_STRUCT && depth)
			follow(g, to.id, depth - 1);
		if (to.kind != TYPE_POINTER)
			continue;
		g->t->get(g->t->ctx, to.target, &to);
		if (to.kind == TYPE_STRUCT && to.size)
			visit(g, to.id);
		else if (!to.id)
			g->leads_anywhere = true;
	}
}

static void measure(struct guess *g)
{
	uint32_t at = 0, end, i;

	for (i = 0; i < g->clues->nr_roots; i++)
		visit(g, g->clues->roots[i]);
	for (g->hops = 1; g->hops <= MAX_HOPS; g->hops++) {
		for (end = g->queued; at < end; at++)
			follow(g, g->queue[at], 3);
		/* What an argument keeps without a type is that of the subsystem whose functions
		 * use it: super_block.s_fs_info under ext4_free_inode() is an ext4_sb_info. */
		for (i = 0; g->hops == 1 && g->leads_anywhere && i < g->nr_namesakes; i++)
			visit(g, g->namesakes[i]);
	}
}

/* Of the struct, or of one in it that the lock is in: a function that returns a lruvec
 * takes the lock of one, whatever it is a part of. */
static int distance(const struct guess *g, uint32_t id, uint32_t off, int depth)
{
	struct type_info in, part;
	int best = FAR, here;
	struct type_member m;
	uint64_t hops;
	uint32_t i;

	g->t->get(g->t->ctx, id, &in);
	if (in.kind != TYPE_STRUCT)
		return FAR;
	if (u64map__get(g->seen, in.id, &hops))
		best = (int)hops;
	for (i = 0; depth && i < in.nr; i++) {
		g->t->member(g->t->ctx, &in, i, &m);
		if (m.off > off)
			continue;
		g->t->get(g->t->ctx, m.type, &part);
		if (part.kind != TYPE_STRUCT || off - m.off >= part.size)
			continue;
		here = distance(g, part.id, off - m.off, depth - 1);
		if (here < best)
			best = here;
	}
	return best;
}

/* The one that is nearest.  What is two pointers away, with nothing else that speaks for it, must
 * be the only one within reach; further away, the only one at all. */
static uint32_t choose(const struct guess *g)
{
	int best = FAR, second = FAR;
	uint32_t found = 0, i;
	struct type_info in;

	for (i = 0; i < g->nr; i++) {
		int d = distance(g, g->list[i], g->clues->off, PARTS_DEEP);

		g->t->get(g->t->ctx, g->list[i], &in);
		if (is_in_functions(g, in.name))
			d -= TOKEN_BONUS;
		if (g->clues->of_module && g->list[i] > g->t->nr_base && d < FAR)
			d -= MODULE_BONUS;
		if (d < best) {
			second = best;
			best = d;
			found = g->list[i];
		} else if (d < second) {
			second = d;
		}
	}
	if (best == second || best == FAR)
		return 0;
	return best < NEAR_ENOUGH || (best == NEAR_ENOUGH && second == FAR) || g->nr == 1 ? found : 0;
}

uint32_t typeguess__find(const struct types *t, const struct guess_clues *clues)
{
	struct guess *g = calloc(1, sizeof(*g));
	uint32_t found = 0;

	if (!g)
		return 0;
	g->t = t;
	g->clues = clues;
	g->queue = calloc(MAX_VISITED, sizeof(*g->queue));
	if (g->queue && !u64map__new(&g->seen, 0) && collect(g) && g->nr) {
		measure(g);
		found = choose(g);
	}
	u64map__free(g->seen);
	free(g->queue);
	free(g);
	return found;
}
