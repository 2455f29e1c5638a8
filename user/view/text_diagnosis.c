// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* A diagnosis for who was woken at three in the morning: the verdict first. */
#include <inttypes.h>
#include <string.h>
#include "lib/fmt.h"
#include "record/caller.h"
#include "view/text_parts.h"
#include "view/view.h"

#define GROUPS_SHOWN 12u
#define NAMES_SHOWN 4u
#define BUSY_SHOWN 5u
#define EVENTS_SHOWN 12u

struct page {
	FILE *out;
	const struct view_input *in;
	const struct diagnosis *d;
	bool whole;		/* -v */
};

static const char *safe(const struct page *p, char *buf, size_t size, const char *str)
{
	return fmt__safe(buf, size, str, p->in->style.utf8);
}

static void put_title(const struct page *p, const char *title)
{
	fprintf(p->out, "\n%s%s%s\n", text__color(&p->in->style, TEXT_BOLD), title,
		text__plain(&p->in->style));
}

static void put_verdict(const struct page *p)
{
	static const enum text_color colors[NR_DIAG_VERDICTS] = {
		[DIAG_UNKNOWN] = TEXT_YELLOW, [DIAG_HEALTHY] = TEXT_GREEN,
		[DIAG_NOTICE] = TEXT_YELLOW, [DIAG_STALLED] = TEXT_RED, [DIAG_DEADLOCK] = TEXT_RED,
	};
	char verdict[16], headline[1024];

	snprintf(verdict, sizeof(verdict), "%s", diag_verdict__name(p->d->verdict));
	for (char *c = verdict; *c; c++)
		*c = (char)(*c - 'a' + 'A');
	fprintf(p->out, "%s%s%s: %s\n", text__color(&p->in->style, colors[p->d->verdict]), verdict,
		text__plain(&p->in->style), safe(p, headline, sizeof(headline), p->d->headline));
}

static void put_progress(const struct page *p)
{
	const struct diag_progress *g = &p->d->progress;
	char count[FMT_LEN], over[FMT_LEN], parts[160] = "";
	size_t len = 0;
	const struct {
		uint32_t percent;
		const char *what;
	} shares[] = { { g->user, "user" }, { g->system, "kernel" }, { g->irq, "interrupts" },
		       { g->steal, "stolen by the host" }, { g->iowait, "idle but for I/O" },
		       { g->idle, "idle" } };

	if (!g->known)
		return;
	for (size_t i = 0; i < sizeof(shares) / sizeof(shares[0]) && len < sizeof(parts); i++)
		if (shares[i].percent)
			len += (size_t)snprintf(parts + len, sizeof(parts) - len, "%s%u %% %s",
						len ? ", " : "", shares[i].percent, shares[i].what);
	fprintf(p->out, "the machine %s: %s context switches and %" PRIu64 " new tasks in %s; "
		"processors: %s\n", g->moves ? "makes progress" : "stands still",
		fmt__count(count, sizeof(count), g->switches), g->forks,
		fmt__ns(over, sizeof(over), (uint64_t)g->over_ns), len ? parts : "not known");
}

static void put_deadlocks(const struct page *p)
{
	for (size_t i = 0; i < p->in->nr_findings; i++) {
		if (p->in->findings[i]->kind != FIND_DEADLOCK || !p->in->findings[i]->open)
			continue;
		fputc('\n', p->out);
		view_text__finding(p->out, p->in, p->in->findings[i]);
	}
}

/* "a/1, b/2 and 3 more" */
static void put_names(const struct page *p, const struct diag_group *g)
{
	const struct snapshot *s = p->in->snap;
	char who[TEXT_LEN];

	for (uint32_t i = 0; i < g->nr_tasks && i < NAMES_SHOWN; i++)
		fprintf(p->out, "%s%s", i ? ", " : "",
			text__task(who, sizeof(who), &s->tasks[g->tasks[i]].who, &p->in->style));
	if (g->nr_tasks > NAMES_SHOWN)
		fprintf(p->out, " and %u more", g->nr_tasks - NAMES_SHOWN);
}

