// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include <errno.h>
#include <string.h>

#include "cmocka_all.h"
#include "scene.h"

static int setup(void **state)
{
	return model__new((struct model **)state);
}

static int teardown(void **state)
{
	model__free(*state);
	return 0;
}

static void send_read(struct model *m, uint64_t seq, uint32_t nr_tasks, uint32_t nr_locks, int want)
{
	struct record rec = { .type = REC_READ, .read = { seq, 0, nr_tasks, nr_locks, false } };

	assert_int_equal(model__apply(m, &rec), want);
}

static int send_task(struct model *m, uint32_t tid)
{
	struct record rec = { .type = REC_TASK,
			      .task = { .who = { .tid = tid, .comm = "x" }, .state = 'D' } };

	return model__apply(m, &rec);
}

static int send_lock(struct model *m, uint64_t addr, const char *name)
{
	struct record rec = { .type = REC_LOCK, .lock = { .name = name,
			      .name_source = name ? "symbol" : NULL, .name_guess = true } };

	rec_lock__set_addr(&rec.lock.lock, addr, KIND_MUTEX);
	return model__apply(m, &rec);
}

static void a_read_is_current_only_when_it_is_whole(void **state)
{
	struct model *m = *state;

	assert_null(model__current(m));
	send_read(m, 1, 2, 1, 0);
	assert_int_equal(send_task(m, 1), 0);
	assert_int_equal(send_task(m, 2), 0);
	assert_null(model__current(m));
	assert_int_equal(send_lock(m, L1, NULL), 1);
	assert_int_equal(model__current(m)->seq, 1);
	assert_int_equal(model__current(m)->nr_tasks, 2);
	assert_null(model__previous(m));
	send_read(m, 2, 0, 0, 1);
	assert_int_equal(model__current(m)->seq, 2);
	assert_int_equal(model__previous(m)->seq, 1);
}

/* A line was lost: the read after it must not be mixed with it. */
static void a_read_that_is_cut_short_is_given_up_and_counted(void **state)
{
	struct model *m = *state;

	send_read(m, 1, 3, 0, 0);
	assert_int_equal(send_task(m, 1), 0);
	send_read(m, 2, 1, 0, 0);
	assert_int_equal(model__reads_cut(m), 1);
	assert_int_equal(send_task(m, 5), 1);
	assert_int_equal(model__current(m)->seq, 2);
	assert_int_equal(model__current(m)->nr_tasks, 1);
	assert_int_equal(model__current(m)->tasks[0].who.tid, 5);
}

static void records_outside_a_read_are_refused_and_harmless(void **state)
{
	struct model *m = *state;

	assert_int_equal(send_task(m, 1), -EPROTO);
	assert_int_equal(send_lock(m, L1, NULL), -EPROTO);
	send_read(m, 1, 1, 0, 0);
	assert_int_equal(send_task(m, 1), 1);
	assert_int_equal(send_task(m, 2), -EPROTO);
	assert_int_equal(model__current(m)->nr_tasks, 1);
}

static void a_task_or_lock_that_comes_twice_is_counted_once(void **state)
{
	struct model *m = *state;

	send_read(m, 1, 2, 2, 0);
	send_task(m, 1);
	send_task(m, 1);
	send_lock(m, L1, NULL);
	assert_int_equal(send_lock(m, L1, NULL), 1);
	assert_int_equal(model__current(m)->nr_tasks, 1);
	assert_int_equal(model__current(m)->nr_locks, 1);
	assert_int_equal(model__current(m)->nr_twice, 2);
}

/* A hostile recording promises four billion tasks. */
static void promised_counts_are_not_believed(void **state)
{
	struct model *m = *state;

	send_read(m, 1, UINT32_MAX, UINT32_MAX, 0);
	assert_int_equal(send_task(m, 1), 0);
	send_read(m, 2, 0, 0, 1);
}

static void stacks_are_copied_and_found_by_id(void **state)
{
	char sym[] = "mutex_lock";
	struct rec_frame frames[2] = { { .addr = 0x10, .sym = sym, .off = 4 },
				      { .addr = 0x20, .module = "ext4" } };
	struct record rec = { .type = REC_STACK, .stack = { 7, 2, frames } };
	const struct rec_stack *st;

	assert_int_equal(model__apply(*state, &rec), 0);
	memset(sym, 'x', 3);
	memset(frames, 0, sizeof(frames));
	st = model__stack(*state, 7);
	assert_non_null(st);
	assert_int_equal(st->nr_frames, 2);
	assert_string_equal(st->frames[0].sym, "mutex_lock");
	assert_int_equal(st->frames[0].off, 4);
	assert_null(st->frames[1].sym);
	assert_string_equal(st->frames[1].module, "ext4");
	assert_null(model__stack(*state, 8));
}

