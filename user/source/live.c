// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * live.c - the running kernel behind the source interface.
 */
#include "source/live.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "lib/map.h"
#include "lib/probe_child.h"
#include "source/futex_probe.h"
#include "source/line_cache.h"
#include "source/live_priv.h"
#include "source/live_types.h"
#include "source/probe.h"
#include "source/unwind_probe.h"

#include "lockscope.skel.h" /* after abi.h: it uses its types */

void live_config__defaults(struct live_config *cfg)
{
	memset(cfg, 0, sizeof(*cfg));
	cfg->stacks = LIVE_STACKS_SAMPLED;
	cfg->thresholds = (struct rec_thresholds){ .long_wait_ns = 1000000000ULL,
						   .long_spin_ns = 10000000ULL,
						   .long_hold_ns = 1000000000ULL };
}

static struct source_live *live(struct source *s)
{
	return (struct source_live *)s;
}

static int on_wait(struct source_live *s, const struct lk_event *e)
{
	struct record rec = { .type = REC_WAIT };
	struct rec_wait *w = &rec.wait;
	const struct rec_stack *stack;
	uint64_t owner;

	w->id = e->wait.id;
	w->stack = live_stacks__by_key(s->stacks, e->wait.stack, s->sink, s->sink_ctx, &s->sink_err);
	stack = live_stacks__get(s->stacks, w->stack);
	w->who = (struct rec_who){ .tid = e->wait.tid, .pid = e->pid, .ns_tid = e->wait.tid,
				   .start_ns = e->start_ns, .cgroup = e->cgroup, .comm = e->comm };
	rec_lock__set_addr(&w->lock, e->wait.lock, live_kind__of(e->wait.flags, stack));
	w->mode = live_kind__mode(e->wait.flags);
	w->spin = live_kind__spins(e->wait.flags);
	w->since_ns = live__t(s, e->wait.since_ns);
	w->t_ns = live__t(s, e->end_ns);
	w->wait_ns = (int64_t)(e->end_ns - e->wait.since_ns);
	w->result = e->result;
	w->owner_tid = e->wait.owner_tid;
	if (u64map__get(s->owners, w->id, &owner)) {
		w->owner_tid = (uint32_t)(owner >> 32);
		w->owner_stack = (uint32_t)owner;
		u64map__del(s->owners, w->id);
	}
	s->sink_err = s->sink_err ?: live_names__tell(s->names, &w->lock, stack, false, s->sink,
						    s->sink_ctx);
	return s->sink_err ?: s->sink(s->sink_ctx, &rec);
}

/* Its word names whoever holds it so: if it does not, this hold is over. */
static bool word_names_holder(enum lk_kind kind, uint32_t info)
{
	return !(info & LK_HELD_READ) && (kind == LK_KIND_MUTEX || kind == LK_KIND_WW_MUTEX ||
					  kind == LK_KIND_RT_MUTEX || kind == LK_KIND_RWSEM);
}

/* A word that still names the dead task proves the leak; a lock whose word names
 * nobody might have been released unseen. */
static enum certainty leak_certainty(const struct source_live *s, const struct lk_hold_event *e)
{
	enum lk_kind kind = LK_HELD_KIND(e->info);

	/* Somebody has released the lock since for somebody else: perhaps for this task. */
	if (!(e->says & LK_WORD_OWNER) && live_bpf__bucket(&s->bpf, e->lock).crossed_ns > e->since_ns)
		return NR_CERTAINTY;
	if (e->says & LK_WORD_OWNER)
		return e->owner == e->task ? SURE_CERTAIN : NR_CERTAINTY;
	if (e->says & LK_WORD_FREE || (e->says & LK_WORD_READ && word_names_holder(kind, e->info)))
		return NR_CERTAINTY;
	if (e->info & LK_HELD_READ && e->says & LK_WORD_WRITER)
		return NR_CERTAINTY;
	return live__missed_since(s, e->info, e->since_ns) ? SURE_POSSIBLE : SURE_LIKELY;
}

