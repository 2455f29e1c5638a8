// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * A recording as a source: what comes through exactly, what is refused, and that
 * nothing a file says makes it take memory or time without bound.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "source/replay.h"
#include "view/view.h"

#define HEADER "{\"type\":\"header\",\"schema\":1,\"kernel\":\"k\",\"command\":[\"a\",\"b\"]}\n"
#define WHO "\"tid\":7,\"pid\":7,\"start_time\":9,\"comm\":\"c\","
#define TASK "{\"type\":\"task\",\"t_ns\":5," WHO \
	     "\"state\":\"D\",\"on_cpu\":false,\"switches\":1}\n"
#define LOCK "{\"type\":\"lock\",\"lock\":\"0x10\",\"kind\":\"mutex\",\"rule\":\"and\"," \
	     "\"complete\":true,\"verified\":true,\"holders\":[]}\n"

#define HOLD "\"type\":\"hold\",\"id\":1,\"t_ns\":5," WHO \
	     "\"lock\":\"0x10\",\"kind\":\"mutex\",\"mode\":\"write\",\"certainty\":\"likely\""
#define HOLD_AGG "\"type\":\"hold_agg\",\"kind\":\"mutex\",\"mode\":\"write\"," \
		 "\"count\":1,\"total_ns\":1,\"max_ns\":1"
#define HELD_BY(holder) "\"type\":\"lock\",\"lock\":\"0x10\",\"kind\":\"mutex\"," \
	"\"rule\":\"and\",\"complete\":true,\"verified\":true,\"holders\":[{\"tid\":1," \
	"\"start_time\":2,\"mode\":\"read\",\"certainty\":\"likely\"," holder "}]"

#define READ(seq, tasks, locks) \
	"{\"type\":\"read\",\"seq\":" #seq ",\"t_ns\":4,\"tasks\":" #tasks \
	",\"locks\":" #locks "}\n"

/* What came of one file. */
struct seen {
	char *records;		/* as NDJSON again */
	size_t len;
	FILE *out;
	char faults[8192];
	unsigned int nr_faults;
	struct replay_counts nr;
	struct lk_error err;
	int refuse_type, refuse_with;	/* the sink's answer to one type */
};

static void on_fault(void *ctx, const struct replay_fault *fault)
{
	struct seen *s = ctx;
	size_t at = strlen(s->faults);

	s->nr_faults++;
	snprintf(s->faults + at, sizeof(s->faults) - at, "%d: %s\n", (int)fault->line, fault->what);
}

static int on_record(void *ctx, const struct record *rec)
{
	struct seen *s = ctx;

	if (s->refuse_with && (int)rec->type == s->refuse_type)
		return s->refuse_with;
	return view_json__record(s->out, rec);
}

static int read_path(struct seen *s, const char *path)
{
	struct source *src = NULL;
	int err = source_replay__new(&src, path, on_fault, s, &s->err);

	if (err)
		return err;
	s->out = open_memstream(&s->records, &s->len);
	assert_non_null(s->out);
	err = src->ops->header(src, on_record, s);
	if (!err)
		err = src->ops->drain(src, on_record, s);
	if (!err)
		assert_int_equal(src->ops->drain(src, on_record, s), -ENODATA);
	source_replay__counts(src, &s->nr);
	source__free(src);
	fclose(s->out);
	return err;
}

static int read_bytes(struct seen *s, const char *bytes, size_t len)
{
	int fd = memfd_create("recording", MFD_CLOEXEC), err;
	char path[64];

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, len), len);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	err = read_path(s, path);
	close(fd);
	return err;
}

static int read_text(struct seen *s, const char *text)
{
	memset(s, 0, sizeof(*s));
	return read_bytes(s, text, strlen(text));
}

static void expect_fault(const char *text, const char *fault)
{
	struct seen s;

	assert_int_equal(read_text(&s, text), 0);
	if (!strstr(s.faults, fault))
		fail_msg("wanted \"%s\" in:\n%s", fault, s.faults);
	free(s.records);
}

