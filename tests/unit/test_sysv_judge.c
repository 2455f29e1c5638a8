// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * SysV semaphores: which operation of a call has to wait, and who keeps it waiting.
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "cmocka_all.h"
#include "source/futex_sleeps.h"
#include "source/sysv_probe.h"

#define OWN_NS 4026531839u
#define SET 7
#define T0 1000000000ull

static int value_of(void *ctx, uint16_t num)
{
	const int *values = ctx;

	return num < 4 ? values[num] : -EINVAL;
}

static int judge(const struct sembuf *ops, size_t nr, struct sysv_claim *c)
{
	static int values[4] = { 0, 1, 5, 0 };

	memset(c, 0, sizeof(*c));
	return sysv__judge(ops, nr, value_of, values, c);
}

static void the_first_that_cannot_be_done(void **state)
{
	const struct sembuf one[] = { { 0, -1, SEM_UNDO } };
	const struct sembuf third[] = { { 1, -1, 0 }, { 2, -5, 0 }, { 3, -1, 0 }, { 0, -1, SEM_UNDO } };
	const struct sembuf twice[] = { { 2, -3, 0 }, { 2, -3, 0 } };
	const struct sembuf raised[] = { { 0, 2, 0 }, { 0, -2, 0 }, { 2, 0, 0 } };
	const struct sembuf zero_after[] = { { 1, -1, 0 }, { 1, 0, 0 }, { 3, 0, 0 }, { 0, -1, 0 } };
	struct sysv_claim c;

	(void)state;
	assert_int_equal(judge(one, 1, &c), 0);
	assert_true(c.num == 0 && c.undo && !c.for_zero);
	assert_int_equal(judge(third, 4, &c), 0);
	assert_true(c.num == 3 && !c.undo && !c.for_zero);
	assert_int_equal(judge(twice, 2, &c), 0);
	assert_int_equal(c.num, 2);
	assert_int_equal(judge(raised, 3, &c), 0);
	assert_true(c.num == 2 && c.for_zero);
	assert_int_equal(judge(zero_after, 4, &c), 0);
	assert_true(c.num == 0 && !c.for_zero);
}

static void none_has_to_wait(void **state)
{
	const struct sembuf enough[] = { { 1, -1, 0 }, { 2, -5, 0 }, { 0, 0, 0 } };
	const struct sembuf no_wait[] = { { 0, -1, IPC_NOWAIT }, { 3, -1, 0 } };
	struct sysv_claim c;

	(void)state;
	assert_int_equal(judge(enough, 3, &c), -EAGAIN);
	assert_int_equal(judge(no_wait, 2, &c), -EAGAIN);
}

static void hostile_operations(void **state)
{
	static struct sembuf many[SYSV_OPS_MAX + 1];
	const struct sembuf beyond[] = { { 65535, -1, 0 } };
	const struct sembuf low[] = { { 2, -32768, 0 }, { 2, -32768, 0 } };
	struct sysv_claim c;

	(void)state;
	assert_int_equal(judge(many, 0, &c), -E2BIG);
	assert_int_equal(judge(many, SYSV_OPS_MAX + 1, &c), -E2BIG);
	assert_int_equal(judge(many, SIZE_MAX, &c), -E2BIG);
	assert_int_equal(judge(many, SYSV_OPS_MAX, &c), -EAGAIN);
	assert_int_equal(judge(beyond, 1, &c), -EINVAL);
	assert_int_equal(judge(low, 2, &c), 0);
	memset(many, 0xff, sizeof(many));
	assert_int_equal(judge(many, SYSV_OPS_MAX, &c), -EINVAL);
}

/* Who holds it. */

static struct rec_holder holders[SYSV_HOLDERS_MAX];

static struct sysv_claim claim(bool undo, uint32_t last)
{
	struct sysv_claim c = { .num = 2, .undo = undo, .last = last, .nr_threads = !!last };

	c.threads[0] = last;
	return c;
}

static struct sysv_waiter waiter(uint32_t tid, const struct sysv_claim *c)
{
	return (struct sysv_waiter){ OWN_NS, SET, tid, tid, c };
}

static struct lk_sem_undo undo(uint32_t tid, int16_t adj)
{
	struct lk_sem_undo u = { .tid = tid, .pid = tid, .start_ns = tid, .ipc_ns = OWN_NS,
				 .semid = SET };

