// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "source/lockfuncs.h"

#include <bpf/btf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "source/symbols.h"

#include "abi.h"
#include "../bpf/lockfuncs.h"

#define ROW(what, name, kind, mode, arg, give) \
	{ #name, #give, FUNC_##what, LK_KIND_##kind | (mode), arg, IS_SPIN },
#define SLOW_ROW(name, flags) { #name, #name, FUNC_SLOW, 0, 0, true },

const struct lockfunc lockfuncs[] = {
#define IS_SPIN false
	LK_SLEEP_FUNCS(ROW)
#undef IS_SPIN
#define IS_SPIN true
	LK_SPIN_FUNCS(ROW)
	LK_SLOW_FUNCS(SLOW_ROW)
};
const size_t nr_lockfuncs = sizeof(lockfuncs) / sizeof(*lockfuncs);
_Static_assert(sizeof(lockfuncs) / sizeof(*lockfuncs) <= sizeof(((struct lockfunc_kernel *)0)->states) /
						       sizeof(enum lockfunc_state), "room");

const struct lockfunc *lockfuncs__find(const char *name)
{
	size_t i;

	for (i = 0; i < nr_lockfuncs; i++)
		if (!strcmp(lockfuncs[i].name, name))
			return &lockfuncs[i];
	return NULL;
}

const char *lockfunc_state__name(enum lockfunc_state s)
{
	static const char *const names[] = {
		[FUNC_THERE] = "hooked",
		[FUNC_MISSING] = "not in this kernel, or inlined",
		[FUNC_NO_GIVE] = "its release cannot be hooked",
		[FUNC_NO_ADDRESS] = "the address of its lock is not listed",
		[FUNC_REFUSED] = "the kernel refuses a hook",
		[FUNC_NO_RETURN] = "a return probe would not be safe",
		[FUNC_OFF] = "not asked for",
	};

	return names[s];
}

struct by_name {
	const char *name;
	size_t row;
};

/* The names in order.  Nearly all that is looked up is none of them: begins tells that
 * of most by how they begin. */
struct names {
	struct by_name list[sizeof(lockfuncs) / sizeof(*lockfuncs)];
	bool begins[256];
};

static unsigned int beginning(const char *name)
{
	unsigned int h = (unsigned char)name[0];

	h = h * 31 + (unsigned char)(h ? name[1] : 0);
	h = h * 31 + (unsigned char)(h && name[1] ? name[2] : 0);
	return (h ^ h >> 8) & 255;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(((const struct by_name *)a)->name, ((const struct by_name *)b)->name);
}

static void names__fill(struct names *names)
{
	size_t i;

	memset(names, 0, sizeof(*names));
	for (i = 0; i < nr_lockfuncs; i++) {
		names->list[i] = (struct by_name){ lockfuncs[i].name, i };
		names->begins[beginning(lockfuncs[i].name)] = true;
	}
	qsort(names->list, nr_lockfuncs, sizeof(*names->list), compare_names);
}

static size_t row_of(const struct names *names, const char *name)
{
	struct by_name key = { .name = name }, *found;

	if (!names->begins[beginning(name)])
		return SIZE_MAX;
	found = bsearch(&key, names->list, nr_lockfuncs, sizeof(*names->list), compare_names);
	return found ? found->row : SIZE_MAX;
}

/* The functions that somebody lists. */
struct listed {
	const struct names *names;
	bool there[sizeof(lockfuncs) / sizeof(*lockfuncs)];
};

static void take_function(void *ctx, const char *name, uint64_t from, uint64_t to)
{
	struct listed *l = ctx;
	size_t row = row_of(l->names, name);

	(void)from;
	(void)to;
	if (row != SIZE_MAX)
		l->there[row] = true;
}

/* "ffffffff81234560 T mutex_lock"; a module's has a name in brackets behind it. */
static void take_line(struct listed *l, char *line)
{
	char *name, type;

	strtoull(line, &name, 16);
	if (name == line || *name != ' ')
		return;
	type = name[1];
	name += 3;
	name[strcspn(name, "\n")] = '\0';
	if (strchr("TtWw", type) && !strchr(name, '\t'))
		take_function(l, name, 0, 0);
}

/* Names are there even where addresses are hidden. */
static int read_names(struct listed *l)
{
	FILE *f = fopen("/proc/kallsyms", "re");
	char line[512];

	if (!f)
		return -errno;
	while (fgets(line, sizeof(line), f))
		take_line(l, line);
	fclose(f);
	return 0;
}

/* One walk for all: looking one up walks over every type. */
static void take_types(struct listed *l, struct lockfunc_kernel *k, const struct btf *btf)
{
	uint32_t id, nr = btf__type_cnt(btf);

	for (id = 1; id < nr; id++) {
		const struct btf_type *t = btf__type_by_id(btf, id);
		const char *name;

		if (!btf_is_func(t))
			continue;
		name = btf__name_by_offset(btf, t->name_off);
		take_function(l, name, 0, 0);
		if (name[0] == 'b' && !strcmp(name, "bpf_rdonly_cast"))
			k->rdonly_cast = true;
	}
}

int lockfuncs__look(struct lockfunc_kernel *k, const struct symbols *symbols, const struct btf *btf)
{
	struct listed code = { 0 }, typed = { 0 };
	struct names names;
	int err = 0;
	size_t i;

	memset(k, 0, sizeof(*k));
	names__fill(&names);
	code.names = typed.names = &names;
	if (symbols && symbols__nr(symbols)) {
		symbols__each_function(symbols, take_function, &code);
		k->hotplug_lock = symbols__address(symbols, "cpu_hotplug_lock");
		k->per_cpu_offset = symbols__address(symbols, "__per_cpu_offset");
	} else {
		err = read_names(&code);
	}
	if (btf)
		take_types(&typed, k, btf);
	for (i = 0; i < nr_lockfuncs; i++) {
		if (!code.there[i])
			k->states[i] = FUNC_MISSING;
		else if (btf && !typed.there[i])
			k->states[i] = FUNC_REFUSED;
		else if (lockfuncs[i].arg == NO_ARG && !k->hotplug_lock)
			k->states[i] = FUNC_NO_ADDRESS;
	}
	return err;
}

void lockfuncs__need_gives(struct lockfunc_kernel *k)
{
	size_t i, g;

	for (i = 0; i < nr_lockfuncs; i++) {
		if (k->states[i] != FUNC_THERE)
			continue;
		for (g = 0; g < nr_lockfuncs; g++)
			if (!strcmp(lockfuncs[g].name, lockfuncs[i].give))
				break;
		if (g == nr_lockfuncs || k->states[g] != FUNC_THERE)
			k->states[i] = FUNC_NO_GIVE;
	}
}
