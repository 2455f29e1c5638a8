/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * libdw.h - what is used of elfutils' libdw, loaded when it is wanted: there is no linking
 * with it, and where it is not installed all else goes on.
 *
 * Only in a lib/probe_child: it takes memory, and a damaged file can crash it.
 */
#ifndef LOCKSCOPE_SOURCE_LIBDW_H
#define LOCKSCOPE_SOURCE_LIBDW_H

#include <elfutils/libdwfl.h>
#include <stdbool.h>

#define LIBDW_FUNCS(DO)                                                                        \
	DO(dwfl_begin) DO(dwfl_end) DO(dwfl_report_begin) DO(dwfl_report_offline)              \
	DO(dwfl_report_module) DO(dwfl_report_end) DO(dwfl_offline_section_address)            \
	DO(dwfl_addrmodule) DO(dwfl_module_info) DO(dwfl_module_getelf)                        \
	DO(dwfl_module_addrinfo) DO(dwfl_module_addrdie) DO(dwfl_module_getsrc)                \
	DO(dwfl_lineinfo) DO(dwfl_line_comp_dir)                                               \
	DO(dwfl_attach_state) DO(dwfl_getthread_frames) DO(dwfl_thread_state_registers)        \
	DO(dwfl_thread_state_register_pc) DO(dwfl_frame_pc)                                    \
	DO(dwarf_getscopes) DO(dwarf_getscopes_die) DO(dwarf_tag) DO(dwarf_attr)               \
	DO(dwarf_formudata) DO(dwarf_formstring) DO(dwarf_getsrcfiles) DO(dwarf_filesrc)

struct libdw {
#define LIBDW_MEMBER(name) __typeof__(name) *name;
	LIBDW_FUNCS(LIBDW_MEMBER)
#undef LIBDW_MEMBER
};

/* name: "libdw.so.1".  False where it is not there, or lacks one of them.  It never asks a
 * server (debuginfod) from then on. */
bool libdw__load(struct libdw *f, const char *name);

/* For Dwfl_Callbacks.find_debuginfo: libdwfl's own looks in places that may not answer. */
int libdw__find_no_debuginfo(Dwfl_Module *mod, void **data, const char *name, Dwarf_Addr base,
			     const char *file, const char *link, GElf_Word crc, char **out);

#endif
