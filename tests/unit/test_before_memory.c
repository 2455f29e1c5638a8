// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * The search for earlier waits on memory of real kernels, as tests/live/record_memory
 * printed it with what the tracepoints had seen: tests/unit/memory/KERNEL.txt.
 */
#include "cmocka_all.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "source/before.h"

#define FOLDER "tests/unit/memory"
#define SAID (LK_F_READ | LK_F_WRITE | LK_F_RT | LK_F_PERCPU | LK_F_MUTEX)
#define MAX 256

struct memory {
	uint64_t addr;
	size_t len;
	bool readable;
	unsigned char bytes[LK_PEEK_BYTES];
};

struct wait {
	uint32_t tid, flags;
	uint64_t lock;
};

struct machine {
	struct lk_layout layout;
	struct before_funcs funcs;
	struct lk_sleeper *sleepers[MAX];
	struct memory memory[8 * MAX];
	struct wait waits[MAX];
	uint32_t nr_sleepers, nr_memory, nr_waits, nr_unknown;
};

static void take_layout(struct machine *m, char *words)
{
	uint32_t *to = (void *)&m->layout, nr = 0;
	char *word;

	while ((word = strsep(&words, " "))) {
		assert_in_range(nr, 0, sizeof(m->layout) / sizeof(*to) - 1);
		to[nr++] = (uint32_t)strtoul(word, NULL, 16);
	}
	/* else the struct has changed: record anew */
	assert_int_equal(nr, sizeof(m->layout) / sizeof(*to));
}

static void take_sleeper(struct machine *m, char *words)
{
	struct lk_sleeper *s = calloc(1, sizeof(*s) + LK_STACK_WORDS * 8);
	uint64_t *stack = (uint64_t *)(s + 1);
	char *word;
	int used;

	assert_in_range(m->nr_sleepers, 0, MAX - 1);
	assert_int_equal(sscanf(words, "%x %llx %x %llx %llx %llx %llx%n", &s->tid, &s->task,
				&s->state, &s->sp, &s->mutex, &s->blocker, &s->rt_lock, &used), 7);
	words += used;
	strsep(&words, " ");
	while ((word = strsep(&words, " "))) {
		assert_in_range(s->nr_words, 0, LK_STACK_WORDS - 1);
		stack[s->nr_words++] = strtoull(word, NULL, 16);
	}
	s->len = (uint32_t)(sizeof(*s) + s->nr_words * 8);
	m->sleepers[m->nr_sleepers++] = s;
}

static void take_memory(struct machine *m, const char *words)
{
	struct memory *k = &m->memory[m->nr_memory++];
	unsigned int byte;
	int used;

	assert_in_range(m->nr_memory, 1, 8 * MAX);
	assert_int_equal(sscanf(words, "%" SCNx64 " %n", &k->addr, &used), 1);
	words += used;
	k->readable = *words != '-';
	for (; k->readable && sscanf(words, "%2x", &byte) == 1; words += 2)
		k->bytes[k->len++] = (unsigned char)byte;
}

static void take_func(struct machine *m, const char *words)
{
	uint64_t from, to;
	char name[128];

	assert_int_equal(sscanf(words, "%127s %" SCNx64 " %" SCNx64, name, &from, &to), 3);
	before_funcs__add(&m->funcs, name, from, to);
}

static void take_line(struct machine *m, char *line)
{
	char *words = line + strcspn(line, " ");

	line[strcspn(line, "\n")] = '\0';
	*words++ = '\0';
	if (!strcmp(line, "layout"))
		take_layout(m, words);
	else if (!strcmp(line, "func"))
		take_func(m, words);
	else if (!strcmp(line, "sleeper"))
		take_sleeper(m, words);
	else if (!strcmp(line, "memory"))
		take_memory(m, words);
	else if (!strcmp(line, "wait") && m->nr_waits < MAX)
		assert_int_equal(sscanf(words, "%x %" SCNx64 " %x", &m->waits[m->nr_waits].tid,
					&m->waits[m->nr_waits].lock,
					&m->waits[m->nr_waits].flags), 3), m->nr_waits++;
	else
		fail_msg("no such line: %s", line);
}

static void load(struct machine *m, const char *path)
{
	char *line = NULL;
	size_t cap = 0;
	FILE *f = fopen(path, "re");

	assert_non_null(f);
	memset(m, 0, sizeof(*m));
	while (getline(&line, &cap, f) > 0)
		take_line(m, line);
	free(line);
	fclose(f);
}

