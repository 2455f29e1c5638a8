// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "view/chrome.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/arena.h"
#include "lib/fmt.h"
#include "lib/json.h"
#include "lib/map.h"
#include "lib/vec.h"
#include "record/caller.h"
#include "view/ways.h"

#define KEPT 4
#define LABEL_LEN 400

struct span {
	uint64_t begin, end;
};

/* What is known of a thread's complete events: disjoint spans, the latest last.  They
 * come in the order of their ends, so what lies in a later one need not be kept. */
struct track {
	struct span kept[KEPT];
	uint32_t nr;
	uint64_t gone_till;	/* the end of the last one that found no room */
	uint64_t latest;
	char comm[64];		/* as it was when task was made */
	char task[96];		/* "comm/tid"; empty: not made yet */
};

/* What many events say alike is made once, as JSON: of a lock, for the name it had then. */
struct lock_text {
	const char *named;		/* the model's string; NULL: has none */
	bool guess;
	const char *names[NR_MODES], *id;	/* NULL: not made yet */
};

struct chrome {
	FILE *to;
	struct json j;
	const struct model *model;
	uint64_t boot_ns;
	struct track *tracks;
	size_t nr_tracks, cap_tracks;
	struct u64map *threads;		/* pid and tid to a track */
	struct u64map *processes;	/* pids that have a name */
	struct u64map *stacks;		/* ids to what write_stack() made of them */
	struct lock_text *locks;	/* by index in the timeline */
	size_t nr_locks, cap_locks;
	struct lock_text other;		/* of the last lock that has none there */
	struct arena *other_texts;
	struct arena *texts;
	bool begun;
	uint64_t nr_waits, nr_timeless, nr_pairs;	/* pairs: ids given */
};

/* text as a JSON string, or NULL when memory is out. */
static const char *quote(struct arena *into, const char *text)
{
	char *json = NULL;
	const char *kept;
	size_t len;
	FILE *to = open_memstream(&json, &len);
	struct json j;

	if (!to)
		return NULL;
	json__init(&j, to);
	json__str(&j, NULL, text);
	kept = fclose(to) || j.error ? NULL : arena__strdup(into, json);
	free(json);
	return kept;
}

static void begin_event(struct chrome *c, const char *ph, const char *cat)
{
	json__object(&c->j, NULL);
	json__str(&c->j, "ph", ph);
	json__str(&c->j, "cat", cat);
}

/* name: as JSON. */
static void begin_wait(struct chrome *c, const char *ph, const char *cat, const char *name)
{
	begin_event(c, ph, cat);
	json__verbatim(&c->j, "name", name);
}

static void put_place(struct chrome *c, uint64_t ns, uint32_t pid, uint32_t tid)
{
	json__micros(&c->j, "ts", ns);
	json__u64(&c->j, "pid", pid);
	json__u64(&c->j, "tid", tid);
}

static void end_event(struct chrome *c)
{
	json__end_object(&c->j);
	fputc('\n', c->to);	/* an event a line, before the comma */
}

static void put_name(struct chrome *c, const char *what, uint32_t pid, uint32_t tid,
		     const char *name)
{
	json__object(&c->j, NULL);
	json__str(&c->j, "ph", "M");
	json__str(&c->j, "name", what);
	json__u64(&c->j, "pid", pid);
	json__u64(&c->j, "tid", tid);
	json__object(&c->j, "args");
	json__str(&c->j, "name", name);
	json__end_object(&c->j);
	end_event(c);
}

int chrome__new(struct chrome **out, FILE *to, const struct model *model)
{
	struct chrome *c = calloc(1, sizeof(*c));
	const struct rec_header *h = model__header(model);

	*out = c;
	if (!c)
		return -ENOMEM;
	c->to = to;
	c->model = model;
	c->boot_ns = h ? h->boot_ns : 0;
	if (u64map__new(&c->threads, 0) || u64map__new(&c->processes, 0) ||
	    u64map__new(&c->stacks, 0) || arena__new(&c->texts)) {
		chrome__free(c);
		*out = NULL;
		return -ENOMEM;
	}
	json__init(&c->j, to);
	return 0;
}

/* Before the first event, and not sooner: what turns out to be no recording leaves no
 * half of a trace. */
static void begin(struct chrome *c)
{
	if (c->begun)
		return;
	c->begun = true;
	json__object(&c->j, NULL);
	json__str(&c->j, "displayTimeUnit", "ns");
	json__array(&c->j, "traceEvents");
	fputc('\n', c->to);
	put_name(c, "process_name", CHROME_LOCKS_PID, 0, "locks");
}

void chrome__free(struct chrome *c)
{
	if (!c)
		return;
	u64map__free(c->threads);
	u64map__free(c->processes);
	u64map__free(c->stacks);
	arena__free(c->texts);
	arena__free(c->other_texts);
	free(c->tracks);
	free(c->locks);
	free(c);
}

