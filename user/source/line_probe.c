// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "source/line_probe.h"

#include <dwarf.h>
#include <gelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/confine.h"
#include "lib/probe_child.h"
#include "source/libdw.h"

#define OBJECTS_MAX 64
#define SECTIONS_MAX 32

struct section {
	uint64_t from, to;	/* as it runs */
	uint64_t file;		/* as libdwfl has it laid out */
};

/* The kernel, or a module. */
struct object {
	char module[LINE_MODULE_LEN];
	struct build_id id;
	uint64_t text;		/* where it ran when it was opened: it may come again elsewhere */
	Dwfl *dwfl;		/* NULL: no debug info */
	Dwfl_Module *mod;
	struct section sections[SECTIONS_MAX];
	uint32_t nr_sections;
};

struct line_work {
	struct libdw f;
	Dwfl_Callbacks callbacks;
	struct object objects[OBJECTS_MAX];	/* the first is the kernel */
	uint32_t nr_objects;
};

/* libdwfl's own would ask a server; what there is has been found already. */
static int find_nothing(Dwfl_Module *mod, void **data, const char *name, Dwarf_Addr base,
			char **file, Elf **elf)
{
	(void)mod, (void)data, (void)name, (void)base, (void)file, (void)elf;
	return -1;
}

/* The value of a symbol in the file; 0: there is none. */
static uint64_t symbol(Elf *elf, const char *name)
{
	Elf_Scn *scn = NULL;
	GElf_Shdr sh;

	while ((scn = elf_nextscn(elf, scn)) && gelf_getshdr(scn, &sh)) {
		Elf_Data *d = sh.sh_type == SHT_SYMTAB ? elf_getdata(scn, NULL) : NULL;
		size_t nr = d && sh.sh_entsize ? sh.sh_size / sh.sh_entsize : 0;

		for (size_t i = 0; i < nr; i++) {
			const char *found;
			GElf_Sym sym;

			if (!gelf_getsym(d, (int)i, &sym))
				break;
			found = elf_strptr(elf, sh.sh_link, sym.st_name);
			if (found && !strcmp(found, name))
				return sym.st_value;
		}
	}
	return 0;
}

static void add_section(struct object *o, uint64_t runs, uint64_t len, uint64_t file)
{
	if (runs && len && o->nr_sections < SECTIONS_MAX)
		o->sections[o->nr_sections++] = (struct section){ runs, runs + len, file };
}

/* The kernel moved as a whole. */
static void place_kernel(struct object *o, Elf *elf, uint64_t bias, uint64_t stext)
{
	uint64_t linked = symbol(elf, "_stext");

	if (linked && stext)
		add_section(o, stext, UINT64_MAX - stext, linked + bias);
}

/* A module's sections went each somewhere. */
static void place_module(struct object *o, Elf *elf, uint64_t bias, const char *root)
{
	Elf_Scn *scn = NULL;
	size_t names;
	GElf_Shdr sh;

	if (elf_getshdrstrndx(elf, &names))
		return;
	while ((scn = elf_nextscn(elf, scn)) && gelf_getshdr(scn, &sh)) {
		const char *name = elf_strptr(elf, names, sh.sh_name);

		if (name && sh.sh_flags & SHF_ALLOC && sh.sh_flags & SHF_EXECINSTR)
			add_section(o, line_files__section(root, o->module, name), sh.sh_size,
				    sh.sh_addr + bias);
	}
}

static enum line_state open_file(struct line_work *w, struct line_probe *p, struct object *o,
				 const char *path)
{
	Elf *elf;
	GElf_Addr bias;

	o->dwfl = w->f.dwfl_begin(&w->callbacks);
	o->mod = o->dwfl ? w->f.dwfl_report_offline(o->dwfl, "", path, -1) : NULL;
	if (!o->mod || w->f.dwfl_report_end(o->dwfl, NULL, NULL))
		return LINES_BAD_FILE;
	elf = w->f.dwfl_module_getelf(o->mod, &bias);
	if (elf && o->module[0])
		place_module(o, elf, bias, p->root);
	else if (elf)
		place_kernel(o, elf, bias, p->stext);
	return o->nr_sections ? LINES_THERE : LINES_BAD_FILE;
}

static enum line_state open_object(struct line_work *w, struct line_probe *p, struct object *o,
				   char path[LINE_FILE_LEN])
{
	enum line_state state;

	if (line_files__find(path, p->root, o->module[0] ? o->module : NULL, &o->id))
		return LINES_NO_FILE;
	state = open_file(w, p, o, path);
	if (state != LINES_THERE && o->dwfl) {
		w->f.dwfl_end(o->dwfl);
		o->dwfl = NULL;
	}
	return state;
}

/* Anew when the module is not the one that it was. */
static struct object *module(struct line_work *w, struct line_probe *p, const char *name)
{
	uint64_t text = line_files__section(p->root, name, ".text");
	char path[LINE_FILE_LEN];
	struct build_id id;
	struct object *o;
	uint32_t i;

