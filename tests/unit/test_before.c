// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * What sleepers wait for, told from their stacks: every kind, both ways a queue is
 * built, and memory that moves, is left over, or lies.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>
#include "lib/map.h"
#include "source/before.h"

#define NR_TASKS 1100
#define STACK_BYTES 0x4000
#define TASK_PID 8
#define TASK_STACK 16
#define TASKS 0xffff888000100000ull
#define STACKS 0xffffc90000000000ull
#define LOCK 0xffff888010000000ull
#define SCHEDULE 0xffffffff81000123ull
#define WAKE 0xffffffff82000000ull

/* As on Linux 6.12; with headless as on 7.2. */
static const struct lk_layout layout_612 = {
	.queue = { [LK_QUEUE_MUTEX] = { .head = 16, .node = 0, .task = 16 },
		   [LK_QUEUE_RWSEM] = { .head = 24, .node = 0, .task = 16 },
		   [LK_QUEUE_SEMAPHORE] = { .head = 8, .node = 0, .task = 16 },
		   [LK_QUEUE_PERCPU] = { .head = 80, .node = 24, .task = 8 } },
	.mutex_owner = 0, .rwsem_count = 0, .rwsem_owner = 8, .semaphore_count = 4,
	.rwsem_type = 24, .entry_func = 16, .entry_flags = 0, .percpu_writer = 64,
	.percpu_block = 96, .task_pid = TASK_PID, .task_stack = TASK_STACK,
	.stack_bytes = STACK_BYTES, .known = 1,
};

enum shape { MUTEX, RWSEM, SEMAPHORE, PERCPU };

/* Functions of the kernel, one page each, in this order. */
static const char *const functions[] = {
	"__mutex_lock.constprop.0", "__ww_mutex_lock.constprop.0", "rwsem_down_read_slowpath",
	"rwsem_down_write_slowpath", "__down", "__down_timeout", "percpu_rwsem_wait",
	"percpu_down_write", "schedule", "mutex_unlock", "__down_trylock_console_sem.isra.0",
};
#define TEXT 0xffffffff81100000ull

struct machine {
	struct lk_layout layout;
	struct before_funcs funcs;
	struct before *b;
	struct u64map *memory;
	const struct lk_sleeper *list[NR_TASKS];
	struct lk_sleeper *sleeper[NR_TASKS];
	uint32_t nr;
	unsigned int nr_reads;
	uint64_t fails_after;	/* reads; 0: never */
};

static void put(struct machine *m, uint64_t addr, uint64_t value)
{
	assert_int_equal(u64map__set(m->memory, addr, value), 0);
}

static bool read_memory(void *ctx, uint64_t addr, void *to, size_t len)
{
	struct machine *m = ctx;
	uint64_t word, at;

	m->nr_reads++;
	if (m->fails_after && m->nr_reads > m->fails_after)
		return false;
	for (at = addr & ~7ull; at < addr + len; at += 8) {
		size_t skip = at < addr ? addr - at : 0, n = 8 - skip;
		size_t done = at + skip - addr;

		if (!u64map__get(m->memory, at, &word))
			return false;
		memcpy((char *)to + done, (char *)&word + skip, n < len - done ? n : len - done);
	}
	return true;
}

static uint64_t task_of(uint32_t i) { return TASKS + i * 0x4000ull; }
static uint64_t sp_of(uint32_t i) { return STACKS + i * 0x8000ull + STACK_BYTES - 0x800; }

/* A return address into that function. */
static uint64_t in(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(functions) / sizeof(*functions); i++)
		if (!strcmp(functions[i], name))
			return TEXT + i * 4096 + 0x45;
	fail();
	return 0;
}

static int setup_layout(void **state, bool headless)
{
	struct machine *m = calloc(1, sizeof(*m));
	size_t i;

	m->layout = layout_612;
	for (i = 0; i < LK_QUEUE_PERCPU; i++)
		m->layout.queue[i].headless = headless;
	assert_int_equal(u64map__new(&m->memory, 0), 0);
	for (i = 0; i < sizeof(functions) / sizeof(*functions); i++)
		before_funcs__add(&m->funcs, functions[i], TEXT + i * 4096, TEXT + i * 4096 + 4096);
	before_funcs__add(&m->funcs, "percpu_rwsem_wake_function", WAKE, WAKE + 256);
	assert_int_equal(before__new(&m->b, &m->layout, &m->funcs), 0);
	*state = m;
	return 0;
}

