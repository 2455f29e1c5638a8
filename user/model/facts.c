// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "model/facts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/vec.h"
#include "model/intern.h"

#define TICK_NS 10000000u	/* of the start time in /proc/PID/stat */

/* The model's own copy; *err is set when memory is out. */
static const char *keep(struct intern *strings, const char *s, int *err)
{
	const char *copy = intern__str(strings, s);

	if (s && !copy)
		*err = -ENOMEM;
	return copy;
}

/* The next element of a list, cleared; or NULL with *err set or the list full. */
#define NEXT(f, list, err)                                                                    \
	((f)->nr_##list >= FACTS_MAX ? ((f)->left_out++, NULL) :                              \
	 !VEC_ROOM((f)->list, (f)->nr_##list, (f)->cap_##list) ? (*(err) = -ENOMEM, NULL) :   \
								 &(f)->list[(f)->nr_##list++])

static bool is_same_start(uint64_t a, uint64_t b)
{
	return !a || !b || (a > b ? a - b : b - a) < 2 * TICK_NS;
}

static struct rec_thread *find_thread(const struct facts *f, uint32_t tid, uint64_t start_ns)
{
	for (size_t i = 0; i < f->nr_threads; i++)
		if (f->threads[i].tid == tid && is_same_start(f->threads[i].start_ns, start_ns))
			return &f->threads[i];
	return NULL;
}

static int add_message(struct facts *f, struct intern *strings, const struct rec_message *m)
{
	int err = 0;
	struct rec_message *to = NEXT(f, messages, &err);

	if (to) {
		*to = *m;
		to->text = keep(strings, m->text, &err);
	}
	return err;
}

static int add_setting(struct facts *f, struct intern *strings, const struct rec_setting *s)
{
	int err = 0;
	struct rec_setting *to = NEXT(f, settings, &err);

	if (to) {
		to->name = keep(strings, s->name, &err);
		to->value = keep(strings, s->value, &err);
	}
	return err;
}

static int add_machine(struct facts *f, const struct rec_machine *m)
{
	int err = 0;
	struct rec_machine *to = NEXT(f, machines, &err);

	if (to)
		*to = *m;
	return err;
}

static int add_thread(struct facts *f, struct intern *strings, const struct rec_thread *t)
{
	int err = 0;
	struct rec_thread *to = find_thread(f, t->tid, t->start_ns);

	if (!to)
		to = NEXT(f, threads, &err);
	if (to) {
		*to = *t;
		to->comm = keep(strings, t->comm, &err);
	}
	return err;
}

static int add_process(struct facts *f, struct intern *strings, const struct rec_process *p)
{
	int err = 0;
	struct rec_process *to = NEXT(f, processes, &err);

	if (to) {
		to->pid = p->pid;
		to->command = keep(strings, p->command, &err);
		to->exe = keep(strings, p->exe, &err);
	}
	return err;
}

static int add_absent(struct facts *f, struct intern *strings, const struct rec_absent *a)
{
	int err = 0;
	struct rec_absent *to = NEXT(f, absent, &err);

	if (to) {
		to->what = keep(strings, a->what, &err);
		to->why = keep(strings, a->why, &err);
	}
	return err;
}

int facts__add(struct facts *f, struct intern *strings, const struct record *rec)
{
	switch (rec->type) {
	case REC_MESSAGE:
		return add_message(f, strings, &rec->message);
	case REC_SETTING:
		return add_setting(f, strings, &rec->setting);
	case REC_MACHINE:
		return add_machine(f, &rec->machine);
	case REC_THREAD:
		return add_thread(f, strings, &rec->thread);
	case REC_PROCESS:
		return add_process(f, strings, &rec->process);
	case REC_ABSENT:
		return add_absent(f, strings, &rec->absent);
	default:
		return 0;
	}
}

void facts__free(struct facts *f)
{
	free(f->messages);
	free(f->settings);
	free(f->machines);
	free(f->threads);
	free(f->processes);
	free(f->absent);
	memset(f, 0, sizeof(*f));
}

const char *facts__setting(const struct facts *f, const char *name)
{
	for (size_t i = 0; i < f->nr_settings; i++)
		if (!strcmp(f->settings[i].name, name))
			return f->settings[i].value;
	return NULL;
}

const struct rec_thread *facts__thread(const struct facts *f, uint32_t tid, uint64_t start_ns)
{
	return find_thread(f, tid, start_ns);
}

const struct rec_process *facts__process(const struct facts *f, uint32_t pid)
{
	for (size_t i = 0; i < f->nr_processes; i++)
		if (f->processes[i].pid == pid)
			return &f->processes[i];
	return NULL;
}
