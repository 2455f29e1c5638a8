// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "source/replay_line.h"

#define BLOCK_BYTES (64u << 10)

struct line_reader {
	int fd;
	char *buf;		/* the line so far */
	size_t cap;
	uint64_t nr;
	size_t at, end;		/* what of the block no line has yet */
	char block[BLOCK_BYTES];
};

int line_reader__new(struct line_reader **out, const char *path)
{
	struct line_reader *r = calloc(1, sizeof(*r));
	struct stat st;
	int err;

	if (!r)
		return -ENOMEM;
	r->fd = strcmp(path, "-") ? open(path, O_RDONLY | O_CLOEXEC) : STDIN_FILENO;
	if (r->fd < 0 || fstat(r->fd, &st)) {
		err = -errno;
		goto fail;
	}
	/* A directory can be opened, and fails only at the first read. */
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
	if (r->fd > STDIN_FILENO)
		close(r->fd);
	free(r->buf);
	free(r);
}

/* Appends len bytes of the block to a line of *length; one that grows too long is
 * forgotten as it comes. */
static int append(struct line_reader *r, struct line *line, size_t *length, size_t len)
{
	size_t cap = r->cap;
	char *buf;

	if (line->too_long || *length + len > LINE_MAX_BYTES) {
		line->too_long = true;
		*length = 0;
		return 0;
	}
	while (cap <= *length + len)
		cap *= 2;
	if (cap > r->cap) {
		buf = realloc(r->buf, cap);
		if (!buf)
			return -ENOMEM;
		r->buf = buf;
		r->cap = cap;
	}
	memcpy(r->buf + *length, r->block + r->at, len);
	*length += len;
	return 0;
}

/* More of the file; 0 at its end.  Takes what is there: others may still write it. */
static ssize_t fill(struct line_reader *r)
{
	ssize_t n;

	do {
		n = read(r->fd, r->block, sizeof(r->block));
	} while (n < 0 && errno == EINTR);
	r->at = 0;
	r->end = n > 0 ? (size_t)n : 0;
	return n < 0 ? -errno : n;
}

int line_reader__next(struct line_reader *r, struct line *line)
{
	size_t len = 0, piece;
	const char *newline;
	ssize_t n;
	int err;

	*line = (struct line){ .nr = r->nr + 1 };
	do {
		n = r->at < r->end ? 1 : fill(r);
		if (n < 0)
			return (int)n;
		if (!n)
			break;
		newline = memchr(r->block + r->at, '\n', r->end - r->at);
		piece = newline ? (size_t)(newline - r->block) - r->at : r->end - r->at;
		err = append(r, line, &len, piece);
		if (err)
			return err;
		r->at += piece + (newline != NULL);
		line->ended = newline != NULL;
	} while (!line->ended);
	if (!line->ended && !len && !line->too_long)
		return 0;
	r->buf[len] = '\0';
	r->nr++;
	line->text = r->buf;
	line->len = len;
	return 1;
}
