// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * /proc/lk_test/ctl    write: "start NAME [PARAM]"  every role as a kthread
 *                             "run NAME ROLE"       one role in the writer itself
 *                             "go NAME"             on with tasks that wait for it
 *                             "stop NAME"           returns when all have ended
 * /proc/lk_test/truth  read: one JSON object a line for each scenario started
 * /proc/lk_test/list   read: one JSON object a line for each scenario there is
 */
#include <linux/delay.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>
#include <linux/uaccess.h>

#include "run.h"

#define LK_STOP_MS 10000

static LIST_HEAD(runs);
static DEFINE_MUTEX(runs_lock);
static struct proc_dir_entry *dir;

static struct lk_run *find_run(const struct lk_scenario *s)
{
	struct lk_run *r;

	list_for_each_entry(r, &runs, node)
		if (r->scenario == s)
			return r;
	return NULL;
}

/* Drops the run of that scenario when it has ended. -EBUSY when it has not. */
static int drop_run(const struct lk_scenario *s)
{
	struct lk_run *r = find_run(s);

	if (!r)
		return 0;
	if (!lk_run__ended(r))
		return -EBUSY;
	list_del(&r->node);
	lk_run__free(r);
	return 0;
}

static int add_run(struct lk_run **out, const struct lk_scenario *s, long param)
{
	int err = lk_run__new(out, s, param);

	if (!err)
		list_add_tail(&(*out)->node, &runs);
	return err;
}

static int start(const struct lk_scenario *s, long param)
{
	struct lk_run *r;
	int err;

	if (s->users)
		return -EINVAL;
	mutex_lock(&runs_lock);
	err = drop_run(s);
	if (!err)
		err = add_run(&r, s, param ?: s->param);
	if (err)
		goto out;
	err = lk_run__start(r);
	if (err) {
		list_del(&r->node);
		lk_run__free(r);
	}
out:
	mutex_unlock(&runs_lock);
	return err;
}

static int run_role(const struct lk_scenario *s, long role)
{
	struct lk_run *r;
	int err = 0;

	mutex_lock(&runs_lock);
	r = find_run(s);
	if (!r || drop_run(s) == 0)
		err = add_run(&r, s, s->param);
	if (!err)
		err = lk_run__claim(r, role);
	mutex_unlock(&runs_lock);
	return err ?: lk_run__act(r, role);
}

static int go(const struct lk_scenario *s)
{
	struct lk_run *r;

	mutex_lock(&runs_lock);
	r = find_run(s);
	if (r)
		lk_run__go(r);
	mutex_unlock(&runs_lock);
	return r ? 0 : -ENOENT;
}

/* 1 ended, 0 not yet, or -errno. */
static int try_stop(const struct lk_scenario *s)
{
	struct lk_run *r;
	int ret = -ENOENT;

	mutex_lock(&runs_lock);
	r = find_run(s);
	if (r) {
		lk_run__stop(r);
		ret = lk_run__ended(r);
		if (!ret && s->stuck && lk_run__formed(r))
			ret = -EDEADLK;
	}
	mutex_unlock(&runs_lock);
	return ret;
}

static int stop(const struct lk_scenario *s)
{
	int i, ret;

	for (i = 0; i < LK_STOP_MS / 10; i++) {
		ret = try_stop(s);
		if (ret)
			return ret < 0 ? ret : 0;
		msleep(10);
	}
	return -ETIMEDOUT;
}

static ssize_t ctl_write(struct file *file, const char __user *ubuf, size_t len,
			 loff_t *pos)
{
	const struct lk_scenario *s;
	char buf[80], verb[8], name[32];
	long param = 0;
	int err = -EINVAL;

	if (len >= sizeof(buf))
		return -EINVAL;
	if (copy_from_user(buf, ubuf, len))
		return -EFAULT;
	buf[len] = '\0';
	if (sscanf(buf, "%7s %31s %ld", verb, name, &param) < 2)
		return -EINVAL;
	s = lk_scenario__find(name);
	if (!s)
		return -ENOENT;
	if (!strcmp(verb, "start"))
		err = start(s, param);
	else if (!strcmp(verb, "run"))
		err = run_role(s, param);
	else if (!strcmp(verb, "go"))
		err = go(s);
	else if (!strcmp(verb, "stop"))
		err = stop(s);
	return err ?: len;
}

static int truth_show(struct seq_file *m, void *v)
{
	struct lk_run *r;

	mutex_lock(&runs_lock);
	list_for_each_entry(r, &runs, node)
		lk_run__show(r, m);
	mutex_unlock(&runs_lock);
	return 0;
}

static int list_show(struct seq_file *m, void *v)
{
	const struct lk_scenario *s;
	int i;

	for (i = 0; (s = lk_scenario__at(i)); i++)
		seq_printf(m, "{\"scenario\":\"%s\",\"expect\":\"%s\",\"owners\":\"%s\","
			   "\"tasks\":%d,\"stuck\":%s,\"users\":%s}\n", s->name, s->expect,
			   s->owners, s->nr_tasks, s->stuck ? "true" : "false",
			   s->users ? "true" : "false");
	return 0;
}

static const struct proc_ops ctl_ops = {
	.proc_write = ctl_write,
	.proc_lseek = noop_llseek,
};

static int __init lk_test_init(void)
{
	dir = proc_mkdir("lk_test", NULL);
	if (!dir || !proc_create("ctl", 0200, dir, &ctl_ops) ||
	    !proc_create_single("truth", 0400, dir, truth_show) ||
	    !proc_create_single("list", 0400, dir, list_show)) {
		proc_remove(dir);
		return -ENOMEM;
	}
	return 0;
}

/* Every live task holds a reference to the module, so all runs have ended. */
static void __exit lk_test_exit(void)
{
	struct lk_run *r, *next;

	proc_remove(dir);
	list_for_each_entry_safe(r, next, &runs, node)
		lk_run__free(r);
}

module_init(lk_test_init);
module_exit(lk_test_exit);
MODULE_DESCRIPTION("Lock scenarios for lockscope's tests");
MODULE_LICENSE("Dual BSD/GPL");
