// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "source/live_types.h"

#include <bpf/btf.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/hash.h"
#include "lib/map.h"
#include "lib/vec.h"

#define BTF_DIR "/sys/kernel/btf"

/* The BTF of the kernel or of a module. */
struct table {
	struct types types;
	struct btf *btf;
	char name[64];			/* of the module; "": the kernel's own */
	struct u64map *structs;		/* hash of the name to id */
	struct u64map *functions;	/* hash of the name to the prototype; NULL: nobody asked yet */
};

struct live_types {
	struct table **list;
	size_t nr, cap;
	const struct btf_type *per_cpu;	/* the section of per-CPU variables; NULL: not told */
};

static const char *str(const struct btf *btf, uint32_t off)
{
	const char *s = btf__str_by_offset(btf, off);

	return s ? s : "";
}

static const struct btf_type *behind_qualifiers(const struct btf *btf, uint32_t *id,
						const char **alias)
{
	const struct btf_type *t = btf__type_by_id(btf, *id);
	int i;

	for (i = 0; t && i < 16; i++) {
		if (btf_is_typedef(t))
			*alias = str(btf, t->name_off);
		else if (!btf_is_mod(t) && !btf_is_type_tag(t))
			break;
		*id = t->type;
		t = btf__type_by_id(btf, *id);
	}
	return t;
}

static uint32_t find(void *ctx, const char *name)
{
	struct table *t = ctx;
	uint64_t id;

	if (!u64map__get(t->structs, hash__str(name), &id))
		return 0;
	/* A hash may meet another name's. */
	return strcmp(str(t->btf, btf__type_by_id(t->btf, (uint32_t)id)->name_off), name) ? 0 :
										  (uint32_t)id;
}

/* One number for all descriptions of a struct: some tables have several, or only declare it
 * where something points to it. */
static const struct btf_type *first_of_name(struct table *table, const struct btf_type *t,
					    uint32_t *id)
{
	const struct btf_type *first;
	uint32_t at;

	if (!t || !t->name_off || !(btf_is_fwd(t) || btf_is_composite(t)))
		return t;
	at = find(table, str(table->btf, t->name_off));
	first = at ? btf__type_by_id(table->btf, at) : NULL;
	if (!first || (btf_is_composite(t) && (first->size != t->size || btf_vlen(first) != btf_vlen(t))))
		return t;
	*id = at;
	return first;
}

static void get(void *ctx, uint32_t id, struct type_info *out)
{
	const struct btf *btf = ((struct table *)ctx)->btf;
	const struct btf_type *t;

	*out = (struct type_info){ .name = "", .alias = "" };
	t = first_of_name(ctx, behind_qualifiers(btf, &id, &out->alias), &id);
	out->id = id;
	if (!t)
		return;
	if (btf_is_composite(t)) {
		out->kind = TYPE_STRUCT;
		out->name = str(btf, t->name_off);
		out->size = t->size;
		out->nr = btf_vlen(t);
	} else if (btf_is_array(t)) {
		out->kind = TYPE_ARRAY;
		out->nr = btf_array(t)->nelems;
		out->target = btf_array(t)->type;
	} else if (btf_is_ptr(t)) {
		out->kind = TYPE_POINTER;
		out->target = t->type;
	}
}

static void member(void *ctx, const struct type_info *in, uint32_t i, struct type_member *out)
{
	const struct btf *btf = ((struct table *)ctx)->btf;
	const struct btf_type *t = btf__type_by_id(btf, in->id);
	uint32_t bits = btf_member_bit_offset(t, i);

	out->name = str(btf, btf_members(t)[i].name_off);
	out->type = btf_members(t)[i].type;
	out->off = btf_member_bitfield_size(t, i) || bits % 8 ? UINT32_MAX : bits / 8;
}

/* One type in so many is a struct, and one a function, in kernels of today. */
#define TYPES_PER_STRUCT 8
#define TYPES_PER_FUNCTION 2

