// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * Every lock of rows.c is waited for once in turn, while the writer of ctl holds it.
 *
 * /proc/lk_names/ctl    write: "run"
 * /proc/lk_names/truth  read: one JSON object a line for each lock
 */
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/proc_fs.h>
#include <linux/rtmutex.h>
#include <linux/rwsem.h>
#include <linux/sched.h>
#include <linux/sched/task.h>
#include <linux/seq_file.h>
#include <linux/semaphore.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include "row.h"

/* So long a spinlock is held for the one who spins: an emulated processor may lose its
 * turn for a good part of it. */
#define SPIN_MS 30
/* A sleeper has to be seen asleep; no test should hang for one that is not. */
#define SLEEP_MS 10000
/* For the waiters to come: an emulated processor may stand still for seconds.  Below what the
 * kernel's watchdogs allow. */
#define SPIN_PATIENCE_MS 8000

/* Of a queued spinlock the first who waits is in no queue, and no tracepoint sees it. */
#define MAX_WAITERS 2

static struct proc_dir_entry *dir;

/* One lock's waits. */
struct turn {
	struct lk_row *row;
	bool held;
	atomic_t nr_waiting;
	struct completion ready;	/* the waiter has made the lock */
	struct task_struct *waiters[MAX_WAITERS];
	int nr;
};

void lk_kind__init(enum lk_kind kind, void *lock)
{
	switch (kind) {
	case LK_MUTEX: mutex_init((struct mutex *)lock); break;
	case LK_RWSEM: init_rwsem((struct rw_semaphore *)lock); break;
	case LK_SEMAPHORE: sema_init(lock, 1); break;
	case LK_RT_MUTEX: rt_mutex_init((struct rt_mutex *)lock); break;
	case LK_SPINLOCK: spin_lock_init((spinlock_t *)lock); break;
	case LK_RWLOCK: rwlock_init((rwlock_t *)lock); break;
	}
}

void lk_kind__take(enum lk_kind kind, void *lock)
{
	switch (kind) {
	case LK_MUTEX: mutex_lock(lock); break;
	case LK_RWSEM: down_write(lock); break;
	case LK_SEMAPHORE: down(lock); break;
	case LK_RT_MUTEX: rt_mutex_lock(lock); break;
	case LK_SPINLOCK: spin_lock((spinlock_t *)lock); break;
	case LK_RWLOCK: write_lock((rwlock_t *)lock); break;
	}
}

void lk_kind__give(enum lk_kind kind, void *lock)
{
	switch (kind) {
	case LK_MUTEX: mutex_unlock(lock); break;
	case LK_RWSEM: up_write(lock); break;
	case LK_SEMAPHORE: up(lock); break;
	case LK_RT_MUTEX: rt_mutex_unlock(lock); break;
	case LK_SPINLOCK: spin_unlock((spinlock_t *)lock); break;
	case LK_RWLOCK: write_unlock((rwlock_t *)lock); break;
	}
}

const char *lk_kind__name(enum lk_kind kind)
{
	static const char *const names[] = { "mutex", "rwsem", "semaphore", "rt_mutex",
					     "spinlock", "rwlock" };

	return names[kind];
}

static bool spins(enum lk_kind kind)
{
	return kind == LK_SPINLOCK || kind == LK_RWLOCK;
}

static int wait_thread(void *arg)
{
	struct mutex on_own;
	struct turn *t = arg;

	if (!strcmp(t->row->place, "own stack")) {
		mutex_init(&on_own);
		t->row->lock = t->row->object = &on_own;
		complete(&t->ready);
	}
	while (!READ_ONCE(t->held))
		cond_resched();
	atomic_inc(&t->nr_waiting);
	t->row->wait(t->row->object);
	/* The holder gives it back on our stack. */
	while (!kthread_should_stop())
		msleep(1);
	return 0;
}

/* Whether all came to wait. */
static bool await_waiters(struct turn *t)
{
	int ms;

	if (spins(t->row->kind)) {
		for (ms = 0; ms < SPIN_PATIENCE_MS && atomic_read(&t->nr_waiting) < t->nr; ms++)
			mdelay(1);
		mdelay(SPIN_MS);
		return atomic_read(&t->nr_waiting) == t->nr;
	}
	for (ms = 0; ms < SLEEP_MS; ms++) {
		if (atomic_read(&t->nr_waiting) &&
		    READ_ONCE(t->waiters[0]->__state) == TASK_UNINTERRUPTIBLE)
			return true;
		msleep(1);
	}
	return false;
}

