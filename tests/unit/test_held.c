// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * Which held entries are believed, from records as the kernel side writes them.
 */
#include <stdlib.h>
#include <string.h>

#include "cmocka_all.h"
#include "source/held.h"
#include "source/held_missed.h"
#include "source/live_priv.h"

#define A 0xffff888000000100ULL
#define B 0xffff888000000200ULL
#define NOW 1000000ULL
#define D_STATE 2
#define MAX 6

/* A task or CPU record with what follows it. */
struct task_buf {
	struct lk_task t;
	struct lk_hold holds[MAX];
	uint64_t seq;
};

struct cpu_buf {
	struct lk_cpu_record c;
	struct lk_cpu_hold holds[MAX];
};

struct world {
	struct task_buf tasks[MAX];
	struct cpu_buf cpus[MAX];
	const struct lk_task *task_list[MAX];
	const struct lk_cpu_record *cpu_list[MAX];
	struct live_pass pass;
	struct held held;
	struct held_facts facts;
	struct held_answer a;
	struct held_entry *e;	/* of the lock that was judged */
	uint32_t nr;
};

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	w->pass.tasks = w->task_list;
	w->pass.cpus = w->cpu_list;
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	held__free(&w->held);
	free(w);
	return 0;
}

static uint64_t task_at(uint32_t tid)
{
	return 0xffff999000000000ULL + tid * 64;
}

/* A sleeping user task. */
static struct lk_task *task(struct world *w, uint32_t tid)
{
	struct lk_task *t = &w->tasks[w->pass.nr].t;

	*t = (struct lk_task){ .len = sizeof(*t), .tid = tid, .pid = tid, .task = task_at(tid),
			       .start_ns = tid, .t_ns = NOW + w->pass.nr, .state = D_STATE,
			       .syscall = 1, .held_seq = 8 };
	w->task_list[w->pass.nr++] = t;
	memcpy(t + 1, &t->held_seq, sizeof(t->held_seq));
	return t;
}

static void runs(struct lk_task *t)
{
	t->state = 0;
	t->on_cpu = 1;
}

static void waits(struct lk_task *t, uint64_t lock)
{
	t->wait = (struct lk_wait){ .lock = lock, .id = 77, .since_ns = NOW - 5 };
}

/* Adds the task's newest entry, id counting from 1. */
static struct lk_hold *holds(struct lk_task *t, uint64_t lock, uint32_t info, uint64_t since_ns)
{
	struct lk_hold *h = (struct lk_hold *)lk_task__holds(t) + t->nr_held++;

	*h = (struct lk_hold){ .held = { .lock = lock, .info = info | 1 << 16, .since_ns = since_ns,
					 .id = t->nr_held } };
	memcpy(h + 1, &t->held_seq, sizeof(t->held_seq));
	return h;
}

static void owner_is(struct lk_hold *h, uint32_t tid)
{
	h->word.says = LK_WORD_READ | (tid ? LK_WORD_OWNER : LK_WORD_FREE);
	h->word.owner = tid ? task_at(tid) : 0;
	h->word.owner_tid = tid;
}

static void readers_are(struct lk_hold *h, int32_t nr)
{
	h->word.says = LK_WORD_READ | LK_WORD_COUNT | (nr ? LK_WORD_READER : LK_WORD_FREE);
	h->word.nr_readers = nr;
}

static void writer_is(struct lk_hold *h, uint32_t tid)
{
	owner_is(h, tid);
	h->word.says |= LK_WORD_COUNT | LK_WORD_WRITER;
}

static const struct lk_task *find(const void *ctx, uint32_t tid)
{
	const struct world *w = ctx;

	for (uint32_t i = 0; i < w->pass.nr; i++)
		if (w->task_list[i]->tid == tid)
			return w->task_list[i];
	return NULL;
}

static void judge(struct world *w, uint64_t lock, enum lock_kind kind)
{
	assert_int_equal(held__take(&w->held, &w->pass, find, w), 0);
	w->e = held__of_lock(&w->held, lock, &w->nr);
	w->facts.kind = kind;
	held__judge(w->e, w->nr, &w->facts, &w->a);
}

static const struct held_entry *entry(const struct world *w, uint32_t tid, uint64_t id)
{
	for (uint32_t i = 0; i < w->nr; i++)
		if (w->e[i].tid == tid && w->e[i].id == id)
			return &w->e[i];
	fail_msg("no entry %u/%lu", tid, (unsigned long)id);
	return NULL;
}

/* -1: no hold; else its certainty. */
static int hold(const struct world *w, uint32_t tid, uint64_t id)
{
	const struct held_entry *e = entry(w, tid, id);

	return e->is_hold ? (int)e->certainty : -1;
}

