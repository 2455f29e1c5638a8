// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "source/user_libc.h"

#include <elf.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PHDRS_MAX 64
#define DYNS_MAX 256
#define VERDEFS_MAX 256
#define NOTES_MAX 4096		/* bytes of a segment of notes that are looked through */
#define AUXV_MAX 128

/* Of the ABI note: what glibc 2.26 and later want of a kernel at least (NEWS of 2.24, 2.26). */
#define GLIBC_OF_NOTE 26
#define NOTE_KERNEL_MAJOR 3
#define NOTE_KERNEL_MINOR 2
/* A libc by its name, whose version could not be read; the layouts are older. */
#define GLIBC_ANY 3

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static bool begins(const char *s, const char *with)
{
	return !strncmp(s, with, strlen(with));
}

/* A file that was replaced meanwhile is still mapped. */
static bool is(const char *name, const char *what)
{
	return begins(name, what) && (!name[strlen(what)] || name[strlen(what)] == ' ');
}

enum user_libc_name user_libc__named(const char *path)
{
	const char *name = base_name(path);

	/* up to 2.33 the file was called libc-2.33.so */
	if (is(name, "libc.so.6") || (begins(name, "libc-2.") && strstr(name, ".so")))
		return USER_LIBC_GLIBC;
	/* "libc.so" is musl's, where its loader is a link to it, and Android's */
	if (begins(name, "ld-musl-") || begins(name, "libc.musl-") || is(name, "libc.so"))
		return USER_LIBC_OTHER;
	return USER_LIBC_NONE;
}

static int open_mem(uint32_t pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%u/mem", pid);
	return open(path, O_RDONLY | O_CLOEXEC);
}

static bool get(int mem, uint64_t addr, void *to, size_t len)
{
	return pread(mem, to, len, (off_t)addr) == (ssize_t)len;
}

/* An ELF file as it is mapped. */
struct image {
	int mem;
	uint64_t base, bias;
	uint32_t nr;
	Elf64_Phdr ph[PHDRS_MAX];
};

static bool load(struct image *im, int mem, uint64_t base)
{
	Elf64_Ehdr eh;
	uint32_t i;

	im->mem = mem;
	im->base = base;
	if (!get(mem, base, &eh, sizeof(eh)) || memcmp(eh.e_ident, ELFMAG, SELFMAG) ||
	    eh.e_ident[EI_CLASS] != ELFCLASS64 || eh.e_phentsize != sizeof(Elf64_Phdr) ||
	    !eh.e_phnum || eh.e_phnum > PHDRS_MAX)
		return false;
	im->nr = eh.e_phnum;
	if (!get(mem, base + eh.e_phoff, im->ph, im->nr * sizeof(*im->ph)))
		return false;
	for (i = 0; i < im->nr; i++) {
		if (im->ph[i].p_type != PT_LOAD)
			continue;
		im->bias = base - (im->ph[i].p_vaddr - im->ph[i].p_offset);
		return true;
	}
	return false;
}

static const Elf64_Phdr *segment(const struct image *im, uint32_t type)
{
	uint32_t i;

	for (i = 0; i < im->nr; i++)
		if (im->ph[i].p_type == type)
			return &im->ph[i];
	return NULL;
}

/* 0: there is none.  The loader has put addresses in place of offsets, on most machines. */
static uint64_t dynamic(const struct image *im, int64_t tag)
{
	const Elf64_Phdr *ph = segment(im, PT_DYNAMIC);
	uint64_t at;
	Elf64_Dyn d;
	uint32_t i;

	for (i = 0; ph && i < DYNS_MAX; i++) {
		at = im->bias + ph->p_vaddr + i * sizeof(d);
		if (!get(im->mem, at, &d, sizeof(d)) || d.d_tag == DT_NULL)
			break;
		if (d.d_tag == tag)
			return d.d_un.d_ptr >= im->base ? d.d_un.d_ptr : d.d_un.d_ptr + im->bias;
	}
	return 0;
}

/* The N of a version "GLIBC_2.N", else 0. */
static uint32_t version_at(int mem, uint64_t addr)
{
	static const char prefix[] = "GLIBC_2.";
	char text[sizeof(prefix) + 8] = "";

	if (!get(mem, addr, text, sizeof(text) - 1) || !begins(text, prefix))
		return 0;
	return (uint32_t)strtoul(text + strlen(prefix), NULL, 10);
}

uint32_t user_libc__defines(int mem, uint64_t base)
{
	uint32_t i, n, best = 0;
	uint64_t at, names;
	Elf64_Verdaux aux;
	Elf64_Verdef def;
	struct image im;

	if (!load(&im, mem, base))
		return 0;
	at = dynamic(&im, DT_VERDEF);
	names = dynamic(&im, DT_STRTAB);
	for (i = 0; at && names && i < VERDEFS_MAX && get(mem, at, &def, sizeof(def)); i++) {
		n = get(mem, at + def.vd_aux, &aux, sizeof(aux)) ?
			    version_at(mem, names + aux.vda_name) : 0;
		best = n > best ? n : best;
		if (!def.vd_next)
			break;
		at += def.vd_next;
	}
	return best;
}

static bool is_abi_note(const Elf64_Nhdr *n, const char *name, const uint32_t *abi)
{
	return n->n_type == NT_GNU_ABI_TAG && n->n_namesz == 4 && n->n_descsz >= 16 &&
	       !memcmp(name, "GNU", 4) && abi[0] == ELF_NOTE_OS_LINUX &&
	       (abi[1] > NOTE_KERNEL_MAJOR ||
		(abi[1] == NOTE_KERNEL_MAJOR && abi[2] >= NOTE_KERNEL_MINOR));
}

