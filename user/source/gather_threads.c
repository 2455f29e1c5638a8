// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * gather_threads.c - every thread of the machine, twice: who is blocked in both looks
 * and since when, and who takes the processor's time.
 *
 * The stat file of a kworker takes wq_pool_attach_mutex for its name, so this may hang.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/map.h"
#include "lib/vec.h"
#include "record/fact_json.h"
#include "source/gather_jobs.h"
#include "source/gather_stat.h"
#include "source/gather_tasks.h"

#define NS_PER_S 1000000000ull
#define BUSY_SHARE 4		/* a quarter of one CPU: worth telling */
#define BUSY_MAX 32u
#define BLOCKED_MAX 2000u
#define CLOCKS_MAX 400u		/* threads asked for the clock of their CPU */

struct thread {
	struct gather_stat stat;
	uint32_t pid;
	uint64_t user_ticks, system_ticks;	/* between the looks */
	bool was_blocked;			/* in the first look */
};

struct look {
	struct thread *list;
	size_t nr, cap;
	uint64_t t_ns;
};

static bool is_number(const char *name)
{
	return isdigit((unsigned char)*name);
}

static int look_at_thread(struct look *l, const char *path, uint32_t pid)
{
	char text[1024];

	if (gather_job__read(path, text, sizeof(text)) <= 0)
		return 0;	/* it has gone */
	if (!VEC_ROOM(l->list, l->nr, l->cap))
		return -ENOMEM;
	memset(&l->list[l->nr], 0, sizeof(l->list[l->nr]));
	l->list[l->nr].pid = pid;
	if (!gather_stat__parse(&l->list[l->nr].stat, text))
		l->nr++;
	return 0;
}

static int look_at_process(struct look *l, const char *name, char *doing)
{
	char path[96];
	struct dirent *d;
	DIR *tasks;
	int err = 0;

	snprintf(path, sizeof(path), "/proc/%.20s/task", name);
	tasks = opendir(path);
	while (tasks && !err && (d = readdir(tasks))) {
		if (!is_number(d->d_name))
			continue;
		snprintf(path, sizeof(path), "/proc/%.20s/task/%.20s/stat", name, d->d_name);
		gather_job__doing(doing, path);
		err = look_at_thread(l, path, (uint32_t)strtoul(name, NULL, 10));
	}
	if (tasks)
		closedir(tasks);
	return err;
}

/* This diagnosis itself, and the child that looks: neither is what is wrong here. */
static bool is_ours(const char *name)
{
	pid_t pid = (pid_t)strtol(name, NULL, 10);

	return pid == getpid() || pid == getppid();
}

static int take_look(struct look *l, char *doing)
{
	DIR *proc = opendir("/proc");
	struct dirent *d;
	int err = proc ? 0 : -errno;

	l->t_ns = gather_job__now();
	while (!err && (d = readdir(proc)))
		if (is_number(d->d_name) && !is_ours(d->d_name))
			err = look_at_process(l, d->d_name, doing);
	if (proc)
		closedir(proc);
	return err;
}

/* What each thread of the second look did since the first. */
static int compare(const struct look *first, struct look *second)
{
	struct u64map *tids;
	uint64_t at;
	int err = u64map__new(&tids, first->nr);

	for (size_t i = 0; !err && i < first->nr; i++)
		err = u64map__set(tids, first->list[i].stat.tid, i);
	for (size_t i = 0; !err && i < second->nr; i++) {
		struct thread *t = &second->list[i];
		const struct gather_stat *was;

		if (!u64map__get(tids, t->stat.tid, &at))
			continue;
		was = &first->list[at].stat;
		if (was->start_ticks != t->stat.start_ticks)
			continue;
		t->user_ticks = t->stat.user_ticks - was->user_ticks;
		t->system_ticks = t->stat.system_ticks - was->system_ticks;
		t->was_blocked = was->state == 'D';
	}
	u64map__free(tids);
	return err;
}

static uint64_t last_ran(const struct thread *t, char *doing)
{
	char path[96], text[4096];

	snprintf(path, sizeof(path), "/proc/%u/task/%u/sched", t->pid, t->stat.tid);
	gather_job__doing(doing, path);
	return gather_job__read(path, text, sizeof(text)) > 0 ? gather_stat__last_ran(text) : 0;
}

/* A sleeper last ran at some time of its CPU's clock, and that clock reads at least
 * what it was when anybody last ran there: the difference is how long it sleeps at
 * least.  No other way tells on a stock kernel. */
struct clocks {
	uint64_t *by_cpu;
	long nr;
};

static void read_clocks(struct clocks *c, const struct look *l, char *doing)
{
	uint32_t asked = 0;

	c->nr = sysconf(_SC_NPROCESSORS_CONF);
	c->by_cpu = calloc((size_t)c->nr, sizeof(*c->by_cpu));
	for (size_t i = 0; c->by_cpu && i < l->nr && asked < CLOCKS_MAX; i++) {
		const struct thread *t = &l->list[i];
		uint64_t ran;

		if (t->stat.cpu < 0 || t->stat.cpu >= c->nr || t->was_blocked ||
		    !(t->user_ticks || t->system_ticks || t->stat.kernel))
			continue;
		ran = last_ran(t, doing);
		asked++;
		if (ran > c->by_cpu[t->stat.cpu])
			c->by_cpu[t->stat.cpu] = ran;
	}
}