static void unload(struct machine *m)
{
	while (m->nr_sleepers)
		free(m->sleepers[--m->nr_sleepers]);
	before_funcs__free(&m->funcs);
}

/* What was not recorded was not there. */
static bool peek(void *ctx, uint64_t addr, void *to, size_t len)
{
	struct machine *m = ctx;
	uint32_t i;

	for (i = 0; i < m->nr_memory; i++) {
		const struct memory *k = &m->memory[i];

		if (k->addr != addr || (k->readable && k->len != len))
			continue;
		memcpy(to, k->bytes, k->len);
		return k->readable;
	}
	m->nr_unknown++;
	return false;
}

static const struct wait *wait_of(const struct machine *m, uint32_t tid)
{
	uint32_t i;

	for (i = 0; i < m->nr_waits; i++)
		if (m->waits[i].tid == tid)
			return &m->waits[i];
	return NULL;
}

static void search(struct machine *m)
{
	struct before_wait found;
	struct before *b;
	uint32_t i;

	assert_int_equal(before__new(&b, &m->layout, &m->funcs), 0);
	assert_int_equal(before__begin(b, (const struct lk_sleeper *const *)m->sleepers,
				       m->nr_sleepers, peek, m), 0);
	for (i = 0; i < m->nr_sleepers; i++) {
		const struct wait *w = wait_of(m, m->sleepers[i]->tid);
		enum before_result how = before__find(b, i, &found);

		if (!w) {
			assert_int_not_equal(how, BEFORE_FOUND);
			continue;
		}
		if (!w->lock)
			continue;	/* either is right */
		assert_int_equal(how, BEFORE_FOUND);
		assert_int_equal(found.lock, w->lock);
		assert_int_equal(found.flags & SAID, w->flags);
	}
	before__free(b);
}

static int is_recording(const struct dirent *e)
{
	return strstr(e->d_name, ".txt") != NULL;
}

/* Does f with each recording; how many there were. */
static int for_each(void (*f)(struct machine *m))
{
	static struct machine m;
	struct dirent **list;
	int i, nr = scandir(FOLDER, &list, is_recording, alphasort);
	char path[512];

	for (i = 0; i < nr; i++) {
		snprintf(path, sizeof(path), FOLDER "/%s", list[i]->d_name);
		print_message("%s\n", path);
		load(&m, path);
		f(&m);
		unload(&m);
		free(list[i]);
	}
	free(list);
	return nr;
}

static void expect_all(struct machine *m)
{
	assert_in_range(m->nr_waits, 5, MAX);
	assert_in_range(m->nr_sleepers - m->nr_waits, 1, MAX);
	search(m);
	assert_int_equal(m->nr_unknown, 0);
}

static void every_wait_is_found_and_no_other(void **state)
{
	(void)state;
	assert_in_range(for_each(expect_all), 3, 100);
}

/* One that drains its readers is named in the lock itself. */
static bool is_percpu_writer(const struct wait *w)
{
	return (w->flags & (LK_F_PERCPU | LK_F_WRITE)) == (LK_F_PERCPU | LK_F_WRITE);
}

/* Who sleeps in a waiting function, and whose waiter names another task, waits for nothing
 * that could be told. */
static void expect_none(struct machine *m)
{
	uint32_t i, k, kept = 0;

	for (i = 0; i < m->nr_sleepers; i++) {
		struct lk_sleeper *s = m->sleepers[i];
		uint64_t *words = (uint64_t *)(s + 1);

		for (k = 0; k < s->nr_words; k++)
			if (words[k] == s->task)
				words[k] ^= 0x40;
		s->mutex = s->blocker = s->rt_lock = 0;
	}
	for (i = 0; i < m->nr_waits; i++)
		if (is_percpu_writer(&m->waits[i]))
			m->waits[kept++] = (struct wait){ .tid = m->waits[i].tid };
	m->nr_waits = kept;
	search(m);
}

static void a_waiter_of_another_task_proves_nothing(void **state)
{
	(void)state;
	for_each(expect_none);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_wait_is_found_and_no_other),
		cmocka_unit_test(a_waiter_of_another_task_proves_nothing),
	};

	return cmocka_run_group_tests_name("before_memory", tests, NULL, NULL);
}