	u.adj[2] = adj;
	return u;
}

static struct rec_lock_state ask(const struct sysv_waiter *w, size_t nr,
				 const struct lk_sem_undo *u, size_t nr_undos)
{
	struct rec_lock_state l = { 0 };

	sysv__holders(w, nr, u, nr_undos, &l, holders);
	return l;
}

static bool proves_nothing(const struct rec_lock_state *l)
{
	uint32_t i;

	for (i = 0; i < l->nr_holders; i++)
		if (l->holders[i].certainty != SURE_POSSIBLE)
			return false;
	return l->rule == RULE_OR && !l->complete && !l->verified;
}

static void those_who_lowered_it_with_undo(void **state)
{
	struct sysv_claim c = claim(true, 50);
	struct sysv_waiter w[] = { waiter(1, &c), waiter(2, &c) };
	struct lk_sem_undo u[] = { undo(50, 1), undo(51, 2), undo(52, 0), undo(53, -1), undo(54, 1),
				   undo(55, 1) };
	struct rec_lock_state l;

	(void)state;
	u[3].semid = u[4].semid = SET + 1;
	u[5].ipc_ns = OWN_NS + 1;
	l = ask(w, 2, u, 6);
	assert_true(l.complete && l.verified && l.rule == RULE_OR);
	assert_int_equal(l.nr_holders, 2);
	assert_int_equal(l.holders[0].tid, 50);
	assert_int_equal(l.holders[0].start_ns, 50);
	assert_int_equal(l.holders[1].tid, 51);
	assert_int_equal(l.holders[0].certainty, SURE_LIKELY);
}

static void the_last_one_is_a_hint(void **state)
{
	struct sysv_claim c = claim(false, 50);
	struct sysv_waiter w = waiter(1, &c);
	struct lk_sem_undo u = undo(50, 1);
	struct rec_lock_state l = ask(&w, 1, &u, 1);

	(void)state;
	assert_true(proves_nothing(&l) && l.nr_holders == 1 && l.holders[0].tid == 50);
	c.undo = true;
	l = ask(&w, 1, NULL, 0);	/* the undo lists were not read */
	assert_true(proves_nothing(&l) && l.nr_holders == 1);
	u.adj[2] = 0;
	l = ask(&w, 1, &u, 1);		/* nobody owes it anything */
	assert_true(proves_nothing(&l) && l.nr_holders == 1);
}

static void no_holder_at_all(void **state)
{
	struct sysv_claim itself = claim(false, 1), zero = claim(false, 50), gone = claim(false, 0),
			  foreign = claim(true, 0);
	struct sysv_waiter own = waiter(1, &itself), for_zero = waiter(1, &zero),
			   of_gone = waiter(1, &gone), far = waiter(1, &foreign);
	struct lk_sem_undo u = undo(50, 1);
	struct rec_lock_state l = ask(&own, 1, &u, 1);

	(void)state;
	zero.for_zero = foreign.foreign = true;
	assert_true(proves_nothing(&l) && !l.nr_holders);
	l = ask(&for_zero, 1, &u, 1);
	assert_true(proves_nothing(&l) && !l.nr_holders);
	l = ask(&of_gone, 1, &u, 1);
	assert_true(proves_nothing(&l) && !l.nr_holders);
	l = ask(&far, 1, &u, 1);
	assert_true(proves_nothing(&l) && !l.nr_holders);
}