/* Of a hold that ended in a way that its own hook saw. */
static enum certainty seen_certainty(const struct source_live *s, const struct lk_hold_event *e)
{
	enum lk_kind kind = LK_HELD_KIND(e->info);

	if (e->how == LK_HOLD_SLEPT)
		return SURE_LIKELY;
	return (kind == LK_KIND_SPINLOCK || kind == LK_KIND_RWLOCK) &&
			       live__missed_since(s, e->info, e->since_ns) ?
		       SURE_LIKELY :
		       SURE_CERTAIN;
}

static int on_hold(struct source_live *s, const struct lk_hold_event *e)
{
	enum certainty certainty;

	/* Dozens of system calls: once for all that one drain brings. */
	if (!s->missed_noted)
		live__note_missed(s);
	s->missed_noted = true;
	certainty = e->how == LK_HOLD_EXITED ? leak_certainty(s, e) : seen_certainty(s, e);
	if (certainty == NR_CERTAINTY || e->pid == (uint32_t)getpid())
		return 0;	/* proven to be stale: the lock is not held by it; or our own */
	if (!held_exits__wants(e))
		return live__tell_hold(s, e, certainty);
	/* To be told once it has stood for a while; without room for it, unproven. */
	return held_exits__add(&s->exits, e) ? live__tell_hold(s, e, SURE_POSSIBLE) : 0;
}

int live__tell_hold(struct source_live *s, const struct lk_hold_event *e, enum certainty certainty)
{
	struct record rec = { .type = REC_HOLD };
	struct rec_hold *h = &rec.hold;

	h->certainty = certainty;
	h->id = (uint64_t)e->tid << 32 | (uint32_t)e->id;
	h->who = (struct rec_who){ .tid = e->tid, .pid = e->pid, .ns_tid = e->tid,
				   .start_ns = e->start_ns, .cgroup = e->cgroup, .comm = e->comm };
	h->end = e->how == LK_HOLD_EXITED ? HOLD_EXITED :
		 e->how == LK_HOLD_SLEPT ? HOLD_SLEPT : HOLD_RELEASED;
	live_kind__held(e->info, e->lock, &h->lock, &h->mode, &h->spin);
	h->since_ns = live__t(s, e->since_ns);
	h->t_ns = live__t(s, e->end_ns);
	h->hold_ns = (int64_t)(e->end_ns - e->since_ns);
	symbols__refresh(s->symbols, live__now());
	symbols__code(s->symbols, e->site, &h->site);
	h->stack = live_stacks__by_key(s->stacks, e->stack, s->sink, s->sink_ctx, &s->sink_err);
	h->cpu = h->spin ? (int32_t)e->cpu : -1;
	s->sink_err = s->sink_err ?: live_names__tell(s->names, &h->lock, NULL, false, s->sink,
						    s->sink_ctx);
	return s->sink_err ?: s->sink(s->sink_ctx, &rec);
}

static int on_event(void *ctx, void *data, size_t size)
{
	struct source_live *s = ctx;
	const uint32_t *type = data;

	if (!s->sink)
		return 0;
	if (size >= sizeof(struct lk_event) && *type == LK_EVENT_WAIT)
		s->sink_err = on_wait(s, data);
	else if (size >= sizeof(struct lk_hold_event) && *type == LK_EVENT_HOLD)
		s->sink_err = on_hold(s, data);
	return s->sink_err;
}

