// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * say.c - messages to the person, on stderr.
 */
#include <stdarg.h>
#include "cmd/cmd.h"
#include "cmd/progress.h"
#include "lib/fmt.h"

/* What is told may contain names from anywhere, so no byte of it is trusted. */
void cmd__say(const char *fmt, ...)
{
	char line[1024], safe[1280];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	progress__clear();
	fprintf(stderr, "lockscope: %s\n", fmt__safe(safe, sizeof(safe), line, true));
}

int cmd__fail(const struct lk_error *err)
{
	cmd__say("%s", err->what[0] ? err->what : "failed");
	if (err->hint[0])
		cmd__say("%s", err->hint);
	return err->status ? err->status : EXIT_FAILED;
}
