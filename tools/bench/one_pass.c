// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * one_pass.c - what a look at the machine costs, from inside of lockscope
 *
 *   one_pass LOOKS
 *
 * The first look, which searches every sleeper, and then LOOKS more, as a command makes
 * them; then LOOKS times each of the two passes of iterators that they are made of, the
 * one that tells who is blocked and the one that tells the stacks of all sleepers.
 *
 * Prints one JSON object: tasks shown by the last look; milliseconds of processor time of
 * the first look, of a later one (`first`, `later`, with all that is done with what was
 * read), and of a pass (`snapshot_pass`, `before_pass`: nearly all in the kernel); and
 * `rss_mb`, the most memory that was resident. Processor time, not time: others may run.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "record/record.h"
#include "source/live_priv.h"

#include "lockscope.skel.h" /* after abi.h: it uses its types */

static uint32_t nr_tasks;

static int count(void *ctx, const struct record *rec)
{
	(void)ctx;
	if (rec->type == REC_READ)
		nr_tasks = rec->read.nr_tasks;
	return 0;
}

static double cpu_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void check(int err)
{
	if (!err)
		return;
	fprintf(stderr, "one_pass: a look failed: %s\n", strerror(-err));
	exit(1);
}

static double look(struct source *s)
{
	double began = cpu_ms();

	check(s->ops->read(s, true, count, NULL));
	return cpu_ms() - began;
}

static double pass(int link_fd)
{
	double began = cpu_ms();
	size_t len, cap = 0;
	char *buf = NULL;

	check(live_pass__read(link_fd, &buf, &len, &cap));
	free(buf);
	return cpu_ms() - began;
}

/* As if it had just come: every sleeper is told. */
static double pass_before(const struct live_bpf *b)
{
	int fd = bpf_map__fd(b->skel->maps.seen);
	uint64_t key;

	while (!bpf_map_get_next_key(fd, NULL, &key))
		bpf_map_delete_elem(fd, &key);
	b->skel->bss->before_settled = 0;
	return pass(b->before_link_fd);
}

int main(int argc, char **argv)
{
	int nr = argc == 2 ? atoi(argv[1]) : 0, i;
	double first, later = 0, snapshot_pass = 0, before_pass = 0;
	const struct live_bpf *b;
	struct live_config cfg;
	struct lk_error err = { 0 };
	struct rusage used;
	struct source *s;

	if (nr < 1) {
		fprintf(stderr, "usage: one_pass LOOKS\n");
		return 2;
	}
	live_config__defaults(&cfg);
	cfg.no_aggregates = true;
	if (source_live__new(&s, &cfg, &err)) {
		fprintf(stderr, "one_pass: %s\n", err.what);
		return 1;
	}
	b = &((struct source_live *)s)->bpf;
	first = look(s);
	for (i = 0; i < nr; i++)
		later += look(s) / nr;
	getrusage(RUSAGE_SELF, &used);
	for (i = 0; i < nr; i++) {
		snapshot_pass += pass(b->iter_link_fd) / nr;
		before_pass += pass_before(b) / nr;
	}
	printf("{\"tasks\":%u,\"first\":%.3f,\"later\":%.3f,\"snapshot_pass\":%.3f,"
	       "\"before_pass\":%.3f,\"rss_mb\":%.1f}\n", nr_tasks, first, later, snapshot_pass,
	       before_pass, (double)used.ru_maxrss / 1e3);
	source__free(s);
	return 0;
}