/* What they wait for, and who is to let them go on. */
static void put_cause(const struct page *p, const struct diag_group *g)
{
	const struct snapshot *s = p->in->snap;
	const struct snap_lock *l = g->lock == SNAP_NONE ? NULL : &s->locks[g->lock];
	char text[TEXT_LEN * 2], who[TEXT_LEN], name[TEXT_LEN];

	if (l)
		fprintf(p->out, "    wait for %s",
			text__lock(text, sizeof(text), &l->lock,
				   text__lock_name(name, sizeof(name), l->name, l->name_guess,
						   l->object),
				   s->tasks[g->tasks[0]].wait_mode, &p->in->style));
	else if (g->many_locks)
		fprintf(p->out, "    wait for several locks");
	else if (g->blame)
		fprintf(p->out, "    wait for %s", g->blame->what);
	else
		fprintf(p->out, "    wait for something that is no known lock");
	if (l && g->blame)
		fprintf(p->out, ", it seems for %s", g->blame->what);
	if (g->root != SNAP_NONE)
		fprintf(p->out, "; %s %s", g->root_in_cycle ? "behind the cycle at" : "behind",
			text__task(who, sizeof(who), &s->tasks[g->root].who, &p->in->style));
	fputc('\n', p->out);
}

static void put_group(const struct page *p, const struct diag_group *g)
{
	char age[FMT_LEN], name[64], state[64];

	fprintf(p->out, "  %s%u task%s%s: ", text__color(&p->in->style, TEXT_BOLD), g->nr_tasks,
		g->nr_tasks == 1 ? "" : "s", text__plain(&p->in->style));
	put_names(p, g);
	fprintf(p->out, "\n   %s", text__state(state, sizeof(state), g->state, -1, CONTEXT_TASK));
	if (g->syscall_name && *g->syscall_name)
		fprintf(p->out, " in %s()", safe(p, name, sizeof(name), g->syscall_name));
	fprintf(p->out, ", for at least %s\n", fmt__ns(age, sizeof(age), (uint64_t)g->at_least_ns));
	put_cause(p, g);
	if (!g->in_deadlock || p->whole)	/* that was shown in full */
		text__stack(p->out, p->in, g->stack, "        ");
}

static void put_groups(const struct page *p)
{
	uint32_t shown = 0, left = 0;

	for (uint32_t i = 0; i < p->d->nr_groups; i++) {
		if (!shown)
			put_title(p, "BLOCKED TASKS, by where they are");
		shown++;
		if (shown > GROUPS_SHOWN && !p->whole)
			left++;
		else
			put_group(p, &p->d->groups[i]);
	}
	if (left)
		fprintf(p->out, "  (%u more places; -v shows all)\n", left);
}

static void put_program(const struct page *p, uint32_t pid)
{
	const struct rec_process *r = facts__process(model__facts(p->in->model), pid);
	char text[TEXT_LEN * 2];

	if (!r)
		return;
	if (r->command)
		fprintf(p->out, "    program: %s\n", safe(p, text, sizeof(text), r->command));
	else if (r->exe)
		fprintf(p->out, "    program: %s\n", safe(p, text, sizeof(text), r->exe));
}

static void put_root(const struct page *p, uint32_t root)
{
	const struct snap_task *t = &p->in->snap->tasks[root];
	const struct blame *blame = blame__of(model__stack(p->in->model, t->stack));
	char who[TEXT_LEN], state[64], name[64];

	fprintf(p->out, "  %s%s%s (pid %u)%s", text__color(&p->in->style, TEXT_BOLD),
		text__task(who, sizeof(who), &t->who, &p->in->style), text__plain(&p->in->style),
		t->who.pid, text__state(state, sizeof(state), t->state, t->on_cpu ? t->cpu : -1,
					t->context));
	if (t->syscall >= 0 && t->syscall_name)
		fprintf(p->out, " in %s()", safe(p, name, sizeof(name), t->syscall_name));
	fputc('\n', p->out);
	if (blame && t->wait_lock == SNAP_NONE)
		fprintf(p->out, "    waits for %s\n", blame->what);
	put_program(p, t->who.pid);
	text__stack(p->out, p->in, t->stack ? t->stack : t->wait_stack, "        ");
	text__user_stack(p->out, p->in, t->user_stack, "    ");
}