static void a_mutex_belongs_to_whom_its_word_names(void **state)
{
	struct world *w = *state;
	struct lk_task *t1 = task(w, 1), *t2 = task(w, 2);

	owner_is(holds(t1, A, LK_KIND_MUTEX, 100), 1);
	owner_is(holds(t1, B, LK_KIND_MUTEX, 110), 1);
	waits(t2, A);
	owner_is(holds(t2, A, LK_KIND_MUTEX, 200), 1);
	judge(w, A, KIND_MUTEX);
	assert_int_equal(hold(w, 1, 1), SURE_CERTAIN);
	assert_int_equal(hold(w, 2, 1), -1);
	assert_false(entry(w, 2, 1)->is_stale);
	assert_int_equal(w->a.nr_holders, 1);
	assert_true(w->a.complete && w->a.verified);
	assert_string_equal(w->a.evidence, "owner word of 0xffff888000000100");
}

static void an_entry_against_the_word_is_stale(void **state)
{
	struct world *w = *state;
	struct lk_task *t1 = task(w, 1);

	owner_is(holds(t1, A, LK_KIND_MUTEX, 100), 3);
	judge(w, A, KIND_MUTEX);
	assert_int_equal(hold(w, 1, 1), -1);
	assert_true(entry(w, 1, 1)->is_stale);
	assert_int_equal(w->a.nr_holders, 0);
	assert_string_equal(w->a.evidence, "");
	/* awake, it may be about to take it */
	runs(t1);
	judge(w, A, KIND_MUTEX);
	assert_false(entry(w, 1, 1)->is_stale);
	/* but not if it has taken another since, or came out of a trylock with it */
	owner_is(holds(t1, B, LK_KIND_MUTEX, 110), 0);
	judge(w, A, KIND_MUTEX);
	assert_true(entry(w, 1, 1)->is_stale);
	judge(w, B, KIND_MUTEX);
	assert_false(entry(w, 1, 2)->is_stale);
	((struct lk_hold *)lk_task__holds(t1))[1].held.info |= LK_HELD_TRY;
	judge(w, B, KIND_MUTEX);
	assert_true(entry(w, 1, 2)->is_stale);
	/* and not if the entries moved while they were read */
	t1->held_seq++;
	judge(w, A, KIND_MUTEX);
	assert_false(entry(w, 1, 1)->is_stale);
}

static void the_newest_look_at_the_word_counts(void **state)
{
	struct world *w = *state;
	struct lk_task *t1 = task(w, 1), *t2 = task(w, 2);
	struct lk_word word = { .says = LK_WORD_READ | LK_WORD_OWNER, .owner = task_at(1) };

	owner_is(holds(t1, A, LK_KIND_MUTEX, 100), 1);
	owner_is(holds(t2, A, LK_KIND_MUTEX, 200), 2);
	judge(w, A, KIND_MUTEX);
	assert_int_equal(hold(w, 1, 1), -1);
	assert_false(entry(w, 1, 1)->is_stale);
	assert_int_equal(hold(w, 2, 1), SURE_CERTAIN);
	w->facts.word = &word;
	w->facts.word_t_ns = NOW + 50;
	judge(w, A, KIND_MUTEX);
	assert_int_equal(hold(w, 1, 1), SURE_CERTAIN);
	assert_int_equal(hold(w, 2, 1), -1);
}

static void a_task_that_waits_for_itself_holds_by_the_older_entry(void **state)
{
	struct world *w = *state;
	struct lk_task *t1 = task(w, 1);

	owner_is(holds(t1, A, LK_KIND_MUTEX, 100), 1);
	owner_is(holds(t1, A, LK_KIND_MUTEX, 200), 1);
	waits(t1, A);
	judge(w, A, KIND_MUTEX);
	assert_int_equal(hold(w, 1, 1), SURE_CERTAIN);
	assert_int_equal(hold(w, 1, 2), -1);
}

static void without_a_word_only_what_was_missed_counts_against_it(void **state)
{
	struct world *w = *state;
	struct lk_task *t1 = task(w, 1), *t2;

	holds(t1, A, LK_KIND_MUTEX, 100);
	judge(w, A, KIND_MUTEX);
	assert_int_equal(hold(w, 1, 1), SURE_CERTAIN);
	assert_true(w->a.complete);
	w->facts.missed_ns = 99;
	judge(w, A, KIND_MUTEX);
	assert_int_equal(hold(w, 1, 1), SURE_CERTAIN);
	w->facts.missed_ns = 100;
	judge(w, A, KIND_MUTEX);
	assert_int_equal(hold(w, 1, 1), SURE_LIKELY);
	t2 = task(w, 2);
	holds(t2, A, LK_KIND_MUTEX, 200);
	judge(w, A, KIND_MUTEX);
	assert_int_equal(hold(w, 1, 1), SURE_POSSIBLE);
	assert_int_equal(hold(w, 2, 1), SURE_POSSIBLE);
	assert_false(w->a.complete);
}

