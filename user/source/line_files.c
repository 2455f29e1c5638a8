// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "source/line_files.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#define NOTES_MAX 65536
#define NAME_LEN 256

static size_t read_some(const char *path, void *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t n = 0;

	while (fd >= 0 && len < size && (n = read(fd, (char *)buf + len, size - len)) > 0)
		len += (size_t)n;
	if (fd >= 0)
		close(fd);
	return n < 0 ? 0 : len;
}

void line_files__running(struct build_id *id, const char *root, const char *module)
{
	static const char *const names[] = { ".note.gnu.build-id", ".notes" };
	char path[LINE_FILE_LEN], *notes = malloc(NOTES_MAX);

	id->len = 0;
	for (size_t i = 0; notes && !id->len && i < (module ? 2 : 1); i++) {
		if (module)
			snprintf(path, sizeof(path), "%s/sys/module/%s/notes/%s", root, module, names[i]);
		else
			snprintf(path, sizeof(path), "%s/sys/kernel/notes", root);
		build_id__from_notes(id, notes, read_some(path, notes, NOTES_MAX));
	}
	free(notes);
}

uint64_t line_files__section(const char *root, const char *module, const char *section)
{
	char path[LINE_FILE_LEN], text[32];
	size_t len;

	snprintf(path, sizeof(path), "%s/sys/module/%s/sections/%s", root, module, section);
	len = read_some(path, text, sizeof(text) - 1);
	text[len] = '\0';
	return strtoull(text, NULL, 0);
}

/* That build id, and line tables that are there, not only named. */
static bool fits(Elf *elf, const struct build_id *id)
{
	Elf_Scn *scn = NULL;
	bool same = false, lines = false;
	size_t names;
	GElf_Shdr sh;

	if (elf_getshdrstrndx(elf, &names))
		return false;
	while ((scn = elf_nextscn(elf, scn)) && gelf_getshdr(scn, &sh)) {
		const char *name = elf_strptr(elf, names, sh.sh_name);

		if (sh.sh_type == SHT_NOTE && !same) {
			Elf_Data *d = elf_rawdata(scn, NULL);
			struct build_id found;

			if (!d)
				continue;
			build_id__from_notes(&found, d->d_buf, d->d_size);
			same = build_id__is(&found, id);
		} else if (name && sh.sh_type != SHT_NOBITS) {
			lines |= !strcmp(name, ".debug_line") || !strcmp(name, ".zdebug_line");
		}
	}
	return same && lines;
}

/* libelf alone reads no compressed modules, and these are stripped anyway. */
static bool try(char *path, const struct build_id *id)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	Elf *elf = fd < 0 ? NULL : elf_begin(fd, ELF_C_READ_MMAP, NULL);
	bool ok = elf && fits(elf, id);

	elf_end(elf);
	if (fd >= 0)
		close(fd);
	return ok;
}

static bool try_kernel(char buf[LINE_FILE_LEN], const char *root, const char *release,
		       const struct build_id *id)
{
	static const char *const places[][2] = {
		{ "/usr/lib/debug/boot/vmlinux-", "" },
		{ "/usr/lib/debug/lib/modules/", "/vmlinux" },
		{ "/usr/lib/debug/usr/lib/modules/", "/vmlinux" },
		{ "/lib/modules/", "/build/vmlinux" },
		{ "/boot/vmlinux-", "" },
	};

	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		snprintf(buf, LINE_FILE_LEN, "%s%s%s%s", root, places[i][0], release, places[i][1]);
		if (try(buf, id))
			return true;
	}
	return false;
}

/* Where the module lies below /lib/modules/RELEASE. */
static bool look_up(const char *root, const char *release, const char *module, char *name,
		    size_t size)
{
	char path[LINE_FILE_LEN], *line = NULL;
	bool found = false;
	size_t cap = 0;
	FILE *f;

	snprintf(path, sizeof(path), "%s/lib/modules/%s/modules.dep", root, release);
	f = fopen(path, "re");
	while (f && !found && getline(&line, &cap, f) > 0)
		found = line_path__of_module(line, module, name, size);
	free(line);
	if (f)
		fclose(f);
	if (!found)	/* installed, but no depmod since */
		snprintf(name, size, "extra/%s.ko", module);
	return found;
}

static bool try_module(char buf[LINE_FILE_LEN], const char *root, const char *release,
		       const char *module, const struct build_id *id)
{
	static const char *const places[][2] = {
		{ "/usr/lib/debug/lib/modules/%s/%s", "" },
		{ "/usr/lib/debug/lib/modules/%s/%s", ".debug" },
		{ "/usr/lib/debug/usr/lib/modules/%s/%s", "" },
		{ "/usr/lib/debug/usr/lib/modules/%s/%s", ".debug" },
		{ "/lib/modules/%s/%s", "" },
		{ "/lib/modules/%s/build/%s", "" },
	};
	char name[NAME_LEN];
	const char *below;

	look_up(root, release, module, name, sizeof(name));
	strstr(strrchr(name, '/') ?: name, ".ko")[3] = '\0';	/* not how it was compressed */
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		int len = snprintf(buf, LINE_FILE_LEN, "%s", root);

		/* In a build directory there is no "kernel". */
		below = strstr(places[i][0], "/build/") && !strncmp(name, "kernel/", 7) ? name + 7 : name;
		len += snprintf(buf + len, LINE_FILE_LEN - (size_t)len, places[i][0], release, below);
		snprintf(buf + len, LINE_FILE_LEN - (size_t)len, "%s", places[i][1]);
		if (try(buf, id))
			return true;
	}
	return false;
}

int line_files__find(char buf[LINE_FILE_LEN], const char *root, const char *module,
		     const struct build_id *id)
{
	char by_id[128];
	struct utsname u;

	if (!id->len || uname(&u) || elf_version(EV_CURRENT) == EV_NONE)
		return -ENOENT;
	snprintf(buf, LINE_FILE_LEN, "%s/usr/lib/debug/%s", root,
		 build_id__path(id, by_id, sizeof(by_id)));
	if (try(buf, id))
		return 0;
	if (module ? try_module(buf, root, u.release, module, id) :
		     try_kernel(buf, root, u.release, id))
		return 0;
	return -ENOENT;
}