/* Written, read and written again every record is the same, to the last bit. */
static void test_round_trip(void **state)
{
	struct rec_frame site = { .addr = UINT64_MAX, .sym = "f", .off = 1, .module = "m" };
	struct rec_frame frames[] = { site, { .addr = 1 } };
	struct rec_holder holders[] = {
		{ .tid = 1, .start_ns = 2, .mode = MODE_READ, .certainty = SURE_POSSIBLE,
		  .since_ns = LK_NO_TIME, .id = 0, .site = NULL, .cpu = -1 },
		{ .tid = 3, .start_ns = 4, .mode = MODE_WRITE, .certainty = SURE_LIKELY,
		  .since_ns = -5, .id = (1ull << 53) - 1, .site = &site, .cpu = -1,
		  .returned = true },
		{ .tid = 0, .mode = MODE_READ, .id = 5, .cpu = 1 << 20, .spin = true,
		  .context = CONTEXT_SOFTIRQ },
		{ .tid = 9, .start_ns = 1, .id = 6, .cpu = -1, .exited = true },
	};
	struct rec_who who = { .tid = 7, .pid = 6, .ns_tid = 2, .start_ns = 1ull << 62, .cgroup = 9,
			       .comm = "a\"\n\xc3\xa9" };
	struct rec_wait wait = { .id = 1ull << 52, .who = who, .mode = MODE_READ, .spin = true,
				 .breakable_by = BREAK_TIMEOUT, .t_ns = 123, .since_ns = LK_NO_TIME,
				 .stack = 3, .wait_ns = 1ll << 60, .result = -4, .owner_tid = 5,
				 .owner_stack = 3 };
	const uint64_t hist[REC_HIST_BUCKETS] = { 1, [63] = 9 };
	char *command[] = { "x", "", NULL };
	struct record recs[] = {
		{ .type = REC_HEADER, .header = { .schema = 1, .version = "v", .kernel = "k",
						  .host = "h", .level = "contention",
						  .began_at = "now", .command = command,
						  .thresholds = { 1, 2, 3 },
						  .boot_ns = 1ull << 61 } },
		{ .type = REC_STACK, .stack = { .id = 3, .nr_frames = 2, .frames = frames } },
		{ .type = REC_WAIT_BEGIN, .wait = wait },
		{ .type = REC_WAIT, .wait = wait },
		{ .type = REC_AGG, .agg = { .mode = MODE_WRITE, .count = (1ull << 63) - 2,
					    .total_ns = 2, .max_ns = 3, .hist = rec_hist__of(hist) } },
		{ .type = REC_AGG, .agg = { .by_task = true, .who = who, .spin = true } },
		{ .type = REC_HOLD, .hold = { .id = 1ull << 53, .who = who, .mode = MODE_WRITE,
					      .spin = true, .end = HOLD_SLEPT,
					      .certainty = SURE_LIKELY, .t_ns = 7,
					      .since_ns = -(1ll << 60), .hold_ns = 1ll << 60,
					      .site = site, .stack = 3, .cpu = 0 } },
		{ .type = REC_HOLD, .hold = { .who = who, .end = HOLD_EXITED, .cpu = -1,
					      .t_ns = LK_NO_TIME, .since_ns = LK_NO_TIME } },
		{ .type = REC_HOLD_AGG, .hold_agg = { .mode = MODE_READ, .site = site, .count = 1,
						      .total_ns = 1ull << 62, .max_ns = 3,
						      .hist = rec_hist__of(hist) } },
		{ .type = REC_HOLD_AGG },
		{ .type = REC_READ, .read = { .seq = 4, .t_ns = 5, .nr_tasks = 2, .nr_locks = 1,
					      .confirm = true } },
		{ .type = REC_TASK, .task = { .who = who, .state = 'D', .on_cpu = true, .cpu = 3,
					      .context = CONTEXT_HARDIRQ, .switches = 8,
					      .syscall = 1, .syscall_name = "write",
					      .has_wait = true, .wait = wait, .stack = 3 } },
		{ .type = REC_TASK, .task = { .who = who, .state = '?', .cpu = -1,
					      .syscall = -1 } },
		{ .type = REC_LOCK, .lock = { .rule = RULE_OR, .complete = true, .nr_holders = 4,
					      .holders = holders, .nr_readers = 2, .name = "n",
					      .name_source = "type", .name_guess = true,
					      .evidence = "e", .nr_unknown = UINT32_MAX } },
		{ .type = REC_LOST, .lost = { .t_ns = 1, .ring = 2, .maps = 3, .recursion = 4,
					      .stack_collisions = 5, .held_overflow = 6,
					      .looks = 7, .lines = 8 } },
		{ .type = REC_LINE, .line = { .addr = 1, .sym = "f", .off = 2, .module = "m",
					      .line = "a/b.c:12" } },
		{ .type = REC_END, .end = { .t_ns = 9, .records = 16, .has_status = true,
					    .command_status = 3 } },
	};
	char *text;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	struct seen s = { 0 };

	(void)state;
	rec_lock__set_addr(&recs[2].wait.lock, 0xffff888000000010, KIND_RWSEM);
	rec_lock__set_str(&recs[3].wait.lock, "flock:8:1:2", KIND_FLOCK);
	rec_lock__set_addr(&recs[5].agg.lock, 0x20, KIND_SPINLOCK);
	rec_lock__set_addr(&recs[6].hold.lock, 0x40, KIND_RWLOCK);
	rec_lock__set_addr(&recs[7].hold.lock, 0x50, KIND_SEMAPHORE);
	rec_lock__set_addr(&recs[8].hold_agg.lock, 0x60, KIND_RWSEM);
	rec_lock__set_addr(&recs[9].hold_agg.lock, 0x70, KIND_MUTEX);
	rec_lock__set_str(&recs[11].task.wait.lock, "posix:8:1:2:0-9", KIND_POSIX);
	rec_lock__set_addr(&recs[13].lock.lock, 0x30, KIND_RWSEM);
	for (size_t i = 0; i < sizeof(recs) / sizeof(recs[0]); i++)
		assert_int_equal(view_json__record(out, &recs[i]), 0);
	fclose(out);
	assert_int_equal(read_bytes(&s, text, len), 0);
	assert_string_equal(s.faults, "");
	assert_string_equal(s.records, text);
	assert_int_equal(s.nr.unknown_members, 0);
	assert_int_equal(s.nr.unknown_types, 0);
	free(s.records);
	free(text);
}