/* Tasks 1 .. nr read A since 100, 200 ...; the word counts that many. */
static void readers(struct world *w, uint32_t nr, int32_t counted)
{
	for (uint32_t i = 1; i <= nr; i++)
		readers_are(holds(task(w, i), A, LK_KIND_RWSEM | LK_HELD_READ, i * 100), counted);
}

static void readers_that_the_word_counts_are_certain_and_all(void **state)
{
	struct world *w = *state;

	readers(w, 2, 2);
	judge(w, A, KIND_RWSEM);
	assert_int_equal(hold(w, 1, 1), SURE_CERTAIN);
	assert_int_equal(hold(w, 2, 1), SURE_CERTAIN);
	assert_true(w->a.complete && w->a.verified);
	assert_int_equal(w->a.nr_readers, 2);
	assert_int_equal(w->a.nr_unknown, 0);
	assert_string_equal(w->a.evidence,
			    "reader count of 0xffff888000000100 (2) is that of the held stacks");
}

/* One take and one give that were missed fit the count as well. */
static void a_count_that_fits_proves_nothing_when_something_was_missed(void **state)
{
	struct world *w = *state;

	readers(w, 2, 2);
	w->facts.missed_ns = 500;
	judge(w, A, KIND_RWSEM);
	assert_int_equal(hold(w, 1, 1), SURE_LIKELY);
	assert_int_equal(hold(w, 2, 1), SURE_LIKELY);
	assert_false(w->a.complete);
}

static void readers_without_an_entry_stay_unknown(void **state)
{
	struct world *w = *state;

	readers(w, 2, 5);
	judge(w, A, KIND_RWSEM);
	assert_int_equal(hold(w, 1, 1), SURE_CERTAIN);
	assert_int_equal(w->a.nr_unknown, 3);
	assert_false(w->a.complete);
	w->facts.missed_ns = 150;
	judge(w, A, KIND_RWSEM);
	assert_int_equal(hold(w, 1, 1), SURE_LIKELY);
	assert_int_equal(hold(w, 2, 1), SURE_CERTAIN);
}

static void with_more_entries_than_readers_each_is_only_possible(void **state)
{
	struct world *w = *state;

	readers(w, 3, 2);
	judge(w, A, KIND_RWSEM);
	for (uint32_t i = 1; i <= 3; i++)
		assert_int_equal(hold(w, i, 1), SURE_POSSIBLE);
	assert_false(w->a.complete);
	assert_int_equal(w->a.nr_unknown, 0);
}

static void without_readers_in_the_word_all_their_entries_are_stale(void **state)
{
	struct world *w = *state;

	readers(w, 2, 0);
	judge(w, A, KIND_RWSEM);
	assert_int_equal(w->a.nr_holders, 0);
	assert_true(entry(w, 1, 1)->is_stale && entry(w, 2, 1)->is_stale);
}

static void a_writer_in_the_word_makes_reader_entries_stale(void **state)
{
	struct world *w = *state;
	struct lk_task *t1 = task(w, 1), *t2 = task(w, 2);

	writer_is(holds(t1, A, LK_KIND_RWSEM | LK_HELD_READ, 100), 2);
	writer_is(holds(t2, A, LK_KIND_RWSEM | LK_HELD_WRITE, 200), 2);
	judge(w, A, KIND_RWSEM);
	assert_int_equal(hold(w, 1, 1), -1);
	assert_true(entry(w, 1, 1)->is_stale);
	assert_int_equal(hold(w, 2, 1), SURE_CERTAIN);
	assert_true(w->a.complete);
	/* known to nobody: neither holds it */
	writer_is((struct lk_hold *)lk_task__holds(t1), 9);
	writer_is((struct lk_hold *)lk_task__holds(t2), 9);
	judge(w, A, KIND_RWSEM);
	assert_int_equal(w->a.nr_holders, 0);
	assert_true(entry(w, 2, 1)->is_stale);
}

static void a_release_by_another_task_leaves_older_readers_possible(void **state)
{
	struct world *w = *state;

	readers(w, 2, 2);
	w->facts.bucket.crossed_ns = 150;
	judge(w, A, KIND_RWSEM);
	assert_int_equal(hold(w, 1, 1), SURE_POSSIBLE);
	assert_int_equal(hold(w, 2, 1), SURE_CERTAIN);
	assert_false(w->a.complete);
}

static bool may_be_given(struct world *w, uint64_t missed_ns, uint64_t crossed_ns)
{
	w->facts.missed_ns = missed_ns;
	w->facts.bucket.crossed_ns = crossed_ns;
	judge(w, A, KIND_RWSEM);
	return held__may_be_given(entry(w, 1, 1), &w->facts);
}