/* Long holds of spinning locks, which their CPU keeps for us. */
static int drain_longs(struct source_live *s, record_fn sink, void *ctx)
{
	uint32_t cpu;
	int err = 0;

	for (cpu = 0; s->longs_seen && cpu < s->bpf.nr_cpus && !err; cpu++) {
		const volatile struct lk_cpu *c = &s->bpf.cpus[cpu];
		uint64_t nr = c->nr_longs;

		if (nr - s->longs_seen[cpu] > LK_SPIN_LONGS) {
			s->longs_lost += nr - s->longs_seen[cpu] - LK_SPIN_LONGS;
			s->longs_seen[cpu] = nr - LK_SPIN_LONGS;
		}
		while (s->longs_seen[cpu] < nr && !err) {
			struct lk_spin_long l;
			struct lk_hold_event e;

			memcpy(&l, (const void *)&c->longs[s->longs_seen[cpu] % LK_SPIN_LONGS],
			       sizeof(l));
			if (l.nr != ++s->longs_seen[cpu]) {
				s->longs_lost++;
				continue;
			}
			e = (struct lk_hold_event){
				.how = LK_HOLD_GIVEN, .lock = l.held.lock,
				.since_ns = l.held.since_ns, .end_ns = l.end_ns, .site = l.held.site,
				.start_ns = l.start_ns, .id = l.held.id, .info = l.held.info,
				.tid = l.held.tid, .pid = l.pid, .cpu = cpu,
			};
			memcpy(e.comm, l.comm, sizeof(e.comm));
			s->sink = sink;
			s->sink_ctx = ctx;
			err = on_hold(s, &e);
			s->sink = NULL;
		}
	}
	return err;
}

static int live_header(struct source *base, record_fn sink, void *ctx)
{
	struct source_live *s = live(base);
	struct record rec = { .type = REC_HEADER };

	rec.header = (struct rec_header){
		.schema = REC_SCHEMA, .version = LOCKSCOPE_VERSION, .kernel = s->kernel,
		.host = s->host, .level = s->cfg.held ? "held" : "contention", .began_at = s->began_at,
		.command = (char *const *)s->cfg.command, .thresholds = s->cfg.thresholds,
		.boot_ns = s->boot_ns,
	};
	return sink(ctx, &rec);
}

static int live_drain(struct source *base, record_fn sink, void *ctx)
{
	struct source_live *s = live(base);
	struct lk_counters nr;
	int n;

	s->sink = sink;
	s->sink_ctx = ctx;
	s->sink_err = 0;
	s->missed_noted = false;
	n = ring_buffer__consume(s->bpf.ring);
	s->sink = NULL;
	if (s->sink_err)
		return s->sink_err;
	if (n < 0)
		return n;
	n = drain_longs(s, sink, ctx);
	if (!n && s->stopped) {
		s->sink = sink;
		n = live_exits__look(s, live_reader__look(s->reader), true);
		s->sink = NULL;
	}
	if (n)
		return n;
	live_bpf__counters(&s->bpf, &nr);
	return live_stacks__make_room(s->stacks, nr.stacks_kept, sink, ctx);
}

static int live_read(struct source *base, bool confirm, record_fn sink, void *ctx)
{
	return live_names__make_room(live(base)->names) ?:
	       live_reader__read(live(base)->reader, confirm, sink, ctx);
}

static int live_collect(struct source *base, record_fn sink, void *ctx)
{
	return live_names__make_room(live(base)->names) ?:
	       live_aggs__collect(live(base)->aggs, sink, ctx);
}

static int live_lines(struct source *base, const struct rec_frame *frames, size_t nr, record_fn sink,
		      void *ctx)
{
	struct source_live *s = live(base);

	return s->lines ? line_cache__ask(s->lines, frames, nr, sink, ctx) : 0;
}

static int live_fds(struct source *base, struct pollfd *fds, int max)
{
	if (max < 1)
		return 0;
	fds[0] = (struct pollfd){ .fd = ring_buffer__epoll_fd(live(base)->bpf.ring),
				  .events = POLLIN };
	return 1;
}