/* How a lock with this one holder is written, from its id on. */
static void expect_holder(const struct rec_holder *holder, uint32_t nr_unknown, const char *want)
{
	struct record rec = { .type = REC_LOCK, .lock = { .nr_holders = 1, .holders = holder,
							  .nr_readers = -1,
							  .nr_unknown = nr_unknown } };
	char *text, *from;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	rec_lock__set_addr(&rec.lock.lock, 0x30, KIND_MUTEX);
	assert_int_equal(view_json__record(out, &rec), 0);
	fclose(out);
	from = strstr(text, "\"readers\":");
	assert_non_null(from);
	assert_string_equal(from, want);
	free(text);
}

#define HOLDER(tid, rest) \
	"\"holders\":[{\"tid\":" #tid ",\"start_time\":0,\"mode\":\"exclusive\"," \
	"\"certainty\":\"certain\",\"since_ns\":null,\"id\":null,\"site\":null" rest "}]," \
	"\"name\":null,\"name_source\":\"none\",\"evidence\":null}\n"

/* Recordings of level contention stay as they were: what says nothing is not written. */
static void test_holders_say_what_is_known(void **state)
{
	struct rec_holder word = { .tid = 1, .since_ns = LK_NO_TIME, .cpu = -1 };
	struct rec_holder gone = { .tid = 2, .since_ns = LK_NO_TIME, .cpu = -1, .exited = true };
	struct rec_holder back = { .tid = 3, .since_ns = LK_NO_TIME, .cpu = -1, .returned = true };
	struct rec_holder irq = { .tid = 4, .since_ns = LK_NO_TIME, .cpu = 5, .spin = true,
				  .context = CONTEXT_HARDIRQ };
	struct rec_holder idle = { .tid = 0, .since_ns = LK_NO_TIME, .cpu = 0, .spin = true };

	(void)state;
	expect_holder(&word, 0, "\"readers\":null," HOLDER(1, ""));
	expect_holder(&gone, 7, "\"readers\":null,\"unknown_holders\":7,"
				HOLDER(2, ",\"exited\":true"));
	expect_holder(&back, 0, "\"readers\":null," HOLDER(3, ",\"returned\":true"));
	expect_holder(&irq, 0, "\"readers\":null,"
			       HOLDER(4, ",\"cpu\":5,\"context\":\"hardirq\",\"spin\":true"));
	expect_holder(&idle, 0, "\"readers\":null," HOLDER(0, ",\"cpu\":0,\"spin\":true"));
}