static int index_functions(struct table *t)
{
	uint32_t id, nr = btf__type_cnt(t->btf);
	int err = u64map__new(&t->functions, nr / TYPES_PER_FUNCTION);

	for (id = 1; id < nr && !err; id++) {
		const struct btf_type *type = btf__type_by_id(t->btf, id);

		if (btf_is_func(type))
			err = u64map__set(t->functions, hash__str(str(t->btf, type->name_off)),
					  type->type);
	}
	return err;
}

static int index_structs(struct table *t)
{
	uint32_t id, nr = btf__type_cnt(t->btf);
	int err = u64map__new(&t->structs, nr / TYPES_PER_STRUCT);

	for (id = 1; id < nr && !err; id++) {
		const struct btf_type *type = btf__type_by_id(t->btf, id);
		uint64_t hash;

		if (!btf_is_composite(type) || !type->size || !type->name_off)
			continue;
		hash = hash__str(str(t->btf, type->name_off));
		/* Of several structs of a name the first: a module's own come later. */
		if (!u64map__get(t->structs, hash, NULL))
			err = u64map__set(t->structs, hash, id);
	}
	return err;
}

/* Takes btf. */
static int add(struct live_types *l, struct btf *btf, const char *name)
{
	struct table *t = calloc(1, sizeof(*t));

	if (!t || !VEC_ROOM(l->list, l->nr, l->cap)) {
		btf__free(btf);
		free(t);
		return -ENOMEM;
	}
	t->btf = btf;
	snprintf(t->name, sizeof(t->name), "%s", name);
	t->types = (struct types){ .nr = btf__type_cnt(btf) - 1, .ctx = t, .get = get,
				   .nr_base = btf__type_cnt(l->nr ? l->list[0]->btf : btf) - 1,
				   .member = member, .find = find };
	l->list[l->nr++] = t;
	return index_structs(t);
}

static int add_modules(struct live_types *l)
{
	DIR *dir = opendir(BTF_DIR);
	struct dirent *e;
	struct btf *btf;
	int err = 0;

	while (dir && !err && (e = readdir(dir))) {
		if (*e->d_name == '.' || !strcmp(e->d_name, "vmlinux"))
			continue;
		btf = btf__load_module_btf(e->d_name, l->list[0]->btf);
		if (btf)
			err = add(l, btf, e->d_name);
	}
	if (dir)
		closedir(dir);
	return err;
}

static void find_per_cpu(struct live_types *l)
{
	const struct btf *btf = l->list[0]->btf;
	uint32_t id;

	/* Sections come last. */
	for (id = btf__type_cnt(btf) - 1; id && !l->per_cpu; id--) {
		const struct btf_type *t = btf__type_by_id(btf, id);

		if (btf_is_datasec(t) && !strcmp(str(btf, t->name_off), ".data..percpu"))
			l->per_cpu = t;
	}
}

int live_types__new(struct live_types **out, struct btf *kernel)
{
	struct live_types *l = calloc(1, sizeof(*l));
	int err;

	*out = NULL;
	if (!l) {
		btf__free(kernel);
		return -ENOMEM;
	}
	if (!kernel)
		kernel = btf__load_vmlinux_btf();
	err = kernel ? add(l, kernel, "") : -errno;
	err = err ? err : add_modules(l);
	if (err) {
		live_types__free(l);
		return err;
	}
	find_per_cpu(l);
	*out = l;
	return 0;
}

void live_types__free(struct live_types *l)
{
	if (!l)
		return;
	/* What is based on the kernel's goes first. */
	while (l->nr--) {
		u64map__free(l->list[l->nr]->structs);
		u64map__free(l->list[l->nr]->functions);
		btf__free(l->list[l->nr]->btf);
		free(l->list[l->nr]);
	}
	free(l->list);
	free(l);
}

