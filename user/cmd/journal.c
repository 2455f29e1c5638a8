// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "cmd/journal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>

bool journal__is(int fd)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long dev, ino;
	struct stat st;
	char rest;

	return stream && sscanf(stream, "%llu:%llu%c", &dev, &ino, &rest) == 2 && !fstat(fd, &st) &&
	       st.st_dev == dev && st.st_ino == ino;
}

int journal__level(const struct finding *f)
{
	static const int levels[NR_FINDING_KINDS] = {
		[FIND_DEADLOCK] = LOG_CRIT,
		[FIND_LONG_WAIT] = LOG_WARNING,
		[FIND_LONG_SPIN] = LOG_WARNING,
		[FIND_LONG_HOLD] = LOG_WARNING,
		[FIND_LEAK] = LOG_ERR,
		[FIND_ROOT_BLOCKER] = LOG_WARNING,
		[FIND_SLEEP_IN_ATOMIC] = LOG_ERR,
	};

	/* What is told open and closed at once has no other line than its last. */
	return f->open || f->rev == 1 ? levels[f->kind] : LOG_INFO;
}

void journal__put(FILE *out, int level, const char *text)
{
	while (*text) {
		size_t len = strcspn(text, "\n");

		if (len)
			fprintf(out, "<%d>%.*s\n", level, (int)len, text);
		text += len + (text[len] == '\n');
	}
}