static void test_values_are_checked(void **state)
{
	static const struct {
		const char *line, *fault;
	} rows[] = {
		{ "{\"type\":\"lost\"}", "\"t_ns\" is missing" },
		{ "{\"type\":\"lost\",\"t_ns\":\"1\"}", "\"t_ns\" has an impossible" },
		{ "{\"type\":\"lost\",\"t_ns\":1,\"ring\":-1}", "\"ring\" has an impossible" },
		{ "{\"type\":\"lost\",\"t_ns\":1,\"ring\":1.0}", "\"ring\" has an impossible" },
		{ "{\"type\":\"lost\",\"t_ns\":9223372036854775807}", "\"t_ns\" has" },
		{ "{\"type\":\"lost\",\"t_ns\":-9223372036854775808}", "\"t_ns\" has" },
		{ "{\"type\":\"read\",\"seq\":1,\"t_ns\":1,\"tasks\":4000000000,\"locks\":0}",
		  "\"tasks\" has" },
		{ "{\"type\":\"stack\",\"id\":0,\"frames\":[]}", "\"id\" has" },
		{ "{\"type\":\"stack\",\"id\":4294967297,\"frames\":[]}", "\"id\" has" },
		{ "{\"type\":\"stack\",\"id\":1,\"frames\":{}}", "\"frames\" has" },
		{ "{\"type\":\"stack\",\"id\":1,\"frames\":[5]}", "a frame is no object" },
		{ "{\"type\":\"stack\",\"id\":1,\"frames\":[{\"addr\":5}]}", "\"addr\" has" },
		{ "{\"type\":\"stack\",\"id\":1,\"frames\":[{\"addr\":\"0x\"}]}", "\"addr\" has" },
		{ "{\"type\":\"stack\",\"id\":1,\"frames\":[{\"addr\":\"0x11112222333344445\"}]}",
		  "\"addr\" has" },
		{ "{\"type\":7}", "\"type\" has" },
		{ "{}", "\"type\" is missing" },
		{ "[]", "no JSON object" },
		{ "7", "incomplete" },
		{ "{\"type\":\"lost\",\"t_ns\":1}x", "no JSON" },
		{ "{\"type\":\"lost\",\"t_ns\":1", "incomplete" },
		{ "{'type':'lost','t_ns':1}", "no JSON" },
		{ "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", "no JSON: nesting too deep" },
		{ "{\"type\":\"task\",\"t_ns\":1,\"tid\":-7}", "\"state\" is missing" },
		{ "{\"type\":\"task\",\"t_ns\":1," WHO "\"state\":\"D\",\"on_cpu\":false,"
		  "\"switches\":1,\"wait\":{\"id\":1,\"t_ns\":1,\"tid\":8,\"pid\":7,"
		  "\"start_time\":9,\"comm\":\"c\",\"lock\":\"0x10\",\"kind\":\"mutex\","
		  "\"mode\":\"read\"}}", "\"wait\" is of another task" },
		{ "{\"type\":\"lo\\u0000st\",\"t_ns\":1}", "\"type\" has" },
		{ "{" HOLD ",\"hold_ns\":1}", "\"end\" is missing" },
		{ "{" HOLD ",\"hold_ns\":1,\"end\":\"given\"}", "\"end\" has" },
		{ "{" HOLD ",\"hold_ns\":1,\"end\":null}", "\"end\" has" },
		{ "{" HOLD ",\"end\":\"exited\"}", "\"hold_ns\" is missing" },
		{ "{" HOLD ",\"end\":\"exited\",\"hold_ns\":-1}", "\"hold_ns\" has" },
		{ "{" HOLD ",\"end\":\"exited\",\"hold_ns\":1,\"cpu\":-1}", "\"cpu\" has" },
		{ "{" HOLD ",\"end\":\"exited\",\"hold_ns\":1,\"cpu\":2000000}", "\"cpu\" has" },
		{ "{" HOLD ",\"end\":\"exited\",\"hold_ns\":1,\"site\":[]}", "\"site\" has" },
		{ "{" HOLD ",\"end\":\"exited\",\"hold_ns\":1,\"site\":{}}", "\"addr\" is missing" },
		{ "{" HOLD_AGG "}", "\"lock\" is missing" },
		{ "{" HOLD_AGG ",\"lock\":null}", "\"hist\" is missing" },
		{ "{" HOLD_AGG ",\"lock\":\"0x0\"}", "\"lock\" is no identity" },
		{ "{" HOLD_AGG ",\"lock\":\"0x10\"}", "\"hist\" is missing" },
		{ "{" HOLD_AGG ",\"lock\":\"0x10\",\"hist\":[1]}", "\"hist\" has 1 buckets" },
		{ "{" HELD_BY("\"cpu\":-1") "}", "\"cpu\" has" },
		{ "{" HELD_BY("\"context\":\"irq\"") "}", "\"context\" has" },
		{ "{" HELD_BY("\"spin\":1") "}", "\"spin\" has" },
		{ "{" HELD_BY("\"returned\":null") "}", "\"returned\" has" },
		{ "{" HELD_BY("\"exited\":\"yes\"") "}", "\"exited\" has" },
		{ "{" HELD_BY("\"id\":1") ",\"unknown_holders\":-1}", "\"unknown_holders\" has" },
	};
	char text[1024];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char want[128];

		snprintf(text, sizeof(text), HEADER "%s\n", rows[i].line);
		snprintf(want, sizeof(want), "2: %s", rows[i].fault);
		expect_fault(text, want);
	}
}

