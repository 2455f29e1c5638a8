// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * filelocks_parse.c - the text of /proc/locks, fdinfo and syscall files.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "source/filelocks_int.h"

struct word {
	const char *name;
	int value;
};

static const struct word kinds[] = {
	{ "FLOCK", KIND_FLOCK },
	{ "POSIX", KIND_POSIX },
	{ "ACCESS", KIND_POSIX },	/* a mandatory lock's check, before 5.15 */
	{ "OFDLCK", KIND_OFD },
	{ "LEASE", KIND_LEASE },
	{ "DELEG", KIND_LEASE },	/* a lease of the NFS server */
};

/* A lease that is being broken shows what it is broken to: RDLCK when a writer
 * may stay on as a reader, UNLCK when all has to go.  Both keep the other out. */
static const struct word modes[] = {
	{ "READ", MODE_READ },
	{ "WRITE", MODE_WRITE },
	{ "RW", MODE_WRITE },		/* flock's LOCK_MAND, before 5.15 */
	{ "NONE", MODE_WRITE },
	{ "UNLCK", MODE_WRITE },
};

static bool lookup(const struct word *words, size_t nr, const char *name, int *out)
{
	for (size_t i = 0; i < nr; i++) {
		if (!strcmp(words[i].name, name)) {
			*out = words[i].value;
			return true;
		}
	}
	return false;
}

/* "fe:00:10952769" or "<none>:0" */
static bool parse_file(const char *text, struct fl_line *out)
{
	int n = 0;

	out->has_file = false;
	if (!strcmp(text, "<none>:0"))
		return true;
	out->has_file = true;
	return sscanf(text, "%" SCNx32 ":%" SCNx32 ":%" SCNu64 "%n", &out->major, &out->minor,
		      &out->ino, &n) == 3 && !text[n];
}

int fl_line__parse(const char *text, struct fl_line *out)
{
	char kind[16], how[16], mode[16], file[64], end[24];
	struct fl_line line = { 0 };
	int n = 0, value;
	char *rest;

	if (sscanf(text, "%*u:%n", &n) != 0 || !n)
		return -EINVAL;
	text += n;
	/* one "->" a waiter, indented by how deep it is queued (since 5.13) */
	while (text[strspn(text, " ")] == '-' && text[strspn(text, " ") + 1] == '>') {
		line.waits = true;
		text += strspn(text, " ") + 2;
	}
	if (sscanf(text, " %15s %15s %15s %" SCNd32 " %63s %" SCNd64 " %23s", kind, how, mode,
		   &line.pid, file, &line.start, end) != 7)
		return -EINVAL;
	if (!lookup(kinds, sizeof(kinds) / sizeof(*kinds), kind, &value))
		return -EINVAL;
	line.kind = value;
	if (!lookup(modes, sizeof(modes) / sizeof(*modes), mode, &value))
		return -EINVAL;
	line.mode = value;
	if (line.kind == KIND_LEASE && !strcmp(how, "BREAKING"))
		line.mode = MODE_WRITE;
	if (!parse_file(file, &line))
		return -EINVAL;
	line.end = FL_EOF;
	if (strcmp(end, "EOF")) {
		errno = 0;
		line.end = strtoll(end, &rest, 10);
		if (errno || *rest)
			return -EINVAL;
	}
	*out = line;
	return 0;
}

bool fl_line__same_file(const struct fl_line *a, const struct fl_line *b)
{
	return a->ino == b->ino && a->major == b->major && a->minor == b->minor;
}

int fl_line__by_file(const void *a, const void *b)
{
	const struct fl_line *x = a, *y = b;

	if (x->ino != y->ino)
		return x->ino < y->ino ? -1 : 1;
	if (x->major != y->major)
		return x->major < y->major ? -1 : 1;
	return x->minor < y->minor ? -1 : x->minor > y->minor;
}

bool fl_line__same(const struct fl_line *a, const struct fl_line *b)
{
	return fl_line__same_file(a, b) && a->kind == b->kind && a->mode == b->mode &&
	       a->pid == b->pid && a->start == b->start && a->end == b->end;
}

bool fl_line__blocks(const struct fl_line *held, const struct fl_line *waiter)
{
	/* POSIX and OFD locks are one list: each blocks the other */
	if (fl_is_range(held->kind) != fl_is_range(waiter->kind))
		return false;
	if (!fl_is_range(held->kind) && held->kind != waiter->kind)
		return false;
	if (waiter->has_file && !fl_line__same_file(held, waiter))
		return false;
	if (mode__shared(held->mode) && mode__shared(waiter->mode))
		return false;
	return !fl_is_range(held->kind) ||
	       (held->start <= waiter->end && waiter->start <= held->end);
}

