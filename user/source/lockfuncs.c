// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "source/lockfuncs.h"

#include <bpf/btf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

static int compare_names(const void *a, const void *b)
{
	return strcmp(((const struct by_name *)a)->name, ((const struct by_name *)b)->name);
}

static size_t row_of(const struct by_name *index, const char *name)
{
	struct by_name key = { .name = name }, *found;

	found = bsearch(&key, index, nr_lockfuncs, sizeof(*index), compare_names);
	return found ? found->row : SIZE_MAX;
}

/* "ffffffff81234560 T mutex_lock": the kernel's own come before those of modules. */
static void take_symbol(struct lockfunc_kernel *k, const struct by_name *index, char *line)
{
	char *end, *name, *rest;
	uint64_t addr = strtoull(line, &end, 16);
	size_t row;
	char type;

	if (end == line || *end != ' ')
		return;
	type = end[1];
	name = end + 3;
	rest = name + strcspn(name, "\t\n");
	if (*rest == '\t')
		return;	/* a module's */
	*rest = '\0';
	if (!strcmp(name, "cpu_hotplug_lock"))
		k->hotplug_lock = addr;
	else if (!strcmp(name, "__per_cpu_offset"))
		k->per_cpu_offset = addr;
	if (type != 'T' && type != 't' && type != 'W')
		return;
	row = row_of(index, name);
	if (row != SIZE_MAX)
		k->states[row] = FUNC_THERE;
}

int lockfuncs__look(struct lockfunc_kernel *k, const struct btf *btf)
{
	struct by_name index[sizeof(lockfuncs) / sizeof(*lockfuncs)];
	FILE *f = fopen("/proc/kallsyms", "re");
	char line[512];
	size_t i;

	if (!f)
		return -errno;
	memset(k, 0, sizeof(*k));
	for (i = 0; i < nr_lockfuncs; i++) {
		index[i] = (struct by_name){ lockfuncs[i].name, i };
		k->states[i] = FUNC_MISSING;
	}
	qsort(index, nr_lockfuncs, sizeof(*index), compare_names);
	while (fgets(line, sizeof(line), f))
		take_symbol(k, index, line);
	fclose(f);
	k->rdonly_cast = btf && btf__find_by_name_kind(btf, "bpf_rdonly_cast", BTF_KIND_FUNC) > 0;
	for (i = 0; i < nr_lockfuncs; i++) {
		if (k->states[i] != FUNC_THERE)
			continue;
		if (btf && btf__find_by_name_kind(btf, lockfuncs[i].name, BTF_KIND_FUNC) < 0)
			k->states[i] = FUNC_REFUSED;
		else if (lockfuncs[i].arg == NO_ARG && !k->hotplug_lock)
			k->states[i] = FUNC_NO_ADDRESS;
	}
	return 0;
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