static void send_line(struct model *m, uint64_t addr, const char *sym, const char *module,
		      const char *line)
{
	struct record rec = { .type = REC_LINE,
			      .line = { .addr = addr, .sym = sym, .off = 4, .module = module,
					.line = line } };

	assert_int_equal(model__apply(m, &rec), 0);
}

/* Also to stacks that were there before; not to what another module has at that address. */
static void lines_are_given_to_their_frames(void **state)
{
	struct rec_frame frames[3] = { { .addr = 0x10, .sym = "f", .off = 4 },
				       { .addr = 0x20, .sym = "g", .off = 4, .module = "a" },
				       { .addr = 0x20, .sym = "g", .off = 4, .module = "b" } };
	struct record rec = { .type = REC_STACK, .stack = { 7, 3, frames } };
	struct rec_frame site = frames[2];
	char line[] = "b.c:7";

	assert_int_equal(model__apply(*state, &rec), 0);
	assert_null(model__stack(*state, 7)->frames[0].line);
	send_line(*state, 0x10, "f", NULL, "f.c:1");
	send_line(*state, 0x20, "g", "b", line);
	send_line(*state, 0x30, "h", NULL, NULL);
	memset(line, 'x', 3);
	assert_string_equal(model__stack(*state, 7)->frames[0].line, "f.c:1");
	assert_null(model__stack(*state, 7)->frames[1].line);
	assert_string_equal(model__stack(*state, 7)->frames[2].line, "b.c:7");
	model__fill_line(*state, &site);
	assert_string_equal(site.line, "b.c:7");
	/* and to those that come later */
	rec.stack.id = 8;
	assert_int_equal(model__apply(*state, &rec), 0);
	assert_string_equal(model__stack(*state, 8)->frames[0].line, "f.c:1");
}

static void send_agg(struct model *m, uint64_t lock, uint32_t stack, uint32_t tid, uint64_t count)
{
	struct record rec = { .type = REC_AGG, .agg = { .stack = stack, .count = count,
			      .by_task = tid != 0, .who = { .tid = tid, .comm = "x" } } };

	rec_lock__set_addr(&rec.agg.lock, lock, KIND_MUTEX);
	assert_int_equal(model__apply(m, &rec), 0);
}

static void the_latest_row_stands_for_all_before(void **state)
{
	struct model *m = *state;
	const struct stat_row *rows;
	size_t nr;

	send_agg(m, L1, 1, 0, 10);
	send_agg(m, L1, 2, 0, 20);
	send_agg(m, L2, 1, 0, 30);
	send_agg(m, L1, 1, 5, 40);
	send_agg(m, L1, 1, 6, 50);
	send_agg(m, L1, 1, 0, 11);
	send_agg(m, L1, 1, 5, 41);
	rows = model__stats(m, &nr);
	assert_int_equal(nr, 5);
	assert_int_equal(rows[0].agg.count, 11);
	assert_int_equal(rows[1].agg.count, 20);
	assert_int_equal(rows[3].agg.count, 41);
	assert_int_equal(rows[4].agg.count, 50);
	assert_string_equal(rows[3].agg.who.comm, "x");
}

static void send_wait(struct model *m, uint64_t id, bool spin, int64_t wait_ns)
{
	struct record rec = { .type = REC_WAIT, .wait = { .id = id, .spin = spin,
			      .wait_ns = wait_ns, .who = { .tid = 1, .comm = "x" } } };

	assert_int_equal(model__apply(m, &rec), 0);
}

static void only_long_ended_waits_are_kept_until_forgotten(void **state)
{
	struct model *m = *state;
	struct record header = { .type = REC_HEADER, .header = { .schema = 1, .version = "1",
				 .thresholds = { 1000, 100, 0 } } };
	const struct rec_wait *waits;
	size_t nr;

	assert_int_equal(model__apply(m, &header), 0);
	send_wait(m, 1, false, 999);
	send_wait(m, 2, false, 1000);
	send_wait(m, 3, true, 99);
	send_wait(m, 4, true, 100);
	send_wait(m, 5, false, -5);
	waits = model__ended(m, &nr);
	assert_int_equal(nr, 2);
	assert_int_equal(waits[0].id, 2);
	assert_int_equal(waits[1].id, 4);
	assert_string_equal(waits[1].who.comm, "x");
	model__forget_ended(m);
	model__ended(m, &nr);
	assert_int_equal(nr, 0);
	model__keep_ended(m, 10, 10);
	send_wait(m, 6, false, 10);
	model__ended(m, &nr);
	assert_int_equal(nr, 1);
}