const struct btf *live_types__btf(const struct live_types *l, uint32_t i)
{
	return l && i < l->nr ? l->list[i]->btf : NULL;
}

uint32_t live_types__bytes(const struct live_types *l, const char *name)
{
	uint32_t id = l ? find(l->list[0], name) : 0;

	return id ? btf__type_by_id(l->list[0]->btf, id)->size : 0;
}

const struct types *live_types__at(struct live_types *l, uint32_t i)
{
	return i < l->nr ? &l->list[i]->types : NULL;
}

static struct table *table_of(const struct live_types *l, const char *module)
{
	size_t i;

	for (i = 1; module && i < l->nr; i++)
		if (!strcmp(l->list[i]->name, module))
			return l->list[i];
	return l->list[0];
}

const struct types *live_types__of(struct live_types *l, const char *module)
{
	return &table_of(l, module)->types;
}

/* The compiler names parts and copies of a function "name.part.0", "name.isra.0.cold". */
static uint64_t hash_of_function(const char *symbol)
{
	char name[128];

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(symbol, "."), symbol);
	return hash__str(name);
}

static void tell_pointer(const struct types *t, uint32_t type,
			 void (*fn)(void *ctx, uint32_t struct_id), void *ctx)
{
	struct type_info in;

	t->get(t->ctx, type, &in);
	if (in.kind != TYPE_POINTER)
		return;
	t->get(t->ctx, in.target, &in);
	if (in.kind == TYPE_STRUCT)
		fn(ctx, in.id);
}

void live_types__pointers(struct live_types *l, const char *module, const char *function,
			  void (*fn)(void *ctx, uint32_t struct_id), void *ctx)
{
	struct table *table = table_of(l, module);
	const struct btf_type *proto;
	uint64_t id;
	int i;

	if (!table->functions && index_functions(table)) {
		u64map__free(table->functions);
		table->functions = NULL;
		return;
	}
	if (!u64map__get(table->functions, hash_of_function(function), &id))
		return;
	proto = btf__type_by_id(table->btf, (uint32_t)id);
	if (!proto || !btf_is_func_proto(proto))
		return;
	tell_pointer(&table->types, proto->type, fn, ctx);
	for (i = 0; i < btf_vlen(proto); i++)
		tell_pointer(&table->types, btf_params(proto)[i].type, fn, ctx);
}

const char *live_types__per_cpu(const struct live_types *l, uint32_t *off, uint32_t *type)
{
	const struct btf *btf = l->list[0]->btf;
	const struct btf_var_secinfo *v = l->per_cpu ? btf_var_secinfos(l->per_cpu) : NULL;
	int i;

	for (i = 0; v && i < btf_vlen(l->per_cpu); i++) {
		const struct btf_type *var = btf__type_by_id(btf, v[i].type);

		if (*off < v[i].offset || *off - v[i].offset >= v[i].size)
			continue;
		*off -= v[i].offset;
		*type = var->type;
		return str(btf, var->name_off);
	}
	return NULL;
}

uint64_t live_types__per_cpu_end(const struct live_types *l)
{
	const struct btf_var_secinfo *v = l->per_cpu ? btf_var_secinfos(l->per_cpu) : NULL;
	uint64_t end = 0;
	int i;

	for (i = 0; v && i < btf_vlen(l->per_cpu); i++)
		if (v[i].offset + (uint64_t)v[i].size > end)
			end = v[i].offset + (uint64_t)v[i].size;
	return end;
}

int64_t live_types__per_cpu_offset(const struct live_types *l, const char *name)
{
	const struct btf *btf = l->list[0]->btf;
	const struct btf_var_secinfo *v = l->per_cpu ? btf_var_secinfos(l->per_cpu) : NULL;
	int i;

	for (i = 0; v && i < btf_vlen(l->per_cpu); i++)
		if (!strcmp(str(btf, btf__type_by_id(btf, v[i].type)->name_off), name))
			return v[i].offset;
	return -1;
}