/* A bad line takes nothing else with it, and its number is told. */
static void test_whole_lines_are_read(void **state)
{
	struct seen s;

	(void)state;
	assert_int_equal(read_text(&s, HEADER "garbage\n\n  \n"
				      "{\"type\":\"lost\",\"t_ns\":1,\"ring\":5}\r\n"
				      "{\"type\":\"end\",\"t_ns\":2,\"records\":3}"), 0);
	assert_non_null(strstr(s.records, "\"ring\":5"));
	assert_non_null(strstr(s.records, "\"type\":\"end\""));
	assert_int_equal(s.nr_faults, 1);
	assert_non_null(strstr(s.faults, "2: no JSON"));
	free(s.records);
}

static void test_unknown_is_counted(void **state)
{
	struct seen s;

	(void)state;
	assert_int_equal(read_text(&s, HEADER "{\"type\":\"new\",\"x\":1}\n"
				      "{\"type\":\"lost\",\"t_ns\":1,\"one\":1,\"two\":2}\n"
				      "{\"type\":\"finding\",\"kind\":\"deadlock\"}\n"
				      "{\"type\":\"end\",\"t_ns\":2,\"records\":4,"
				      "\"three\":3}\n"), 0);
	assert_string_equal(s.faults, "");
	assert_int_equal(s.nr.unknown_types, 1);
	assert_int_equal(s.nr.unknown_members, 3);
	assert_null(strstr(s.records, "finding"));
	free(s.records);
}

/* What a writer left out is unknown, not zero; what says nothing is not written. */
static void test_left_out(void **state)
{
	struct seen s;

	(void)state;
	assert_int_equal(read_text(&s, HEADER READ(1, 1, 1) TASK
				      "{\"type\":\"lock\",\"lock\":\"0x10\",\"kind\":\"mutex\","
				      "\"rule\":\"and\",\"complete\":true,\"verified\":true,"
				      "\"holders\":[{\"tid\":1,\"start_time\":2,\"mode\":\"read\","
				      "\"certainty\":\"likely\"}]}\n"), 0);
	assert_non_null(strstr(s.records, "\"since_ns\":null,\"id\":null,\"site\":null"));
	assert_non_null(strstr(s.records, "\"readers\":null"));
	assert_non_null(strstr(s.records, "\"cpu\":null"));
	assert_non_null(strstr(s.records, "\"syscall\":null,\"wait\":null,\"stack\":null"));
	assert_null(strstr(s.records, "ns_tid"));
	free(s.records);
	assert_int_equal(read_text(&s, HEADER READ(1, 0, 1) "{" HELD_BY("\"spin\":true") "}\n"), 0);
	assert_non_null(strstr(s.records, "\"site\":null,\"spin\":true}"));	/* not CPU 0 */
	free(s.records);
	assert_int_equal(read_text(&s, HEADER "{" HOLD ",\"end\":\"exited\",\"hold_ns\":0}\n"), 0);
	assert_non_null(strstr(s.records, "\"spin\":false,"));
	assert_non_null(strstr(s.records, "\"since_ns\":null,"));
	assert_non_null(strstr(s.records, "\"site\":null,\"cpu\":null,\"stack\":null"));
	free(s.records);
}

