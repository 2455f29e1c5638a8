/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * rows.h - inside the model: the statistics rows of waits and of holds, the latest
 * record of each.
 */
#ifndef LOCKSCOPE_MODEL_ROWS_H
#define LOCKSCOPE_MODEL_ROWS_H

#include "model/model.h"

struct intern;
struct rows;

/* Strings of rows are kept in strings, which must outlive them.  0 or -ENOMEM. */
int rows__new(struct rows **out, struct intern *strings);
/* Takes NULL. */
void rows__free(struct rows *r);

/* Rows are cumulative, so the record replaces the one of its key.  0 or -ENOMEM. */
int rows__add_agg(struct rows *r, const struct rec_agg *agg);
int rows__add_hold_agg(struct rows *r, const struct rec_hold_agg *agg);

const struct stat_row *rows__stats(const struct rows *r, size_t *nr);
const struct hold_row *rows__holds(const struct rows *r, size_t *nr);

#endif
