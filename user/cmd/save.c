// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#define _GNU_SOURCE
#include "cmd/save.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/errand.h"

struct save {
	const char *path;
	char *text;
	size_t len;
	FILE *file;
	struct stream stream;
};

int save__new(struct save **out, const char *path)
{
	struct save *s = calloc(1, sizeof(*s));

	*out = s;
	if (!s)
		return -ENOMEM;
	s->path = path;
	s->file = open_memstream(&s->text, &s->len);
	stream__init(&s->stream, s->file, NULL);
	return s->file ? 0 : -ENOMEM;
}

void save__free(struct save *s)
{
	if (!s)
		return;
	stream__free(&s->stream);
	if (s->file)
		fclose(s->file);
	free(s->text);
	free(s);
}

struct stream *save__stream(struct save *s)
{
	return &s->stream;
}

static int write_file(const struct save *s)
{
	int fd = open(s->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600), err = 0;
	size_t done = 0;

	if (fd < 0)
		return -errno;
	while (!err && done < s->len) {
		ssize_t n = write(fd, s->text + done, s->len - done);

		if (n > 0)
			done += (size_t)n;
		else if (n < 0 && errno != EINTR)
			err = -errno;
	}
	/* a pipe or a device has nothing to sync */
	if (!err && fsync(fd) && errno != EINVAL && errno != EROFS)
		err = -errno;
	return close(fd) && !err ? -errno : err;
}

/* In the child. */
static void write_job(FILE *out, char *doing, void *arg)
{
	(void)doing;
	fprintf(out, "%d\n", write_file(arg));
}

int save__write(struct save *s, int timeout_ms, struct lk_error *err)
{
	struct errand e;
	struct pollfd p;
	char answer[32] = "";
	int rc;

	if (fflush(s->file))
		return lk_error__set(err, -ENOMEM, "out of memory");
	rc = errand__start(&e, write_job, s);
	if (rc)
		return lk_error__set(err, rc, "cannot write %s: %s", s->path, strerror(-rc));
	p = (struct pollfd){ .fd = e.fd, .events = POLLIN };
	poll(&p, 1, timeout_ms);
	if (errand__read(&e, answer, sizeof(answer) - 1) <= 0)
		rc = lk_error__set(err, -ETIMEDOUT, "%s was not written within %d s: is its file system "
				   "stuck, too?", s->path, timeout_ms / 1000);
	else if (atoi(answer))
		rc = lk_error__set(err, atoi(answer), "cannot write %s: %s", s->path,
				   strerror(-atoi(answer)));
	errand__end(&e);
	return rc;
}
