/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * unwind_maps.h - which files a process has code of, and where: from the text of its maps.
 */
#ifndef LOCKSCOPE_SOURCE_UNWIND_MAPS_H
#define LOCKSCOPE_SOURCE_UNWIND_MAPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UNWIND_PATH_LEN 256

/* One loaded file: mappings of it that follow one another, some of them of code. */
struct unwind_object {
	uint64_t start, end;	/* of all of them */
	uint64_t first_end;	/* of the first, which has the file's header */
	uint64_t ino;
	char path[UNWIND_PATH_LEN];	/* "[vdso]" for the kernel's own */
};

struct unwind_maps {
	struct unwind_object *list;
	size_t nr, cap;
	/* the object whose mappings are being read */
	struct unwind_object at;
	bool has_code;
};

/* Takes one line; after the last, NULL.  0 or -ENOMEM. */
int unwind_maps__add(struct unwind_maps *m, const char *line);
void unwind_maps__free(struct unwind_maps *m);

/* What a module is called in a frame: the last part of its path, without " (deleted)". */
void unwind_maps__name(const char *path, char *name, size_t size);

#endif
