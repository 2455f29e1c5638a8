/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * mutate.h - many broken forms of one file, for tests of hostile input.
 */
#ifndef LOCKSCOPE_TESTS_MUTATE_H
#define LOCKSCOPE_TESTS_MUTATE_H

#include <stdbool.h>
#include <stddef.h>

struct mutate_options {
	unsigned long nr, seed;	/* so many random forms; the same seed, the same forms */
	bool cut;		/* and every begin of the file */
};

/* Calls fn with the path of each form, one after the other, and ignores what it
 * returns: only a crash, or more than 20 s for one form, is wrong.  When one kills
 * the process, its number and seed are on stderr.  0 or -errno of its own. */
int mutate__each(const char *path, const struct mutate_options *opt,
		 int (*fn)(void *ctx, const char *path), void *ctx);

#endif
