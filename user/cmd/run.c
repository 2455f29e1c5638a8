// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * run.c - the frame around every command's sink.
 */
#include "cmd/run.h"

#include <bpf/btf.h>
#include <errno.h>
#include <langinfo.h>
#include <malloc.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "cmd/journal.h"
#include "find/copy.h"
#include "lib/arena.h"
#include "lib/vec.h"
#include "source/probe.h"
#include "view/finding_group.h"

#define LOOK_MS 100
#define NO_TERMINAL_WIDTH 80

/* What only level held can find. */
#define NEEDS_HELD (1U << FIND_LONG_HOLD | 1U << FIND_LEAK | 1U << FIND_SLEEP_IN_ATOMIC)

/* Level held costs something on every take and give of a lock, so it is only taken
 * when asked for, by name or by what needs it. */
static int choose_level(const struct cmd_options *opt, struct live_config *cfg, struct lk_error *err)
{
	const char *what = opt->spin ? "--spin" :
			   opt->long_hold_ns != OPT_UNSET ? "--long-hold" :
			   opt->fail_on & NEEDS_HELD ? "--fail-on with long_hold, leak or sleep_in_atomic" :
						       NULL;

	if (opt->level == LEVEL_LOCKDEP) {
		lk_error__set(err, -EOPNOTSUPP, "not in this build: level lockdep");
		lk_error__hint(err, "levels contention and held are; `lockscope features` tells more");
		err->status = EXIT_CANNOT;
		return -EOPNOTSUPP;
	}
	if (opt->level == LEVEL_CONTENTION && what) {
		lk_error__set(err, -EINVAL, "%s needs level held, not contention", what);
		err->status = EXIT_USAGE;
		return -EINVAL;
	}
	cfg->held = opt->level == LEVEL_HELD || what;
	cfg->spin = opt->spin || opt->fail_on & 1U << FIND_SLEEP_IN_ATOMIC;
	cfg->hooks = opt->hooks;
	return 0;
}

int run__new(struct run *r, const struct cmd_options *opt, char **argv)
{
	*r = (struct run){ .opt = opt, .argv = argv };
	cmd_options__filter(opt, &r->filter);
	return 0;
}

static bool wants_color(const struct run *r)
{
	const char *term = getenv("TERM"), *no_color = getenv("NO_COLOR");

	if (r->opt->color != COLOR_AUTO)
		return r->opt->color == COLOR_ALWAYS;
	return output__is_terminal(r->out) && !(no_color && *no_color) && term &&
	       strcmp(term, "dumb");
}

/* What is no terminal is read on one sooner or later. */
static int terminal_width(const struct run *r)
{
	struct winsize size;

	if (!output__is_terminal(r->out) || ioctl(output__fd(r->out), TIOCGWINSZ, &size))
		return NO_TERMINAL_WIDTH;
	return size.ws_col;
}

int run__open_output(struct run *r, const char *path)
{
	int rc = output__new(&r->out, path, &r->err);

	if (rc)
		return rc;
	r->style = (struct view_style){
		.color = wants_color(r),
		.utf8 = !strcmp(nl_langinfo(CODESET), "UTF-8"),
		.width = terminal_width(r),
		.verbose = r->opt->verbose,
	};
	return 0;
}

void run__note(const struct run *r, const char *fmt, ...)
{
	char line[512];
	va_list ap;

	if (r->opt->quiet)
		return;
	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	cmd__say("%s", line);
}

static uint32_t given_u32(int64_t value, uint32_t otherwise)
{
	return value == OPT_UNSET ? otherwise : (uint32_t)value;
}

static uint64_t given_ns(int64_t value, uint64_t otherwise)
{
	return value == OPT_UNSET ? otherwise : (uint64_t)value;
}

void run__session_config(const struct run *r, struct session_config *cfg)
{
	const struct cmd_options *opt = r->opt;

	session_config__defaults(cfg);
	cfg->find.long_wait_ns = given_ns(opt->long_wait_ns, cfg->find.long_wait_ns);
	cfg->find.long_spin_ns = given_ns(opt->long_spin_ns, cfg->find.long_spin_ns);
	cfg->find.long_hold_ns = given_ns(opt->long_hold_ns, cfg->find.long_hold_ns);
	cfg->find_from_header = opt->long_wait_ns == OPT_UNSET &&
				opt->long_spin_ns == OPT_UNSET && opt->long_hold_ns == OPT_UNSET;
	cfg->look_ms = LOOK_MS;
	cfg->for_ns = opt->for_ns == OPT_UNSET ? 0 : opt->for_ns;
	cfg->command = opt->rest.command;
	cfg->out_fd = r->out ? output__fd(r->out) : -1;
}

