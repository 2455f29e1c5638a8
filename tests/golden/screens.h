/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#ifndef LOCKSCOPE_TESTS_SCREENS_H
#define LOCKSCOPE_TESTS_SCREENS_H

#include "view/view.h"

struct screens_options {
	int width, height;
	const char *keys;	/* comma-separated: characters, or Enter, Esc, Down, ... */
	bool looks;
};

/* The screen as text after these keys, pressed one after another. */
int screens__put(FILE *out, const struct view_input *in, const struct screens_options *opt);
int screens__put_all(FILE *out, const struct view_input *in);

#endif