static void send_hold(struct model *m, uint64_t id, enum hold_end end, int64_t hold_ns)
{
	char comm[] = "holder", sym[] = "taker", module[] = "xfer";
	struct record rec = { .type = REC_HOLD, .hold = { .id = id, .end = end, .hold_ns = hold_ns,
			      .who = { .tid = 1, .comm = comm },
			      .site = { .addr = 0x10, .sym = sym, .module = module } } };

	rec_lock__set_addr(&rec.hold.lock, L1, KIND_MUTEX);
	assert_int_equal(model__apply(m, &rec), 0);
	memset(comm, 'x', 3);
	memset(sym, 'x', 3);
	memset(module, 'x', 3);
}

/* The source sends only those that matter, so none is left out, however short. */
static void every_hold_record_is_kept_until_forgotten(void **state)
{
	struct model *m = *state;
	struct record header = { .type = REC_HEADER, .header = { .schema = 1, .version = "1",
				 .thresholds = { 1000, 1000, 1000 } } };
	const struct rec_hold *holds;
	size_t nr;

	assert_int_equal(model__apply(m, &header), 0);
	send_hold(m, 1, HOLD_SLEPT, 5);
	send_hold(m, 2, HOLD_EXITED, 0);
	send_wait(m, 3, false, 2000);
	holds = model__ended_holds(m, &nr);
	assert_int_equal(nr, 2);
	assert_int_equal(holds[0].id, 1);
	assert_int_equal(holds[1].end, HOLD_EXITED);
	assert_string_equal(holds[0].who.comm, "holder");
	assert_string_equal(holds[1].site.sym, "taker");
	assert_string_equal(holds[1].site.module, "xfer");
	model__ended(m, &nr);
	assert_int_equal(nr, 1);
	model__forget_ended(m);
	model__ended_holds(m, &nr);
	assert_int_equal(nr, 0);
	send_hold(m, 4, HOLD_RELEASED, 7);
	holds = model__ended_holds(m, &nr);
	assert_int_equal(nr, 1);
	assert_int_equal(holds[0].id, 4);
}

static void send_hold_agg(struct model *m, uint64_t lock, enum lock_mode mode, uint64_t site,
			  uint64_t count)
{
	char sym[] = "taker";
	struct record rec = { .type = REC_HOLD_AGG, .hold_agg = { .mode = mode, .count = count,
			      .max_ns = 9, .hist = { &count, 3, 1 },
			      .site = { .addr = site, .sym = site ? sym : NULL } } };

	rec_lock__set_addr(&rec.hold_agg.lock, lock, KIND_RWSEM);
	assert_int_equal(model__apply(m, &rec), 0);
	memset(sym, 'x', 3);
}

static void hold_rows_are_by_lock_mode_and_site(void **state)
{
	struct model *m = *state;
	const struct hold_row *rows;
	size_t nr;

	rows = model__holds(m, &nr);
	assert_int_equal(nr, 0);
	send_hold_agg(m, L1, MODE_READ, 0x10, 1);
	send_hold_agg(m, L1, MODE_WRITE, 0x10, 2);
	send_hold_agg(m, L1, MODE_READ, 0x20, 3);
	send_hold_agg(m, L2, MODE_READ, 0x10, 4);
	send_hold_agg(m, L1, MODE_READ, 0, 5);
	send_agg(m, L1, 1, 0, 99);
	send_hold_agg(m, L1, MODE_READ, 0x10, 7);
	rows = model__holds(m, &nr);
	assert_int_equal(nr, 5);
	assert_int_equal(rows[0].agg.count, 7);
	assert_int_equal(rec_hist__at(&rows[0].agg.hist, 3), 7);
	assert_int_equal(rec_hist__at(&rows[0].agg.hist, 2), 0);
	assert_string_equal(rows[0].agg.site.sym, "taker");
	assert_int_equal(rows[1].agg.count, 2);
	assert_int_equal(rows[2].agg.site.addr, 0x20);
	assert_int_equal(rows[3].agg.lock.addr, L2);
	assert_null(rows[4].agg.site.sym);
	model__stats(m, &nr);
	assert_int_equal(nr, 1);
}