static int setup(void **state) { return setup_layout(state, false); }
static int setup_headless(void **state) { return setup_layout(state, true); }

static int teardown(void **state)
{
	struct machine *m = *state;
	uint32_t i;

	for (i = 0; i < m->nr; i++)
		free(m->sleeper[i]);
	before__free(m->b);
	before_funcs__free(&m->funcs);
	u64map__free(m->memory);
	free(m);
	return 0;
}

/* A sleeper called from that function; its waiter, if it has one, is at word 40. */
static struct lk_sleeper *sleeper(struct machine *m, const char *function)
{
	uint32_t i = m->nr++;
	struct lk_sleeper *s = calloc(1, sizeof(*s) + LK_STACK_WORDS * 8);
	uint64_t *words = (uint64_t *)(s + 1);

	m->list[i] = m->sleeper[i] = s;
	*s = (struct lk_sleeper){ .tid = i + 1, .task = task_of(i), .sp = sp_of(i),
				  .nr_words = LK_STACK_WORDS };
	put(m, s->task + TASK_PID, i + 1);
	put(m, s->task + TASK_STACK, STACKS + i * 0x8000ull);
	words[8] = SCHEDULE;
	if (function)
		words[12] = in(function);
	return s;
}

#define WAITER_AT 40
static uint64_t waiter_of(const struct lk_sleeper *s) { return s->sp + WAITER_AT * 8; }
static uint64_t *word_at(struct lk_sleeper *s, uint64_t addr)
{
	return (uint64_t *)(s + 1) + (addr - s->sp) / 8;
}

static const struct lk_queue *queue(const struct machine *m, enum shape shape)
{
	return &m->layout.queue[shape];
}

static uint64_t node_of(const struct machine *m, enum shape shape, const struct lk_sleeper *s)
{
	return waiter_of(s) + (uint64_t)queue(m, shape)->node;
}

/* Queues sleepers first to last in the lock, and has the lock say so. */
static void enqueue(struct machine *m, enum shape shape, uint64_t lock, uint32_t first, uint32_t nr)
{
	const struct lk_queue *q = queue(m, shape);
	uint64_t head = lock + (uint64_t)q->head;
	uint32_t i;

	for (i = 0; i < nr; i++) {
		struct lk_sleeper *s = m->sleeper[first + i];
		uint64_t prev, next, node = node_of(m, shape, s);

		prev = i ? node_of(m, shape, m->sleeper[first + i - 1]) :
		       q->headless ? node_of(m, shape, m->sleeper[first + nr - 1]) : head;
		next = i + 1 < nr ? node_of(m, shape, m->sleeper[first + i + 1]) :
		       q->headless ? node_of(m, shape, m->sleeper[first]) : head;
		*word_at(s, node) = next;
		*word_at(s, node + 8) = prev;
		*word_at(s, waiter_of(s) + (uint64_t)q->task) = s->task;
		if (shape == PERCPU)
			*word_at(s, waiter_of(s) + 16) = WAKE;
		*word_at(s, s->sp + 20 * 8) = lock; /* a saved register */
	}
	put(m, head, node_of(m, shape, m->sleeper[first]));
	if (!q->headless)
		put(m, head + 8, node_of(m, shape, m->sleeper[first + nr - 1]));
	put(m, head + 16, 0x1234);
	if (shape == MUTEX)
		put(m, lock, task_of(0) | 1);
	else if (shape == RWSEM)
		put(m, lock, 1 | 2), put(m, lock + 8, task_of(0));
	else if (shape == SEMAPHORE)
		put(m, lock, 0);
	else
		put(m, lock + 96, 1);
}

static enum before_result find(struct machine *m, uint32_t i, struct before_wait *w)
{
	assert_int_equal(before__begin(m->b, m->list, m->nr, read_memory, m), 0);
	return before__find(m->b, i, w);
}

static void assert_found(struct machine *m, uint32_t i, uint64_t lock, uint32_t flags)
{
	struct before_wait w;

	assert_int_equal(find(m, i, &w), BEFORE_FOUND);
	assert_int_equal(w.lock, lock);
	assert_int_equal(w.flags, flags | LK_F_FOUND);
}

static void assert_unsure(struct machine *m, uint32_t i)
{
	struct before_wait w;

	assert_int_equal(find(m, i, &w), BEFORE_UNSURE);
}

