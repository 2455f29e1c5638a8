// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include <linux/cpumask.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/sched/task.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

#include "run.h"

/* A spin counts as formed when it has lasted this long. */
#define LK_SPIN_FORMED_MS 10

int lk_run__new(struct lk_run **out, const struct lk_scenario *s, long param)
{
	struct lk_run *r;
	int i, err;

	r = kzalloc(struct_size(r, tasks, s->nr_tasks), GFP_KERNEL);
	if (!r)
		return -ENOMEM;
	r->scenario = s;
	r->param = param;
	init_waitqueue_head(&r->wq);
	init_completion(&r->done);
	r->locks = kcalloc(s->nr_locks, sizeof(*r->locks), GFP_KERNEL);
	if (!r->locks) {
		kfree(r);
		return -ENOMEM;
	}
	for (i = 0; i < s->nr_tasks; i++) {
		r->tasks[i].run = r;
		r->tasks[i].idx = i;
	}
	for (i = 0; i < s->nr_locks; i++) {
		err = lk_lock__init(&r->locks[i], s->kinds[i % s->nr_kinds], s->count ?: 1);
		if (err) {
			lk_run__free(r);
			return err;
		}
	}
	*out = r;
	return 0;
}

void lk_run__free(struct lk_run *r)
{
	int i;

	if (!r)
		return;
	for (i = 0; i < r->scenario->nr_tasks; i++) {
		if (!r->tasks[i].task)
			continue;
		/* a kthread may still be on its last instructions in here */
		if (r->tasks[i].kthread)
			kthread_stop(r->tasks[i].task);
		put_task_struct(r->tasks[i].task);
	}
	for (i = 0; i < r->scenario->nr_locks; i++)
		lk_lock__destroy(&r->locks[i]);
	kfree(r->locks);
	kfree(r);
}

/* The module stays loaded as long as a task is in a body. */
static int act(struct lk_task *t)
{
	int err;

	err = t->run->scenario->body(t);
	t->result = err;
	/* from here on a user task's run may be freed */
	smp_store_release(&t->ended, true);
	return err;
}

static int kthread_main(void *arg)
{
	act(arg);
	module_put(THIS_MODULE);
	/* lk_run__free waits for this thread with kthread_stop */
	return 0;
}

static struct task_struct *create(struct lk_task *t)
{
	const struct lk_scenario *s = t->run->scenario;
	struct task_struct *task;

	task = kthread_create(kthread_main, t, "lk_%s_%c", s->tag, 'a' + t->idx);
	if (!IS_ERR(task) && s->per_cpu)
		kthread_bind(task, t->idx + 1);
	return task;
}

int lk_run__start(struct lk_run *r)
{
	const struct lk_scenario *s = r->scenario;
	struct task_struct *task;
	int i;

	if (s->per_cpu && num_online_cpus() < s->nr_tasks + 1)
		return -ENODEV;
	for (i = 0; i < s->nr_tasks; i++) {
		task = create(&r->tasks[i]);
		if (IS_ERR(task))
			return PTR_ERR(task);
		get_task_struct(task);
		r->tasks[i].kthread = true;
		r->tasks[i].task = task;
	}
	for (i = 0; i < s->nr_tasks; i++) {
		__module_get(THIS_MODULE);
		wake_up_process(r->tasks[i].task);
	}
	return 0;
}

int lk_run__claim(struct lk_run *r, int role)
{
	if (role < 0 || role >= r->scenario->nr_tasks)
		return -EINVAL;
	if (r->tasks[role].task)
		return -EBUSY;
	r->tasks[role].task = get_task_struct(current);
	return 0;
}

int lk_run__act(struct lk_run *r, int role)
{
	int err;

	__module_get(THIS_MODULE);
	err = act(&r->tasks[role]);
	module_put(THIS_MODULE);
	return err;
}

void lk_run__go(struct lk_run *r)
{
	WRITE_ONCE(r->go, true);
	wake_up_all(&r->wq);
}