/* What a holder record says is in the snapshot, word for word. */
static void holds_tell_what_their_records_say(void **state)
{
	struct model *m = *state;
	char sym[] = "taker";
	struct rec_frame site = { .addr = 0x10, .sym = sym, .off = 4 };
	struct rec_holder h[] = {
		{ .tid = 7, .mode = MODE_READ, .certainty = SURE_LIKELY, .since_ns = -3, .id = 8,
		  .site = &site, .cpu = 5, .context = CONTEXT_SOFTIRQ, .spin = true },
		{ .tid = 9, .start_ns = 2, .cpu = -1, .returned = true },
	};
	struct record rec = { .type = REC_LOCK, .lock = { .nr_holders = 2, .holders = h,
							  .nr_unknown = 3 } };
	const struct snap_hold *a, *b;
	const struct snapshot *s;

	rec_lock__set_addr(&rec.lock.lock, L1, KIND_RWLOCK);
	send_read(m, 1, 0, 1, 0);
	assert_int_equal(model__apply(m, &rec), 1);
	memset(sym, 'x', 3);
	s = model__current(m);
	assert_int_equal(s->locks[0].nr_unknown, 3);
	a = &s->holds[s->holders[0]];
	b = &s->holds[s->holders[1]];
	assert_int_equal(a->id, 8);
	assert_int_equal(a->since_ns, -3);
	assert_int_equal(a->cpu, 5);
	assert_int_equal(a->context, CONTEXT_SOFTIRQ);
	assert_string_equal(a->site.sym, "taker");
	assert_true(a->spin && !a->returned && !a->exited);
	assert_true(b->returned && !b->spin && !b->exited);
	assert_int_equal(b->cpu, -1);
	assert_int_equal(b->site.addr, 0);
}

static void send_idle(struct model *m, int32_t cpu, int want)
{
	struct record rec = { .type = REC_TASK, .task = { .who = { .comm = "swapper" },
			      .state = 'R', .on_cpu = true, .cpu = cpu } };

	assert_int_equal(model__apply(m, &rec), want);
}

static void an_idle_task_is_its_cpu_and_comes_once(void **state)
{
	struct model *m = *state;
	const struct snapshot *s;

	send_read(m, 1, 3, 0, 0);
	send_idle(m, 0, 0);
	send_idle(m, 1, 0);
	send_idle(m, 0, 1);
	s = model__current(m);
	assert_int_equal(s->nr_tasks, 2);
	assert_int_equal(s->nr_twice, 1);
	assert_int_equal(snapshot__find_task(s, 0, 0), SNAP_NONE);
}

static void names_of_locks_outlive_their_read(void **state)
{
	struct model *m = *state;
	const struct rec_lock_name *name;
	struct rec_lock lock;

	send_read(m, 1, 0, 1, 0);
	send_lock(m, L1, "init_net.lock");
	send_read(m, 2, 0, 0, 1);
	send_read(m, 3, 0, 0, 1);
	rec_lock__set_addr(&lock, L1, KIND_MUTEX);
	name = model__name(m, &lock);
	assert_string_equal(name->name, "init_net.lock");
	assert_string_equal(name->source, "symbol");
	assert_true(name->guess);
	rec_lock__set_addr(&lock, L2, KIND_MUTEX);
	assert_null(model__name(m, &lock));
}

static void header_losses_and_end_are_kept(void **state)
{
	char *command[] = { (char *)"lockscope", (char *)"watch", NULL };
	struct model *m = *state;
	struct record rec = { .type = REC_HEADER, .header = { .schema = 1, .version = "9",
			      .command = command, .boot_ns = 5 } };

	assert_null(model__header(m));
	assert_null(model__end(m));
	model__apply(m, &rec);
	assert_string_equal(model__header(m)->version, "9");
	assert_string_equal(model__header(m)->command[1], "watch");
	assert_null(model__header(m)->command[2]);
	rec = (struct record){ .type = REC_LOST, .lost = { .maps = 3 } };
	model__apply(m, &rec);
	assert_int_equal(model__lost(m)->maps, 3);
	send_read(m, 1, 0, 0, 1);
	assert_int_equal(model__current(m)->lost.maps, 3);
	rec = (struct record){ .type = REC_END, .end = { .records = 12 } };
	model__apply(m, &rec);
	assert_int_equal(model__end(m)->records, 12);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
		T(a_read_is_current_only_when_it_is_whole),
		T(a_read_that_is_cut_short_is_given_up_and_counted),
		T(records_outside_a_read_are_refused_and_harmless),
		T(a_task_or_lock_that_comes_twice_is_counted_once),
		T(promised_counts_are_not_believed),
		T(stacks_are_copied_and_found_by_id),
		T(lines_are_given_to_their_frames),
		T(the_latest_row_stands_for_all_before),
		T(only_long_ended_waits_are_kept_until_forgotten),
		T(every_hold_record_is_kept_until_forgotten),
		T(hold_rows_are_by_lock_mode_and_site),
		T(holds_tell_what_their_records_say),
		T(an_idle_task_is_its_cpu_and_comes_once),
		T(names_of_locks_outlive_their_read),
		T(header_losses_and_end_are_kept),
	};

	return cmocka_run_group_tests_name("model", tests, NULL, NULL);
}
