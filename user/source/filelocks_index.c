// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "source/filelocks_index.h"

#include <errno.h>

static int by_file(const struct fl_indexed *x, const struct fl_indexed *y)
{
	if (x->ino != y->ino)
		return x->ino < y->ino ? -1 : 1;
	if (x->major != y->major)
		return x->major < y->major ? -1 : 1;
	return x->minor < y->minor ? -1 : x->minor > y->minor;
}

static int by_file_and_nr(const void *a, const void *b)
{
	const struct fl_indexed *x = a, *y = b;
	int order = by_file(x, y);

	return order ? order : x->nr < y->nr ? -1 : x->nr > y->nr;
}

int fl_index__add(struct fl_index *x, const struct fl_line *line, uint32_t nr)
{
	if (!FL_ROOM(&x->list))
		return -ENOMEM;
	x->list.at[x->list.nr++] = (struct fl_indexed){
		.ino = line->ino, .major = line->major, .minor = line->minor, .nr = nr,
	};
	return 0;
}

void fl_index__sort(struct fl_index *x)
{
	if (x->list.nr)
		qsort(x->list.at, x->list.nr, sizeof(*x->list.at), by_file_and_nr);
}

const struct fl_indexed *fl_index__find(const struct fl_index *x, const struct fl_line *line,
					uint32_t *nr)
{
	struct fl_indexed key = { .ino = line->ino, .major = line->major, .minor = line->minor };
	size_t lo = 0, hi = x->list.nr, end;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (by_file(&x->list.at[mid], &key) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (end = lo; end < x->list.nr && !by_file(&x->list.at[end], &key); end++)
		;
	*nr = (uint32_t)(end - lo);
	return x->list.at + lo;
}
