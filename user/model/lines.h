/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * lines.h - where in the source code addresses are, as far as that was told.
 */
#ifndef LOCKSCOPE_MODEL_LINES_H
#define LOCKSCOPE_MODEL_LINES_H

#include <stddef.h>
#include "record/record.h"

struct intern;
struct lines;

int lines__new(struct lines **out, struct intern *strings);
void lines__free(struct lines *l);
/* Known by address, function and module: another module may come to lie at the same
 * address.  A frame without a line is left out.  0 or -ENOMEM. */
int lines__set(struct lines *l, const struct rec_frame *frame);
/* Gives the frame its line, where it has none and one is known. */
void lines__fill(const struct lines *l, struct rec_frame *frame);
size_t lines__nr(const struct lines *l);

#endif
