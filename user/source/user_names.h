/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * user_names.h - what lies at an address of a process: which mapping, which symbol.
 *
 * Reads /proc/PID/maps and the mapped files, so it can wait for the process's mmap_lock
 * and for file systems: only in a process that may hang (lib/probe_child).
 */
#ifndef LOCKSCOPE_SOURCE_USER_NAMES_H
#define LOCKSCOPE_SOURCE_USER_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct user_mapping {
	uint64_t start, end, offset, ino;
	uint32_t major, minor;
	bool shared;
	char path[256];		/* "[heap]"; "" where there is none; cut */
	/* A variable without a value lies behind its file's last mapping, in memory of no
	 * file.  These tell the file's first; object_end 0: none. */
	uint64_t object_start, object_end, object_offset;
	char object[256];
};

/* The mapping that addr is in: 0, -ENOENT, or -errno. */
int user_names__mapping(uint32_t pid, uint64_t addr, struct user_mapping *out);
/* Whether the process has the same piece of the file mapped. */
bool user_names__maps_too(uint32_t pid, const struct user_mapping *m, uint64_t offset);
/* "app:symbol+0x8", "libfoo.so+0x1234", "[heap]+0x20"; false when there is nothing to say. */
bool user_names__format(uint32_t pid, const struct user_mapping *m, uint64_t addr, char *name,
			size_t size);

#endif
