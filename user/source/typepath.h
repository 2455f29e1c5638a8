/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * typepath.h - from a struct and an offset to the member that is a lock there.
 *
 * Pure: types come through a small table of functions, from BTF or from a test.
 */
#ifndef LOCKSCOPE_SOURCE_TYPEPATH_H
#define LOCKSCOPE_SOURCE_TYPEPATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "record/kind.h"

enum type_kind { TYPE_OTHER, TYPE_STRUCT, TYPE_ARRAY, TYPE_POINTER };

/* A type behind its typedefs and qualifiers; a union is a struct. */
struct type_info {
	enum type_kind kind;
	const char *name;	/* of the struct; "" without one, never NULL */
	const char *alias;	/* the last typedef on the way here; "": none */
	uint32_t id;		/* behind typedefs and qualifiers */
	uint32_t size;		/* of the struct */
	uint32_t nr;		/* members of the struct, elements of the array */
	uint32_t target;	/* of the array's elements, of what the pointer points to */
};

struct type_member {
	const char *name;	/* "" for an unnamed struct */
	uint32_t type;
	uint32_t off;		/* in bytes; UINT32_MAX: a bit field */
};

/* Types are numbered from 1 to nr. */
struct types {
	uint32_t nr;
	uint32_t nr_base;	/* up to here the kernel's own, beyond those of one module */
	void *ctx;
	void (*get)(void *ctx, uint32_t id, struct type_info *out);
	void (*member)(void *ctx, const struct type_info *in, uint32_t i, struct type_member *out);
	/* A struct of this name, not one that is only declared; 0: none. */
	uint32_t (*find)(void *ctx, const char *name);
};

/* The size of a type in bytes; 0: not known. */
uint32_t types__size(const struct types *t, uint32_t id);

/* Writes the path of the member at off whose type is a lock of this kind:
 * "vfs_inode.i_rwsem", "bucket[3].lock".  Returns how many there are: 0; 1; 2 when
 * members of a union overlap, so that the first, which is written, is only a guess. */
int typepath__find(const struct types *t, uint32_t id, uint32_t off, enum lock_kind kind,
		   char *path, size_t size);
/* The same without the path. */
bool typepath__has(const struct types *t, uint32_t id, uint32_t off, enum lock_kind kind);

#endif
