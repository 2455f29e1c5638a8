// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "source/unwind_maps.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/vec.h"

#define DELETED " (deleted)"

static int close_object(struct unwind_maps *m)
{
	if (m->has_code) {
		if (!VEC_ROOM(m->list, m->nr, m->cap))
			return -ENOMEM;
		m->list[m->nr++] = m->at;
	}
	m->at.path[0] = '\0';
	m->has_code = false;
	return 0;
}

/* 7f…-7f… r-xp 0001c000 08:01 1234    /usr/lib/libfoo.so */
int unwind_maps__add(struct unwind_maps *m, const char *line)
{
	struct unwind_object o;
	uint64_t offset;
	char perms[8];
	int at = 0, err;

	if (!line)
		return close_object(m);
	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %7s %" SCNx64 " %*x:%*x %" SCNu64 " %n", &o.start,
		   &o.end, perms, &offset, &o.ino, &at) < 5)
		return 0;
	o.first_end = o.end;
	snprintf(o.path, sizeof(o.path), "%.*s", at ? (int)strcspn(line + at, "\n") : 0, line + at);
	if (o.path[0] != '/' && strcmp(o.path, "[vdso]"))
		return 0;	/* nothing that has a header; a file's mappings may go on behind it */
	/* From its begin on it is loaded once more; but code and header can be of one page
	 * of the file, mapped twice. */
	if ((!offset && (m->has_code || perms[2] != 'x')) || o.ino != m->at.ino || strcmp(o.path, m->at.path)) {
		err = close_object(m);
		if (err)
			return err;
		m->at = o;
	}
	m->at.end = o.end;
	m->has_code |= perms[2] == 'x';
	return 0;
}

void unwind_maps__free(struct unwind_maps *m)
{
	free(m->list);
	*m = (struct unwind_maps){ 0 };
}

void unwind_maps__name(const char *path, char *name, size_t size)
{
	const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
	size_t len = strlen(base), tail = strlen(DELETED);

	if (slash && len > tail && !strcmp(base + len - tail, DELETED))
		len -= tail;
	snprintf(name, size, "%.*s", (int)(len < size ? len : size - 1), base);
}