/* Each task that groups wait for and that was not told with them. */
static void put_roots(const struct page *p)
{
	bool any = false;

	for (uint32_t i = 0; i < p->d->nr_groups; i++) {
		const struct diag_group *g = &p->d->groups[i];
		bool again = g->root == SNAP_NONE || g->root_in_cycle;

		for (uint32_t k = 0; k < i && !again; k++)
			again = p->d->groups[k].root == g->root;
		if (again)
			continue;
		if (!any)
			put_title(p, "AT THE ROOT, whom they wait for");
		any = true;
		put_root(p, g->root);
	}
}

static void put_busy(const struct page *p)
{
	char comm[TEXT_LEN];

	if (p->d->nr_busy)
		put_title(p, "PROCESSOR TIME");
	for (uint32_t i = 0; i < p->d->nr_busy && (i < BUSY_SHOWN || p->whole); i++) {
		const struct diag_busy *b = &p->d->busy[i];
		const struct rec_thread *t = b->thread;

		fprintf(p->out, "  %s/%u%s takes %u %% of a processor, %u %% of it in the kernel\n",
			safe(p, comm, sizeof(comm), t->comm), t->tid,
			t->kernel ? " (kernel thread)" : "", b->percent,
			(uint32_t)(t->system_ns * 100 / (t->user_ns + t->system_ns)));
		text__stack(p->out, p->in, b->stack, "        ");
	}
}

static void put_when(const struct page *p, const struct diag_event *e)
{
	const struct snapshot *s = p->in->snap;
	int64_t now_ns = s ? s->t_ns : e->last_ns;
	char age[FMT_LEN];

	if (now_ns == LK_NO_TIME || e->last_ns == LK_NO_TIME)
		fprintf(p->out, "  at an unknown time");
	else if (now_ns - e->last_ns < 1000000000)
		fprintf(p->out, "  just now");
	else
		fprintf(p->out, "  %s ago", fmt__age(age, sizeof(age), now_ns, e->last_ns));
	if (e->nr > 1)
		fprintf(p->out, " (%u times)", e->nr);
}

static void put_event(const struct page *p, const struct diag_event *e)
{
	char text[TEXT_LEN * 2], who[TEXT_LEN];

	put_when(p, e);
	fprintf(p->out, ": %s\n", safe(p, text, sizeof(text), e->message->text));
	if (e->alive)
		fprintf(p->out, "    %s is still blocked\n",
			text__task(who, sizeof(who), &p->in->snap->tasks[e->task].who, &p->in->style));
	else if (e->line.tid && e->line.kind == KLOG_HUNG_TASK)
		fprintf(p->out, "    that task is not blocked any more\n");
	if (e->line.by_tid)
		fprintf(p->out, "    the kernel thinks that it waits for %s/%u\n",
			safe(p, text, sizeof(text), e->line.by_comm), e->line.by_tid);
	for (uint32_t i = 0; i < e->nr_details; i++)
		fprintf(p->out, "    %s\n", safe(p, text, sizeof(text), e->details[i]));
}

static void put_events(const struct page *p)
{
	uint32_t nr = p->d->nr_events, first = nr > EVENTS_SHOWN && !p->whole ? nr - EVENTS_SHOWN : 0;

	if (nr)
		put_title(p, "KERNEL LOG, newest last");
	if (first)
		fprintf(p->out, "  (%u older; -v shows all)\n", first);
	for (uint32_t i = first; i < nr; i++)
		put_event(p, &p->d->events[i]);
}

static void put_modules(const struct page *p)
{
	char frame[TEXT_LEN], name[64];

	if (p->d->nr_modules)
		put_title(p, "MODULES with code on these stacks");
	for (uint32_t i = 0; i < p->d->nr_modules; i++)
		fprintf(p->out, "  %s: %u task%s, innermost %s\n",
			safe(p, name, sizeof(name), p->d->modules[i].name), p->d->modules[i].nr_tasks,
			p->d->modules[i].nr_tasks == 1 ? "" : "s",
			text__frame(frame, sizeof(frame), p->d->modules[i].frame, &p->in->style));
}