static int start_waiter(struct turn *t, unsigned int cpu)
{
	struct task_struct *w = kthread_create(wait_thread, t, "lk_n_%s", t->row->name);

	if (IS_ERR(w))
		return PTR_ERR(w);
	kthread_bind(w, cpu);
	t->waiters[t->nr++] = get_task_struct(w);
	wake_up_process(w);
	return 0;
}

/* Waiters run on other processors than this. */
static int start_waiters(struct turn *t, unsigned int here)
{
	int wanted = spins(t->row->kind) ? MAX_WAITERS : 1, err = 0;
	unsigned int cpu;

	for_each_online_cpu(cpu)
		if (cpu != here && t->nr < wanted && !err)
			err = start_waiter(t, cpu);
	return err ?: t->nr == wanted ? 0 : -ENODEV;
}

static int run_row(struct lk_row *r, unsigned int here)
{
	struct turn t = { .row = r };
	struct mutex on_holder;
	bool waited = false;
	int i, err;

	init_completion(&t.ready);
	if (!strcmp(r->place, "holder's stack")) {
		mutex_init(&on_holder);
		r->lock = r->object = &on_holder;
	}
	/* Before a spinlock is taken: waking takes others. */
	err = start_waiters(&t, here);
	if (!err) {
		if (!strcmp(r->place, "own stack"))
			wait_for_completion(&t.ready);
		lk_kind__take(r->kind, r->lock);
		WRITE_ONCE(t.held, true);
		waited = await_waiters(&t);
		lk_kind__give(r->kind, r->lock);
	}
	WRITE_ONCE(t.held, true);
	for (i = 0; i < t.nr; i++) {
		kthread_stop(t.waiters[i]);
		put_task_struct(t.waiters[i]);
	}
	return err ?: waited ? 0 : -ETIMEDOUT;
}

/* The writer stays on its own processor, the waiters are on another. */
static ssize_t ctl_write(struct file *file, const char __user *ubuf, size_t len, loff_t *pos)
{
	struct lk_row *r;
	int i, err = 0;

	migrate_disable();
	for (i = 0; !err && (r = lk_rows__at(i)); i++)
		err = run_row(r, smp_processor_id());
	migrate_enable();
	return err ?: len;
}

static void show(struct seq_file *m, const char *key, const char *value)
{
	if (value)
		seq_printf(m, ",\"%s\":\"%s\"", key, value);
}

static int truth_show(struct seq_file *m, void *v)
{
	struct lk_row *r;
	int i;

	for (i = 0; (r = lk_rows__at(i)); i++) {
		seq_printf(m, "{\"row\":\"%s\",\"lock\":\"0x%llx\",\"kind\":\"%s\",\"off\":%ld,"
			   "\"bytes\":%zu,\"cpu\":%d,\"blind\":%s", r->name,
			   (unsigned long long)r->lock, lk_kind__name(r->kind),
			   (long)(r->lock - r->object), r->bytes, r->cpu,
			   r->blind ? "true" : "false");
		show(m, "place", r->place);
		show(m, "symbol", r->symbol);
		show(m, "type", r->type);
		show(m, "path", r->path);
		show(m, "cache", r->cache);
		show(m, "site", r->site);
		seq_puts(m, "}\n");
	}
	return 0;
}

static const struct proc_ops ctl_ops = {
	.proc_write = ctl_write,
	.proc_lseek = noop_llseek,
};

static int __init lk_names_init(void)
{
	int err = lk_rows__make();

	dir = err ? NULL : proc_mkdir("lk_names", NULL);
	if (dir && proc_create("ctl", 0200, dir, &ctl_ops) &&
	    proc_create_single("truth", 0400, dir, truth_show))
		return 0;
	proc_remove(dir);
	lk_rows__free();
	return err ?: -ENOMEM;
}

static void __exit lk_names_exit(void)
{
	proc_remove(dir);
	lk_rows__free();
}

module_init(lk_names_init);
module_exit(lk_names_exit);
MODULE_DESCRIPTION("Locks in known places for lockscope's tests");
MODULE_LICENSE("Dual BSD/GPL");