/* Since boot; what would lie before that is at 0. */
static uint64_t since_boot(const struct chrome *c, int64_t t_ns)
{
	int64_t at;

	if (__builtin_add_overflow((int64_t)(c->boot_ns & INT64_MAX), t_ns, &at))
		return INT64_MAX;
	return at > 0 ? (uint64_t)at : 0;
}

/* The thread's track, new with its names. */
static int find_track(struct chrome *c, const struct rec_who *who, struct track **out)
{
	uint64_t key = (uint64_t)who->pid << 32 | who->tid, at = c->nr_tracks;
	char comm[64];

	if (u64map__get(c->threads, key, &at)) {
		*out = &c->tracks[at];
		return 0;
	}
	if (!VEC_ROOM(c->tracks, c->nr_tracks, c->cap_tracks) ||
	    u64map__set(c->threads, key, c->nr_tracks))
		return -ENOMEM;
	*out = &c->tracks[c->nr_tracks++];
	**out = (struct track){ 0 };
	fmt__safe(comm, sizeof(comm), who->comm, true);
	put_name(c, "thread_name", who->pid, who->tid, comm);
	if (u64map__get(c->processes, who->pid, NULL))
		return 0;
	put_name(c, "process_name", who->pid, who->tid, comm);
	return u64map__set(c->processes, who->pid, 0);
}

/* Whether s lies apart from, or around, each complete event so far; then it is one. */
static bool nests(struct track *t, struct span s)
{
	uint32_t i = 0;

	while (i < t->nr && t->kept[i].begin < s.begin)
		i++;
	if (s.end < t->latest || s.begin < t->gone_till || (i && t->kept[i - 1].end > s.begin))
		return false;
	t->nr = i;
	if (t->nr == KEPT) {
		t->gone_till = t->kept[0].end;
		for (t->nr = 0; t->nr < KEPT - 1; t->nr++)
			t->kept[t->nr] = t->kept[t->nr + 1];
	}
	t->kept[t->nr++] = s;
	t->latest = s.end;
	return true;
}

/* The frames of the caller and above, innermost first: "pipe_read < vfs_read"; NULL when
 * memory is out. */
static const char *write_stack(struct chrome *c, uint32_t id)
{
	const struct rec_stack *stack = model__stack(c->model, id);
	char text[1024], frame[LABEL_LEN];
	size_t len = 0;

	for (uint32_t i = caller__index(stack); stack && i < stack->nr_frames; i++) {
		if (caller__is_entry(stack->frames[i].sym) || len >= sizeof(text))
			break;
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s", len ? " < " : "",
					ways__frame(frame, sizeof(frame), &stack->frames[i]));
	}
	if (len >= sizeof(text))
		fmt__safe(frame, sizeof(frame), text, true);	/* not in the middle of a character */
	if (!len)
		return "null";
	return quote(c->texts, len < sizeof(text) ? text : frame);
}

/* Few stacks are behind many waits: each is written out once. */
static void put_stack(struct chrome *c, uint32_t id)
{
	uint64_t at = (uint64_t)(uintptr_t)"null";

	if (id && !u64map__get(c->stacks, id, &at)) {
		at = (uint64_t)(uintptr_t)write_stack(c, id);
		if (!at || u64map__set(c->stacks, id, at)) {
			c->j.error = -ENOMEM;
			return;
		}
	}
	json__verbatim(&c->j, "stack", (const char *)(uintptr_t)at);
}

/* The texts of the lock at that index of the timeline; NULL: no memory. */
static struct lock_text *lock_at(struct chrome *c, uint32_t at)
{
	if (at == TIMELINE_NONE) {
		arena__free(c->other_texts);
		c->other = (struct lock_text){ 0 };
		return arena__new(&c->other_texts) ? NULL : &c->other;
	}
	while (at >= c->nr_locks) {
		if (!VEC_ROOM(c->locks, c->nr_locks, c->cap_locks))
			return NULL;
		c->locks[c->nr_locks++] = (struct lock_text){ 0 };
	}
	return &c->locks[at];
}

/* The same, made for a wait in that mode; good until the next call. */
static const struct lock_text *find_lock(struct chrome *c, uint32_t at, enum lock_mode mode,
					 const struct rec_lock *lock)
{
	const struct rec_lock_name *name = model__name(c->model, lock);
	const char *named = name ? name->name : NULL;
	bool guess = name && name->guess;
	struct lock_text *t = lock_at(c, at);
	struct arena *into = at == TIMELINE_NONE ? c->other_texts : c->texts;
	char raw[LABEL_LEN], safe[LABEL_LEN];

	if (!t)
		return NULL;
	if (t->named != named || t->guess != guess)
		*t = (struct lock_text){ .named = named, .guess = guess, .id = t->id };
	if (!t->id) {
		rec_lock__format(lock, raw, sizeof(raw));
		t->id = quote(into, fmt__safe(safe, sizeof(safe), raw, true));
	}
	if (!t->names[mode])
		t->names[mode] = quote(into, ways__lock(raw, sizeof(raw), lock, name, mode));
	return t->id && t->names[mode] ? t : NULL;
}

