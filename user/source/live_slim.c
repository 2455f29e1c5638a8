// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#define _GNU_SOURCE
#include "source/live_slim.h"

#include <bpf/btf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/btf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/hash.h"
#include "lib/map.h"
#include "lib/vec.h"
#include "source/live_types.h"

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 8u
#endif

enum wanted { WANTED = 1, IN_KERNEL };

struct bytes {
	char *list;
	size_t nr, cap;
};

/* One that is copied: its number in the file is its place in the list, from 1 on. */
struct copied {
	const struct btf *btf;
	uint32_t id;
};

struct slim {
	struct u64map *names;		/* hash of a name to enum wanted */
	struct u64map *ids;		/* table and number there to the number in the file */
	struct copied *list;
	size_t nr, cap;
	const struct btf *kernel;
	struct bytes types, names_text;
};

static void *add(struct bytes *b, const void *data, size_t size)
{
	while (b->cap - b->nr < size) {
		size_t cap = b->cap ? b->cap * 2 : 1 << 16;
		char *list = realloc(b->list, cap);

		if (!list)
			return NULL;
		b->list = list;
		b->cap = cap;
	}
	memcpy(b->list + b->nr, data, size);
	b->nr += size;
	return b->list + b->nr - size;
}

static bool is_root(const struct btf_type *t)
{
	return t->name_off && (btf_is_composite(t) || btf_is_any_enum(t));
}

/* Of "task_struct___before_516" what counts is "task_struct": libbpf's way to have several,
 * told by the last three underscores between two that are none. */
static uint64_t hash_of_name(const char *name)
{
	size_t len = strlen(name), i;

	for (i = len; i >= 5; i--) {
		const char *s = name + i - 5;

		if (s[3] == '_' && s[2] == '_' && s[1] == '_' && s[0] != '_' && s[4] != '_') {
			len = i - 4;
			break;
		}
	}
	return hash__bytes(name, len);
}

static int note_wanted(struct slim *s, const struct btf *programs)
{
	uint32_t id, nr = btf__type_cnt(programs);
	int err = 0;

	for (id = 1; id < nr && !err; id++) {
		const struct btf_type *t = btf__type_by_id(programs, id);

		if (is_root(t))
			err = u64map__set(s->names,
					  hash_of_name(btf__str_by_offset(programs, t->name_off)),
					  WANTED);
	}
	return err;
}

/* Behind a pointer nothing is looked for, so functions are not met. */
static bool is_embedded(const struct btf_type *t)
{
	return t && !btf_is_func_proto(t) && !btf_is_func(t);
}

/* Its number in the file; it is copied later, if it is not yet.  0 also when out of memory:
 * then *err says so. */
static uint32_t copy(struct slim *s, const struct btf *btf, uint32_t id, int *err)
{
	uint32_t nr_kernel = btf__type_cnt(s->kernel);
	uint64_t key, at;

	if (!id || *err || !is_embedded(btf__type_by_id(btf, id)))
		return 0;
	/* A module's have the kernel's numbers below its own. */
	if (id < nr_kernel)
		btf = s->kernel;
	key = hash__add((uintptr_t)btf, id);
	if (u64map__get(s->ids, key, &at))
		return (uint32_t)at;
	if (!VEC_ROOM(s->list, s->nr, s->cap) || u64map__set(s->ids, key, s->nr + 1)) {
		*err = -ENOMEM;
		return 0;
	}
	s->list[s->nr++] = (struct copied){ .btf = btf, .id = id };
	return (uint32_t)s->nr;
}

static uint32_t copy_name(struct slim *s, const struct btf *btf, uint32_t off, int *err)
{
	const char *name = off ? btf__str_by_offset(btf, off) : NULL;
	uint32_t at = (uint32_t)s->names_text.nr;

	if (!name || !*name)
		return 0;
	if (!add(&s->names_text, name, strlen(name) + 1))
		*err = -ENOMEM;
	return at;
}

static size_t more_bytes(const struct btf_type *t)
{
	switch (btf_kind(t)) {
	case BTF_KIND_INT:
		return sizeof(uint32_t);
	case BTF_KIND_ARRAY:
		return sizeof(struct btf_array);
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		return btf_vlen(t) * sizeof(struct btf_member);
	case BTF_KIND_ENUM:
		return btf_vlen(t) * sizeof(struct btf_enum);
	case BTF_KIND_ENUM64:
		return btf_vlen(t) * sizeof(struct btf_enum64);
	default:
		return 0;
	}
}

