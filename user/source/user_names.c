// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "source/user_names.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ANON_SHARED "/dev/zero (deleted)"

static FILE *open_maps(uint32_t pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%u/maps", pid);
	return fopen(path, "re");
}

/* One line: 7f…-7f… rw-p 0001c000 08:01 1234    /usr/lib/libfoo.so */
static bool parse(const char *line, struct user_mapping *m)
{
	char perms[8];
	int at = 0;

	*m = (struct user_mapping){ 0 };
	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %7s %" SCNx64 " %x:%x %" SCNu64 " %n", &m->start,
		   &m->end, perms, &m->offset, &m->major, &m->minor, &m->ino, &at) < 7)
		return false;
	m->shared = perms[3] == 's';
	if (at && !strncmp(line + at, ANON_SHARED, strlen(ANON_SHARED)))
		strcpy(m->path, "[anon_shmem]");	/* as it is called since it can have a name */
	else if (at)
		snprintf(m->path, sizeof(m->path), "%.*s", (int)strcspn(line + at, "\n"), line + at);
	return true;
}

static void set_object(struct user_mapping *m, uint64_t start, uint64_t end, uint64_t offset,
		       const char *path)
{
	m->object_start = start;
	m->object_end = end;
	m->object_offset = offset;
	snprintf(m->object, sizeof(m->object), "%s", path);
}

/* Carries on which object the mappings so far belong to: a file's mappings follow one
 * another, and memory of no file right behind the last is its own. */
static void follow(struct user_mapping *m, const struct user_mapping *last)
{
	bool is_file = m->path[0] == '/';

	if (is_file && strcmp(m->path, last->object)) {
		set_object(m, m->start, m->end, m->offset, m->path);
	} else if (last->object_end && (is_file || (!m->path[0] && m->start == last->end))) {
		set_object(m, last->object_start, last->object_end, last->object_offset,
			   last->object);
	}
}

int user_names__mapping(uint32_t pid, uint64_t addr, struct user_mapping *out)
{
	struct user_mapping last = { 0 };
	FILE *f = open_maps(pid);
	char *line = NULL;
	size_t size = 0;
	int err = -ENOENT;

	if (!f)
		return -errno;
	while (err && getline(&line, &size, f) > 0) {
		if (!parse(line, out))
			continue;
		follow(out, &last);
		if (addr >= out->start && addr < out->end)
			err = 0;
		last = *out;
	}
	free(line);
	fclose(f);
	return err;
}

bool user_names__maps_too(uint32_t pid, const struct user_mapping *m, uint64_t offset)
{
	struct user_mapping o;
	FILE *f = open_maps(pid);
	char *line = NULL;
	size_t size = 0;
	bool found = false;

	while (f && !found && getline(&line, &size, f) > 0)
		found = parse(line, &o) && o.shared && o.ino == m->ino && o.major == m->major &&
			o.minor == m->minor && offset >= o.offset &&
			offset - o.offset < o.end - o.start;
	free(line);
	if (f)
		fclose(f);
	return found;
}

/* Where the file's addresses begin in the process. */
static bool find_bias(Elf *elf, const struct user_mapping *m, uint64_t *bias)
{
	size_t i, nr = 0;
	GElf_Phdr ph;

	if (elf_getphdrnum(elf, &nr))
		return false;
	for (i = 0; i < nr; i++) {
		if (!gelf_getphdr(elf, (int)i, &ph) || ph.p_type != PT_LOAD ||
		    m->object_offset > ph.p_offset ||
		    ph.p_offset - m->object_offset >= m->object_end - m->object_start)
			continue;
		*bias = m->object_start - m->object_offset + ph.p_offset - ph.p_vaddr;
		return true;
	}
	return false;
}

/* The variable at vaddr in one table of symbols. */
static const char *find_in(Elf *elf, Elf_Scn *scn, const GElf_Shdr *sh, uint64_t vaddr, uint64_t *off)
{
	Elf_Data *data = elf_getdata(scn, NULL);
	size_t i, nr = sh->sh_entsize ? sh->sh_size / sh->sh_entsize : 0;
	GElf_Sym sym;

	for (i = 0; data && i < nr; i++) {
		if (!gelf_getsym(data, (int)i, &sym) || GELF_ST_TYPE(sym.st_info) != STT_OBJECT ||
		    sym.st_shndx == SHN_UNDEF || vaddr < sym.st_value ||
		    vaddr - sym.st_value >= sym.st_size)
			continue;
		*off = vaddr - sym.st_value;
		return elf_strptr(elf, sh->sh_link, sym.st_name);
	}
	return NULL;
}

static const char *find_symbol(Elf *elf, uint64_t vaddr, uint64_t *off)
{
	static const GElf_Word tables[] = { SHT_SYMTAB, SHT_DYNSYM };
	const char *name = NULL;
	size_t i;

	for (i = 0; i < sizeof(tables) / sizeof(*tables) && !name; i++) {
		Elf_Scn *scn = NULL;
		GElf_Shdr sh;

		while (!name && (scn = elf_nextscn(elf, scn)))
			if (gelf_getshdr(scn, &sh) && sh.sh_type == tables[i])
				name = find_in(elf, scn, &sh, vaddr, off);
	}
	return name;
}

static void format_offset(char *name, size_t size, const char *what, uint64_t off)
{
	if (off)
		snprintf(name, size, "%s+0x%" PRIx64, what, off);
	else
		snprintf(name, size, "%s", what);
}

/* The file as the process has it mapped, also when its path leads elsewhere by now. */
static int open_object(uint32_t pid, const struct user_mapping *m)
{
	char path[96];

	snprintf(path, sizeof(path), "/proc/%u/map_files/%" PRIx64 "-%" PRIx64, pid,
		 m->object_start, m->object_end);
	return open(path, O_RDONLY | O_CLOEXEC);
}

static bool format_object(uint32_t pid, const struct user_mapping *m, uint64_t addr, char *name,
			  size_t size)
{
	const char *slash = strrchr(m->object, '/'), *base = slash ? slash + 1 : m->object, *symbol;
	int fd = open_object(pid, m);
	uint64_t bias, off = 0;
	char text[192];
	Elf *elf = NULL;

	elf_version(EV_CURRENT);
	if (fd >= 0)
		elf = elf_begin(fd, ELF_C_READ, NULL);
	if (elf && elf_kind(elf) == ELF_K_ELF && find_bias(elf, m, &bias)) {
		symbol = find_symbol(elf, addr - bias, &off);
		snprintf(text, sizeof(text), "%.60s%s%.120s", base, symbol ? ":" : "",
			 symbol ? symbol : "");
		format_offset(name, size, text, symbol ? off : addr - bias);
	} else {
		snprintf(text, sizeof(text), "%.60s", base);
		format_offset(name, size, text, addr - m->object_start + m->object_offset);
	}
	elf_end(elf);
	if (fd >= 0)
		close(fd);
	return true;
}

bool user_names__format(uint32_t pid, const struct user_mapping *m, uint64_t addr, char *name,
			size_t size)
{
	if (m->path[0] == '[')
		format_offset(name, size, m->path, addr - m->start);
	else if (m->object_end)
		return format_object(pid, m, addr, name, size);
	else
		return false;
	return true;
}
