// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * output.c - a stdio stream over a descriptor that keeps the first error.
 */
#define _GNU_SOURCE
#include "cmd/output.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUFFER_BYTES (64 * 1024)
#define PIPE_STEP 4096		/* a pipe that polls writable takes this much (PIPE_BUF) */
#define STUCK_MS 1000		/* patience with a reader after a signal */

struct output {
	FILE *file;
	int fd;
	bool owns_fd, may_block;
	int error;		/* the first -errno of a write */
	const char *name;
	char buffer[BUFFER_BYTES];
};

/* Waits until fd takes a step.  A reader may stop reading for as long as it
 * likes; only after a signal is pending is patience limited.  The session blocks
 * the signals and has its own descriptor for them, so this one only looks. */
static int await_reader(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	sigset_t pending;
	int waited_ms = 0;

	for (;;) {
		int nr = poll(&p, 1, STUCK_MS / 4);

		if (nr > 0)
			return 0;
		if (nr < 0 && errno != EINTR)
			return -errno;
		sigpending(&pending);
		if (sigismember(&pending, SIGINT) || sigismember(&pending, SIGTERM) ||
		    sigismember(&pending, SIGHUP) || sigismember(&pending, SIGQUIT))
			waited_ms += STUCK_MS / 4;
		if (waited_ms >= STUCK_MS)
			return -ETIMEDOUT;
	}
}

/* stdio's way out: all of it, or an error that stays. */
static ssize_t write_all(void *cookie, const char *buf, size_t size)
{
	struct output *o = cookie;
	size_t done = 0;

	while (!o->error && done < size) {
		size_t step = size - done;
		ssize_t nr;

		if (o->may_block) {
			o->error = await_reader(o->fd);
			if (o->error)
				break;
			if (step > PIPE_STEP)
				step = PIPE_STEP;
		}
		nr = write(o->fd, buf + done, step);
		if (nr > 0)
			done += (size_t)nr;
		else if (nr < 0 && errno != EINTR && errno != EAGAIN)
			o->error = -errno;
	}
	if (!o->error)
		return (ssize_t)size;
	errno = -o->error;
	return 0;	/* fopencookie(3): 0 is an error */
}

static int open_target(struct output *o, const char *path, struct lk_error *err)
{
	struct stat st;

	o->name = path && strcmp(path, "-") ? path : "stdout";
	o->fd = STDOUT_FILENO;
	if (path && strcmp(path, "-")) {
		o->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
		o->owns_fd = o->fd >= 0;
	}
	if (o->fd < 0 || fstat(o->fd, &st))
		return lk_error__set(err, -errno, "cannot write %s: %s", o->name,
				     strerror(errno));
	o->may_block = !S_ISREG(st.st_mode);
	return 0;
}

int output__new(struct output **out, const char *path, struct lk_error *err)
{
	const cookie_io_functions_t io = { .write = write_all };
	struct output *o = calloc(1, sizeof(*o));
	int rc;

	if (!o)
		return lk_error__set(err, -ENOMEM, "out of memory");
	rc = open_target(o, path, err);
	if (!rc) {
		o->file = fopencookie(o, "w", io);
		if (!o->file)
			rc = lk_error__set(err, -ENOMEM, "out of memory");
	}
	if (rc) {
		output__close(o, NULL);
		return rc;
	}
	setvbuf(o->file, o->buffer, _IOFBF, sizeof(o->buffer));
	*out = o;
	return 0;
}

FILE *output__file(const struct output *o)
{
	return o->file;
}

int output__fd(const struct output *o)
{
	return o->fd;
}

bool output__is_terminal(const struct output *o)
{
	return isatty(o->fd);
}

int output__flush(struct output *o)
{
	if (fflush(o->file) && !o->error)
		o->error = errno ? -errno : -EIO;
	return o->error;
}

/* close() tells of write errors that some file systems hold back till then. */
int output__close(struct output *o, struct lk_error *err)
{
	int rc;

	if (!o)
		return 0;
	if (o->file && fclose(o->file) && !o->error)
		o->error = errno ? -errno : -EIO;
	if (o->owns_fd && close(o->fd) && !o->error)
		o->error = -errno;
	rc = o->error;
	if (rc)
		lk_error__set(err, rc, "writing %s: %s", o->name, rc == -ETIMEDOUT ?
			      "its reader has stopped reading" : strerror(-rc));
	free(o);
	return rc;
}
