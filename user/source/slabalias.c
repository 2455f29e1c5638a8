// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "source/slabalias.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/arena.h"
#include "lib/vec.h"

#define TARGET_LEN 64
/* Between two looks: each takes milliseconds, in which nothing else is done. */
#define LOOK_NS (60 * 1000000000ull)

struct row {
	const char *name;
	const char *target;	/* what the name is a link to */
};

struct slabalias {
	const char *dir;
	struct arena *strings;
	struct row *list;
	size_t nr, cap;
	uint64_t look_ns;	/* when the last look was */
};

static void add(struct slabalias *s, int dir_fd, const char *name)
{
	char target[TARGET_LEN];
	ssize_t len = readlinkat(dir_fd, name, target, sizeof(target) - 1);

	/* A folder of its own: nothing was merged into it. */
	if (len <= 0 || !VEC_ROOM(s->list, s->nr, s->cap))
		return;
	target[len] = '\0';
	s->list[s->nr].name = arena__strdup(s->strings, name);
	s->list[s->nr].target = arena__strdup(s->strings, target);
	if (s->list[s->nr].name && s->list[s->nr].target)
		s->nr++;
}

static int look(struct slabalias *s)
{
	DIR *dir = opendir(s->dir);
	struct dirent *e;
	int err;

	s->nr = 0;
	arena__free(s->strings);
	err = arena__new(&s->strings);
	while (dir && !err && (e = readdir(dir)))
		if (*e->d_name != '.')
			add(s, dirfd(dir), e->d_name);
	if (dir)
		closedir(dir);
	return err;
}

int slabalias__new(struct slabalias **out, const char *dir, uint64_t now_ns)
{
	struct slabalias *s = calloc(1, sizeof(*s));

	*out = s;
	if (!s)
		return -ENOMEM;
	s->dir = dir;
	s->look_ns = now_ns;
	return look(s);
}

void slabalias__free(struct slabalias *s)
{
	if (!s)
		return;
	arena__free(s->strings);
	free(s->list);
	free(s);
}

static const char *target_of(const struct slabalias *s, const char *cache)
{
	size_t i;

	for (i = 0; i < s->nr; i++)
		if (!strcmp(s->list[i].name, cache))
			return s->list[i].target;
	return NULL;
}

const char *slabalias__of(struct slabalias *s, const char *cache, uint32_t i, uint64_t now_ns)
{
	const char *target = target_of(s, cache);
	size_t k;

	if (!target && !i && now_ns - s->look_ns >= LOOK_NS) {
		s->look_ns = now_ns;
		if (!look(s))
			target = target_of(s, cache);
	}
	for (k = 0; target && k < s->nr; k++)
		if (!strcmp(s->list[k].target, target) && !i--)
			return s->list[k].name;
	return NULL;
}
