// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "source/live_namer_int.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/arena.h"
#include "lib/map.h"
#include "record/caller.h"
#include "source/live_objects.h"
#include "source/live_places.h"
#include "source/live_types.h"
#include "source/slabalias.h"
#include "source/symbols.h"

uint64_t namer__now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

int namer__new(struct namer **out, struct live_places *places, struct live_types *types)
{
	struct namer *n = calloc(1, sizeof(*n));
	const struct lk_cache *caches;
	uint32_t i, nr;
	int err;

	*out = n;
	if (!n)
		return -ENOMEM;
	n->places = places;
	n->types = types;
	err = arena__new(&n->strings) ?: u64map__new(&n->cached, 0) ?: slabalias__new(&n->aliases, "/sys/kernel/slab",
							namer__now_ns());
	if (err)
		return err;
	caches = live_places__caches(places, &nr);
	for (i = 0; i < nr; i++)
		namer__learn_cache(n, &caches[i]);
	return 0;
}

void namer__use_symbols(struct namer *n, const struct symbols *symbols)
{
	n->symbols = symbols;
	n->per_cpu_start = symbols__address(symbols, "__per_cpu_start");
}

int namer__forget(struct namer *n)
{
	arena__free(n->strings);
	return arena__new(&n->strings);
}

void namer__free(struct namer *n)
{
	if (!n)
		return;
	slabalias__free(n->aliases);
	u64map__free(n->cached);
	arena__free(n->strings);
	free(n);
}

void namer__set(struct rec_lock_name *out, const char *name, const char *source)
{
	out->name = name;
	out->source = name ? source : NULL;
}

void namer__set_path(struct namer *n, const struct types *t, uint32_t id, const char *path,
		     struct rec_lock_name *out)
{
	struct type_info in;

	t->get(t->ctx, id, &in);
	namer__set(out, arena__printf(n->strings, "%s.%s", in.name, path), "type");
}

/* A static lock has a symbol where the kernel lists data symbols. */
static bool by_symbol(struct namer *n, struct rec_lock_name *out)
{
	struct rec_frame f;

	symbols__data(n->symbols, out->lock.addr, &f);
	if (!f.sym)
		return false;
	namer__set(out, f.off ? arena__printf(n->strings, "%s+0x%" PRIx64, f.sym, f.off) :
			      arena__strdup(n->strings, f.sym), "symbol");
	return true;
}

/* The lock of a page table is in its struct page, which is called ptdesc from 6.6 on. */
static bool by_page_struct(struct namer *n, const struct lk_place *p, struct rec_lock_name *out)
{
	static const char *const names[] = { "ptdesc", "page" };
	const struct types *t = n->types ? live_types__at(n->types, 0) : NULL;
	char path[PATH_LEN];
	size_t i;

	for (i = 0; t && p->where == LK_WHERE_PAGE_STRUCT && i < 2; i++) {
		uint32_t id = t->find(t->ctx, names[i]);

		if (!id || !typepath__find(t, id, p->off, out->lock.kind, path, sizeof(path)))
			continue;
		namer__set_path(n, t, id, path, out);
		return true;
	}
	return false;
}

/* The image of the kernel and its modules lie in the highest 2 GB. */
static bool is_static(uint64_t addr)
{
#ifdef __x86_64__
	return addr >= 0xffffffff80000000ull;
#else
	(void)addr;
	return false;
#endif
}

static const char *in_memory(const struct lk_place *p, uint64_t addr)
{
	if (p->where == LK_WHERE_STACK)
		return "lock on the stack";
	if (is_static(addr))
		return "static lock";
#ifdef __x86_64__	/* elsewhere variables lie there too */
	if (p->where == LK_WHERE_VMALLOC)
		return "lock in vmalloc memory";
#endif
	return "lock";
}

/* Where nothing says what it is: who takes it. */
static void by_site(struct namer *n, const struct lk_place *p, const struct rec_stack *stack,
		    struct rec_lock_name *out)
{
	const struct rec_frame *f = stack ? caller__frame(stack) : NULL;
	struct lk_place task = *p;

	if (!f || !f->sym)
		return;
	namer__set(out, arena__printf(n->strings, "%s in %s%s%s%s", in_memory(p, out->lock.addr), f->sym,
				    f->module ? " [" : "", f->module ? f->module : "",
				    f->module ? "]" : ""), "site");
	task.what = LK_OBJECT_TASK;
	if (p->where == LK_WHERE_STACK)
		out->object = live_objects__describe(n->strings, &task);
}

void namer__name(struct namer *n, const struct lk_place *p, const struct rec_stack *stack,
		 struct rec_lock_name *out)
{
	if (by_symbol(n, out) || namer__by_object(n, p, stack, out) || by_page_struct(n, p, out) ||
	    namer__by_cpu(n, out))
		return;
	if (p->where == LK_WHERE_STACK || is_static(out->lock.addr) || !namer__by_taker(n, stack, out))
		by_site(n, p, stack, out);
}