/* Seen under load: others kept the count above zero, and it was told as left behind. */
static void a_reader_is_given_perhaps_since_a_give_was_missed(void **state)
{
	struct world *w = *state;

	readers(w, 2, 5);
	assert_false(may_be_given(w, 0, 0));
	assert_false(may_be_given(w, 99, 99)); /* the entry is of 100 */
	assert_true(may_be_given(w, 150, 0));
	assert_true(may_be_given(w, 0, 150));
}

static void an_owner_that_its_word_names_has_not_given(void **state)
{
	struct world *w = *state;

	owner_is(holds(task(w, 1), A, LK_KIND_MUTEX, 100), 1);
	w->facts.missed_ns = w->facts.bucket.crossed_ns = 150;
	judge(w, A, KIND_MUTEX);
	assert_false(held__may_be_given(entry(w, 1, 1), &w->facts));
}

static void entries_that_moved_while_read_prove_less(void **state)
{
	struct world *w = *state;

	readers(w, 2, 2);
	w->tasks[0].t.held_seq += 2;
	judge(w, A, KIND_RWSEM);
	assert_int_equal(hold(w, 1, 1), SURE_LIKELY);
	assert_false(w->a.complete);
}

static void a_recursive_reader_in_the_queue_keeps_its_older_hold(void **state)
{
	struct world *w = *state;
	struct lk_task *t1 = task(w, 1);

	readers_are(holds(t1, A, LK_KIND_RWSEM | LK_HELD_READ, 100), 1);
	readers_are(holds(t1, A, LK_KIND_RWSEM | LK_HELD_READ, 200), 1);
	waits(t1, A);
	judge(w, A, KIND_RWSEM);
	assert_int_equal(hold(w, 1, 1), SURE_CERTAIN);
	assert_int_equal(hold(w, 1, 2), -1);
	assert_true(w->a.complete);
}

/* down_read_killable() has no entry while it waits. */
static void a_wait_without_entry_takes_nothing_from_older_ones(void **state)
{
	struct world *w = *state;
	struct lk_task *t1 = task(w, 1);

	readers_are(holds(t1, A, LK_KIND_RWSEM | LK_HELD_READ, 100), 1);
	owner_is(holds(t1, B, LK_KIND_MUTEX, 200), 1);
	waits(t1, A);
	judge(w, A, KIND_RWSEM);
	assert_int_equal(hold(w, 1, 1), SURE_CERTAIN);
}

static void a_reader_on_its_way_is_one_when_it_is_counted(void **state)
{
	struct world *w = *state;

	readers(w, 2, 1);
	runs(&w->tasks[1].t);
	judge(w, A, KIND_RWSEM);
	assert_int_equal(hold(w, 1, 1), SURE_CERTAIN);
	assert_int_equal(hold(w, 2, 1), -1);
	readers_are(&w->tasks[1].holds[0], 2);
	judge(w, A, KIND_RWSEM);
	assert_int_equal(hold(w, 2, 1), SURE_LIKELY);
}

/* Task tid holds semaphore A since then, and found `free` places; now `left` are free. */
static struct lk_hold *has_place(struct world *w, uint32_t tid, uint64_t since_ns, uint32_t free,
				 int32_t left)
{
	struct lk_hold *h = holds(task(w, tid), A, LK_KIND_SEMAPHORE, since_ns);

	h->held.free = free;
	h->word.says = LK_WORD_READ | LK_WORD_COUNT;
	h->word.nr_readers = left;
	return h;
}

static void a_semaphore_whose_places_are_all_known_is_complete_but_only_likely(void **state)
{
	struct world *w = *state;

	has_place(w, 1, 100, 2, 0);
	has_place(w, 2, 200, 1, 0);
	judge(w, A, KIND_SEMAPHORE);
	assert_int_equal(hold(w, 1, 1), SURE_LIKELY);
	assert_int_equal(hold(w, 2, 1), SURE_LIKELY);
	assert_true(w->a.complete);
	assert_int_equal(w->a.nr_unknown, 0);
	assert_string_equal(w->a.evidence, "held stacks have 2 of the 2 places seen in semaphore "
					   "0xffff888000000100; how many it began with is stored "
					   "nowhere");
}

static void a_place_that_nobody_known_has_keeps_a_semaphore_open(void **state)
{
	struct world *w = *state;

	has_place(w, 1, 100, 3, 0);
	has_place(w, 2, 200, 2, 0);
	judge(w, A, KIND_SEMAPHORE);
	assert_false(w->a.complete);
	assert_int_equal(w->a.nr_unknown, 1);
}

/* It found one place free when another holder was there already. */
static void holders_of_then_count_as_places(void **state)
{
	struct world *w = *state;

	has_place(w, 1, 100, 0, 0);
	has_place(w, 2, 200, 2, 0);
	judge(w, A, KIND_SEMAPHORE);
	assert_int_equal(w->a.nr_unknown, 1);
	assert_false(w->a.complete);
}

static void a_free_place_keeps_a_semaphore_open(void **state)
{
	struct world *w = *state;

	has_place(w, 1, 100, 1, 1);
	judge(w, A, KIND_SEMAPHORE);
	assert_false(w->a.complete);
}