void run__header(const struct run *r, struct run_header *h, const char *level)
{
	struct session_config cfg;
	struct timespec boot;

	run__session_config(r, &cfg);
	memset(&h->system, 0, sizeof(h->system));
	uname(&h->system);
	clock_gettime(CLOCK_BOOTTIME, &boot);
	h->rec = (struct rec_header){
		.schema = REC_SCHEMA,
		.version = LOCKSCOPE_VERSION,
		.kernel = h->system.release,
		.host = h->system.nodename,
		.level = level,
		.began_at = when__now(h->began_at, sizeof(h->began_at)),
		.command = r->argv,
		.thresholds = { cfg.find.long_wait_ns, cfg.find.long_spin_ns,
				cfg.find.long_hold_ns },
		.boot_ns = (uint64_t)(boot.tv_sec * 1000000000LL + boot.tv_nsec),
	};
}

/* What was hooked; with -v also what was not, and why. */
static void tell_hooks(const struct run *r)
{
	static const char *const how[] = { "", "fentry", "kprobe.multi", "kprobes" };
	const struct live_hooks *hooks = source_live__hooks(r->src);
	const struct lockfunc_kernel *k = live_hooks__kernel(hooks);
	size_t i;

	if (r->opt->verbose)
		run__note(r, "level held: %zu lock functions hooked by %s", live_hooks__nr(hooks),
			  how[live_hooks__how(hooks)]);
	for (i = 0; i < nr_lockfuncs; i++)
		if (k->states[i] == FUNC_REFUSED || k->states[i] == FUNC_NO_GIVE ||
		    k->states[i] == FUNC_NO_RETURN ||
		    (r->opt->verbose > 1 && k->states[i] != FUNC_THERE))
			run__note(r, "not hooked: %s: %s", lockfuncs[i].name,
				  lockfunc_state__name(k->states[i]));
	if (r->opt->spin && probe__kernel() < PROBE_KERNEL(6, 15))
		run__note(r, "--spin before kernel 6.15: BPF maps have no deadlock-proof locks there; "
			  "the hooks use none, but other tracers may meet them");
}

static int choose(struct run *r, struct live_config *cfg)
{
	const struct cmd_options *opt = r->opt;
	struct session_config session;
	int rc;

	if (opt->btf && access(opt->btf, R_OK))
		return lk_error__set(&r->err, -errno, "--btf %s: %s", opt->btf, strerror(errno));
	if (probe__in_pid_namespace() == 1)
		run__note(r, "inside a pid namespace: /proc shows only part of the machine, so "
			  "file locks and owners outside it are missing; pids are those of the "
			  "first namespace");
	rc = choose_level(opt, cfg, &r->err);
	if (rc)
		return rc;
	run__session_config(r, &session);
	cfg->command = (const char *const *)r->argv;
	cfg->agg_by_task = cmd_options__filters_tasks(opt) || opt->group == STAT_BY_TASK;
	cfg->stacks = opt->stacks;
	cfg->nr_locks_max = given_u32(opt->nr_locks_max, 0);
	cfg->nr_tasks_max = given_u32(opt->nr_tasks_max, 0);
	cfg->nr_stacks_max = given_u32(opt->nr_stacks_max, 0);
	cfg->ring_kb = given_u32(opt->ring_kb, 0);
	cfg->btf = opt->btf;
	cfg->thresholds.long_wait_ns = session.find.long_wait_ns;
	cfg->thresholds.long_spin_ns = session.find.long_spin_ns;
	cfg->thresholds.long_hold_ns = session.find.long_hold_ns;
	return 0;
}

static void on_stage(void *ctx, const char *what, size_t nr, size_t of)
{
	struct run *r = ctx;

	progress__stage(&r->progress, what, nr, of);
}

int run__open_live(struct run *r, struct live_config *cfg)
{
	int rc = probe__contention(&cfg->types, &r->err);

	rc = rc ? rc : choose(r, cfg);
	if (rc) {
		btf__free(cfg->types);
		return rc;
	}
	progress__init(&r->progress, r->opt->quiet);
	cfg->stage = (struct live_stage){ on_stage, r };
	rc = source_live__new(&r->src, cfg, &r->err);
	progress__clear();
	malloc_trim(0);	/* loading took far more than running does */
	if (!rc && cfg->held)
		tell_hooks(r);
	if (!rc && !source_live__has_symbols(r->src))
		run__note(r, "kernel addresses are hidden (kernel.kptr_restrict, or no CAP_SYSLOG): stacks have no names");
	if (!rc && !probe__sees_others())
		run__note(r, "no CAP_SYS_PTRACE with CAP_DAC_READ_SEARCH: file locks and futexes of other users' processes are not seen");
	return rc;
}

