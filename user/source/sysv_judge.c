// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "source/sysv_judge.h"

#include <errno.h>

/* What the operations before this one have made of the value; none of them waits. */
static long value_then(const struct sembuf *ops, size_t at, int value)
{
	long now = value;
	size_t i;

	for (i = 0; i < at; i++)
		if (ops[i].sem_num == ops[at].sem_num)
			now += ops[i].sem_op;
	return now;
}

static bool has_to_wait(const struct sembuf *op, long value)
{
	return op->sem_op ? value + op->sem_op < 0 : value != 0;
}

int sysv__judge(const struct sembuf *ops, size_t nr, int (*value)(void *ctx, uint16_t num),
		void *ctx, struct sysv_claim *out)
{
	size_t i;

	if (!nr || nr > SYSV_OPS_MAX)
		return -E2BIG;
	for (i = 0; i < nr; i++) {
		int now = value(ctx, ops[i].sem_num);

		if (now < 0)
			return now;
		if (!has_to_wait(&ops[i], value_then(ops, i, now)))
			continue;
		/* such a one fails instead: things have changed since it fell asleep */
		if (ops[i].sem_flg & IPC_NOWAIT)
			return -EAGAIN;
		out->num = ops[i].sem_num;
		out->for_zero = !ops[i].sem_op;
		out->undo = ops[i].sem_flg & SEM_UNDO;
		return 0;
	}
	return -EAGAIN;
}

/* What this thread's exit would add to the semaphore. */
static int adjustment(const struct lk_sem_undo *u, const struct sysv_waiter *w)
{
	if (u->ipc_ns != w->ipc_ns || u->semid != w->semid || w->claim->num >= LK_UNDO_SEMS)
		return 0;
	return u->adj[w->claim->num];
}

static bool has_waiter_of(const struct sysv_waiter *w, size_t nr, uint32_t pid)
{
	while (nr--)
		if (w[nr].pid == pid)
			return true;
	return false;
}

/* Do all who wait for it use it as a lock is used? */
static bool is_lock(const struct sysv_waiter *w, size_t nr)
{
	size_t i;

	for (i = 0; i < nr; i++)
		if (w[i].claim->for_zero || !w[i].claim->undo || w[i].claim->foreign)
			return false;
	return true;
}

static void add(struct rec_lock_state *l, struct rec_holder *holders, uint32_t tid,
		uint64_t start_ns, enum certainty sure)
{
	holders[l->nr_holders++] = (struct rec_holder){
		.tid = tid, .start_ns = start_ns, .mode = MODE_EXCLUSIVE, .certainty = sure,
		.since_ns = LK_NO_TIME, .cpu = -1 };
}

/* False where it is no lock, or not all of its holders can be told. */
static bool add_undos(const struct sysv_waiter *w, size_t nr, const struct lk_sem_undo *undos,
		      size_t nr_undos, struct rec_lock_state *l, struct rec_holder *holders)
{
	size_t i;

	for (i = 0; i < nr_undos; i++) {
		int adj = adjustment(&undos[i], w);

		/* Who has raised what it did not lower: that is how work is given. */
		if (adj < 0 || (undos[i].semid < 0 && undos[i].ipc_ns == w->ipc_ns))
			return false;
		if (!adj)
			continue;
		/* Who waits for what it has taken itself is given it by others: a signal. */
		if (has_waiter_of(w, nr, undos[i].pid) || l->nr_holders == SYSV_HOLDERS_MAX)
			return false;
		add(l, holders, undos[i].tid, undos[i].start_ns, SURE_LIKELY);
	}
	return l->nr_holders > 0;
}

/* The one who operated on it last: the semaphore being lower than wanted, it may well
 * be who lowered it, and for a signal it is just another one that takes. */
static void add_last(const struct sysv_waiter *w, size_t nr, struct rec_lock_state *l,
		     struct rec_holder *holders)
{
	const struct sysv_claim *c = w->claim;
	uint32_t i;

	for (i = 0; i < nr; i++)
		if (w[i].claim->for_zero || w[i].pid == c->last)
			return;
	for (i = 0; i < c->nr_threads && i < SYSV_THREADS_MAX; i++)
		add(l, holders, c->threads[i], 0, SURE_POSSIBLE);
}

void sysv__holders(const struct sysv_waiter *w, size_t nr, const struct lk_sem_undo *undos,
		   size_t nr_undos, struct rec_lock_state *l, struct rec_holder *holders)
{
	l->rule = RULE_OR;
	l->nr_readers = -1;
	l->nr_holders = 0;
	l->holders = holders;
	l->verified = l->complete = undos && is_lock(w, nr) &&
				    add_undos(w, nr, undos, nr_undos, l, holders);
	if (l->complete)
		return;
	l->nr_holders = 0;
	add_last(w, nr, l, holders);
}
