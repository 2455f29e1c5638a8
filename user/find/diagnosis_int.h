/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * diagnosis_int.h - the parts of a diagnosis, in the order they are made: each uses
 * those before it.  All return 0 or -ENOMEM.
 */
#ifndef LOCKSCOPE_FIND_DIAGNOSIS_INT_H
#define LOCKSCOPE_FIND_DIAGNOSIS_INT_H

#include "find/diagnosis.h"
#include "lib/arena.h"

int diagnosis__find_groups(struct diagnosis *d, const struct diagnose_input *in);
int diagnosis__find_busy(struct diagnosis *d, const struct diagnose_input *in);
int diagnosis__find_events(struct diagnosis *d, const struct diagnose_input *in);
int diagnosis__find_modules(struct diagnosis *d, const struct diagnose_input *in);
int diagnosis__find_settings(struct diagnosis *d, const struct diagnose_input *in);
int diagnosis__conclude(struct diagnosis *d, const struct diagnose_input *in);
int diagnosis__advise(struct diagnosis *d, const struct diagnose_input *in);

/* Appends a sentence. */
int diag_list__add(struct diagnosis *d, struct diag_list *list, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
#endif