static void put_path(const struct page *p, const struct diag_path *path)
{
	const struct find_task *t = &path->deadlock->cycle[path->at];
	char who[TEXT_LEN], lock[TEXT_LEN * 2], site[TEXT_LEN], name[TEXT_LEN];
	const char *lock_name = text__lock_name(name, sizeof(name), t->holds_name, t->holds_name_guess,
					   t->holds_object);

	fprintf(p->out, "  %s: took %s", text__task(who, sizeof(who), &t->who, &p->in->style),
		t->holds.key ? text__lock(lock, sizeof(lock), &t->holds, lock_name, t->holds_mode,
					  &p->in->style) : "a lock that is not known");
	if (t->holds_site.addr)
		fprintf(p->out, " at %s", text__frame(site, sizeof(site), &t->holds_site, &p->in->style));
	lock_name = text__lock_name(name, sizeof(name), t->waits_name, t->waits_name_guess,
				    t->waits_object);
	fprintf(p->out, ",\n    then wanted %s",
		text__lock(lock, sizeof(lock), &t->waits_for, lock_name, t->waits_mode, &p->in->style));
	text__waits_at(site, sizeof(site), p->in, t->waits_for.kind, t->wait_stack, t->user_stack);
	fprintf(p->out, "%s%s\n", *site ? " at " : "", site);
}

static void put_list(const struct page *p, const char *title, const struct diag_list *list,
		     bool numbered)
{
	char text[1024], nr[16] = "";

	if (list->nr)
		put_title(p, title);
	for (uint32_t i = 0; i < list->nr; i++) {
		if (numbered)
			snprintf(nr, sizeof(nr), "%u. ", i + 1);
		fprintf(p->out, "  %s%s\n", nr, safe(p, text, sizeof(text), list->list[i]));
	}
}

static void put_absent(const struct page *p)
{
	const struct facts *f = model__facts(p->in->model);
	char what[TEXT_LEN], why[TEXT_LEN * 2];

	if (f->nr_absent)
		put_title(p, "NOT SEEN");
	for (size_t i = 0; i < f->nr_absent; i++)
		fprintf(p->out, "  %s: %s\n", safe(p, what, sizeof(what), f->absent[i].what),
			safe(p, why, sizeof(why), f->absent[i].why));
}

static void put_pressure(const struct page *p)
{
	static const char *const names[] = { "pressure/cpu", "pressure/io", "pressure/memory" };
	const struct facts *f = model__facts(p->in->model);
	char value[TEXT_LEN];

	for (size_t i = 0; i < 3; i++) {
		const char *v = facts__setting(f, names[i]);

		if (v)
			fprintf(p->out, "  /proc/%s: %s\n", names[i], safe(p, value, sizeof(value), v));
	}
}

static void put_trouble(const struct page *p)
{
	put_deadlocks(p);
	if (p->in->snap) {
		put_groups(p);
		put_roots(p);
	}
	put_busy(p);
	put_events(p);
	put_modules(p);
	put_list(p, "THE KERNEL'S OWN DETECTORS", &p->d->settings, false);
	if (diag_verdict__is_trouble(p->d->verdict) || p->whole)
		put_pressure(p);
	if (p->d->nr_paths)
		put_title(p, "LOCK ORDER, path by path");
	for (uint32_t i = 0; i < p->d->nr_paths; i++)
		put_path(p, &p->d->paths[i]);
	put_list(p, "WHAT TO DO", &p->d->advice, true);
}

int view_text__diagnosis(FILE *out, const struct view_input *in, const struct diagnosis *d)
{
	struct page p = { out, in, d, in->style.verbose > 0 };
	const struct rec_lost *lost = model__lost(in->model);

	put_verdict(&p);
	text__origin(out, in);
	put_progress(&p);
	if (d->nr_user_waits)
		fprintf(out, "%u task%s for a file's lock or one of a program, which may be meant: `lockscope "
			"snapshot` shows them\n", d->nr_user_waits,
			d->nr_user_waits == 1 ? " waits" : "s wait");
	if (d->verdict != DIAG_HEALTHY || p.whole)
		put_trouble(&p);
	put_absent(&p);
	if (lost && lost->t_ns != LK_NO_TIME &&
	    (lost->ring || lost->maps || lost->recursion || lost->stack_collisions || lost->looks))
		text__losses(out, in);
	return text__result(out);
}
