// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "view/finding_group.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lib/fmt.h"
#include "lib/hash.h"
#include "lib/map.h"

/* The lock that a finding is about, and its name. */
struct about {
	const struct rec_lock *lock;
	const char *name;
	bool guess;
};

static bool is_about(const struct finding *f, struct about *out)
{
	const struct find_task *t = f->tasks;

	*out = (struct about){ 0 };
	if (!f->nr_tasks)
		return false;
	if (f->kind == FIND_LONG_WAIT || f->kind == FIND_LONG_SPIN)
		*out = (struct about){ &t->waits_for, t->waits_name, t->waits_name_guess };
	else if (f->kind == FIND_LONG_HOLD)
		*out = (struct about){ &t->holds, t->holds_name, t->holds_name_guess };
	return out->name;
}

uint64_t finding_group__id(const struct finding *f)
{
	struct about a;

	if (!is_about(f, &a))
		return 0;
	return hash__add(hash__add(hash__str(a.name), (uint64_t)a.guess << 8 | a.lock->kind),
			 (uint64_t)f->kind << 1 | f->open);
}

static bool same(const struct finding *x, const struct finding *y, enum finding_grouping how)
{
	struct about a, b;

	return is_about(x, &a) && is_about(y, &b) && x->kind == y->kind && x->open == y->open &&
	       (how != GROUP_NEWS || (x->rev > 1) == (y->rev > 1)) && a.lock->kind == b.lock->kind && a.guess == b.guess &&
	       !strcmp(a.name, b.name);
}

static int64_t how_long(const struct finding *f)
{
	return f->kind == FIND_LONG_HOLD ? f->hold_ns : f->wait_ns;
}

/* By a finding's hash, or the next number after it, to the index of its group. */
struct making {
	struct finding_groups *out;
	enum finding_grouping how;
	struct u64map *keys, *locks;
};

static struct finding_group *begin(struct making *m, const struct finding *f, uint64_t id)
{
	struct finding_group *g = &m->out->list[m->out->nr++];

	*g = (struct finding_group){ .first = f, .worst = f, .confidence = f->confidence, .id = id };
	return g;
}

static void take(struct finding_group *g, const struct finding *f)
{
	g->nr++;
	g->nr_tasks += f->kind == FIND_LONG_HOLD ? 1 : f->nr_tasks;
	if (how_long(f) > how_long(g->worst))
		g->worst = f;
	if (f->confidence > g->confidence)
		g->confidence = f->confidence;
}

static struct finding_group *group_of(struct making *m, const struct finding *f)
{
	uint64_t h = m->how == GROUP_NONE ? 0 : finding_group__id(f), id = h, at;

	for (; h && u64map__get(m->keys, h, &at); h++)
		if (same(m->out->list[at].first, f, m->how))
			return &m->out->list[at];
	if (h && u64map__set(m->keys, h, m->out->nr))
		return NULL;
	return begin(m, f, id);
}

/* *group: the index of the group it went into. */
static int add(struct making *m, const struct finding *f, uint32_t *group)
{
	struct finding_group *g = group_of(m, f);
	struct about a;
	uint64_t key;

	if (!g)
		return -ENOMEM;
	take(g, f);
	*group = (uint32_t)(g - m->out->list);
	if (!g->id || !is_about(f, &a))
		return 0;
	key = hash__add(a.lock->key, g->id);
	g->nr_locks += !u64map__get(m->locks, key, NULL);
	return u64map__set(m->locks, key, 1);
}

/* What one lock did several times is no group: each of them stands alone after all. */
static int take_apart(struct making *m, const struct finding *const *findings, size_t nr,
		      const uint32_t *group)
{
	struct finding_group *old = m->out->list;
	size_t *place = calloc(m->out->nr + 1, sizeof(*place));	/* of a group, plus 1 */

	m->out->list = calloc(nr + 1, sizeof(*m->out->list));
	m->out->nr = 0;
	for (size_t i = 0; i < nr && place && m->out->list; i++) {
		struct finding_group *g = &old[group[i]];

		if (g->nr_locks > 1 && place[group[i]])
			continue;
		if (g->nr_locks > 1) {
			place[group[i]] = ++m->out->nr;
			m->out->list[m->out->nr - 1] = *g;
		} else {
			take(begin(m, findings[i], g->id), findings[i]);
		}
	}
	free(old);
	free(place);
	return place && m->out->list ? 0 : -ENOMEM;
}

int finding_groups__make(struct finding_groups *out, const struct finding *const *findings,
			 size_t nr, enum finding_grouping how)
{
	struct making m = { .out = out, .how = how };
	uint32_t *group = calloc(nr + 1, sizeof(*group));
	int err = 0;

	*out = (struct finding_groups){ .list = calloc(nr + 1, sizeof(*out->list)) };
	if (!out->list || !group || u64map__new(&m.keys, 0) || u64map__new(&m.locks, 0))
		err = -ENOMEM;
	for (size_t i = 0; i < nr && !err; i++)
		err = add(&m, findings[i], &group[i]);
	if (!err)
		err = take_apart(&m, findings, nr, group);
	u64map__free(m.keys);
	u64map__free(m.locks);
	free(group);
	if (err)
		finding_groups__free(out);
	return err;
}

void finding_groups__free(struct finding_groups *g)
{
	free(g->list);
	*g = (struct finding_groups){ 0 };
}

/* Who does what to the locks. */
static const char *verb(const struct finding *f, uint32_t nr)
{
	bool past = f->over || !f->open, one = nr == 1;

	switch (f->kind) {
	case FIND_LONG_HOLD:
		return one ? "hold of" : "holds of";
	case FIND_LONG_SPIN:
		return past ? one ? "task spun for" : "tasks spun for" :
		       one ? "task spins for" : "tasks spin for";
	default:
		return past ? one ? "task waited for" : "tasks waited for" :
		       one ? "task waits for" : "tasks wait for";
	}
}

const char *finding_group__summary(char *buf, size_t size, const struct finding_group *g)
{
	char name[256], age[FMT_LEN];
	struct about a;

	if (g->nr == 1 || !is_about(g->worst, &a)) {
		snprintf(buf, size, "%s", g->worst->summary ? g->worst->summary : "");
		return buf;
	}
	snprintf(buf, size, "%u %s %u lock%s, %s %s%s, the longest for %s", g->nr_tasks,
		 verb(g->worst, g->nr_tasks), g->nr_locks, g->nr_locks == 1 ? "" : "s",
		 kind__name(a.lock->kind), fmt__safe(name, sizeof(name), a.name, true),
		 a.guess ? "?" : "", fmt__ns(age, sizeof(age), (uint64_t)how_long(g->worst)));
	return buf;
}
