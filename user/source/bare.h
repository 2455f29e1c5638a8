/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * bare.h - a source that traces nothing, where BPF is not allowed: a header, and
 * whatever the command itself puts into the session.
 */
#ifndef LOCKSCOPE_SOURCE_BARE_H
#define LOCKSCOPE_SOURCE_BARE_H

#include "source/source.h"

/* What header points to stays the caller's.  0 or -ENOMEM. */
int source_bare__new(struct source **out, const struct rec_header *header);

#endif
