// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#define _GNU_SOURCE	/* mkostemp, asprintf */
#include "cmd/textfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/worker.h"

#define NS_PER_MS 1000000ull
#define MODE 0644	/* whatever the umask: its reader is another user */

struct textfile {
	const char *path;
	char *pattern;		/* of names for mkostemp() */
	struct worker *worker;
	/* the job's, while it goes on */
	char *text, *name;
	size_t len;
	int error;		/* of the last one */
};

/* Hidden, and without the end of the name that its reader looks for. */
static char *make_pattern(const char *path)
{
	const char *slash = strrchr(path, '/');
	int dir = slash ? (int)(slash - path) + 1 : 0;
	char *pattern;

	return asprintf(&pattern, "%.*s.%s.XXXXXX", dir, path, path + dir) < 0 ? NULL : pattern;
}

int textfile__new(struct textfile **out, const char *path, struct lk_error *err)
{
	struct textfile *t;
	struct stat st;
	int rc;

	*out = NULL;
	/* It is replaced: for a device like /dev/null that would harm the whole machine. */
	if (!lstat(path, &st) && !S_ISREG(st.st_mode))
		return lk_error__set(err, -EINVAL, "%s is no regular file, and would be replaced by one",
				     path);
	*out = t = calloc(1, sizeof(*t));
	rc = t ? 0 : -ENOMEM;
	if (!rc) {
		t->path = path;
		t->pattern = make_pattern(path);
		t->name = t->pattern ? strdup(t->pattern) : NULL;
		rc = t->name ? worker__new(&t->worker) : -ENOMEM;
	}
	if (!rc)
		return 0;
	textfile__free(t);
	*out = NULL;
	return lk_error__set(err, rc, "%s: %s", path, strerror(-rc));
}

static int write_whole(int fd, const char *text, size_t len)
{
	while (len) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno != EINTR)
			return -errno;
		text += n > 0 ? n : 0;
		len -= n > 0 ? (size_t)n : 0;
	}
	return fchmod(fd, MODE) ? -errno : 0;
}

static void job(void *arg)
{
	struct textfile *t = arg;
	int fd;

	strcpy(t->name, t->pattern);
	fd = mkostemp(t->name, O_CLOEXEC);
	if (fd < 0) {
		t->error = -errno;
		return;
	}
	t->error = write_whole(fd, t->text, t->len);
	if (close(fd) && !t->error)
		t->error = -errno;
	if (!t->error && rename(t->name, t->path))
		t->error = -errno;
	if (t->error)
		unlink(t->name);
}

static int last_error(struct textfile *t, struct lk_error *err)
{
	return t->error ? lk_error__set(err, t->error, "cannot write %s: %s", t->path,
					strerror(-t->error)) : 0;
}

int textfile__put(struct textfile *t, char *text, size_t len, struct lk_error *err)
{
	int rc;

	if (!worker__wait(t->worker, 0)) {
		free(text);
		return -EBUSY;
	}
	rc = last_error(t, err);
	free(t->text);
	t->text = text;
	t->len = len;
	t->error = 0;
	worker__start(t->worker, job, t);
	return rc;
}

int textfile__wait(struct textfile *t, int timeout_ms, struct lk_error *err)
{
	if (!worker__wait(t->worker, (uint64_t)timeout_ms * NS_PER_MS))
		return lk_error__set(err, -ETIMEDOUT, "%s was not written within %d s: is its file "
				     "system stuck, too?", t->path, timeout_ms / 1000);
	return last_error(t, err);
}

void textfile__free(struct textfile *t)
{
	if (!t || !worker__free(t->worker))
		return;		/* the job still needs all of it */
	free(t->pattern);
	free(t->name);
	free(t->text);
	free(t);
}
