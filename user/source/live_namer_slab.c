// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * live_namer_slab.c - names from the slab cache that a lock's object is of.
 */
#include <inttypes.h>
#include <string.h>

#include "lib/arena.h"
#include "lib/hash.h"
#include "lib/map.h"
#include "record/caller.h"
#include "source/cachename.h"
#include "source/live_namer_int.h"
#include "source/live_objects.h"
#include "source/live_places.h"
#include "source/live_types.h"
#include "source/slabalias.h"
#include "source/typeguess.h"

/* The struct that the objects of a cache of this name are, with the table it is in; 0: not
 * known. */
static uint32_t struct_of(struct namer *n, const char *name, uint32_t bytes,
			  const struct types **out)
{
	uint32_t i, id = 0;

	if (!n->types || cachename__is_kmalloc(name))
		return 0;
	for (i = 0; !id && (*out = live_types__at(n->types, i)); i++)
		id = cachename__struct(*out, name, bytes);
	return id;
}

static const char *alias_of(const struct namer *n, const struct lk_cache *c, uint32_t i)
{
	return slabalias__of(n->aliases, c->name, i, namer__now_ns());
}

/* Of merged caches what one of them can tell: by_merged_type() sees whether it is meant. */
void namer__learn_cache(struct namer *n, const struct lk_cache *c)
{
	const char *name = c->refcount > 1 ? alias_of(n, c, 0) : c->name;
	enum lk_object what = LK_OBJECT_OTHER;
	uint32_t i, off = 0;

	for (i = 0; name; name = c->refcount > 1 ? alias_of(n, c, ++i) : NULL) {
		const struct types *t;
		uint32_t id = struct_of(n, name, c->object_bytes, &t), at = 0;
		enum lk_object here = id ? live_objects__find(t, id, &at) : LK_OBJECT_OTHER;
		struct type_info in;

		if (id) {
			t->get(t->ctx, id, &in);
			u64map__set(n->cached, hash__str(in.name), 1);
		}
		if (here == LK_OBJECT_OTHER || (what != LK_OBJECT_OTHER && here != what))
			continue;
		if (what != LK_OBJECT_OTHER && at != off)
			return;
		what = here;
		off = at;
	}
	if (what != LK_OBJECT_OTHER)
		live_places__tell(n->places, c->addr, what, off);
}

static void add_root(void *ctx, uint32_t id)
{
	struct guess_clues *c = ctx;

	if (c->nr_roots < GUESS_ROOTS_MAX)
		c->roots[c->nr_roots++] = id;
}

/* What the functions on the stack say.  Returns the types of the innermost module's, or
 * the kernel's own: other modules' have other numbers, and do not count. */
static const struct types *add_functions(struct namer *n, const struct rec_stack *stack,
					 struct guess_clues *clues)
{
	const char *module = NULL;
	uint32_t i;

	for (i = caller__index(stack); i < stack->nr_frames; i++) {
		const struct rec_frame *f = &stack->frames[i];

		if (!f->sym || caller__is_entry(f->sym))
			continue;
		if (!clues->nr_functions)
			clues->of_module = f->module;
		if (clues->nr_functions < GUESS_FUNCTIONS_MAX)
			clues->functions[clues->nr_functions++] = f->sym;
		if (!module && f->module)
			module = f->module;
		if (!f->module || !strcmp(f->module, module))
			live_types__pointers(n->types, f->module, f->sym, add_root, clues);
	}
	return live_types__of(n->types, module);
}

static bool is_root(const struct guess_clues *clues, uint32_t id)
{
	uint32_t i;

	for (i = 0; i < clues->nr_roots; i++)
		if (clues->roots[i] == id)
			return true;
	return false;
}

/* One of the structs whose caches were merged: the only one with such a lock there, or the
 * only such that a function on the stack has as an argument. */
static bool by_merged_type(struct namer *n, const struct lk_cache *c, const struct lk_place *p,
			   const struct rec_stack *stack, struct rec_lock_name *out)
{
	const struct types *t, *found_in = NULL, *of_stack = NULL;
	uint32_t i, id, found = 0, nr = 0, argued = 0, nr_argued = 0, off;
	struct guess_clues clues = { 0 };
	char path[PATH_LEN];
	const char *name;

	if (!n->types)
		return false;
	if (stack)
		of_stack = add_functions(n, stack, &clues);
	for (i = 0; (name = alias_of(n, c, i)); i++) {
		id = struct_of(n, name, c->object_bytes, &t);
		if (!id || (id == found && t == found_in) ||
		    !typepath__has(t, id, p->off, out->lock.kind))
			continue;
		nr++;
		if (t == of_stack && is_root(&clues, id)) {
			nr_argued++;
			argued = id;
		}
		found = id;
		found_in = t;
	}
	if (nr_argued == 1) {
		found = argued;
		found_in = of_stack;
	} else if (nr != 1) {
		return false;
	}
	typepath__find(found_in, found, p->off, out->lock.kind, path, sizeof(path));
	namer__set_path(n, found_in, found, path, out);
	if (live_objects__find(found_in, found, &off) == p->what)
		out->object = live_objects__describe(n->strings, p);
	out->guess = true;
	return true;
}

