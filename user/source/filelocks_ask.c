// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "source/filelocks_ask.h"

#include <errno.h>
#include <stdio.h>

#include "lib/hash.h"
#include "lib/map.h"

static int by_tid(const void *a, const void *b)
{
	const struct fl_asked *x = a, *y = b;

	return x->tid < y->tid ? -1 : x->tid > y->tid;
}

static int note_hold(struct fl_asks *a, const struct fl_line *l)
{
	const uint64_t of[] = { l->major, l->minor, l->pid, l->start, l->end, l->kind, l->mode };
	uint64_t sum = 0, h = l->ino;

	for (size_t i = 0; i < sizeof(of) / sizeof(*of); i++)
		h = hash__add(h, of[i]);
	u64map__get(a->holds, l->ino, &sum);
	return u64map__set(a->holds, l->ino, sum + h);	/* in whatever order they are listed */
}

int fl_asks__begin(struct fl_asks *a, const struct fl_line *lines, uint32_t nr_lines)
{
	__typeof__(a->now) now = a->before;
	__typeof__(a->own) own = a->own_before;
	int err = 0;

	a->before = a->now;
	a->now = now;
	a->own_before = a->own;
	a->own = own;
	a->now.nr = a->own.nr = 0;
	if (a->before.nr)
		qsort(a->before.at, a->before.nr, sizeof(*a->before.at), by_tid);
	if (!a->holds)
		err = u64map__new(&a->holds, 0);
	else
		u64map__clear(a->holds);
	for (uint32_t i = 0; i < nr_lines && !err; i++)
		err = lines[i].waits ? 0 : note_hold(a, &lines[i]);
	return err;
}

void fl_asks__free(struct fl_asks *a)
{
	free(a->now.at);
	free(a->before.at);
	free(a->own.at);
	free(a->own_before.at);
	u64map__free(a->holds);
}

static uint64_t holds_of(const struct fl_asks *a, uint64_t ino)
{
	uint64_t h = 0;

	u64map__get(a->holds, ino, &h);
	return h;
}

/* The same sleep in the look before, or NULL. */
static const struct fl_asked *find_before(const struct fl_asks *a,
					  const struct filelock_candidate *c)
{
	struct fl_asked key = { .tid = c->tid };
	const struct fl_asked *b = c->switches && a->before.nr ?
		bsearch(&key, a->before.at, a->before.nr, sizeof(key), by_tid) : NULL;

	return b && b->start_ns == c->start_ns && b->switches == c->switches ? b : NULL;
}

/* Kind, mode and descriptor from the system call. */
static int read_call(struct fl_asked *now, int proc, const struct filelock_candidate *c,
		     struct fl_buf *buf)
{
	struct fl_call call;
	char path[64];
	int err;

	snprintf(path, sizeof(path), "%u/task/%u/syscall", c->pid, c->tid);
	err = fl_buf__read(buf, proc, path, 0);
	if (err)
		return err;
	if (fl_call__parse(buf->text, &call) || call.nr != c->syscall)
		return -ESRCH;
	now->wants = fl_call__wants(&call, c->compat, &now->ask.kind, &now->ask.mode);
	if (!now->wants)
		return 0;
	if (now->ask.kind == KIND_OFD)
		now->ask.pid = -1;
	if (now->ask.kind != KIND_LEASE)
		now->ask.fd = (int)call.args[0];
	if (now->ask.kind != KIND_FLOCK)
		now->ask.mode = MODE_EXCLUSIVE;
	return 0;
}

/* Inode and own holds from the descriptor. */
static int read_file(struct fl_asks *a, struct fl_asked *now, int proc,
		     const struct filelock_candidate *c, struct fl_buf *buf)
{
	const char *at;
	char path[64];
	int err;

	snprintf(path, sizeof(path), "%u/task/%u/fdinfo/%d", c->pid, c->tid, now->ask.fd);
	err = fl_buf__read(buf, proc, path, 0);
	if (err)
		return err;
	if (!fl_text__number(buf->text, "ino:", &now->ask.ino))
		return -ESRCH;
	now->holds = holds_of(a, now->ask.ino);
	now->ask.first_own = a->own.nr;
	at = fl_text__find(buf->text, "lock:");
	for (; at; at = fl_text__find(at, "lock:")) {
		if (!FL_ROOM(&a->own))
			return -ENOMEM;
		if (!fl_line__parse(at, &a->own.at[a->own.nr]))
			a->own.nr++;
	}
	now->ask.nr_own = a->own.nr - now->ask.first_own;
	return 0;
}

static int keep_own(struct fl_asks *a, struct fl_asked *now)
{
	uint32_t from = now->ask.first_own;

	now->ask.first_own = a->own.nr;
	for (uint32_t i = 0; i < now->ask.nr_own; i++) {
		if (!FL_ROOM(&a->own))
			return -ENOMEM;
		a->own.at[a->own.nr++] = a->own_before.at[from + i];
	}
	return 0;
}

/* While a task sleeps, its call stays.  So does what its description holds, as long
 * as the file's holds do, which name their process; OFD holds do not. */
static int ask(struct fl_asks *a, struct fl_asked *now, int proc,
	       const struct filelock_candidate *c, struct fl_buf *buf)
{
	const struct fl_asked *before = find_before(a, c);
	uint32_t index = now->ask.index;
	int err = 0;

	if (before)
		*now = *before;
	else
		err = read_call(now, proc, c, buf);
	now->ask.index = index;
	now->ask.taken = false;
	if (err || !now->wants || now->ask.kind == KIND_LEASE)
		return err;
	if (before && now->ask.kind != KIND_OFD && now->holds == holds_of(a, now->ask.ino))
		return keep_own(a, now);
	return read_file(a, now, proc, c, buf);
}

int fl_asks__add(struct fl_asks *a, int proc, const struct filelock_candidate *c, uint32_t index,
		 struct fl_buf *buf)
{
	struct fl_asked now = {
		.tid = c->tid, .start_ns = c->start_ns, .switches = c->switches,
		.ask = { .index = index, .pid = c->pid, .fd = -1 },
	};
	int err = ask(a, &now, proc, c, buf);

	if (err)
		return err == -ENOMEM ? err : 0;
	now.ask.names_break = now.wants && now.ask.kind == KIND_LEASE && c->in_function &&
			      strstr(c->in_function, "break_lease");
	if (!FL_ROOM(&a->now))
		return -ENOMEM;
	a->now.at[a->now.nr++] = now;
	return 0;
}