static void put_args(struct chrome *c, const struct time_wait *w, const char *lock)
{
	struct json *j = &c->j;

	json__object(j, "args");
	json__verbatim(j, "lock", lock);
	json__str(j, "mode", mode__name(w->mode));
	json__bool(j, "spin", w->spin);
	put_stack(c, w->stack);
	if (w->owner_tid)
		json__u64(j, "owner_tid", w->owner_tid);
	if (w->result)
		json__i64(j, "result", w->result);
	if (w->at_least)
		json__bool(j, "at_least", true);
	if (w->open)
		json__bool(j, "goes_on", true);
	json__end_object(j);
}

/* Which task it is, for the tracks of locks. */
static const char *find_task(struct track *t, const struct rec_who *who)
{
	const char *now = who->comm ? who->comm : "";
	char comm[sizeof(t->comm)];

	if (*t->task && !strncmp(t->comm, now, sizeof(t->comm) - 1))
		return t->task;
	snprintf(t->task, sizeof(t->task), "%s/%" PRIu32,
		 fmt__safe(comm, sizeof(comm), now, true), who->tid);
	snprintf(t->comm, sizeof(t->comm), "%s", now);
	return t->task;
}

/* An asynchronous pair; w is told with the first of it, for tracks of threads, and task for
 * those of locks. */
static void put_pair(struct chrome *c, struct span s, const char *cat, const char *name,
		     uint32_t pid, const struct rec_who *who, const struct time_wait *w,
		     const char *lock, const char *task)
{
	uint64_t id = ++c->nr_pairs;

	begin_wait(c, "b", cat, name);
	json__hex(&c->j, "id", id);
	put_place(c, s.begin, pid, who->tid);
	if (w) {
		put_args(c, w, lock);
	} else {
		json__object(&c->j, "args");
		json__str(&c->j, "task", task);
		json__end_object(&c->j);
	}
	end_event(c);
	begin_wait(c, "e", cat, name);
	json__hex(&c->j, "id", id);
	put_place(c, s.end, pid, who->tid);
	end_event(c);
}

int chrome__wait(void *ctx, const struct time_wait *w, const struct rec_lock *lock,
		 const struct rec_who *who)
{
	struct chrome *c = ctx;
	struct span s = { .end = since_boot(c, w->t_ns) };
	const char *cat = kind__name(lock->kind);
	const struct lock_text *text;
	struct track *track;
	const char *name;
	int err;

	if (w->t_ns == LK_NO_TIME || w->since_ns == LK_NO_TIME) {
		c->nr_timeless++;
		return 0;
	}
	begin(c);
	s.begin = since_boot(c, w->since_ns);
	if (s.begin > s.end)
		s.begin = s.end;
	err = find_track(c, who, &track);
	if (err)
		return err;
	c->nr_waits++;
	text = find_lock(c, w->lock, w->mode, lock);
	if (!text)
		return -ENOMEM;
	name = text->names[w->mode];
	if (nests(track, s)) {
		begin_wait(c, "X", cat, name);
		put_place(c, s.begin, who->pid, who->tid);
		json__micros(&c->j, "dur", s.end - s.begin);
		put_args(c, w, text->id);
		end_event(c);
	} else {
		put_pair(c, s, cat, name, who->pid, who, w, text->id, NULL);
	}
	put_pair(c, s, cat, name, CHROME_LOCKS_PID, who, NULL, NULL, find_task(track, who));
	return c->j.error;
}

int chrome__finding(struct chrome *c, const struct finding *f)
{
	char safe[1024];

	begin(c);
	begin_event(c, "i", "finding");
	json__str(&c->j, "name", fmt__safe(safe, sizeof(safe), f->summary, true));
	put_place(c, since_boot(c, f->t_ns), CHROME_LOCKS_PID, 0);
	json__str(&c->j, "s", "g");	/* through all tracks */
	json__object(&c->j, "args");
	json__str(&c->j, "kind", finding_kind__name(f->kind));
	json__u64(&c->j, "id", f->id);
	json__str(&c->j, "state", f->open ? "open" : "closed");
	json__str(&c->j, "confidence", certainty__name(f->confidence));
	json__end_object(&c->j);
	end_event(c);
	return c->j.error;
}

int chrome__end(struct chrome *c)
{
	const struct rec_header *h = model__header(c->model);
	struct json *j = &c->j;

	begin(c);
	json__end_array(j);
	json__object(j, "otherData");
	json__str(j, "version", h ? h->version : NULL);
	json__str(j, "kernel", h ? h->kernel : NULL);
	json__str(j, "host", h ? h->host : NULL);
	json__str(j, "level", h ? h->level : NULL);
	json__str(j, "began_at", h ? h->began_at : NULL);
	json__u64(j, "waits", c->nr_waits);
	json__u64(j, "waits_without_time", c->nr_timeless);
	json__end_object(j);
	json__end_object(j);
	return json__done(j);
}