/* "inode.i_rwsem": the cache's objects are of one type, and it has such a lock there. */
static bool by_type(struct namer *n, const struct lk_cache *c, const struct lk_place *p,
		    const struct rec_stack *stack, struct rec_lock_name *out)
{
	const struct types *t;
	char path[PATH_LEN];
	uint32_t id;
	int nr;

	if (c->refcount > 1)
		return by_merged_type(n, c, p, stack, out);
	id = struct_of(n, c->name, c->object_bytes, &t);
	nr = id ? typepath__find(t, id, p->off, out->lock.kind, path, sizeof(path)) : 0;
	if (!nr)
		return false;
	namer__set_path(n, t, id, path, out);
	out->guess = nr > 1;
	out->object = live_objects__describe(n->strings, p);
	return true;
}

/* Objects of kmalloc are at least half as large as their room, but for the odd sizes
 * 96 and 192. */
static uint32_t smaller_class(uint32_t bytes)
{
	return bytes == 96 ? 64 : bytes == 128 ? 96 : bytes == 192 ? 128 : bytes == 256 ? 192 :
							      bytes / 2;
}

static bool by_guess(struct namer *n, const struct lk_cache *c, const struct lk_place *p,
		     const struct rec_stack *stack, struct rec_lock_name *out)
{
	struct guess_clues clues = { .max_bytes = c->object_bytes, .off = p->off,
				     .min_bytes = smaller_class(c->object_bytes),
				     .kind = out->lock.kind,
				     .cached = c->refcount > 1 ? NULL : n->cached };
	const struct types *t;
	char path[PATH_LEN];
	uint32_t id;

	if (!n->types || !stack || !cachename__is_kmalloc(c->name))
		return false;
	t = add_functions(n, stack, &clues);
	id = typeguess__find(t, &clues);
	if (!id || !typepath__find(t, id, p->off, out->lock.kind, path, sizeof(path)))
		return false;
	namer__set_path(n, t, id, path, out);
	out->guess = true;
	return true;
}

/* A file system is known by the list it is in. */
static bool by_super(struct namer *n, const struct lk_cache *c, const struct lk_place *p,
		     struct rec_lock_name *out)
{
	const struct types *t = n->types ? live_types__at(n->types, 0) : NULL;
	uint32_t id = t ? t->find(t->ctx, "super_block") : 0, bytes = id ? types__size(t, id) : 0;
	struct lk_super sb;
	char path[PATH_LEN];

	if (!id || !cachename__is_kmalloc(c->name) || bytes > c->object_bytes ||
	    bytes <= smaller_class(c->object_bytes) ||
	    !typepath__find(t, id, p->off, out->lock.kind, path, sizeof(path)) ||
	    live_places__super(n->places, out->lock.addr - p->off, &sb))
		return false;
	namer__set(out, arena__printf(n->strings, "super_block.%s", path), "type");
	out->object = arena__printf(n->strings, "%s, device %u:%u", sb.id, sb.dev >> 20,
				    sb.dev & 0xfffff);
	return true;
}

/* Locks in tables of the kernel's own whose memory says nothing: the functions that take
 * them do. */
static const struct {
	const char *function;	/* the name begins so */
	enum lock_kind kind;
	const char *type, *member;
} takers[] = {
	{ "futex_", KIND_SPINLOCK, "futex_hash_bucket", "lock" },
	{ "__futex_", KIND_SPINLOCK, "futex_hash_bucket", "lock" },
};

bool namer__by_taker(struct namer *n, const struct rec_stack *stack, struct rec_lock_name *out)
{
	const struct rec_frame *f = stack ? caller__frame(stack) : NULL;
	const struct types *t = n->types ? live_types__at(n->types, 0) : NULL;
	size_t i;

	for (i = 0; t && f && f->sym && i < sizeof(takers) / sizeof(*takers); i++) {
		if (takers[i].kind != out->lock.kind ||
		    strncmp(f->sym, takers[i].function, strlen(takers[i].function)) ||
		    !t->find(t->ctx, takers[i].type))
			continue;
		namer__set(out, arena__printf(n->strings, "%s.%s", takers[i].type, takers[i].member),
			 "type");
		out->guess = true;
		return true;
	}
	return false;
}

bool namer__by_object(struct namer *n, const struct lk_place *p, const struct rec_stack *stack,
		      struct rec_lock_name *out)
{
	const struct lk_cache *c = live_places__cache(n->places, p->cache);

	if (!c)
		return false;
	if (!by_type(n, c, p, stack, out) && !by_super(n, c, p, out) &&
	    !(cachename__is_kmalloc(c->name) && namer__by_taker(n, stack, out)) &&
	    !by_guess(n, c, p, stack, out))
		namer__set(out, arena__printf(n->strings, "%s+0x%x", c->name, p->off), "cache");
	return true;
}
