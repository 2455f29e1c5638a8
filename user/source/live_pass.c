// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * live_pass.c - one pass of the task iterator, and the tasks it is asked for.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "source/live_priv.h"

#include "lockscope.skel.h" /* after abi.h: it uses its types */

#define PASS_GROW (256 * 1024)
#define ASKED_MAX 4096

/* Reads the iterator file to its end.  EAGAIN and EINTR are no end. */
static int read_all(int fd, char **buf, size_t *len, size_t *cap)
{
	for (;;) {
		ssize_t n;

		if (*cap - *len < PASS_GROW / 2) {
			size_t grown = *cap + *cap / 2 + PASS_GROW;
			char *more = realloc(*buf, grown);

			if (!more)
				return -ENOMEM;
			*buf = more;
			*cap = grown;
		}
		n = read(fd, *buf + *len, *cap - *len);
		if (n > 0)
			*len += (size_t)n;
		else if (!n)
			return 0;
		else if (errno != EINTR && errno != EAGAIN)
			return -errno;
	}
}

static int index_tasks(struct live_pass *p)
{
	size_t at = 0;

	p->nr = 0;
	while (at + sizeof(struct lk_task) <= p->len) {
		const struct lk_task *t = (const void *)(p->buf + at);

		if (t->len > p->len - at || t->nr_ip > LK_STACK_DEPTH || t->nr_held > LK_HELD_MAX ||
		    t->len != sizeof(*t) + t->nr_ip * 8 +
			      (t->nr_held ? t->nr_held * sizeof(struct lk_hold) + 8 : 0))
			return -EPROTO;
		if (p->nr == p->tasks_cap) {
			uint32_t cap = p->tasks_cap ? p->tasks_cap * 2 : 256;
			const struct lk_task **tasks = realloc(p->tasks, cap * sizeof(*tasks));

			if (!tasks)
				return -ENOMEM;
			p->tasks = tasks;
			p->tasks_cap = cap;
		}
		p->tasks[p->nr++] = t;
		at += t->len;
	}
	return at == p->len ? 0 : -EPROTO;
}

static int index_cpus(struct live_pass *p)
{
	const struct lk_cpu_record **cpus;
	size_t at = 0;

	p->nr_cpus = 0;
	while (at + sizeof(struct lk_cpu_record) <= p->cpu_len) {
		const struct lk_cpu_record *c = (const void *)(p->cpu_buf + at);

		if (c->len > p->cpu_len - at || c->nr_held > 2 * LK_SPIN_HELD_MAX ||
		    c->nr_task_held > c->nr_held ||
		    c->len != sizeof(*c) + c->nr_held * sizeof(struct lk_cpu_hold))
			return -EPROTO;
		if (p->nr_cpus == p->cpus_cap) {
			cpus = realloc(p->cpus, (p->cpus_cap + 64) * sizeof(*cpus));
			if (!cpus)
				return -ENOMEM;
			p->cpus = cpus;
			p->cpus_cap += 64;
		}
		p->cpus[p->nr_cpus++] = c;
		at += c->len;
	}
	return at == p->cpu_len ? 0 : -EPROTO;
}

int live_pass__read(int link_fd, char **buf, size_t *len, size_t *cap)
{
	int fd = bpf_iter_create(link_fd), err;

	if (fd < 0)
		return -errno;
	*len = 0;
	err = read_all(fd, buf, len, cap);
	close(fd);
	return err;
}

/* CPUs before tasks: a task that is seen waiting then had its chance to be seen on
 * its CPU. */
int live_pass__run(struct live_pass *p, const struct live_bpf *b)
{
	int err = 0;

	if (b->hooks && b->cpu_link_fd >= 0)
		err = live_pass__read(b->cpu_link_fd, &p->cpu_buf, &p->cpu_len, &p->cpu_cap) ?:
		      index_cpus(p);
	err = err ?: live_pass__read(b->iter_link_fd, &p->buf, &p->len, &p->cap);
	return err ?: index_tasks(p);
}

void live_pass__free(struct live_pass *p)
{
	free(p->buf);
	free(p->tasks);
	free(p->cpu_buf);
	free(p->cpus);
	memset(p, 0, sizeof(*p));
}

struct asked_task {
	uint32_t tid;
	uint32_t round;
};

struct live_asked {
	int asked_fd, samples_fd;
	volatile uint32_t *sampling_on;
	uint32_t round;
	uint32_t nr;
	struct asked_task list[ASKED_MAX];	/* sorted by tid */
};

int live_asked__new(struct live_asked **out, const struct live_bpf *b)
{
	struct live_asked *a = calloc(1, sizeof(*a));

	*out = a;
	if (!a)
		return -ENOMEM;
	a->asked_fd = bpf_map__fd(b->skel->maps.asked);
	a->samples_fd = bpf_map__fd(b->skel->maps.samples);
	a->sampling_on = &b->skel->bss->sampling_on;
	return 0;
}

void live_asked__free(struct live_asked *a)
{
	free(a);
}

void live_asked__begin(struct live_asked *a)
{
	a->round++;
}

/* The first entry not below tid. */
static uint32_t asked_at(const struct live_asked *a, uint32_t tid)
{
	uint32_t lo = 0, hi = a->nr;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (a->list[mid].tid < tid)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

int live_asked__add(struct live_asked *a, uint32_t tid)
{
	uint32_t at = asked_at(a, tid), one = 1;

	if (at < a->nr && a->list[at].tid == tid) {
		a->list[at].round = a->round;
		return 0;
	}
	if (a->nr == ASKED_MAX || bpf_map_update_elem(a->asked_fd, &tid, &one, BPF_ANY))
		return -ENOSPC;
	memmove(&a->list[at + 1], &a->list[at], (a->nr - at) * sizeof(*a->list));
	a->list[at] = (struct asked_task){ .tid = tid, .round = a->round };
	a->nr++;
	return 1;
}

void live_asked__done(struct live_asked *a)
{
	uint32_t i, kept = 0;

	for (i = 0; i < a->nr; i++) {
		if (a->list[i].round == a->round) {
			a->list[kept++] = a->list[i];
			continue;
		}
		bpf_map_delete_elem(a->asked_fd, &a->list[i].tid);
		bpf_map_delete_elem(a->samples_fd, &a->list[i].tid);
	}
	a->nr = kept;
}

void live_asked__sampling(struct live_asked *a, bool on)
{
	if (*a->sampling_on != on)
		*a->sampling_on = on;
}

int live_asked__sampled(struct live_asked *a, uint32_t tid, uint64_t since_ns, uint64_t *key)
{
	struct lk_sample sample;

	if (bpf_map_lookup_elem(a->samples_fd, &tid, &sample) || sample.t_ns < since_ns)
		return 0;
	*key = sample.stack;
	return 1;
}
