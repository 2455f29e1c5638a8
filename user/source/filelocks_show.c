// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * filelocks_show.c - from holds and waits to the records of a look.
 *
 * How several shared holds are told in a record that has one rule a lock is
 * written at struct filelock_look.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>
#include "lib/hash.h"
#include "lib/map.h"
#include "source/filelocks_show.h"

static void clear(struct fl_show *s)
{
	arena__free(s->strings);
	s->strings = NULL;
	s->waits.nr = s->locks.nr = s->holders.nr = 0;
	s->first_holder.nr = s->groups.nr = s->waiting.nr = 0;
	fl_index__clear(&s->groups_of);
	fl_index__clear(&s->holds_of);
	u64map__free(s->by_identity);
	s->by_identity = NULL;
}

void fl_show__free(struct fl_show *s)
{
	clear(s);
	free(s->waits.at);
	free(s->locks.at);
	free(s->holders.at);
	free(s->first_holder.at);
	free(s->groups.at);
	free(s->waiting.at);
	fl_index__free(&s->groups_of);
	fl_index__free(&s->holds_of);
}

static int by_tid(const void *a, const void *b, void *ctx)
{
	const struct filelock_candidate *cands = ctx;
	uint32_t x = cands[*(const uint32_t *)a].tid, y = cands[*(const uint32_t *)b].tid;

	return x < y ? -1 : x > y;
}