static void test_kinds(void **state)
{
	struct machine *m = *state;

	sleeper(m, NULL); /* the owner */
	sleeper(m, "__mutex_lock.constprop.0");
	enqueue(m, MUTEX, LOCK, 1, 1);
	assert_found(m, 1, LOCK, LK_F_MUTEX);
	sleeper(m, "__ww_mutex_lock.constprop.0");
	enqueue(m, MUTEX, LOCK + 0x100, 2, 1);
	assert_found(m, 2, LOCK + 0x100, LK_F_MUTEX | LK_F_WW);
	sleeper(m, "__down");
	enqueue(m, SEMAPHORE, LOCK + 0x200, 3, 1);
	assert_found(m, 3, LOCK + 0x200, 0);
	sleeper(m, "__down_timeout");
	enqueue(m, SEMAPHORE, LOCK + 0x300, 4, 1);
	assert_found(m, 4, LOCK + 0x300, LK_F_TIMEOUT);
	sleeper(m, "rwsem_down_write_slowpath");
	sleeper(m, "rwsem_down_read_slowpath");
	enqueue(m, RWSEM, LOCK + 0x400, 5, 2);
	*word_at(m->sleeper[6], waiter_of(m->sleeper[6]) + 24) = 1;
	assert_found(m, 5, LOCK + 0x400, LK_F_WRITE);
	assert_found(m, 6, LOCK + 0x400, LK_F_READ);
}

static void test_no_lock_at_all(void **state)
{
	struct machine *m = *state;
	struct before_wait w;

	sleeper(m, NULL);
	assert_int_equal(find(m, 0, &w), BEFORE_NONE);
	sleeper(m, "mutex_unlock");
	assert_int_equal(find(m, 1, &w), BEFORE_NONE);
	sleeper(m, "__down_trylock_console_sem.isra.0");
	assert_int_equal(find(m, 2, &w), BEFORE_NONE);
}

static void test_queue_has_an_order(void **state)
{
	struct machine *m = *state;
	struct before_wait w;
	uint32_t i;

	sleeper(m, NULL);
	for (i = 0; i < 5; i++)
		sleeper(m, "rwsem_down_write_slowpath");
	enqueue(m, RWSEM, LOCK, 1, 5);
	/* whichever is asked first */
	assert_int_equal(before__begin(m->b, m->list, m->nr, read_memory, m), 0);
	for (i = 0; i < 5; i++) {
		uint32_t at = 1 + (i + 3) % 5;

		assert_int_equal(before__find(m->b, at, &w), BEFORE_FOUND);
		assert_int_equal(w.place, at - 1);
	}
}

/* The waiter that was seen queueing is not among the sleepers of the pass. */
static void test_traced_waiters_in_the_queue(void **state)
{
	struct machine *m = *state;
	uint64_t node;

	sleeper(m, NULL);
	sleeper(m, "__mutex_lock.constprop.0");
	sleeper(m, "__mutex_lock.constprop.0");
	enqueue(m, MUTEX, LOCK, 1, 2);
	node = node_of(m, MUTEX, m->sleeper[2]);
	put(m, node, *word_at(m->sleeper[2], node));
	put(m, node + 8, *word_at(m->sleeper[2], node + 8));
	put(m, node + 16, task_of(2));
	free(m->sleeper[2]);
	m->nr = 2;
	assert_found(m, 1, LOCK, LK_F_MUTEX);
}

static void test_long_queue_is_walked_once(void **state)
{
	struct machine *m = *state;
	struct before_wait w;
	uint32_t i;

	sleeper(m, NULL);
	for (i = 1; i < NR_TASKS; i++)
		sleeper(m, "__mutex_lock.constprop.0");
	enqueue(m, MUTEX, LOCK, 1, NR_TASKS - 1);
	assert_int_equal(before__begin(m->b, m->list, m->nr, read_memory, m), 0);
	m->nr_reads = 0;
	for (i = 1; i < NR_TASKS; i++) {
		assert_int_equal(before__find(m->b, i, &w), BEFORE_FOUND);
		assert_int_equal(w.lock, LOCK);
	}
	assert_true(m->nr_reads < 100);
}

