/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * names.h - inside the model: what locks are called.
 */
#ifndef LOCKSCOPE_MODEL_NAMES_H
#define LOCKSCOPE_MODEL_NAMES_H

#include "record/record.h"

struct intern;
struct names;

/* strings outlives it.  0 or -ENOMEM. */
int names__new(struct names **out, struct intern *strings);
/* Takes NULL. */
void names__free(struct names *n);

/* Copies it; replaces what was there.  0 or -ENOMEM. */
int names__set(struct names *n, const struct rec_lock_name *name);
/* NULL: none.  Valid until the next names__set(); name and source as long as strings. */
const struct rec_lock_name *names__get(const struct names *n, const struct rec_lock *lock);

#endif
