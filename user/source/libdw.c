// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "source/libdw.h"

#include <dlfcn.h>
#include <stdlib.h>

bool libdw__load(struct libdw *f, const char *name)
{
	void *lib;
	bool all;

	/* Its constructor starts a client of debuginfod where this is set. */
	unsetenv("DEBUGINFOD_URLS");
	lib = dlopen(name, RTLD_NOW | RTLD_LOCAL);
	all = lib != NULL;
#define LOAD(name) all = all && (f->name = (__typeof__(f->name))dlsym(lib, #name));
	LIBDW_FUNCS(LOAD)
#undef LOAD
	return all;
}

int libdw__find_no_debuginfo(Dwfl_Module *mod, void **data, const char *name, Dwarf_Addr base,
			     const char *file, const char *link, GElf_Word crc, char **out)
{
	(void)mod, (void)data, (void)name, (void)base, (void)file, (void)link, (void)crc, (void)out;
	return -1;
}