static void test_fields_agree(void **state)
{
	struct machine *m = *state;

	sleeper(m, NULL);
	sleeper(m, "__mutex_lock.constprop.0")->mutex = LOCK;
	enqueue(m, MUTEX, LOCK, 1, 1);
	assert_found(m, 1, LOCK, LK_F_MUTEX | LK_F_FIELDS);
	sleeper(m, "rwsem_down_write_slowpath")->blocker = LOCK + 0x200;
	enqueue(m, RWSEM, LOCK + 0x200, 2, 1);
	assert_found(m, 2, LOCK + 0x200, LK_F_WRITE | LK_F_FIELDS);
}

/* task->blocker outlives the wake-up: alone it is worth nothing. */
static void test_field_left_behind(void **state)
{
	struct machine *m = *state;
	struct before_wait w;

	sleeper(m, NULL);
	sleeper(m, "__mutex_lock.constprop.0");
	enqueue(m, MUTEX, LOCK, 1, 1);
	sleeper(m, NULL)->blocker = LOCK;
	assert_int_equal(find(m, 2, &w), BEFORE_NONE);
	sleeper(m, "__mutex_lock.constprop.0")->blocker = LOCK;
	assert_unsure(m, 3);
	/* its queue is another one */
	sleeper(m, "__mutex_lock.constprop.0")->blocker = LOCK;
	enqueue(m, MUTEX, LOCK + 0x100, 4, 1);
	assert_found(m, 4, LOCK + 0x100, LK_F_MUTEX);
}

static void test_rt_mutex(void **state)
{
	struct machine *m = *state;

	sleeper(m, NULL)->rt_lock = LOCK;
	assert_found(m, 0, LOCK, LK_F_RT | LK_F_FIELDS);
}

static void test_percpu_rwsem(void **state)
{
	struct machine *m = *state;
	uint64_t sem = LOCK + 0x1000;

	sleeper(m, NULL);
	sleeper(m, "percpu_rwsem_wait");
	sleeper(m, "percpu_rwsem_wait");
	enqueue(m, PERCPU, sem, 1, 2);
	*word_at(m->sleeper[1], waiter_of(m->sleeper[1])) = 0x4;
	*word_at(m->sleeper[2], waiter_of(m->sleeper[2])) = 0x1;
	assert_found(m, 1, sem, LK_F_PERCPU | LK_F_READ);
	assert_found(m, 2, sem, LK_F_PERCPU | LK_F_WRITE);
	*word_at(m->sleeper[1], waiter_of(m->sleeper[1])) = 0x8; /* up to 6.5 */
	assert_found(m, 1, sem, LK_F_PERCPU | LK_F_READ);
	put(m, sem + 96, 0); /* no writer keeps anybody out */
	assert_unsure(m, 1);
}

static void test_percpu_writer_drains(void **state)
{
	struct machine *m = *state;
	struct lk_sleeper *s = sleeper(m, "percpu_down_write");

	*word_at(s, s->sp + 25 * 8) = LOCK;
	put(m, LOCK + 64, s->task);
	put(m, LOCK + 96, 1);
	assert_found(m, 0, LOCK, LK_F_PERCPU | LK_F_WRITE);
	*word_at(s, s->sp + 25 * 8) = LOCK + 64;
	assert_found(m, 0, LOCK, LK_F_PERCPU | LK_F_WRITE);
	put(m, LOCK + 64, task_of(7));
	assert_unsure(m, 0);
}

static void test_word_that_does_not_agree(void **state)
{
	struct machine *m = *state;

	sleeper(m, NULL);
	sleeper(m, "__mutex_lock.constprop.0");
	enqueue(m, MUTEX, LOCK, 1, 1);
	put(m, LOCK, task_of(0)); /* says that nobody waits */
	assert_unsure(m, 1);
	put(m, LOCK, 0); /* nobody owns it, and nobody waits */
	assert_unsure(m, 1);
	put(m, LOCK, 0xffff88807fff0001); /* not a task */
	assert_unsure(m, 1);
	sleeper(m, "rwsem_down_write_slowpath");
	enqueue(m, RWSEM, LOCK + 0x200, 2, 1);
	put(m, LOCK + 0x200, 1 | 2 | 0x10);
	assert_unsure(m, 2);
	sleeper(m, "__down");
	enqueue(m, SEMAPHORE, LOCK + 0x300, 3, 1);
	put(m, LOCK + 0x300, 2ull << 32);
	assert_unsure(m, 3);
}

