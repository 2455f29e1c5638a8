/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * model.h - plain state built from records: stacks, statistics, the read that
 * is coming in, and the last two complete reads as frozen snapshots.
 */
#ifndef LOCKSCOPE_MODEL_MODEL_H
#define LOCKSCOPE_MODEL_MODEL_H

#include "model/facts.h"
#include "model/snapshot.h"

struct model;

/* Statistics of one (lock, mode, stack [, thread]) row, the latest agg record.  Rows are only
 * added: each keeps its index. */
struct stat_row {
	struct rec_agg agg;	/* strings live as long as the model, the histogram until the
				 * next model__apply() */
};

/* Hold statistics of one (lock, mode, site) row, the latest hold_agg record; as those of waits. */
struct hold_row {
	struct rec_hold_agg agg;
};

int model__new(struct model **out);
void model__free(struct model *m);

/* Takes one record.  Returns 0; 1 when it completed a read, so that
 * model__current() is new; -ENOMEM; -EPROTO for a task or lock record that
 * belongs to no read: it is left out, and a caller may go on. */
int model__apply(struct model *m, const struct record *rec);
/* Reads that were given up because the next one came before they were whole. */
uint64_t model__reads_cut(const struct model *m);

/* The last two complete reads, NULL while there are none.  Valid until the next
 * read completes. */
const struct snapshot *model__current(const struct model *m);
const struct snapshot *model__previous(const struct model *m);

/* Valid until the next model__apply(). NULL: never seen. */
const struct rec_stack *model__stack(const struct model *m, uint32_t id);
/* Gives the frame its source line, where it has none and one was told. */
void model__fill_line(const struct model *m, struct rec_frame *frame);
const struct rec_header *model__header(const struct model *m);
const struct rec_lost *model__lost(const struct model *m);
const struct rec_end *model__end(const struct model *m);	/* NULL: not seen */
const struct stat_row *model__stats(const struct model *m, size_t *nr);
/* Long waits that ended since the last model__forget_ended(), among those that a
 * source sends one by one.  Call that after each pass of the detectors. */
const struct rec_wait *model__ended(const struct model *m, size_t *nr);
void model__forget_ended(struct model *m);
/* Hold records since the last model__forget_ended(). */
const struct rec_hold *model__ended_holds(const struct model *m, size_t *nr);
const struct hold_row *model__holds(const struct model *m, size_t *nr);
/* What was gathered besides; never NULL. */
const struct facts *model__facts(const struct model *m);
/* What counts as long there; by default the header's thresholds, and everything
 * while no header was seen. */
void model__keep_ended(struct model *m, uint64_t wait_ns, uint64_t spin_ns);
/* What a lock is called, as last told; NULL: nothing.  Valid until the next
 * model__apply(); its name and source as long as the model. */
const struct rec_lock_name *model__name(const struct model *m, const struct rec_lock *lock);
/* The name alone, or NULL; strings of equal names are the same. */
const char *model__lock_name(const struct model *m, const struct rec_lock *lock);

#endif