static void what_may_be_missing_keeps_a_semaphore_open(void **state)
{
	struct world *w = *state;
	struct lk_task *t;

	has_place(w, 1, 100, 1, 0);
	judge(w, A, KIND_SEMAPHORE);
	assert_true(w->a.complete);
	w->facts.bucket.leaked_ns = 1;
	judge(w, A, KIND_SEMAPHORE);
	assert_false(w->a.complete);
	w->facts.bucket.leaked_ns = 0;
	w->facts.missed_ns = 150;
	judge(w, A, KIND_SEMAPHORE);
	assert_false(w->a.complete);
	w->facts.missed_ns = 0;
	w->facts.bucket.crossed_ns = 150;
	judge(w, A, KIND_SEMAPHORE);
	assert_false(w->a.complete);
	assert_int_equal(hold(w, 1, 1), SURE_POSSIBLE);
	w->facts.bucket.crossed_ns = 50;
	judge(w, A, KIND_SEMAPHORE);
	assert_true(w->a.complete);
	/* an earlier read has seen two places: somebody may have come to the other one unseen */
	w->facts.places = 2;
	judge(w, A, KIND_SEMAPHORE);
	assert_false(w->a.complete);
	assert_int_equal(w->a.nr_unknown, 1);
	w->facts.places = 1;
	judge(w, A, KIND_SEMAPHORE);
	assert_true(w->a.complete);
	assert_int_equal(w->a.places, 1);
	/* one that is about to take it may have it already; one that waits has not */
	has_place(w, 2, 300, 0, 0);
	t = &w->tasks[1].t;
	runs(t);
	judge(w, A, KIND_SEMAPHORE);
	assert_false(w->a.complete);
	t->on_cpu = 0;
	t->state = D_STATE;
	waits(t, A);
	judge(w, A, KIND_SEMAPHORE);
	assert_true(w->a.complete);
	assert_int_equal(w->a.nr_holders, 1);
}

static void a_count_that_moved_may_have_done_so_since_the_look_before(void **state)
{
	struct held_missed *m = test_calloc(1, sizeof(*m));

	(void)state;
	assert_int_equal(held_missed__last(m, UINT64_MAX), 0);
	held_missed__note(m, 0, 100);
	held_missed__note(m, 2, 200);
	held_missed__note(m, 2, 300);
	held_missed__note(m, 3, 400);
	assert_int_equal(held_missed__last(m, 99), 0);
	assert_int_equal(held_missed__last(m, 150), 150);
	assert_int_equal(held_missed__last(m, 250), 200);
	assert_int_equal(held_missed__last(m, 299), 200);
	assert_int_equal(held_missed__last(m, UINT64_MAX), 400);
	test_free(m);
}

/* Whatever is forgotten, it is never what was missed. */
static void a_long_run_of_misses_is_kept_in_coarser_spans(void **state)
{
	struct held_missed *m = test_calloc(1, sizeof(*m));
	const uint64_t nr = 5 * HELD_MISSED_SPANS;
	uint64_t i;

	(void)state;
	/* a miss between 10 i and 10 i + 1 for each i, none till the next */
	for (i = 1; i <= nr; i++) {
		held_missed__note(m, i - 1, 10 * i);
		held_missed__note(m, i, 10 * i + 1);
	}
	assert_in_range(m->nr, 1, HELD_MISSED_SPANS);
	for (i = 1; i <= nr; i++)
		assert_true(held_missed__last(m, 10 * i + 1) == 10 * i + 1);
	assert_int_equal(held_missed__last(m, 10 * nr + 9), 10 * nr + 1);
	assert_int_equal(held_missed__last(m, 9), 0);
	test_free(m);
}

static void a_percpu_writer_is_known_by_its_entry_alone(void **state)
{
	struct world *w = *state;
	struct lk_hold *h = holds(task(w, 1), A, LK_KIND_PERCPU_RWSEM | LK_HELD_WRITE, 100);

	readers_are(h, 0);
	judge(w, A, KIND_PERCPU_RWSEM);
	assert_int_equal(hold(w, 1, 1), SURE_CERTAIN);
	w->facts.missed_ns = 150;
	judge(w, A, KIND_PERCPU_RWSEM);
	assert_int_equal(hold(w, 1, 1), SURE_LIKELY);
	w->facts.bucket.crossed_ns = 150;
	judge(w, A, KIND_PERCPU_RWSEM);
	assert_int_equal(hold(w, 1, 1), SURE_POSSIBLE);
}