void lk_run__stop(struct lk_run *r)
{
	WRITE_ONCE(r->stop, true);
	complete_all(&r->done);
	wake_up_all(&r->wq);
}

bool lk_run__ended(const struct lk_run *r)
{
	int i;

	for (i = 0; i < r->scenario->nr_tasks; i++)
		if (r->tasks[i].task && !smp_load_acquire(&r->tasks[i].ended))
			return false;
	return true;
}

bool lk_task__blocked(const struct lk_task *t)
{
	if (!t->task || t->ended || !smp_load_acquire(&t->waiting))
		return false;
	if (lk_lock__spins(t->wants.lock))
		return time_after(jiffies, t->wants_since +
				  msecs_to_jiffies(LK_SPIN_FORMED_MS));
	/* a percpu_rwsem's writer first sleeps for RCU, with nothing blocked */
	if (t->wants.lock->kind == LK_PERCPU_RWSEM &&
	    !atomic_read(&t->wants.lock->percpu_rwsem.block))
		return false;
	return READ_ONCE(t->task->__state) != TASK_RUNNING &&
	       !READ_ONCE(t->task->on_cpu) && !READ_ONCE(t->task->exit_state);
}

bool lk_task__stuck(const struct lk_task *t)
{
	return READ_ONCE(t->at_last_take) && lk_task__blocked(t);
}

bool lk_run__formed(struct lk_run *r)
{
	const struct lk_scenario *s = r->scenario;
	bool loops = s->nr_free == s->nr_tasks;
	int i;

	for (i = loops ? 0 : s->nr_free; i < s->nr_tasks; i++)
		if (loops ? !READ_ONCE(r->tasks[i].loops) : !lk_task__stuck(&r->tasks[i]))
			return false;
	r->formed_once = true;
	return true;
}

static void show_lock(struct seq_file *m, const struct lk_hold *h)
{
	seq_printf(m, "{\"lock\":\"0x%px\",\"kind\":\"%s\",\"mode\":\"%s\"", h->lock,
		   lk_kind__name(h->lock->kind), lk_mode__name(h->mode));
	if (h->site)
		seq_printf(m, ",\"site\":\"%ps\"", h->site);
	seq_putc(m, '}');
}

static void show_task(struct seq_file *m, struct lk_task *t)
{
	int i, nr = READ_ONCE(t->nr_holds);

	seq_printf(m, "{\"tid\":%d,\"comm\":\"%s\",\"ended\":%s,\"result\":%d,\"loops\":%lu,\"waits\":",
		   task_pid_nr(t->task), t->task->comm, t->ended ? "true" : "false",
		   t->result, t->loops);
	if (lk_task__blocked(t))
		show_lock(m, &t->wants);
	else
		seq_puts(m, "null");
	seq_puts(m, ",\"holds\":[");
	for (i = 0; i < nr; i++) {
		if (i)
			seq_putc(m, ',');
		show_lock(m, &t->holds[i]);
	}
	seq_puts(m, "]}");
}

void lk_run__show(struct lk_run *r, struct seq_file *m)
{
	const struct lk_scenario *s = r->scenario;
	bool formed = lk_run__formed(r);
	const char *sep = "";
	int i;

	seq_printf(m, "{\"scenario\":\"%s\",\"expect\":\"%s\",\"owners\":\"%s\","
		   "\"formed\":%s,\"formed_once\":%s,\"ended\":%s,\"tasks\":[",
		   s->name, s->expect, s->owners, formed ? "true" : "false",
		   r->formed_once ? "true" : "false",
		   lk_run__ended(r) ? "true" : "false");
	for (i = 0; i < s->nr_tasks; i++) {
		if (!r->tasks[i].task)
			continue;
		seq_puts(m, sep);
		show_task(m, &r->tasks[i]);
		sep = ",";
	}
	seq_puts(m, "],\"cycle\":[");
	for (i = 0; formed && i < s->nr_cycle; i++)
		seq_printf(m, "%s%d", i ? "," : "",
			   task_pid_nr(r->tasks[s->cycle[i] - 'a'].task));
	seq_puts(m, "]}\n");
}

