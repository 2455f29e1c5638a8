/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * deadlock_report.h - cores, told as findings.
 */
#ifndef LOCKSCOPE_FIND_DEADLOCK_REPORT_H
#define LOCKSCOPE_FIND_DEADLOCK_REPORT_H

#include "find/cores.h"
#include "find/find.h"

/* Adds a finding for each core; in->prev is the read that confirmed them.  0 or
 * -ENOMEM. */
int deadlock__report(const struct find_input *in, const struct cores *c, struct findings *out);

#endif