static void a_percpu_writer_that_drains_its_readers_waits(void **state)
{
	struct world *w = *state;
	struct lk_task *t1 = task(w, 1), *t2 = task(w, 2);
	struct lk_hold *h;

	h = holds(t1, A, LK_KIND_PERCPU_RWSEM | LK_HELD_WRITE | LK_HELD_WANTED, 100);
	readers_are(holds(t2, A, LK_KIND_PERCPU_RWSEM | LK_HELD_READ, 50), 3);
	readers_are(h, 3);
	assert_ptr_equal(held__drains(t1), h);
	assert_true(held__drain_id(t1, h) == (0x1fffULL << 40 | 1 << 16 | 1));
	judge(w, A, KIND_PERCPU_RWSEM);
	assert_int_equal(hold(w, 1, 1), -1);
	assert_int_equal(hold(w, 2, 1), SURE_CERTAIN);
	assert_int_equal(w->a.nr_readers, 3);
	assert_int_equal(w->a.nr_unknown, 2);
	assert_false(w->a.complete);
	/* a recorded wait is the better witness; awake it waits for nothing */
	waits(t1, A);
	assert_null(held__drains(t1));
	t1->wait.lock = 0;
	runs(t1);
	assert_null(held__drains(t1));
	assert_null(held__drains(t2));
}

/* A CPU record with its newest entry last; those of interrupts after those of tasks. */
static struct lk_cpu_record *cpu(struct world *w, uint32_t nr)
{
	struct lk_cpu_record *c = &w->cpus[w->pass.nr_cpus].c;

	*c = (struct lk_cpu_record){ .cpu = nr, .t_ns = NOW + w->pass.nr_cpus };
	w->cpu_list[w->pass.nr_cpus++] = c;
	w->facts.spins = true;
	return c;
}

static void cpu_holds(struct lk_cpu_record *c, bool irq, uint32_t tid, uint64_t lock, uint32_t info,
		      uint64_t since_ns, uint32_t word)
{
	struct lk_cpu_hold *h = (struct lk_cpu_hold *)lk_cpu_record__holds(c) + c->nr_held++;

	*h = (struct lk_cpu_hold){ .held = { .lock = lock, .info = info, .since_ns = since_ns,
					     .tid = tid, .id = c->nr_held },
				   .word = word, .readable = 1 };
	c->nr_task_held += !irq;
}

static void cpu_spins(struct lk_cpu_record *c, uint64_t lock, uint64_t since_ns, uint32_t depth)
{
	c->depth = depth;
	c->wait = (struct lk_wait){ .lock = lock, .since_ns = since_ns, .flags = LK_F_SPIN };
}

static void a_spinlock_is_held_by_the_cpu_that_does_not_spin_for_it(void **state)
{
	struct world *w = *state;
	struct lk_cpu_record *c0 = cpu(w, 0), *c1 = cpu(w, 1);

	cpu_holds(c0, false, 10, A, LK_KIND_SPINLOCK, 100, 1);
	cpu_holds(c0, false, 10, B, LK_KIND_SPINLOCK, 200, 1);
	cpu_holds(c1, false, 11, B, LK_KIND_SPINLOCK, 100, 1);
	cpu_holds(c1, false, 11, A, LK_KIND_SPINLOCK, 200, 1);
	cpu_spins(c0, B, 201, 1);
	cpu_spins(c1, A, 201, 1);
	judge(w, A, KIND_SPINLOCK);
	assert_int_equal(hold(w, 10, 1), SURE_CERTAIN);
	assert_int_equal(hold(w, 11, 2), -1);
	assert_true(w->a.complete);
	judge(w, B, KIND_SPINLOCK);
	assert_int_equal(hold(w, 11, 1), SURE_CERTAIN);
	assert_int_equal(hold(w, 10, 2), -1);
}

static void a_task_holds_what_an_interrupt_on_it_spins_for(void **state)
{
	struct world *w = *state;
	struct lk_cpu_record *c0 = cpu(w, 0);

	cpu_holds(c0, false, 10, A, LK_KIND_SPINLOCK, 100, 1);
	cpu_holds(c0, true, 10, A, LK_KIND_SPINLOCK, 200, 1);
	cpu_spins(c0, A, 201, 1);
	judge(w, A, KIND_SPINLOCK);
	assert_int_equal(hold(w, 10, 1), SURE_CERTAIN);
	assert_false(entry(w, 10, 1)->in_irq);
	assert_int_equal(hold(w, 10, 2), -1);
	/* an interrupt that came while the task spun: the task waits, the interrupt has it */
	cpu_spins(c0, A, 101, 1);
	judge(w, A, KIND_SPINLOCK);
	assert_int_equal(hold(w, 10, 1), -1);
	assert_int_equal(hold(w, 10, 2), SURE_CERTAIN);
}

static void a_wait_below_the_innermost_one_makes_entries_possible(void **state)
{
	struct world *w = *state;
	struct lk_cpu_record *c0 = cpu(w, 0);

	cpu_holds(c0, false, 10, A, LK_KIND_SPINLOCK, 100, 1);
	cpu_holds(c0, true, 10, B, LK_KIND_SPINLOCK, 200, 1);
	cpu_spins(c0, B, 201, 2);
	judge(w, A, KIND_SPINLOCK);
	assert_int_equal(hold(w, 10, 1), SURE_POSSIBLE);
}

