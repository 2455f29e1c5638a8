/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * error.h - what failed and what the user can do, carried up to the command
 * layer, the only one that prints.
 */
#ifndef LOCKSCOPE_LIB_ERROR_H
#define LOCKSCOPE_LIB_ERROR_H

/* Exit statuses, part of the contract. */
enum lk_exit { EXIT_FINE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_FOUND = 3, EXIT_CANNOT = 4 };

struct lk_error {
	char what[512];		/* what happened; empty: nothing said */
	char hint[512];		/* what to do next; may be empty */
	int status;		/* enum lk_exit; 0: the command layer decides */
};

/* Fills *err (may be NULL) and returns code, so that a caller can write
 * return lk_error__set(err, -ENOENT, "cannot read %s", path); */
int lk_error__set(struct lk_error *err, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Adds what to do next; returns nothing. */
void lk_error__hint(struct lk_error *err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#endif
