/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * journal.h - text for systemd's journal: a priority before each line (sd-daemon(3)), so
 * that `journalctl -p` finds what is bad, and alarms on it work.
 */
#ifndef LOCKSCOPE_CMD_JOURNAL_H
#define LOCKSCOPE_CMD_JOURNAL_H

#include <stdbool.h>
#include <stdio.h>

#include "find/find.h"

/* Whether the descriptor is the one that systemd connected to its journal: JOURNAL_STREAM
 * names it (systemd.exec(5)). */
bool journal__is(int fd);
/* The syslog level (syslog(3)) of a finding, or of its end. */
int journal__level(const struct finding *f);
/* Writes the lines of text at that level; empty ones mean nothing there and are left out. */
void journal__put(FILE *out, int level, const char *text);

#endif
