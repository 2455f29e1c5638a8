/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * stat_base.h - the statistics of a moment, kept to be subtracted from later ones.
 */
#ifndef LOCKSCOPE_VIEW_STAT_BASE_H
#define LOCKSCOPE_VIEW_STAT_BASE_H

#include "model/model.h"

struct stat_counts {
	uint64_t count, total_ns, max_ns;
	struct rec_hist hist;
};

/* What was counted so far in each row of the model, by the row's index; the histograms
 * lie one after the other. */
struct stat_before {
	uint64_t count, total_ns, max_ns;
	size_t hist;		/* where its counts begin */
	uint8_t first, nr;
};
struct stat_befores {
	struct stat_before *rows;
	size_t nr, cap;
	uint64_t *hists;
	size_t nr_hists, cap_hists;
};

/* All zero: nothing was counted yet. */
struct stat_base {
	struct stat_befores waits, holds;
};

/* As the model has them now; memory it has is used anew.  0, or -ENOMEM: then it is empty. */
int stat_base__take(struct stat_base *b, const struct model *model);
void stat_base__free(struct stat_base *b);
/* Of the i-th row; all zero for one that came later.  Valid until b changes. */
struct stat_counts stat_befores__get(const struct stat_befores *b, size_t i);

#endif