static void live_free(struct source *base)
{
	struct source_live *s = live(base);

	source_live__measure(base, false);
	live_reader__free(s->reader);
	live_aggs__free(s->aggs);
	live_asked__free(s->asked);
	live_bpf__close(&s->bpf, &s->cfg);
	probe_child__free(s->probe);
	probe_child__free(s->unwinder);
	line_cache__free(s->lines);
	u64map__free(s->owners);
	held_exits__free(&s->exits);
	free(s->longs_seen);
	live_stacks__free(s->stacks);
	live_names__free(s->names);
	live_types__free(s->types);
	symbols__free(s->symbols);
	free(s);
}

static void live_stop(struct source *base)
{
	live(base)->bpf.skel->bss->tracing_on = 0;
	live(base)->stopped = true;
}

static const struct source_ops live_ops = {
	.name = "live",
	.header = live_header,
	.drain = live_drain,
	.read = live_read,
	.collect = live_collect,
	.lines = live_lines,
	.fds = live_fds,
	.stop = live_stop,
	.free = live_free,
};

/* Wall clock and boot clock at one moment. */
static void note_start(struct source_live *s)
{
	struct timespec wall;
	struct utsname u;
	struct tm tm;
	size_t n;

	s->boot_ns = live__now();
	clock_gettime(CLOCK_REALTIME, &wall);
	gmtime_r(&wall.tv_sec, &tm);
	n = strftime(s->began_at, sizeof(s->began_at), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(s->began_at + n, sizeof(s->began_at) - n, ".%09ldZ", wall.tv_nsec);
	if (uname(&u))
		memset(&u, 0, sizeof(u));
	snprintf(s->kernel, sizeof(s->kernel), "%s", u.release);
	s->may_miss_ends = !probe__kernel() || probe__kernel() >= PROBE_KERNEL(6, 19);
	snprintf(s->host, sizeof(s->host), "%s", u.nodename);
}

static int read_symbols(struct source_live *s, struct lk_error *err)
{
	int rc;

	live_stage__tell(&s->cfg.stage, "reading the kernel's symbols", 0, 0);
	rc = symbols__new(&s->symbols, "/proc/kallsyms", "/proc/modules");

	if (rc && (rc != -EPERM || !s->symbols))
		return lk_error__set(err, rc, "cannot read /proc/kallsyms: %s", strerror(-rc));
	return 0;	/* kptr_restrict: addresses instead of names; features says so */
}

/* Waits that come in are kept in a ring that must not fill up meanwhile: then a late line
 * is told behind its finding. */
static void open_lines(struct source_live *s)
{
	struct line_config cfg;

	line_config__defaults(&cfg);
	cfg.job = line_probe__run;
	if (s->cfg.emit_waits)
		cfg.first_ns = cfg.wait_ns;
	if (!s->cfg.no_looks)
		line_cache__new(&s->lines, &cfg);
}

void live__tell_helpers(const struct source_live *s)
{
	pid_t pids[3 * (PROBE_CHILD_LEFT_MAX + 1)];
	uint32_t nr = 0;

	_Static_assert(2 * (PROBE_CHILD_LEFT_MAX + 1) <= LK_HELPERS, "helpers");
	if (s->probe)
		nr += probe_child__pids(s->probe, pids + nr);
	if (s->unwinder)
		nr += probe_child__pids(s->unwinder, pids + nr);
	/* That one reads files only, so it is left out where there is no room. */
	if (s->lines)
		nr += line_cache__pids(s->lines, pids + nr);
	live_bpf__set_helpers(&s->bpf, pids, nr);
}

static int open_parts(struct source_live *s, struct lk_error *err)
{
	int rc;

	/* First of all: nothing of what follows is then kept alive by it. */
	probe_child__new(&s->probe, sizeof(struct futex_probe));
	if (!s->cfg.no_looks)
		probe_child__new(&s->unwinder, sizeof(struct unwind_probe));
	open_lines(s);
	live_stage__tell(&s->cfg.stage, "reading the kernel's types", 0, 0);
	/* Without types names of locks are worse. */
	live_types__new(&s->types, s->cfg.types);
	s->cfg.types = NULL;
	/* Level held chooses its hooks by them. */
	rc = s->cfg.held ? read_symbols(s, err) : 0;
	if (!rc && s->cfg.held)
		rc = live_bpf__choose_hooks(&s->bpf, &s->cfg, s->symbols,
					    live_types__btf(s->types, 0), err);
	rc = rc ?: live_bpf__open(&s->bpf, &s->cfg, s->types, on_event, s, err);
	if (rc)
		return rc;
	rc = live_names__new(&s->names, &s->bpf, s->types);
	if (rc)
		return lk_error__set(err, rc, "cannot start: %s", strerror(-rc));
	/* Recording goes on while symbols load: a stack needs them only later. */
	note_start(s);
	s->bpf.skel->bss->tracing_on = 1;
	rc = s->symbols ? 0 : read_symbols(s, err);
	if (rc)
		return rc;
	/* After the last attach, so that they name the programs too. */
	rc = symbols__read_rest(s->symbols);
	if (rc)
		return lk_error__set(err, rc, "cannot read /proc/kallsyms: %s", strerror(-rc));
	live_names__use_symbols(s->names, s->symbols);
	if (s->lines)
		line_cache__start(s->lines, symbols__address(s->symbols, "_stext"));
	rc = live_stacks__new(&s->stacks, bpf_map__fd(s->bpf.skel->maps.stacks),
			      bpf_map__max_entries(s->bpf.skel->maps.stacks), s->symbols);
	rc = rc ?: live_asked__new(&s->asked, &s->bpf);
	rc = rc ?: live_reader__new(&s->reader, s);
	rc = rc ?: live_aggs__new(&s->aggs, s);
	rc = rc ?: u64map__new(&s->owners, 0);
	if (!rc && s->cfg.spin) {
		s->longs_seen = calloc(s->bpf.nr_cpus, sizeof(*s->longs_seen));
		rc = s->longs_seen ? 0 : -ENOMEM;
	}
	return rc ? lk_error__set(err, rc, "cannot start: %s", strerror(-rc)) : 0;
}

int source_live__new(struct source **out, const struct live_config *cfg, struct lk_error *err)
{
	struct source_live *s = calloc(1, sizeof(*s));
	int rc;

	*out = NULL;
	if (!s) {
		btf__free(cfg->types);
		return lk_error__set(err, -ENOMEM, "out of memory");
	}
	s->base = (struct source){ .ops = &live_ops, .is_live = true };
	s->run_time_fd = -1;
	s->cfg = *cfg;
	rc = open_parts(s, err);
	if (rc) {
		live_free(&s->base);
		return rc;
	}
	*out = &s->base;
	return 0;
}

int source_live__cost(struct source *s, struct live_cost *out)
{
	return live_bpf__cost(&live(s)->bpf, out);
}

int source_live__measure(struct source *base, bool on)
{
	struct source_live *s = live(base);

	if (on == (s->run_time_fd >= 0))
		return 0;
	if (!on) {
		close(s->run_time_fd);
		s->run_time_fd = -1;
		return 0;
	}
	s->run_time_fd = bpf_enable_stats(BPF_STATS_RUN_TIME);
	return s->run_time_fd < 0 ? -errno : 0;
}

void source_live__split_tasks(struct source *s, bool on)
{
	live(s)->bpf.skel->bss->split_tasks = on;
}

const struct live_hooks *source_live__hooks(const struct source *s)
{
	return ((const struct source_live *)s)->bpf.hooks;
}

void source_live__ask(struct source *s, const uint32_t *tids, size_t nr)
{
	live(s)->nr_wanted = nr < LIVE_ASKED_MAX ? (uint32_t)nr : LIVE_ASKED_MAX;
	memcpy(live(s)->wanted, tids, live(s)->nr_wanted * sizeof(*tids));
}

bool source_live__has_symbols(const struct source *s)
{
	return symbols__nr(((const struct source_live *)s)->symbols) > 0;
}