static void two_cpus_with_one_spinlock_are_both_only_possible(void **state)
{
	struct world *w = *state;

	cpu_holds(cpu(w, 0), false, 10, A, LK_KIND_SPINLOCK, 100, 1);
	cpu_holds(cpu(w, 1), false, 11, A, LK_KIND_SPINLOCK, 200, 1);
	judge(w, A, KIND_SPINLOCK);
	assert_int_equal(hold(w, 10, 1), SURE_POSSIBLE);
	assert_int_equal(hold(w, 11, 1), SURE_POSSIBLE);
	assert_false(w->a.complete);
}

static void a_spinlock_word_of_zero_means_nobody(void **state)
{
	struct world *w = *state;

	cpu_holds(cpu(w, 0), false, 10, A, LK_KIND_SPINLOCK, 100, 0);
	judge(w, A, KIND_SPINLOCK);
	assert_int_equal(w->a.nr_holders, 0);
	assert_true(w->a.complete);
}

static void a_task_that_left_the_cpu_of_its_spinlock_is_possible(void **state)
{
	struct world *w = *state;
	struct lk_task *t = task(w, 10);

	runs(t);
	cpu_holds(cpu(w, 0), false, 10, A, LK_KIND_SPINLOCK, 100, 1);
	judge(w, A, KIND_SPINLOCK);
	assert_int_equal(hold(w, 10, 1), SURE_CERTAIN);
	assert_ptr_equal(entry(w, 10, 1)->task, t);
	t->cpu = 1;
	judge(w, A, KIND_SPINLOCK);
	assert_int_equal(hold(w, 10, 1), SURE_POSSIBLE);
}

static void a_rwlock_counts_its_readers_and_marks_its_writer(void **state)
{
	struct world *w = *state;
	struct lk_cpu_record *c0 = cpu(w, 0), *c1 = cpu(w, 1);

	/* two readers, one of them unknown, and a writer that waits */
	cpu_holds(c0, false, 10, A, LK_KIND_RWLOCK | LK_HELD_READ, 100, 2 << 9 | 0x100);
	cpu_holds(c1, false, 11, A, LK_KIND_RWLOCK | LK_HELD_WRITE, 200, 2 << 9 | 0x100);
	cpu_spins(c1, A, 201, 1);
	judge(w, A, KIND_RWLOCK);
	assert_int_equal(hold(w, 10, 1), SURE_CERTAIN);
	assert_int_equal(hold(w, 11, 1), -1);
	assert_int_equal(w->a.nr_readers, 2);
	assert_int_equal(w->a.nr_unknown, 1);
	/* the writer has it: a reader's entry is none */
	w->cpus[0].holds[0].word = w->cpus[1].holds[0].word = 0xff;
	cpu_spins(c1, 0, 0, 0);
	judge(w, A, KIND_RWLOCK);
	assert_int_equal(hold(w, 10, 1), -1);
	assert_int_equal(hold(w, 11, 1), SURE_CERTAIN);
	/* only one waits: nobody has it */
	w->cpus[0].holds[0].word = w->cpus[1].holds[0].word = 0x100;
	judge(w, A, KIND_RWLOCK);
	assert_int_equal(w->a.nr_holders, 0);
}

/* struct semaphore begins with a spinlock: one address. */
static void a_sleeping_lock_is_not_held_by_who_has_the_spinlock_in_it(void **state)
{
	struct world *w = *state;

	cpu_holds(cpu(w, 0), false, 10, A, LK_KIND_SPINLOCK, 100, 1);
	has_place(w, 1, 100, 1, 0);
	w->facts.spins = false;
	judge(w, A, KIND_SEMAPHORE);
	assert_int_equal(w->a.nr_holders, 1);
	assert_int_equal(hold(w, 1, 1), SURE_LIKELY);
}

static void entries_of_other_locks_are_not_found(void **state)
{
	struct world *w = *state;
	uint32_t nr;

	assert_null(held__of_lock(&w->held, A, &nr));
	assert_int_equal(nr, 0);
	holds(task(w, 1), B, LK_KIND_MUTEX, 100);
	judge(w, A, KIND_MUTEX);
	assert_int_equal(w->nr, 0);
	assert_int_equal(w->a.nr_holders, 0);
	judge(w, B, KIND_MUTEX);
	assert_int_equal(w->nr, 1);
}

/* One read: judges, and notes the only entry of A. */
static bool note(struct world *w, struct held_seen *s, bool *returned)
{
	bool again;

	held_seen__next_read(s);
	judge(w, A, KIND_MUTEX);
	held_seen__note(s, entry(w, 1, 1), &again, returned);
	return again;
}

