// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* The file of settings: found, read, written whole and renamed. */
#define _GNU_SOURCE	/* asprintf */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "cmd/top_int.h"

#define FILE_BYTES 4096	/* a longer one is none of ours */

char *top_settings__path(void)
{
	const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
	char *path;
	int len = -1;

	if (config && *config == '/')
		len = asprintf(&path, "%s/lockscope/toprc", config);
	else if (home && *home == '/')
		len = asprintf(&path, "%s/.config/lockscope/toprc", home);
	return len < 0 ? NULL : path;
}

void top_settings__read(const char *path, struct screen_settings *set, size_t *nr_bad)
{
	char text[FILE_BYTES];
	ssize_t len;
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : -1;

	*nr_bad = 0;
	if (fd < 0)
		return;
	len = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (len < 0)
		return;
	text[len] = '\0';
	*nr_bad = screen_settings__parse(set, text);
}

/* The directories above the file, as far as they are missing. */
static int make_directories(char *path)
{
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		int err;

		*slash = '\0';
		err = mkdir(path, 0700) && errno != EEXIST ? -errno : 0;
		*slash = '/';
		if (err)
			return err;
	}
	return 0;
}

static int write_file(const char *path, const struct screen_settings *set)
{
	FILE *out = fopen(path, "we");
	int err;

	if (!out)
		return -errno;
	err = screen_settings__print(set, out);
	if (fclose(out) && !err)
		err = -errno;
	return err;
}

void top_settings__write(struct top *t)
{
	char *temporary;
	int err;

	if (!t->settings_path) {
		screen__say(t->screen, "neither XDG_CONFIG_HOME nor HOME says where to");
		return;
	}
	if (asprintf(&temporary, "%s.new", t->settings_path) < 0)
		return;
	err = make_directories(t->settings_path);
	if (!err)
		err = write_file(temporary, screen__settings(t->screen));
	if (!err && rename(temporary, t->settings_path))
		err = -errno;
	if (err)
		screen__say(t->screen, "cannot write %s: %s", t->settings_path, strerror(-err));
	else
		screen__say(t->screen, "settings kept in %s", t->settings_path);
	free(temporary);
}
