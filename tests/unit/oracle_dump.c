// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * oracle_dump.c - random machines and what was found in them, one JSON line each,
 * for oracle/compare.py.
 *
 * usage: oracle_dump FIRST_SEED COUNT MAX_TASKS
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "random_graph.h"

static void dump_tasks(const struct scene *sc)
{
	const struct rec_task *t;
	size_t i;

	printf("\"tasks\":[");
	for (i = 0; i < scene__nr_tasks(sc); i++) {
		t = scene__task_at(sc, i);
		printf("%s{\"tid\":%u,\"asleep\":%s", i ? "," : "", t->who.tid,
		       t->state == 'D' ? "true" : "false");
		if (t->has_wait)
			printf(",\"lock\":%" PRIu64 ",\"mode\":\"%s\",\"since\":%" PRId64,
			       (uint64_t)(t->wait.lock.addr - L1), mode__name(t->wait.mode),
			       t->wait.since_ns);
		printf("}");
	}
	printf("]");
}

static void dump_locks(const struct scene *sc)
{
	const struct rec_lock_state *l;
	size_t i, k;

	printf(",\"locks\":[");
	for (i = 0; i < scene__nr_locks(sc); i++) {
		l = scene__lock_at(sc, i);
		printf("%s{\"id\":%" PRIu64 ",\"rule\":\"%s\",\"complete\":%s,\"holders\":[",
		       i ? "," : "", (uint64_t)(l->lock.addr - L1),
		       l->rule == RULE_OR ? "or" : "and",
		       l->complete ? "true" : "false");
		for (k = 0; k < l->nr_holders; k++)
			printf("%s[%u,\"%s\"]", k ? "," : "", l->holders[k].tid,
			       mode__name(l->holders[k].mode));
		printf("]}");
	}
	printf("]");
}

static void dump_list(const char *name, const struct find_task *tasks, uint32_t nr)
{
	uint32_t i;

	printf("\"%s\":[", name);
	for (i = 0; i < nr; i++)
		printf("%s%u", i ? "," : "", tasks[i].who.tid);
	printf("]");
}

static void dump_found(struct scene *sc)
{
	const struct findings *found = scene__find(sc);
	const char *comma = "";
	size_t i;

	printf(",\"deadlocks\":[");
	for (i = 0; i < found->nr; i++) {
		const struct finding *f = &found->list[i];

		if (f->kind != FIND_DEADLOCK)
			continue;
		printf("%s{", comma);
		dump_list("members", f->members, f->nr_members);
		printf(",");
		dump_list("behind", f->behind, f->nr_behind);
		printf(",");
		dump_list("cycle", f->cycle, f->nr_cycle);
		printf(",\"nr_edges\":%u}", f->nr_edges);
		comma = ",";
	}
	printf("]");
}

int main(int argc, char **argv)
{
	uint64_t seed, first;
	uint32_t count, max_tasks;
	struct scene *sc;

	if (argc != 4)
		return 2;
	first = strtoull(argv[1], NULL, 10);
	count = (uint32_t)strtoul(argv[2], NULL, 10);
	max_tasks = (uint32_t)strtoul(argv[3], NULL, 10);
	for (seed = first; seed < first + count; seed++) {
		sc = scene__new();
		random__scene(sc, seed, max_tasks);
		scene__read(sc, MS);
		scene__read(sc, MS);
		printf("{\"seed\":%" PRIu64 ",", seed);
		dump_tasks(sc);
		dump_locks(sc);
		dump_found(sc);
		printf("}\n");
		scene__free(sc);
	}
	return fflush(stdout) ? 1 : 0;
}