/* Each of these looks like a lock in part. */
static void a_signal_is_no_lock(void **state)
{
	struct sysv_claim with = claim(true, 50), without = claim(false, 50);
	struct sysv_waiter mixed[] = { waiter(1, &with), waiter(2, &without) };
	struct sysv_waiter one = waiter(1, &with);
	struct lk_sem_undo taker[] = { undo(50, 1), undo(1, 3) };
	struct lk_sem_undo cut[] = { undo(50, 1), undo(51, 0) };
	struct lk_sem_undo given[] = { undo(50, 1), undo(51, -1) };
	struct lk_sem_undo many[SYSV_HOLDERS_MAX + 1];
	struct rec_lock_state l = ask(mixed, 2, taker, 1);
	size_t i;

	(void)state;
	assert_true(proves_nothing(&l));
	l = ask(&one, 1, taker, 2);	/* the waiter itself has lowered it before */
	assert_true(proves_nothing(&l));
	cut[1].semid = -1;
	l = ask(&one, 1, cut, 2);	/* and perhaps a third one has */
	assert_true(proves_nothing(&l));
	cut[1].ipc_ns++;		/* but of none of these semaphores */
	l = ask(&one, 1, cut, 2);
	assert_true(l.complete && l.nr_holders == 1);
	l = ask(&one, 1, given, 2);	/* a producer that uses SEM_UNDO as well */
	assert_true(proves_nothing(&l));
	given[1].semid++;
	l = ask(&one, 1, given, 2);
	assert_true(l.complete && l.nr_holders == 1);
	for (i = 0; i < SYSV_HOLDERS_MAX + 1; i++)
		many[i] = undo(100 + (uint32_t)i, 1);
	l = ask(&one, 1, many, SYSV_HOLDERS_MAX);
	assert_true(l.complete && l.nr_holders == SYSV_HOLDERS_MAX);
	l = ask(&one, 1, many, SYSV_HOLDERS_MAX + 1);
	assert_true(proves_nothing(&l));
	with.num = LK_UNDO_SEMS;	/* its adjustments are not told */
	l = ask(&one, 1, taker, 1);
	assert_true(proves_nothing(&l));
}

/* What the child asks. */

static uint32_t own_ipc_ns(void)
{
	struct stat st;

	assert_int_equal(stat("/proc/self/ns/ipc", &st), 0);
	return (uint32_t)st.st_ino;
}

static void memory_that_cannot_be_read(void **state)
{
	static struct sembuf ops[SYSV_OPS_MAX];
	struct sysv_call call = { .pid = (uint32_t)getpid(), .nr_ops = 1, .semid = -1,
				  .ipc_ns = own_ipc_ns() };
	struct sysv_claim c;

	(void)state;
	assert_true(sysv_probe__ask(&call, &c) < 0);
	call.ops = UINT64_MAX - 1;
	assert_true(sysv_probe__ask(&call, &c) < 0);
	call.ops = (uintptr_t)ops;
	call.nr_ops = UINT32_MAX;
	assert_int_equal(sysv_probe__ask(&call, &c), -E2BIG);
	call.nr_ops = 0;
	assert_int_equal(sysv_probe__ask(&call, &c), -E2BIG);
	call.nr_ops = 1;
	call.pid = UINT32_MAX;
	assert_int_equal(sysv_probe__ask(&call, &c), -ENOENT);
}

static void another_namespace_is_not_asked(void **state)
{
	const struct sembuf ops[] = { { 3, -1, SEM_UNDO }, { 1, 0, 0 } };
	struct sysv_call call = { .pid = (uint32_t)getpid(), .ops = (uintptr_t)ops, .nr_ops = 1,
				  .semid = 0, .ipc_ns = own_ipc_ns() + 1 };
	struct sysv_claim c;

	(void)state;
	assert_int_equal(sysv_probe__ask(&call, &c), 0);
	assert_true(c.foreign && c.num == 3 && c.undo && !c.for_zero && !c.last && !c.nr_threads);
	call.nr_ops = 2;
	assert_int_equal(sysv_probe__ask(&call, &c), -EXDEV);
}

static void a_set_of_our_own(void **state)
{
	const struct sembuf ops[] = { { 1, -1, 0 }, { 0, -1, 0 } }, beyond = { 2, -1, 0 };
	struct sysv_call call = { .pid = (uint32_t)getpid(), .ops = (uintptr_t)ops, .nr_ops = 2,
				  .semid = semget(IPC_PRIVATE, 2, 0600), .ipc_ns = own_ipc_ns() };
	struct sysv_claim c;
	int set, err, free_err, beyond_err, gone_err;

	(void)state;
	if (call.semid < 0)
		skip();	/* no SysV semaphores here */
	set = semctl(call.semid, 1, SETVAL, 1);
	err = sysv_probe__ask(&call, &c);
	call.nr_ops = 1;
	free_err = sysv_probe__ask(&call, &(struct sysv_claim){ 0 });
	call.ops = (uintptr_t)&beyond;
	beyond_err = sysv_probe__ask(&call, &(struct sysv_claim){ 0 });
	semctl(call.semid, 0, IPC_RMID);
	gone_err = sysv_probe__ask(&call, &(struct sysv_claim){ 0 });
	assert_int_equal(set, 0);
	assert_int_equal(err, 0);
	assert_true(c.num == 0 && !c.foreign && !c.last && !c.key);
	assert_int_equal(free_err, -EAGAIN);
	assert_int_equal(beyond_err, -EINVAL);
	assert_true(gone_err == -EINVAL || gone_err == -EIDRM);
}

