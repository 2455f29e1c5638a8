// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "find/describe.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "lib/fmt.h"

/* Replaces *str by a copy in the arena. */
static int own(const char **str, struct arena *arena)
{
	if (!*str)
		return 0;
	*str = arena__strdup(arena, *str);
	return *str ? 0 : -ENOMEM;
}

int describe__own_lock(struct rec_lock *lock, struct arena *arena)
{
	return own(&lock->str, arena);
}

int describe__own_task(struct find_task *t, struct arena *arena)
{
	if (!t->who.comm)
		t->who.comm = "";
	if (own(&t->who.comm, arena) || own(&t->syscall_name, arena) ||
	    describe__own_lock(&t->waits_for, arena) || own(&t->waits_name, arena) ||
	    own(&t->waits_name_source, arena) || own(&t->waits_object, arena) ||
	    describe__own_lock(&t->holds, arena) || own(&t->holds_name, arena) ||
	    own(&t->holds_name_source, arena) || own(&t->holds_object, arena) ||
	    own(&t->holds_site.sym, arena) || own(&t->holds_site.module, arena) ||
	    own(&t->holds_site.line, arena))
		return -ENOMEM;
	return 0;
}

static void set_wait(struct find_task *out, const struct snapshot *s, const struct snap_task *t)
{
	const struct snap_lock *l = &s->locks[t->wait_lock];

	out->waits_for = l->lock;
	out->waits_name = l->name;
	out->waits_name_source = l->name_source;
	out->waits_name_guess = l->name_guess;
	out->waits_object = l->object;
	out->waits_mode = t->wait_mode;
	out->since_ns = t->since_ns;
	out->since_at_least = t->since_at_least;
	out->found_by = t->found_by;
	out->wait_id = t->wait_id;
	out->wait_stack = t->wait_stack;
	out->spin = t->wait_spin;
	out->breakable_by = t->breakable_by;
}

static void set_hold(struct find_task *out, const struct snapshot *s, const struct snap_hold *h)
{
	const struct snap_lock *l = &s->locks[h->lock];

	out->holds = l->lock;
	out->holds_name = l->name;
	out->holds_name_source = l->name_source;
	out->holds_name_guess = l->name_guess;
	out->holds_object = l->object;
	out->holds_mode = h->mode;
	out->holds_site = h->site;
	out->holds_since_ns = h->since_ns;
	out->hold_id = h->id;
	if (h->spin) {
		out->holds_cpu = h->cpu;
		out->holds_context = h->context;
	}
}

void describe__nobody(struct find_task *out)
{
	memset(out, 0, sizeof(*out));
	out->state = '?';
	out->cpu = out->holds_cpu = out->syscall = -1;
	out->since_ns = out->holds_since_ns = LK_NO_TIME;
}

int describe__task(struct find_task *out, const struct snapshot *s, uint32_t task, uint32_t hold,
		   struct arena *arena)
{
	const struct snap_task *t = &s->tasks[task];

	describe__nobody(out);
	out->who = t->who;
	out->cpu = t->on_cpu ? t->cpu : -1;
	out->context = t->context;
	out->state = t->exited ? 'X' : t->state;
	out->syscall = t->syscall;
	out->syscall_name = t->syscall_name;
	out->stack = t->stack;
	out->user_stack = t->user_stack;
	if (t->wait_lock != SNAP_NONE)
		set_wait(out, s, t);
	if (hold != SNAP_NONE)
		set_hold(out, s, &s->holds[hold]);
	return describe__own_task(out, arena);
}

char *describe__who(const struct rec_who *who, struct arena *arena)
{
	char comm[80];

	if (!who->comm || !*who->comm)
		return arena__printf(arena, "task %u", who->tid);
	fmt__safe(comm, sizeof(comm), who->comm, true);
	return arena__printf(arena, "%s/%u", comm, who->tid);
}

static char *describe_lock(const struct rec_lock *lock, const char *name, bool guess,
			   const char *object, struct arena *arena)
{
	char id[256], safe[256], safe_name[256], safe_object[256];

	fmt__safe(safe, sizeof(safe), rec_lock__format(lock, id, sizeof(id)), true);
	if (!name)
		return arena__printf(arena, "%s %s", kind__name(lock->kind), safe);
	fmt__safe(safe_name, sizeof(safe_name), name, true);
	fmt__safe(safe_object, sizeof(safe_object), object ? object : "", true);
	return arena__printf(arena, "%s %s (%s%s%s%s)", kind__name(lock->kind), safe, safe_name,
			     guess ? "?" : "", object ? " of " : "", safe_object);
}

char *describe__lock(const struct rec_lock *lock, struct arena *arena)
{
	return describe_lock(lock, NULL, false, NULL, arena);
}

char *describe__waits_for(const struct find_task *t, struct arena *arena)
{
	return describe_lock(&t->waits_for, t->waits_name, t->waits_name_guess, t->waits_object,
			     arena);
}

char *describe__holds(const struct find_task *t, struct arena *arena)
{
	return describe_lock(&t->holds, t->holds_name, t->holds_name_guess, t->holds_object, arena);
}

char *describe__site(const struct rec_frame *site, struct arena *arena)
{
	char sym[160], module[64];

	if (!site->sym)
		return arena__printf(arena, "0x%" PRIx64, site->addr);
	fmt__safe(sym, sizeof(sym), site->sym, true);
	if (!site->module)
		return arena__printf(arena, "%s+0x%" PRIx64, sym, site->off);
	fmt__safe(module, sizeof(module), site->module, true);
	return arena__printf(arena, "%s+0x%" PRIx64 " [%s]", sym, site->off, module);
}