/* Given, and the first in the queue has not run yet: nobody owns it, all others sleep on. */
static void test_mutex_between_owners(void **state)
{
	struct machine *m = *state;

	sleeper(m, NULL);
	sleeper(m, "__mutex_lock.constprop.0");
	sleeper(m, "__mutex_lock.constprop.0");
	enqueue(m, MUTEX, LOCK, 1, 2);
	put(m, LOCK, 1);
	assert_found(m, 2, LOCK, LK_F_MUTEX);
}

/* Who is to be asked for; a reader's name in a rwsem may be another's. */
static void test_owner(void **state)
{
	struct machine *m = *state;
	struct before_wait w;

	sleeper(m, NULL);
	sleeper(m, "__mutex_lock.constprop.0");
	sleeper(m, "rwsem_down_write_slowpath");
	enqueue(m, MUTEX, LOCK, 1, 1);
	enqueue(m, RWSEM, LOCK + 0x200, 2, 1);
	assert_int_equal(find(m, 1, &w), BEFORE_FOUND);
	assert_int_equal(before__owner(m->b, LOCK, LK_F_MUTEX | LK_F_FOUND), 1);
	assert_int_equal(before__owner(m->b, LOCK + 0x200, LK_F_WRITE | LK_F_FOUND), 1);
	assert_int_equal(before__owner(m->b, LOCK + 0x200, LK_F_PERCPU | LK_F_WRITE), 0);
	assert_int_equal(before__owner(m->b, LOCK + 0x200, LK_F_RT | LK_F_WRITE), 0);
	assert_int_equal(before__owner(m->b, LOCK + 0x200, 0), 0);
	put(m, LOCK, 1);
	assert_int_equal(before__owner(m->b, LOCK, LK_F_MUTEX | LK_F_FOUND), 0);
	put(m, LOCK + 0x208, task_of(0) | 1);
	assert_int_equal(before__owner(m->b, LOCK + 0x200, LK_F_READ | LK_F_FOUND), 0);
	put(m, LOCK, 0xffff88807fff0001); /* not a task */
	assert_int_equal(before__owner(m->b, LOCK, LK_F_MUTEX | LK_F_FOUND), 0);
}

/* A waiter that was taken off the queue stays on the stack. */
static void test_left_over(void **state)
{
	struct machine *m = *state;
	uint64_t node;

	sleeper(m, NULL);
	sleeper(m, "__mutex_lock.constprop.0");
	enqueue(m, MUTEX, LOCK, 1, 1);
	node = node_of(m, MUTEX, m->sleeper[1]);
	*word_at(m->sleeper[1], node) = 0xdead000000000100;
	*word_at(m->sleeper[1], node + 8) = 0xdead000000000122;
	assert_unsure(m, 1);
	/* linked, but below the function that would have it in its frame */
	enqueue(m, MUTEX, LOCK, 1, 1);
	*word_at(m->sleeper[1], m->sleeper[1]->sp + 12 * 8) = 0;
	*word_at(m->sleeper[1], m->sleeper[1]->sp + 60 * 8) = in("__mutex_lock.constprop.0");
	assert_unsure(m, 1);
}

static void test_queue_that_moves(void **state)
{
	struct machine *m = *state;
	uint64_t node;
	unsigned int i, all;

	sleeper(m, NULL);
	sleeper(m, "__mutex_lock.constprop.0");
	sleeper(m, "__mutex_lock.constprop.0");
	enqueue(m, MUTEX, LOCK, 1, 2);
	m->nr_reads = 0;
	assert_found(m, 1, LOCK, LK_F_MUTEX);
	all = m->nr_reads;
	assert_true(all > 1);
	for (i = 1; i < all; i++) {
		m->nr_reads = 0;
		m->fails_after = i;
		assert_unsure(m, 1);
	}
	m->fails_after = 0;
	/* the second one is gone, the first one's stack was copied before */
	node = node_of(m, MUTEX, m->sleeper[2]);
	*word_at(m->sleeper[2], node + 8) = node;
	*word_at(m->sleeper[2], node) = node;
	assert_unsure(m, 1);
}

/* A thread can put what it likes into its own memory, and much of it on its stack. */
static void test_planted(void **state)
{
	struct machine *m = *state;
	uint64_t fake = 0x7f0012340000, node;
	struct lk_sleeper *s;

	sleeper(m, NULL);
	s = sleeper(m, "__mutex_lock.constprop.0");
	enqueue(m, MUTEX, LOCK, 1, 1);
	node = node_of(m, MUTEX, s);
	*word_at(s, node) = *word_at(s, node + 8) = fake;
	put(m, fake, node);
	put(m, fake + 8, node);
	put(m, fake + 16, task_of(0));
	put(m, fake - 16, task_of(0) | 1);
	assert_unsure(m, 1);
}