static uint64_t asleep_ns(const struct clocks *c, const struct thread *t, char *doing)
{
	uint64_t ran, now;

	if (!c->by_cpu || t->stat.cpu < 0 || t->stat.cpu >= c->nr)
		return 0;
	ran = last_ran(t, doing);
	now = c->by_cpu[t->stat.cpu];
	return ran && now > ran ? now - ran : 0;
}

static uint64_t ticks_ns(uint64_t ticks)
{
	return ticks * (NS_PER_S / (uint64_t)sysconf(_SC_CLK_TCK));
}

static void put_thread(FILE *out, const struct thread *t, const struct look *l, uint64_t over_ns,
		       uint64_t sleeps_ns)
{
	const struct rec_thread rec = {
		.t_ns = (int64_t)l->t_ns, .tid = t->stat.tid, .pid = t->pid,
		.start_ns = ticks_ns(t->stat.start_ticks), .comm = t->stat.comm,
		.state = t->stat.state, .kernel = t->stat.kernel,
		.user_ns = ticks_ns(t->user_ticks), .system_ns = ticks_ns(t->system_ticks),
		.over_ns = over_ns, .asleep_ns = sleeps_ns,
	};
	struct json j;

	gather_job__begin(&j, out, "thread");
	fact_json__thread(&j, &rec);
	gather_job__end(&j);
}

static int by_use(const void *a, const void *b)
{
	const struct thread *x = a, *y = b;
	uint64_t used_x = x->user_ticks + x->system_ticks, used_y = y->user_ticks + y->system_ticks;

	return (used_x < used_y) - (used_x > used_y);
}

/* The busiest first, before anything that may hang. */
static void put_busy(FILE *out, struct look *l, uint64_t over_ns)
{
	qsort(l->list, l->nr, sizeof(*l->list), by_use);
	for (size_t i = 0; i < l->nr && i < BUSY_MAX; i++) {
		const struct thread *t = &l->list[i];

		if (ticks_ns(t->user_ticks + t->system_ticks) * BUSY_SHARE < over_ns)
			break;
		put_thread(out, t, l, over_ns, 0);
	}
}

static void put_blocked(FILE *out, const struct look *l, uint64_t over_ns, char *doing)
{
	struct clocks clocks = { 0 };
	uint32_t nr = 0;
	char why[64];

	for (size_t i = 0; i < l->nr; i++)
		nr += l->list[i].was_blocked && l->list[i].stat.state == 'D';
	if (!nr)
		return;
	read_clocks(&clocks, l, doing);
	for (size_t i = 0, told = 0; i < l->nr && told < BLOCKED_MAX; i++) {
		const struct thread *t = &l->list[i];

		if (!t->was_blocked || t->stat.state != 'D')
			continue;
		put_thread(out, t, l, over_ns, asleep_ns(&clocks, t, doing));
		told++;
	}
	free(clocks.by_cpu);
	snprintf(why, sizeof(why), "%u are blocked, %u were asked", nr, BLOCKED_MAX);
	if (nr > BLOCKED_MAX)
		gather_job__absent(out, "since when some tasks are blocked", why);
}

/* The blocked tasks of a look, for want of somebody who reads them better. */
static int put_tasks(FILE *out, const struct look *l, uint64_t seq, char *doing)
{
	struct gather_task *tasks = calloc(l->nr + 1, sizeof(*tasks));
	uint32_t nr = 0;

	if (!tasks)
		return -ENOMEM;
	for (size_t i = 0; i < l->nr; i++)
		if (l->list[i].stat.state == 'D')
			tasks[nr++] = (struct gather_task){
				.stat = &l->list[i].stat, .pid = l->list[i].pid,
				.start_ns = ticks_ns(l->list[i].stat.start_ticks),
			};
	gather_tasks__put(out, tasks, nr, seq, (int64_t)l->t_ns, doing);
	free(tasks);
	return 0;
}

void gather_job__threads(FILE *out, char *doing, void *arg)
{
	const struct gather_order *order = arg;
	const struct timespec pause = { .tv_sec = order->look_ms / 1000,
					.tv_nsec = order->look_ms % 1000 * 1000000L };
	struct look first = { 0 }, second = { 0 };
	int err = take_look(&first, doing);

	if (!err && order->tasks)
		err = put_tasks(out, &first, 1, doing);
	nanosleep(&pause, NULL);
	if (!err)
		err = take_look(&second, doing);
	if (!err)
		err = compare(&first, &second);
	if (err) {
		gather_job__absent(out, "what threads do (/proc)", strerror(-err));
		return;
	}
	put_busy(out, &second, second.t_ns - first.t_ns);
	put_blocked(out, &second, second.t_ns - first.t_ns, doing);
	if (order->tasks)
		put_tasks(out, &second, 2, doing);
}