	line_files__running(&id, p->root, name);
	for (i = 1; i < w->nr_objects && strcmp(w->objects[i].module, name); i++)
		;
	o = &w->objects[i];
	if (i < w->nr_objects && o->text == text && build_id__is(&o->id, &id))
		return o;
	if (i == OBJECTS_MAX)
		return NULL;
	if (i == w->nr_objects)
		w->nr_objects++;
	if (o->dwfl)
		w->f.dwfl_end(o->dwfl);
	*o = (struct object){ .id = id, .text = text };
	snprintf(o->module, sizeof(o->module), "%s", name);
	open_object(w, p, o, path);
	return o;
}

static void put_line(const struct line_work *w, char *to, const char *file, uint64_t line,
		     Dwarf_Die *cu)
{
	Dwarf_Attribute attr;
	char name[LINE_LEN - 24];
	const char *dir = NULL;

	if (w->f.dwarf_attr(cu, DW_AT_comp_dir, &attr))
		dir = w->f.dwarf_formstring(&attr);
	if (file && line)
		snprintf(to, LINE_LEN, "%s:%llu", line_path__shorten(name, sizeof(name), file, dir),
			 (unsigned long long)line);
}

/* Where the function at pc calls what was inlined there: its own line is of more use than
 * one of a header.  False: nothing is inlined at pc. */
static bool put_call(const struct line_work *w, char *to, Dwarf_Die *cu, uint64_t pc)
{
	Dwarf_Die *inner = NULL, *scopes = NULL, *outermost = NULL;
	int nr = w->f.dwarf_getscopes(cu, pc, &inner), i;
	Dwarf_Word file = 0, line = 0;
	Dwarf_Attribute attr;
	Dwarf_Files *files;
	size_t nr_files;

	nr = nr > 0 ? w->f.dwarf_getscopes_die(&inner[0], &scopes) : 0;
	for (i = 0; i < nr && w->f.dwarf_tag(&scopes[i]) != DW_TAG_subprogram; i++)
		if (w->f.dwarf_tag(&scopes[i]) == DW_TAG_inlined_subroutine)
			outermost = &scopes[i];
	if (outermost && !w->f.dwarf_getsrcfiles(cu, &files, &nr_files) &&
	    w->f.dwarf_attr(outermost, DW_AT_call_file, &attr) &&
	    !w->f.dwarf_formudata(&attr, &file) &&
	    w->f.dwarf_attr(outermost, DW_AT_call_line, &attr) &&
	    !w->f.dwarf_formudata(&attr, &line) && file < nr_files)
		put_line(w, to, w->f.dwarf_filesrc(files, file, NULL, NULL), line, cu);
	free(inner);
	free(scopes);
	return to[0];
}

static void answer(const struct line_work *w, const struct object *o, struct line_query *q)
{
	const struct section *s = o->sections, *end = s + o->nr_sections;
	const char *file;
	Dwfl_Line *line;
	Dwarf_Addr bias, addr;
	Dwarf_Die *cu;
	int nr = 0;

	while (s < end && (q->addr < s->from || q->addr >= s->to))
		s++;
	if (!o->dwfl || s == end)
		return;
	addr = s->file + (q->addr - s->from);
	cu = w->f.dwfl_module_addrdie(o->mod, addr, &bias);
	if (!cu || put_call(w, q->line, cu, addr - bias))
		return;
	line = w->f.dwfl_module_getsrc(o->mod, addr);
	file = line ? w->f.dwfl_lineinfo(line, NULL, &nr, NULL, NULL, NULL) : NULL;
	put_line(w, q->line, file, nr > 0 ? (uint64_t)nr : 0, cu);
}

/* The first look takes the longest: the tables that lead from addresses to lines are read. */
static void start(struct line_probe *p)
{
	struct line_work *w = calloc(1, sizeof(*w));
	struct line_query first = { .addr = p->stext };

	probe_child__stand_back();
	p->state = LINES_NO_LIBDW;
	if (!w || !libdw__load(&w->f, p->libdw))
		return;
	confine__to_reading();
	w->callbacks = (Dwfl_Callbacks){
		.find_elf = find_nothing,
		.find_debuginfo = libdw__find_no_debuginfo,
		.section_address = w->f.dwfl_offline_section_address,
	};
	w->nr_objects = 1;
	line_files__running(&w->objects[0].id, p->root, NULL);
	p->state = open_object(w, p, &w->objects[0], p->detail);
	answer(w, &w->objects[0], &first);
	p->work = w;
}

void line_probe__run(void *shared)
{
	struct line_probe *p = shared;
	struct object *o;

	if (p->state == LINES_NOT_LOOKED)
		start(p);
	for (; p->work && p->at < p->nr; p->at++) {
		struct line_query *q = &p->queries[p->at];

		o = q->module[0] ? module(p->work, p, q->module) : &p->work->objects[0];
		if (o)
			answer(p->work, o, q);
	}
	p->at = p->nr;
}