/* Two that have written each other's lock onto their own stacks. */
static void test_planted_locks(void **state)
{
	struct machine *m = *state;
	const struct lk_queue *q = queue(m, MUTEX);
	uint64_t locks[2];
	uint32_t i;

	for (i = 0; i < 2; i++)
		locks[i] = sleeper(m, "__mutex_lock.constprop.0")->sp + 60 * 8;
	for (i = 0; i < 2; i++) {
		struct lk_sleeper *s = m->sleeper[i], *other = m->sleeper[!i];
		uint64_t node = node_of(m, MUTEX, s), head = locks[!i] + (uint64_t)q->head;

		*word_at(s, node) = *word_at(s, node + 8) = q->headless ? node : head;
		*word_at(s, waiter_of(s) + (uint64_t)q->task) = s->task;
		*word_at(s, s->sp + 20 * 8) = locks[!i];
		*word_at(other, locks[!i]) = other->task | 1;
		*word_at(other, head) = *word_at(other, head + 8) = node;
	}
	assert_unsure(m, 0);
	assert_unsure(m, 1);
	/* unless the kernel says the same */
	m->sleeper[0]->mutex = locks[1];
	assert_found(m, 0, locks[1], LK_F_MUTEX | LK_F_FIELDS);
}

static uint64_t random_word(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005ull + 1442695040888963407ull;
	return *seed >> 11;
}

/* Any content at all: nothing is found that is in no queue, and nothing breaks. */
static void test_garbage(void **state)
{
	struct machine *m = *state;
	uint64_t seed = 1, pool[64];
	uint32_t i, k, round;
	struct before_wait w;

	for (i = 0; i < 8; i++)
		sleeper(m, NULL);
	for (i = 0; i < 64; i++)
		pool[i] = i < 11 ? TEXT + i * 4096 + 0x45 : i < 19 ? task_of(i - 11) :
			  i < 50 ? sp_of(random_word(&seed) % 8) + random_word(&seed) % 256 * 8 :
			  i < 60 ? LOCK + i * 8 : random_word(&seed);
	for (i = 0; i < 64; i++)
		put(m, LOCK + i * 8, pool[random_word(&seed) % 64]);
	for (round = 0; round < 300; round++) {
		for (i = 0; i < 8; i++)
			for (k = 0; k < LK_STACK_WORDS; k++)
				((uint64_t *)(m->sleeper[i] + 1))[k] = pool[random_word(&seed) % 64];
		assert_int_equal(before__begin(m->b, m->list, m->nr, read_memory, m), 0);
		for (i = 0; i < 8; i++)
			if (before__find(m->b, i, &w) == BEFORE_FOUND)
				assert_true(w.lock >= LOCK - 0x100 && w.lock < LOCK + 0x1000);
	}
}

static void test_unknown_layout(void **state)
{
	struct machine *m = *state;
	struct before_wait w;

	m->layout.known = 0;
	sleeper(m, NULL);
	sleeper(m, "__mutex_lock.constprop.0");
	enqueue(m, MUTEX, LOCK, 1, 1);
	assert_int_equal(find(m, 1, &w), BEFORE_NONE);
	m->sleeper[0]->rt_lock = LOCK;
	assert_found(m, 0, LOCK, LK_F_RT | LK_F_FIELDS);
}

#define BOTH(test)                                                                                 \
	cmocka_unit_test_setup_teardown(test, setup, teardown),                                    \
	{ #test " (no list head)", test, setup_headless, teardown, NULL }
#define ONE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(test_kinds),
		ONE(test_no_lock_at_all),
		BOTH(test_queue_has_an_order),
		BOTH(test_traced_waiters_in_the_queue),
		BOTH(test_long_queue_is_walked_once),
		BOTH(test_fields_agree),
		BOTH(test_field_left_behind),
		ONE(test_rt_mutex),
		ONE(test_percpu_rwsem),
		ONE(test_percpu_writer_drains),
		BOTH(test_word_that_does_not_agree),
		BOTH(test_mutex_between_owners),
		ONE(test_owner),
		BOTH(test_left_over),
		ONE(test_queue_that_moves),
		BOTH(test_planted),
		BOTH(test_planted_locks),
		BOTH(test_garbage),
		ONE(test_unknown_layout),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
