// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#define _GNU_SOURCE
#include "sides.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lockscope.skel.h" /* after abi.h: it uses its types */

#define ASLEEP 3		/* TASK_INTERRUPTIBLE | TASK_UNINTERRUPTIBLE */

void side__die(const char *what, int err)
{
	fprintf(stderr, "%s: %s: %s\n", program_invocation_short_name, what,
		strerror(err < 0 ? -err : err));
	exit(2);
}

void side__open(struct side *side, bool is_witness)
{
	struct live_config cfg;
	struct lk_error err = { 0 };

	live_config__defaults(&cfg);
	cfg.no_aggregates = true;
	cfg.stacks = LIVE_STACKS_NONE;
	cfg.emit_waits = is_witness;
	cfg.ring_kb = is_witness ? 16384 : 0;
	if (source_live__new(&side->base, &cfg, &err)) {
		fprintf(stderr, "%s: %s\n", program_invocation_short_name, err.what);
		exit(2);
	}
	side->s = (struct source_live *)side->base;
}

void side__close(struct side *side)
{
	live_look__free(&side->look);
	source__free(side->base);
}

void side__make_deaf(const struct side *side)
{
	struct lockscope_bpf *k = side->s->bpf.skel;
	const struct lk_task_wait none = { 0 };
	uint32_t i, nr = bpf_map__max_entries(k->maps.task_waits);

	k->bss->tracing_on = 0;
	bpf_link__destroy(k->links.contention_begin);
	bpf_link__destroy(k->links.contention_end);
	k->links.contention_begin = k->links.contention_end = NULL;
	for (i = 0; i < nr; i++)
		bpf_map_update_elem(bpf_map__fd(k->maps.task_waits), &i, &none, BPF_ANY);
}

void side__look(struct side *side)
{
	int err = live_look__take(&side->look, &side->s->bpf);

	if (err)
		side__die("cannot look at the tasks", err);
}

bool side__sleeps_in_wait(const struct lk_task *t)
{
	return t->wait.lock && !t->on_cpu && t->state & ASLEEP &&
	       !(t->wait.flags & (LK_F_SPIN | LK_F_FOUND));
}
