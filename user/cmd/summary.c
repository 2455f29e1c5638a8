// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * summary.c - losses and cost, as text and as records.
 */
#include "cmd/summary.h"

#include <inttypes.h>
#include <string.h>
#include <sys/resource.h>
#include "lib/fmt.h"
#include "lib/json.h"

/* What each counter of struct rec_lost means to a person; | becomes the s of several. */
static const struct {
	size_t offset;
	const char *what;
} losses[] = {
	{ offsetof(struct rec_lost, ring), "single wait|: the ring buffer was full" },
	{ offsetof(struct rec_lost, maps), "time| a map had no room" },
	{ offsetof(struct rec_lost, recursion), "wait| not seen: a program met itself" },
	{ offsetof(struct rec_lost, stack_collisions), "stack|: two had the same hash" },
	{ offsetof(struct rec_lost, held_overflow), "hold| not seen: too many at once" },
	{ offsetof(struct rec_lost, looks), "look| at the machine: failed or late" },
	{ offsetof(struct rec_lost, lines), "source line|: the debug info did not answer in time" },
	{ offsetof(struct rec_lost, user_stacks), "user stack|: see the report" },
	{ offsetof(struct rec_lost, unread), "look| at the locks of a process: its memory did not answer" },
};

static size_t put_loss(char *buf, size_t size, size_t len, uint64_t nr, const char *what)
{
	int one = (int)strcspn(what, "|");

	if (!nr || len >= size)
		return len;
	return len + (size_t)snprintf(buf + len, size - len, "%s%" PRIu64 " %.*s%s%s",
				      len ? ", " : "", nr, one, what, nr == 1 ? "" : "s",
				      what + one + 1);
}

const char *summary__lost(const struct model *model, char *buf, size_t size)
{
	const struct rec_lost *lost = model__lost(model);
	const struct snapshot *snap = model__current(model);
	size_t len = 0;

	snprintf(buf, size, "nothing");
	for (size_t i = 0; lost && i < sizeof(losses) / sizeof(*losses); i++)
		len = put_loss(buf, size, len,
			       *(const uint64_t *)((const char *)lost + losses[i].offset),
			       losses[i].what);
	len = put_loss(buf, size, len, model__reads_cut(model),
		       "look| at the machine: given up half-way");
	put_loss(buf, size, len, snap ? snap->nr_locks_cut : 0,
		 "lock| left out of the graph: too many waits");
	return buf;
}

static uint64_t peak_rss_bytes(void)
{
	struct rusage usage;

	return getrusage(RUSAGE_SELF, &usage) ? 0 : (uint64_t)usage.ru_maxrss * 1024;
}

/* What level held has counted besides: gives without a take are normal for locks taken
 * before the start; the others are entries that had to be put right. */
static const struct {
	size_t offset;
	const char *name, *what;
} held_counts[] = {
	{ offsetof(struct lk_counters, unmatched), "unmatched", "releases without an acquire" },
	{ offsetof(struct lk_counters, healed), "healed", "stale holds dropped" },
	{ offsetof(struct lk_counters, irq_takes), "irq_takes", "acquires by interrupts, not kept" },
	{ offsetof(struct lk_counters, spin_unmatched), "spin_unmatched",
	  "spinlock releases without an acquire" },
	{ offsetof(struct lk_counters, spin_moved), "spin_moved",
	  "spinlock holds dropped at a task switch" },
	{ offsetof(struct lk_counters, spin_stale), "spin_stale", "stale spinlock holds dropped" },
	{ offsetof(struct lk_counters, spin_dropped), "spin_dropped",
	  "spinlock acquires inside a hook, not kept" },
	{ offsetof(struct lk_counters, atomic_sleeps), "atomic_sleeps",
	  "sleeps with a spinlock held" },
};

static uint64_t held_count(const struct live_cost *cost, size_t i)
{
	return *(const uint64_t *)((const char *)&cost->lost + held_counts[i].offset);
}

static void print_held_counts(const struct live_cost *cost, FILE *out)
{
	const char *sep = "; ";

	fprintf(out, "Level held: %zu functions hooked", cost->nr_hooks);
	for (size_t i = 0; i < sizeof(held_counts) / sizeof(*held_counts); i++) {
		if (!held_count(cost, i))
			continue;
		fprintf(out, "%s%" PRIu64 " %s", sep, held_count(cost, i), held_counts[i].what);
		sep = ", ";
	}
	fprintf(out, "\n");
}

static int print_cost(const struct run *r, FILE *out)
{
	char waits[FMT_LEN], walks[FMT_LEN], per_run[FMT_LEN];
	struct live_cost cost;
	int err = source_live__cost(r->src, &cost);

	if (err)
		return err;
	fprintf(out, "Cost: BPF maps %.1f MB, lockscope %.1f MB at its peak; %s waits seen, "
		"%s stacks walked", (double)cost.map_bytes / 1e6, (double)peak_rss_bytes() / 1e6,
		fmt__count(waits, sizeof(waits), cost.waits),
		fmt__count(walks, sizeof(walks), cost.walks));
	if (cost.run_cnt)
		fprintf(out, "; %s in BPF a call", fmt__ns(per_run, sizeof(per_run),
							    cost.run_ns / cost.run_cnt));
	if (cost.lost.lost_places)
		fprintf(out, "; %llu times no room to keep where a lock lies: it has no name by type",
			(unsigned long long)cost.lost.lost_places);
	fprintf(out, "\n");
	if (cost.nr_hooks && r->opt->verbose)
		print_held_counts(&cost, out);
	return 0;
}

int summary__print_cost(struct run *r, FILE *out)
{
	return r->src->is_live ? print_cost(r, out) : 0;
}

int summary__cost_json(struct run *r)
{
	struct live_cost cost;
	struct json j;
	int err;

	if (!r->src->is_live)
		return 0;
	err = source_live__cost(r->src, &cost);
	if (err)
		return err;
	json__init(&j, r->stream.out);
	json__object(&j, NULL);
	json__str(&j, "type", "cost");
	json__u64(&j, "map_bytes", cost.map_bytes);
	json__u64(&j, "rss_bytes", peak_rss_bytes());
	json__u64(&j, "waits", cost.waits);
	json__u64(&j, "stack_walks", cost.walks);
	json__u64(&j, "bpf_run_ns", cost.run_ns);
	json__u64(&j, "bpf_run_count", cost.run_cnt);
	if (cost.lost.lost_places)
		json__u64(&j, "unplaced", cost.lost.lost_places);
	if (cost.nr_hooks) {
		json__u64(&j, "hooks", cost.nr_hooks);
		for (size_t i = 0; i < sizeof(held_counts) / sizeof(*held_counts); i++)
			json__u64(&j, held_counts[i].name, held_count(&cost, i));
	}
	json__end_object(&j);
	err = json__done(&j);
	if (!err)
		r->stream.nr_lines++;
	return err;
}

int summary__json(struct run *r)
{
	const struct rec_lost *lost = model__lost(session__model(r->session));
	struct record rec = { .type = REC_LOST };
	int err;

	if (lost)
		rec.lost = *lost;
	err = stream__record(&r->stream, &rec);
	return err ? err : summary__cost_json(r);
}

void summary__warn(const struct run *r)
{
	char buf[400];

	if (r->session && strcmp(summary__lost(session__model(r->session), buf, sizeof(buf)),
				 "nothing"))
		run__note(r, "lost: %s", buf);
}
