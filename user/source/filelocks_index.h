/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * filelocks_index.h - which of many lines are of a file.
 */
#ifndef LOCKSCOPE_SOURCE_FILELOCKS_INDEX_H
#define LOCKSCOPE_SOURCE_FILELOCKS_INDEX_H

#include "source/filelocks_int.h"

struct fl_indexed {
	uint64_t ino;
	uint32_t major, minor;
	uint32_t nr;		/* what was added */
};

/* Zeroed is empty. */
struct fl_index {
	FL_LIST(struct fl_indexed) list;
};
static inline void fl_index__clear(struct fl_index *x)
{
	x->list.nr = 0;
}
static inline void fl_index__free(struct fl_index *x)
{
	free(x->list.at);
}
/* Adds nr under the file of the line.  0 or -ENOMEM. */
int fl_index__add(struct fl_index *x, const struct fl_line *line, uint32_t nr);
/* Once, after all are added. */
void fl_index__sort(struct fl_index *x);
/* Those of the line's file, lowest first; *nr of them. */
const struct fl_indexed *fl_index__find(const struct fl_index *x, const struct fl_line *line,
					uint32_t *nr);

#endif
