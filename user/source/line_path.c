// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "source/line_path.h"

#include <elf.h>
#include <stdio.h>
#include <string.h>

#define PATH_LEN 1024
#define PARTS_ALONE 2	/* of a path that is not below anything known */

static size_t round_up(size_t n)
{
	return (n + 3) & ~(size_t)3;
}

void build_id__from_notes(struct build_id *id, const void *notes, size_t len)
{
	const uint8_t *at = notes;

	id->len = 0;
	while (len >= sizeof(Elf64_Nhdr)) {
		Elf64_Nhdr n;
		size_t name, desc;

		memcpy(&n, at, sizeof(n));
		name = sizeof(n);
		if (n.n_namesz > len || n.n_descsz > len)
			return;
		desc = name + round_up(n.n_namesz);
		if (desc + n.n_descsz > len)
			return;
		if (n.n_type == NT_GNU_BUILD_ID && n.n_namesz == 4 && !memcmp(at + name, "GNU", 4) &&
		    n.n_descsz && n.n_descsz <= BUILD_ID_MAX) {
			memcpy(id->bytes, at + desc, n.n_descsz);
			id->len = n.n_descsz;
			return;
		}
		desc += round_up(n.n_descsz);
		if (desc > len)
			return;
		at += desc;
		len -= desc;
	}
}

bool build_id__is(const struct build_id *a, const struct build_id *b)
{
	return a->len && a->len == b->len && !memcmp(a->bytes, b->bytes, a->len);
}

const char *build_id__path(const struct build_id *id, char *buf, size_t size)
{
	size_t len = (size_t)snprintf(buf, size, ".build-id/%02x/", id->bytes[0]);

	for (size_t i = 1; i < id->len && len + 2 < size; i++)
		len += (size_t)snprintf(buf + len, size - len, "%02x", id->bytes[i]);
	if (len < size)
		snprintf(buf + len, size - len, ".debug");
	return buf;
}

/* Adds the parts of path to what is in buf ("/a/b", or "a/b", or ""); "." and ".." as they
 * are meant. */
static void add_parts(char *buf, size_t size, const char *path)
{
	size_t len = strlen(buf);

	while (*path) {
		size_t part = strcspn(path, "/");
		char *slash;

		if (part == 2 && !strncmp(path, "..", 2)) {
			slash = strrchr(buf, '/');
			len = slash ? (size_t)(slash - buf) : 0;
			buf[len] = '\0';
		} else if (part && !(part == 1 && *path == '.')) {
			int put = snprintf(buf + len, size - len, "/%.*s", (int)part, path);

			len = (size_t)put < size - len ? len + (size_t)put : size - 1;
		}
		path += part;
		path += strspn(path, "/");
	}
}

/* How many bytes of file are directories that it shares with dir, with the / behind them;
 * 0 when that is none but the root. */
static size_t shared(const char *file, const char *dir)
{
	size_t at = 0, i;

	for (i = 0; file[i] && file[i] == dir[i]; i++)
		if (file[i] == '/')
			at = i;
	if (file[i] == '/' && !dir[i])
		at = i;
	return at ? at + 1 : 0;
}

static const char *last_parts(const char *path, int nr)
{
	const char *at = path + strlen(path);

	while (at > path && nr)
		if (*--at == '/')
			nr--;
	return *at == '/' ? at + 1 : at;
}

const char *line_path__shorten(char *buf, size_t size, const char *file, const char *dir)
{
	char whole[PATH_LEN] = "", from[PATH_LEN] = "";
	size_t skip;

	if (*file != '/' && dir)
		add_parts(whole, sizeof(whole), dir);
	add_parts(whole, sizeof(whole), file);
	if (dir)
		add_parts(from, sizeof(from), dir);
	skip = shared(whole, from);
	if (skip)
		snprintf(buf, size, "%s", whole + skip);
	else if (*file != '/' && !dir)	/* nothing says below what: it is as relative as it can be */
		snprintf(buf, size, "%s", whole + (*whole == '/'));
	else
		snprintf(buf, size, "%s", last_parts(whole, PARTS_ALONE));
	return buf;
}

bool line_path__of_module(const char *line, const char *module, char *buf, size_t size)
{
	size_t len = strcspn(line, ":\n"), at, i;
	const char *name;

	if (line[len] != ':' || len >= size)
		return false;
	snprintf(buf, size, "%.*s", (int)len, line);
	name = last_parts(buf, 1);
	for (i = 0; module[i]; i++)	/* what is a - in the file is a _ in the kernel */
		if (name[i] != module[i] && !(name[i] == '-' && module[i] == '_'))
			return false;
	at = (size_t)(name - buf) + i;
	return !strncmp(buf + at, ".ko", 3);
}
