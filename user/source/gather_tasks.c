// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "source/gather_tasks.h"

#include <stdlib.h>
#include <string.h>

#include "lib/hash.h"
#include "lib/map.h"
#include "source/gather_jobs.h"
#include "source/live_priv.h"

#define TEXT_LEN 8192

/* What was read of one task before its record is written. */
struct seen {
	uint32_t stack;
	uint64_t switches;
	int32_t syscall;
};

static void put_frames(struct json *j, char *text)
{
	uint64_t off;
	const char *sym, *module;
	char *line, *rest = text;

	json__array(j, "frames");
	while ((line = strsep(&rest, "\n"))) {
		if (gather_stat__frame(line, &sym, &off, &module))
			continue;
		json__object(j, NULL);
		json__hex(j, "addr", 0);	/* /proc does not tell */
		json__str(j, "sym", sym);
		json__u64(j, "off", off);
		json__str(j, "module", module);
		json__end_object(j);
	}
	json__end_array(j);
}

/* The id of a stack, by its text, which is written once; 0: there is none. */
static uint32_t put_stack(FILE *out, struct u64map *ids, uint64_t first_id, char *text)
{
	uint64_t key = hash__str(text), id;
	struct json j;

	if (!strchr(text, '+'))
		return 0;
	if (u64map__get(ids, key, &id))
		return (uint32_t)id;
	id = first_id + u64map__nr(ids);
	if (u64map__set(ids, key, id))
		return 0;
	gather_job__begin(&j, out, "stack");
	json__u64(&j, "id", id);
	put_frames(&j, text);
	gather_job__end(&j);
	return (uint32_t)id;
}

static int read_of(const struct gather_task *t, const char *name, char *text, char *doing)
{
	char path[96];

	snprintf(path, sizeof(path), "/proc/%u/task/%u/%s", t->pid, t->stat->tid, name);
	gather_job__doing(doing, path);
	return gather_job__read(path, text, TEXT_LEN);
}

static struct seen see(FILE *out, const struct gather_task *t, struct u64map *ids,
		       uint64_t first_id, char *text, char *doing)
{
	struct seen s = { .syscall = -1 };
	unsigned long long switches;

	if (read_of(t, "schedstat", text, doing) > 0 &&
	    sscanf(text, "%*u %*u %llu", &switches) == 1)
		s.switches = switches;
	if (read_of(t, "stack", text, doing) > 0)
		s.stack = put_stack(out, ids, first_id, text);
	if (read_of(t, "syscall", text, doing) > 0 && (*text == '-' || (*text >= '0' && *text <= '9')))
		s.syscall = (int32_t)strtol(text, NULL, 10);
	return s;
}

static void put_task(FILE *out, const struct gather_task *t, const struct seen *s, int64_t t_ns)
{
	const char state[2] = { t->stat->state, '\0' };
	struct json j;

	gather_job__begin(&j, out, "task");
	json__i64(&j, "t_ns", t_ns);
	json__u64(&j, "tid", t->stat->tid);
	json__u64(&j, "pid", t->pid);
	json__u64(&j, "start_time", t->start_ns);
	json__u64(&j, "cgroup", 0);
	json__str(&j, "comm", t->stat->comm);
	json__str(&j, "state", state);
	json__bool(&j, "on_cpu", false);
	json__null(&j, "cpu");
	json__str(&j, "context", "task");
	json__u64(&j, "switches", s->switches);
	if (s->syscall < 0) {
		json__null(&j, "syscall");
	} else {
		json__object(&j, "syscall");
		json__i64(&j, "nr", s->syscall);
		json__str(&j, "name", syscall__name(s->syscall));
		json__end_object(&j);
	}
	json__null(&j, "wait");
	if (s->stack)
		json__u64(&j, "stack", s->stack);
	else
		json__null(&j, "stack");
	gather_job__end(&j);
}

void gather_tasks__put(FILE *out, const struct gather_task *tasks, uint32_t nr, uint64_t seq,
		       int64_t t_ns, char *doing)
{
	struct seen *seen = calloc(nr + 1, sizeof(*seen));
	char *text = malloc(TEXT_LEN);
	struct u64map *ids = NULL;
	struct json j;

	if (!seen || !text || u64map__new(&ids, nr))
		goto out;
	for (uint32_t i = 0; i < nr; i++)
		seen[i] = see(out, &tasks[i], ids, seq << 20, text, doing);
	gather_job__begin(&j, out, "read");
	json__u64(&j, "seq", seq);
	json__i64(&j, "t_ns", t_ns);
	json__u64(&j, "tasks", nr);
	json__u64(&j, "locks", 0);
	json__bool(&j, "confirm", false);
	gather_job__end(&j);
	for (uint32_t i = 0; i < nr; i++)
		put_task(out, &tasks[i], &seen[i], t_ns);
out:
	u64map__free(ids);
	free(text);
	free(seen);
}
