// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "source/replay_line.h"

struct line_reader {
	FILE *file;
	char *buf;
	size_t cap;
	uint64_t nr;
};

int line_reader__new(struct line_reader **out, const char *path)
{
	struct line_reader *r = calloc(1, sizeof(*r));
	struct stat st;
	int err;

	if (!r)
		return -ENOMEM;
	r->file = strcmp(path, "-") ? fopen(path, "re") : stdin;
	if (!r->file || fstat(fileno(r->file), &st)) {
		err = -errno;
		goto fail;
	}
	/* fopen() takes a directory and fails only at the first read. */
	if (S_ISDIR(st.st_mode)) {
		err = -EISDIR;
		goto fail;
	}
	r->cap = 4096;
	r->buf = malloc(r->cap);
	if (!r->buf) {
		err = -ENOMEM;
		goto fail;
	}
	*out = r;
	return 0;
fail:
	line_reader__free(r);
	return err;
}

void line_reader__free(struct line_reader *r)
{
	if (!r)
		return;
	if (r->file && r->file != stdin)
		fclose(r->file);
	free(r->buf);
	free(r);
}

static int grow(struct line_reader *r)
{
	char *buf = realloc(r->buf, r->cap * 2);

	if (!buf)
		return -ENOMEM;
	r->buf = buf;
	r->cap *= 2;
	return 0;
}

int line_reader__next(struct line_reader *r, struct line *line)
{
	size_t len = 0;
	int c, err;

	*line = (struct line){ .nr = r->nr + 1 };
	while ((c = getc_unlocked(r->file)) != EOF && c != '\n') {
		if (line->too_long)
			continue;
		if (len >= LINE_MAX_BYTES) {
			line->too_long = true;
			len = 0;
			continue;
		}
		if (len + 1 >= r->cap) {
			err = grow(r);
			if (err)
				return err;
		}
		r->buf[len++] = (char)c;
	}
	if (c == EOF && ferror(r->file))
		return errno ? -errno : -EIO;
	if (c == EOF && !len && !line->too_long)
		return 0;
	r->buf[len] = '\0';
	r->nr++;
	line->ended = c == '\n';
	line->text = r->buf;
	line->len = len;
	return 1;
}