int run__session(struct run *r, struct session_config *cfg, const struct session_sink *sink)
{
	int rc = session__new(&r->session, r->src, cfg, sink);

	if (rc)
		return rc;
	stream__init(&r->stream, output__file(r->out), session__model(r->session));
	if (r->src->is_live && !cfg->for_ns && !cfg->command && isatty(STDERR_FILENO) &&
	    cfg->input_fd < 0)
		run__note(r, "tracing at level %s; Ctrl-C ends it",
			  source_live__hooks(r->src) ? "held" : "contention");
	return session__run(r->session, &r->err);
}

/* Closing tells of any write that failed; that outranks a sink's own word for it. */
static int outcome(struct run *r, int rc)
{
	struct lk_error write_error = { 0 };
	int write_rc = output__close(r->out, &write_error);

	if (!r->err.what[0] && (rc == -EPIPE || write_rc == -EPIPE)) {
		rc = 0;		/* the reader has gone: that is its way to say "enough" */
	} else if (!r->err.what[0] && write_rc) {
		rc = write_rc;
		r->err = write_error;
	}
	if (!rc)
		return r->fail_on_seen ? EXIT_FOUND : EXIT_FINE;
	if (!r->err.what[0])
		lk_error__set(&r->err, rc, "%s", strerror(-rc));
	return cmd__fail(&r->err);
}

int run__finish(struct run *r, int rc)
{
	int status = outcome(r, rc);

	stream__free(&r->stream);
	session__free(r->session);
	source__free(r->src);
	progress__clear();
	free(r->open);
	free(r->told);
	arena__free(r->told_arena);
	return status;
}

bool run__shows(struct run *r, const struct finding *f)
{
	if (!view_filter__finding(&r->filter, f))
		return false;
	if (f->open && r->opt->fail_on & 1U << f->kind)
		r->fail_on_seen = true;
	return true;
}

int run__flush(struct run *r)
{
	return output__flush(r->out);
}

int run__view_input(struct run *r, struct view_input *in)
{
	const struct find_register *all = session__findings(r->session);
	size_t nr = find_register__nr(all);
	const struct finding **open = reallocarray(r->open, nr + 1, sizeof(*open));

	if (!open)
		return -ENOMEM;
	r->open = open;
	*in = (struct view_input){
		.model = session__model(r->session),
		.snap = model__current(session__model(r->session)),
		.findings = open,
		.single = r->opt->group == STAT_BY_INSTANCE,
		.filter = &r->filter,
		.style = r->style,
	};
	for (size_t i = 0; i < nr; i++) {
		const struct finding *f = find_register__at(all, i);

		if (f->open && view_filter__finding(&r->filter, f))
			open[in->nr_findings++] = f;
	}
	return 0;
}

static int put_text(FILE *out, const struct view_input *in, const struct finding_group *g)
{
	char when[WHEN_LEN];
	int err;

	fprintf(out, "%s  ", when__at(when, sizeof(when), model__header(in->model), g->first->t_ns));
	err = view_text__finding_group(out, in, g);
	fputc('\n', out);	/* findings stand apart */
	return err;
}

static int put_to_journal(FILE *out, const struct view_input *in, const struct finding_group *g)
{
	char *text = NULL;
	size_t size;
	FILE *mem = open_memstream(&text, &size);
	int err;

	if (!mem)
		return -ENOMEM;
	err = put_text(mem, in, g);
	if (fclose(mem))
		err = err ?: -ENOMEM;
	if (!err)
		journal__put(out, journal__level(g->first), text);
	free(text);
	return err;
}

int run__put_finding(struct run *r, const struct finding *f)
{
	struct finding *copy;
	int err;

	if (r->opt->json)
		return stream__finding(&r->stream, f);
	if ((!r->told_arena && arena__new(&r->told_arena)) ||
	    !VEC_ROOM(r->told, r->nr_told, r->cap_told))
		return -ENOMEM;
	copy = arena__alloc(r->told_arena, sizeof(*copy));
	err = copy ? finding__copy(copy, f, r->told_arena) : -ENOMEM;
	if (!err)
		r->told[r->nr_told++] = copy;
	return err;
}

int run__put_findings(struct run *r)
{
	FILE *out = output__file(r->out);
	bool journal = journal__is(output__fd(r->out));
	struct finding_groups groups = { 0 };
	struct view_input in;
	int err;

	if (!r->nr_told)
		return 0;
	err = run__view_input(r, &in);
	if (!err)
		err = finding_groups__make(&groups, r->told, r->nr_told,
					   in.single ? GROUP_NONE : GROUP_NEWS);
	for (size_t i = 0; i < groups.nr && !err; i++)
		err = (journal ? put_to_journal : put_text)(out, &in, &groups.list[i]);
	finding_groups__free(&groups);
	r->nr_told = 0;
	arena__free(r->told_arena);
	r->told_arena = NULL;
	return err;
}

bool run__shows_row(const struct run *r, const struct rec_agg *agg)
{
	return view_filter__agg(&r->filter, agg,
				model__lock_name(session__model(r->session), &agg->lock));
}
