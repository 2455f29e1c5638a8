/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * facts.h - what was gathered besides waits and holds (record/fact.h), kept as it
 * came.
 */
#ifndef LOCKSCOPE_MODEL_FACTS_H
#define LOCKSCOPE_MODEL_FACTS_H

#include <stddef.h>
#include "record/record.h"

/* At most so many of a kind are kept; what a diagnosis gathers is far less. */
#define FACTS_MAX 20000u

struct intern;

/* All of one kind in the order they came; strings live as long as the model. */
struct facts {
	struct rec_message *messages;
	struct rec_setting *settings;
	struct rec_machine *machines;
	struct rec_thread *threads;	/* a later one of a thread replaces the earlier */
	struct rec_process *processes;
	struct rec_absent *absent;
	size_t nr_messages, nr_settings, nr_machines, nr_threads, nr_processes, nr_absent;
	size_t cap_messages, cap_settings, cap_machines, cap_threads, cap_processes, cap_absent;
	uint64_t left_out;	/* beyond FACTS_MAX */
};

/* Takes a record that is a fact; others are ignored.  0 or -ENOMEM. */
int facts__add(struct facts *f, struct intern *strings, const struct record *rec);
void facts__free(struct facts *f);

/* The value of a setting; NULL when it is not there. */
const char *facts__setting(const struct facts *f, const char *name);
/* The thread, or NULL; start_ns need only be the same within /proc's exactness. */
const struct rec_thread *facts__thread(const struct facts *f, uint32_t tid, uint64_t start_ns);
const struct rec_process *facts__process(const struct facts *f, uint32_t pid);

#endif