/* Names and numbers of a copy in those of the file. */
static int renumber(struct slim *s, const struct btf *btf, struct btf_type *t)
{
	int i, err = 0;

	t->name_off = copy_name(s, btf, t->name_off, &err);
	if (btf_is_ptr(t))
		t->type = 0;
	else if (btf_is_mod(t) || btf_is_typedef(t) || btf_is_type_tag(t))
		t->type = copy(s, btf, t->type, &err);
	if (btf_is_array(t)) {
		btf_array(t)->type = copy(s, btf, btf_array(t)->type, &err);
		btf_array(t)->index_type = copy(s, btf, btf_array(t)->index_type, &err);
	}
	for (i = 0; btf_is_composite(t) && i < btf_vlen(t); i++) {
		btf_members(t)[i].name_off = copy_name(s, btf, btf_members(t)[i].name_off, &err);
		btf_members(t)[i].type = copy(s, btf, btf_members(t)[i].type, &err);
	}
	for (i = 0; btf_is_enum(t) && i < btf_vlen(t); i++)
		btf_enum(t)[i].name_off = copy_name(s, btf, btf_enum(t)[i].name_off, &err);
	for (i = 0; btf_is_enum64(t) && i < btf_vlen(t); i++)
		btf_enum64(t)[i].name_off = copy_name(s, btf, btf_enum64(t)[i].name_off, &err);
	return err;
}

/* Those of one table that are wanted; of a module's what the kernel itself has not. */
static int copy_roots(struct slim *s, const struct btf *btf)
{
	uint32_t id = btf == s->kernel ? 1 : btf__type_cnt(s->kernel), nr = btf__type_cnt(btf);
	uint64_t hash, how;
	int err = 0;

	for (; id < nr && !err; id++) {
		const struct btf_type *t = btf__type_by_id(btf, id);

		if (!is_root(t))
			continue;
		hash = hash_of_name(btf__str_by_offset(btf, t->name_off));
		if (!u64map__get(s->names, hash, &how) || (how == IN_KERNEL && btf != s->kernel))
			continue;
		copy(s, btf, id, &err);
		if (btf == s->kernel)
			err = err ?: u64map__set(s->names, hash, IN_KERNEL);
	}
	return err;
}

/* The list grows meanwhile by what is embedded. */
static int copy_all(struct slim *s)
{
	size_t i;
	int err = 0;

	for (i = 0; i < s->nr && !err; i++) {
		const struct btf_type *t = btf__type_by_id(s->list[i].btf, s->list[i].id);
		struct btf_type *to = add(&s->types, t, sizeof(*t) + more_bytes(t));

		err = to ? renumber(s, s->list[i].btf, to) : -ENOMEM;
	}
	return err;
}

static int write_all(int fd, const void *data, size_t size)
{
	const char *p = data;

	while (size) {
		ssize_t n = write(fd, p, size);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0) {
			p += n;
			size -= (size_t)n;
		}
	}
	return 0;
}

static int write_file(int fd, const struct slim *s)
{
	const struct btf_header head = {
		.magic = BTF_MAGIC, .version = 1, .hdr_len = sizeof(head),
		.type_len = (uint32_t)s->types.nr, .str_off = (uint32_t)s->types.nr,
		.str_len = (uint32_t)s->names_text.nr,
	};

	return write_all(fd, &head, sizeof(head)) ?: write_all(fd, s->types.list, s->types.nr) ?:
	       write_all(fd, s->names_text.list, s->names_text.nr);
}

int live_slim__write(int fd, const struct live_types *types, const struct btf *programs)
{
	struct slim s = { .kernel = live_types__btf(types, 0) };
	const struct btf *btf;
	uint32_t i;
	int err = s.kernel ? 0 : -ENOENT;

	err = err ?: u64map__new(&s.names, 1024) ?: u64map__new(&s.ids, 8192);
	err = err ?: note_wanted(&s, programs);
	/* The first text is the empty one. */
	if (!err && !add(&s.names_text, "", 1))
		err = -ENOMEM;
	for (i = 0; !err && (btf = live_types__btf(types, i)); i++)
		err = copy_roots(&s, btf);
	err = err ?: copy_all(&s) ?: write_file(fd, &s);
	u64map__free(s.names);
	u64map__free(s.ids);
	free(s.list);
	free(s.types.list);
	free(s.names_text.list);
	return err;
}

int live_slim__open(char *path, unsigned int size)
{
	int fd = memfd_create("types", MFD_CLOEXEC | MFD_NOEXEC_SEAL), again;

	if (fd < 0 && errno == EINVAL)	/* before 6.3 */
		fd = memfd_create("types", MFD_CLOEXEC);
	if (fd < 0)
		return -errno;
	snprintf(path, size, "/proc/self/fd/%d", fd);
	/* libbpf goes by the path, which may be forbidden. */
	again = open(path, O_RDONLY | O_CLOEXEC);
	if (again < 0) {
		again = -errno;
		close(fd);
		return again;
	}
	close(again);
	return fd;
}