static void push(struct lk_task *t, struct lk_lock *l, enum lk_mode mode, bool tried)
{
	if (WARN_ON_ONCE(t->nr_holds == LK_MAX_HOLDS))
		return;
	t->holds[t->nr_holds].lock = l;
	t->holds[t->nr_holds].mode = mode;
	t->holds[t->nr_holds].site = lk_lock__site(l, tried);
	smp_store_release(&t->nr_holds, t->nr_holds + 1);
}

static void pop(struct lk_task *t, int i)
{
	int last = t->nr_holds - 1;

	t->holds[i] = t->holds[last];
	WRITE_ONCE(t->nr_holds, last);
}

void lk_task__begin_wait(struct lk_task *t, struct lk_lock *l, enum lk_mode mode)
{
	t->wants.lock = l;
	t->wants.mode = mode;
	t->wants_since = jiffies;
	smp_store_release(&t->waiting, true);
}

void lk_task__end_wait(struct lk_task *t)
{
	WRITE_ONCE(t->waiting, false);
}

int lk_task__take(struct lk_task *t, struct lk_lock *l, enum lk_mode mode,
		  enum lk_how how)
{
	int err;

	mode = lk_lock__mode(l, mode);
	lk_task__begin_wait(t, l, mode);
	err = lk_lock__take(l, mode, how);
	lk_task__end_wait(t);
	if (!err)
		push(t, l, mode, false);
	return err;
}

bool lk_task__try(struct lk_task *t, struct lk_lock *l, enum lk_mode mode)
{
	mode = lk_lock__mode(l, mode);
	if (!lk_lock__try(l, mode))
		return false;
	push(t, l, mode, true);
	return true;
}

void lk_task__give(struct lk_task *t)
{
	struct lk_hold h = t->holds[t->nr_holds - 1];

	pop(t, t->nr_holds - 1);
	lk_lock__give(h.lock, h.mode);
}

void lk_task__give_all(struct lk_task *t)
{
	while (t->nr_holds && !t->leaves_locks)
		lk_task__give(t);
}

/* Index in t->holds, or -1. */
static int find_hold(const struct lk_task *t, const struct lk_lock *l)
{
	int i;

	for (i = t->nr_holds - 1; i >= 0; i--)
		if (t->holds[i].lock == l)
			break;
	return i;
}

void lk_task__forget(struct lk_task *t, struct lk_lock *l)
{
	int i = find_hold(t, l);

	if (i >= 0)
		pop(t, i);
}

/* The script sees to it that the other task is not at its holds just now. */
int lk_task__give_foreign(struct lk_task *t, struct lk_lock *l)
{
	struct lk_task *other;
	int i, hold;

	for (i = 0; i < t->run->scenario->nr_tasks; i++) {
		other = &t->run->tasks[i];
		hold = find_hold(other, l);
		if (other != t && hold >= 0) {
			enum lk_mode mode = other->holds[hold].mode;

			pop(other, hold);
			lk_lock__give(l, mode);
			return 0;
		}
	}
	return -ENOENT;
}

void lk_task__arrive(struct lk_task *t)
{
	atomic_inc(&t->run->arrived);
	wake_up_all(&t->run->wq);
}

int lk_task__await(struct lk_task *t, int nr)
{
	struct lk_run *r = t->run;
	int err;

	err = wait_event_killable(r->wq, atomic_read(&r->arrived) >= nr ||
				  lk_task__stopped(t));
	return err || lk_task__stopped(t) ? -EINTR : 0;
}

int lk_task__await_go(struct lk_task *t)
{
	int err;

	err = wait_event_killable(t->run->wq, READ_ONCE(t->run->go) || lk_task__stopped(t));
	return err || lk_task__stopped(t) ? -EINTR : 0;
}

void lk_task__sleep_until_stop(struct lk_task *t)
{
	wait_event_interruptible(t->run->wq, lk_task__stopped(t));
}

bool lk_task__stopped(const struct lk_task *t)
{
	return READ_ONCE(t->run->stop);
}