/* glibc's start code brings a note of its ABI; musl's and others' does not. */
static bool has_abi_note(const char *notes, size_t len)
{
	uint32_t abi[4];
	Elf64_Nhdr n;
	size_t at = 0, size;

	while (at + sizeof(n) + 4 + sizeof(abi) <= len) {
		memcpy(&n, notes + at, sizeof(n));
		memcpy(abi, notes + at + sizeof(n) + 4, sizeof(abi));
		if (is_abi_note(&n, notes + at + sizeof(n), abi))
			return true;
		if (n.n_namesz > len || n.n_descsz > len)
			return false;
		size = sizeof(n) + ((n.n_namesz + 3U) & ~3U) + ((n.n_descsz + 3U) & ~3U);
		at += size;
	}
	return false;
}

uint32_t user_libc__contains(int mem, uint64_t base)
{
	char notes[NOTES_MAX];
	struct image im;
	uint32_t i;

	/* one that is to be given a libc has none of its own */
	if (!load(&im, mem, base) || segment(&im, PT_INTERP))
		return 0;
	for (i = 0; i < im.nr; i++) {
		size_t len = im.ph[i].p_filesz < sizeof(notes) ? im.ph[i].p_filesz : sizeof(notes);

		if (im.ph[i].p_type == PT_NOTE &&
		    get(mem, im.bias + im.ph[i].p_vaddr, notes, len) && has_abi_note(notes, len))
			return GLIBC_OF_NOTE;
	}
	return 0;
}

/* Where the process's program is mapped: its program headers follow its ELF header. */
static uint64_t program_base(uint32_t pid)
{
	Elf64_auxv_t auxv[AUXV_MAX];
	char path[64];
	ssize_t n, i;
	int fd;

	snprintf(path, sizeof(path), "/proc/%u/auxv", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? 0 : read(fd, auxv, sizeof(auxv));
	if (fd >= 0)
		close(fd);
	for (i = 0; i < n / (ssize_t)sizeof(*auxv); i++)
		if (auxv[i].a_type == AT_PHDR)
			return auxv[i].a_un.a_val - sizeof(Elf64_Ehdr);
	return 0;
}

/* A libc's first mapping. */
struct libc_mapping {
	uint64_t start, ino;
	uint32_t major, minor;
};

/* One line: 7f…-7f… r--p 00000000 08:01 1234    /usr/lib/libc.so.6.  *first: its file
 * begins there.  Most lines name no libc, and cost the least. */
static enum user_libc_name parse(char *line, struct libc_mapping *m, bool *first)
{
	const char *path = strchr(line, '/');
	enum user_libc_name name;
	uint64_t offset;

	line[strcspn(line, "\n")] = '\0';
	name = path ? user_libc__named(path) : USER_LIBC_NONE;
	if (name == USER_LIBC_NONE ||
	    sscanf(line, "%" SCNx64 "-%*x %*s %" SCNx64 " %x:%x %" SCNu64, &m->start, &offset,
		   &m->major, &m->minor, &m->ino) != 5)
		return USER_LIBC_NONE;
	*first = !offset;
	return name;
}

/* False where there are several, or one that is not glibc; none: start 0. */
static bool find_libc(uint32_t pid, struct libc_mapping *out)
{
	char path[64], *line = NULL;
	bool fine = true, first;
	struct libc_mapping m;
	size_t size = 0;
	FILE *f;

	memset(out, 0, sizeof(*out));
	snprintf(path, sizeof(path), "/proc/%u/maps", pid);
	f = fopen(path, "re");
	while (f && fine && getline(&line, &size, f) > 0) {
		switch (parse(line, &m, &first)) {
		case USER_LIBC_NONE: break;
		case USER_LIBC_OTHER: fine = false; break;
		case USER_LIBC_GLIBC:
			if (out->start)
				fine = m.ino == out->ino;
			else if (first)
				*out = m;
		}
	}
	free(line);
	if (f)
		fclose(f);
	return f && fine;
}

static uint32_t version_of(struct user_libcs *l, int mem, const struct libc_mapping *m)
{
	uint32_t i, n, slot = l->nr_files % USER_LIBC_FILES;

	for (i = 0; i < USER_LIBC_FILES; i++)
		if (l->files[i].glibc && l->files[i].ino == m->ino &&
		    l->files[i].major == m->major && l->files[i].minor == m->minor)
			return l->files[i].glibc;
	n = user_libc__defines(mem, m->start);
	if (!n)
		return GLIBC_ANY;
	l->files[slot].ino = m->ino;
	l->files[slot].major = m->major;
	l->files[slot].minor = m->minor;
	l->files[slot].glibc = n;
	l->nr_files++;
	return n;
}

static uint32_t look(struct user_libcs *l, uint32_t pid)
{
	struct libc_mapping m;
	uint32_t n;
	int mem;

	if (!find_libc(pid, &m))
		return 0;
	mem = open_mem(pid);
	if (mem < 0)
		return 0;
	n = m.start ? version_of(l, mem, &m) : user_libc__contains(mem, program_base(pid));
	close(mem);
	return n;
}

void user_libcs__begin(struct user_libcs *l)
{
	memset(l->pids, 0, sizeof(l->pids));
}

uint32_t user_libcs__glibc(struct user_libcs *l, uint32_t pid)
{
	uint32_t i, n;

	for (i = 0; i < USER_LIBC_PIDS; i++)
		if (l->pids[i].pid == pid)
			return l->pids[i].glibc;
	n = look(l, pid);
	i = l->nr_pids++ % USER_LIBC_PIDS;
	l->pids[i].pid = pid;
	l->pids[i].glibc = n;
	return n;
}
