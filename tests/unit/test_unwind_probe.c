// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * User stacks of a real process: one that sleeps in functions of known names, and whose
 * registers ptrace tells as the kernel has them.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <signal.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>
#include "cmocka_all.h"
#include "lib/probe_child.h"
#include "source/unwind_probe.h"

#define DEADLINE_NS 20000000000ull

/* Not static, so that no compiler renames them; the asm keeps them from calling last. */
void sleep_inner(void);
void sleep_outer(void);

__attribute__((noinline)) void sleep_inner(void)
{
	for (;;) {
		pause();
		asm volatile("" ::: "memory");
	}
}

__attribute__((noinline)) void sleep_outer(void)
{
	sleep_inner();
	asm volatile("" ::: "memory");
}

static struct probe_child *child;
static pid_t sleeper;

static void spawn(void)
{
	sleeper = fork();
	if (!sleeper)
		for (;;)
			sleep_outer();
	assert_true(sleeper > 0);
}

/* Its registers, with the kernel stopping it where it sleeps. */
static void fill(struct unwind_query *q)
{
	uint64_t raw[64] = { 0 };
	struct iovec regs = { raw, sizeof(raw) };

	usleep(100000);	/* it is asleep by then; if not, its stack is shorter and the test fails */
	assert_int_equal(ptrace(PTRACE_SEIZE, sleeper, 0, 0), 0);
	assert_int_equal(ptrace(PTRACE_INTERRUPT, sleeper, 0, 0), 0);
	assert_int_equal(waitpid(sleeper, NULL, 0), sleeper);
	assert_int_equal(ptrace(PTRACE_GETREGSET, sleeper, NT_PRSTATUS, &regs), 0);
	unwind_regs__from(&q->regs, raw);
	q->pid = q->tid = (uint32_t)sleeper;
}

static struct unwind_probe *ask(const char *libdw)
{
	struct unwind_probe *p;
	int err;

	assert_int_equal(probe_child__new(&child, sizeof(*p)), 0);
	p = probe_child__shared(child);
	p->libdw = libdw;
	p->nr = 2;
	spawn();
	fill(&p->queries[0]);
	p->queries[1] = p->queries[0];
	assert_int_equal(probe_child__start(child, unwind_probe__run), 0);
	assert_true(probe_child__wait(child, DEADLINE_NS, &err));
	assert_int_equal(err, 0);
	assert_int_equal(p->at, 2);
	return p;
}

static int clean(void **state)
{
	(void)state;
	probe_child__free(child);
	child = NULL;
	if (sleeper > 0) {
		kill(sleeper, SIGKILL);
		while (waitpid(sleeper, NULL, 0) == sleeper)
			;
	}
	sleeper = 0;
	return 0;
}

static int frame_of(const struct unwind_query *q, const char *sym)
{
	uint32_t i;

	for (i = 0; i < q->nr_frames; i++)
		if (q->frames[i].sym && !strcmp(q->text + q->frames[i].sym, sym))
			return (int)i;
	return -1;
}

static void names_the_functions(void **state)
{
	struct unwind_probe *p = ask("libdw.so.1");
	int k, inner, main_at;

	(void)state;
	if (p->queries[0].why == USER_STACK_NO_LIBDW)
		skip();
	for (k = 0; k < 2; k++) {
		const struct unwind_query *q = &p->queries[k];

		assert_int_equal(q->why, USER_STACK_THERE);
		inner = frame_of(q, "sleep_inner");
		main_at = frame_of(q, "main");
		assert_true(inner > 0);	/* behind the C library's pause() */
		assert_int_equal(frame_of(q, "sleep_outer"), inner + 1);
		assert_true(main_at > inner + 1);
		assert_string_equal(q->text + q->frames[inner].module, "test_unwind_probe");
		assert_true(q->frames[inner].off > 0 && q->frames[inner].off < 256);
	}
}

static void no_libdw(void **state)
{
	struct unwind_probe *p = ask("libthere-is-none.so.1");

	(void)state;
	assert_int_equal(p->queries[0].why, USER_STACK_NO_LIBDW);
	assert_int_equal(p->queries[1].why, USER_STACK_NO_LIBDW);
	assert_int_equal(p->queries[1].nr_frames, 0);
}

static void a_process_that_is_gone(void **state)
{
	struct unwind_probe *p;
	int err;

	(void)state;
	assert_int_equal(probe_child__new(&child, sizeof(*p)), 0);
	p = probe_child__shared(child);
	p->libdw = "libdw.so.1";
	p->nr = 1;
	p->queries[0].pid = p->queries[0].tid = 0x7ffffff0;
	assert_int_equal(probe_child__start(child, unwind_probe__run), 0);
	assert_true(probe_child__wait(child, DEADLINE_NS, &err));
	assert_int_equal(err, 0);
	assert_true(p->queries[0].why == USER_STACK_MEMORY ||
		    p->queries[0].why == USER_STACK_NO_LIBDW);
	assert_int_equal(p->queries[0].nr_frames, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(names_the_functions, clean),
		cmocka_unit_test_teardown(no_libdw, clean),
		cmocka_unit_test_teardown(a_process_that_is_gone, clean),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