void fl_line__identity(const struct fl_line *l, char *buf, size_t size)
{
	int n = snprintf(buf, size, "%s:%" PRIu32 ":%" PRIu32 ":%" PRIu64, kind__name(l->kind),
			 l->major, l->minor, l->ino);

	if (!fl_is_range(l->kind) || n < 0 || (size_t)n >= size)
		return;
	buf += n;
	size -= n;
	if (l->end == FL_EOF)
		snprintf(buf, size, ":%" PRId64 "-EOF", l->start);
	else
		snprintf(buf, size, ":%" PRId64 "-%" PRId64, l->start, l->end);
}

int fl_call__parse(const char *text, struct fl_call *out)
{
	struct fl_call call;

	/* "running", and "-1 SP PC" for a task that is in no call */
	if (sscanf(text, "%ld %" SCNx64 " %" SCNx64 " %" SCNx64 " %" SCNx64 " %" SCNx64 " %" SCNx64,
		   &call.nr, &call.args[0], &call.args[1], &call.args[2], &call.args[3],
		   &call.args[4], &call.args[5]) != 7 || call.nr < 0)
		return -EINVAL;
	*out = call;
	return 0;
}

/* i386 and 32-bit ARM agree on these (asm/unistd.h of both). */
#define COMPAT_FCNTL 55
#define COMPAT_FLOCK 143
#define COMPAT_FCNTL64 221
/* include/uapi/asm-generic/fcntl.h; the 64-bit libc names hide some */
#define CMD_SETLKW 7
#define CMD_SETLKW64 14
#define CMD_OFD_SETLKW 38

bool fl_call__wants(const struct fl_call *call, bool compat, enum lock_kind *kind,
		    enum lock_mode *mode)
{
	bool is_flock = compat ? call->nr == COMPAT_FLOCK : call->nr == SYS_flock;
	bool is_fcntl = compat ? call->nr == COMPAT_FCNTL || call->nr == COMPAT_FCNTL64 :
			call->nr == SYS_fcntl;

	if (is_flock) {
		*kind = KIND_FLOCK;
		*mode = (call->args[1] & LOCK_EX) ? MODE_WRITE : MODE_READ;
		return !(call->args[1] & LOCK_NB);
	}
	if (!is_fcntl) {
		*kind = KIND_LEASE;
		return true;
	}
	switch ((uint32_t)call->args[1]) {
	case CMD_SETLKW:
	case CMD_SETLKW64:
		*kind = KIND_POSIX;
		return true;
	case CMD_OFD_SETLKW:
		*kind = KIND_OFD;
		return true;
	}
	return false;
}

int fl_stat__parse(const char *text, uint32_t *ppid, char *state)
{
	/* the comm before may have parentheses and line ends in it: the last one counts */
	const char *paren = strrchr(text, ')');

	return paren && sscanf(paren, ") %c %" SCNu32, state, ppid) == 2 ? 0 : -EINVAL;
}

const char *fl_text__find(const char *text, const char *key)
{
	size_t len = strlen(key);

	while (text && *text) {
		if (!strncmp(text, key, len))
			return text + len;
		text = strchr(text, '\n');
		text = text ? text + 1 : NULL;
	}
	return NULL;
}

bool fl_text__number(const char *text, const char *key, uint64_t *out)
{
	const char *at = fl_text__find(text, key);

	return at && sscanf(at, " %" SCNu64, out) == 1;
}

int fl_buf__read(struct fl_buf *buf, int dir, const char *path, size_t max)
{
	int fd = openat(dir, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	ssize_t n = 0;

	if (fd < 0)
		return -errno;
	buf->len = 0;
	do {
		if (buf->cap - buf->len < 4097) {
			size_t want = buf->cap ? buf->cap * 2 : 65536;
			char *p = realloc(buf->text, want);

			if (!p) {
				close(fd);
				return -ENOMEM;
			}
			buf->text = p;
			buf->cap = want;
		}
		n = read(fd, buf->text + buf->len, buf->cap - buf->len - 1);
		if (n > 0)
			buf->len += n;
	} while ((n > 0 && (!max || buf->len < max)) || (n < 0 && errno == EINTR));
	n = n < 0 ? -errno : 0;
	close(fd);
	buf->text[buf->len] = '\0';
	return n;
}