/* From look to look. */

static struct futex_query queries[FUTEX_PROBE_MAX];

static bool skip_none(void *ctx, uint32_t pid)
{
	(void)ctx;
	(void)pid;
	return false;
}

static struct lk_futex call_of(uint32_t tid)
{
	return (struct lk_futex){ .tid = tid, .pid = tid, .ns_tid = tid, .uaddr = 0x7000, .val = SET,
				  .start_ns = tid, .switches = 3, .t_ns = T0, .nr_ops = 1,
				  .flags = LK_FUTEX_SEMOP, .ipc_ns = OWN_NS };
}

static void answer(struct futex_sleeps *s, uint64_t now, uint32_t last)
{
	uint32_t left, i, nr = futex_sleeps__ask(s, now, true, skip_none, NULL, queries, &left);

	for (i = 0; i < nr; i++) {
		assert_true(queries[i].semop && queries[i].nr_ops == 1);
		queries[i].sem = claim(true, last);
		queries[i].sem.key = 0x4d2;
	}
	assert_int_equal(futex_sleeps__answer(s, queries, nr, now), 0);
}

static void one_semaphore_of_several_processes(void **state)
{
	struct lk_futex recs[] = { call_of(2), call_of(1), { .tid = 3, .pid = 3, .start_ns = 3 } };
	struct futex_sleeps s = { 0 };
	struct lk_sem_undo u = undo(50, 1);

	(void)state;
	assert_int_equal(futex_sleeps__look(&s, recs + 2, 1, T0), 0);
	assert_false(futex_sleeps__any_semop(&s));
	assert_int_equal(futex_sleeps__look(&s, recs, 2, T0 + 1), 0);
	assert_true(futex_sleeps__any_semop(&s));
	answer(&s, T0 + T0, 50);
	assert_int_equal(futex_sleeps__make_locks(&s, 0, &u, 1), 0);
	assert_int_equal(s.nr_locks, 0);
	answer(&s, T0 + T0 + 1, 50);
	assert_int_equal(futex_sleeps__make_locks(&s, 0, &u, 1), 0);
	assert_int_equal(s.nr_locks, 1);
	assert_true(futex_sleep__is_shown(futex_sleeps__find(&s, 1, 1, 3)));
	assert_string_equal(s.locks[0].lock.str, "sysv_sem:4026531839:7:2");
	assert_int_equal(s.locks[0].lock.kind, KIND_SYSV_SEM);
	assert_string_equal(s.locks[0].name, "set 7 (key 0x4d2), number 2");
	assert_non_null(strstr(s.locks[0].evidence, "SEM_UNDO"));
	assert_int_equal(s.locks[0].nr_holders, 1);
	assert_int_equal(futex_sleeps__make_locks(&s, 0, NULL, 0), 0);
	assert_false(s.locks[0].complete);
	assert_non_null(strstr(s.locks[0].evidence, "process 50 is the last that operated on it"));
	answer(&s, T0 + T0 + 2, 51);	/* another one was there meanwhile */
	assert_int_equal(futex_sleeps__make_locks(&s, 0, NULL, 0), 0);
	assert_int_equal(s.nr_locks, 0);
	futex_sleeps__free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_that_cannot_be_done),
		cmocka_unit_test(none_has_to_wait),
		cmocka_unit_test(hostile_operations),
		cmocka_unit_test(those_who_lowered_it_with_undo),
		cmocka_unit_test(the_last_one_is_a_hint),
		cmocka_unit_test(no_holder_at_all),
		cmocka_unit_test(a_signal_is_no_lock),
		cmocka_unit_test(memory_that_cannot_be_read),
		cmocka_unit_test(another_namespace_is_not_asked),
		cmocka_unit_test(a_set_of_our_own),
		cmocka_unit_test(one_semaphore_of_several_processes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