static void test_begin_and_end(void **state)
{
	struct seen s;

	(void)state;
	expect_fault("", "0: the file is empty");
	expect_fault("{\"type\":\"end\",\"t_ns\":1,\"records\":0}\n", "1: no header");
	expect_fault(HEADER, "0: no end");
	expect_fault(HEADER "{\"type\":\"end\",\"t_ns\":1,\"records\":7}\n", "2: the end counts 7");
	expect_fault(HEADER HEADER, "2: another recording");
	expect_fault(HEADER "{\"type\":\"end\",\"t_ns\":1,\"records\":1}\n" TASK,
		     "3: the recording goes");
	expect_fault(HEADER "{\"type\":\"lost\",\"t_ns\":1", "2: the file ends inside a record");
	/* Garbage in front does not hide the header. */
	assert_int_equal(read_text(&s, "oops\n" HEADER), 0);
	assert_non_null(strstr(s.records, "\"kernel\":\"k\""));
	free(s.records);
}

static void test_refused(void **state)
{
	struct seen s;

	(void)state;
	assert_int_equal(read_text(&s, "{\"type\":\"header\",\"schema\":2,\"kernel\":[]}\n"),
			 -EPROTONOSUPPORT);
	assert_non_null(strstr(s.err.what, "schema 2"));
	assert_true(*s.err.hint);
	assert_int_equal(read_path(&s, "/nowhere/at/all"), -ENOENT);
	assert_non_null(strstr(s.err.what, "/nowhere/at/all"));
	assert_int_equal(read_path(&s, "/proc"), -EISDIR);
}

static unsigned int count(const char *text, const char *what)
{
	unsigned int nr = 0;

	while ((text = strstr(text, what))) {
		nr++;
		text++;
	}
	return nr;
}

/* A read comes as a whole or not at all. */
static void test_reads_are_whole(void **state)
{
	static const struct {
		const char *text;
		unsigned int reads, tasks;
		const char *fault;
	} rows[] = {
		{ READ(1, 1, 1) TASK LOCK, 1, 1, "" },
		{ READ(1, 1, 1) LOCK TASK, 1, 1, "" },
		{ READ(1, 0, 0), 1, 0, "" },
		{ READ(1, 2, 1) TASK LOCK, 0, 0, "1 of 2 tasks, 1 of 1 locks" },
		{ READ(1, 2, 0) TASK READ(2, 1, 0) TASK, 1, 1, "read 1 is incomplete" },
		{ READ(1, 2, 0) TASK "x\n" READ(2, 0, 0), 1, 0, "read 1 is incomplete" },
		{ READ(1, 2, 0) TASK "{\"type\":\"lost\",\"t_ns\":1}\n" TASK, 0, 0, "read 1 is" },
		{ READ(1, 2, 0) TASK "{" HOLD ",\"end\":\"slept\",\"hold_ns\":1}\n" TASK, 0, 0,
		  "read 1 is" },
		{ READ(1, 1, 0) TASK TASK TASK, 1, 1, "a task that belongs to no read" },
		{ READ(1, 1, 1) LOCK LOCK TASK, 0, 0, "a lock more than read 1 has" },
		{ READ(5, 1, 0) TASK READ(5, 1, 0) TASK, 1, 1, "read 5 after read 5" },
		{ READ(5, 1, 0) TASK READ(4, 1, 0) TASK, 1, 1, "read 4 after read 5" },
		{ TASK LOCK, 0, 0, "a task that belongs to no read" },
		{ READ(1, 2, 0) TASK "{\"type\":\"stack\",\"id\":1,\"frames\":[]}\n" TASK, 1, 2,
		  "" },
		{ READ(1, 2, 0) TASK "{\"type\":\"finding\"}\n" TASK, 1, 2, "" },
	};
	char text[4096];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct seen s;

		snprintf(text, sizeof(text), HEADER "%s", rows[i].text);
		assert_int_equal(read_text(&s, text), 0);
		assert_int_equal(count(s.records, "\"type\":\"read\""), rows[i].reads);
		assert_int_equal(count(s.records, "\"type\":\"task\""), rows[i].tasks);
		if (!strstr(s.faults, rows[i].fault))
			fail_msg("row %zu: wanted \"%s\" in:\n%s", i, rows[i].fault, s.faults);
		if (!*rows[i].fault)
			assert_int_equal(s.nr_faults, 1);	/* no end */
		free(s.records);
	}
}