static void an_entry_is_to_be_dropped_when_two_reads_in_a_row_find_it_stale(void **state)
{
	struct world *w = *state;
	struct lk_hold *h = holds(task(w, 1), A, LK_KIND_MUTEX, 100);
	struct held_seen seen;
	bool returned;

	assert_int_equal(held_seen__new(&seen), 0);
	owner_is(h, 2);
	assert_false(note(w, &seen, &returned));
	assert_true(note(w, &seen, &returned));
	owner_is(h, 1);
	assert_false(note(w, &seen, &returned));
	owner_is(h, 2);
	assert_false(note(w, &seen, &returned));
	assert_true(note(w, &seen, &returned));
	/* not seen in between: it begins anew */
	held_seen__next_read(&seen);
	assert_false(note(w, &seen, &returned));
	held_seen__free(&seen);
}

static void a_task_has_returned_when_it_sleeps_in_another_system_call(void **state)
{
	struct world *w = *state;
	struct lk_task *t = task(w, 1);
	struct held_seen seen;
	bool returned;

	assert_int_equal(held_seen__new(&seen), 0);
	owner_is(holds(t, A, LK_KIND_MUTEX, 100), 1);
	note(w, &seen, &returned);
	assert_false(returned);
	t->syscall = 2;
	note(w, &seen, &returned);
	assert_true(returned);
	t->on_cpu = 1;
	note(w, &seen, &returned);
	assert_false(returned);
	t->on_cpu = 0;
	t->task_flags = 0x00200000; /* PF_KTHREAD */
	note(w, &seen, &returned);
	assert_false(returned);
	t->task_flags = 0;
	t->syscall = -1;
	((struct lk_hold *)lk_task__holds(t))->held.info |= 0xffff0000;
	note(w, &seen, &returned);
	assert_false(returned);
	/* back in one like it, but it was in user mode meanwhile */
	t->utime++;
	note(w, &seen, &returned);
	assert_true(returned);
	note(w, &seen, &returned);
	assert_true(returned);
	held_seen__free(&seen);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
		TEST(a_mutex_belongs_to_whom_its_word_names),
		TEST(an_entry_against_the_word_is_stale),
		TEST(the_newest_look_at_the_word_counts),
		TEST(a_task_that_waits_for_itself_holds_by_the_older_entry),
		TEST(without_a_word_only_what_was_missed_counts_against_it),
		TEST(readers_that_the_word_counts_are_certain_and_all),
		TEST(a_count_that_fits_proves_nothing_when_something_was_missed),
		TEST(readers_without_an_entry_stay_unknown),
		TEST(with_more_entries_than_readers_each_is_only_possible),
		TEST(without_readers_in_the_word_all_their_entries_are_stale),
		TEST(a_writer_in_the_word_makes_reader_entries_stale),
		TEST(a_release_by_another_task_leaves_older_readers_possible),
		TEST(a_reader_is_given_perhaps_since_a_give_was_missed),
		TEST(an_owner_that_its_word_names_has_not_given),
		TEST(entries_that_moved_while_read_prove_less),
		TEST(a_recursive_reader_in_the_queue_keeps_its_older_hold),
		TEST(a_wait_without_entry_takes_nothing_from_older_ones),
		TEST(a_reader_on_its_way_is_one_when_it_is_counted),
		TEST(a_semaphore_whose_places_are_all_known_is_complete_but_only_likely),
		TEST(a_place_that_nobody_known_has_keeps_a_semaphore_open),
		TEST(holders_of_then_count_as_places),
		TEST(a_free_place_keeps_a_semaphore_open),
		TEST(what_may_be_missing_keeps_a_semaphore_open),
		TEST(a_count_that_moved_may_have_done_so_since_the_look_before),
		TEST(a_long_run_of_misses_is_kept_in_coarser_spans),
		TEST(a_percpu_writer_is_known_by_its_entry_alone),
		TEST(a_percpu_writer_that_drains_its_readers_waits),
		TEST(a_spinlock_is_held_by_the_cpu_that_does_not_spin_for_it),
		TEST(a_task_holds_what_an_interrupt_on_it_spins_for),
		TEST(a_wait_below_the_innermost_one_makes_entries_possible),
		TEST(two_cpus_with_one_spinlock_are_both_only_possible),
		TEST(a_spinlock_word_of_zero_means_nobody),
		TEST(a_task_that_left_the_cpu_of_its_spinlock_is_possible),
		TEST(a_rwlock_counts_its_readers_and_marks_its_writer),
		TEST(a_sleeping_lock_is_not_held_by_who_has_the_spinlock_in_it),
		TEST(entries_of_other_locks_are_not_found),
		TEST(an_entry_is_to_be_dropped_when_two_reads_in_a_row_find_it_stale),
		TEST(a_task_has_returned_when_it_sleeps_in_another_system_call),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