/* The candidate that is this task and waits for a file lock, or NULL. */
static const struct filelock_candidate *waiting_task(const struct fl_show *s,
						     const struct fl_shown *in, uint32_t tid)
{
	uint32_t lo = 0, hi = s->waiting.nr;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		const struct filelock_candidate *c = &in->cands[s->waiting.at[mid]];

		if (c->tid == tid)
			return c;
		if (c->tid < tid)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

static int list_waiting(struct fl_show *s, const struct fl_shown *in)
{
	for (uint32_t i = 0; i < in->nr_waits; i++) {
		if (!FL_ROOM(&s->waiting))
			return -ENOMEM;
		s->waiting.at[s->waiting.nr++] = in->waits[i].candidate;
	}
	qsort_r(s->waiting.at, s->waiting.nr, sizeof(uint32_t), by_tid, (void *)in->cands);
	return 0;
}

/* Whether found[i] is another descriptor of the process before it in its group. */
static bool is_repeat(const struct fl_shown *in, const struct fl_group *g, uint32_t i)
{
	const struct fl_found *f = in->scan->found.at;

	return i > g->first && f[i].pid == f[i - 1].pid;
}

static int list_groups(struct fl_show *s, const struct fl_shown *in)
{
	const struct fl_found *f = in->scan->found.at;

	for (uint32_t i = 0; i < in->scan->found.nr; i++) {
		struct fl_group *g;

		if (!i || f[i].group != f[i - 1].group) {
			if (!FL_ROOM(&s->groups))
				return -ENOMEM;
			s->groups.at[s->groups.nr++] = (struct fl_group){ .first = i };
		}
		g = &s->groups.at[s->groups.nr - 1];
		g->nr++;
		if (is_repeat(in, g, i))
			continue;
		g->nr_tasks += f[i].nr_tids;
		for (uint32_t t = 0; t < f[i].nr_tids; t++)
			g->nr_free += !waiting_task(s, in, in->scan->tids.at[f[i].first_tid + t]);
	}
	return 0;
}

static const struct fl_line *line_of(const struct fl_shown *in, const struct fl_group *g)
{
	return &in->scan->found.at[g->first].line;
}

/* So that what a wait is for is looked for among what is of its file. */
static int index_files(struct fl_show *s, const struct fl_shown *in)
{
	int err = 0;

	for (uint32_t i = 0; i < s->groups.nr && !err; i++)
		err = fl_index__add(&s->groups_of, line_of(in, &s->groups.at[i]), i);
	for (uint32_t i = 0; i < in->nr_lines && !err; i++) {
		if (!in->lines[i].waits)
			err = fl_index__add(&s->holds_of, &in->lines[i], i);
	}
	fl_index__sort(&s->groups_of);
	fl_index__sort(&s->holds_of);
	return err ? err : u64map__new(&s->by_identity, in->nr_waits);
}

/* Whether the waiting task asks through that hold's own description, or is the
 * owner of that POSIX lock: its own lock never blocks it. */
static bool is_own(const struct fl_shown *in, const struct fl_group *g, const struct fl_wait *w,
		   enum lock_kind asks)
{
	uint32_t pid = in->cands[w->candidate].pid;
	enum lock_kind kind = line_of(in, g)->kind;

	for (uint32_t i = g->first; i < g->first + g->nr; i++) {
		const struct fl_found *f = &in->scan->found.at[i];

		if (f->pid != pid)
			continue;
		if (kind == KIND_POSIX ? asks == KIND_POSIX : kind == asks && f->fd == w->fd)
			return true;
	}
	return false;
}

/* What a wait asks for, with the file that a lease breaker's line leaves out. */
static struct fl_line asked(const struct fl_shown *in, const struct fl_wait *w)
{
	struct fl_line line = in->lines[w->line];
	const struct fl_line *root = &in->lines[w->root];

	if (!line.has_file) {
		line.ino = root->ino;
		line.major = root->major;
		line.minor = root->minor;
		line.has_file = true;
	}
	return line;
}

static bool blocks(const struct fl_shown *in, const struct fl_group *g, const struct fl_wait *w,
		   const struct fl_line *ask)
{
	return fl_line__blocks(line_of(in, g), ask) && !is_own(in, g, w, ask->kind);
}

/* The hold that a wait is shown to wait for: the one with the fewest tasks that
 * could release it now, then the one it is listed under. */
static const struct fl_group *choose(const struct fl_show *s, const struct fl_shown *in,
				     const struct fl_wait *w, const struct fl_line *ask)
{
	const struct fl_line *root = &in->lines[w->root];
	const struct fl_group *best = NULL;
	const struct fl_indexed *of;
	uint32_t nr;

	of = fl_index__find(&s->groups_of, ask, &nr);
	for (uint32_t i = 0; i < nr; i++) {
		const struct fl_group *g = &s->groups.at[of[i].nr];

		if (!blocks(in, g, w, ask))
			continue;
		if (!best || g->nr_free < best->nr_free ||
		    (g->nr_free == best->nr_free && g->nr_tasks < best->nr_tasks) ||
		    (g->nr_free == best->nr_free && g->nr_tasks == best->nr_tasks &&
		     !fl_line__same(line_of(in, best), root) &&
		     fl_line__same(line_of(in, g), root)))
			best = g;
	}
	return best;
}

/* References that are no descriptor, descriptors in a socket's queue, processes that
 * cannot be read: somebody else may have the same description.  The owner of a POSIX
 * lock is a process: nobody is handed that. */
static enum certainty how_sure(const struct fl_scan *scan, const struct fl_found *f)
{
	if (f->line.kind == KIND_POSIX ||
	    (!scan->in_flight && !scan->unreadable.nr && !f->more_refs))
		return SURE_CERTAIN;
	return SURE_LIKELY;
}

static int add_holders(struct fl_show *s, const struct fl_shown *in, const struct fl_group *g)
{
	const struct fl_scan *scan = in->scan;

	for (uint32_t i = g->first; i < g->first + g->nr; i++) {
		const struct fl_found *f = &scan->found.at[i];

		for (uint32_t t = 0; t < f->nr_tids && !is_repeat(in, g, i); t++) {
			uint32_t tid = scan->tids.at[f->first_tid + t];
			const struct filelock_candidate *c = waiting_task(s, in, tid);

			if (!FL_ROOM(&s->holders))
				return -ENOMEM;
			s->holders.at[s->holders.nr++] = (struct rec_holder){
				.tid = tid,
				.start_ns = c && c->pid == f->pid ? c->start_ns : 0,
				.mode = f->line.mode,
				.certainty = how_sure(scan, f),
				.since_ns = LK_NO_TIME,
				.cpu = -1,
			};
		}
	}
	return 0;
}

/* Range locks have one hold a lock, so what several hold alike needs a name each. */
static const char *identity(struct fl_show *s, const struct fl_shown *in,
			    const struct fl_group *g, const struct fl_line *root)
{
	const struct fl_line *line = g ? line_of(in, g) : root;
	const struct fl_indexed *of;
	char buf[128];
	uint32_t nr;

	fl_line__identity(line, buf, sizeof(buf));
	if (g && fl_is_range(line->kind)) {
		of = fl_index__find(&s->groups_of, line, &nr);
		for (uint32_t i = 0; i < nr; i++) {
			const struct fl_group *other = &s->groups.at[of[i].nr];
			const struct fl_line *theirs = line_of(in, other);

			if (other != g && theirs->kind == line->kind &&
			    theirs->start == line->start && theirs->end == line->end)
				return arena__printf(s->strings, "%s@%u", buf,
						     in->scan->found.at[g->first].pid);
		}
	}
	return arena__strdup(s->strings, buf);
}

/* The path under which a holder, else the waiter, opened the file.  A link of
 * procfs: reading it does not touch the file system. */
static int set_name(struct fl_show *s, const struct fl_shown *in, const struct fl_group *g,
		    const struct fl_wait *w, struct rec_lock_state *lock)
{
	char path[64], link[PATH_MAX];
	ssize_t n;

	if (g) {
		lock->name = arena__strdup(s->strings, in->scan->found.at[g->first].path);
	} else {
		if (w->fd < 0)
			return 0;
		snprintf(path, sizeof(path), "%u/fd/%d", in->cands[w->candidate].pid, w->fd);
		n = readlinkat(in->proc, path, link, sizeof(link) - 1);
		if (n <= 0)
			return 0;
		lock->name = arena__printf(s->strings, "%.*s", (int)n, link);
	}
	if (!lock->name)
		return -ENOMEM;
	lock->name_source = "file";
	return 0;
}

static uint32_t count_processes(const struct fl_shown *in, const struct fl_group *g)
{
	uint32_t nr = 0;

	for (uint32_t i = g->first; i < g->first + g->nr; i++)
		nr += !is_repeat(in, g, i);
	return nr;
}

/* How many holds block the wait, by /proc/locks. */
static uint32_t count_blocking(const struct fl_show *s, const struct fl_shown *in,
			       const struct fl_line *ask)
{
	uint32_t nr, nr_blocking = 0;
	const struct fl_indexed *of = fl_index__find(&s->holds_of, ask, &nr);

	for (uint32_t i = 0; i < nr; i++)
		nr_blocking += fl_line__blocks(&in->lines[of[i].nr], ask);
	return nr_blocking;
}

/* Holders, rule and evidence. */
static int fill(struct fl_show *s, const struct fl_shown *in, const struct fl_group *chosen,
		const struct fl_wait *w, const struct fl_line *ask, struct rec_lock_state *lock)
{
	bool more = in->scan->found.at[chosen->first].more_refs;
	uint32_t nr = 0, nr_processes = 0, nr_blocking = count_blocking(s, in, ask), nr_of;
	bool all = chosen->nr_tasks == 1 && !fl_is_range(line_of(in, chosen)->kind) &&
		   nr_blocking > 1, kin = false;
	const struct fl_indexed *of = fl_index__find(&s->groups_of, ask, &nr_of);
	int err = 0;

	for (uint32_t i = 0; i < nr_of && !err; i++) {
		const struct fl_group *g = &s->groups.at[of[i].nr];

		if (g != chosen && (!all || g->nr_tasks != 1 || !blocks(in, g, w, ask)))
			continue;
		err = add_holders(s, in, g);
		kin |= in->scan->unreadable.nr &&
		       fl_scan__has_kin(in->scan, in->proc, g->first, g->nr);
		nr_processes += count_processes(in, g);
		nr++;
	}
	lock->rule = all ? RULE_AND : RULE_OR;
	lock->complete = in->whole && !kin && (!all || nr >= nr_blocking);
	lock->verified = true;
	lock->evidence = arena__printf(s->strings,
		"/proc/locks and fdinfo of %u process%s%s%s%s%s", nr_processes,
		nr_processes == 1 ? "" : "es",
		nr < nr_blocking ? ", other holds also block" : "",
		more ? ", more references than descriptors" : "",
		in->scan->unreadable.nr ? ", some processes could not be read" : "",
		in->scan->in_flight ? ", descriptors lie in a socket's queue" : "");
	return err ? err : lock->evidence ? 0 : -ENOMEM;
}

/* The lock that this wait is for; made unless an earlier wait has. */
static int find_lock(struct fl_show *s, const struct fl_shown *in, const struct fl_wait *w,
		     uint32_t *out)
{
	const struct fl_line *root = &in->lines[w->root];
	struct fl_line ask = asked(in, w);
	const struct fl_group *g = choose(s, in, w, &ask);
	const char *str = identity(s, in, g, root);
	struct rec_lock_state *lock;
	uint64_t known;
	int err;

	if (!str || !FL_ROOM(&s->locks) || !FL_ROOM(&s->first_holder))
		return -ENOMEM;
	if (u64map__get(s->by_identity, hash__str(str), &known)) {
		*out = (uint32_t)known;
		return 0;
	}
	*out = s->locks.nr;
	if (u64map__set(s->by_identity, hash__str(str), *out))
		return -ENOMEM;
	lock = &s->locks.at[s->locks.nr];
	*lock = (struct rec_lock_state){ .rule = RULE_OR, .nr_readers = -1 };
	rec_lock__set_str(&lock->lock, str, g ? line_of(in, g)->kind : root->kind);
	s->first_holder.at[s->first_holder.nr++] = s->holders.nr;
	if (g)
		err = fill(s, in, g, w, &ask, lock);
	else
		err = (lock->evidence = arena__strdup(s->strings, "/proc/locks")) ? 0 : -ENOMEM;
	lock->nr_holders = s->holders.nr - s->first_holder.at[s->locks.nr];
	s->locks.nr++;
	return err ? err : set_name(s, in, g, w, lock);
}

/* A wait that is only a guess proves nothing about the lock. */
static void doubt(struct fl_show *s, uint32_t lock)
{
	uint32_t first = s->first_holder.at[lock];

	s->locks.at[lock].complete = false;
	for (uint32_t i = 0; i < s->locks.at[lock].nr_holders; i++)
		s->holders.at[first + i].certainty = SURE_POSSIBLE;
}

int fl_show__run(struct fl_show *s, const struct fl_shown *in, struct filelock_look *out)
{
	int err;

	clear(s);
	err = arena__new(&s->strings);
	if (err)
		return err;
	err = list_waiting(s, in);
	if (!err)
		err = list_groups(s, in);
	if (!err)
		err = index_files(s, in);
	for (uint32_t i = 0; i < in->nr_waits && !err; i++) {
		const struct fl_wait *w = &in->waits[i];
		struct filelock_wait wait = {
			.candidate = w->candidate,
			.mode = in->lines[w->line].mode,
			.breakable_by = in->lines[w->line].kind == KIND_LEASE ? in->lease :
					BREAK_SIGNAL,
		};

		err = find_lock(s, in, w, &wait.lock);
		if (!err && !FL_ROOM(&s->waits))
			err = -ENOMEM;
		if (err)
			break;
		if (w->unsure)
			doubt(s, wait.lock);
		s->waits.at[s->waits.nr++] = wait;
	}
	if (err)
		return err;
	for (uint32_t i = 0; i < s->locks.nr; i++)
		s->locks.at[i].holders = s->locks.at[i].nr_holders ?
					 s->holders.at + s->first_holder.at[i] : NULL;
	out->waits = s->waits.at;
	out->nr_waits = s->waits.nr;
	out->locks = s->locks.at;
	out->nr_locks = s->locks.nr;
	return 0;
}