/* A sink that cannot use a record goes on; one that fails ends the replay. */
static void test_sink_errors(void **state)
{
	struct seen s = { .refuse_type = REC_LOST, .refuse_with = -EPROTO };
	static const char text[] = HEADER "{\"type\":\"lost\",\"t_ns\":1}\n"
				   "{\"type\":\"end\",\"t_ns\":1,\"records\":2}\n";

	(void)state;
	assert_int_equal(read_bytes(&s, text, strlen(text)), 0);
	assert_non_null(strstr(s.faults, "2: the record does not fit"));
	assert_non_null(strstr(s.records, "\"type\":\"end\""));
	free(s.records);
	s = (struct seen){ .refuse_type = REC_LOST, .refuse_with = -ENOSPC };
	assert_int_equal(read_bytes(&s, text, strlen(text)), -ENOSPC);
	free(s.records);
}

static long peak_kb(void)
{
	struct rusage use;

	getrusage(RUSAGE_SELF, &use);
	return use.ru_maxrss;
}

/* Lines made to be large in memory: read in little memory, and refused. */
static void test_memory_is_bounded(void **state)
{
	static const struct {
		const char *piece;
		size_t times;
		const char *fault;
	} rows[] = {
		{ "[],", 2500000, "too many values" },
		{ "{},", 2500000, "too many values" },
		{ "1,", 4000000, "too many values" },
		{ "x", 60000000, "longer than 8 MB" },
		{ "{\"addr\":\"0x1\"},", 60000, "a stack of 60000 frames" },
	};
	long before = peak_kb();

	(void)state;
	(void)before;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		static const char begin[] = HEADER "{\"type\":\"stack\",\"id\":1,\"frames\":[";
		bool whole = i == 4;
		size_t piece = strlen(rows[i].piece), at = sizeof(begin) - 1;
		char *text = malloc(at + piece * rows[i].times + 8);
		struct seen s = { 0 };

		assert_non_null(text);
		memcpy(text, begin, at);
		for (size_t n = 0; n < rows[i].times; n++, at += piece)
			memcpy(text + at, rows[i].piece, piece);
		if (whole)
			at--;
		memcpy(text + at, whole ? "]}\n" : "\n", whole ? 3 : 1);
		at += whole ? 3 : 1;
		assert_int_equal(read_bytes(&s, text, at), 0);
		if (!strstr(s.faults, rows[i].fault))
			fail_msg("wanted \"%s\" in:\n%s", rows[i].fault, s.faults);
		free(s.records);
		free(text);
	}
#ifndef __SANITIZE_ADDRESS__
	assert_true(peak_kb() - before < 200 * 1024);	/* the text itself is 60 MB, twice */
#endif
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_holders_say_what_is_known),
		cmocka_unit_test(test_values_are_checked),
		cmocka_unit_test(test_whole_lines_are_read),
		cmocka_unit_test(test_unknown_is_counted),
		cmocka_unit_test(test_left_out),
		cmocka_unit_test(test_begin_and_end),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_reads_are_whole),
		cmocka_unit_test(test_sink_errors),
		cmocka_unit_test(test_memory_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
